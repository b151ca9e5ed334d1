"""The inbox between money and what follows from it: facts are written at once, effects come later."""

import logging
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from .o2c_money_notice import MONEY_JOURNALS

_logger = logging.getLogger(__name__)

KEEP_DAYS = 60
LEASE = "2 minutes"  # a worker that was killed gives its row back after this time
# How long to wait after the first, second ... failure; after the last try a row is parked
BACKOFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
MAX_TRIES = len(BACKOFF) + 1
CUSTOMER_DOCUMENTS = ("out_invoice", "out_refund", "out_receipt")


class O2cMoneyEvent(models.Model):
    """A fact about money, written in the transaction that made it true; what follows from it happens later.

    Recording never fails because of a mail or an order, and costs one INSERT for any number of records. Facts are only
    ever added: two transactions never wait for each other here. Rows that say the same are taken together.
    """

    _name = "o2c.money.event"
    _inherit = "o2c.queue"
    _description = "Money event"
    _order = "id desc"
    _waiting, _max_tries = "pending", MAX_TRIES

    kind = fields.Selection(
        [
            ("residual_changed", "Open amount changed"),
            ("payment_received", "Payment received"),
            ("payment_reversed", "Payment sent back or withdrawn"),
        ],
        required=True,
    )
    move_id = fields.Many2one("account.move", string="Document", index="btree_not_null", ondelete="cascade")
    payment_id = fields.Many2one("account.payment", index="btree_not_null", ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, ondelete="cascade")
    state = fields.Selection(
        [("pending", "Waiting"), ("done", "Done"), ("parked", "Given up")], required=True, default="pending"
    )
    tries = fields.Integer(default=0)
    reason = fields.Text("Result")
    applied_at = fields.Datetime(string="Done on", readonly=True)

    _pending_idx = models.Index("(next_at, id) WHERE state = 'pending'")

    @api.depends("kind", "move_id", "payment_id")
    def _compute_display_name(self):
        for event in self:
            event.display_name = event.move_id.display_name or event.payment_id.display_name or str(event.id)

    # Facts: called inside somebody else's transaction

    @api.model
    def _record_residuals(self, line_ids, matched=False):
        """Note that the open amount of the customer documents behind these journal items changed.

        :param bool matched: whether they were matched just now: then money that came or went with one of them and is
            no payment record is noted too
        """
        if not line_ids:
            return
        self.env.cr.execute(SQL(
            """
            INSERT INTO o2c_money_event (kind, move_id, company_id, state, tries, next_at, create_date, create_uid)
            SELECT DISTINCT CASE WHEN move.move_type IN %(types)s THEN 'residual_changed'
                                 WHEN line.balance < 0 THEN 'payment_received' ELSE 'payment_reversed' END,
                   move.id, move.company_id, 'pending', 0, now_utc, now_utc, %(uid)s
              FROM account_move_line line
              JOIN account_move move ON move.id = line.move_id
              JOIN account_account account ON account.id = line.account_id,
                   LATERAL (SELECT now() AT TIME ZONE 'UTC' AS now_utc) clock
             WHERE line.id IN %(lines)s
               AND account.account_type = 'asset_receivable'
               AND (move.move_type IN %(types)s OR %(money)s)
            """,
            uid=self.env.uid, lines=tuple(line_ids), types=CUSTOMER_DOCUMENTS,
            money=self._moves_money() if matched else SQL("FALSE"),
        ))
        if self.env.cr.rowcount:
            self._wake()

    @api.model
    def _moves_money(self):
        """Return the condition for a ``move`` to be the entry of money that came or went without a payment record: one
        of a bank or cash journal, or of what was paid at a till."""
        return SQL(
            """
            move.move_type = 'entry' AND move.origin_payment_id IS NULL AND (
                EXISTS (SELECT FROM account_journal journal
                         WHERE journal.id = move.journal_id AND journal.type IN %(journals)s)
                OR %(till)s
            )
            """,
            journals=MONEY_JOURNALS, till=self.env["o2c.till"]._books_payment(),
        )

    @api.model
    def _record_payments(self, payments, kind):
        """Note that money came (``payment_received``) or went back (``payment_reversed``) with these payments."""
        if not payments:
            return
        self.env.cr.execute(SQL(
            """
            INSERT INTO o2c_money_event (kind, payment_id, company_id, state, tries, next_at, create_date, create_uid)
            SELECT %(kind)s, id, company_id, 'pending', 0, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC', %(uid)s
              FROM account_payment WHERE id IN %(payments)s
            """,
            kind=kind, uid=self.env.uid, payments=tuple(payments.ids),
        ))
        self._wake()

    @api.model
    def _wake(self):
        """Have the effects applied right after the commit; asked once per transaction, it is only a wake-up."""
        if not self.env.cr.precommit.data.get("o2c_money_event_wake"):
            self.env.cr.precommit.data["o2c_money_event_wake"] = True
            job = self.env.ref("o2c_portal.ir_cron_money_event", raise_if_not_found=False)
            if job:  # sudo: whoever makes a payment may wake the job, nothing else
                job.sudo()._trigger()

    # Effects: one row, one commit

    @api.model
    def _cron_apply_effects(self):
        """Apply what follows from waiting facts, each on its own, until none is left or the time is up."""
        self._park_killers()
        self._work_off()

    @api.model
    def _claim_query(self):
        """Override: a row is taken with all that say the same."""
        return SQL(
            """
            WITH next AS (
                SELECT id, kind, move_id, payment_id FROM o2c_money_event
                 WHERE state = 'pending' AND next_at <= clock_timestamp() AT TIME ZONE 'UTC' AND tries < %(max)s
                 ORDER BY next_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
            ), same AS (
                SELECT event.id FROM o2c_money_event event JOIN next
                    ON event.kind = next.kind
                   AND (event.move_id = next.move_id OR event.payment_id = next.payment_id)
                 WHERE event.state = 'pending' AND event.tries < %(max)s FOR UPDATE OF event SKIP LOCKED
            )
            UPDATE o2c_money_event event
               SET tries = event.tries + 1, next_at = clock_timestamp() AT TIME ZONE 'UTC' + %(lease)s::interval
              FROM same WHERE event.id = same.id
            RETURNING event.id
            """,
            lease=LEASE, max=MAX_TRIES,
        )

    def _run(self):
        """Apply the effects of rows that say the same and write down how it went; never raises an effect's error."""
        event = self[0]
        try:
            errors = event._apply_effects()
        except OperationalError as error:  # somebody else is writing the same records: come back later
            self.env.cr.rollback()
            errors = [str(error)]
        if errors:
            self._failed("\n".join(errors))
        else:
            self.write({"state": "done", "applied_at": fields.Datetime.now(), "next_at": False, "reason": False})

    def _apply_effects(self):
        """Run every effect in its own savepoint, so that one that fails does not hold up the others.

        :return: what went wrong, in words
        """
        self.ensure_one()
        errors = []
        record = self.with_company(self.company_id)
        for label, effect in record._effects():
            try:
                with self.env.cr.savepoint():
                    effect()
            except OperationalError:
                raise
            except Exception as error:  # noqa: BLE001 - an effect must not stop the queue; the reason is kept
                _logger.warning("Money event %s: %s failed", self.id, label, exc_info=True)
                errors.append(f"{label}: {error}")
        return errors

    def _effects(self):
        """Return ``[(name, callable), ...]`` of what follows from this fact. All of them may run again."""
        payment = self.payment_id
        orders = self.move_id._o2c_orders() if self.move_id else payment._o2c_orders()
        effects = [(self.env._("Order stages"), orders._o2c_evaluate_stages)]
        if self.kind == "residual_changed":
            effects.append((self.env._("Plans"), self.move_id._o2c_evaluate_plans))
        else:
            entry = self.move_id.reversed_entry_id or self.move_id
            transactions = (payment or entry.origin_payment_id).payment_transaction_id
            effects.append((self.env._("Payment fee"), transactions._o2c_settle_fees))  # first: the receipt lists it
            effects.append((self.env._("Receipt"), self._tell))
        return effects

    def _tell(self):
        """Have the customer told about the money, unless that was done before."""
        if self.payment_id:
            self.payment_id._o2c_send_receipt()
        else:
            self.env["o2c.money.notice"]._tell_entry(self.move_id)

    def _wait_after(self, tries):
        """Override: after the last try, None."""
        return BACKOFF[tries - 1] if tries < MAX_TRIES else None

    # People

    def action_retry(self):
        """Try parked events again, from the start."""
        self.check_access("read")
        if not self.env.user.has_group("o2c_portal.o2c_portal_group_user"):
            raise AccessError(self.env._("Only Receivables users may retry an event."))
        # sudo: the rows are written by the system alone; a user may only ask for another try
        self.sudo()._start_over()
        self._wake()

    @api.autovacuum
    def _gc_done(self):
        """Forget events that were dealt with long ago."""
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=KEEP_DAYS)
        self.search([("state", "=", "done"), ("applied_at", "<", limit)], limit=10000).unlink()
