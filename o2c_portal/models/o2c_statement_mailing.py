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
            ("failed", "Not delivered"),
            ("no_address", "No email address"),
        ],
        required=True, default="queued", readonly=True, index=True,
    )
    address = fields.Char("Sent to", readonly=True)
    reason = fields.Char(readonly=True)
    sent_at = fields.Datetime("Sent on", readonly=True)
    tries = fields.Integer(readonly=True)
    by_hand = fields.Boolean("Sent by hand", readonly=True, help="Mail is tried even where it came back before.")

    @api.depends("kind", "date_from", "date_to")
    @api.depends_context("lang")
    def _compute_display_name(self):
        paper = self.env["o2c.statement.paper"]
        for row in self:
            row.display_name = paper._title(row._period())

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
            "by_hand": len(partners) == 1,  # who sends to one customer has seen what is known against the address
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
        recipients, deliveries = self.env["o2c.recipients"], self.env["o2c.delivery"]
        readers = recipients._for(self.partner_id, "statement", self.company_id)
        deliveries._replace("statement", self, {(self.id, reader.address) for reader in readers})
        if not any(reader.audience == "customer" for reader in readers):
            self.state = "no_address"
            return
        if mute := recipients._mute(recipients._people(self.partner_id, "statement", None)):
            deliveries._unreachable("statement", self, self.partner_id, mute)
        done = set(self._deliveries("sent").mapped("address"))
        to = deliveries._prepare("statement", self, [reader for reader in readers if reader.address not in done],
                                 by_hand=self.by_hand)
        mails = self.env["mail.mail"].create(self._mail_values(to))
        self.write({"state": "mailed", "reason": False, "address": self._deliveries("sent", "queued")._to()})
        self._judge()
        mails._o2c_queue()

    def _deliveries(self, *states):
        return self.env["o2c.delivery"].search([
            ("res_model", "=", self._name), ("res_id", "in", self.ids), ("state", "in", states),
        ], order="id")

    def _failed(self, reason):
        self.write({"state": "failed", "reason": reason})

    def _period(self):
        return Period(self.kind, self.date_from or None, self.date_to)

    def _mail_values(self, to):
        """Return the values of the mails, each in its reader's language, the statement attached.

        The note in the customer's history tells no amounts: whoever sees contacts need not see accounts.

        :param dict to: ``{reader: delivery}``
        """
        papers = {lang: self._paper(lang) for lang in dict.fromkeys(reader.lang for reader in to)}
        note = escape(self.env._("Sent to %(addresses)s.", addresses=", ".join(reader.address for reader in to)))
        sender = self.company_id.email_formatted or self.env.user.email_formatted
        return [{
            **row._mail_values(),
            "model": "res.partner", "res_id": self.partner_id.id,
            "subject": papers[reader.lang]["subject"],
            **self._body(reader, row, papers[reader.lang]),
            "body": "" if place else note,
            "message_type": "user_notification" if place else "email_outgoing",  # one note is enough
            "auto_delete": False, "email_from": sender, "reply_to": sender,
            "author_id": self.company_id.partner_id.id,
            "attachment_ids": [fields.Command.create({
                **papers[reader.lang]["file"], "mimetype": "application/pdf", "res_model": self._name,
                "res_id": self.id,
            })],
        } for place, (reader, row) in enumerate(to.items())]

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

    def _body(self, reader, row, paper):
        """Return what one mail says, as HTML and as plain text."""
        row.link_id = self._pay_link(reader, paper["sections"])
        frame = self.env["o2c.mail.frame"]
        body = frame._render("statement_mail", reader.lang, {
            "company": self.company_id.with_context(lang=reader.lang), "customer": self.partner_id.name or "",
            "subject": paper["subject"], "title": paper["title"], "sections": paper["sections"],
            "pay_url": row.link_id and row.link_id._url() or "",
        })
        return {"body_html": body, "o2c_text": frame._text(body)}

    def _pay_link(self, reader, sections):
        """Return the link by which one contact of the customer pays what is owed; empty where nothing is owed, and for
        addresses that are no contacts."""
        owed = any(not section["in_favour"] for section in sections)
        contact = self.partner_id.browse(reader.audience == "customer" and reader.partner_id)
        links = self.env["o2c.pay.link"]
        if not owed or not contact or not self.env["account.move"]._o2c_pays_online():
            return links
        return links._for_account(contact, self.company_id, "email")

    def _judge(self):
        """Say what became of the mails to the customer: not delivered as long as one of them is not there, and why."""
        mailed = self.filtered(lambda row: row.state in ("mailed", "sent", "failed"))
        for row, (state, readers) in self.env["o2c.delivery"]._outcomes(mailed).items():
            sent = {"sent_at": max(readers.mapped("sent_at"))} if state == "sent" else {}
            row.write({"state": "mailed" if state == "queued" else state, "reason": readers._losses() or False, **sent})

    # People

    def action_retry(self):
        """Send statements again that did not go out, to the address the customer has now."""
        self.check_access("read")
        if not self.env.user.has_group("o2c_portal.o2c_portal_group_user"):
            raise AccessError(self.env._("Only Receivables users may send statements."))
        # sudo: rows are written by the system alone; a user may only ask for another try
        stuck = self.sudo().filtered(lambda row: row.state in ("failed", "no_address"))
        stuck.write({"state": "queued", "tries": 0, "reason": False, "by_hand": True})
        self._wake()
