"""Who of a customer gets which mails, and how an address changes."""

import re
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..core.paylink import hide_secrets
from ..models.res_partner import ROLES
from .people_common import AccountCase
from .policy_common import PolicyMixin

CONTACTS = "/my/billing/contacts"


@tagged("post_install", "-at_install")
class TestRoles(AccountCase):

    def test_who_gets_the_mails_of_a_role(self):
        alice, bob = self.alice.partner_id, self.bob.partner_id
        self.assertEqual(self.customer._o2c_role_contacts("invoice"), self.customer)
        invoice = self.customer.create({"name": "Books", "email": "books@example.com", "type": "invoice",
                                        "parent_id": self.customer.id})
        self.assertEqual(alice._o2c_role_contacts("statement"), invoice)
        bob.o2c_role_statement = True
        self.assertEqual(alice._o2c_role_contacts("statement"), bob)
        self.assertEqual(alice._o2c_role_contacts("invoice"), invoice)
        bob.email = False
        self.assertEqual(alice._o2c_role_contacts("statement"), invoice)
        invoice.email = self.customer.email = False
        self.assertFalse(alice._o2c_role_contacts("statement"))

    def test_invoices_go_to_who_shall_get_them(self):
        invoice = self._make_invoice(100, partner=self.alice.partner_id)
        send, template = self.env["account.move.send"], self.env.ref("account.email_template_edi_invoice")

        def recipients():
            return send._get_default_mail_partner_ids(invoice, template, "en_US")

        self.assertEqual(recipients(), self.alice.partner_id)
        (self.bob.partner_id | self.customer).o2c_role_invoice = True
        self.assertEqual(recipients(), self.bob.partner_id | self.customer)

    def test_receipts_go_to_who_shall_get_them(self):
        self.bob.partner_id.write({"o2c_role_receipt": True, "lang": "en_US"})
        self.customer.write({"o2c_role_receipt": True})
        payment = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self._make_invoice(100).ids
        ).create({})._create_payments()
        payment._o2c_send_receipt()
        mails = self.env["mail.mail"].sudo().search([
            ("o2c_delivery_id.kind", "=", "receipt"), ("o2c_delivery_id.res_id", "in", payment.o2c_notice_ids.ids),
        ], order="id")
        self.assertEqual(set(mails.mapped("email_to")), {'"Payer Ltd" <payer@example.com>',
                                                         self.bob.partner_id.email_formatted})
        self.assertEqual(len(set(mails.mapped("message_id"))), 2)
        failed, sent = mails
        failed.state = "exception"
        failed._o2c_note("unknown")
        sent.state = "sent"
        sent._o2c_note(None)
        self.assertEqual(payment.o2c_receipt_state, "failed", "the one that did not arrive is what must be seen")


@tagged("post_install", "-at_install")
class TestBillingContacts(PolicyMixin, AccountCase):

    def setUp(self):
        super().setUp()
        self._login(self.alice)
        self.mails = self.env["mail.mail"].sudo()
        self.mails.search([]).unlink()

    def _shown(self, *ticks):
        contacts = self.customer | self.alice.partner_id | self.bob.partner_id
        return {"shown": contacts.ids, "role": [f"{partner.id}:{role}" for partner, role in ticks]}

    def test_page(self):
        page = self._get(CONTACTS)
        self.assertEqual(self._texts(page, "//li//h2"), ["Payer Ltd", "Alice", "Bob"])
        self.assertNotIn("Mallory", page.text)
        self.assertEqual(len(self._tree(page).xpath("//input[@type='checkbox']")), 12)
        self.assertIn("payer@example.com", self._texts(page, "//p[contains(@class,'fallback')]")[0])

    def test_save(self):
        bob = self.bob.partner_id
        bob.o2c_role_reminder = True
        response = self._post(f"{CONTACTS}/save", self._shown((bob, "invoice"), (self.alice.partner_id, "receipt")))
        self.assertEqual(response.headers["Location"], f"{CONTACTS}?done=saved")
        self.assertEqual([bob.o2c_role_invoice, bob.o2c_role_reminder, self.alice.partner_id.o2c_role_receipt],
                         [True, False, True])
        mail = self.mails.search([("email_to", "=", "bob@example.com")])
        self.assertTrue(mail.auto_delete)
        self.assertIn("From now on: <b>Invoices</b>", mail.body_html)
        self.assertIn("Alice chose in the portal", self.customer.message_ids[0].body)
        fallen_back = self.mails.search([]) - mail
        self.assertEqual(fallen_back.email_to, "payer@example.com", "who acts is not told, who is replaced is")
        self.assertIn("From now on: <b>Reminders, Statements</b>", fallen_back.body_html)
        self._post(f"{CONTACTS}/save", self._shown((bob, "invoice"), (self.alice.partner_id, "receipt")))
        self.assertEqual(len(self.mails.search([])), 2, "the same again changes nothing")

    def test_whoever_sees_their_own_documents_gives_roles_up_but_takes_none(self):
        alice = self.alice.partner_id
        self._policy(self.customer, documents="own")
        alice.o2c_role_receipt = True
        page = self._get(CONTACTS)
        self.assertEqual(self._texts(page, "//li//h2"), ["Alice"])
        self.assertNotIn("payer@example.com", page.text)
        boxes = {box.get("value").partition(":")[2]: box.get("disabled")
                 for box in self._tree(page).xpath("//input[@type='checkbox']")}
        self.assertEqual([boxes[role] is None for role in ROLES], [False, False, True, False])
        for ticks in ([(alice, "invoice")], [(alice, "receipt"), (alice, "statement")], [(self.customer, "receipt")]):
            self._post(f"{CONTACTS}/save", {**self._shown(*ticks), "shown": alice.ids}, 404)
        self.assertEqual([alice[f"o2c_role_{role}"] for role in ROLES], [False, False, True, False])
        self._post(f"{CONTACTS}/save", {"shown": self.bob.partner_id.ids}, 404)
        self._post(f"{CONTACTS}/save", {"shown": alice.ids})
        self.assertFalse(alice.o2c_role_receipt)
        self.assertEqual(self.mails.search([]).email_to, "payer@example.com", "who gets them now is told")

    def test_nobody_elses_contacts(self):
        foreign = self.mallory.partner_id
        no_address = self.customer.create({"name": "Mute", "parent_id": self.customer.id})
        for data, status in (
            ({"shown": [foreign.id], "role": []}, 404),
            ({"shown": [], "role": [f"{foreign.id}:invoice"]}, 404),
            ({"shown": [], "role": [f"{self.bob.partner_id.id}:invoice"]}, 404),
            ({"shown": [self.bob.partner_id.id], "role": [f"{self.bob.partner_id.id}:active"]}, 404),
            ({"shown": [no_address.id], "role": [f"{no_address.id}:invoice"]}, 404),
            ({"shown": ["x"], "role": []}, 422),
            ({"shown": [], "role": ["invoice"]}, 422),
            ({"shown": ["9" * 30], "role": []}, 404),
        ):
            with self.subTest(data=data):
                self._post(f"{CONTACTS}/save", data, status)
        self.assertFalse((foreign | self.bob.partner_id | no_address).filtered("o2c_role_invoice"))
        self.assertFalse(self.mails.search([]))

    def test_add(self):
        form = {"name": " Carol  Clerk ", "email": " Carol@Example.com", "role": ["invoice", "statement"]}
        self._post(f"{CONTACTS}/add", form)
        carol = self.env["res.partner"].search([("email_normalized", "=", "carol@example.com")])
        self.assertEqual((carol.name, carol.parent_id), ("Carol Clerk", self.customer))
        self.assertFalse(carol.user_ids)
        self.assertEqual([carol[f"o2c_role_{role}"] for role in ROLES], [True, False, False, True])
        self._post(f"{CONTACTS}/add", form)
        self.assertEqual(len(self.env["res.partner"].search([("email_normalized", "=", "carol@example.com")])), 1)
        page = self._post(f"{CONTACTS}/add", {**form, "name": "Another"}, 422)
        self.assertEqual(
            self._texts(page, "//div[@role='alert']//a"), ["Payer Ltd, Carol Clerk has this address already."],
        )

    def test_who_is_added_to_receive_nothing_is_not_written_to(self):
        for roles, count in (([], 0), (["receipt"], 1)):
            self._post(f"{CONTACTS}/add", {"name": "New", "email": f"new{count}@example.com", "role": roles})
            with self.subTest(roles=roles):
                self.assertEqual(self.mails.search_count([("email_to", "=", f"new{count}@example.com")]), count)

    def test_bad_contacts(self):
        count = self.env["res.partner"].search_count([])
        for name, email, wrong in (
            ("", "x@example.com", ["name"]), ("A", "", ["email"]), ("A", "x", ["email"]), ("", "", ["email", "name"]),
            ("A", "a@example.com, b@example.com", ["email"]), ("A", "a@example.com\nBcc: b@example.com", ["email"]),
            ("A\x00", "a@example.com", ["name"]), ("x" * 101, "a@example.com", ["name"]),
            ("A", "x" * 300 + "@example.com", ["email"]),
        ):
            with self.subTest(name=name[:10], email=email[:30]):
                self._forget_hits()
                page = self._post(f"{CONTACTS}/add", {"name": name, "email": email}, 422)
                self.assertEqual(
                    sorted(self._tree(page).xpath("//div[@role='alert']//a/@href")),
                    sorted(f"#o2c-{field}" for field in wrong),
                )
                for field in wrong:
                    self.assertTrue(self._tree(page).xpath(f"//input[@id='o2c-{field}'][@aria-invalid='true']"))
        self._post(f"{CONTACTS}/add", {"name": "A", "email": "a@example.com", "role": "user_ids"}, 422)
        self.assertEqual(self.env["res.partner"].search_count([]), count)

    def test_at_most_twenty_contacts(self):
        self.customer.create([{"name": f"P{index}", "parent_id": self.customer.id} for index in range(17)])
        self._post(f"{CONTACTS}/add", {"name": "Last", "email": "last@example.com"}, 422)
        self.assertFalse(self.customer.search([("email", "=", "last@example.com")]))
        self.assertFalse(self.mails.search([("email_to", "=", "last@example.com")]))

    def test_markup_stays_text(self):
        self._post(f"{CONTACTS}/add", {"name": "<img src=x onerror=alert(1)>", "email": "img@example.com"})
        self.assertNotIn("<img src=x", self._get(CONTACTS).text)
        self.assertNotIn("<img src=x", self.customer.message_ids[0].body)

    def test_limits_and_methods(self):
        with mute_logger("odoo.http"):
            self._get(f"{CONTACTS}/add", 405)
            response = self.url_open(f"{CONTACTS}/add", data={"name": "A"}, allow_redirects=False)
            self.assertEqual(response.status_code, 400, "no CSRF token")
        for _index in range(20):
            self.env["o2c.rate.limiter"]._allows("contact_add", self.customer.id, otherwise=True)
        self._post(f"{CONTACTS}/add", {"name": "A", "email": "a@example.com"}, 429)

    def test_nothing_is_written_by_looking(self):
        self._get(f"{CONTACTS}/new")
        self._get(f"{CONTACTS}/{self.bob.partner_id.id}/email")
        self.assertFalse(self.mails.search([]))


@tagged("post_install", "-at_install")
class TestContactChange(AccountCase):

    def setUp(self):
        super().setUp()
        self.contact = self.bob.partner_id
        self.mails, self.changes = self.env["mail.mail"].sudo(), self.env["o2c.contact.change"].sudo()
        self.mails.search([]).unlink()
        self._login(self.alice)

    def _ask(self, email="new@example.com", status=303, contact=None):
        return self._post(f"{CONTACTS}/{(contact or self.contact).id}/change", {"email": email}, status)

    def _token(self):
        return re.search(r"/my/billing/confirm/([\w-]{43})", self.mails.search([], limit=1).body_html)[1]

    def _answer(self, token, answer, status=303):
        page = self.url_open(f"/my/billing/confirm/{token}")
        csrf = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        return self._post(f"/my/billing/confirm/{token}/answer",
                          {"answer": answer, "csrf_token": csrf[1] if csrf else self._csrf()}, status, csrf=False)

    def test_the_old_address_confirms(self):
        link = self._make_invoice(100, partner=self.contact)._o2c_pay_url("email")
        self._ask()
        mail = self.mails.search([])
        self.assertEqual((mail.email_to, mail.auto_delete, mail.res_id), ("bob@example.com", True, 0))
        self.assertEqual(self.contact.email, "bob@example.com")
        self.assertIn("new@example.com", self._get(CONTACTS).text)
        token = self._token()
        self._login(None)
        for _look in range(3):
            page = self._get(f"/my/billing/confirm/{token}")
            self.assertIn("Is this address right?", page.text)
        self.assertEqual(self.contact.email, "bob@example.com", "opening a link changes nothing")
        self._answer(token, "confirm")
        self.assertEqual(self.contact.email, "new@example.com")
        self.assertEqual(self.changes.search([]).state, "confirmed")
        self.assertIn("Address confirmed", self._get(f"/my/billing/confirm/{token}").text)
        self.assertEqual(self.env["o2c.pay.link"].sudo()._find(link.rpartition("/")[2]).state, "revoked")
        self._login(self.alice)
        self._answer(token, "refuse")
        self.assertEqual((self.contact.email, self.changes.search([]).state), ("new@example.com", "confirmed"))

    def test_the_old_address_refuses(self):
        self._ask()
        token = self._token()
        self._answer(token, "refuse")
        self.assertEqual((self.contact.email, self.changes.search([]).state), ("bob@example.com", "refused"))
        self._answer(token, "confirm")
        self.assertEqual(self.contact.email, "bob@example.com")

    def test_only_the_newest_request_counts(self):
        self._ask()
        first = self._token()
        self._ask("newer@example.com")
        self.assertEqual(self.changes.search([]).mapped("state"), ["waiting", "refused"])
        self._answer(first, "confirm")
        self.assertEqual(self.contact.email, "bob@example.com")

    def test_too_late(self):
        self._ask()
        token, change = self._token(), self.changes.search([])
        change.expires_at = fields.Datetime.now() - timedelta(seconds=1)
        page = self._get(f"/my/billing/confirm/{token}", 410)
        self.assertNotIn("new@example.com", page.text)
        self._answer(token, "confirm")
        self.assertEqual(self.contact.email, "bob@example.com")
        self.changes._gc_expired()
        self.assertEqual(change.state, "expired")

    def test_an_address_changed_meanwhile_is_left_alone(self):
        self._ask()
        self.contact.email = "clerk@example.com"
        self._get(f"/my/billing/confirm/{self._token()}", 410)
        with self.assertRaises(UserError):
            self.changes.search([])._confirm("x")

    def test_unknown_tokens_look_alike(self):
        bodies = {
            self._get(f"/my/billing/confirm/{token}", 404).text
            for token in ("x", "A" * 43, "A" * 44, "%C3%A9" * 5, "%FF", "A" * 4000)
        }
        self.assertEqual(len(bodies), 1)
        pay_token = self._make_invoice(100)._o2c_pay_url("pdf").rpartition("/")[2]
        self._get(f"/my/billing/confirm/{pay_token}", 404)

    def test_a_token_of_a_change_pays_nothing_and_is_kept_out_of_the_log(self):
        self._ask()
        self.assertFalse(self.env["o2c.pay.link"]._find(self._token()))
        self.assertNotIn(self._token(), hide_secrets(f"GET /my/billing/confirm/{self._token()}/answer"))
        self.assertFalse(self.contact.message_ids.filtered(lambda message: self._token() in (message.body or "")))

    def test_bad_addresses_and_foreign_contacts(self):
        for email in ("", "x", "a@example.com,b@example.com", "bob@example.com", "BOB@example.com "):
            self._forget_hits()
            self._ask(email, 422)
        self._ask(status=404, contact=self.mallory.partner_id)
        self._get(f"{CONTACTS}/{self.mallory.partner_id.id}/email", 404)
        self._get(f"{CONTACTS}/999999999/email", 404)
        staff = new_test_user(self.env, "staff_contact", groups="base.group_user")
        staff.partner_id.parent_id = self.customer
        self._ask(status=404, contact=staff.partner_id)
        self.assertFalse(self.changes.search([]))

    def test_without_an_old_address_a_clerk_confirms(self):
        clerk = new_test_user(self.env, "clerk_of_contacts", groups="o2c_portal.o2c_portal_group_user")
        self.env.company.o2c_request_user_id = clerk
        self.contact.email = False
        self.assertIn("done=clerk", self._ask().headers["Location"])
        self.assertFalse(self.mails.search([("email_to", "like", "example.com")]).filtered(
            lambda mail: "confirm" in (mail.body_html or "")))
        change = self.changes.search([])
        self.assertEqual(change.activity_ids.user_id, clerk)
        with self.assertRaises(AccessError):
            change.with_user(self.alice).action_confirm()
        self.assertFalse(self.contact.email)
        change.with_user(clerk).action_confirm()
        self.assertEqual((self.contact.email, change.state, change.answered_by),
                         ("new@example.com", "confirmed", clerk.name))
        self.assertFalse(change.activity_ids)
        with self.assertRaises(UserError):
            change.with_user(clerk).action_confirm()

    def test_asked_too_often(self):
        for index in range(5):
            self._ask(f"new{index}@example.com")
        before = self.changes.search([])
        self._ask("again@example.com", 429)
        self.assertEqual(self.changes.search([]), before)
        self.assertFalse(before.filtered(lambda change: change.new_email == "again@example.com"))

    def test_bad_answers(self):
        self._ask()
        token = self._token()
        self._answer(token, "maybe", 422)
        self.assertEqual(self.changes.search([]).state, "waiting")

    def test_portal_users_do_not_write_their_own_address(self):
        with self.assertRaises(AccessError):
            self.alice.with_user(self.alice).write({"email": "thief@example.com"})
        self.assertEqual(self.alice.email, "alice@example.com")
