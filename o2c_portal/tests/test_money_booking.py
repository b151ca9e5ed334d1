"""How money that came is booked: for whom, in which company, at which rate, whatever became of the documents."""

from odoo.tests import tagged

from .money_common import MoneyCase
from .policy_common import PolicyMixin


@tagged("post_install", "-at_install")
class BookingCase(PolicyMixin, MoneyCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._policy(cls, cls.customer, on_account=True)

    def _basket(self, *invoices, on_account_minor=0):
        """Start a payment of all that is open on some invoices, and of something on account."""
        items = [item for invoice in invoices for item in invoice._o2c_instalments()]
        return self._start(self.cashier._quote_basket(
            invoices[0].currency_id, items, on_account_minor=on_account_minor,
        ))

    def _receivables(self, payment):
        """Return ``[(amount, balance, what is open), ...]`` of the receivable items of a payment."""
        items = payment.move_id.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")
        return sorted((item.amount_currency, item.balance, item.amount_residual_currency) for item in items)


@tagged("post_install", "-at_install")
class TestBookingOfCaptures(BookingCase):
    """An authorization of an invoice over 300.00 and 200.00 on account is captured, whole or in parts."""

    def setUp(self):
        super().setUp()
        self.provider.write({"support_manual_capture": "partial", "capture_manually": True})
        self.invoice = self._make_invoice(300)
        self.later = self._make_invoice(1000)
        self.tx = self._basket(self.invoice, on_account_minor=20000)
        self.tx._set_authorized()

    def _capture(self, amount):
        """Return what of a capture is credit, and how many tasks it makes."""
        payment = self._pay(self.tx._create_child_transaction(amount))
        return payment._o2c_unapplied(), len(payment.activity_ids)

    def test_in_full(self):
        self.assertEqual(self._capture(500.0), (200.0, 0))
        self.assertEqual((self.invoice.amount_residual, self.tx.child_transaction_ids.o2c_on_account), (0.0, 200.0))

    def test_in_parts(self):
        for amounts, credits in (((300.0, 150.0, 50.0), (0.0, 150.0, 50.0)), ((350.0, 150.0), (50.0, 150.0))):
            with self.subTest(amounts=amounts):
                self.assertEqual([self._capture(amount) for amount in amounts], [(credit, 0) for credit in credits])
                self.assertEqual((self.tx.state, self.invoice.amount_residual), ("done", 0.0))
                self.assertEqual(self.later.amount_residual, 1000.0)
            self.invoice = self._make_invoice(300)
            self.tx = self._basket(self.invoice, on_account_minor=20000)
            self.tx._set_authorized()

    def test_what_was_not_meant_to_be_on_account_makes_its_task(self):
        self._register_payment(self.invoice, amount=300)
        self.assertEqual([self._capture(amount) for amount in (300.0, 200.0)], [(300.0, 1), (200.0, 0)])
