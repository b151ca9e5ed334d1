"""Receipts and statements that do not arrive: known like invoices, shown on their own lists, never sent twice."""

import re
from unittest.mock import patch

from odoo import SUPERUSER_ID, fields
from odoo.tests import tagged

from ..core.recipients import Recipient
from .delivery_common import AWAY, REFUSED, DeliveryMixin
from .statement_common import StatementCase
from .test_money_event import MoneyEventCase


@tagged("post_install", "-at_install")
class TestReceiptDelivery(MoneyEventCase, DeliveryMixin):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_deliveries()

    def _paid(self, error=None, amount=100):
        """Have an invoice paid, and its receipt sent to a mail server that answers ``error``; return the notice."""
        payment = self._pay(self._make_invoice(amount))
        self._apply()
        self._run_queue(error)
        return payment.o2c_notice_ids

    def _rows_of(self, notice):
        return self.rows.search([("kind", "=", "receipt"), ("res_id", "=", notice.id)], order="id")

    def _chosen(self, *names):
        return self.env["res.partner"].create([
            {"name": name, "email": f"{name}@example.com", "parent_id": self.customer.id, "o2c_role_receipt": True}
            for name in names
        ])

    def test_a_row_for_every_reader(self):
        self.env.company.o2c_receipt_emails = "stock@example.com"
        notice = self._paid()
        rows = self._rows_of(notice)
        self.assertEqual([(row.address, row.audience, row.state) for row in rows],
                         [("payer@example.com", "customer", "sent"), ("stock@example.com", "staff", "sent")])
        self.assertEqual(rows.mapped("document"), [notice.payment_id.name] * 2)
        self.assertEqual(rows.partner_id, self.customer)
        self.assertEqual((notice.state, notice.note, notice.sent_at),
                         ("sent", '"Payer Ltd" <payer@example.com>', rows[0].sent_at))

    def test_a_refused_address_is_known_from_then_on(self):
        first = self._paid(REFUSED)
        self.assertEqual((first.state, first.payment_id.o2c_receipt_state), ("failed", "failed"))
        self.assertIn("payer@example.com: ", first.note)
        self.assertIn("User unknown", first.note)
        self.assertEqual(self.customer.activity_ids.mapped("summary"), ["Mails to payer@example.com do not arrive"])
        self.assertEqual(self.customer.activity_ids.user_id, self.clerk)
        self.assertIn("User unknown", self.customer.o2c_undeliverable)
        invoice = self._make_invoice(10)
        dialog = self.env["account.move.send.wizard"].with_context(
            active_model="account.move", active_ids=invoice.ids,
        ).create({})
        self.assertIn("User unknown", dialog.alerts["o2c_bad_address"]["message"])
        self.env["account.move.send"]._generate_and_send_invoices(invoice, sending_methods=["email"])
        self.assertEqual(self.rows.search([("res_model", "=", "account.move"), ("res_id", "=", invoice.id)]).state,
                         "suppressed")
        second = self._paid()
        self.assertEqual((second.state, self._rows_of(second).state), ("failed", "suppressed"))
        self.assertIn("came back", second.note)
        self.assertFalse(self.mails.search([("o2c_delivery_id", "=", self._rows_of(second).id)]))
        self.assertEqual(len(self.customer.activity_ids), 1)

    def test_a_person_has_it_tried_all_the_same(self):
        self._paid(REFUSED)
        notice = self._paid()
        notice.action_send_again()
        row = self._rows_of(notice)
        self.assertEqual((row.state, row.copies, notice.state, notice.copies), ("queued", 1, "queued", 1))
        self.assertEqual(self._run_queue(), [row.message_id])
        self.assertEqual((notice.state, self.rows.search_count([("bad_address", "=", True)])), ("sent", 0))

    def test_what_comes_back_is_seen_on_the_receipt(self):
        notice = self._paid()
        row = self._rows_of(notice)
        for _twice in range(2):
            self._bounce(row.message_id)
            self.assertEqual((row.state, notice.state, notice.payment_id.o2c_receipt_state),
                             ("bounced", "failed", "failed"))
            self.assertIn("payer@example.com: The address does not exist", notice.note)
            self.assertEqual(len(self.customer.activity_ids), 1)
        self.assertIn(notice, notice.search([("state", "=", "failed")]))

    def test_the_one_that_is_not_there_is_what_is_seen(self):
        one, _two = self._chosen("one", "two")
        notice = self._paid(AWAY)
        first, second = self._rows_of(notice)
        self.assertEqual((first.contact_id, first.tries, second.tries), (one, 1, 1))
        self.mails.search([("o2c_delivery_id", "=", first.id)]).o2c_retry_at = fields.Datetime.now()
        self.mails._cron_o2c_retry_receipts()
        self.assertEqual(self._run_queue(), [first.message_id])
        self.assertEqual((notice.state, first.state), ("failed", "sent"))
        self.assertNotIn("one@example.com", notice.note)
        self.assertIn("two@example.com", notice.note)
        self.assertIn("It is tried again.", notice.note)
        self._bounce(first.message_id, "one@example.com")
        self.assertIn("one@example.com: The address does not exist", notice.note)

    def test_a_copy_for_staff_that_does_not_arrive_is_no_lost_receipt(self):
        self.env.company.o2c_receipt_emails = "stock@example.com"
        notice = self._paid()
        _customer, staff = self._rows_of(notice)
        self._bounce(staff.message_id, "stock@example.com")
        self.assertEqual((staff.state, notice.state), ("bounced", "sent"))

    def test_what_is_no_address_is_said(self):
        odd, _good = self._chosen("odd", "good")
        odd.email = "odd at example"
        notice = self._paid()
        self.assertEqual({row.address: row.state for row in self._rows_of(notice)},
                         {"odd at example": "suppressed", "good@example.com": "sent"})
        self.assertEqual((notice.state, notice.note), ("failed", "odd at example: no email address"))
        self.assertEqual(len(self.customer.activity_ids), 1)

    def test_sent_again_takes_the_place_of_what_waits(self):
        payment = self._pay(self._make_invoice(100))
        self._apply()
        notice = payment.o2c_notice_ids
        row = self._rows_of(notice)
        payment.action_o2c_send_receipt()
        self.assertEqual(sorted(self.mails.search([("o2c_delivery_id", "=", row.id)]).mapped("state")),
                         ["cancel", "outgoing"])
        self.assertEqual(self._run_queue(), [row.message_id])
        self.customer.email = "other@example.com"
        payment.action_o2c_send_receipt()
        self._run_queue(REFUSED)
        self.customer.email = "third@example.com"
        payment.action_o2c_send_receipt()
        self._run_queue()
        self.assertEqual({row.address: row.state for row in self._rows_of(notice)},
                         {"payer@example.com": "sent", "other@example.com": "replaced", "third@example.com": "sent"})
        self.assertEqual(notice.state, "sent")

    def test_tried_again_where_the_reader_is_by_now(self):
        notice = self._paid(AWAY)
        old = self._rows_of(notice)
        self.customer.email = "new@example.com"
        old.with_user(self.clerk).action_retry()
        new = self._rows_of(notice) - old
        self.assertEqual((old.state, new.address, notice.state, notice.note),
                         ("replaced", "new@example.com", "queued", '"Payer Ltd" <new@example.com>'))
        self.assertEqual(self._run_queue(), [new.message_id])
        self.assertEqual(notice.state, "sent")

    def test_not_tried_at_an_extra_address_that_was_taken_away(self):
        extra = self.env["o2c.billing.address"].create({
            "partner_id": self.customer.id, "email": "scan@example.net", "role_receipt": True,
        })
        notice = self._paid(AWAY)
        row = self._rows_of(notice).filtered(lambda row: row.address == "scan@example.net")
        extra.role_receipt = False
        row.with_user(self.clerk).action_retry()
        self.assertEqual(row.state, "replaced")
        self.assertEqual(self.mails.search([("o2c_delivery_id", "=", row.id)]).state, "cancel")

    def test_a_receipt_that_cannot_be_made_leaves_nothing(self):
        payment = self._pay(self._make_invoice(100))
        with patch.object(self.env.registry["o2c.receipt"], "_mails", side_effect=ValueError("broken")), \
             self.assertLogs("odoo.addons.o2c_portal.models.o2c_money_event", "WARNING"):
            self._apply()
        self.assertFalse(self.rows.search([("kind", "=", "receipt")]))
        self.events.search([]).next_at = fields.Datetime.now()
        self._apply()
        self._apply()
        self.assertEqual(len(self._rows_of(payment.o2c_notice_ids)), 1)

    def test_no_query_for_each_reader(self):
        def queries(count):
            notice = self._paid(amount=count).sudo()
            readers = [Recipient(f"{number}@example.com", "", "en_US", False, "customer") for number in range(count)]
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(len(self.rows._prepare("receipt", notice, readers, by_hand=False)), count)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        queries(1)
        self.assertEqual(queries(12), queries(2))


@tagged("post_install", "-at_install")
class TestStatementDelivery(StatementCase, DeliveryMixin):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_deliveries()
        cls.mailings = cls.env["o2c.statement.mailing"].with_user(SUPERUSER_ID)
        cls.mailings.search([]).unlink()
        cls._make_invoice(100.0, None, cls._ago(30))

    def _job(self):
        with patch.object(self.env.registry["ir.cron"], "_commit_progress", lambda *args, **kwargs: float("inf")):
            self.mailings._cron_send()

    def _stated(self, error=None, others=None):
        """Send the customer, and others, a statement by a mail server that answers ``error``; return the customer's row
        in the list."""
        partners = self.customer | (others or self.customer)
        wizard = self.env["o2c.statement.send"].create({"partner_ids": [fields.Command.set(partners.ids)]})
        wizard.action_send()
        self._job()
        self._run_queue(error)
        return self.mailings.search([("partner_id", "=", self.customer.id)], limit=1)

    def _rows_of(self, mailing):
        return self.rows.search([("kind", "=", "statement"), ("res_id", "=", mailing.id)], order="id")

    def _mails_of(self, mailing):
        return self.mails.search([("o2c_delivery_id", "in", self._rows_of(mailing).ids)], order="id")

    def test_a_refused_address_is_known_and_held_back_until_a_person_asks(self):
        first = self._stated(REFUSED)
        self.assertEqual((first.state, self._rows_of(first).bad_address), ("failed", True))
        self.assertIn("User unknown", first.reason)
        self.assertEqual((len(self.customer.activity_ids), self.customer.activity_ids.user_id), (1, self.clerk))
        self.assertIn("(Open items as of ", self.customer.o2c_undeliverable)
        other = self.env["res.partner"].create({"name": "Second", "email": "second@example.com"})
        self._make_invoice(10.0, None, self._ago(3), partner=other)
        self.customer.invalidate_recordset(["o2c_statement_undeliverable"])
        self.assertFalse(other.o2c_statement_undeliverable)
        self.assertIn("payer@example.com: ", self.customer.o2c_statement_undeliverable)
        second = self._stated(others=other)
        self.assertEqual((second.state, self._rows_of(second).state, len(self._mails_of(second))),
                         ("failed", "suppressed", 0))
        self.assertEqual(self.mailings.search([("partner_id", "=", other.id)]).state, "sent")
        self.assertIn("came back", second.reason)
        second.with_user(self.clerk).action_retry()
        self._job()
        self.assertEqual((second.state, second.reason), ("mailed", False))
        self._run_queue()
        self.assertEqual((second.state, bool(second.sent_at)), ("sent", True))
        self.assertFalse(self.rows.search([("bad_address", "=", True)]), "one that arrives shows that it works again")

    def test_of_one_customer_it_is_tried_all_the_same(self):
        self._stated(REFUSED)
        self.assertEqual(self._stated().state, "sent")

    def test_the_mail_server_is_away(self):
        """The mails are tried again by their deliveries; the job makes none for that."""
        row = self._stated(AWAY)
        delivery = self._rows_of(row)
        self.assertEqual((row.state, row.tries, delivery.tries, bool(delivery.retry_at)), ("failed", 1, 1, True))
        self.assertIn("It is tried again.", row.reason)
        self._job()
        mail = self._mails_of(row)
        mail.o2c_retry_at = fields.Datetime.now()
        self.mails._cron_o2c_retry_receipts()
        self.assertEqual(self._run_queue(), [delivery.message_id])
        self.assertEqual((row.state, row.reason, len(self._mails_of(row))), ("sent", False, 1))

    def test_sent_while_somebody_asks_again(self):
        row = self._stated(AWAY)
        row.with_user(self.clerk).action_retry()
        self._mails_of(row).mark_outgoing()
        self._run_queue()
        self.assertEqual((row.state, self._rows_of(row).state), ("queued", "sent"))
        self._job()
        self.assertEqual((row.state, len(self._mails_of(row))), ("sent", 1))

    def test_what_comes_back_is_seen_and_goes_to_that_reader_alone(self):
        one, two = self.env["res.partner"].create([
            {"name": name, "email": f"{name}@example.com", "parent_id": self.customer.id, "o2c_role_statement": True}
            for name in ("one", "two")
        ])
        row = self._stated()
        self.assertEqual((row.state, row.address), ("sent", '"one" <one@example.com>, "two" <two@example.com>'))
        first, second = self._rows_of(row)
        self._bounce(second.message_id, two.email)
        self.assertEqual((row.state, row.reason), ("failed", "two@example.com: The address does not exist."))
        row.with_user(self.clerk).action_retry()
        self._job()
        self.assertEqual((row.state, first.copies, second.copies, second.state), ("mailed", 0, 1, "queued"))
        self.assertEqual(self._run_queue(), [second.message_id])
        self.assertEqual((row.state, first.contact_id), ("sent", one))

    def test_a_copy_for_staff_that_does_not_arrive_is_no_lost_statement(self):
        self.env.company.o2c_statement_emails = "archive@example.com"
        row = self._stated()
        staff = self._rows_of(row).filtered(lambda row: row.audience == "staff")
        self._bounce(staff.message_id, staff.address)
        self.assertEqual((staff.state, row.state), ("bounced", "sent"))

    def test_what_is_no_address_is_said(self):
        self.env["res.partner"].create([
            {"name": "Odd", "email": email, "parent_id": self.customer.id, "o2c_role_statement": True}
            for email in ("odd at example", "good@example.com")
        ])
        row = self._stated()
        self.assertEqual({row.address: row.state for row in self._rows_of(row)},
                         {"odd at example": "suppressed", "good@example.com": "sent"})
        self.assertEqual((row.state, row.reason), ("failed", "odd at example: no email address"))

    def test_tried_again_at_the_new_address_with_a_link_that_works(self):
        row = self._stated(AWAY)
        old = self._rows_of(row)
        mail, token = self._mails_of(row), old.link_id._token()
        self.assertIn(f"/pay/{token}", mail.body_html)
        self.customer.email = "new@example.com"
        self.assertTrue(old.link_id.revoked_at)
        old.with_user(self.clerk).action_retry()
        new = self._rows_of(row) - old
        self.assertEqual((mail.o2c_delivery_id, new.address, row.state), (new, "new@example.com", "mailed"))
        [link] = {self.env["o2c.pay.link"].sudo()._find(found) for found in re.findall(r"/pay/([\w-]{43})",
                                                                                      mail.body_html)}
        self.assertEqual((link.partner_id, link.state, link), (self.customer, "active", new.link_id))
        self._run_queue()
        self.assertEqual((row.state, mail.body_html), ("sent", False), "the way to pay is not kept")

    def test_nobody_left_to_write_to(self):
        row = self._stated(AWAY)
        self.customer.email = False
        row.with_user(self.clerk).action_retry()
        self._job()
        self.assertEqual((row.state, self._rows_of(row).state, self._mails_of(row).state),
                         ("no_address", "replaced", "cancel"))

    def test_the_document_behind_a_row(self):
        row = self._stated()
        action = self._rows_of(row).with_user(self.clerk).action_open_document()
        self.assertEqual((action["res_model"], action["domain"], action["view_mode"]),
                         ("o2c.statement.mailing", [("id", "=", row.id)], "list"))
