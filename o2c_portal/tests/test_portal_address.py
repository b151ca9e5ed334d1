"""Odoo's own address form is no way around whoever gets a customer's mails."""

from odoo.tests import new_test_user, tagged

from .people_common import AccountCase


@tagged("post_install", "-at_install")
class TestPortalAddress(AccountCase):
    """``alice`` is a contact of a customer that was sent an invoice."""

    def setUp(self):
        super().setUp()
        self.changes, self.mails = self.env["o2c.contact.change"].sudo(), self.env["mail.mail"].sudo()
        self.partner = self.alice.partner_id
        self.invoice = self._make_invoice(100)
        self.mails.search([]).unlink()
        self._login(self.alice)

    def _submit(self, partner=None, **changes):
        """Send the form as its page does and return the answer; without a partner it is for a new address."""
        form = {
            "partner_id": partner.id if partner else "", "name": "Alice", "street": "Street 1", "city": "Ghent",
            "zip": "9000", "country_id": self.env.ref("base.be").id, "phone": "+32 2 555 01 02",
            "address_type": "billing", **changes,
        }
        self.env.flush_all()
        answer = self.url_open("/my/address/submit", data={**form, "csrf_token": self._csrf()}).json()
        self.env.invalidate_all()
        return answer

    def _new(self, **changes):
        """Send the form for a new address and return ``(the address, the answer)``."""
        before = self.env["res.partner"].search([])
        answer = self._submit(**{"name": "Head office", "email": "thief@example.com", **changes})
        return self.env["res.partner"].search([]) - before, answer

    # An address somebody has

    def test_who_was_never_sent_an_invoice_changes_their_address_as_in_odoo(self):
        self._login(self.mallory)
        partner = self.mallory.partner_id
        self._submit(partner, email="mallory@example.net")
        self.assertEqual(partner.email, "mallory@example.net")
        address, _answer = self._new()
        self.assertEqual((address.email, self.changes.search([]).ids), ("thief@example.com", []))

    def test_another_address_waits_for_the_old_one(self):
        answer = self._submit(self.partner, email="thief@example.com")
        self.assertEqual(answer, {"redirectUrl": "/my/billing/contacts?done=asked"})
        self.assertEqual((self.partner.email, self.partner.city), ("alice@example.com", "Ghent"))
        self.assertEqual(self.changes.search([]).new_email, "thief@example.com")
        self._submit(self.partner, city="Bruges", email="alice@example.com")
        self.assertEqual((self.partner.city, len(self.changes.search([]))), ("Bruges", 1))

    def test_no_odd_address_slips_through(self):
        for changes in ({"email": "thief@example.com\n"}, {"email": "\tthief@example.com"}, {"email": ""},
                        {"email": "", "verify_address_values": ""}, {"email": "x"}):
            with self.subTest(changes=changes):
                self._submit(self.partner, **changes)
                self.assertEqual(self.partner.email, "alice@example.com")

    def test_an_empty_address_is_filled_by_a_clerk(self):
        self.partner.email = False
        self.assertEqual(self._submit(self.partner, email="x")["invalid_fields"], ["email"])
        answer = self._submit(self.partner, email="thief@example.com")
        self.assertEqual(answer, {"redirectUrl": "/my/billing/contacts?done=clerk"})
        self.assertEqual((self.partner.email or "", self.partner.city), ("", "Ghent"))
        change = self.changes.search([])
        self.assertEqual((change.new_email, change.old_email or "", change.state), ("thief@example.com", "", "waiting"))
        self.assertFalse(self.mails.search([("email_to", "ilike", "thief")]))
        change.with_user(new_test_user(self.env, "clerk", groups="o2c_portal.o2c_portal_group_user")).action_confirm()
        self.assertEqual(self.partner.email, "thief@example.com")

    # A new address

    def test_a_new_invoice_address_takes_over_nobody_s_mails(self):
        address, answer = self._new()
        self.assertEqual(answer, {"redirectUrl": "/my/billing/contacts?done=asked"})
        self.assertEqual((address.type, address.parent_id, address.city), ("invoice", self.customer, "Ghent"))
        self.assertEqual(address.email, "payer@example.com", "what gets the customer's mails already")
        for role in ("invoice", "reminder", "receipt", "statement"):
            self.assertEqual(self.customer._o2c_role_contacts(role).mapped("email"), ["payer@example.com"], role)
        self.assertIn("thief@example.com", self._get("/my/billing/contacts").text)
        mail = self.mails.search([])
        self.assertEqual((mail.email_to, mail.auto_delete), ("payer@example.com", True), "who is to agree is asked")
        self.changes.search([])._confirm("the old address")
        self.assertEqual(self.customer._o2c_role_contacts("statement").mapped("email"), ["thief@example.com"])

    def test_the_invoice_address_is_asked_where_there_is_one(self):
        books = self.customer.create({
            "name": "Books", "type": "invoice", "email": "books@example.com", "parent_id": self.customer.id,
        })
        address, _answer = self._new(name="Aardvark")
        self.assertEqual((address.email, self.mails.search([]).email_to), (books.email, "books@example.com"))
        self.assertEqual(self.customer._o2c_role_contacts("statement").mapped("email"), ["books@example.com"])

    def test_where_nobody_can_be_asked_a_clerk_decides(self):
        self.customer.email = False
        address, answer = self._new(email="alice@example.com")
        self.assertEqual(answer, {"redirectUrl": "/my/billing/contacts?done=clerk"})
        self.assertEqual((address.email or "", self.changes.search([]).old_email or ""), ("", ""))
        self.assertFalse(self.customer._o2c_role_contacts("statement"))

    def test_the_address_that_gets_the_mails_needs_no_consent(self):
        address, answer = self._new(email="Payer@Example.com")
        self.assertEqual((address.email_normalized, answer), ("payer@example.com", {"redirectUrl": "/my/addresses"}))
        self.assertFalse(self.changes.search([]))

    def test_other_kinds_of_addresses(self):
        for changes, email in (
            ({"address_type": "delivery"}, "thief@example.com"),  # nothing is sent there but goods
            ({"address_type": "delivery", "use_delivery_as_billing": "true"}, "payer@example.com"),
            ({"address_type": "billing", "use_delivery_as_billing": "true"}, "payer@example.com"),
            ({"address_type": "anything"}, "payer@example.com"),
        ):
            with self.subTest(changes=changes):
                self.assertEqual(self._new(**changes)[0].email, email)
                self.assertEqual(self.customer._o2c_role_contacts("statement"), self.customer)

    def test_what_is_missing_or_wrong_makes_no_address(self):
        for changes in ({"email": ""}, {"email": "x"}, {"email": "a@example.com,b@example.com"}, {"street": ""}):
            with self.subTest(changes=changes):
                address, answer = self._new(**changes)
                self.assertFalse(address)
                self.assertIn("invalid_fields", answer)
        self.assertFalse(self.changes.search([]))

    def test_not_without_end(self):
        for _index in range(20):
            self.env["o2c.rate.limiter"]._allows("contact_add", self.customer.id, otherwise=True)
        address, answer = self._new()
        self.assertEqual((address.ids, answer["invalid_fields"]), ([], ["email"]))
        self.assertFalse(self.mails.search([]))

    def test_a_later_edit_keeps_what_was_agreed(self):
        address, _answer = self._new()
        self._submit(address, name="Head office", city="Bruges", email="payer@example.com")
        self.assertEqual((address.email, address.city), ("payer@example.com", "Bruges"))
        self.assertEqual(self.changes.search([]).mapped("state"), ["waiting"])
        self._submit(address, name="Head office", email="other@example.com")
        self.assertEqual((address.email, self.changes.search([]).mapped("state")),
                         ("payer@example.com", ["waiting", "refused"]))
