"""Statements on their way to customers: one row each, none skipped, none sent twice, across kills and restarts."""

import logging

from markupsafe import escape
from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..core import statement
from ..core.statement import Period

_logger = logging.getLogger(__name__)
MAX_TRIES = 3
KINDS = [(statement.OPEN, "Open items"), (statement.ACTIVITY, "Activity")]


class O2cStatementMailing(models.Model):
    """One statement for one customer. The job writes the mail and says so in the same transaction: after a kill
    either both are there or neither. The try is committed before, so a row that kills its worker is given up."""

    _name = "o2c.statement.mailing"
    _description = "Statement Mailing"
    _order = "id desc"
    _rec_name = "partner_id"

    partner_id = fields.Many2one("res.partner", "Customer", required=True, readonly=True, index=True,
                                 ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    kind = fields.Selection(KINDS, required=True, readonly=True)
    date_from = fields.Date(readonly=True)
    date_to = fields.Date(required=True, readonly=True)
    state = fields.Selection(
        [
            ("queued", "Waiting"),
            ("mailed", "Being sent"),
            ("sent", "Sent"),
            ("failed", "Not sent"),
            ("no_address", "No email address"),
        ],
        required=True, default="queued", readonly=True, index=True,
    )
    address = fields.Char("Sent to", readonly=True)
    reason = fields.Char(readonly=True)
    sent_at = fields.Datetime("Sent on", readonly=True)
    tries = fields.Integer(readonly=True)
    mail_id = fields.Many2one("mail.mail", readonly=True, index="btree_not_null", ondelete="set null",
                              groups="base.group_system")

    @api.model
    def _queue(self, partners, company, period):
        """Write down whom to send a statement to and have them sent right after the commit.

        A customer who waits for the very same statement is not written down twice.
        """
        same = {"company_id": company.id, "kind": period.kind, "date_from": period.start or False,
                "date_to": period.end}
        waiting = self.search([("state", "=", "queued"), *((name, "=", value) for name, value in same.items())])
        rows = self.create([{
            **same, "partner_id": partner.id,
            "state": "queued" if partner._o2c_statement_recipients() else "no_address",
        } for partner in partners - waiting.partner_id])
        self._wake()
        return rows

    @api.model
    def _wake(self):
        self.env.ref("o2c_portal.ir_cron_statement_mailing").sudo()._trigger()

    # The job: one row, one commit

    @api.model
    def _cron_send(self):
        """Send what waits, row by row, until none is left or the time is up. A row that fails is tried again after
        the others."""
        cron, waiting = self.env["ir.cron"], [("state", "=", "queued")]
        seconds = cron._commit_progress(remaining=self.search_count(waiting))
        while seconds > 0 and (row := self.search(waiting, order="tries, id", limit=1)):
            if row.tries >= MAX_TRIES:
                row._failed(row.reason or self.env._("The server stopped at every try."))
            else:
                row.tries += 1
                cron._commit_progress()  # the try counts, whatever happens next
                row._send()
            seconds = cron._commit_progress(1, remaining=self.search_count(waiting))

    def _send(self):
        """Write the mail of one row; a failure is noted on the row and stops nobody else."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                self._write_mail()
        except OperationalError:  # somebody else is writing the same records: come back later
            self.env.cr.rollback()
        except Exception as error:  # noqa: BLE001 - one customer must not hold up the others; the reason is kept
            _logger.warning("Statement %s could not be made", self.id, exc_info=True)
            if self.tries >= MAX_TRIES:
                self._failed(str(error))
            else:
                self.reason = str(error)

    def _write_mail(self):
        recipients = self.partner_id._o2c_statement_recipients()
        if not recipients:
            self.state = "no_address"
            return
        mail = self.env["mail.mail"].create(self._mail_values(recipients))
        self.write({"state": "mailed", "mail_id": mail.id, "address": mail.email_to, "reason": False})
        mail._o2c_queue()

    def _failed(self, reason):
        self.write({"state": "failed", "reason": reason})

    def _period(self):
        return Period(self.kind, self.date_from or None, self.date_to)

    def _mail_values(self, recipients):
        """Return the values of the mail, in the customer's language, the statement attached.

        The note in the customer's history tells no amounts: whoever sees contacts need not see accounts.
        """
        period, company = self._period(), self.company_id
        partner = self.partner_id.with_context(lang=self.partner_id.lang or self.env.lang)
        paper = partner.env["o2c.statement.paper"].with_company(company)
        sections = self.env["o2c.statement"]._data(
            partner, company, period.kind, period.start, period.end,
        )[partner.id]
        subject = partner.env._("Statement of account: %(title)s", title=paper._title(period))
        sender = company.email_formatted or self.env.user.email_formatted
        return {
            "model": "res.partner", "res_id": partner.id, "o2c_statement_id": self.id,
            "subject": f"{subject} ({company.name})",
            "body_html": self._body(partner, paper, sections, subject, period),
            "body": escape(self.env._("Sent to %(addresses)s.", addresses=", ".join(recipients.mapped("email")))),
            "message_type": "email_outgoing", "is_notification": False, "auto_delete": False,
            "email_from": sender, "reply_to": sender, "email_to": ", ".join(recipients.mapped("email_formatted")),
            "author_id": company.partner_id.id,
            "attachment_ids": [fields.Command.create({
                "name": paper._file_name(period, "pdf"), "raw": paper._pdf(partner, company, period),
                "mimetype": "application/pdf", "res_model": self._name, "res_id": self.id,
            })],
        }

    def _body(self, partner, paper, sections, subject, period):
        return partner.env["ir.qweb"]._render("o2c_portal.statement_mail", {
            "company": self.company_id.with_context(lang=partner.env.lang), "customer": partner.name or "",
            "subject": subject, "title": paper._title(period), "lang": partner.env.lang,
            "sections": paper._view(statement.whole(sections), period),
        }, minimal_qcontext=True, lang=partner.env.lang)

    def _note_delivery(self, mail, reason):
        """Keep what became of the mail; the queue of mails calls this."""
        if mail.state == "sent":
            self.write({"state": "sent", "sent_at": fields.Datetime.now(), "reason": False})
        else:
            self._failed(reason)

    # People

    def action_retry(self):
        """Send statements again that did not go out, to the address the customer has now."""
        self.check_access("read")
        if not self.env.user.has_group("o2c_portal.o2c_portal_group_user"):
            raise AccessError(self.env._("Only Receivables users may send statements."))
        # sudo: rows are written by the system alone; a user may only ask for another try
        stuck = self.sudo().filtered(lambda row: row.state in ("failed", "no_address"))
        stuck.mail_id.filtered(lambda mail: mail.state in ("outgoing", "exception")).cancel()
        stuck.write({"state": "queued", "tries": 0, "reason": False})
        self._wake()
