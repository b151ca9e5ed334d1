"""Adds to mail.mail: mails of ours report how they fared, and are tried again by themselves."""

from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import LockError

LATER = timedelta(minutes=1)  # when a mail is looked at again whose rows somebody else was writing


class MailMail(models.Model):
    _inherit = "mail.mail"

    o2c_send_item_id = fields.Many2one(
        "o2c.send.item", string="Document of a bulk sending", index="btree_not_null", ondelete="set null", readonly=True
    )
    o2c_delivery_id = fields.Many2one(
        "o2c.delivery", string="Delivery", index="btree_not_null", ondelete="set null", readonly=True
    )
    o2c_text = fields.Text("Plain text", readonly=True, help="Sent beside the HTML; otherwise it is made of that.")
    o2c_retry_at = fields.Datetime(string="Next try", readonly=True)

    def _o2c_queue(self):
        """Have Odoo's mail queue send these mails right after the commit."""
        if self:
            self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()

    # Before sending: what is written afterwards is held first, or a conflict would undo that a mail was sent

    def _send(self, auto_commit=False, post_send_callback=None, **options):
        """Override of mail: take hold of what is written down once mails of ours are sent before they are. One whose
        rows somebody else is writing is left for later; where all is one transaction, none is sent then.

        :raises LockError: for the latter
        """
        ours = self.sudo().filtered(lambda mail: mail._o2c_is_ours()).sudo(self.env.su)
        options.update(auto_commit=auto_commit, post_send_callback=post_send_callback)
        if not auto_commit or not ours:
            ours._o2c_hold()
            return super()._send(**options)
        if others := self - ours:
            super(MailMail, others)._send(**options)
        self.env.cr.commit()  # pylint: disable=invalid-commit  # as after every mail; from here on one may be undone
        for mail in ours:
            if mail._o2c_try_hold():
                super(MailMail, mail)._send(**options)
            elif post_send_callback:
                post_send_callback(mail.ids)
        return True

    def _o2c_is_ours(self):
        return bool(self.o2c_send_item_id or self.o2c_delivery_id)

    def _o2c_hold(self):
        """Lock all that is written after these mails were sent.

        :raises LockError: if somebody else is writing it
        """
        mails_sudo = self.sudo()  # the queue may run as anybody
        rows_sudo = mails_sudo.o2c_delivery_id
        notifications_sudo = self.env["mail.notification"].sudo().search([("mail_mail_id", "in", self.ids)])
        for deleted_sudo in (mails_sudo, mails_sudo.mail_message_id):
            deleted_sudo.lock_for_update()
        for written_sudo in (
            notifications_sudo, rows_sudo | rows_sudo._bad_before(), mails_sudo.o2c_send_item_id, *rows_sudo._told(),
        ):
            written_sudo.lock_for_update(allow_referencing=True)

    def _o2c_try_hold(self):
        """Lock all that is written after this mail was sent, or say no and have the queue come back to it."""
        try:
            self._o2c_hold()
        except (OperationalError, LockError):
            self.env.cr.rollback()
            self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger(at=fields.Datetime.now() + LATER)
            self.env.cr.commit()  # pylint: disable=invalid-commit  # the wake-up; nothing else was done
            return False
        return True

    def _prepare_outgoing_list(self, mail_server=False, doc_to_followers=None):
        """Override of mail: what was written as plain text is sent as it is."""
        emails = super()._prepare_outgoing_list(mail_server=mail_server, doc_to_followers=doc_to_followers)
        if self.o2c_text:
            for email in emails:
                email["body_alternative"] = self.o2c_text
        return emails

    def _postprocess_sent_message(self, success_pids, success_emails, failure_reason=False, failure_type=None):
        """Override of mail: note what became of a mail of ours, before it may be deleted."""
        self._o2c_note(failure_type)
        return super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason=failure_reason, failure_type=failure_type
        )

    def _o2c_note(self, failure_type):
        """Tell what these mails are for what became of them."""
        self.sudo().filtered("o2c_delivery_id")._o2c_note_reader(failure_type)  # sudo: the queue may run as anybody
        for mail in self.filtered("o2c_send_item_id"):
            mail.o2c_send_item_id.sudo()._note_delivery(mail)  # sudo: as above

    def _o2c_note_reader(self, failure_type):
        """Tell the deliveries, and the history of their documents, what became of their mails."""
        for mail in self:
            row = mail.o2c_delivery_id
            row._note(mail, failure_type)
            mail.o2c_retry_at = row.retry_at
            sent = mail.state == "sent"
            self.env["mail.notification"].search([("mail_mail_id", "=", mail.id)]).write({
                "notification_status": "sent" if sent else "exception",
                "failure_type": False if sent else failure_type, "failure_reason": row.reason,
            })
            if sent and row.link_id and not mail.auto_delete:
                mail.body_html = False  # the mail stays, the way to pay does not
            row._tell()

    @api.model
    def _cron_o2c_retry_receipts(self):
        """Give mails that could not be sent back to the mail queue, at growing intervals.

        A mail server that hangs up in the middle makes Odoo forget to say that a mail failed; it is noted here.
        """
        self.search([
            ("state", "=", "exception"), ("o2c_retry_at", "=", False), ("o2c_delivery_id.state", "=", "queued"),
        ])._o2c_note(None)
        mails = self.search([
            ("state", "=", "exception"), ("o2c_retry_at", "<=", fields.Datetime.now()),
            ("o2c_delivery_id", "!=", False),
        ])
        mails.o2c_delivery_id.write({"state": "queued"})
        mails.mark_outgoing()
        mails._o2c_queue()
