"""What an invoice owes and what a payer may choose of it."""

from dataclasses import replace
from datetime import date

from odoo.tests import BaseCase, tagged

from ...core.basket import Part, by_item, for_amount, in_full, listed, share
from ...core.instalments import Instalment, choose, due_now, spread, status
from ...core.money import to_major, to_minor

TODAY = date(2026, 3, 15)


def item(line_id, due, open_minor=100, **values):
    return Instalment(
        line_id=line_id, move_id=1, number=line_id, count=3, date_due=due, amount_minor=100, open_minor=open_minor,
        **values,
    )


LATE = item(1, date(2026, 3, 14))
NOW = item(2, date(2026, 3, 15))
SOON = item(3, date(2026, 3, 20))
FAR = item(4, date(2026, 6, 1))


@tagged("post_install", "-at_install")
class TestInstalments(BaseCase):

    def test_status(self):
        for case, expected in (
            (LATE, "overdue"), (NOW, "due_soon"), (SOON, "due_soon"), (FAR, "open"),
            (item(5, date(2020, 1, 1), 0), "paid"),
            (item(6, date(2026, 3, 1), promised_on=date(2026, 3, 15)), "promised"),
            (item(7, date(2026, 3, 1), promised_on=date(2026, 3, 14)), "overdue"),
            (item(8, date(2026, 3, 22)), "due_soon"), (item(9, date(2026, 3, 23)), "open"),
        ):
            with self.subTest(due=case.date_due, promised=case.promised_on):
                self.assertEqual(status(case, TODAY, due_soon_days=7), expected)

    def test_choice(self):
        items = [FAR, NOW, LATE, item(9, date(2026, 1, 1), 0), item(8, date(2026, 1, 2), claimed=True)]
        self.assertEqual(choose(items, "all", TODAY), [LATE, NOW, FAR])
        self.assertEqual(choose(items, "overdue", TODAY), [LATE])
        self.assertEqual(choose(items, "next", TODAY), [LATE])
        self.assertEqual(choose([], "next", TODAY), [])
        with self.assertRaises(ValueError):
            choose(items, "free", TODAY)

    def test_due_now(self):
        self.assertEqual(due_now([FAR, NOW, LATE], TODAY), [LATE, NOW])
        self.assertEqual(due_now([FAR, SOON], TODAY), [SOON])
        self.assertEqual(due_now([item(1, date(2026, 1, 1), 0)], TODAY), [])

    def test_spread_oldest_first(self):
        self.assertEqual(spread(150, [FAR, LATE]), [(1, 100), (4, 50)])
        self.assertEqual(spread(100, [FAR, item(1, LATE.date_due, claimed=True)]), [(4, 100)])
        for amount in (0, -1, 201):
            with self.subTest(amount=amount), self.assertRaises(ValueError):
                spread(amount, [FAR, LATE])

    def test_discounted_amount_takes_the_discount(self):
        self.assertEqual([(p.pay_minor, p.discount_minor) for p in for_amount(98, [FAR], {4: 2})], [(98, 2)])
        self.assertEqual([(p.pay_minor, p.discount_minor) for p in for_amount(97, [FAR], {4: 2})], [(97, 0)])
        self.assertEqual([(p.pay_minor, p.discount_minor) for p in in_full([FAR], {4: 2})], [(98, 2)])

    def test_pieces_are_paid_as_their_items(self):
        ledger = {1: item(1, TODAY, 100, plan_id=5), 2: item(2, TODAY, 70)}
        one, two = (replace(ledger[1], open_minor=minor, plan_line=line) for line, minor in ((8, 40), (9, 60)))
        for asked, amounts, expected in [
            ([one, ledger[2]], [None, None], ([ledger[1], ledger[2]], [40, None])),
            ([one, ledger[2], two], [None, 30, None], ([ledger[1], ledger[2]], [None, 30])),
            ([], [], ([], [])),
        ]:
            self.assertEqual(by_item(asked, amounts, ledger), expected)
        whole = [Part(ledger[1], 100), Part(ledger[2], 70)]
        self.assertEqual(listed(whole, [one, ledger[2], two]), [Part(one, 40), Part(two, 60), whole[1]])
        discounted = [Part(ledger[1], 98, 2)]
        self.assertEqual(listed(discounted, [one, two]), discounted)

    def test_share_sums_exactly(self):
        self.assertEqual(share(100, [1, 1, 1]), [33, 33, 34])
        self.assertEqual(share(1, [5, 5]), [0, 1])

    def test_money(self):
        for amount, digits, minor in (
            (0.1 + 0.2, 2, 30), (1.005, 3, 1005), (1500, 0, 1500), ("12.34", 2, 1234), (-2.5, 2, -250),
            (1.005, 2, 101), (-0.125, 2, -13), (2.5, 0, 3), (0.0049999, 2, 0), (123456789012.34, 2, 12345678901234),
        ):
            with self.subTest(amount=amount):
                self.assertEqual(to_minor(amount, digits), minor)
        for minor in (*range(-1999, 2000, 7), 10**11 - 1, 10**11, 10**11 + 1, -(10**13) - 1):
            for digits in (0, 2, 3):
                self.assertEqual(to_minor(to_major(minor, digits), digits), minor)
        self.assertEqual(to_major(1234, 2), 12.34)
        with self.assertRaises(ArithmeticError):
            to_minor(float("nan"), 2)
