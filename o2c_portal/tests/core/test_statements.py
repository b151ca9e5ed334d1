"""Periods, running balances, pages and cells of a statement."""

from datetime import date
from decimal import Decimal

from odoo.tests import BaseCase, tagged

from odoo.addons.o2c_portal.core import export, statement
from odoo.addons.o2c_portal.core.statement import BadPeriod, Entry, Period

TODAY = date(2026, 11, 3)
ACCOUNT = (1, 2, 2)


def entry(amount, left=0, kind="invoice"):
    return Entry(TODAY, kind, "INV/1", "", TODAY, amount, left)


@tagged("post_install", "-at_install")
class TestStatement(BaseCase):
    def test_periods_that_may_be_asked_for(self):
        for texts, expected in [
            (("", "", ""), Period("open", None, TODAY)),
            (("open", "", ""), Period("open", None, TODAY)),
            (("open", "", "2020-02-29"), Period("open", None, date(2020, 2, 29))),
            (("open", "rubbish", "2026-11-03"), Period("open", None, TODAY)),
            (("activity", "2026-11-03", "2026-11-03"), Period("activity", TODAY, TODAY)),
            (("activity", " 2026-10-01 ", "2026-10-31"), Period("activity", date(2026, 10, 1), date(2026, 10, 31))),
            (("activity", "2024-11-04", "2026-11-03"), Period("activity", date(2024, 11, 4), TODAY)),
            (("activity", "2024-02-29", "2026-02-28"), Period("activity", date(2024, 2, 29), date(2026, 2, 28))),
        ]:
            with self.subTest(texts=texts):
                self.assertEqual(statement.read(*texts, TODAY), expected)

    def test_periods_that_may_not(self):
        for texts, field, code in [
            (("balance", "2026-01-01", "2026-02-01"), "kind", "unknown_kind"),
            (("", "2026-01-01", ""), "kind", "unknown_kind"),
            (("open", "", "2026-11-04"), "to", "future"),
            (("open", "", "03/11/2026"), "to", "malformed"),
            (("activity", "", "2026-11-03"), "from", "missing"),
            (("activity", "2026-11-03", ""), "to", "missing"),
            (("activity", "2026-11-03", "2026-11-02"), "from", "reversed"),
            (("activity", "2026-11-01", "2026-11-04"), "to", "future"),
            (("activity", "2024-11-03", "2026-11-03"), "from", "too_long"),
            (("activity", "0001-01-01", "2026-11-03"), "from", "too_long"),
            (("activity", "2026-02-30", "2026-11-03"), "from", "malformed"),
            (("activity", "20260201", "2026-11-03"), "from", "malformed"),
            (("activity", "2026-W01-1", "2026-11-03"), "from", "malformed"),
            (("activity", "٢٠٢٦-01-01", "2026-11-03"), "from", "malformed"),
            (("activity", "2026-01-01' OR 1=1", "2026-11-03"), "from", "malformed"),
        ]:
            with self.subTest(texts=texts), self.assertRaises(BadPeriod) as caught:
                statement.read(*texts, TODAY)
            self.assertEqual((caught.exception.field, caught.exception.code), (field, code))

    def test_shortcuts_may_be_asked_for(self):
        for today in (TODAY, date(2026, 1, 1), date(2024, 2, 29), date(2026, 3, 31)):
            for name, period in statement.presets(today).items():
                with self.subTest(today=today, name=name):
                    self.assertEqual(statement.check(period.kind, period.start, period.end, today), period)
        self.assertEqual(
            [(period.start, period.end) for period in statement.presets(TODAY).values()],
            [(date(2026, 11, 1), TODAY), (date(2026, 10, 1), date(2026, 10, 31)), (date(2025, 11, 4), TODAY)],
        )

    def test_running_balance(self):
        section = statement.activity(ACCOUNT, 500, [entry(1000), entry(-300, kind="payment"), entry(-2000)])
        self.assertEqual([row.balance for row in section.rows], [1500, 1200, -800])
        self.assertEqual((section.charges, section.credits, section.closing), (1000, 2300, -800))
        section = statement.open_items(ACCOUNT, [entry(1000, 400), entry(-100, -100)])
        self.assertEqual([row.balance for row in section.rows], [400, 300])
        self.assertEqual(statement.activity(ACCOUNT, 500, []).closing, 500)

    def test_days_overdue(self):
        for due, expected in [(None, 0), (date(2026, 11, 4), 0), (TODAY, 0), (date(2026, 11, 2), 1)]:
            with self.subTest(due=due):
                self.assertEqual(statement.days_overdue(due, TODAY), expected)

    def test_pages(self):
        first = statement.activity(ACCOUNT, 10, [entry(1), entry(2), entry(3)])
        second, third = statement.activity((1, 3, 2), 7, []), statement.activity((1, 4, 2), 0, [entry(5)])
        sections = [first, second, third]
        self.assertEqual(statement.page_count(sections, 2), 3)
        found = [
            [(piece.section.currency_id, [row.entry.amount for row in piece.rows], piece.brought, piece.begins,
              piece.ends) for piece in statement.page(sections, number, 2)] for number in (1, 2, 3)
        ]
        self.assertEqual(found, [
            [(2, [1, 2], 10, True, False)],
            [(2, [3], 13, False, True), (3, [], 7, True, True)],
            [(4, [5], 0, True, True)],
        ])
        self.assertEqual((statement.page_count([], 2), statement.page([], 1, 2)), (1, []))

    def test_cells(self):
        rows = [["=1+1", "+49", "-x", "@a", "\ttab", "plain, \"quoted\"", date(2026, 1, 31),
                 export.amount(-123456, 2), export.amount(5, 0), export.amount(1, 3), None, 0, "Zoë"]]
        content = export.csv_bytes(rows)
        self.assertTrue(content.startswith(b"\xef\xbb\xbf"))
        self.assertEqual(
            content.decode("utf-8-sig"),
            "'=1+1,'+49,'-x,'@a,'\ttab,\"plain, \"\"quoted\"\"\",2026-01-31,-1234.56,5,0.001,,0,Zoë\r\n",
        )
        self.assertEqual(export.amount(10**15 + 1, 2), Decimal("10000000000000.01"))
