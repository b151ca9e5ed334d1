"""Tokens: derived, recognised, hidden, and how long they live."""

from datetime import date, timedelta

from odoo.fields import Datetime
from odoo.tests import BaseCase, tagged

from odoo.addons.o2c_portal.core import paylink

NOW = Datetime.to_datetime("2026-03-01 12:00:00")


@tagged("post_install", "-at_install")
class TestPaylink(BaseCase):
    def test_token_is_43_characters_and_repeats(self):
        token = paylink.derive(b"key", "pay", "db", "nonce")
        self.assertEqual(token, "pmpyxm7uHFGqN7dRD3mnRW5Pa_nRaz82ogIBR1U0IWE")
        self.assertEqual(token, paylink.derive(b"key", "pay", "db", "nonce"))
        self.assertTrue(paylink.well_formed(token))

    def test_every_argument_changes_the_token(self):
        tokens = {
            paylink.derive(*arguments) for arguments in [
                (b"key", "pay", "db", "nonce"), (b"yek", "pay", "db", "nonce"), (b"key", "plan", "db", "nonce"),
                (b"key", "pay", "other", "nonce"), (b"key", "pay", "db", "other"), (b"key", "payd", "b", "nonce"),
            ]
        }
        self.assertEqual(len(tokens), 6)

    def test_derive_needs_key_and_nonce(self):
        for key, nonce in [(b"", "nonce"), (b"key", "")]:
            with self.subTest(key=key, nonce=nonce), self.assertRaises(ValueError):
                paylink.derive(key, "pay", "db", nonce)

    def test_shape(self):
        good = "A" * 43
        for token in ["", "A", "A" * 42, "A" * 44, good[:-1] + "=", good[:-1] + "é", good[:-1] + "\n", good + "\n",
                      " " + good[1:], "٣" * 43, None, 43, good.encode()]:
            with self.subTest(token=token):
                self.assertIs(paylink.well_formed(token), False)
        self.assertIs(paylink.well_formed(good), True)

    def test_fingerprint_is_sha256(self):
        self.assertEqual(
            paylink.fingerprint("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )

    def test_expiry(self):
        for channel, due, days, expected in [
            ("email", date(2026, 3, 20), 45, Datetime.to_datetime("2026-05-04")),
            ("email", date(2025, 1, 1), 45, NOW + timedelta(days=30)),  # long overdue: at least 30 days
            ("email", date(2027, 1, 1), 45, NOW + timedelta(days=120)),  # far away: at most 120
            ("email", None, 45, NOW + timedelta(days=45)),
            ("pdf", date(2026, 3, 20), 90, Datetime.to_datetime("2026-06-18")),
            ("pdf", date(2027, 1, 1), 90, Datetime.to_datetime("2027-04-01")),
            ("print", date(2025, 1, 1), 60, NOW + timedelta(days=30)),
            ("manual", date(2027, 1, 1), 14, NOW + timedelta(days=14)),
            ("portal", date(2025, 1, 1), 14, NOW + timedelta(days=14)),
        ]:
            with self.subTest(channel=channel, due=due):
                self.assertEqual(paylink.expires_at(channel, due, NOW, days), expected)

    def test_masked_reference(self):
        self.assertEqual(paylink.masked("INV/2026/00014"), "…0014")
        self.assertEqual(paylink.masked("0014"), "0014")

    def test_secrets_are_hidden_in_text(self):
        token = "A" * 43
        shown = paylink.fingerprint(token)[:6]
        for text, expected in [
            (f'"GET /pay/{token}/review?choice=all" 200', f'"GET /pay/#{shown}/review?choice=all" 200'),
            (f"/my/invoices/1?access_token={token}&x=1", f"/my/invoices/1?access_token=#{shown}&x=1"),
            (f"GET /offers/stop/{token} HTTP/1.1", f"GET /offers/stop/#{shown} HTTP/1.1"),
            (f"/pay/{token}A", f"/pay/{token}A"),  # not a token
            ("/pay/code", "/pay/code"),
        ]:
            with self.subTest(text=text):
                self.assertEqual(paylink.hide_secrets(text), expected)
