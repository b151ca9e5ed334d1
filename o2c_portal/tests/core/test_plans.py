"""How plans lie over the ledger and how proposals are answered, by example."""

from datetime import date, timedelta

from odoo.tests import BaseCase, tagged

from ...core import plans
from ...core.plans import Accept, Clerk, Counter, Item, Line, Payment, Refuse
from ...core.policy import PlanLimits, PromiseLimits

TODAY = date(2026, 3, 15)
LINES = [Line(1, date(2026, 4, 1), 400), Line(2, date(2026, 5, 1), 300), Line(3, date(2026, 6, 1), 300)]
LIMITS = PlanLimits(
    max_days=90, first_percent=20, max_parts=4, smallest_minor=1000, worst_band="fair", approval_above_minor=500000,
)


def items(*residuals):
    """Two items, 600 and 400 of them agreed on, that owe this much now."""
    return [
        Item(11, date(2026, 3, 1), residuals[0], 600),
        Item(12, date(2026, 3, 31), residuals[1], 400),
    ]


def payments(*parts):
    return tuple(Payment(TODAY + timedelta(days=days), amount) for days, amount in parts)


@tagged("post_install", "-at_install")
class TestPlans(BaseCase):

    def test_pieces(self):
        april, may, june, march = LINES[0].date, LINES[1].date, LINES[2].date, date(2026, 3, 1)
        for case, residuals, expected in [
            ("nothing paid", (600, 400), [
                (1, 11, april, 400), (2, 11, may, 200), (2, 12, may, 100), (3, 12, june, 300),
            ]),
            ("first line paid", (200, 400), [(2, 11, may, 200), (2, 12, may, 100), (3, 12, june, 300)]),
            ("the other item first", (600, 0), [(2, 11, may, 300), (3, 11, june, 300)]),
            ("a credit note", (600, 100), [
                (1, 11, april, 100), (2, 11, may, 300), (3, 11, june, 200), (3, 12, june, 100),
            ]),
            ("all paid", (0, 0), []),
            ("an older payment was taken back", (650, 0), [
                (2, 11, may, 300), (3, 11, june, 300), (None, 11, march, 50),
            ]),
        ]:
            with self.subTest(case):
                self.assertEqual(plans.pieces(LINES, items(*residuals)), expected)

    def test_money_counts_for_the_agreed_part_first(self):
        for residual, still in [(1000, 100), (950, 50), (900, 0), (10, 0), (1100, 100)]:
            with self.subTest(residual):
                item = Item(11, TODAY, residual, 100, beyond=900)
                self.assertEqual(plans.still_open(item), still)

    def test_pieces_have_numbers_of_their_own(self):
        for item_id, number in ((1, 0), (1, 1), (7, 127), (2**24 - 1, 127)):
            self.assertEqual(plans.of_piece(-(item_id * plans.PIECES_PER_ITEM + number)), (item_id, number))

    def test_state(self):
        for paid_minor, today, expected in [
            (0, date(2026, 4, 1), "active"),
            (0, date(2026, 4, 4), "active"),
            (0, date(2026, 4, 5), "broken"),
            (399, date(2026, 4, 5), "broken"),
            (400, date(2026, 4, 5), "active"),
            (999, date(2026, 6, 4), "active"),
            (1000, date(2030, 1, 1), "kept"),
        ]:
            with self.subTest(paid=paid_minor, today=today):
                self.assertEqual(plans.state(LINES, paid_minor, today, grace_days=3), expected)

    def test_verdicts(self):
        for case, proposal, band, expected in [
            ("inside", payments((7, 40000), (37, 30000), (67, 30000)), "good", Accept()),
            ("pays badly", payments((7, 40000), (37, 60000)), "poor", Clerk("band")),
            ("large", payments((7, 300000), (37, 300000)), "good", Clerk("amount")),
            ("first too small", payments((7, 10000), (37, 90000)), "good", Counter(payments((7, 20000), (37, 80000)))),
            ("too long", payments((7, 40000), (37, 30000), (97, 30000)), "good",
             Counter(payments((7, 40000), (37, 30000), (68, 30000)))),
            ("too many", payments((7, 20000), (14, 20000), (21, 20000), (28, 20000), (35, 20000)), "good",
             Counter(payments((7, 20000), (14, 26666), (21, 26666), (28, 26668)))),
            ("one later date", payments((20, 100000)), "good", Counter(payments((7, 50000), (38, 50000)))),
            ("too small to share", payments((7, 900), (20, 900)), "fair", Clerk("limits")),
        ]:
            with self.subTest(case):
                owed = sum(payment.amount for payment in proposal)
                self.assertEqual(plans.judge(proposal, owed, LIMITS, band, TODAY), expected)

    def test_what_is_no_plan(self):
        for reason, proposal in [
            ("empty", ()),
            ("amount", payments((7, 0), (8, 100))),
            ("past", payments((-1, 50), (8, 50))),
            ("order", payments((8, 50), (8, 50))),
            ("sum", payments((7, 50), (8, 49))),
        ]:
            with self.subTest(reason), self.assertRaisesRegex(ValueError, reason):
                plans.judge(proposal, 100, LIMITS, "good", TODAY)

    def test_offers(self):
        self.assertEqual(plans.offers(100000, LIMITS, TODAY), [
            payments((7, 50000), (38, 50000)),
            payments((7, 33333), (38, 33333), (68, 33334)),
        ])
        self.assertEqual(plans.offers(1500, LIMITS, TODAY), [])
        short = PlanLimits(20, 50, 4)
        self.assertEqual(plans.offers(100, short, TODAY)[0], payments((7, 50), (14, 50)))

    def test_promises(self):
        limits = PromiseLimits(max_days=14, max_open=2)
        for amount, days, count, expected in [
            (100, 0, 0, Accept()), (100, 14, 1, Accept()), (0, 3, 0, Refuse("amount")), (100, -1, 0, Refuse("past")),
            (100, 15, 0, Refuse("late")), (100, 3, 2, Refuse("count")),
        ]:
            with self.subTest(amount=amount, days=days, count=count):
                self.assertEqual(
                    plans.judge_promise(amount, TODAY + timedelta(days=days), limits, count, TODAY), expected,
                )
