"""Codes on paper: derived, stored, written and read."""

from odoo.tests import BaseCase, tagged

from odoo.addons.o2c_portal.core import paycode


@tagged("post_install", "-at_install")
class TestPaycode(BaseCase):
    def test_derived_code_repeats_and_is_printed_in_groups(self):
        code = paycode.derive(b"key", "db", "nonce")
        self.assertEqual(code, "J6WSTR9K21M")
        self.assertEqual(paycode.shown(code), "J6WS-TR9K-21M")

    def test_every_argument_changes_code_and_hash(self):
        arguments = [(b"key", "db", "nonce"), (b"yek", "db", "nonce"), (b"key", "other", "nonce"), (b"key", "db", "n")]
        for function in (paycode.derive, paycode.fingerprint):
            with self.subTest(function=function.__name__):
                self.assertEqual(len({function(*each) for each in arguments}), 4)

    def test_the_hash_is_no_part_of_the_derivation(self):
        code = paycode.derive(b"key", "db", "nonce")
        self.assertEqual(len(paycode.fingerprint(b"key", "db", code)), 64)
        self.assertNotEqual(
            paycode.fingerprint(b"key", "db", "nonce"), paycode._hmac(b"key", "pay code", "db", "nonce").hex()
        )

    def test_needs_key_and_nonce(self):
        for key, nonce in [(b"", "nonce"), (b"key", "")]:
            with self.subTest(key=key, nonce=nonce), self.assertRaises(ValueError):
                paycode.derive(key, "db", nonce)

    def test_read_back(self):
        code = "K7QM2XH940"
        code += paycode.check_symbol(code)
        for typed in [code, code.lower(), paycode.shown(code), f" {paycode.shown(code)}\n", " ".join(code),
                      code.replace("0", "O"), code.replace("0", "o"), paycode.shown(code).replace("-", "\u2011")]:
            with self.subTest(typed=typed):
                self.assertEqual(paycode.parse(typed), code)

    def test_mistyped(self):
        code = paycode.derive(b"key", "db", "nonce")
        for typed in ["", " ", code[:-1], code + "0", code[:-1] + ("1" if code[-1] != "1" else "2"), "U" * 11, "é" * 11,
                      "٣" * 11, code + "\0", code + "?", "-" * 200 + code, "=" + code]:
            with self.subTest(typed=typed):
                self.assertIsNone(paycode.parse(typed))
