"""Money for an invoice that was corrected before it came: it pays the new one, to the cent."""

from datetime import timedelta

from odoo.fields import Datetime

from .common import O2cCommon
from .test_corrections import CorrectionMixin


class TestCorrectionLateMoney(CorrectionMixin, O2cCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.term = cls._make_term((30, 0), (70, 30))

    def _leave(self, invoice, choice="all", payer="payer"):
        """Return a payment that was begun longer ago than items are kept for it."""
        cashier = self.env["o2c.cashier"]
        quote = cashier._quote(invoice, choice=choice)
        transaction = self._create_transaction(
            "direct", reference=f"{payer} {invoice.name}", amount=quote.amount, currency_id=quote.currency_id,
            partner_id=self.customer.id, **cashier._transaction_values(quote, payer),
        )
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = %s WHERE id = %s",
            [Datetime.now() - timedelta(days=1), transaction.id],
        )
        transaction.invalidate_recordset(["create_date"])
        return transaction.sudo()

    def _come(self, transaction):
        """Return the payment, after its provider said yes."""
        transaction._set_done()
        transaction._post_process()
        return transaction.payment_id

    def _items(self, payment):
        return payment.move_id.line_ids.filtered(lambda line: line.account_type == "asset_receivable")

    def test_it_pays_the_new_invoice_earliest_instalment_first(self):
        invoice = self._make_invoice(1000.0, self.term)
        transaction = self._leave(invoice, "next")
        new = self._correct(invoice, {"price_unit": 900.0})
        payment = self._come(transaction)
        lines = new.line_ids.filtered(lambda line: line.display_type == "payment_term").sorted("date_maturity")
        self.assertEqual(lines.mapped("amount_residual"), [0.0, 600.0])  # 300 came for 270 and 630
        self.assertEqual((payment.reconciled_invoice_ids, payment.invoice_ids), (new, new))
        self.assertEqual(transaction.invoice_ids, invoice | new)
        self.assertFalse(payment.activity_ids)
        old, *claims = transaction.o2c_allocation_ids.sorted("id")
        self.assertEqual(old.state, "released")
        self.assertEqual(old.reason, f"The invoice was corrected: {new.name} is paid instead.")
        self.assertEqual([(claim.state, claim.amount) for claim in claims], [("applied", 270.0), ("applied", 30.0)])

    def test_what_is_more_than_the_new_one_asks_for_is_credit_with_a_task(self):
        invoice = self._make_invoice(1000.0)
        transaction = self._leave(invoice)
        new = self._correct(invoice, {"price_unit": 899.99})
        payment = self._come(transaction)
        self.assertEqual((new.amount_residual, sum(self._items(payment).mapped("amount_residual"))), (0.0, -100.01))
        self.assertIn("100.01", payment.activity_ids.note)

    def test_a_chain_is_followed_to_its_end(self):
        invoice = self._make_invoice(1000.0)
        transaction = self._leave(invoice)
        second = self._correct(invoice, {"price_unit": 900.0}, send=False)
        third = self._correct(second, {"price_unit": 1100.0}, send=False)
        self._come(transaction)
        self.assertEqual((second.payment_state, third.amount_residual), ("reversed", 100.0))

    def test_in_another_currency(self):
        pound = self.setup_other_currency("GBP", rates=[("2017-01-01", 3.0)])
        invoice = self._make_invoice(100.01, currency_id=pound.id)
        transaction = self._leave(invoice)
        new = self._correct(invoice, {"price_unit": 100.02})
        self._come(transaction)
        self.assertEqual((new.amount_residual, new.payment_state), (0.01, "partial"))

    def test_what_somebody_else_is_paying_is_left_to_them(self):
        invoice = self._make_invoice(1000.0)
        late = self._leave(invoice, payer="late")
        new = self._correct(invoice, {"price_unit": 900.0})
        cashier = self.env["o2c.cashier"]
        quote = cashier._quote(new, choice="all")
        other = self._create_transaction(
            "direct", reference="other", amount=900.0, currency_id=quote.currency_id, partner_id=self.customer.id,
            **cashier._transaction_values(quote, "other"),
        ).sudo()
        payment = self._come(late)
        self.assertEqual((new.amount_residual, sum(self._items(payment).mapped("amount_residual"))), (900.0, -1000.0))
        self.assertTrue(payment.activity_ids)
        self._come(other)
        self.assertEqual(new.amount_residual, 0.0)

    def test_a_new_one_that_was_reset_to_draft_gets_nothing(self):
        invoice = self._make_invoice(1000.0)
        transaction = self._leave(invoice)
        new = self._correct(invoice, {"price_unit": 900.0}, send=False)
        new.button_draft()
        payment = self._come(transaction)
        self.assertEqual(sum(self._items(payment).mapped("amount_residual")), -1000.0)
        self.assertTrue(payment.activity_ids)
