"""Shared by the tests of fees for payment methods: a company of the United States and a fee of 1.5 % and 0.25."""

from odoo.fields import Command, Date


class FeeMixin:

    def _make_fee(self, **values):
        """Return a fee for the dummy provider, switched on; its product has a tax of 21 % on top of the price."""
        self.fee_tax = self.env["account.tax"].sudo().create({"name": "VAT", "amount": 21.0, "type_tax_use": "sale"})
        product = self.env["product.product"].sudo().create({
            "name": "Payment fee", "type": "service", "taxes_id": [Command.set(self.fee_tax.ids)],
        })
        return self.env["o2c.payment.fee"].sudo().create({
            "active": True, "provider_id": self.dummy_provider.id, "product_id": product.id,
            "percent": 1.5, "fixed": 0.25, "cost_percent": 2.0, "cost_fixed": 0.25,
            "cost_date": Date.today(), "cost_source": "Contract",
            "country_ids": [Command.set(self.env.ref("base.us").ids)], **values,
        })

    def _make_company(self, **values):
        """Make the customer one that may be asked for a fee."""
        self.customer.write({
            "is_company": True, "vat": "US 12-3456789", "country_id": self.env.ref("base.us").id, **values,
        })
