"""Bank transfers with our reference apply themselves; what does not fit is proposed, never guessed."""

from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from ..core import remittance
from .common import O2cCommon


class BankCase(O2cCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bank = cls.company_data["default_journal_bank"]
        cls.term = cls._make_term((30, 0), (30, 30), (40, 60))
        cls.remittances = cls.env["o2c.remittance"]

    @classmethod
    def _advice(cls, invoice):
        return cls.remittances._for_invoices(invoice)[invoice.id]

    @classmethod
    def _values(cls, text, amount, **values):
        return {"journal_id": cls.bank.id, "payment_ref": text, "amount": amount, "date": "2026-01-15", **values}

    def _transfer(self, text, amount, **values):
        return self.env["account.bank.statement.line"].create(self._values(text, amount, **values))

    def _lines(self, invoice):
        return invoice.line_ids.filtered(lambda line: line.display_type == "payment_term").sorted("date_maturity")

    def _open(self, invoice):
        return self._lines(invoice).mapped("amount_residual_currency")

    def _assert_proposed(self, line, reason, advice=None):
        self.assertEqual((line.o2c_reason, line.is_reconciled), (reason, False))
        self.assertTrue(line._seek_for_lines()[1])
        if advice:
            self.assertEqual(line.o2c_remittance_id, advice)

    def _assert_balanced(self, line):
        self.assertAlmostEqual(sum(line.move_id.line_ids.mapped("balance")), 0)
        self.assertEqual(line.move_id.state, "posted")


@tagged("post_install", "-at_install")
class TestReferences(BankCase):
    def test_reference_is_good_stays_and_is_the_invoice_s(self):
        invoice, other = self._make_invoice(), self._make_invoice()
        advices = self.remittances._for_invoices(invoice + other)
        self.assertEqual(advices, self.remittances._for_invoices(invoice + other))
        self.assertEqual([advices[invoice.id].move_id, advices[other.id].move_id], [invoice, other])
        for advice in advices.values():
            self.assertTrue(remittance.is_reference(advice.reference))
            self.assertRegex(advice.display_name, r"^RF\d\d \d{4} \d{4} \d{4}$")
            self.assertEqual((advice.partner_id, advice.company_id), (self.customer, self.env.company))
        self.assertEqual(len({advice.reference for advice in advices.values()}), 2)

    def test_an_invoice_s_own_reference_is_used_unless_others_have_it(self):
        journal = self.company_data["default_journal_sale"]
        journal.write({"invoice_reference_model": "euro", "invoice_reference_type": "invoice"})
        own = self._make_invoice()
        self.assertEqual(self._advice(own).reference, remittance.compact(own.payment_reference))
        shared = self._make_invoice() + self._make_invoice()
        shared.payment_reference = "RF18 5390 0754 7034"
        wrong = self._make_invoice()
        wrong.payment_reference = "RF19 5390 0754 7034"
        for invoice in shared + wrong:
            self.assertNotIn(self._advice(invoice).reference, ("RF18539007547034", "RF19539007547034"))

    def test_same_number_of_queries_for_two_and_for_ten(self):
        def count(invoices):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(len(self.remittances._for_invoices(invoices)), len(invoices))
            return self.env.cr.sql_log_count - before

        few = self._make_invoice() + self._make_invoice()
        many = self.env["account.move"].union(*(self._make_invoice() for _i in range(10)))
        count(self._make_invoice())
        self.assertEqual(count(few), count(many))

    def test_basket(self):
        lines = self._lines(self._make_invoice(1000, self.term)) | self._lines(self._make_invoice(50))
        amounts = {lines[0].id: 300_00, lines[3].id: 20_00}
        usd = self.env.company.currency_id
        advice = self.remittances._advise(self.customer, self.env.company, usd, amounts)
        self.assertEqual((advice._basket(), advice.amount, advice.state), (amounts, 320, "open"))
        self.assertEqual(self.remittances._advise(self.customer, self.env.company, usd, amounts), advice)
        other = self.remittances._advise(self.customer, self.env.company, usd, {lines[0].id: 300_00})
        self.assertNotEqual(other, advice)
        stranger = self.env["res.partner"].create({"name": "Other"})
        eur = self.env.ref("base.EUR")
        for partner, currency, wish in [
            (self.customer, usd, {}), (self.customer, usd, {lines[0].id: 300_01}),
            (self.customer, usd, {lines[0].id: 0}), (self.customer, usd, {0: 1}),
            (stranger, usd, amounts), (self.customer, eur, amounts),
            (self.customer, usd, {self._make_invoice().invoice_line_ids.id: 1}),
        ]:
            with self.subTest(partner=partner.name, wish=wish), self.assertRaises(ValidationError):
                self.remittances._advise(partner, self.env.company, currency, wish)


@tagged("post_install", "-at_install")
class TestBankTransfer(BankCase):
    def test_exact_amount_pays_the_invoice_however_the_reference_is_written(self):
        for place, write in [
            ("payment_ref", remittance.shown), ("payment_ref", str.lower), ("ref", str),
            ("narration", lambda text: f"<p>SVWZ+{remittance.shown(text)} thanks</p>"),
        ]:
            invoice = self._make_invoice(1000, self.term)
            advice = self._advice(invoice)
            line = self._transfer(**{"text": "Payment", "amount": 1000, place: write(advice.reference)}) \
                if place != "payment_ref" else self._transfer(write(advice.reference), 1000)
            with self.subTest(place=place):
                self.assertEqual((line.o2c_reason, line.is_reconciled), ("applied", True))
                self.assertEqual((line.o2c_remittance_id, advice.state), (advice, "applied"))
                self.assertEqual((invoice.payment_state, line.partner_id), ("paid", self.customer))
                self._assert_balanced(line)

    def test_next_instalments_are_paid_in_order_and_nothing_else(self):
        invoice = self._make_invoice(1000, self.term)
        advice = self._advice(invoice)
        self.assertTrue(self._transfer(advice.reference, 300).is_reconciled)
        self.assertEqual(self._open(invoice), [0, 300, 400])
        self._assert_proposed(self._transfer(advice.reference, 400), "short", advice)
        self.assertEqual((self._open(invoice), advice.state), ([0, 300, 400], "open"))
        self.assertTrue(self._transfer(advice.reference, 700, date="2026-02-01").is_reconciled)
        self.assertEqual((self._open(invoice), advice.state), ([0, 0, 0], "applied"))

    def test_basket_is_paid_exactly_and_once(self):
        lines = self._lines(self._make_invoice(1000, self.term)) | self._lines(self._make_invoice(50))
        advice = self.remittances._advise(
            self.customer, self.env.company, self.env.company.currency_id, {lines[1].id: 100_00, lines[3].id: 50_00},
        )
        self._assert_proposed(self._transfer(advice.reference, 100), "short", advice)
        line = self._transfer(advice.reference, 150)
        self.assertTrue(line.is_reconciled)
        self.assertEqual(lines.mapped("amount_residual"), [300, 200, 400, 0])
        self.assertEqual(advice.state, "applied")
        self._assert_balanced(line)
        self._assert_proposed(self._transfer(advice.reference, 150, date="2026-03-01"), "settled", advice)
        self.assertEqual(lines.mapped("amount_residual"), [300, 200, 400, 0])

    def test_basket_paid_otherwise_meanwhile(self):
        invoice = self._make_invoice(50)
        advice = self.remittances._advise(
            self.customer, self.env.company, self.env.company.currency_id, {self._lines(invoice).id: 50_00},
        )
        self._register_payment(invoice, amount=20)
        self._assert_proposed(self._transfer(advice.reference, 30), "changed", advice)

    def test_imported_twice(self):
        invoice = self._make_invoice(900, self._make_term((50, 0), (50, 30)))
        advice = self._advice(invoice)
        first, second = self.env["account.bank.statement.line"].create([self._values(advice.reference, 450)] * 2)
        self.assertTrue(first.is_reconciled)
        self._assert_proposed(second, "twice", advice)
        self._assert_proposed(self._transfer(advice.reference, 450), "twice", advice)
        self.assertTrue(self._transfer(advice.reference, 450, date="2026-02-15").is_reconciled)

    def test_what_does_not_fit_is_proposed(self):
        paid = self._make_invoice(100)
        settled = self._advice(paid)
        self._register_payment(paid)
        self._assert_proposed(self._transfer(settled.reference, 100), "settled", settled)
        advice = self._advice(self._make_invoice(100))
        self._assert_proposed(self._transfer(advice.reference, 99), "short", advice)
        self._assert_proposed(self._transfer(advice.reference, 101), "over", advice)
        self._assert_proposed(self._transfer(advice.reference, -100), "outgoing", advice)
        both = f"{advice.reference} {settled.reference}"
        self._assert_proposed(self._transfer(both, 100), "several")
        advice.action_cancel()
        self._assert_proposed(self._transfer(advice.reference, 100), "cancelled", advice)
        advice.action_reopen()
        advice.move_id.button_draft()
        self._assert_proposed(self._transfer(advice.reference, 100), "settled", advice)

    def test_what_is_not_ours_is_left_alone(self):
        invoice = self._make_invoice(100)
        advice = self._advice(invoice)
        other = self._create_company(name="Other")
        self.env.cr.execute("UPDATE o2c_remittance SET company_id = %s WHERE id = %s", [other.id, advice.id])
        advice.invalidate_recordset()
        for text in [advice.reference, "RF18 5390 0754 7034", invoice.name, "", False]:
            line = self._transfer(text, 100)
            with self.subTest(text=text):
                self.assertEqual((line.o2c_reason, line.is_reconciled), (False, False))

    def test_a_reference_with_a_slip_never_matches(self):
        advice = self._advice(self._make_invoice(100))
        good = advice.reference
        slips = {
            f"{good[:place]}{digit}{good[place + 1:]}" for place in range(2, len(good)) for digit in "0123456789"
        } | {f"{good[:place]}{good[place + 1]}{good[place]}{good[place + 2:]}" for place in range(2, len(good) - 1)}
        lines = self.env["account.bank.statement.line"].create(
            [self._values(slip, 100) for slip in sorted(slips - {good})]
        )
        self.assertGreater(len(lines), 120)
        self.assertFalse(lines.filtered("o2c_reason"))

    def test_switched_off(self):
        advice = self._advice(self._make_invoice(100))
        self.env.company.o2c_remittance_apply = False
        self.assertFalse(self._transfer(advice.reference, 100).o2c_reason)

    # Small differences

    def _tolerate(self, amount, percent):
        self.account = self.company_data["default_account_expense"]
        self.env.company.write({
            "o2c_tolerance_amount": amount, "o2c_tolerance_percent": percent,
            "o2c_tolerance_account_id": self.account.id,
        })

    def test_small_difference_goes_to_its_account(self):
        self._tolerate(1, 2)
        for received, booked in [(99.2, 0.8), (100.7, -0.7)]:
            invoice = self._make_invoice(100)
            line = self._transfer(self._advice(invoice).reference, received)
            with self.subTest(received=received):
                self.assertEqual((line.o2c_reason, invoice.payment_state), ("applied", "paid"))
                small = line.move_id.line_ids.filtered(lambda item: item.account_id == self.account)
                self.assertAlmostEqual(small.balance, booked)
                self._assert_balanced(line)
        self._assert_proposed(self._transfer(self._advice(self._make_invoice(100)).reference, 98.9), "short")
        self._assert_proposed(self._transfer(self._advice(self._make_invoice(10)).reference, 9.5), "short")

    def test_no_account_no_small_difference(self):
        self._tolerate(1, 2)
        self.env.company.o2c_tolerance_account_id = False
        self._assert_proposed(self._transfer(self._advice(self._make_invoice(100)).reference, 99.5), "short")

    # Currencies, discounts

    def test_other_currency(self):
        eur = self.setup_other_currency("EUR", rates=[("2016-01-01", 2.0)])
        invoice = self._make_invoice(100, currency_id=eur.id)
        advice = self._advice(invoice)
        self._assert_proposed(self._transfer(advice.reference, 100), "currency", advice)
        line = self._transfer(advice.reference, 55, foreign_currency_id=eur.id, amount_currency=100)
        self.assertEqual((line.o2c_reason, invoice.payment_state), ("applied", "paid"))
        self._assert_balanced(line)

    def test_foreign_parts_and_small_difference_balance_to_the_cent(self):
        eur = self.setup_other_currency("EUR", rates=[("2016-01-01", 3.0)])
        self._tolerate(1, 5)
        invoice = self._make_invoice(100, self.term, currency_id=eur.id)
        line = self._transfer(
            self._advice(invoice).reference, 33.37, foreign_currency_id=eur.id, amount_currency=99.99
        )
        self.assertEqual((line.o2c_reason, invoice.payment_state), ("applied", "paid"))
        self._assert_balanced(line)
        self.assertEqual(self._open(invoice), [0, 0, 0])

    def test_early_payment_discount_counts_on_the_day_of_the_transfer(self):
        term = self.env["account.payment.term"].create({
            "name": "2 % in ten days", "early_discount": True, "discount_days": 10, "discount_percentage": 2,
            "line_ids": [fields.Command.create({"value": "percent", "value_amount": 100, "nb_days": 30})],
        })
        early = self._make_invoice(100, term, invoice_date="2026-01-10")
        line = self._transfer(self._advice(early).reference, 98, date="2026-01-15")
        self.assertEqual((line.o2c_reason, early.payment_state), ("applied", "paid"))
        self._assert_balanced(line)
        late = self._make_invoice(100, term, invoice_date="2026-01-01")
        self._assert_proposed(self._transfer(self._advice(late).reference, 98, date="2026-01-15"), "short")

    # By hand

    def test_a_proposal_is_accepted_by_hand(self):
        invoice = self._make_invoice(1000, self.term)
        short = self._transfer(self._advice(invoice).reference, 350)
        short.action_o2c_apply_by_hand()
        self.assertEqual((short.o2c_reason, self._open(invoice)), ("by_hand", [0, 250, 400]))
        over = self._transfer(self._advice(invoice).reference, 700)
        self._assert_proposed(over, "over")
        over.action_o2c_apply_by_hand()
        self.assertEqual((invoice.payment_state, over.is_reconciled), ("paid", True))
        credit = over.move_id.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable" and line.amount_residual
        )
        self.assertEqual((credit.amount_residual, credit.partner_id), (-50, self.customer))
        with self.assertRaises(UserError):
            over.action_o2c_apply_by_hand()

    # Tasks

    def _tasks(self, *lines):
        """Return ``(user, summary, is it open)`` of all tasks made for transactions."""
        entries = self.env["account.bank.statement.line"].union(*lines).move_id
        tasks = self.env["mail.activity"].with_context(active_test=False).sudo().search([
            ("res_model", "=", "account.move"), ("res_id", "in", entries.ids),
        ], order="id")
        return [(task.user_id, task.summary, task.active) for task in tasks]

    def test_who_has_to_look_gets_one_task_with_the_reason(self):
        clerk = new_test_user(self.env, "looks", groups="o2c_portal.o2c_portal_group_user")
        self.env.company.o2c_request_user_id = clerk
        advice = self._advice(self._make_invoice(100))
        short, over, good = lines = self.env["account.bank.statement.line"].create([
            self._values(advice.reference, amount) for amount in (99, 101, 100)
        ])
        less, more = (
            "Bank transfer: Less than what is open, and no whole instalment", "Bank transfer: More than what is open",
        )
        self.assertEqual(self._tasks(*lines), [(clerk, less, True), (clerk, more, True)])
        self.assertFalse(good.o2c_activity_id)
        (short | over).action_o2c_match()
        self.assertEqual(self._tasks(*lines), [(clerk, f"Bank transfer: {text}", True) for text in (
            "Nothing is open on it any more", "Nothing is open on it any more",
        )], "the reason is a new one, the task is the old one")

    def test_a_task_ends_with_what_it_is_about(self):
        invoice = self._make_invoice(1000, self.term)
        advice = self._advice(invoice)
        applied, dismissed, booked, matched = (
            self._transfer(advice.reference, amount, date=f"2026-02-{amount}") for amount in (11, 12, 13, 14)
        )
        applied.action_o2c_apply_by_hand()
        dismissed.action_o2c_dismiss()
        self.assertEqual((dismissed.o2c_reason, dismissed.is_reconciled), ("dismissed", False))
        _liquidity, suspense, _other = booked._seek_for_lines()
        receivable = self._lines(invoice)[0]
        suspense.account_id = receivable.account_id
        (suspense | receivable).reconcile()
        self.assertTrue(booked.is_reconciled)
        self._register_payment(invoice, amount=invoice.amount_residual)
        matched.action_o2c_match()
        self.assertEqual([is_open for _user, _summary, is_open in self._tasks(applied, dismissed, booked, matched)],
                         [False, False, False, True])
        self.assertEqual(matched.o2c_reason, "settled")
        for line, outcome in ((applied, "Booked"), (dismissed, "Dismissed"), (booked, "Booked")):
            self.assertIn(outcome, line.move_id.message_ids[0].body)

    def test_only_clerks_dismiss(self):
        line = self._transfer(self._advice(self._make_invoice(100)).reference, 99)
        accountant = new_test_user(self.env, "dismisses", groups="account.group_account_invoice")
        with self.assertRaises(AccessError):
            line.with_user(accountant).action_o2c_dismiss()
        self.assertEqual(line.o2c_reason, "short")
        clerk = new_test_user(self.env, "may_dismiss", groups="o2c_portal.o2c_portal_group_user")
        line.with_user(clerk).action_o2c_dismiss()
        self.assertEqual(line.o2c_reason, "dismissed")
        line.with_user(clerk).action_o2c_apply_by_hand()
        self.assertEqual(line.o2c_reason, "by_hand")

    def test_taken_back_is_not_applied_again(self):
        invoice = self._make_invoice(100)
        line = self._transfer(self._advice(invoice).reference, 100)
        line.action_undo_reconciliation()
        self._assert_proposed(line, "undone")
        self.assertEqual((invoice.payment_state, self._advice(invoice).state), ("not_paid", "open"))

    def test_a_reference_given_out_late_is_found_when_asked(self):
        invoice = self._make_invoice(100)
        advice = self._advice(invoice)
        self.env.company.o2c_remittance_apply = False
        line = self._transfer(advice.reference, 100)
        self.env.company.o2c_remittance_apply = True
        line.action_o2c_match()
        self.assertEqual(line.o2c_reason, "applied")

    def test_only_clerks_apply(self):
        line = self._transfer(self._advice(self._make_invoice(100)).reference, 99)
        clerk = new_test_user(self.env, "transfer_clerk", groups="o2c_portal.o2c_portal_group_user")
        accountant = new_test_user(self.env, "transfer_invoicing", groups="account.group_account_invoice")
        with self.assertRaises(AccessError):
            line.with_user(accountant).action_o2c_apply_by_hand()
        line.with_user(clerk).action_o2c_apply_by_hand()
        self.assertEqual(line.o2c_reason, "by_hand")

    # Imports

    def test_an_import_never_fails_because_of_us(self):
        good, bad = self._make_invoice(100), self._make_invoice(50)
        values = [self._values(self._advice(good).reference, 100), self._values(self._advice(bad).reference, 50)]
        matcher = self.env.registry["o2c.remittance.matcher"]
        original, closed = matcher._book, "This period is closed."

        def refuse(self, matches):
            if any(match.advice.move_id == bad for match in matches):
                raise UserError(closed)
            return original(self, matches)

        self.patch(matcher, "_book", refuse)
        lines = self.env["account.bank.statement.line"].create(values)
        self.assertEqual(lines.mapped("o2c_reason"), ["applied", "failed"])
        self.assertEqual(lines[1].o2c_reason_note, closed)
        self.assertEqual((good.payment_state, bad.payment_state), ("paid", "not_paid"))

    def test_queries_do_not_grow_with_the_import(self):
        matcher, counted = self.env.registry["o2c.remittance.matcher"], []
        original = matcher._match

        def counting(self, lines):
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            original(self, lines)
            self.env.flush_all()
            counted.append(self.env.cr.sql_log_count - before)

        def extra(number):
            """Return the queries of importing some transactions beyond those Odoo needs by itself."""
            partners = self.env["res.partner"].create([{"name": f"Payer {each}"} for each in range(number)])
            invoices = self.env["account.move"].union(*(self._make_invoice(100, partner=each) for each in partners))
            advices = self.remittances._for_invoices(invoices).values()
            with patch.object(matcher, "_match", counting):
                lines = self.env["account.bank.statement.line"].create(
                    [self._values(advice.reference, 100) for advice in advices]
                )
            self.assertEqual(set(lines.mapped("o2c_reason")), {"applied"})
            return counted.pop()

        extra(2)
        few, many = extra(5), extra(50)
        self.assertLess(many - few, 5, f"{few} queries for 5, {many} for 50")
