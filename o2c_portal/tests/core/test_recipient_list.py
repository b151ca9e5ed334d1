"""Recipients: each address once, the better entry wins."""

from odoo.tests import BaseCase, tagged

from odoo.addons.o2c_portal.core.recipients import Recipient, unique


def person(address, partner_id=False, audience="customer", lang="en_US"):
    return Recipient(address, address, lang, partner_id, audience)


@tagged("post_install", "-at_install")
class TestRecipientList(BaseCase):

    def test_order_is_kept_and_an_address_comes_once(self):
        first, second = person("a@example.com"), person("b@example.com")
        self.assertEqual(unique([first, second, person("a@example.com", lang="fr_FR")]), [first, second])

    def test_a_customer_is_a_customer_and_a_contact_a_contact(self):
        staff, address = person("a@example.com", 7, "staff"), person("a@example.com")
        contact = person("a@example.com", 7)
        for given in ([staff, address, contact], [contact, address, staff], [address, contact]):
            with self.subTest(given=given):
                self.assertEqual(unique(given), [contact])
        self.assertEqual(unique([staff, address]), [address])

    def test_nobody(self):
        self.assertEqual(unique([]), [])
