"""In which band a customer stands, and why."""

from odoo.tests import BaseCase, tagged

from odoo.addons.o2c_portal.core.risk import Facts, band, reasons, within


@tagged("post_install", "-at_install")
class TestRisk(BaseCase):
    def test_band_and_reasons(self):
        for days, broken, expected, why in [
            (0, 0, "good", ()), (14, 0, "good", ()), (15, 0, "fair", ("late",)), (60, 1, "fair", ("late", "promises")),
            (0, 1, "fair", ("promises",)), (61, 0, "poor", ("late",)), (0, 2, "poor", ("promises",)),
            (14, 2, "poor", ("promises",)), (500, 9, "poor", ("late", "promises")), (-5, 0, "good", ()),
        ]:
            with self.subTest(days=days, broken=broken):
                facts = Facts(days, broken)
                self.assertEqual((band(facts), reasons(facts)), (expected, why))

    def test_within(self):
        self.assertEqual(
            [within(found, worst) for found in ("good", "fair", "poor") for worst in ("good", "fair", "poor")],
            [True, True, True, False, True, True, False, False, True],
        )
