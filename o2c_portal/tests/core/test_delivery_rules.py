"""Failures of mails: which are worth another try, and when."""

from datetime import timedelta

from odoo.tests import BaseCase, tagged

from odoo.addons.o2c_portal.core import delivery

REFUSED = "SMTPRecipientsRefused: {'x@example.com': (550, b'5.1.1 User unknown')}"
FULL = "SMTPRecipientsRefused: {'x@example.com': (452, b'4.2.2 Mailbox full')}"
SPAM = "SMTPDataError: (550, b'5.7.1 Message rejected as spam')"
AWAY = "SMTPConnectError: (421, b'4.3.2 Service not available')"


@tagged("post_install", "-at_install")
class TestDeliveryRules(BaseCase):

    def test_bad_addresses(self):
        for failure_type, reason, bad in (
            ("unknown", REFUSED, True),
            ("unknown", "550 No such user here", True),
            ("mail_email_invalid", "", True),
            ("mail_email_missing", None, True),
            ("unknown", FULL, False),
            ("unknown", SPAM, False),
            ("unknown", AWAY, False),
            ("mail_from_invalid", "", False),
            ("unknown", "Order 2550 could not be sent", False),
            (None, None, False),
        ):
            with self.subTest(failure_type=failure_type, reason=reason):
                self.assertIs(delivery.is_bad_address(failure_type, reason), bad)

    def test_in_short(self):
        for reason, short in (
            (f"{REFUSED}\nsecond line", REFUSED),
            ("111\nConnection refused", "Connection refused (111)"),
            ("  \n111\n\n", "111"),
            ("x" * 300, "x" * 200),
            ("", ""),
            (None, ""),
        ):
            with self.subTest(reason=reason):
                self.assertEqual(delivery.in_short(reason), short)

    def test_next_try(self):
        waits = [delivery.next_try("unknown", AWAY, tries) for tries in range(6)]
        self.assertEqual(waits, [
            timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=12), timedelta(hours=24),
            None,
        ])
        for failure_type, reason in (("mail_from_missing", ""), ("mail_email_invalid", ""), ("unknown", REFUSED)):
            with self.subTest(failure_type=failure_type):
                self.assertIsNone(delivery.next_try(failure_type, reason, 0))

    def test_message_id(self):
        seal = "0123456789abcdef" * 4
        self.assertEqual(
            delivery.message_id("invoice", 7, 0, seal, "host.example"),
            "<o2c-invoice-7-0-0123456789abcdef0123456789abcdef@host.example>",
        )

    def test_outcome(self):
        for states, outcome in (
            (("sent",), "sent"), (("sent", "sent"), "sent"), (("sent", "queued"), "queued"),
            (("sent", "bounced"), "failed"), (("queued", "failed"), "failed"), (("suppressed", "sent"), "failed"),
        ):
            with self.subTest(states):
                self.assertEqual(delivery.outcome(states), outcome)
