"""The order of the print pile, as tables."""

from odoo.tests import BaseCase, tagged

from odoo.addons.o2c_portal.core.print_pile import Sheet, in_order


@tagged("post_install", "-at_install")
class TestPrintPileOrder(BaseCase):
    def _assert_order(self, *sheets):
        """Check that sheets given in the right order are put into it from any other."""
        for mixed in (sheets, sheets[::-1], sheets[1::2] + sheets[::2]):
            self.assertEqual(in_order(mixed, "BE"), list(sheets))

    def _sheet(self, number="INV/1", customer="Payer", country="", postal_code=""):
        return Sheet(0, number, customer, country, postal_code)

    def test_own_country_first_then_by_code(self):
        self._assert_order(self._sheet(country="BE"), self._sheet(country="AT"), self._sheet(country="FR"))

    def test_who_has_no_country_lives_at_home(self):
        self._assert_order(
            self._sheet(postal_code="1"), self._sheet(postal_code="2", country="BE"), self._sheet(country="AT"),
        )

    def test_postal_code_then_customer_then_number(self):
        self._assert_order(
            self._sheet(postal_code="1000", customer="alpha", number="INV/11"),
            self._sheet(postal_code="1000", customer="Beta", number="INV/9"),
            self._sheet(postal_code="1000", customer="beta", number="INV/10"),
            self._sheet(postal_code="9000", customer="Alpha"),
        )

    def test_postal_codes_are_compared_as_they_are_read(self):
        self._assert_order(
            self._sheet(postal_code="SW1A1AA"), self._sheet(postal_code="sw1a 2aa"),
            self._sheet(postal_code="SW1A-3AA"),
        )
