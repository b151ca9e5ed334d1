"""How far an order has come, and pages of lists, as tables."""

from odoo.tests import BaseCase, tagged

from odoo.addons.o2c_portal.core.paging import Page, page, wanted
from odoo.addons.o2c_portal.core.progress import Standing, line
from odoo.addons.o2c_portal.core.stages import Facts


@tagged("post_install", "-at_install")
class TestProgress(BaseCase):
    def test_line(self):
        table = [
            # facts, stage, shipped, invoiced -> done, partly
            (Facts(100, 0, 30), False, None, False, "ordered", "", "deposit invoiced paid"),
            (Facts(100, 10, 30), False, "none", False, "ordered", "deposit paid", "shipped invoiced"),
            (Facts(100, 30, 30), True, "part", False, "ordered deposit stage", "shipped paid", "invoiced"),
            (Facts(100, 100, 0), False, "full", True, "ordered shipped invoiced paid", "", ""),
            (Facts(100, 0, 100), False, None, True, "ordered invoiced", "", "paid"),
        ]
        for facts, stage, shipped, invoiced, done, partly, todo in table:
            marks = line(Standing(facts, stage, shipped, invoiced))
            with self.subTest(facts=facts):
                self.assertEqual([mark.key for mark in marks if mark.done], done.split())
                self.assertEqual([mark.key for mark in marks if mark.partly and not mark.done], partly.split())
                self.assertEqual([mark.key for mark in marks if not mark.partly and not mark.done], todo.split())

    def test_pages(self):
        self.assertEqual([page(number, count) for number, count in ((1, 0), (1, 40), (2, 41), (9, 41))],
                         [Page(1, 1), Page(1, 1), Page(2, 2), Page(2, 2)])
        self.assertEqual(page(3, 200).offset, 80)

    def test_page_numbers(self):
        self.assertEqual([wanted(text) for text in ("3", "0", "", "x", "-2", "²", "1" * 7, " 2")],
                         [3, 1, 1, 1, 1, 1, 1, 1])
