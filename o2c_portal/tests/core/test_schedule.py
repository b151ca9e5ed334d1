"""How amounts and dates are cut, by example. Amounts in minor units."""

from datetime import date

from odoo.tests import BaseCase, tagged

from odoo.addons.o2c_portal.core.schedule import FULL, affordable, after, ascending, in_proportion, less, share, split

EQUAL = None


@tagged("post_install", "-at_install")
class TestSplit(BaseCase):
    def test_parts(self):
        for total, claims, unit, remainder, expected in [
            (100000, [30000, EQUAL, EQUAL, EQUAL], 1, "last", [30000, 23333, 23333, 23334]),
            (100000, [30000, EQUAL, EQUAL, EQUAL], 1, "first", [30000, 23334, 23333, 23333]),
            (-100000, [30000, EQUAL, EQUAL, EQUAL], 1, "last", [-30000, -23333, -23333, -23334]),
            (10000, [EQUAL] * 3, 5, "last", [3330, 3330, 3340]),
            (10002, [EQUAL] * 3, 5, "first", [3342, 3330, 3330]),
            (3, [EQUAL] * 3, 1, "last", [1, 1, 1]),
            (119, [EQUAL] * 60, 1, "last", [1] * 59 + [60]),
            (1000, [EQUAL, EQUAL, 400], 1, "last", [300, 300, 400]),
            (1000, [600, 400], 1, "last", [600, 400]),
            (7, [EQUAL], 5, "last", [7]),
            (3, [EQUAL], 5, "last", [3]),
        ]:
            with self.subTest(total=total, claims=claims, unit=unit, remainder=remainder):
                self.assertEqual(split(total, claims, unit, remainder), expected)

    def test_what_cannot_be_cut_is_refused(self):
        for total, claims, unit in [
            (2, [EQUAL] * 12, 1),
            (0, [EQUAL], 1),
            (100, [100, EQUAL], 1),
            (100, [150, EQUAL], 1),
            (100, [60, 30], 1),
            (100, [0, EQUAL], 1),
            (100, [-1, EQUAL], 1),
            (9, [EQUAL, EQUAL], 5),
            (1000, [], 1),
        ]:
            with self.subTest(total=total, claims=claims), self.assertRaises(ValueError):
                split(total, claims, unit)

    def test_a_small_total_keeps_the_earliest_parts(self):
        for total, claims, unit, expected in [
            (2, [EQUAL] * 12, 1, {0: None, 1: None}),
            (-2, [EQUAL] * 12, 1, {0: None, 1: None}),
            (0, [10, EQUAL], 1, {}),
            (100, [150, EQUAL, EQUAL], 1, {0: 100}),
            (100, [60, 70, EQUAL], 1, {0: 60, 1: 40}),
            (100, [60, 0, EQUAL], 1, {0: 60, 2: None}),
            (101, [EQUAL, 100, EQUAL], 1, {0: None, 1: 100}),
            (12, [EQUAL] * 3, 5, {0: None, 1: None}),
            (3, [EQUAL] * 3, 5, {0: None}),
            (100000, [30000, EQUAL, EQUAL], 1, {0: 30000, 1: None, 2: None}),
        ]:
            with self.subTest(total=total, claims=claims, unit=unit):
                self.assertEqual(affordable(total, claims, unit), expected)

    def test_share_rounds_half_up_to_the_coin(self):
        for total, percent, unit, expected in [
            (100000, 30, 1, 30000),
            (-100000, 30, 1, 30000),
            (101, 50, 1, 51),
            (2, 30, 1, 1),
            (1, 30, 1, 0),
            (12345, 30, 5, 3705),
            (3, 100, 5, 3),
            (10**12, 33, 1, 33 * 10**10),
        ]:
            with self.subTest(total=total, percent=percent, unit=unit):
                self.assertEqual(share(total, percent * FULL // 100, unit), expected)

    def test_another_currency_follows_the_pattern(self):
        for total, pattern, expected in [
            (9100, [3333, 3333, 3334], [3033, 3033, 3034]),
            (-9100, [3333, 3333, 3334], [-3033, -3033, -3034]),
            (9100, [-3333, -3333, -3334], [3033, 3033, 3034]),
            (1, [100, 100, 100], [0, 1, 0]),
            (0, [1, 2], [0, 0]),
        ]:
            with self.subTest(total=total, pattern=pattern):
                self.assertEqual(in_proportion(total, pattern), expected)
        for pattern in ([0, 0], [], [5, -3]):
            with self.subTest(pattern=pattern), self.assertRaises(ValueError):
                in_proportion(100, pattern)


    def test_what_was_paid_ahead_settles_the_earliest(self):
        parts = [300, 233, 233, 234]
        self.assertEqual(less(parts, 300), [0, 233, 233, 234])
        self.assertEqual(less(parts, 500), [0, 33, 233, 234])
        self.assertEqual(less(parts, 0), parts)
        self.assertEqual(less(parts, 1200), [0, 0, 0, 0])


@tagged("post_install", "-at_install")
class TestDates(BaseCase):
    def test_months_count_from_the_first_date(self):
        jan31 = date(2026, 1, 31)
        self.assertEqual(
            [after(jan31, count, "months") for count in range(4)],
            [jan31, date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)],
        )
        self.assertEqual(after(date(2028, 1, 31), 1, "months"), date(2028, 2, 29))
        self.assertEqual(after(date(2026, 2, 28), 1, "months"), date(2026, 3, 28))
        self.assertEqual(after(date(2026, 2, 28), 1, "months", day=31), date(2026, 3, 31))
        self.assertEqual(after(jan31, 119, "months"), date(2035, 12, 31))

    def test_days_and_weeks(self):
        self.assertEqual(after(date(2026, 1, 31), 10, "days"), date(2026, 2, 10))
        self.assertEqual(after(date(2026, 1, 31), 2, "weeks"), date(2026, 2, 14))
        with self.assertRaises(ValueError):
            after(date(2026, 1, 31), 2, "years")

    def test_a_date_never_repeats(self):
        first, second = date(2026, 1, 31), date(2026, 2, 28)
        self.assertEqual(ascending([first, first, second]), [first, date(2026, 2, 1), second])
        self.assertEqual(ascending([second, first]), [second, date(2026, 3, 1)])
        self.assertEqual(ascending([]), [])
