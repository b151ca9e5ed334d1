"""Mails that do not arrive: noticed, shown, tried again while that makes sense, and one task for each address."""

import smtplib

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import O2cCommon
from .delivery_common import AWAY, REFUSED, DeliveryMixin


@tagged("post_install", "-at_install")
class TestDelivery(O2cCommon, DeliveryMixin):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_deliveries()

    def _send(self, invoice, error=None):
        """Send an invoice and run the queue against a mail server that answers ``error``."""
        self.env["account.move.send"]._generate_and_send_invoices(invoice, sending_methods=["email"])
        self._run_queue(error)
        return self.rows.search([("res_model", "=", "account.move"), ("res_id", "=", invoice.id)])

    def _mail(self):
        return self.mails.search([("o2c_delivery_id", "!=", False)])

    def _tasks(self):
        return self.customer.activity_ids

    def test_sent(self):
        invoice = self._make_invoice(100)
        row = self._send(invoice)
        self.assertEqual((row.state, row.reason, bool(row.sent_at)), ("sent", False, True))
        self.assertFalse(self.mails.search([]), "the token rests nowhere")
        self.assertEqual(invoice.message_ids.notification_ids.mapped("notification_status"), ["sent"])
        self.assertNotIn("o2c_not_delivered", invoice._get_alerts())

    def test_a_refused_address_is_given_up_at_once_and_becomes_one_task(self):
        first, second = self._make_invoice(100), self._make_invoice(100)
        row = self._send(first, REFUSED)
        self.assertEqual((row.state, row.bad_address, row.retry_at, row.tries), ("failed", True, False, 1))
        self.assertIn("User unknown", row.reason)
        self.assertEqual(first._get_alerts()["o2c_not_delivered"]["level"], "danger")
        self.assertIn("payer@example.com", first._get_alerts()["o2c_not_delivered"]["message"])
        self.assertEqual(first.message_ids.notification_ids.notification_status, "exception")
        self.assertIn("User unknown", self.customer.o2c_undeliverable)
        self._send(second, REFUSED)
        self.assertEqual(len(self._tasks()), 1)
        self.assertEqual(self._tasks().user_id, self.clerk)
        self.assertIn("payer@example.com", self._tasks().summary)
        self.assertIn(first.name, self._tasks().note)

    def test_a_server_that_is_away_is_tried_again(self):
        row = self._send(self._make_invoice(100), AWAY)
        self.assertEqual((row.state, row.bad_address, row.tries), ("failed", False, 1))
        mail = self.mails.search([])
        self.assertEqual((mail.state, mail.o2c_retry_at), ("exception", row.retry_at))
        self.assertFalse(self._tasks())
        self.mails._cron_o2c_retry_receipts()
        self.assertEqual(mail.state, "exception", "not before its time")
        mail.o2c_retry_at = fields.Datetime.now()
        self.mails._cron_o2c_retry_receipts()
        self.assertEqual((mail.state, row.state), ("outgoing", "queued"))
        message_id = mail.message_id
        self._run_queue()
        self.assertEqual((row.state, row.retry_at, row.message_id), ("sent", False, message_id))

    def test_a_server_that_hangs_up_is_noticed_later(self):
        row = self._send(self._make_invoice(100), smtplib.SMTPServerDisconnected("gone"))
        mail = self._mail()
        self.assertEqual((mail.state, row.state), ("exception", "queued"), "nobody was told")
        self.mails._cron_o2c_retry_receipts()
        self.assertEqual((row.state, row.tries, bool(row.retry_at)), ("failed", 1, True))
        self.assertEqual(mail.o2c_retry_at, row.retry_at)

    def test_an_address_that_was_corrected_is_no_alert(self):
        invoice = self._make_invoice(100)
        old = self._send(invoice, REFUSED)
        self.customer.email = "right@example.com"
        rows = self._send(invoice)
        self.assertEqual((old.state, (rows - old).state), ("replaced", "sent"))
        self.assertNotIn("o2c_not_delivered", invoice._get_alerts())

    def test_customers_do_not_read_who_else_was_written_to(self):
        invoice = self._make_invoice(100)
        self._send(invoice, REFUSED)
        reader = new_test_user(self.env, "reader_of_alerts", groups="base.group_portal", partner_id=self.customer.id)
        self.assertFalse(invoice.with_user(reader)._get_alerts())

    def test_given_up_after_all_tries(self):
        row = self._send(self._make_invoice(100), AWAY)
        for _try in range(5):
            self.mails.search([]).o2c_retry_at = fields.Datetime.now()
            self.mails._cron_o2c_retry_receipts()
            self._run_queue(AWAY)
        self.assertEqual((row.state, row.tries, row.retry_at), ("failed", 6, False))
        self.assertEqual(len(self._tasks()), 1)

    def test_clerk_tries_again(self):
        row = self._send(self._make_invoice(100), REFUSED)
        outsider = new_test_user(self.env, "outsider_of_mails", groups="account.group_account_invoice")
        with self.assertRaises(AccessError):
            row.with_user(outsider).action_retry()
        row.with_user(self.clerk).action_retry()
        self.assertEqual((row.state, row.tries, self._mail().state), ("queued", 0, "outgoing"))
        self._run_queue()
        self.assertEqual(row.state, "sent")

    def test_what_comes_back_is_noted(self):
        invoice = self._make_invoice(100)
        row = self._send(invoice)
        self._bounce(row.message_id)
        self.assertEqual((row.state, row.bad_address), ("bounced", True))
        self.assertIn("does not exist", row.reason)
        self.assertEqual((len(self._tasks()), self.customer.message_bounce), (1, 1))
        self.assertEqual(invoice.message_ids.notification_ids.notification_status, "bounce")
        self._bounce(row.message_id)
        self.assertEqual(len(self._tasks()), 1)
        self._bounce("<somebody-elses@example.com>")
        self.assertEqual(self.rows.search_count([("state", "=", "bounced")]), 1)

    def test_nobody_to_write_to(self):
        self.customer.email = False
        invoice = self._make_invoice(100)
        row = self._send(invoice)
        self.assertEqual((row.state, row.address), ("suppressed", "Payer Ltd"))
        self.assertIn("no email address", row.reason)
        self.assertFalse(self.mails.search([]))
        self.assertEqual(len(self._tasks()), 1)

    def test_a_contact_whose_address_is_none(self):
        odd = self.env["res.partner"].create({"name": "Odd", "email": "odd at example", "o2c_role_invoice": True,
                                              "parent_id": self.customer.id})
        self.customer.o2c_role_invoice = True
        rows = self._send(self._make_invoice(100))
        self.assertEqual({row.address: row.state for row in rows},
                         {"payer@example.com": "sent", odd.email: "suppressed"})

    def test_what_came_back_is_held_back_next_time_until_somebody_sends_it(self):
        self._bounce(self._send(self._make_invoice(100)).message_id)
        invoice = self._make_invoice(100)
        row = self._send(invoice)
        self.assertEqual((row.state, self.mails.search_count([])), ("suppressed", 0))
        self.assertIn("came back", row.reason)
        self.assertIn("o2c_not_delivered", invoice._get_alerts())
        self.env["account.move.send.wizard"].with_context(
            active_model="account.move", active_ids=invoice.ids,
        ).create({"sending_methods": ["email"]}).action_send_and_print()
        self.assertEqual((row.state, self.mails.search_count([])), ("queued", 1))
        self._run_queue()
        self.assertFalse(self.customer.o2c_undeliverable)
        self.assertFalse(self.rows.search([("bad_address", "=", True)]), "one that arrives shows that it works again")

    def test_what_came_back_is_held_back_when_a_program_sends(self):
        self._bounce(self._send(self._make_invoice(100)).message_id)
        invoice = self._make_invoice(100)
        invoice._generate_and_send()
        self.assertEqual(self.rows.search([("res_id", "=", invoice.id)]).state, "suppressed")
        self.assertFalse(self._mail())

    def test_what_came_back_is_held_back_when_the_same_document_is_sent_again(self):
        invoice = self._make_invoice(100)
        row = self._send(invoice, REFUSED)
        for _again in range(2):
            self.assertEqual(self._send(invoice), row)
            self.assertEqual((row.state, row.bad_address, self._mail().mapped("state")),
                             ("suppressed", True, ["cancel"]))
            self.assertIn("User unknown", row.reason)
            self.assertNotIn("came back", row.reason, "the reason is that of the mail server")
        self.env["account.move.send"]._generate_and_send_invoices(
            invoice, sending_methods=["email"], mail_partner_ids=self.customer.ids,
        )
        self.assertEqual((row.state, row.bad_address), ("queued", True))
        self._run_queue(AWAY)
        self.assertEqual((row.state, row.bad_address), ("failed", True), "nobody knows that it works")
        row.action_retry()
        self._run_queue()
        self.assertEqual((row.state, row.bad_address, row.reason), ("sent", False, False))
