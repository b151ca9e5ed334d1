"""References and decisions about transfers, by example."""

from odoo.tests import BaseCase, tagged

from odoo.addons.o2c_portal.core import remittance
from odoo.addons.o2c_portal.core.remittance import Item, Tolerance, decide

THREE = [Item(1, 300_00), Item(2, 300_00), Item(3, 400_00)]
EURO = Tolerance(1_00, 1.0)


@tagged("post_install", "-at_install")
class TestRemittance(BaseCase):
    def test_references(self):
        self.assertEqual(remittance.reference_of("539007547034"), "RF18539007547034")
        self.assertEqual(remittance.shown("RF18539007547034"), "RF18 5390 0754 7034")
        self.assertEqual(remittance.compact(" rf18 5390-0754 7034"), "RF18539007547034")
        for text in ["", "RF18", "RF19539007547034", "RF18539007547035", "rf18539007547034", "XF18539007547034",
                     "RF18 5390 0754 7034", "RF18" + "5" * 22, "RF1\u0668539007547034"]:
            with self.subTest(text=text):
                self.assertIs(remittance.is_reference(text), False)

    def test_reading_what_banks_send(self):
        mine = "RF18539007547034"
        for text, found in [
            ("RF18 5390 0754 7034", {mine}), ("your ref rf18539007547034 thank you", {mine}),
            ("/ROC/RF18539007547034//", {mine}), ("SVWZ+RF18 5390 07\n54 7034", {mine}), ("R F18539007547034", {mine}),
            ("RF18 5390 0754 7034 RF18 5390 0754 7034", {mine}), ("RF185390075470341", set()),
            ("XRF18539007547034", set()), ("RF18 5390 0754 703", set()), ("RF18, 5390 0754 7034", set()), (None, set()),
        ]:
            with self.subTest(text=text):
                self.assertEqual(remittance.references_in(text) & {mine, text}, found)

    def test_decisions(self):
        discounted = [Item(1, 1000_00, 20_00)]
        for name, received, items, tolerance, whole, reason, lines, difference in [
            ("all", 1000_00, THREE, EURO, False, "applied", 3, 0),
            ("next", 300_00, THREE, EURO, False, "applied", 1, 0),
            ("next two", 600_00, THREE, EURO, False, "applied", 2, 0),
            ("not the next", 400_00, THREE, EURO, False, "short", 0, 0),
            ("part of a whole basket", 300_00, THREE, EURO, True, "short", 0, 0),
            ("fee kept", 999_50, THREE, EURO, True, "applied", 3, -50),
            ("fee kept of the next", 299_00, THREE, EURO, False, "applied", 1, -1_00),
            ("rounded up", 1000_01, THREE, EURO, True, "applied", 3, 1),
            ("amount too far", 998_99, THREE, EURO, True, "short", 0, 0),
            ("share too far", 49_50, [Item(1, 50_00)], Tolerance(1_00, 0.5), True, "short", 0, 0),
            ("tolerance off", 999_99, THREE, Tolerance(), True, "short", 0, 0),
            ("share alone is off", 999_99, THREE, Tolerance(0, 5.0), True, "short", 0, 0),
            ("amount alone is off", 999_99, THREE, Tolerance(5_00), True, "short", 0, 0),
            ("too much", 1200_00, THREE, EURO, False, "over", 0, 0),
            ("nothing open", 300_00, [], EURO, False, "settled", 0, 0),
            ("two choices", 100_01, [Item(1, 100_00), Item(2, 2)], Tolerance(5, 5.0), False, "unclear", 0, 0),
            ("discount", 980_00, discounted, EURO, False, "applied", 1, 0),
            ("discount not taken", 1000_00, discounted, EURO, False, "applied", 1, 0),
        ]:
            with self.subTest(name):
                verdict = decide(received, items, tolerance, whole)
                self.assertEqual(
                    (verdict.reason, len(verdict.parts), verdict.difference_minor), (reason, lines, difference)
                )
        self.assertTrue(decide(980_00, discounted, EURO).discounted)
        self.assertFalse(decide(1000_00, discounted, EURO).discounted)
