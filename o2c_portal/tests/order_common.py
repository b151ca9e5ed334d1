"""Shared by the tests of orders and money: an order with a deposit, and its invoice."""

from odoo.fields import Command


class OrderMixin:
    """Orders of the customer are due 30 % at once and the rest in 30 days."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids += cls.env.ref("sales_team.group_sale_manager")
        cls.term = cls._make_term((30, 0), (70, 30))
        cls.product = cls.env["product.product"].create({
            "name": "Goods", "type": "service", "invoice_policy": "order", "taxes_id": [],
        })

    def _make_order(self, total=1000.0, confirm=True, **values):
        """Return an order, confirmed unless told otherwise."""
        order = self.env["sale.order"].create({
            "partner_id": self.customer.id,
            "payment_term_id": self.term.id,
            "require_payment": False,
            "order_line": [Command.create({"product_id": self.product.id, "price_unit": total, "tax_ids": []})],
            **values,
        })
        if confirm:
            order.action_confirm()
        return order

    def _invoice(self, order):
        """Return the posted invoice of what can be invoiced of an order."""
        invoice = order._create_invoices()
        invoice.action_post()
        return invoice
