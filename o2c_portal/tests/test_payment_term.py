"""Terms with equal parts and calendar months, and the invoices they make."""

from datetime import date

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .. import hooks
from .common import O2cCommon


class TermCommon(O2cCommon):
    @classmethod
    def _generate(cls, **answers):
        """Return a term made by the generator: 30 % and three monthly parts unless told otherwise."""
        term = cls.env["account.payment.term"].create({"name": "Generated"})
        cls.env["o2c.payment.term.generate"].create({"term_id": term.id, **answers}).action_generate()
        return term

    def _cut(self, term, total, day=date(2026, 1, 31), currency=None, rate=1.0, **kwargs):
        """Return ``[(date, amount), ...]`` of a term; the company amounts must sum to their total."""
        company = self.env.company
        lines = term._compute_terms(
            date_ref=day, currency=currency or company.currency_id, company=company,
            tax_amount=0.0, tax_amount_currency=0.0, sign=1 if total >= 0 else -1,
            untaxed_amount=company.currency_id.round(total * rate), untaxed_amount_currency=total, **kwargs,
        )["line_ids"]
        self.assertEqual(
            company.currency_id.round(sum(line["company_amount"] for line in lines)),
            company.currency_id.round(total * rate),
        )
        return [(line["date"].isoformat(), line["foreign_amount"]) for line in lines]

    def _receivables(self, invoice):
        """Return ``[(date, amount), ...]`` of the ledger, by date."""
        lines = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
        return [
            (line.date_maturity.isoformat(), line.amount_currency)
            for line in lines.sorted(lambda line: (line.date_maturity, line.o2c_part))
        ]


@tagged("post_install", "-at_install")
class TestGenerator(TermCommon):
    def test_a_deposit_and_monthly_parts(self):
        term = self._generate()
        self.assertEqual(
            [(line.value_amount, line.delay_type, line.nb_days, line.o2c_equal) for line in term.line_ids],
            [
                (30.0, "days_after", 0, False),
                (23.333333, "o2c_months_after_first", 1, True),
                (23.333333, "o2c_months_after_first", 2, True),
                (23.333334, "o2c_months_after_first", 3, True),
            ],
        )
        self.assertEqual(
            self._cut(term, 1000.0),
            [("2026-01-31", 300.0), ("2026-02-28", 233.33), ("2026-03-31", 233.33), ("2026-04-30", 233.34)],
        )

    def test_the_remainder_goes_where_it_was_asked_to(self):
        term = self._generate(remainder="first")
        self.assertEqual([amount for _day, amount in self._cut(term, 1000.0)], [300.0, 233.34, 233.33, 233.33])

    def test_a_fixed_deposit_leaves_equal_parts_of_the_rest(self):
        term = self._generate(deposit="amount", deposit_amount=100.0)
        self.assertEqual([amount for _day, amount in self._cut(term, 1000.0)], [100.0, 300.0, 300.0, 300.0])
        self.assertEqual(self._cut(term, 80.0), [("2026-01-31", 80.0)])
        self.assertEqual([amount for _day, amount in self._cut(term, 100.02)], [100.0, 0.01, 0.01])

    def test_first_due_rules(self):
        for answers, expected in [
            ({"first_due": "period"}, ["2026-02-28", "2026-03-31", "2026-04-30"]),
            ({"first_due": "document"}, ["2026-01-31", "2026-02-28", "2026-03-31"]),
            ({"first_due": "days", "first_days": 10}, ["2026-02-10", "2026-03-10", "2026-04-10"]),
            ({"first_due": "end_of_month"}, ["2026-01-31", "2026-02-28", "2026-03-31"]),
            ({"first_due": "end_of_next_month"}, ["2026-02-28", "2026-03-31", "2026-04-30"]),
            ({"first_due": "day_of_next_month", "first_day": 15}, ["2026-02-15", "2026-03-15", "2026-04-15"]),
            ({"first_due": "day_of_next_month", "first_day": 31}, ["2026-02-28", "2026-03-31", "2026-04-30"]),
            ({"first_due": "period", "every": 2}, ["2026-03-31", "2026-05-31", "2026-07-31"]),
            ({"spacing": "weeks", "every": 2}, ["2026-02-14", "2026-02-28", "2026-03-14"]),
            (
                {"spacing": "days", "every": 10, "first_due": "day_of_next_month", "first_day": 1},
                ["2026-02-01", "2026-02-11", "2026-02-21"],
            ),
        ]:
            with self.subTest(**answers):
                term = self._generate(deposit="none", **answers)
                self.assertEqual([day for day, _amount in self._cut(term, 900.0)], expected)

    def test_a_deposit_never_shares_its_day(self):
        term = self._generate(first_due="end_of_month")
        self.assertEqual(
            [day for day, _amount in self._cut(term, 1000.0)],
            ["2026-01-31", "2026-02-01", "2026-02-28", "2026-03-31"],
        )

    def test_120_parts(self):
        term = self._generate(parts=120)
        self.assertEqual(len(term.line_ids), 121)
        parts = self._cut(term, 100000.0)
        self.assertEqual(parts[1], ("2026-02-28", 583.33))
        self.assertEqual(parts[-1], ("2036-01-31", 583.73))
        self.assertAlmostEqual(sum(amount for _day, amount in parts), 100000.0, 6)

    def test_fewer_decimals_of_percentages(self):
        self.env["decimal.precision"].search([("name", "=", "Payment Terms")]).sudo().digits = 2
        self.assertEqual(self._generate().line_ids.mapped("value_amount"), [30.0, 23.33, 23.33, 23.34])

    def test_nonsense_is_refused_and_changes_nothing(self):
        term = self._generate()
        before = term.line_ids.ids
        for answers in [
            {"parts": 0}, {"parts": 121}, {"every": 0}, {"deposit_percent": 0.0}, {"deposit_percent": 100.0},
            {"deposit": "amount", "deposit_amount": 0.0}, {"first_due": "document"},
            {"first_due": "days", "first_days": 0}, {"first_due": "days", "first_days": -1},
            {"first_due": "day_of_next_month", "first_day": 32},
        ]:
            wizard = self.env["o2c.payment.term.generate"].create({"term_id": term.id, **answers})
            with self.subTest(**answers):
                self.assertFalse(wizard.preview)
                with self.assertRaises(ValidationError) as caught:
                    wizard.action_generate()
                self.assertEqual(str(caught.exception), wizard.problem)
        self.assertEqual(term.line_ids.ids, before)

    def test_preview_shows_dates_and_amounts(self):
        wizard = self.env["o2c.payment.term.generate"].create({
            "term_id": self._generate().id, "example_amount": 1000.0, "example_date": "2026-01-31",
        })
        self.assertEqual(wizard.preview.count("Installment of"), 4)
        self.assertIn("233.34", wizard.preview)
        self.assertIn("04/30/2026", wizard.preview)

    def test_only_who_may_change_terms_may_generate(self):
        user = new_test_user(self.env, "biller", groups="account.group_account_invoice", company_id=self.env.company.id)
        with self.assertRaises(AccessError):
            self.env["o2c.payment.term.generate"].with_user(user).create({"term_id": self._generate().id})


@tagged("post_install", "-at_install")
class TestTerm(TermCommon):
    def test_a_percentage_set_by_hand_is_meant(self):
        term = self._generate(deposit="none", parts=2)
        with Form(term) as form:
            with form.line_ids.edit(0) as line:
                line.value_amount = 60.0
            with form.line_ids.edit(1) as line:
                line.value_amount = 40.0
        self.assertEqual(term.line_ids.mapped("o2c_equal"), [False, False])
        self.assertEqual([amount for _day, amount in self._cut(term, 1000.0)], [600.0, 400.0])

    def test_odoo_still_asks_for_100_percent(self):
        term = self._generate()
        with self.assertRaisesRegex(ValidationError, "100%"):
            term.write({"line_ids": [Command.update(term.line_ids[1].id, {"value_amount": 1.0})]})

    def test_months_work_on_a_line_of_ones_own(self):
        term = self.env["account.payment.term"].create({"name": "Half now, half in two months", "line_ids": [
            Command.create({"value_amount": 50.0, "delay_type": "days_after", "nb_days": 0}),
            Command.create({"value_amount": 50.0, "delay_type": "o2c_months_after_first", "nb_days": 2}),
        ]})
        self.assertEqual(self._cut(term, 100.0, date(2025, 12, 31)), [("2025-12-31", 50.0), ("2026-02-28", 50.0)])

    def test_a_copy_splits_alike(self):
        term = self._generate(remainder="first")
        with mute_logger("odoo.tools.translate"):  # Odoo cannot tell the language of the copied name here
            copy = term.copy()
        self.assertEqual(self._cut(copy, 1000.0), self._cut(term, 1000.0))

    def test_tiny_and_empty_totals(self):
        term = self._generate(deposit="none", parts=12)
        self.assertEqual(self._cut(term, 0.02), [("2026-02-28", 0.01), ("2026-03-31", 0.01)])
        self.assertEqual(self._cut(term, 0.0), [("2026-02-28", 0.0)])
        self.assertEqual(self._cut(term, -0.02), [("2026-02-28", -0.01), ("2026-03-31", -0.01)])

    def test_currencies_with_other_decimals(self):
        term = self._generate()
        yen, dinar = self.env.ref("base.JPY"), self.env.ref("base.KWD")
        self.assertEqual(
            [a for _d, a in self._cut(term, 1000.0, currency=yen, rate=0.006)], [300.0, 233.0, 233.0, 234.0],
        )
        self.assertEqual(
            [a for _d, a in self._cut(term, 100.001, currency=dinar, rate=3.0)], [30.0, 23.333, 23.333, 23.335],
        )
        self.assertEqual(len(self._cut(term, 120.0, currency=yen, rate=0.00006)), 4)

    def test_cash_rounding(self):
        coin = self.env["account.cash.rounding"].create({"name": "0.05", "rounding": 0.05, "strategy": "biggest_tax"})
        term = self._generate()
        self.assertEqual([a for _d, a in self._cut(term, 100.1, cash_rounding=coin)], [30.05, 23.35, 23.35, 23.35])
        self.assertEqual([a for _d, a in self._cut(term, 0.1, cash_rounding=coin)], [0.05, 0.05])

    def test_early_discount_stays_native(self):
        term = self._generate(deposit="none", parts=1)
        term.early_discount = True
        self.assertEqual(self._cut(term, 100.0), [("2026-02-28", 100.0)])
        invoice = self._make_invoice(100.0, term, "2026-01-31")
        self.assertEqual(invoice.line_ids.mapped("discount_amount_currency"), [0.0, 98.0])

    def test_native_terms_split_as_before(self):
        term = self._make_term((33.33, 0), (66.67, 30))
        self.assertEqual(self._cut(term, 100.01), [("2026-01-31", 33.33), ("2026-03-02", 66.68)])

    def test_without_the_addon_the_lines_stay_valid(self):
        for answers, expected in [
            ({}, [("days_after", 0), ("days_after", 30), ("days_after", 60), ("days_after", 90)]),
            (
                {"deposit": "none", "first_due": "end_of_month", "every": 2},
                [("days_after_end_of_month", 0), ("days_after_end_of_month", 60), ("days_after_end_of_month", 120)],
            ),
            (
                {"deposit": "none", "spacing": "weeks", "first_due": "day_of_next_month"},
                [("days_end_of_month_on_the", 0), ("days_end_of_month_on_the", 7), ("days_end_of_month_on_the", 14)],
            ),
            ({"deposit": "none"}, [("days_after", 30), ("days_after", 60), ("days_after", 90)]),
        ]:
            term = self._generate(**answers)
            with self.subTest(**answers):
                for value in ("o2c_days_after_first", "o2c_months_after_first"):
                    selection = self.env["ir.model.fields.selection"].search([
                        ("field_id.model", "=", "account.payment.term.line"),
                        ("field_id.name", "=", "delay_type"), ("value", "=", value),
                    ])
                    selection._process_ondelete()
                self.assertEqual([(line.delay_type, line.nb_days) for line in term.line_ids], expected)
                term._check_lines()


@tagged("post_install", "-at_install")
class TestInvoice(TermCommon):
    def test_the_ledger_gets_the_parts(self):
        invoice = self._make_invoice(1000.0, self._generate(), "2026-01-31")
        self.assertEqual(
            self._receivables(invoice),
            [("2026-01-31", 300.0), ("2026-02-28", 233.33), ("2026-03-31", 233.33), ("2026-04-30", 233.34)],
        )

    def test_taxes_are_part_of_what_is_cut(self):
        tax = self.env["account.tax"].create({"name": "21 %", "amount": 21.0})
        invoice = self._make_invoice(100.0, self._generate(), "2026-01-31", invoice_line_ids=[
            Command.create({"name": "Goods", "price_unit": 100.0, "tax_ids": tax.ids}),
        ])
        self.assertEqual([amount for _day, amount in self._receivables(invoice)], [36.3, 28.23, 28.23, 28.24])

    def test_a_credit_note_mirrors(self):
        refund = self._make_invoice(1000.0, self._generate(), "2026-01-31", move_type="out_refund")
        self.assertEqual([amount for _day, amount in self._receivables(refund)], [-300.0, -233.33, -233.33, -233.34])

    def test_a_vendor_bill_mirrors(self):
        bill = self._make_invoice(1000.0, self._generate(), "2026-01-31", move_type="in_invoice")
        self.assertEqual([amount for _day, amount in self._receivables(bill)], [-300.0, -233.33, -233.33, -233.34])

    def test_both_currencies_sum_exactly(self):
        currency = self.setup_other_currency("EUR", rates=[("2016-01-01", 3.0)])
        invoice = self._make_invoice(100.0, self._generate(parts=7), "2026-01-31", currency_id=currency.id)
        lines = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
        self.assertEqual(len(lines), 8)
        self.assertAlmostEqual(sum(lines.mapped("amount_currency")), 100.0, 6)
        self.assertAlmostEqual(sum(lines.mapped("balance")), 33.33, 6)

    def test_a_tiny_invoice_posts(self):
        invoice = self._make_invoice(0.02, self._generate(deposit="none", parts=12), "2026-01-31")
        self.assertEqual(self._receivables(invoice), [("2026-02-28", 0.01), ("2026-03-31", 0.01)])
        self.assertEqual(invoice.state, "posted")

    def test_an_invoice_of_nothing_posts(self):
        invoice = self._make_invoice(0.0, self._generate(), "2026-01-31")
        self.assertEqual((invoice.state, invoice.payment_state), ("posted", "paid"))

    def test_cash_rounding_is_kept_in_every_part(self):
        coin = self.env["account.cash.rounding"].create({
            "name": "0.05", "rounding": 0.05, "strategy": "add_invoice_line",
            "profit_account_id": self.company_data["default_account_revenue"].id,
            "loss_account_id": self.company_data["default_account_expense"].id,
        })
        invoice = self._make_invoice(99.98, self._generate(), "2026-01-31", invoice_cash_rounding_id=coin.id)
        self.assertEqual(invoice.amount_total, 100.0)
        self.assertEqual([amount for _day, amount in self._receivables(invoice)], [30.0, 23.3, 23.3, 23.4])

    def test_120_instalments_are_posted_paid_and_reposted(self):
        invoice = self._make_invoice(1200.0, self._generate(deposit="none", parts=120), "2026-01-31")
        self.assertEqual({amount for _day, amount in self._receivables(invoice)}, {10.0})
        lines = invoice.line_ids.ids
        invoice.button_draft()
        invoice.action_post()
        self.assertEqual(invoice.line_ids.ids, lines)
        self._register_payment(invoice, amount=25.0)
        self.assertEqual([item.open_minor for item in invoice._o2c_instalments()[:4]], [0, 0, 500, 1000])

    def test_a_draft_follows_its_term_and_date(self):
        invoice = self._make_invoice(1000.0, self._make_term((100, 0)), "2026-01-31", post=False)
        self.assertEqual(self._receivables(invoice), [("2026-01-31", 1000.0)])
        invoice.invoice_payment_term_id = self._generate(parts=2)
        self.assertEqual([amount for _day, amount in self._receivables(invoice)], [300.0, 350.0, 350.0])
        invoice.invoice_date = "2026-02-28"
        self.assertEqual(
            [day for day, _amount in self._receivables(invoice)], ["2026-02-28", "2026-03-28", "2026-04-28"],
        )
        invoice.invoice_line_ids.price_unit = 100.0
        self.assertEqual([amount for _day, amount in self._receivables(invoice)], [30.0, 35.0, 35.0])


@tagged("post_install", "-at_install")
class TestSameDay(TermCommon):
    def setUp(self):
        super().setUp()
        self.term = self._make_term((30, 0), (20, 0), (50, 30))

    def test_two_instalments_of_one_day_are_two_receivables(self):
        invoice = self._make_invoice(1000.0, self.term, "2026-01-31")
        self.assertEqual(
            self._receivables(invoice), [("2026-01-31", 300.0), ("2026-01-31", 200.0), ("2026-03-02", 500.0)],
        )
        self.assertEqual(len(invoice._get_installments_data()), 3)
        self.assertEqual(invoice.invoice_date_due, date(2026, 3, 2))

    def test_a_draft_is_synced_again(self):
        invoice = self._make_invoice(1000.0, self.term, "2026-01-31", post=False)
        invoice.invoice_line_ids.price_unit = 100.0
        self.assertEqual([amount for _day, amount in self._receivables(invoice)], [30.0, 20.0, 50.0])
        invoice.invoice_date = "2026-02-01"
        self.assertEqual(
            self._receivables(invoice), [("2026-02-01", 30.0), ("2026-02-01", 20.0), ("2026-03-03", 50.0)],
        )
        invoice.invoice_payment_term_id = self._make_term((100, 0))
        self.assertEqual(self._receivables(invoice), [("2026-02-01", 100.0)])
        self.assertEqual(invoice.line_ids.mapped("o2c_part"), [0, 0])
        invoice.invoice_payment_term_id = self.term
        self.assertEqual([amount for _day, amount in self._receivables(invoice)], [30.0, 20.0, 50.0])

    def test_reset_and_post_again_keeps_the_lines(self):
        invoice = self._make_invoice(1000.0, self.term, "2026-01-31")
        lines = invoice.line_ids.ids
        invoice.button_draft()
        invoice.action_post()
        self.assertEqual(invoice.line_ids.ids, lines)
        invoice.button_draft()
        invoice.invoice_payment_term_id = False
        invoice.invoice_date_due = "2026-01-31"
        self.assertEqual(self._receivables(invoice), [("2026-01-31", 1000.0)])

    def test_a_copy_has_them_too(self):
        copy = self._make_invoice(1000.0, self.term, "2026-01-31").copy({"invoice_date": "2026-05-01"})
        copy.action_post()
        self.assertEqual(
            self._receivables(copy), [("2026-05-01", 300.0), ("2026-05-01", 200.0), ("2026-05-31", 500.0)],
        )

    def test_a_reversal_mirrors(self):
        invoice = self._make_invoice(1000.0, self.term, "2026-01-31")
        refund = invoice._reverse_moves([{"invoice_date": "2026-02-01"}], cancel=True)
        self.assertEqual(invoice.payment_state, "reversed")
        self.assertEqual(invoice.amount_residual + refund.amount_residual, 0.0)

    def test_nothing_is_numbered_where_nothing_is_owed(self):
        invoice = self._make_invoice(0.0, self.term, "2026-01-31")
        self.assertEqual(self._receivables(invoice), [("2026-01-31", 0.0), ("2026-03-02", 0.0)])

    def test_the_preview_shows_both(self):
        self.term.write({"example_date": "2026-01-31"})
        self.assertEqual(self.term.example_preview.count("Installment of"), 3)

    def test_without_the_addon_drafts_have_one_receivable_a_day(self):
        posted = self._make_invoice(1000.0, self.term, "2026-01-31")
        draft = self._make_invoice(1000.0, self.term, "2026-01-31", post=False)
        hooks._merge_draft_instalments(self.env)
        self.assertEqual(self._receivables(draft), [("2026-01-31", 500.0), ("2026-03-02", 500.0)])
        self.assertEqual(len(self._receivables(posted)), 3)

    def test_foreign_currency(self):
        currency = self.setup_other_currency("EUR", rates=[("2016-01-01", 3.0)])
        invoice = self._make_invoice(100.0, self.term, "2026-01-31", currency_id=currency.id)
        lines = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
        self.assertEqual(lines.mapped("amount_currency"), [30.0, 20.0, 50.0])
        self.assertAlmostEqual(sum(lines.mapped("balance")), 33.33, 6)
