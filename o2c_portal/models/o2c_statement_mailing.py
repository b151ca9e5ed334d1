"""Statements on their way to customers: one row each, none skipped, none sent twice, across kills and restarts."""

import logging

from markupsafe import escape
from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import email_normalize_all, formataddr

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
            "state": "queued" if partner.o2c_statement_address else "no_address",
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
        """Write one mail for each reader; who has this very statement already gets no second one."""
        readers = self._readers()
        if not any(reader.audience == "customer" for reader in readers):
            self.state = "no_address"
            return
        sent = self._mails("sent")
        done = {address for mail in sent for address in email_normalize_all(mail.email_to)}
        mails = self.env["mail.mail"].create(self._mail_values(
            [reader for reader in readers if reader.address not in done]
        ))
        self.write({"state": "mailed" if mails else "sent", "mail_id": (mails or sent)[:1].id, "reason": False,
                    "address": ", ".join((sent | mails).sorted("id").mapped("email_to"))})
        mails._o2c_queue()

    def _readers(self):
        return self.env["o2c.recipients"]._for(self.partner_id, "statement", self.company_id)

    def _mails(self, *states):
        return self.env["mail.mail"].search([("o2c_statement_id", "in", self.ids), ("state", "in", states)])

    def _failed(self, reason):
        self.write({"state": "failed", "reason": reason})

    def _period(self):
        return Period(self.kind, self.date_from or None, self.date_to)

    def _mail_values(self, readers):
        """Return the values of the mails, each in its reader's language, the statement attached.

        The note in the customer's history tells no amounts: whoever sees contacts need not see accounts.
        """
        papers = {lang: self._paper(lang) for lang in dict.fromkeys(reader.lang for reader in readers)}
        note = escape(self.env._("Sent to %(addresses)s.", addresses=", ".join(reader.address for reader in readers)))
        company = self.company_id
        sender = company.email_formatted or self.env.user.email_formatted
        return [{
            "model": "res.partner", "res_id": self.partner_id.id, "o2c_statement_id": self.id,
            "subject": papers[reader.lang]["subject"],
            "body_html": self._body(reader, papers[reader.lang]),
            "body": "" if place else note,
            "message_type": "user_notification" if place else "email_outgoing",  # one note is enough
            "is_notification": False, "auto_delete": False,
            "email_from": sender, "reply_to": sender, "email_to": formataddr((reader.name, reader.address)),
            "author_id": company.partner_id.id,
            "attachment_ids": [fields.Command.create({
                **papers[reader.lang]["file"], "mimetype": "application/pdf", "res_model": self._name,
                "res_id": self.id,
            })],
        } for place, reader in enumerate(readers)]

    def _paper(self, lang):
        """Return what the mails in one language have in common: ``subject``, ``title``, ``sections`` and ``file``."""
        period, company = self._period(), self.company_id
        partner = self.partner_id.with_context(lang=lang)
        paper = partner.env["o2c.statement.paper"].with_company(company)
        sections = self.env["o2c.statement"]._data(
            partner, company, period.kind, period.start, period.end,
        )[partner.id]
        title = paper._title(period)
        subject = partner.env._("Statement of account: %(title)s", title=title)
        return {
            "subject": f"{subject} ({company.name})", "title": title,
            "sections": paper._view(statement.whole(sections), period),
            "file": {"name": paper._file_name(period, "pdf"), "raw": paper._pdf(partner, company, period)},
        }

    def _body(self, reader, paper):
        return self.env["ir.qweb"]._render("o2c_portal.statement_mail", {
            "company": self.company_id.with_context(lang=reader.lang), "customer": self.partner_id.name or "",
            "subject": paper["subject"], "title": paper["title"], "lang": reader.lang, "sections": paper["sections"],
            "pay_url": self._pay_url(reader, paper["sections"]),
        }, minimal_qcontext=True, lang=reader.lang)

    def _pay_url(self, reader, sections):
        """Return the address by which one contact of the customer pays what is owed; empty where nothing is owed, and
        for addresses that are no contacts."""
        owed = any(not section["in_favour"] for section in sections)
        contact = self.partner_id.browse(reader.audience == "customer" and reader.partner_id)
        if not owed or not contact or not self.env["account.move"]._o2c_pays_online():
            return ""
        return contact.with_company(self.company_id)._o2c_account_url("email")

    def _note_delivery(self, mail, reason):
        """Keep what became of the mail; the queue of mails calls this."""
        if mail.state != "sent":
            self._failed(reason)
            return
        mail.body_html = False  # the way to pay the account is not kept
        if not self._mails("exception"):  # of several readers, the one without it is what must be seen
            self.write({"state": "sent", "sent_at": fields.Datetime.now(), "reason": False})

    # People

    def action_retry(self):
        """Send statements again that did not go out, to the address the customer has now."""
        self.check_access("read")
        if not self.env.user.has_group("o2c_portal.o2c_portal_group_user"):
            raise AccessError(self.env._("Only Receivables users may send statements."))
        # sudo: rows are written by the system alone; a user may only ask for another try
        stuck = self.sudo().filtered(lambda row: row.state in ("failed", "no_address"))
        stuck._mails("outgoing", "exception").cancel()
        stuck.write({"state": "queued", "tries": 0, "reason": False})
        self._wake()
