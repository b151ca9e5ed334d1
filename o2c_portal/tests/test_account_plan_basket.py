"""Paying what plans ask for: on the account page, by a link to it, with credit and by bank transfer."""

import html
import json
import re
from datetime import timedelta

from odoo.fields import Date
from odoo.tests import tagged

from ..core.plans import Payment
from .account_common import NBSP, AccountPageCase
from .test_bank_transfer import BankCase


@tagged("post_install", "-at_install")
class TestAccountPlanBasket(AccountPageCase):
    """A plan over 50.00 due today and 70.00 due later asks for 40.00 yesterday, in five and in ten days."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = Date.today()
        cls.plans = cls.env["o2c.payment.plan"].sudo()  # nobody but its own rules writes agreements
        cls.first, cls.second = cls._terms(cls.today_invoice), cls._terms(cls.later_invoice)
        cls.plan = cls._agree(cls.today_invoice | cls.later_invoice, (-1, 4000), (5, 4000), (10, 4000))

    @classmethod
    def _agree(cls, moves, *parts):
        payments = [Payment(cls.today + timedelta(days=days), minor) for days, minor in parts]
        plan = cls.plans._prepare(cls.plans._open_items(moves), payments)
        plan._activate()
        cls.env.flush_all()
        return plan

    def _pieces(self, plan=None):
        """Return the ids of the open pieces of a plan, in order."""
        self.env.invalidate_all()
        return self.env["o2c.due.item"].search([("plan_id", "=", (plan or self.plan).id)]).ids

    def _query(self, *ids, extra=""):
        return f"?group={self.group}&choice=selected" + "".join(f"&item={item_id}" for item_id in ids) + extra

    def _sent(self, query, address="/my/billing"):
        """Return ``({journal item: minor}, amount)`` that the page of the payment forms sends."""
        page = self._get(f"{address}/checkout{query}")
        self.assertEqual(page.status_code, 200)
        ids = json.loads(re.search(r'data-installment-ids="([^"]+)"', page.text)[1])
        minors = re.search(r'data-amounts-minor="([^"]+)"', page.text)
        expected = int(re.search(r'data-expected-minor="([^"]+)"', page.text)[1])
        self.assertEqual(len(set(ids)), len(ids))
        return ids, json.loads(minors[1]) if minors else None, expected

    def _total(self, amount):
        return f'o2c-amount">${NBSP}{amount}<'

    # What is owed

    def test_pieces_are_listed_by_the_dates_of_the_plan(self):
        page = self._account()
        self.assertEqual(page.text.count('name="item"'), 3 + 4)
        self._shows(
            page, "Arranged: payment 1 of 3", "Arranged: payment 3 of 3", f'href="/my/billing/plans/{self.plan.id}"',
            f"${NBSP}1,120.00", f"of which overdue</dt><dd><bdi>${NBSP}640.00",
        )
        self.assertEqual(page.text.count("Arranged: payment 2 of 3"), 2, "it lies over both invoices")
        ids = self._pieces()
        self.assertEqual(len(ids), 4)
        for item_id in ids:
            self._shows(page, f'id="item_{item_id}"')
            self._hides(page, f'name="amount_{item_id}"')
        self._shows(page, f'name="amount_{self.lines[0].id}"')
        box = page.text.partition(f'id="item_{ids[0]}"')[2].partition("/>")[0]
        self.assertIn('checked="', box)
        self.assertIn('data-late="1"', box)

    def test_choices_count_pieces(self):
        for choice, total, rows in (("overdue", "640.00", 3), ("all", "1,120.00", 7)):
            review = self._account(f"/review?group={self.group}&choice={choice}")
            self._shows(review, self._total(total), "Arranged: payment 1 of 3")
            self.assertEqual(review.text.count('scope="row"'), rows)
        self.assertEqual(
            self._sent(f"?group={self.group}&choice=overdue"),
            ([*self.lines[:2].ids, *self.first.ids], [30000, 30000, 4000], 64000),
        )

    def test_what_a_plan_does_not_cover_is_said_to_be_so(self):
        invoice = self._make_invoice(90.0)
        items = self.plans._open_items(invoice)
        plan = self.plans._prepare(items, [Payment(self.today, 2000), Payment(Date.add(self.today, days=9), 3000)])
        plan._activate()
        self._shows(self._account(), "Not part of the plan")
        self.assertEqual(self._sent(self._query(*self._pieces(plan))), (self._terms(invoice).ids, None, 9000))

    # What is chosen

    def test_pieces_are_paid_together_with_other_items(self):
        one, two, three, four = self._pieces()
        for chosen, expected in [
            ((one,), (self.first.ids, [4000], 4000)),
            ((one, two, three), ([*self.first.ids, *self.second.ids], [5000, 3000], 8000)),
            ((one, two), (self.first.ids, None, 5000)),
            ((one, two, three, four), ([*self.first.ids, *self.second.ids], None, 12000)),
            ((one, self.lines[0].id), ([*self.lines[0].ids, *self.first.ids], [30000, 4000], 34000)),
            (self.first.ids, (self.first.ids, None, 5000)),
            ((*self.first.ids, one), (self.first.ids, None, 5000)),
        ]:
            with self.subTest(chosen=chosen):
                self.assertEqual(self._sent(self._query(*chosen)), expected)

    def test_amounts_of_pieces_cannot_be_typed(self):
        one = self._pieces()[0]
        for typed in ("1.00", "x"):
            self.assertEqual(
                self._sent(self._query(one, extra=f"&amount_{one}={typed}&amount_{self.first.id}={typed}"))[2], 4000,
            )

    def test_paid_pieces_are_left_out_and_foreign_ones_are_not_found(self):
        one, two, *_more = self._pieces()
        foreign = self._agree(self.foreign_invoice, (0, 3777), (9, 4000))
        theirs = self._pieces(foreign)[0]
        draft = self.plans._prepare(self.plans._open_items(self.due_invoice), [Payment(self.today, 100000)])
        nobodys = -(draft.item_ids[0].id * 128 + 1)
        for unknown in (theirs, nobodys, one - 8, -1, -2**31 + 1):
            with self.subTest(unknown=unknown):
                self.assertEqual(self._account(f"/review{self._query(one, unknown)}").status_code, 404)
        self.assertEqual(self._account(f"/review{self._query(-2**31)}").status_code, 422)
        self._register_payment(self.today_invoice, amount=40.0)
        self.assertEqual(self._pieces()[0], two)
        review = self._account(f"/review{self._query(one, two)}")
        self._shows(review, "Left out, because they are paid or being paid: 1", self._total("10.00"))
        self.plan._end("cancelled", "Agreed on by mistake")
        self.env.flush_all()
        self.assertEqual(self._account(f"/review{self._query(two)}").status_code, 422)

    def test_who_sees_own_documents_only_cannot_pay_pieces_of_others(self):
        one = self._pieces()[0]
        self._policy(self.customer, documents="own")
        self._hides(self._account(), "Arranged", self.today_invoice.name)
        self.assertEqual(self._account(f"/review{self._query(one)}").status_code, 404)

    # What is paid

    def test_payments_settle_pieces_whatever_the_policy_says(self):
        for mode in ("full", "instalments", "items", "part"):
            self._policy(self.customer, mode=mode)
            with self.subTest(mode=mode):
                ids, minors, expected = self._sent(self._query(self._pieces()[0]))
                wish = self._wish(self.first, installment_ids=ids, amounts_minor=minors, expected_minor=expected)
                self.assertEqual(self._code(self._account_start(wish)), (200, "ok"))
        transaction = self._last_transaction()
        transaction._set_done()
        transaction._post_process()
        self.env.invalidate_all()
        self.assertEqual((self.first.amount_residual, self.second.amount_residual), (10.0, 70.0))
        self.assertEqual((self.plan.paid, self.plan.left), (40.0, 80.0))
        self.assertEqual(transaction.payment_id._o2c_unapplied(), 0.0)

    def test_a_later_piece_without_the_earlier_is_a_part(self):
        later = self._pieces()[3]  # 40.00 of 70.00, of which 30.00 are asked for before
        for mode, code, words in [
            ("full", 422, "Only the whole amount of"), ("items", 422, "can only be paid as a whole"),
            ("instalments", 422, "can only be paid as a whole"), ("part", 200, "Check your payment"),
        ]:
            with self.subTest(mode=mode):
                self._policy(self.customer, mode=mode)
                response = self._account(f"/review{self._query(later)}")
                self.assertEqual(response.status_code, code)
                self._shows(response, words)

    def test_a_link_to_the_account_pays_pieces(self):
        address = "/pay/" + self.contact._o2c_account_url("email").rpartition("/pay/")[2]
        self.authenticate(None, None)
        page = self._get(address)
        self._shows(page, "Arranged: payment 1 of 3")
        self._hides(page, "/my/billing/plans", "/my/billing/help", "/my/billing/promise")
        one, two, *_more = self._pieces()
        self.assertEqual(self._sent(self._query(one, two), address), (self.first.ids, None, 5000))
        self.assertEqual(self._sent(self._query(one), address), (self.first.ids, [4000], 4000))

    # From the page of a plan

    def _next(self, plan=None):
        """Return where the page of a plan leads to payment, None when it does not."""
        page = self._account(f"/plans/{(plan or self.plan).id}")
        self.assertEqual(page.status_code, 200)
        found = re.search(r'o2c-plan-pay" href="([^"]+)"', page.text)
        return found and html.unescape(found[1])

    def test_the_page_of_a_plan_leads_to_its_next_payment(self):
        one, two, three, _four = self._pieces()
        where = self._next()
        self.assertEqual(where, f"/my/billing/review{self._query(one)}")
        review = self._get(where)
        self._shows(review, "Arranged: payment 1 of 3", self._total("40.00"))
        self._hides(review, self.due_invoice.name)
        self._register_payment(self.today_invoice, amount=40.0)
        self.assertEqual(self._next(), f"/my/billing/review{self._query(two, three)}")
        self._shows(self._get(self._next()), self._total("40.00"))

    def test_all_that_is_due_of_a_plan_is_its_next_payment(self):
        self.plan._end("cancelled", "Agreed on anew")
        plan = self._agree(self.today_invoice | self.later_invoice, (-2, 2000), (-1, 2000), (10, 8000))
        self.assertEqual(self._next(plan), f"/my/billing/review{self._query(*self._pieces(plan)[:2])}")

    def test_nothing_leads_to_a_payment_that_is_under_way(self):
        ids, minors, expected = self._sent(self._query(self._pieces()[0]))
        wish = self._wish(self.first, installment_ids=ids, amounts_minor=minors, expected_minor=expected)
        self.assertEqual(self._code(self._account_start(wish)), (200, "ok"))
        self._last_transaction()._set_pending()
        self.assertIsNone(self._next())

    def test_the_page_of_a_promise_leads_to_what_was_promised(self):
        items = self.plans._open_items(self.due_invoice)
        promise = self.plans._promise(items, Date.add(self.today, days=3), 40000)
        self.env.flush_all()
        first, second, _third = self.lines
        self.assertEqual(
            self._next(promise),
            f"/my/billing/review{self._query(first.id, second.id, extra=f'&amount_{second.id}=100.00')}",
        )
        self._shows(self._get(self._next(promise)), self._total("400.00"))
        self._policy(self.customer, mode="items")
        self.assertEqual(self._next(promise), f"/my/billing/review{self._query(first.id, second.id)}")
        self._register_payment(self.due_invoice, amount=300.0)
        self.assertEqual(self._next(promise), f"/my/billing/review{self._query(second.id)}")

    # Promises, credit, what else can be done

    def test_promises_count_with_what_is_promised(self):
        [item] = [item for item in self.plans._open_items(self.due_invoice) if item.line_id == self.lines[0].id]
        self.plans._promise([item], Date.add(self.today, days=3), 10000)
        self.env.flush_all()
        page = self._account()
        self._shows(page, f"Promised</dt><dd><bdi>${NBSP}100.00", f"of which overdue</dt><dd><bdi>${NBSP}540.00")
        self._shows(self._account(f"/review?group={self.group}&choice=overdue"), self._total("340.00"))

    def test_credit_settles_items_under_a_plan_like_any_money(self):
        refund = self._terms(self._make_invoice(45.0, move_type="out_refund"))
        visit = self._account()
        csrf = visit.text.partition('name="csrf_token" value="')[2].partition('"')[0]
        one = self._pieces()[0]
        data = {"csrf_token": csrf, "group": self.group, "credit": refund.ids, "item": [one]}
        unknown = self._account("/credits", method="POST", data={**data, "item": [one, one - 8]})
        self.assertEqual(unknown.status_code, 404)
        self.assertEqual(self._account("/credits", method="POST", data=data).status_code, 303)
        self.env.invalidate_all()
        self.assertEqual((refund.amount_residual, self.first.amount_residual), (0.0, 5.0))
        self.assertEqual([payment.open_minor for payment in self.plan._instalments()], [0, 3500, 4000])

    def test_offers_what_the_policy_allows(self):
        plan, promise = (f"/my/billing/{name}/new?invoices=" for name in ("plans", "promise"))
        self._policy(self.customer, plan_max_parts=0, promise_max_days=0)
        page = self._account()
        self._hides(page, plan, promise)
        self._shows(page, f"/my/billing/help?invoice={self.due_invoice.id}", 'href="/my/billing/plans"')
        self._policy(self.customer, plan_max_parts=3, promise_max_days=14, promise_max_open=1)
        page = self._account()
        self._shows(page, f"{plan}{self.due_invoice.id}", f"{promise}{self.due_invoice.id}")
        self._hides(page, f"{plan}{self.today_invoice.id}", f"{promise}{self.today_invoice.id}")

    # What a visit costs

    def test_queries_do_not_grow_with_the_pieces(self):
        counts = []
        for more in (4, 60):
            invoices = self.env["account.move"].create([
                self.later_invoice.copy_data({"invoice_date": self.today})[0] for _number in range(more)
            ])
            invoices.action_post()
            for start in range(0, more, 4):
                self._agree(invoices[start:start + 4], (1, 14000), (20, 14000))
            self._account()
            before = self.env.cr.sql_log_count
            page = self._account()
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(page.status_code, 200)
        self.assertLessEqual(max(counts), 40, counts)
        self.assertLessEqual(counts[1], counts[0] + 2, counts)


@tagged("post_install", "-at_install")
class TestPlanTransfer(BankCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plans = cls.env["o2c.payment.plan"].sudo()
        cls.invoice = cls._make_invoice(900.0)
        today = Date.today()
        plan = cls.plans._prepare(cls.plans._open_items(cls.invoice), [
            Payment(today + timedelta(days=days), minor) for days, minor in ((0, 20000), (30, 30000), (60, 40000))
        ])
        plan._activate()
        cls.plan = plan

    def test_transfers_pay_what_the_plan_asks_for(self):
        reference = self._advice(self.invoice).reference
        lines = self.env["account.bank.statement.line"].create([
            self._values(reference, amount, date=f"2026-01-{day}") for amount, day in ((200.0, 10), (700.0, 11))
        ])
        self.assertEqual(lines.mapped("o2c_reason"), ["applied", "applied"])
        for line in lines:
            self._assert_balanced(line)
        self.assertEqual(self._open(self.invoice), [0.0])
        self.plan.invalidate_recordset()
        self.assertEqual(self.plan.left, 0.0)

    def test_by_hand_the_plan_s_next_payments_come_first(self):
        """A plan asks for 100.00 of the later instalments before the first one is due."""
        newer = self._make_invoice(900.0, self.term)
        items, first = self.plans._open_items(newer), self._lines(newer)[0]
        plan = self.plans._prepare([item for item in items if item.line_id != first.id], [
            Payment(Date.today() - timedelta(days=1), 10000), Payment(Date.today() + timedelta(days=50), 53000),
        ])
        plan._activate()
        line = self._transfer(self._advice(newer).reference, 150.0)
        self._assert_proposed(line, "short")
        line.action_o2c_apply_by_hand()
        self.assertEqual(self._open(newer), [220.0, 170.0, 360.0])

    def test_other_amounts_are_left_to_staff(self):
        line = self._transfer(self._advice(self.invoice).reference, 300.0)
        self._assert_proposed(line, "short", self._advice(self.invoice))
