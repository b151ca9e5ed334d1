"""Banners after a payment and in the portal, never where a card may be entered; images, counting, refusing."""

import base64
import re
from unittest.mock import patch

from odoo.tests import new_test_user, tagged

from odoo.addons.o2c_portal.core import limits

from .account_common import AccountPageCase
from .banner_common import PIXEL, BannerMixin

WORDS = "Spring offer"


@tagged("post_install", "-at_install")
class TestBannerPages(BannerMixin, AccountPageCase):

    def _pay(self, state):
        """Pay an invoice over 40.00 by its link and return the token of that link."""
        invoice = self._make_invoice(40.0)
        token = self._token_of(invoice)
        self.assertEqual(self._code(self._start(self._wish(self._terms(invoice)), token=token)), (200, "ok"))
        self._transactions(invoice).state = state
        return token

    def test_after_a_payment_that_went_well(self):
        banner = self._make_banner(image=PIXEL)
        for state, expected in [
            ("done", True), ("pending", True), ("draft", False), ("cancel", False), ("error", False),
        ]:
            token = self._pay(state)
            with self.subTest(state):
                page = self._pay_page("/result", token=token)
                self.assertIs(WORDS in page.text, expected)
                self.assertIs(f'data-seen="/pay/{token}/offer"' in page.text, expected)
                self.assertIs(f"/offers/image/{banner.sudo().image_key}" in page.text, expected)
                self._hides(page, "/offers/stop/")

    def test_never_where_a_card_may_be_entered(self):
        self._make_banner()
        account = self.env["o2c.pay.link"].sudo()._for_account(self.contact, self.env.company, "manual")
        for path in [
            f"/pay/{self.token}", f"/pay/{self.token}/review?choice=all", f"/pay/{self.token}/checkout?choice=all",
            f"/my/billing/review?group={self.group}&choice=all", f"/my/billing/checkout?group={self.group}&choice=all",
            "/pay/" + account._url().rpartition("/pay/")[2],
        ]:
            with self.subTest(path):
                page = self._get(path)
                self.assertEqual(page.status_code, 200)
                self._hides(page, WORDS, "o2c-offer", "banner.js")
        for path in [f"/my/invoices/{self.due_invoice.id}", "/my/invoices"]:
            with self.subTest(path):
                page = self.url_open(path)
                self.assertEqual(page.status_code, 200)
                self._hides(page, WORDS)

    def test_in_the_portal(self):
        self._make_banner()
        self._shows(self._account(), WORDS, 'data-seen="/my/billing/offer/portal"', "/offers/stop/")
        home = self.url_open("/my")
        self._shows(home, WORDS, 'data-seen="/my/billing/offer/portal"')
        self._hides(self._account("?group=x"), WORDS)

    def test_after_a_payment_on_the_account(self):
        self._make_banner()
        self.assertEqual(self._code(self._account_start(self._wish(self._terms(self.today_invoice)))), (200, "ok"))
        self._last_transaction().state = "done"
        self._shows(self._account("/result"), WORDS, 'data-seen="/my/billing/offer/pay"')

    def test_who_is_held_out_has_an_empty_place_that_counts(self):
        banner = self._make_banner(holdout_percent=50)
        with patch("odoo.addons.o2c_portal.core.banner.held_out", return_value=True):
            page = self._account()
            self._hides(page, WORDS, "o2c-banner")
            self._shows(page, 'data-seen="/my/billing/offer/portal"')
            self.assertEqual(self._account("/offer/portal", method="POST").status_code, 204)
        self.assertEqual(self._views(banner), [("portal", False, 1)])

    def test_nothing_on_the_page_without_a_banner(self):
        self._hides(self._account(), "o2c-offer", "banner.css")

    # Counting

    def test_looking_writes_nothing_and_coming_into_view_counts(self):
        banner, token = self._make_banner(), self._pay("done")
        self.env.flush_all()
        before = self._written()
        self._account()
        self._pay_page("/result", token=token)
        self.assertEqual(self._written(), before)
        for path in (f"/pay/{token}/offer", "/my/billing/offer/pay", "/my/billing/offer/portal"):
            self.assertEqual(self._get(path, method="POST").status_code, 204)
        self.assertEqual(self._views(banner), [("pay", True, 2), ("portal", True, 1)])
        reach = self.env["o2c.banner.reach"].sudo().search([("banner_id", "=", banner.id)])
        self.assertEqual((reach.partner_id, reach.is_shown), (self.customer, True))

    def test_counting_refuses_what_is_no_page_of_ours(self):
        banner = self._make_banner()
        for status, path, method, headers in [
            (400, f"/pay/{self.token}/offer", "POST", {"Sec-Fetch-Site": "cross-site"}),
            (400, "/my/billing/offer/portal", "POST", {"Sec-Fetch-Site": "cross-site"}),
            (404, f"/pay/{'A' * 43}/offer", "POST", {}),
            (404, "/my/billing/offer/pdf", "POST", {}),
            (404, "/my/billing/offer/x", "POST", {}),
            (405, f"/pay/{self.token}/offer", "GET", {}),
            (405, "/my/billing/offer/portal", "GET", {}),
        ]:
            with self.subTest(path=path, method=method):
                self.assertEqual(self._get(path, method=method, headers=headers).status_code, status)
        self.assertEqual(self._views(banner), [])

    def test_counting_has_a_limit(self):
        banner = self._make_banner()
        with patch.dict(limits.LIMITS, {"offer_seen": limits.Limit(2, 3600)}):
            codes = [self._account("/offer/portal", method="POST").status_code for _time in range(3)]
        self.assertEqual(codes, [204, 204, 429])
        self.assertEqual(self._views(banner), [("portal", True, 2)])

    # Images

    def test_the_image_needs_no_login_and_cannot_be_guessed(self):
        banner, bare = self._make_banner(image=PIXEL, state="stopped", active=False), self._make_banner()
        self.authenticate(None, None)
        image = self._get(f"/offers/image/{banner.sudo().image_key}")
        self.assertEqual((image.status_code, image.headers["Content-Type"]), (200, "image/png"))
        self.assertEqual(image.content, base64.b64decode(banner.image))
        self.assertNotIn("Set-Cookie", image.headers)
        for key in ("x", "A" * 32, "A" * 300, "%00" * 24, banner.id, bare.sudo().image_key, "%F0%9F%98%80"):
            with self.subTest(key=key):
                self.assertEqual(self._get(f"/offers/image/{key}").status_code, 404)

    def test_guessing_images_has_the_limit_of_guessing_links(self):
        banner = self._make_banner(image=PIXEL)
        with patch.dict(limits.LIMITS, {"link_miss_all": limits.Limit(2, 600)}):
            codes = [self._get(f"/offers/image/{'A' * 32}").status_code for _time in range(3)]
            self.assertEqual(codes, [404, 404, 429])
            self.assertEqual(self._get(f"/offers/image/{banner.sudo().image_key}").status_code, 200)

    # Refusing

    def _stop(self, partner):
        return "/offers/stop/" + self.env["o2c.banner"]._stop_url("mail", partner).rpartition("/")[2]

    def test_refusing_takes_a_click_on_the_page(self):
        self._make_banner()
        self.authenticate(None, None)
        path = self._stop(self.contact)
        page = self._get(path)
        self._shows(page, "Stop offers?")
        self.assertFalse(self.contact.o2c_offers)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
        answer = self._get(path, method="POST", data={"csrf_token": token})
        self.assertEqual((answer.status_code, answer.headers["Location"]), (303, path))
        self.env.invalidate_all()
        self.assertEqual((self.contact.o2c_offers, self.customer.o2c_offers), ("refused", False))
        self._shows(self._get(path), "You get no more offers")
        self.authenticate("payer", "payer")
        self._hides(self._account(), WORDS)
        notes = self.contact.message_ids.filtered(lambda message: "Wants no more offers" in message.body)
        self._get(path, method="POST", data={"csrf_token": self._csrf_of(path)})
        self.assertEqual(len(notes), 1)
        self.env.invalidate_all()
        self.assertEqual(self.contact.message_ids.filtered(lambda m: "Wants no more offers" in m.body), notes)

    def _csrf_of(self, _path):
        return re.search(r'csrf_token: "([^"]+)"', self.url_open("/my").text)[1]

    def test_refusing_for_others_is_not_possible(self):
        good = self._stop(self.contact).rpartition("-")[2]
        other = "1" if good[-1] == "0" else "0"
        for token in (
            f"{self.customer.id}-{good}", f"{self.contact.id}-{good[:-1]}{other}", f"{self.contact.id}-", "x", "%00",
            f"0-{good}", f"99999999999999999999-{good}", f"{self.contact.id}-{good}x",
        ):
            with self.subTest(token=token):
                self.assertEqual(self._get(f"/offers/stop/{token}").status_code, 404)
        self.url_open(self._stop(self.contact), data={"csrf_token": "bad"})
        self.env.invalidate_all()
        self.assertFalse(self.contact.o2c_offers)

    # Preview

    def test_preview_is_for_staff(self):
        banner = self._make_banner(state="draft", image=PIXEL)
        path = f"/o2c/banner/{banner.id}/preview"
        self.assertEqual(self._get(f"{path}/mail").status_code, 404)
        new_test_user(self.env, "clerk", groups="o2c_portal.o2c_portal_group_user")
        self.authenticate("clerk", "clerk")
        for place in ("mail", "pay", "portal"):
            with self.subTest(place):
                page = self._get(f"{path}/{place}")
                self._shows(page, WORDS, "Ten percent off")
                self._hides(page, "banner.js")
        for bad in (f"{path}/x", "/o2c/banner/999999/preview/mail"):
            self.assertEqual(self._get(bad).status_code, 404)
        self.assertEqual(self._views(banner), [])
