"""Invoices that are no plain ones: each is corrected right, or refused with a reason and nothing lost."""

from datetime import timedelta

from odoo.exceptions import UserError
from odoo.fields import Command, Date

from .common import O2cCommon
from .order_common import OrderMixin
from .test_corrections import CorrectionMixin


class TestCorrectionLimits(CorrectionMixin, OrderMixin, O2cCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tax = cls.env["account.tax"].create({"name": "VAT 21 %", "amount": 21, "type_tax_use": "sale"})

    def _taxed(self, total=1000.0, **values):
        return self._make_invoice(invoice_line_ids=[
            Command.create({"name": "Goods", "price_unit": total, "tax_ids": self.tax.ids}),
        ], **values)

    def _discount_term(self, computation):
        return self.env["account.payment.term"].create({
            "name": f"2/10 net 30 {computation}", "early_discount": True, "discount_percentage": 2,
            "discount_days": 10, "early_pay_discount_computation": computation,
            "line_ids": [Command.create({"value": "percent", "value_amount": 100, "nb_days": 30})],
        })

    def _credit(self):
        """Return what the customer has open beside invoices."""
        items = self.env["account.move.line"].search([
            ("partner_id", "=", self.customer.id), ("account_type", "=", "asset_receivable"),
            ("parent_state", "=", "posted"), ("amount_residual", "<", 0),
        ])
        return sorted(items.mapped("amount_residual_currency"))

    def _reverse(self, invoice, **values):
        reversal = self.env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=invoice.ids,
        ).create({"journal_id": invoice.journal_id.id, **values})
        reversal.refund_moves()
        return reversal.new_move_ids

    # Discounts for early payment

    def test_an_early_payment_discount_is_still_offered(self):
        for computation in ("included", "excluded"):
            with self.subTest(computation=computation):
                invoice = self._taxed(
                    term=self._discount_term(computation), invoice_date=Date.today() - timedelta(days=3),
                )
                new = self._correct(invoice, {"price_unit": 900.0})
                line = new.line_ids.filtered(lambda line: line.display_type == "payment_term")
                self.assertEqual((new.amount_residual, line.discount_date), (1089.0, Date.today() + timedelta(days=7)))
                self.assertEqual(line.discount_amount_currency, 1067.22 if computation == "included" else 1071.0)

    def test_an_early_payment_discount_that_was_taken_stays_and_is_pointed_out(self):
        invoice = self._taxed(term=self._discount_term("included"))
        payment = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids,
        ).create({})._create_payments()
        self.assertEqual((payment.amount, invoice.amount_residual), (1185.8, 0.0))
        wizard = self._wizard(invoice)
        wizard.line_ids.price_unit = 900.0
        self.assertIn("24.20 was deducted when", wizard.hints)
        wizard.action_correct()
        self.assertEqual((wizard.result_id.amount_residual, self._credit()), (0.0, [-121.0]))
        self.assertEqual(wizard.left_over, 121.0)

    def test_where_the_discount_reduces_the_tax_nothing_is_done(self):
        invoice = self._taxed(term=self._discount_term("mixed"))
        with self.assertRaises(UserError) as caught:  # which takes back what was done, as a request does
            self._correct(invoice, {"price_unit": 900.0})
        self.assertRegex(str(caught.exception), "instead of .* Nothing was changed")
        self.assertEqual((invoice.payment_state, invoice.amount_residual), ("not_paid", invoice.amount_total))
        self.assertFalse(invoice.reversal_move_ids)

    # Money

    def test_what_was_paid_too_much_is_shown_and_used(self):
        invoice = self._make_invoice(1000.0)
        self._pay(invoice, 1200.0)
        for price, expected in ((1100.0, (1100.0, 0.0, 100.0)), (1250.0, (1200.0, 50.0, 0.0))):
            wizard = self._wizard(invoice, send=False)
            wizard.line_ids.price_unit = price
            self.assertEqual((wizard.moved, wizard.still_open, wizard.left_over), expected)
        wizard.action_correct()
        self.assertEqual((wizard.result_id.amount_residual, self._credit()), (50.0, []))

    def test_a_chain_of_corrections_keeps_every_cent(self):
        invoice = self._make_invoice(1000.0)
        self._pay(invoice, 333.33)
        for price, residual, credit in ((900.0, 566.67, []), (333.32, 0.0, [-0.01]), (333.34, 0.01, [])):
            invoice = self._correct(invoice, {"price_unit": price}, send=False)
            self.assertEqual((invoice.amount_residual, self._credit()), (residual, credit))

    def test_a_payment_of_several_invoices(self):
        wrong, right = self._make_invoice(1000.0), self._make_invoice(500.0)
        payment = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=(wrong | right).ids,
        ).create({"group_payment": True})._create_payments()
        new = self._correct(wrong, {"price_unit": 900.0})
        self.assertEqual((new.amount_residual, right.amount_residual, self._credit()), (0.0, 0.0, [-100.0]))
        self.assertEqual(payment.invoice_ids, right | new)

    def test_money_of_a_bank_transaction(self):
        invoice = self._make_invoice(1000.0)
        line = self.env["account.bank.statement.line"].create({
            "journal_id": self.company_data["default_journal_bank"].id, "payment_ref": "Transfer", "amount": 600.0,
            "partner_id": self.customer.id, "date": Date.today(),
        })
        item = line.move_id.line_ids.filtered(lambda item: item.account_id == line.journal_id.suspense_account_id)
        receivable = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
        line.move_id.with_context(skip_readonly_check=True).line_ids = [
            Command.update(item.id, {"account_id": receivable.account_id.id, "partner_id": self.customer.id}),
        ]
        (item | receivable).reconcile()
        new = self._correct(invoice, {"price_unit": 500.0})
        self.assertEqual((new.amount_residual, item.amount_residual), (0.0, -100.0))

    # Locks

    def test_a_journal_that_is_secured_by_hashes(self):
        self.company_data["default_journal_sale"].restrict_mode_hash_table = True
        invoice = self._make_invoice(1000.0, self._make_term((50, 0), (50, 30)))
        secured = invoice.inalterable_hash
        self.assertTrue(secured)
        self.assertEqual(self._correct(invoice, reference="PO 9", send=False), invoice)
        new = self._correct(invoice, {"price_unit": 900.0})
        self.assertEqual((new.amount_residual, invoice.payment_state), (900.0, "reversed"))
        self.assertEqual(invoice.inalterable_hash, secured)

    def test_a_lock_over_today_is_odoos_to_report(self):
        invoice = self._taxed(invoice_date=Date.today() - timedelta(days=40))
        for lock in ("fiscalyear_lock_date", "tax_lock_date", "sale_lock_date"):
            with self.subTest(lock=lock):
                self.env.company[lock] = Date.today()
                with self.assertRaises(UserError) as caught:
                    self._correct(invoice, {"price_unit": 900.0})
                self.assertIn("Lock Date", str(caught.exception))
                self.assertFalse(invoice.reversal_move_ids)
                self.env.company[lock] = Date.today() - timedelta(days=1)
        new = self._correct(invoice, {"price_unit": 900.0})
        self.assertEqual((new.date, new.amount_total), (Date.today(), 1089.0))

    # Other documents

    def test_a_credit_note_is_no_invoice(self):
        with self.assertRaisesRegex(UserError, "Only a posted customer invoice"):
            self._make_invoice(100.0, move_type="out_refund").action_o2c_correct()

    def test_a_credit_note_that_waits_as_a_draft_is_pointed_out(self):
        invoice = self._make_invoice(1000.0)
        draft = self._reverse(invoice)
        wizard = self._wizard(invoice)
        wizard.line_ids.price_unit = 900.0
        self.assertIn("waits as a draft", wizard.hints)
        draft.unlink()
        wizard = self._wizard(invoice)
        wizard.line_ids.price_unit = 900.0
        self.assertNotIn("draft", wizard.hints)

    def test_a_deposit_and_the_invoice_that_deducts_it(self):
        order = self._make_order(1000.0)
        deposit = self.env["sale.advance.payment.inv"].with_context(
            active_model="sale.order", active_ids=order.ids,
        ).create({"advance_payment_method": "fixed", "fixed_amount": 300.0})._create_invoices(order)
        deposit.action_post()
        self._correct(deposit, {"price_unit": 200.0})
        final = order._create_invoices(final=True)
        final.action_post()
        self.assertEqual(final.amount_total, 800.0)
        wizard = self._wizard(final)
        wizard.line_ids[0].price_unit = 950.0
        wizard.action_correct()
        self.assertEqual((wizard.result_id.amount_total, order.invoice_status), (750.0, "invoiced"))

    def test_an_invoice_of_another_company_of_the_user(self):
        other = self.setup_other_company(name="Elsewhere")["company"]
        invoice = self.env["account.move"].with_company(other).create({
            "move_type": "out_invoice", "partner_id": self.customer.id,
            "invoice_line_ids": [Command.create({"name": "Goods", "price_unit": 100.0, "tax_ids": []})],
        })
        invoice.action_post()
        self.assertNotEqual(self.env.company, other)
        wizard = self._wizard(invoice)
        wizard.line_ids.create({"wizard_id": wizard.id, "name": "Freight", "price_unit": 5.0})
        wizard.action_correct()
        moves = wizard.result_id | wizard.result_id.o2c_correction_credit_id
        self.assertEqual((moves.company_id, moves.journal_id), (other, invoice.journal_id))
        self.assertEqual((wizard.result_id.amount_total, invoice.payment_state), (105.0, "reversed"))
