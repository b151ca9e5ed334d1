"""The mail queue and others at work on the same rows: a mail that was sent is never sent again for that."""

from unittest.mock import patch

from psycopg2.errors import LockNotAvailable, SerializationFailure

from odoo import SUPERUSER_ID, api, sql_db
from odoo.exceptions import LockError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_mail_server import IrMail_Server

from .common import O2cCommon


@tagged("post_install", "-at_install")
class TestMailQueue(O2cCommon):
    """The queue and somebody else, on two real connections; what they commit is taken away again."""

    def setUp(self):
        super().setUp()
        connection = sql_db.db_connect(self.env.cr.dbname)
        self.queue, self.other = connection.cursor(), connection.cursor()
        self.addCleanup(self._forget)
        self.sent = []
        env = api.Environment(self.queue, SUPERUSER_ID, {})
        company = env["res.company"].search([], limit=1)
        self.row, self.mail, self.old = env["o2c.delivery"], env["mail.mail"], env["o2c.delivery"]
        self.row, self.old = env["o2c.delivery"].create([{
            "kind": "invoice", "res_model": "res.company", "res_id": number, "company_id": company.id,
            "address": "queue@example.com", "audience": "customer", "state": state, "bad_address": number == 2,
            "message_id": f"<queue-{number}@example.com>",
        } for number, state in ((1, "queued"), (2, "bounced"))])
        self.mail = env["mail.mail"].create({**self.row._mail_values(), "subject": "Queue", "body_html": "Hello",
                                             "email_from": "us@example.com"})
        self.queue.commit()
        for cursor in (self.queue, self.other):
            cursor.execute("SET lock_timeout = '200ms'")
            cursor.commit()

    def _forget(self):
        for cursor in (self.queue, self.other):
            cursor.rollback()
        self.queue.execute("DELETE FROM mail_message WHERE subject = 'Queue'")
        self.queue.execute("DELETE FROM o2c_delivery WHERE address = 'queue@example.com'")
        self.queue.commit()
        for cursor in (self.queue, self.other):
            cursor.close()

    def _run_queue(self, meanwhile=lambda: None, auto_commit=True):
        """Send the mail; ``meanwhile`` happens at the moment the mail server takes it."""
        def send_email(server, message, **options):
            self.sent.append(message["To"])
            meanwhile()
            return message["Message-Id"]

        with patch.object(IrMail_Server, "send_email", send_email), \
             patch.object(IrMail_Server, "_disable_send", lambda server: False), \
             patch.object(IrMail_Server, "_connect__", lambda server, **options: None):
            self.mail.browse(self.mail.id).exists().send(auto_commit=auto_commit)

    def _touch(self, table, record_id):
        """Write on a row as somebody else; say whether that was possible just then."""
        try:
            statement = f"UPDATE {table} SET write_date = now() WHERE id = %s"
            self.other.execute(statement, [record_id], log_exceptions=False)
            self.other.commit()
        except (LockNotAvailable, SerializationFailure):
            self.other.rollback()
            return False
        return True

    def test_nobody_gets_between_sending_and_writing_that_down(self):
        rows = (
            ("o2c_delivery", self.row.id), ("o2c_delivery", self.old.id), ("mail_mail", self.mail.id),
            ("mail_message", self.mail.mail_message_id.id),
        )
        touched = []
        self._run_queue(lambda: touched.extend(self._touch(table, record_id) for table, record_id in rows))
        self.assertEqual(touched, [False] * len(rows))
        self.assertEqual((self.sent, self.row.state, self.old.bad_address), (["queue@example.com"], "sent", False))
        self._run_queue()
        self.assertEqual(len(self.sent), 1)

    def test_nor_to_the_statement_that_says_what_became_of_it(self):
        env = self.row.env
        statement = env["o2c.statement.mailing"].create({
            "partner_id": env.company.partner_id.id, "company_id": self.row.company_id.id, "kind": "open",
            "date_to": "2026-01-01", "state": "mailed",
        })
        self.addCleanup(self._remove, statement)
        self.row.write({"kind": "statement", "res_model": statement._name, "res_id": statement.id})
        self.queue.commit()
        touched = []
        self._run_queue(lambda: touched.append(self._touch("o2c_statement_mailing", statement.id)))
        self.assertEqual((touched, self.sent, statement.state), ([False], ["queue@example.com"], "sent"))

    def _remove(self, record):
        self.queue.rollback()
        record.unlink()
        self.queue.commit()

    def test_what_somebody_else_is_writing_is_left_for_later(self):
        self.other.execute("UPDATE o2c_delivery SET write_date = now() WHERE id = %s", [self.row.id])
        cron = self.mail.env.ref("mail.ir_cron_mail_scheduler_action")
        before = self.mail.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        self._run_queue()
        self.assertFalse(self.sent)
        triggers = self.mail.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]) - before
        self.assertEqual((self.mail.state, len(triggers)), ("outgoing", 1))
        triggers.unlink()
        self.other.commit()
        self._run_queue()
        self.assertEqual((len(self.sent), self.row.state), (1, "sent"))

    def test_what_was_written_a_moment_ago_is_seen(self):
        self.assertEqual(self.mail.state, "outgoing", "the queue has read it")
        self.other.execute("UPDATE mail_mail SET state = 'cancel' WHERE id = %s", [self.mail.id])
        self.other.commit()
        self._run_queue()
        self.assertFalse(self.sent)

    @mute_logger("odoo.sql_db")
    def test_in_one_transaction_nothing_is_sent(self):
        self.other.execute("UPDATE o2c_delivery SET write_date = now() WHERE id = %s", [self.row.id])
        with self.assertRaises(LockError):
            self._run_queue(auto_commit=False)
        self.assertFalse(self.sent)
