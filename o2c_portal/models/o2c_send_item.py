"""One document of a bulk sending: its state and its emails are written in one transaction."""

import logging
import time

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.tools import SQL

from ..core import sending
from ..core.delivery import UNDELIVERABLE
from .res_partner_sending import PRINT

_logger = logging.getLogger(__name__)
MAX_TRIES = 3


class Outcome:
    """What the pipeline said about the documents it was given: ``errors`` as ``{move id: text}``, and the ways that
    were open for the others as ``{move id: {sending method}}``."""

    def __init__(self):
        self.errors, self.methods = {}, {}


class O2cSendItem(models.Model):
    """A document in a run. A chunk is marked as at work and committed before it is touched; the emails and the outcome
    come in one commit after it. So a worker that is killed leaves either nothing or everything."""

    _name = "o2c.send.item"
    _description = "Document of a Bulk Sending"
    _order = "id"
    _rec_name = "move_id"

    run_id = fields.Many2one("o2c.send.run", "Sending", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="run_id.company_id", store=True)
    move_id = fields.Many2one("account.move", "Document", required=True, readonly=True, index=True,
                              ondelete="cascade")
    partner_id = fields.Many2one(related="move_id.partner_id", string="Customer")
    state = fields.Selection(
        [("waiting", "Waiting"), ("working", "At work"), ("sent", "Sent"), ("failed", "Failed"),
         ("skipped", "Skipped")],
        required=True, default="waiting", readonly=True, index=True,
    )
    reason = fields.Char(readonly=True)
    together = fields.Integer("Tried together with", default=sending.CHUNK, readonly=True,
                              help="How many documents may be made at once. Halved when one of them fails.")
    tries = fields.Integer("Tries in vain", readonly=True)
    delivered = fields.Integer(readonly=True, help="How many emails the mail server has taken.")
    seconds = fields.Float(readonly=True, help="Its share of the time its chunk took.")
    done_at = fields.Datetime("Done on", readonly=True)

    _one_live = models.UniqueIndex(
        "(move_id) WHERE state IN ('waiting', 'working')", "This document is already being sent.",
    )

    @api.model
    def _add(self, run, moves):
        """Write down documents for a run; those that another run is about to send are skipped with that reason."""
        live = self.search([("move_id", "in", moves.ids), ("state", "in", ("waiting", "working"))]).move_id
        reason = self.env._("Another sending is about to send it.")
        self.create([
            {"run_id": run.id, "move_id": move.id, **({"state": "skipped", "reason": reason} if move in live else {})}
            for move in moves
        ])

    # The queue

    @api.model
    def _count_waiting(self):
        return self.search_count([("state", "=", "waiting"), ("run_id.state", "=", "running")])

    @api.model
    def _waiting_runs(self):
        """Return the runs with documents that wait, the oldest first."""
        rows = self._read_group([("state", "=", "waiting"), ("run_id.state", "=", "running")], ["run_id"])
        return self.env["o2c.send.run"].browse(sorted(run.id for [run] in rows))

    @api.model
    def _take_back(self):
        """Let documents wait again that a killed worker had at hand, each on its own: what stops the worker again is
        the only one that does, and is given up in the end."""
        for tries, items in self.search([("state", "=", "working")]).grouped("tries").items():
            items.write({"state": "waiting", "tries": tries + 1, "together": 1})
            if tries + 1 >= MAX_TRIES:
                items._close("failed", self.env._("The server stopped at every try."))

    @api.model
    def _worked(self, run):
        """Return how many documents of a run were made, and the seconds that took."""
        [[done, seconds]] = self._read_group(
            [("run_id", "=", run.id), ("seconds", ">", 0)], [], ["__count", "seconds:sum"],
        )
        return done, seconds or 0.0

    @api.model
    def _claim(self, run):
        """Take the next documents of a run; empty when it was stopped meanwhile."""
        waiting = self.search(
            [("run_id", "=", run.id), ("state", "=", "waiting"), ("run_id.state", "=", "running")],
            order="together desc, id", limit=sending.chunk_size(*self._worked(run)),
        )
        together = waiting[:1].together
        chunk = waiting.filtered(lambda item: item.together == together)[:together]
        chunk.state = "working"
        return chunk.with_context(lang=run.user_id.lang, tz=run.user_id.tz)  # who sends reads the reasons

    # Sending

    def _send(self):
        """Send these documents and commit."""
        if not self:
            return
        try:
            self._deliver()
        except Exception as error:  # noqa: BLE001 - one document must not hold up the others; the reason is kept
            self.env.cr.rollback()
            self._failed(error)
        self.env["ir.cron"]._commit_progress()

    def _failed(self, error):
        """Note why a document could not be sent. Several wait again, to be sent in halves, until the one is alone."""
        if len(self) > 1:
            self.write({"state": "waiting", "together": (len(self) + 1) // 2})
            return
        _logger.warning("%s could not be sent", self.display_name, exc_info=error)
        if isinstance(error, OperationalError) and self.tries + 1 < MAX_TRIES:  # somebody was writing on it
            self.write({"state": "waiting", "tries": self.tries + 1, "together": 1, "reason": str(error)})
        else:
            self.tries += 1
            self._close("failed", str(error) or repr(error))

    def _deliver(self):
        """Make the documents and their emails by Odoo's own pipeline; write down what became of each."""
        began, run = time.monotonic(), self.run_id
        posted = self.filtered(lambda item: item.move_id.state == "posted")
        (self - posted)._close("skipped", self.env._("It is not posted any more."))
        outcome = Outcome()
        pipeline = self.env["account.move.send"].with_company(run.company_id).with_context(o2c_send_outcome=outcome)
        last_mail = self._last_mail()
        if posted:
            pipeline._generate_and_send_invoices(
                posted.move_id.with_env(pipeline.env), allow_raising=False,
                author_user_id=run.user_id.id, author_partner_id=run.user_id.partner_id.id,
            )
        posted._note(outcome)
        posted._link_mails(last_mail)
        self.seconds = (time.monotonic() - began) / len(self)

    def _note(self, outcome):
        """Close items by what the pipeline said about their documents."""
        for (state, reason), items in self.grouped(lambda item: item._verdict(outcome)).items():
            items._close(state, reason)
        self.filtered(lambda item: item.state == "sent")._judge()

    def _judge(self):
        """Let items say what became of their mails to customers: failed when one of them does not arrive, with the
        reason; sent when none of them is known not to."""
        for item, readers in self._readers().items():
            lost = readers.filtered(lambda reader: reader.state in UNDELIVERABLE)
            if lost:
                item._close("failed", "; ".join(f"{reader.address}: {reader.reason}" for reader in lost))
            elif item.state == "failed" and readers:
                item._close("sent", False)

    def _readers(self):
        """Return ``{item: deliveries}`` of the mails to customers."""
        rows = self.env["o2c.delivery"].search([
            ("res_model", "=", "account.move"), ("res_id", "in", self.move_id.ids), ("kind", "=", "invoice"),
            ("audience", "=", "customer"), ("state", "!=", "replaced"),
        ])
        found = rows.grouped("res_id")
        return {item: found.get(item.move_id.id, rows.browse()) for item in self}

    def _verdict(self, outcome):
        """Return ``(state, reason)`` of one item."""
        if error := outcome.errors.get(self.move_id.id):
            return "failed", error
        if ways := outcome.methods.get(self.move_id.id, set()) - {"manual"}:
            return "sent", self.env._("On the print pile.") if ways == {PRINT} else False
        if "manual" in outcome.methods.get(self.move_id.id, ()):
            return "skipped", self.env._("The customer is set to get invoices by hand.")
        return "skipped", self.env._("No email address. The PDF was made.")

    def _close(self, state, reason):
        self.write({"state": state, "reason": reason, "done_at": fields.Datetime.now()})

    # Emails

    @api.model
    def _last_mail(self):
        [[last]] = self.env.execute_query(SQL("SELECT coalesce(max(id), 0) FROM mail_mail"))
        return last

    def _link_mails(self, last_mail):
        """Have the emails that were just written for these documents say how they fared, and go out at once."""
        self.env.flush_all()
        self.env.cr.execute(SQL(
            """
            UPDATE mail_mail mail SET o2c_send_item_id = item.id
              FROM mail_message message, o2c_send_item item
             WHERE mail.id > %(last)s AND message.id = mail.mail_message_id
               AND message.model = 'account.move' AND message.res_id = item.move_id AND item.id = ANY(%(items)s)
               AND EXISTS (SELECT FROM o2c_delivery reader
                            WHERE reader.id = mail.o2c_delivery_id AND reader.audience = 'customer')
            """,
            last=last_mail, items=self.ids,
        ))
        linked = self.env.cr.rowcount
        self.env["mail.mail"].invalidate_model(["o2c_send_item_id"])
        if linked:
            self._open_mails()._o2c_queue()

    def _note_delivery(self, mail):
        """Keep what the mail server said about an email of this document; its delivery knows already."""
        if mail.state == "sent":
            self.delivered += 1
        self._judge()

    def _open_mails(self):
        """Return the emails of these documents that nobody has got yet."""
        return self.env["mail.mail"].search([
            ("o2c_send_item_id", "in", self.ids), ("state", "in", ("outgoing", "exception")),
        ])

    # People

    def _retry(self):
        """Let failed and skipped documents wait again. Where somebody has got the document already, in whatever way it
        was mailed, only the emails that failed are sent again, so that nobody gets it twice."""
        stuck = self.filtered(lambda item: item.state in ("failed", "skipped"))
        readers = stuck._readers()
        partly = stuck.filtered(lambda item: item.delivered or "sent" in readers[item].mapped("state"))
        self.env["o2c.delivery"].union(*(readers[item] for item in partly))._try_again()
        partly.filtered(lambda item: not item._open_mails())._judge()
        again = (stuck - partly)._not_elsewhere(readers)
        again._open_mails().cancel()
        again.write({
            "state": "waiting", "together": sending.CHUNK, "tries": 0, "reason": False, "seconds": 0, "done_at": False,
        })

    def _not_elsewhere(self, readers):
        """Return one item of each document that nobody else is about to send."""
        waiting = self.search([("move_id", "in", self.move_id.ids), ("state", "in", ("waiting", "working"))]).move_id
        mails = self.env["mail.mail"].search([
            ("o2c_delivery_id", "in", [row.id for item in self for row in readers[item]]),
            ("state", "=", "outgoing"), ("o2c_send_item_id", "not in", self.ids),
        ])
        busy = waiting.ids + mails.o2c_delivery_id.mapped("res_id")
        free = self.filtered(lambda item: item.move_id.id not in busy)
        return self.browse(items[:1].id for items in free.grouped("move_id").values())

    def _as_failure(self):
        return {
            "id": self.id, "move_id": self.move_id.id, "name": self.move_id.display_name,
            "customer": self.partner_id.display_name or "", "state": self.state, "reason": self.reason or "",
        }
