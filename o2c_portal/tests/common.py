"""Shared set-up: real accounting, a dummy provider and invoices with instalments."""

from odoo.fields import Command, Date
from odoo.tests import tagged

from odoo.addons.account_payment.tests.common import AccountPaymentCommon


@tagged("post_install", "-at_install")
class O2cCommon(AccountPaymentCommon):
    """Base of the addon's tests: keyword factories, nothing hidden in a fixture."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.env.user.group_ids += cls.env.ref("o2c_portal.o2c_portal_group_user")
        cls.env["res.users"].with_context(active_test=False).search([]).tz = "UTC"  # one today, at whatever hour
        cls.customer = cls.env["res.partner"].create({
            "name": "Payer Ltd", "email": "payer@example.com", "country_id": cls.env.ref("base.be").id,
        })

    @classmethod
    def _make_term(cls, *parts):
        """Return a payment term of ``(percent, days)`` parts."""
        return cls.env["account.payment.term"].create({
            "name": "Test term",
            "line_ids": [
                Command.create({
                    "value": "percent", "value_amount": percent, "delay_type": "days_after", "nb_days": days,
                })
                for percent, days in parts
            ],
        })

    @classmethod
    def _make_invoice(cls, total=1000.0, term=None, invoice_date=None, partner=None, post=True, **values):
        """Return a customer invoice over ``total`` without tax, posted unless told otherwise."""
        invoice = cls.env["account.move"].create({
            "move_type": "out_invoice",
            "partner_id": (partner or cls.customer).id,
            "invoice_date": invoice_date or Date.today(),
            "invoice_payment_term_id": term.id if term else False,
            "invoice_line_ids": [Command.create({"name": "Goods", "price_unit": total, "quantity": 1, "tax_ids": []})],
            **values,
        })
        if post:
            invoice.action_post()
        return invoice

    @classmethod
    def _make_readers(cls):
        """Return two contacts who get the customer's invoices, the second one in French; mails in it are short."""
        cls.env["res.lang"]._activate_lang("fr_FR")
        cls.customer.write({"is_company": True, "lang": "en_US"})
        cls.env.ref("account.email_template_edi_invoice").with_context(lang="fr_FR").write({
            "subject": "Facture {{ object.name }}", "body_html": "<p>Bonjour</p>",
        })
        return cls.env["res.partner"].create([
            {"name": name, "email": f"{name.lower()}@example.com", "parent_id": cls.customer.id, "lang": lang,
             "o2c_role_invoice": True}
            for name, lang in (("Alice", "en_US"), ("Bob", "fr_FR"))
        ])
