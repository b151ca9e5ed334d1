"""A fee is credited when all of its payment was given back, however that was done, and stays when a part was."""

from odoo.fields import Command, Date
from odoo.tests import tagged

from .test_payment_fee import PaymentFeeCase


@tagged("post_install", "-at_install")
class TestPaymentFeeReturn(PaymentFeeCase):

    def _items(self, move):
        return move.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")

    def _send(self, amount):
        """Return the receivable item of money that a clerk sends to the customer."""
        payment = self.env["account.payment"].create({
            "payment_type": "outbound", "partner_type": "customer", "partner_id": self.customer.id, "amount": amount,
            "journal_id": self.company_data["default_journal_bank"].id,
        })
        payment.action_post()
        return self._items(payment.move_id)

    def _send_by_bank(self, amount):
        """Return the receivable item of a bank transaction that sends money to the customer."""
        line = self.env["account.bank.statement.line"].create({
            "journal_id": self.company_data["default_journal_bank"].id, "payment_ref": "Sent back", "amount": -amount,
            "partner_id": self.customer.id, "date": Date.today(),
        })
        item = line.move_id.line_ids.filtered(lambda item: item.account_id == line.journal_id.suspense_account_id)
        line.move_id.with_context(skip_readonly_check=True).line_ids = [Command.update(item.id, {
            "account_id": self.customer.property_account_receivable_id.id, "partner_id": self.customer.id,
        })]
        return item

    def _free(self, transaction, amount):
        """Return an item of a payment, after a clerk has taken it off what it settled."""
        item = self._items(transaction.payment_id.move_id).filtered(lambda item: item.amount_currency == -amount)
        item.remove_move_reconcile()
        return item

    def _match(self, *items):
        items[0].union(*items).reconcile()
        self._apply()

    def test_what_a_clerk_sends_back_whole_credits_the_fee(self):
        for send in (self._send, self._send_by_bank):
            with self.subTest(send=send.__name__):
                transaction = self._paid()
                self._match(self._free(transaction, 1000.0), send(1015.25))
                note = transaction.o2c_fee_refund_id
                self.assertEqual((note.state, note.amount_total, note.amount_residual), ("posted", 15.25, 0.0))
                self.assertEqual((note.reversed_entry_id, self._due()), (transaction.o2c_fee_move_id, [1000.0]))
                transaction._o2c_settle_fees()
                self.assertEqual(transaction.o2c_fee_move_id.reversal_move_ids, note)

    def test_what_a_clerk_sends_back_in_part_does_not(self):
        transaction = self._paid()
        self._match(self._free(transaction, 1000.0), self._send(1000.0))
        self.assertFalse(transaction.o2c_fee_refund_id)
        self.assertEqual(self._due(), [1000.0])

    def test_what_is_sent_back_for_other_payments_as_well_counts_once(self):
        first = self._paid()
        self.invoice = self._make_invoice(1000.0)
        second = self._paid()
        sent = self._send(2015.25)
        self._match(self._free(first, 1000.0), self._free(second, 1000.0), sent)
        self.assertEqual(len(first.o2c_fee_refund_id | second.o2c_fee_refund_id), 1)  # 15.25 is there for one of them

    def test_partly_by_the_provider_and_partly_by_hand(self):
        transaction = self._paid()
        self._refund(transaction, 1000.0)
        self._match(self._free(transaction, 15.25), self._send(15.25))
        note = transaction.o2c_fee_refund_id
        self.assertEqual((note.amount_total, note.amount_residual), (15.25, 0.0))
        self.assertEqual(transaction.o2c_fee_move_id.amount_residual, 0.0)

    def test_a_fee_whose_invoice_was_corrected_is_credited_too(self):
        transaction = self._paid()
        wizard = self.env["o2c.invoice.correction"].create({"move_id": transaction.o2c_fee_move_id.id, "send": False})
        wizard.line_ids.name = "Fee, in other words"
        wizard.action_correct()
        self._refund(transaction, 1015.25)
        self.assertEqual(transaction.o2c_fee_refund_id.reversed_entry_id, wizard.result_id)
        self.assertEqual(sum(self._due()), 1000.0)

    def test_a_refund_of_the_provider_that_is_matched_counts_once(self):
        transaction = self._paid()
        refund = self._refund(transaction, 600.0)
        self._match(self._free(transaction, 1000.0), self._items(refund.move_id))
        self.assertFalse(transaction.o2c_fee_refund_id)

    def test_matching_payments_without_a_fee_leaves_no_fact(self):
        transaction = self._paid()
        self._apply()
        item = self._free(transaction, 1000.0)
        other = self._send(1000.0)
        self._apply()
        transaction.o2c_fee = 0
        (item | other).reconcile()
        self.assertFalse(self._waiting())
