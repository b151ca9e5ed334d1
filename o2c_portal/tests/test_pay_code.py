"""The code printed on an invoice leads to its pay page, and guessing one leads nowhere."""

import os
from datetime import timedelta
from unittest.mock import patch

import psycopg2

from odoo import fields
from odoo.tests import tagged

from odoo.addons.o2c_portal.models import o2c_pay_link

from ..core import paycode
from ..core.limits import LIMITS, Limit
from .pay_common import REQUIRED_HEADERS, PayLinkCase, PayPageCase

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@tagged("post_install", "-at_install")
class TestPayCode(PayLinkCase):
    def test_what_is_printed_has_a_code_that_stays(self):
        codes = {channel: self._link(channel)._code() for channel in ("email", "pdf", "print", "manual", "portal")}
        self.assertEqual([channel for channel, code in codes.items() if code], ["pdf", "print"])
        self.assertEqual(self._link()._code(), codes["pdf"])
        self.assertNotEqual(codes["pdf"], codes["print"])
        self.assertRegex(codes["pdf"], r"^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{3}$")
        self.assertEqual(self.links._find_code(paycode.parse(codes["pdf"])), self._link())

    def test_only_a_keyed_hash_is_stored(self):
        code = paycode.parse(self._link()._code())
        row = self._stored()
        self.assertNotIn(code, row)
        self.assertIn(paycode.fingerprint(self.links._sudo_keys()[0], self.links._sudo_database(), code), row)

    def test_codes_never_meet(self):
        """A nonce whose code exists already is thrown away."""
        taken = self._link("pdf").nonce
        with patch.object(o2c_pay_link.secrets, "token_urlsafe", side_effect=[taken, taken, "another"]):
            self.assertEqual(self._link("print").nonce, "another")
        other = self._make_invoice(5.0)
        with patch.object(o2c_pay_link.secrets, "token_urlsafe", return_value=taken):
            self.assertIs(other._o2c_pay_url("pdf"), False)

    def test_a_link_from_before_codes_is_replaced_and_keeps_working(self):
        old = self._link()
        token = old._token()
        old.code_hash = False
        new = self._link()
        self.assertNotEqual(new, old)
        self.assertTrue(new._code())
        self.assertEqual(self.links._find(token), old)

    def test_codes_outlive_a_change_of_the_key_while_the_old_one_is_configured(self):
        with patch.dict(os.environ, {"O2C_LINK_KEY": "first"}):
            link = self._link()
            code, token = paycode.parse(link._code()), link._token()
        with patch.dict(os.environ, {"O2C_LINK_KEY": "second"}):
            self.assertFalse(self.links._find_code(code))
            self.assertIs(link._code(), False)
        with patch.dict(os.environ, {"O2C_LINK_KEY": "second", "O2C_LINK_KEY_BEFORE": "first"}):
            self.assertEqual(self.links._find_code(code), link)
            self.assertEqual((link._token(), self._link()), (token, link))


@tagged("post_install", "-at_install")
class TestPayCodePage(PayPageCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.code = cls.link._code()

    def _enter(self, code, headers=None, **kwargs):
        return self._get("/pay", "POST", data={"code": code}, headers={**FORM, **(headers or {})}, **kwargs)

    def _answer(self, code, **kwargs):
        response = self._enter(code, **kwargs)
        return response.status_code, response.headers.get("Location")

    def test_page_asks_for_the_code(self):
        page = self._get("/pay")
        self.assertEqual(page.status_code, 200)
        self.assertNotIn("Set-Cookie", page.headers)
        for text in ['<form class="o2c-form" method="post" action="/pay"', '<label for="o2c-code"', "code.js"]:
            self.assertIn(text, page.text)
        self.assertNotIn(self.env.company.name, page.text)
        for path in ["/pay/", f"/pay?code={self.code}", "/pay?self=1&token=x", "/pay?%FF=%FF"]:
            with self.subTest(path=path):
                self.assertEqual(self._get(path).text, page.text)
        self.assertEqual(self._get("/pay", "HEAD").status_code, 200)

    def test_good_code_leads_to_the_page_of_its_link(self):
        for typed in [self.code, self.code.lower(), self.code.replace("-", " "), f" {self.code} "]:
            with self.subTest(typed=typed):
                self._forget_hits()
                response = self._enter(typed)
                self.assertEqual((response.status_code, response.headers["Location"]), (303, f"/pay/{self.token}"))
                self.assertNotIn("Set-Cookie", response.headers)

    def test_nothing_is_written(self):
        self._get("/pay")
        before = self._written()
        self._enter(self.code)
        self.assertEqual(self._written(), before)

    def test_mistyped_is_said_before_anything_is_looked_up(self):
        with patch.object(self.env.registry["o2c.pay.link"], "_find_code", side_effect=AssertionError):
            changed = f"{self.code[:3]}*{self.code[4:]}"
            for typed in ["", self.code[:-1], f"{self.code}0", changed, "\0", "\N{CREDIT CARD}"]:
                with self.subTest(typed=typed):
                    self._forget_hits()
                    response = self._enter(typed)
                    self.assertEqual(response.status_code, 422)
                    self.assertIn('role="alert"', response.text)
        self._forget_hits()
        self.assertIn('value="&lt;b&gt;&#34;x"', self._enter('<b>"x').text)

    def test_unknown_expired_revoked_and_dead_say_the_same(self):
        unknown = self._enter(paycode.derive(b"other", "db", "nonce"))
        self.assertEqual(unknown.status_code, 404)
        for ended in ["expired", "revoked", "draft", "other key"]:
            invoice = self._make_invoice(20.0)
            link = self.env["o2c.pay.link"].sudo()._find(self._token_of(invoice))
            code = link._code()
            if ended == "expired":
                link.expires_at = fields.Datetime.now() - timedelta(seconds=1)
            elif ended == "revoked":
                link._revoke("Test")
            elif ended == "draft":
                invoice.button_draft()
            else:
                link.token_hash = "x"
            self._forget_hits()
            response = self._enter(code)
            with self.subTest(ended=ended):
                self.assertEqual((response.status_code, response.text), (404, unknown.text))

    def test_a_paid_invoice_says_so(self):
        invoice = self._make_invoice(20.0)
        token = self._token_of(invoice)
        code = self.env["o2c.pay.link"].sudo()._find(token)._code()
        self._register_payment(invoice)
        self.assertEqual(self._answer(code), (303, f"/pay/{token}"))

    def test_other_sites_and_methods_are_refused(self):
        self.assertEqual(self._answer(self.code, headers={"Sec-Fetch-Site": "cross-site"})[0], 400)
        self.assertEqual(self._answer(self.code, headers={"Sec-Fetch-Site": "same-origin"})[0], 303)
        for method in ["PUT", "DELETE", "PATCH", "OPTIONS"]:
            response = self._get("/pay", method)
            self.assertEqual((response.status_code, response.headers["Allow"]), (405, "GET, HEAD, POST"))
        response = self._get("/pay", "POST", data={"code": "A" * 4096}, headers=FORM)
        self.assertEqual(response.status_code, 413)
        self.assertTrue(response.headers["Content-Type"].startswith("text/html"))
        for body, kind in [(b"{}", "application/json"), (b"\xff\xfe", "text/plain"), (b"--x", "multipart/form-data")]:
            with self.subTest(kind=kind):
                self._forget_hits()
                response = self._get("/pay", "POST", data=body, headers={"Content-Type": kind})
                self.assertIn(response.status_code, (400, 415, 422))

    # Guessing

    def _from(self, address, code=None):
        with patch.object(
            self.env.registry["o2c.rate.limiter"], "_visitor", lambda *_args: (f"{address}/32", "203.0.113.0/24")
        ):
            return self._enter(code or self.code)

    def test_tries_are_limited_by_address_good_ones_too(self):
        answers = [self._from("203.0.113.1") for _try in range(6)]
        self.assertEqual([answer.status_code for answer in answers], [303] * 5 + [429])
        self.assertEqual(answers[-1].headers["Retry-After"], "600")
        self.assertIn("too many tries", answers[-1].text)
        self.assertEqual(self._from("203.0.113.2").status_code, 303)

    def test_mistyped_codes_count(self):
        answers = [self._from("203.0.113.1", "A" * 10) for _try in range(5)] + [self._from("203.0.113.1")]
        self.assertEqual([answer.status_code for answer in answers], [422] * 5 + [429])

    def test_tries_are_limited_by_network(self):
        answers = [self._from(f"203.0.113.{number}").status_code for number in range(21)]
        self.assertEqual(answers, [303] * 20 + [429])

    def test_tries_are_limited_over_all(self):
        with patch.dict("odoo.addons.o2c_portal.core.limits.LIMITS", {"code_all": Limit(2, 3600)}):
            self.assertEqual([self._answer(self.code)[0] for _try in range(3)], [303, 303, 429])
            self.assertEqual(self._pay_page().status_code, 200)  # who has a link is not slowed down

    def test_limits_are_those_promised(self):
        self.assertEqual(
            [(LIMITS[name].count, LIMITS[name].seconds) for name in ("code_address", "code_network", "code_all")],
            [(5, 600), (20, 600), (600, 60)],
        )

    def test_nothing_is_looked_up_when_tries_cannot_be_counted(self):
        limiter, links = self.env.registry["o2c.rate.limiter"], self.env.registry["o2c.pay.link"]
        with (
            patch.object(limiter, "_count", side_effect=psycopg2.OperationalError),
            patch.object(links, "_find_code", side_effect=AssertionError),
            patch.object(type(self), "_check_answer"),
            self.assertLogs(level="ERROR"),
        ):
            response = self._enter(self.code)
        self.assertEqual(response.status_code, 503)
        self.assertEqual({name: response.headers.get(name) for name in REQUIRED_HEADERS}, REQUIRED_HEADERS)
        self.assertIn("Retry-After", response.headers)
