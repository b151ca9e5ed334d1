"""Links to an account: who gets one, what it shows, when it ends."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ..core import limits
from ..core.limits import Limit
from .account_common import NBSP, AccountPageCase


@tagged("post_install", "-at_install")
class TestAccountLink(AccountPageCase):

    def setUp(self):
        super().setUp()
        self.authenticate(None, None)
        self.token = self._account_token()
        self.link = self.env["o2c.pay.link"].sudo()._find(self.token)
        self.address = f"/pay/{self.token}"

    def _account_token(self, contact=None, channel="email"):
        return (contact or self.contact)._o2c_account_url(channel).rpartition("/pay/")[2]

    # Making

    def test_one_link_per_contact_company_and_channel(self):
        self.assertEqual(self._account_token(), self.token)
        others = {self._account_token(channel="manual"), self._account_token(self.customer)}
        self.assertEqual(len(others - {self.token}), 2)
        self.assertEqual(
            (self.link.purpose, self.link.account_id, self.link.partner_id, self.link.company_id, self.link.move_id.id),
            ("account", self.customer, self.contact, self.env.company, False),
        )

    def test_lives_as_long_as_the_channel_says(self):
        self.env.company.write({"o2c_link_days_email": 45, "o2c_link_days_manual": 14})
        now = fields.Datetime.now()
        self.assertEqual(round((self.link.expires_at - now) / timedelta(days=1)), 45)
        manual = self.env["o2c.pay.link"].sudo()._find(self._account_token(channel="manual"))
        self.assertEqual(round((manual.expires_at - now) / timedelta(days=1)), 14)
        manual.expires_at = now - timedelta(days=1)
        self.assertEqual(self._account_token(channel="manual"), manual._token(), "asked for again it lives again")
        self.assertGreater(manual.expires_at, now)

    def test_staff_copies_it_and_nobody_else(self):
        action = self.contact.action_o2c_copy_account_link()
        self.assertIn("/pay/", action["params"]["url"])
        for group in ("base.group_portal", "base.group_user", "sales_team.group_sale_salesman"):
            user = new_test_user(self.env, f"copy_{group}", groups=group)
            with self.subTest(group=group), self.assertRaises(AccessError):
                self.contact.with_user(user).action_o2c_copy_account_link()

    # What it shows

    def test_shows_amounts_dates_and_ends_of_numbers_and_nothing_else(self):
        self._make_invoice(33.0, move_type="out_refund")
        self.due_invoice.ref = "PO-4711"
        pages = [self._get(self.address + suffix) for suffix in (
            "", f"/review?group={self.group}&choice=all", f"/checkout?group={self.group}&choice=all",
        )]
        self._shows(pages[0], f"${NBSP}1,120.00", f"${NBSP}600.00", f"…{self.due_invoice.name[-4:]}", "Overdue")
        for page in pages:
            self.assertEqual(page.status_code, 200)
            self._hides(
                page, self.customer.name, self.contact.name, "example.com", self.due_invoice.name, "77.77", "33.00",
                "PO-4711", "/my/", "your credit", "Portal",
            )
        self.env.company.o2c_link_show_number = True
        self._shows(self._get(self.address), self.due_invoice.name)

    def test_numbers_cannot_be_searched_by_a_link(self):
        self.assertEqual(self._get(f"{self.address}?q=nothing").text.count('name="item"'), 5)

    def test_shows_what_its_contact_may_see(self):
        own = self._make_invoice(11.0, partner=self.contact)
        self._policy(self.customer, documents="own")
        page = self._get(self.address)
        self._shows(page, f"${NBSP}11.00", f"…{own.name[-4:]}")
        self._hides(page, f"${NBSP}1,120.00", f"…{self.due_invoice.name[-4:]}")
        csrf = self._account_csrf(self.address)
        answer = self._account_start(self._wish(self._terms(self.today_invoice)), self.address, csrf=csrf)
        self.assertEqual(self._code(answer), (422, "bad_installments"))

    def test_seen_by_a_person_is_counted(self):
        self.assertEqual(self._get(f"{self.address}/seen", method="POST").status_code, 204)
        self.env.invalidate_all()
        self.assertEqual(self.link.opens, 1)

    def test_get_writes_nothing(self):
        paths = ["", f"/review?group={self.group}&choice=all", f"/checkout?group={self.group}&choice=all", "/result",
                 "/start", "/seen", "/credits"]
        self._get(self.address + paths[2])
        before = self._written()
        for path in paths:
            for method in ("GET", "HEAD"):
                self._get(self.address + path, method=method)
        self.assertEqual(self._written(), before)

    def test_light_pages_set_no_cookie(self):
        for suffix in ("", f"/review?group={self.group}&choice=all"):
            self.opener.cookies.pop("session_id", None)
            response = self._get(self.address + suffix)
            self.assertNotIn("session_id", response.headers.get("Set-Cookie", ""))
            self.assertIn("script-src 'self';", response.headers["Content-Security-Policy"])

    # What it pays

    def test_pays_what_was_chosen(self):
        chosen = self.lines[0] | self._terms(self.later_invoice)
        wish = self._wish(chosen)
        self.assertEqual(self._code(self._account_start(wish, self.address)), (200, "ok"))
        transaction = self._last_transaction()
        self.assertEqual((transaction.o2c_pay_link_id, transaction.landing_route), (self.link, "/pay/return"))
        self.assertEqual((transaction.partner_id, transaction.amount), (self.contact, 370.0))
        transaction._set_done()
        transaction._post_process()
        back = self._get("/pay/return")
        self.assertTrue(back.headers["Location"].endswith(f"{self.address}/result"))
        result = self._get(f"{self.address}/result")
        self._shows(result, "your payment was received", f"${NBSP}370.00", f"…{self.later_invoice.name[-4:]}")
        self._hides(result, self.customer.name, self.due_invoice.name, transaction.reference)
        self.assertEqual((self.link.start_count, self.link.paid_count, self.link.paid_amount), (1, 1, 370.0))
        self.assertEqual([line.reconciled for line in chosen], [True, True])

    def test_pays_nothing_of_others_and_nothing_else(self):
        csrf, line = self._account_csrf(self.address), self._terms(self.today_invoice)
        other = self._create_company(name="Other Company")
        currency = self.due_invoice.currency_id.id
        for changes, group, expected in [
            ({"installment_ids": self._terms(self.foreign_invoice).ids}, None, 422),
            ({"tokenization_requested": True}, None, 403),
            ({"token_id": 1, "flow": "token"}, None, 403),
            ({"expected_minor": 1}, None, 409),
            ({}, f"{other.id}-{currency}", 404),
            ({}, "x", 422),
        ]:
            with self.subTest(changes=changes, group=group):
                answer = self._account_start({**self._wish(line), **changes}, self.address, group, csrf)
                self.assertEqual(answer.status_code, expected)
        self.assertFalse(self._transactions(self.today_invoice))
        self.assertEqual(self._get(f"{self.address}/credits", method="POST").status_code, 404)

    def test_saved_methods_need_a_login(self):
        token = self._create_token(partner_id=self.contact.id, provider_id=self.dummy_provider.id)
        page = self._get(f"{self.address}/checkout?group={self.group}&choice=all")
        self._hides(page, f'data-payment-option-id="{token.id}" data-payment-option-type="token"')

    def test_started_and_declined_as_often_as_any_link(self):
        wish, csrf = self._wish(self._terms(self.today_invoice)), self._account_csrf(self.address)
        with patch.dict(limits.LIMITS, start_link=Limit(1, 3600)):
            codes = [self._account_start(wish, self.address, csrf=csrf).status_code for _attempt in range(2)]
        self.assertEqual(codes, [200, 429])
        self._forget_hits()
        with patch.object(limits, "DECLINES_PER_LINK", Limit(1, 3600)):
            self._last_transaction()._set_error("declined")
            self.assertEqual(self._account_start(wish, self.address, csrf=csrf).status_code, 429)

    # When it ends

    def test_ended_links_say_the_same_as_any_ended_link(self):
        ended = self._token_of(self._make_invoice(20.0))
        self.env["o2c.pay.link"].sudo()._find(ended)._revoke("Test")
        expected = self._get(f"/pay/{ended}").text
        elsewhere = self.env["res.partner"].create({"name": "Elsewhere Ltd", "is_company": True})
        for number, end in enumerate((
            lambda contact, _link: contact.write({"active": False}),
            lambda contact, _link: contact.write({"email": "new@example.com"}),
            lambda contact, _link: contact.write({"parent_id": elsewhere.id}),
            lambda _contact, link: link._revoke("Test"),
            lambda _contact, link: link.write({"expires_at": fields.Datetime.now() - timedelta(seconds=1)}),
        )):
            contact = self.contact.copy({"name": f"Contact {number}", "email": f"c{number}@example.com"})
            token = self._account_token(contact, channel="manual")
            csrf = self._account_csrf(f"/pay/{token}")
            end(contact, self.env["o2c.pay.link"].sudo()._find(token))
            for suffix in ("", f"/review?group={self.group}&choice=all", f"/checkout?group={self.group}&choice=all"):
                with self.subTest(end=number, suffix=suffix):
                    response = self._get(f"/pay/{token}{suffix}")
                    self.assertEqual((response.status_code, response.text), (410, expected))
            answer = self._account_start(self._wish(self._terms(self.today_invoice)), f"/pay/{token}", csrf=csrf)
            self.assertEqual(self._code(answer), (410, "gone"))

    def test_revoking_is_noted_on_the_customer(self):
        self.link._revoke("Contact left")
        self.assertIn("Contact left", self.customer.message_ids[0].body)
        self.assertNotEqual(self._account_token(), self.token)

    def test_a_contact_that_changed_sides_gets_a_new_link(self):
        elsewhere = self.env["res.partner"].create({"name": "Elsewhere Ltd", "is_company": True})
        self.contact.parent_id = elsewhere
        new = self.env["o2c.pay.link"].sudo()._find(self._account_token())
        self.assertEqual((new.account_id, new == self.link), (elsewhere, False))
        self.assertEqual(self._get(self.address).status_code, 410)

    def test_guesses_look_alike(self):
        unknown = self._get(f"/pay/{'A' * 43}")
        for suffix in ("", "/review?choice=all", "/checkout?choice=all", "/result"):
            response = self._get(f"/pay/{self.token[:-1]}{'A' if self.token[-1] != 'A' else 'B'}{suffix}")
            self.assertEqual((response.status_code, response.text), (404, unknown.text))
