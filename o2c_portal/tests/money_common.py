"""Shared by the tests of payments of instalments: how one is started and finished."""

from odoo.tests import tagged

from .common import O2cCommon


@tagged("post_install", "-at_install")
class MoneyCase(O2cCommon):
    """Starts payments of invoices in three instalments, 30, 30 and 40 %, or of any other."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.term = cls._make_term((30, 0), (30, 30), (40, 60))
        cls.cashier = cls.env["o2c.cashier"]

    def _start(self, quote, payer="payer-1", **values):
        """Start an online payment of a quote the way the controllers do."""
        return self._create_transaction("direct", **{
            "reference": self._next_reference(), "amount": quote.amount, "currency_id": quote.currency_id,
            "partner_id": self.customer.id, **self.cashier._transaction_values(quote, payer), **values,
        })

    def _next_reference(self):
        return self.env["ir.sequence"].sudo().next_by_code("payment.transaction") or f"T{self._reference_number()}"

    def _reference_number(self):
        type(self)._counter = getattr(type(self), "_counter", 0) + 1
        return self._counter

    def _pay(self, tx):
        tx._set_done()
        tx._post_process()
        return tx.payment_id

    def _open(self, invoice):
        return [item.open_minor for item in invoice._o2c_instalments()]
