"""A fee is charged as shown, invoiced once when it was paid, and credited when the payment was given back."""

from unittest.mock import patch

from psycopg2.errors import CheckViolation, SerializationFailure

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Date
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from ..core import money
from .fee_common import FeeMixin
from .test_money_event import MoneyEventCase


class PaymentFeeCase(FeeMixin, MoneyEventCase):
    """Payments with a fee of 15.25 of an invoice over 1000, from their start to what follows from them."""

    def setUp(self):
        super().setUp()
        self._make_company()
        self.fee = self._make_fee()
        self.invoice = self._make_invoice(1000.0)
        self.cashier = self.env["o2c.cashier"].sudo()
        self._count = 0

    def _quote(self, invoice=None, method=None):
        quote = self.cashier._quote(invoice or self.invoice, "all")
        return self._charge(quote, method)

    def _charge(self, quote, method=None):
        method = method or self.payment_method
        return self.env["o2c.payment.fee"]._charge(quote, self.customer, self.dummy_provider, method)

    def _start(self, quote, payer=None, **values):
        """Start a payment of a quote the way the controllers do."""
        self._count += 1
        return self._create_transaction(
            "direct", reference=f"FEE-{self._count}", amount=quote.amount, currency_id=quote.currency_id,
            partner_id=self.customer.id, **values,
            **self.cashier._transaction_values(quote, payer or f"payer {self._count}"),
        ).sudo()

    def _finish(self, transaction):
        """Have the provider report success, and all that follows from it done."""
        transaction._set_done()
        transaction._post_process()
        self._apply()
        return transaction.payment_id

    def _paid(self, **values):
        transaction = self._start(self._quote(), **values)
        self._finish(transaction)
        return transaction

    def _refund(self, transaction, amount):
        return self._finish(transaction._create_child_transaction(amount, is_refund=True))

    def _due(self):
        self.env.flush_all()
        return sorted(self.env["o2c.due.item"].search([("partner_id", "=", self.customer.id)]).mapped("residual"))


@tagged("post_install", "-at_install")
class TestPaymentFee(PaymentFeeCase):

    # How much

    def test_the_fee_includes_its_taxes_and_is_what_its_invoice_will_total(self):
        quote = self._quote()
        self.assertEqual((quote.paid_minor, quote.fee_minor, quote.amount_minor), (100000, 1525, 101525))
        for paid, fee in [(100, 25), (200, 28), (300, 29), (12345, 209)]:
            with self.subTest(paid=paid):
                invoice = self._make_invoice(paid / 100)
                self.assertEqual(self._quote(invoice).fee_minor, fee)
                move = self._paid_move(invoice)
                self.assertEqual(money.to_minor(move.amount_total, 2), fee)

    def _paid_move(self, invoice):
        transaction = self._start(self._quote(invoice))
        self._finish(transaction)
        return transaction.o2c_fee_move_id

    def test_taxes_in_the_price_and_fiscal_positions_are_those_of_odoo(self):
        self.fee_tax.price_include_override = "tax_included"
        self.assertEqual(self._quote().fee_minor, 1525)
        self.assertEqual(self._paid().o2c_fee_move_id.amount_untaxed, 12.60)
        none = self.env["account.tax"].sudo().create({"name": "None", "amount": 0.0, "type_tax_use": "sale"})
        position = self.env["account.fiscal.position"].sudo().create({
            "name": "Abroad", "tax_ids": [Command.set(none.ids)],
        })
        none.write({
            "fiscal_position_ids": [Command.set(position.ids)], "original_tax_ids": [Command.set(self.fee_tax.ids)],
        })
        self.customer.property_account_position_id = position
        move = self._paid_move(self._make_invoice(1000.0))
        self.assertEqual((move.fiscal_position_id, move.amount_tax, move.amount_total), (position, 0.0, 15.25))

    def test_who_is_asked_for_nothing_pays_nothing(self):
        for change in [
            {"active": False}, {"country_ids": [Command.clear()]}, {"cost_percent": 0, "cost_fixed": 0},
            {"cost_date": "2020-01-01"}, {"percent": 0, "fixed": 0},
            {"currency_id": self.env.ref("base.JPY").id},
            {"payment_method_id": self.payment_method.copy({"code": "other"}).id},
        ]:
            with self.subTest(change=change):
                before = self.fee.copy_data()[0]
                self.fee.write(change)
                self.assertEqual(self._quote().fee_minor, 0)
                self.fee.write({**before, "active": True})
        for change in [{"is_company": False}, {"vat": False}, {"country_id": self.env.ref("base.fr").id}]:
            with self.subTest(change=change):
                self._make_company(**change)
                self.assertEqual(self._quote().fee_minor, 0)
        self._make_company()
        self.dummy_provider.sudo().write({"support_manual_capture": "partial", "capture_manually": True})
        self.assertEqual(self._quote().fee_minor, 0)
        self.dummy_provider.sudo().capture_manually = False
        self.assertEqual(self._quote().fee_minor, 1525)

    def test_a_fee_above_the_cost_is_cut_to_it(self):
        self.fee.write({"percent": 50, "fixed": 100})
        self.assertLessEqual(self._quote().fee_minor, 2025)
        self.assertGreater(self._quote().fee_minor, 2020)

    def test_a_contact_is_judged_by_its_company_and_a_fee_for_the_method_comes_first(self):
        contact = self.env["res.partner"].create({"name": "Anna", "parent_id": self.customer.id})
        charge = self.env["o2c.payment.fee"]._charge
        quote = self.cashier._quote(self.invoice, "all")
        self.assertEqual(charge(quote, contact, self.dummy_provider, self.payment_method).fee_minor, 1525)
        own = self.fee.copy({
            "active": True, "payment_method_id": self.payment_method.id, "percent": 0, "fixed": 0.52, "sequence": 99,
        })
        found = charge(quote, contact, self.dummy_provider, self.payment_method)
        self.assertEqual((found.fee_rule_id, found.fee_minor), (own.id, 52))

    def test_a_currency_without_decimals(self):
        yen = self.setup_other_currency("JPY", rounding=1.0, rates=[("2017-01-01", 150.0)])
        self.fee.write({"currency_id": yen.id, "fixed": 0, "cost_fixed": 0})
        invoice = self._make_invoice(3333, currency_id=yen.id)
        quote = self._quote(invoice)
        self.assertLessEqual(quote.fee_minor, 49)
        transaction = self._start(quote)
        self._finish(transaction)
        self.assertEqual(transaction.o2c_fee_move_id.amount_total, quote.fee_minor)
        self.assertEqual(self._due(), [1000.0])  # the invoice of setUp

    def test_a_currency_with_three_decimals(self):
        dinar = self.setup_other_currency("KWD", rounding=0.001, rates=[("2017-01-01", 0.3)])
        self.fee.write({"currency_id": dinar.id, "fixed": 0.025, "cost_fixed": 0.025})
        for total in (1.001, 33.333, 1234.567):
            with self.subTest(total=total):
                quote = self._quote(self._make_invoice(total, currency_id=dinar.id))
                self.assertLessEqual(quote.fee_minor, int(money.to_minor(total, 3) * 0.015) + 25)
                self.assertGreater(quote.fee_minor, 0)
                transaction = self._start(quote)
                self._finish(transaction)
                self.assertEqual(money.to_minor(transaction.o2c_fee_move_id.amount_total, 3), quote.fee_minor)
                self.assertEqual(transaction.o2c_fee_move_id.amount_residual, 0.0)
        self.assertEqual(self._due(), [1000.0])  # the invoice of setUp

    def test_a_basket_of_documents_paid_in_part_has_one_fee(self):
        policy = self.env.ref("o2c_portal.payment_policy_built_in").sudo()
        policy.write({"mode": "part", "order": "payer", "minimum_kind": "none"})
        items = [item for total in (100.01, 200.02, 300.03) for item in self._make_invoice(total)._o2c_instalments()]
        quote = self._charge(self.cashier._quote_basket(self.invoice.currency_id, items, [10001, 5000, 1]))
        self.assertEqual((quote.paid_minor, quote.fee_minor), (15002, 250))
        transaction = self._start(quote)
        self._finish(transaction)
        self.assertEqual((transaction.amount, transaction.o2c_fee_move_id.amount_residual), (152.52, 0.0))
        self.assertEqual(self._due(), [150.02, 300.02, 1000.0])

    # What is charged

    def test_nothing_but_documents_credit_and_fee_is_charged(self):
        quote = self._quote()
        transaction = self._start(quote)
        self.assertEqual((transaction.amount, transaction.o2c_fee), (1015.25, 15.25))
        self.assertEqual(transaction.o2c_allocation_ids.mapped("amount"), [1000.0])
        for amount in (quote.amount + 0.01, 1000.0):
            with self.subTest(amount=amount), self.assertRaises(ValidationError):
                self._create_transaction(
                    "direct", reference=f"BAD {amount}", amount=amount, currency_id=quote.currency_id,
                    partner_id=self.customer.id, **self.cashier._transaction_values(quote, "payer"),
                )

    def test_odoos_own_pages_ask_for_no_fee(self):
        transaction = self._create_transaction(
            "direct", reference="native", amount=1000.0, currency_id=self.invoice.currency_id.id,
            invoice_ids=[Command.set(self.invoice.ids)],
        )
        self.assertEqual((transaction.amount, transaction.o2c_fee), (1000.0, 0.0))

    def test_nobody_can_type_a_fee(self):
        transaction = self._start(self._quote())
        clerk = new_test_user(self.env, "fee_clerk", groups="o2c_portal.o2c_portal_group_manager")
        for values in ({"o2c_fee": 0.0}, {"o2c_fee_move_id": self.invoice.id}, {"o2c_fee_rule_id": False}):
            with self.subTest(values=values), self.assertRaises(AccessError):
                transaction.with_user(clerk).sudo(False).write(values)

    # How it is booked

    def test_the_fee_is_invoiced_and_settled_by_its_part_of_the_payment(self):
        transaction = self._paid()
        move = transaction.o2c_fee_move_id
        self.assertEqual((move.state, move.amount_total, move.amount_residual), ("posted", 15.25, 0.0))
        self.assertEqual((move.amount_untaxed, move.amount_tax), (12.60, 2.65))
        self.assertEqual(move.commercial_partner_id, self.customer)
        self.assertEqual(move.invoice_line_ids.name, f"Fee for payment FEE-1 by {self.payment_method.name}")
        self.assertEqual((self.invoice.amount_residual, self._due()), (0.0, []))
        self.assertFalse(transaction.payment_id.activity_ids)
        items = transaction.payment_id.move_id.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        self.assertEqual(sorted(items.mapped("amount_currency")), [-1000.0, -15.25])
        self.assertTrue(all(items.mapped("reconciled")))

    def test_the_receipt_lists_the_fee(self):
        transaction = self._paid()
        notice = transaction.payment_id.o2c_notice_ids
        self.assertEqual(notice.move_ids, self.invoice | transaction.o2c_fee_move_id)
        self.assertEqual((notice.amount, len(notice)), (1015.25, 1))

    def test_the_fee_is_invoiced_once(self):
        transaction = self._paid()
        move = transaction.o2c_fee_move_id
        transaction._o2c_settle_fees()
        self.env["o2c.money.event"]._record_payments(transaction.payment_id, "payment_received")
        self._apply()
        self.assertEqual(transaction.o2c_fee_move_id, move)
        made = self.env["account.move"].search([("invoice_origin", "=", transaction.payment_id.name)])
        self.assertEqual(made, move)

    def test_a_conflict_is_tried_again_and_no_reason_to_give_up(self):
        transaction = self._start(self._quote())
        with patch.object(
            self.env.registry["payment.transaction"], "_o2c_invoice_fee", side_effect=SerializationFailure
        ), self.assertRaises(SerializationFailure):
            transaction._set_done()
            transaction._post_process()
            transaction._o2c_settle_fees()
        self.assertFalse(transaction.o2c_fee_problem or transaction.payment_id.activity_ids)
        self._apply()
        self.assertEqual(transaction.o2c_fee_move_id.amount_residual, 0.0)

    def test_whatever_step_fails_nothing_is_left_half_done(self):
        for model, method in [
            ("payment.transaction", "_o2c_fee_values"), ("account.move", "action_post"),
            ("account.move.line", "reconcile"),
        ]:
            with self.subTest(step=method):
                self.invoice = self._make_invoice(1000.0)
                transaction = self._start(self._quote())
                transaction._set_done()
                transaction._post_process()
                made = [("invoice_origin", "=", transaction.payment_id.name)]
                with patch.object(self.env.registry[model], method, side_effect=RuntimeError("power cut")), \
                     self.assertLogs("odoo.addons.o2c_portal.models.payment_transaction_fee", "WARNING"):
                    self._apply()
                self.assertFalse(self.env["account.move"].search(made) or transaction.o2c_fee_move_id)
                for _run in range(2):
                    transaction._o2c_settle_fees()
                    self.assertEqual(self.env["account.move"].search(made), transaction.o2c_fee_move_id)
                self.assertEqual(transaction.o2c_fee_move_id.amount_residual, 0.0)

    def test_two_tabs_with_different_methods_charge_what_each_showed(self):
        free = self.payment_method.copy({"code": "free"})
        self.fee.payment_method_id = self.payment_method
        with_fee = self._start(self._quote(), "tabs")
        without = self._start(self._quote(method=free), "tabs", payment_method_id=free.id)
        self.assertEqual((with_fee.amount, without.amount, without.o2c_fee), (1015.25, 1000.0, 0.0))
        self._finish(without)
        self.assertFalse(without.o2c_fee_move_id)
        self.assertEqual(self._due(), [])
        payment = self._finish(with_fee)  # in the tab that was left: it was captured with its fee
        self.assertEqual((with_fee.o2c_fee_move_id.amount_total, self._due()), (15.25, [-1000.0]))
        self.assertTrue(payment.activity_ids)

    def test_together_with_a_payment_on_account(self):
        self.env.ref("o2c_portal.payment_policy_built_in").sudo().on_account = True
        items, basket = self.invoice._o2c_instalments(), self.cashier._quote_basket
        quote = self._charge(basket(self.invoice.currency_id, items, None, 5000))
        transaction = self._start(quote)
        payment = self._finish(transaction)
        self.assertEqual((payment.amount, transaction.o2c_fee), (1066.0, 16.0))
        self.assertEqual((transaction.o2c_fee_move_id.amount_residual, self._due()), (0.0, [-50.0]))
        ahead = self._charge(basket(self.invoice.currency_id, [], None, 10000))
        transaction = self._start(ahead)
        self._finish(transaction)
        self.assertEqual(transaction.o2c_fee_move_id.amount_residual, 0.0)
        self.assertEqual(self._due(), [-100.0, -50.0])

    def test_an_early_payment_discount_and_a_foreign_currency(self):
        pound = self.setup_other_currency("GBP", rates=[("2017-01-01", 3.0)])
        self.fee.currency_id = pound
        term = self.env["account.payment.term"].create({
            "name": "2/10 net 30", "early_discount": True, "discount_percentage": 2, "discount_days": 10,
            "line_ids": [Command.create({"value": "percent", "value_amount": 100, "nb_days": 30})],
        })
        invoice = self._make_invoice(100.01, term, currency_id=pound.id)
        transaction = self._start(self._quote(invoice))
        self._finish(transaction)
        self.assertEqual(transaction.amount, round(invoice.amount_total * 0.98 + transaction.o2c_fee, 2))
        self.assertEqual((invoice.amount_residual, transaction.o2c_fee_move_id.amount_residual), (0.0, 0.0))
        self.assertEqual(self._due(), [1000.0])

    def test_money_for_what_was_settled_meanwhile_is_credit_but_the_fee(self):
        transaction = self._start(self._quote())
        self._register_payment(self.invoice, amount=1000.0)
        payment = self._finish(transaction)
        self.assertEqual((transaction.o2c_fee_move_id.amount_residual, self._due()), (0.0, [-1000.0]))
        self.assertEqual(len(payment.activity_ids), 1)

    def test_money_for_what_was_corrected_meanwhile_pays_the_new_invoice_and_the_fee(self):
        transaction = self._start(self._quote())
        transaction.o2c_allocation_ids._release("left")
        wizard = self.env["o2c.invoice.correction"].create({"move_id": self.invoice.id, "send": False})
        wizard.line_ids.price_unit = 900.0
        wizard.action_correct()
        self._finish(transaction)
        self.assertEqual((wizard.result_id.amount_residual, transaction.o2c_fee_move_id.amount_residual), (0.0, 0.0))
        self.assertEqual(self._due(), [-100.0])

    # What goes wrong

    def test_a_fee_that_cannot_be_invoiced_is_credit_with_a_task(self):
        transaction = self._start(self._quote())
        self.fee_tax.amount = 19.0  # no price comes to 15.25 with it
        with self.assertLogs("odoo.addons.o2c_portal.models.payment_transaction_fee", "WARNING"):
            payment = self._finish(transaction)
            transaction._o2c_settle_fees()
        self.assertFalse(transaction.o2c_fee_move_id)
        self.assertEqual((self.invoice.amount_residual, self._due()), (0.0, [-15.25]))
        self.assertEqual(payment.activity_ids.summary, "Payment fee to deal with")  # one
        self.assertIn("With the taxes of today", payment.activity_ids.note)
        self.assertEqual(payment.o2c_notice_ids.move_ids, self.invoice)
        with self.assertRaises(UserError):
            transaction.with_user(self.env.user).action_o2c_book_fee()
        self.fee_tax.amount = 21.0
        transaction.with_user(self.env.user).action_o2c_book_fee()
        self.assertFalse(transaction.o2c_fee_problem)
        self.assertEqual(self._due(), [])

    def test_a_fee_whose_money_was_used_otherwise_is_not_invoiced(self):
        transaction = self._start(self._quote())
        transaction._set_done()
        transaction._post_process()
        other = self._make_invoice(15.25)
        credit = transaction.payment_id.move_id.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable" and not line.reconciled
        )
        other.js_assign_outstanding_line(credit.id)
        with self.assertLogs("odoo.addons.o2c_portal.models.payment_transaction_fee", "WARNING"):
            self._apply()
        self.assertFalse(transaction.o2c_fee_move_id)
        self.assertTrue(transaction.payment_id.activity_ids)

    def test_only_who_makes_invoices_books_a_fee(self):
        transaction = self._paid()
        salesman = new_test_user(self.env, "fee_sales", groups="sales_team.group_sale_salesman")
        with self.assertRaises(AccessError):
            transaction.with_user(salesman).sudo(False).action_o2c_book_fee()

    # Money that goes back

    def test_a_refund_of_all_credits_the_fee_and_one_of_a_part_does_not(self):
        transaction = self._paid()
        self._refund(transaction, 1000.0)
        self.assertFalse(transaction.o2c_fee_refund_id)
        self._refund(transaction, 15.25)
        note = transaction.o2c_fee_refund_id
        self.assertEqual((note.move_type, note.state, note.amount_total, note.amount_residual),
                         ("out_refund", "posted", 15.25, 0.0))
        self.assertEqual((note.reversed_entry_id, sum(self._due())), (transaction.o2c_fee_move_id, 1000.0))
        transaction._o2c_settle_fees()
        self.assertEqual(transaction.o2c_fee_move_id.reversal_move_ids, note)

    def test_a_payment_withdrawn_withdraws_its_fee(self):
        transaction = self._paid()
        transaction.payment_id.action_draft()
        transaction.payment_id.action_cancel()
        self._apply()
        self.assertEqual((transaction.o2c_fee_refund_id.amount_residual, self._due()), (0.0, [1000.0]))

    def test_an_entry_reversed_withdraws_the_fee(self):
        transaction = self._paid()
        transaction.payment_id.move_id._reverse_moves(cancel=True)
        self._apply()
        self.assertEqual((transaction.o2c_fee_refund_id.amount_residual, self._due()), (0.0, [1000.0]))

    # What the form says

    def test_the_form_says_why_nobody_or_who_pays(self):
        form = Form(self.fee.with_user(self.env.user))
        self.assertEqual(form.says, "Asked of companies with a VAT number.")
        form.try_partner_id, form.try_amount = self.customer, 1000
        self.assertEqual(form.try_says, "A fee of $\N{NO-BREAK SPACE}15.25")
        form.country_ids.clear()
        self.assertEqual(form.says, "Nobody pays it: no country is chosen.")
        form.country_ids.add(self.env.ref("base.us"))
        self.customer.is_company = False
        form.try_amount = 999
        self.assertEqual(form.try_says, "No fee: the customer is not a company.")
        form.active = False
        self.assertIn("switched off", form.says)

    def test_every_reason_has_its_sentence(self):
        for code in ("off", "announced", "capture", "no_countries", "no_cost", "stale_cost", "consumer", "no_vat",
                     "country", "regulated", "currency"):
            self.assertTrue(self.fee._in_words(code), code)

    def test_a_fee_needs_a_source_and_positive_amounts_and_its_own_company(self):
        other = self._create_company(name="Elsewhere")
        with self.assertRaises(ValidationError):
            self.fee.cost_source = " "
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation):
            self.fee.percent = -1
            self.env.flush_all()
        with self.assertRaises(ValidationError):
            self.fee.product_id.company_id = other
            self.fee._check_product_company()
        self.assertFalse(self.env["o2c.payment.fee"].create({
            "provider_id": self.dummy_provider.id, "product_id": self.fee.product_id.id,
        }).active)
        self.assertEqual(self.fee.cost_date, Date.today())
