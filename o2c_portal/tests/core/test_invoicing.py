"""Which orders are invoiced by themselves: every verdict, and the days of the month."""

from datetime import date, timedelta

from odoo.tests import BaseCase, tagged

from odoo.addons.o2c_portal.core.invoicing import Facts, Line, days_reached, decide, next_day, wait

OPEN = Line(ordered=10, delivered=0, invoiced=0, to_invoice=10)
TO_DELIVER = Line(ordered=10, delivered=0, invoiced=0, to_invoice=0)
DELIVERED = Line(ordered=10, delivered=4, invoiced=0, to_invoice=4)
INVOICED = Line(ordered=10, delivered=10, invoiced=10, to_invoice=0)
AHEAD = Line(ordered=10, delivered=0, invoiced=10, to_invoice=-10)
MORE_THAN_ORDERED = Line(ordered=10, delivered=12, invoiced=10, to_invoice=2)
UPSELLING = Line(ordered=10, delivered=12, invoiced=10, to_invoice=0)
REDUCED = Line(ordered=5, delivered=0, invoiced=10, to_invoice=-5)
RETURN = Line(ordered=-1, delivered=0, invoiced=0, to_invoice=-1)


def order(*lines, confirmed=True, **facts):
    return Facts(confirmed=confirmed, lines=lines, **facts)


VERDICTS = [
    ("manual", order(OPEN), "manual"),
    ("confirmation", order(OPEN, confirmed=False), "unconfirmed"),
    ("confirmation", order(OPEN, older=True), "older"),
    ("confirmation", order(OPEN), "due"),
    ("confirmation", order(TO_DELIVER), "due"),  # the whole order, whatever the product says
    ("confirmation", order(INVOICED), "nothing_left"),
    ("confirmation", order(AHEAD), "nothing_left"),
    ("confirmation", order(AHEAD, OPEN), "due"),  # an article was added after the first invoice
    ("confirmation", order(REDUCED), "nothing_left"),
    ("confirmation", order(REDUCED, OPEN), "over_invoiced"),
    ("confirmation", order(RETURN, OPEN), "due"),
    ("confirmation", order(OPEN, draft=True), "draft"),
    ("confirmation", order(), "nothing_left"),
    ("delivery", order(TO_DELIVER), "undelivered"),
    ("delivery", order(OPEN), "undelivered"),  # may be invoiced, but nothing was delivered
    ("delivery", order(DELIVERED), "due"),
    ("delivery", order(DELIVERED, OPEN), "due"),
    ("delivery", order(MORE_THAN_ORDERED), "due"),
    ("delivery", order(UPSELLING), "nothing_left"),
    ("delivery", order(INVOICED), "nothing_left"),
    ("delivery", order(DELIVERED, AHEAD), "over_invoiced"),
    ("delivery", order(DELIVERED, RETURN), "due"),
    ("delivery", order(DELIVERED, draft=True), "draft"),
    ("deposit", order(TO_DELIVER), "no_deposit"),
    ("deposit", order(TO_DELIVER, draft=True), "no_deposit"),  # no trouble before it is due
    ("deposit", order(TO_DELIVER, deposit_paid=True), "due"),
    ("deposit", order(INVOICED, deposit_paid=True), "nothing_left"),
    ("schedule", order(OPEN), "day"),
    ("schedule", order(OPEN, day=True), "due"),
    ("schedule", order(TO_DELIVER, day=True), "undelivered"),
    ("schedule", order(DELIVERED, AHEAD, day=True), "over_invoiced"),
]
DAYS = [
    (None, date(2026, 11, 10), {10}),
    (date(2026, 11, 9), date(2026, 11, 10), {10}),
    (date(2026, 11, 10), date(2026, 11, 10), set()),
    (date(2026, 11, 12), date(2026, 11, 10), set()),  # the clock went back
    (date(2026, 11, 6), date(2026, 11, 10), {7, 8, 9, 10}),  # the server was down
    (date(2026, 11, 29), date(2026, 11, 30), {30, 31}),
    (date(2026, 2, 27), date(2026, 2, 28), {28, 29, 30, 31}),
    (date(2028, 2, 27), date(2028, 2, 28), {28}),
    (date(2026, 11, 28), date(2026, 12, 2), {29, 30, 31, 1, 2}),
    (date(2025, 1, 1), date(2026, 11, 10), set(range(1, 32))),
]
NEXT = [
    (5, date(2026, 11, 4), date(2026, 11, 5)),
    (5, date(2026, 11, 5), date(2026, 12, 5)),
    (31, date(2026, 11, 5), date(2026, 11, 30)),
    (31, date(2027, 1, 31), date(2027, 2, 28)),
    (1, date(2026, 12, 31), date(2027, 1, 1)),
]


@tagged("post_install", "-at_install")
class TestInvoicing(BaseCase):
    def test_verdicts(self):
        for policy, facts, verdict in VERDICTS:
            with self.subTest(policy=policy, facts=facts):
                self.assertEqual(decide(policy, facts), verdict)

    def test_days_of_the_month_that_were_reached(self):
        for until, today, days in DAYS:
            with self.subTest(until=until, today=today):
                self.assertEqual(days_reached(until, today), days)

    def test_every_day_comes_once_in_every_month(self):
        day, until = date(2026, 1, 1), date(2025, 12, 31)
        seen = dict.fromkeys(range(1, 32), 0)
        while day <= date(2026, 12, 31):
            for number in days_reached(until, day):
                seen[number] += 1
            until, day = day, day + timedelta(days=1)
        self.assertEqual(set(seen.values()), {12})

    def test_next_day(self):
        for day, today, expected in NEXT:
            with self.subTest(day=day, today=today):
                self.assertEqual(next_day(day, today), expected)

    def test_waiting_grows_and_ends(self):
        waits = [wait(tries) for tries in range(1, 5)]
        self.assertEqual(waits, sorted(waits))
        self.assertIsNone(wait(5))
