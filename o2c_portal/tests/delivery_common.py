"""Shared by the tests of mails that do not arrive: a mail server that refuses them, and one that sends them back."""

import smtplib
from unittest.mock import patch
from uuid import uuid4

from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_mail_server import IrMail_Server
from odoo.addons.mail.tests.common import MockEmail

REFUSED = smtplib.SMTPRecipientsRefused({"payer@example.com": (550, b"5.1.1 User unknown")})
AWAY = smtplib.SMTPConnectError(421, b"4.3.2 Service not available")


class DeliveryMixin(MockEmail):

    @classmethod
    def _set_up_deliveries(cls):
        """Make the clerk who gets the tasks; nothing is in the mail queue."""
        cls._init_mail_gateway()
        cls.clerk = new_test_user(cls.env, "clerk_of_mails", groups="o2c_portal.o2c_portal_group_user")
        cls.env.company.o2c_request_user_id = cls.clerk
        cls.mails, cls.rows = cls.env["mail.mail"].sudo(), cls.env["o2c.delivery"].sudo()
        cls.mails.search([]).unlink()

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def _run_queue(self, error=None):
        """Send what is queued to a mail server that answers ``error``; return the Message-IDs of ours that it took.
        """
        with self.mock_mail_gateway(mail_unlink_sent=True):
            if error:
                with patch.object(IrMail_Server, "send_email", side_effect=error):
                    self.mails.process_email_queue()
            else:
                self.mails.process_email_queue()
            return [mail["message_id"] for mail in self._mails if mail["message_id"].startswith("<o2c-")]

    def _bounce(self, message_id, address="payer@example.com"):
        """Receive what a mail server sends back when it could not deliver a mail."""
        report = f"""From: MAILER-DAEMON@example.com
To: bounce@{self.alias_domain}
Subject: Undelivered Mail Returned to Sender
Message-ID: <{uuid4()}@example.com>
Content-Type: multipart/report; report-type=delivery-status; boundary="part"

--part
Content-Type: text/plain

The address does not exist.

--part
Content-Type: message/delivery-status

Reporting-MTA: dns; example.com

Final-Recipient: rfc822; {address}
Action: failed
Status: 5.1.1

--part
Content-Type: message/rfc822

Message-ID: {message_id}
Subject: Invoice
From: us@{self.alias_domain}
To: {address}

Hello
--part--
"""
        with mute_logger("odoo.addons.mail.models.mail_thread"):
            self.env["mail.thread"].message_process(None, report)
