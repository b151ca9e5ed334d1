"""Amounts as people type them."""

from odoo.tests import BaseCase, tagged

from odoo.addons.o2c_portal.core.money import parse

TYPED = [
    ("300", 2, ".", 30000), ("300.5", 2, ".", 30050), ("300,50", 2, ".", 30050), (" 300.00 ", 2, ".", 30000),
    ("1,234.56", 2, ".", 123456), ("1.234,56", 2, ",", 123456), ("1.234,56", 2, ".", 123456),
    ("1 234,56", 2, ",", 123456), ("1\N{NARROW NO-BREAK SPACE}234,56", 2, ",", 123456), ("1'234.56", 2, ".", 123456),
    ("1,500", 2, ".", 150000), ("1.500", 2, ",", 150000), ("1.500", 2, ".", 150), ("1.500", 3, ".", 1500),
    ("1,500", 3, ".", 1500000), ("1,500", 3, ",", 1500), ("1.234.567", 2, ".", 123456700),
    ("1,234,567.89", 2, ".", 123456789), ("0", 2, ".", 0), ("5", 0, ".", 5), ("5.0", 0, ".", 5), ("5.", 2, ".", 500),
    ("1.505", 2, ".", None), ("5.5", 0, ".", None), ("", 2, ".", None), (".", 2, ".", None), (".5", 2, ".", None),
    ("-5", 2, ".", None), ("+5", 2, ".", None), ("1e3", 2, ".", None), ("NaN", 2, ".", None), ("inf", 2, ".", None),
    ("12,34,56", 2, ".", None), ("1.23,456.7", 2, ".", None), ("1 23", 2, ".", None), ("$5", 2, ".", None),
    ("٥", 2, ".", None), ("1.²", 2, ".", None), ("9" * 13, 2, ".", int("9" * 13) * 100), ("9" * 14, 2, ".", None),
    ("1,234 567", 2, ".", None), ("1 234.567,8", 2, ".", None), ("1_000", 2, ".", None), ("5 5", 2, ".", None),
]


@tagged("post_install", "-at_install")
class TestMoney(BaseCase):
    def test_amounts_are_read_exactly_or_not_at_all(self):
        for text, digits, point, minor in TYPED:
            with self.subTest(text=text, digits=digits, point=point):
                self.assertEqual(parse(text, digits, point), minor)
