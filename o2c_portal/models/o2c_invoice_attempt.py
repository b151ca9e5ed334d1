"""Orders that are invoiced without a person: one row each, none skipped, none invoiced twice, across kills."""

import logging

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import AccessError, LockError, UserError
from odoo.fields import Command
from odoo.tools import SQL

from ..core import invoicing

_logger = logging.getLogger(__name__)

LEASE = "15 minutes"  # a worker that was killed gives its rows back after this time
POLICIES = [
    ("manual", "By hand"),
    ("confirmation", "When the order is confirmed"),
    ("delivery", "When something was delivered"),
    ("deposit", "When the deposit is paid"),
    ("schedule", "Once a month, all orders together"),
]


class O2cInvoiceAttempt(models.Model):
    """The invoicing of one order. The job commits the try first; invoices, that they are to be sent, and the state of
    the row are one transaction: after a kill either all are there or none. An order that ends its worker is given
    up."""

    _name = "o2c.invoice.attempt"
    _inherit = "o2c.queue"
    _description = "Automatic invoicing of an order"
    _order = "id desc"
    _rec_name = "order_id"
    _max_tries = invoicing.MAX_TRIES

    order_id = fields.Many2one("sale.order", required=True, readonly=True, ondelete="cascade")
    partner_id = fields.Many2one("res.partner", "Customer", required=True, readonly=True, index=True,
                                 ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    policy = fields.Selection(POLICIES, "Invoiced", required=True, readonly=True)
    state = fields.Selection(
        [("waiting", "Waiting"), ("done", "Done"), ("parked", "Needs a person")],
        required=True, default="waiting", readonly=True,
    )
    move_id = fields.Many2one("account.move", "Invoice", readonly=True, index="btree_not_null", ondelete="set null")
    done_at = fields.Datetime("Done on", readonly=True)
    unsent_ids = fields.Many2many(
        "account.move", "o2c_invoice_attempt_unsent_rel", "attempt_id", "move_id", "To be sent", readonly=True,
        help="Posted, and handed over to sending at the end of the pass of the job.",
    )

    _order_once = models.Constraint("UNIQUE(order_id)", "An order waits for its invoice once.")
    _waiting_idx = models.Index("(next_at, id) WHERE state = 'waiting'")

    # The job

    @api.model
    def _cron_invoice(self):
        """Find the orders that are to be invoiced now, then invoice them one after the other, those of a monthly
        invoice together, until none is left or the time is up. Every step is committed on its own."""
        cron = self.env["ir.cron"]
        self._park_killers()
        for company in self.env["res.company"].search([]):
            try:
                with self.env.cr.savepoint():
                    self._find(company)
            except OperationalError:  # somebody else is writing the same records: the next run finds the rest
                self.env.cr.rollback()
            cron._commit_progress()
        self._hand_over()  # what a worker that was killed left
        self._work_off()
        self._hand_over()
        cron._commit_progress()

    @api.model
    def _find(self, company):
        """Write down the orders of a company that are to be invoiced now; a number of queries that does not grow with
        them, but for orders under way to their deposit."""
        orders = self.env["sale.order"].with_company(company)
        for policy in ("confirmation", "delivery"):
            self._queue(policy, orders._o2c_to_invoice(company, policy).subselect())
        paid = orders.browse(orders._o2c_to_invoice(company, "deposit")).filtered(self._may_be_paid)
        self._queue("deposit", SQL("(SELECT unnest(%s::integer[]))", list(paid.ids)))
        today = orders._o2c_today(company)
        if days := invoicing.days_reached(company.o2c_invoiced_until or None, today):
            self._queue("schedule", orders._o2c_to_invoice(company, "schedule", days).subselect())
            company.o2c_invoiced_until = today

    @api.model
    def _may_be_paid(self, order):
        """Say whether the deposit of an order is there; yes when that cannot be told, so that somebody hears why."""
        try:
            with self.env.cr.savepoint(flush=False):
                return order._o2c_facts().deposit_paid
        except OperationalError:
            raise
        except Exception:  # noqa: BLE001 - one order must not hold up the others; the try writes the reason down
            _logger.warning("Order %s: what is paid cannot be told", order.id, exc_info=True)
            return True

    @api.model
    def _queue(self, policy, order_ids):
        """Have the orders invoiced; those that wait already, or for a person, are left as they are.

        :param SQL order_ids: a subquery of ids
        """
        self.flush_model()
        self.env.cr.execute(SQL(
            """
            INSERT INTO o2c_invoice_attempt AS row
                   (order_id, partner_id, company_id, policy, state, tries, next_at, create_date, create_uid)
            SELECT sale.id, customer.commercial_partner_id, sale.company_id, %(policy)s, 'waiting', 0, now_utc, now_utc,
                   %(uid)s
              FROM sale_order sale
              JOIN res_partner customer ON customer.id = sale.partner_id,
                   LATERAL (SELECT now() AT TIME ZONE 'UTC' AS now_utc) clock
             WHERE sale.id IN %(orders)s
             ORDER BY sale.id
            ON CONFLICT (order_id) DO UPDATE
               SET policy = excluded.policy, state = 'waiting', tries = 0, next_at = excluded.next_at, reason = NULL
             WHERE row.state = 'done'
            """,
            policy=policy, uid=self.env.uid, orders=order_ids,
        ))
        self.invalidate_model()

    @api.model
    def _claim_query(self):
        """Override: a row is taken with all of its customer's monthly invoice; one that failed before is taken alone,
        so that it holds up nobody else's."""
        return SQL(
            """
            WITH next AS (
                SELECT id, partner_id, company_id, policy, tries FROM o2c_invoice_attempt
                 WHERE state = 'waiting' AND next_at <= clock_timestamp() AT TIME ZONE 'UTC' AND tries < %(max)s
                 ORDER BY next_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
            ), together AS (
                SELECT row.id FROM o2c_invoice_attempt row JOIN next
                    ON row.id = next.id
                    OR next.policy = 'schedule' AND row.policy = 'schedule' AND next.tries = 0 AND row.tries = 0
                   AND row.partner_id = next.partner_id AND row.company_id = next.company_id
                 WHERE row.state = 'waiting' AND row.next_at <= clock_timestamp() AT TIME ZONE 'UTC'
                   FOR UPDATE OF row SKIP LOCKED
            )
            UPDATE o2c_invoice_attempt row
               SET tries = row.tries + 1, next_at = clock_timestamp() AT TIME ZONE 'UTC' + %(lease)s::interval
              FROM together WHERE row.id = together.id
            RETURNING row.id
            """,
            lease=LEASE, max=invoicing.MAX_TRIES,
        )

    # One try

    def _run(self):
        """Invoice the orders of claimed rows and write down how it went; never raises an order's error."""
        rows = self.with_company(self.company_id)
        try:
            rows.order_id.lock_for_update(allow_referencing=True)
            rows.order_id.order_line.lock_for_update(allow_referencing=True)  # Odoo writes there what is invoiced
            due = rows.filtered(lambda row: row._still_due())
            # Odoo would put orders of different terms on one invoice, with the terms of the first
            for part in due.grouped(lambda row: row.order_id.payment_term_id).values():
                part._invoice_or_explain()
        except (OperationalError, LockError):  # somebody else is writing the same orders: come back after the lease
            self.env.cr.rollback()
            self.reason = self.env._("Somebody else was working on the order.")

    def _still_due(self):
        """Say whether the order is to be invoiced indeed, now that nobody else can change it; else write down why."""
        self.ensure_one()
        order = self.order_id
        try:
            with self.env.cr.savepoint():
                customer = order.partner_id.commercial_partner_id
                policy, day, _source = customer._o2c_invoicing_of(self.company_id)[customer.id]
                facts = order._o2c_invoicing_facts(policy, day_reached=self.policy == "schedule")
                verdict = invoicing.decide(policy, facts)
                words = order._o2c_verdict_text(verdict, day)
        except OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 - one order must not hold up the others; the reason is kept
            _logger.warning("Order %s could not be judged", order.id, exc_info=True)
            self._failed(str(error) or repr(error))
            return False
        self.policy = policy
        if verdict in invoicing.BLOCKED:
            self._failed(words)
        elif verdict != "due":
            self._settled(words)
        return verdict == "due"

    def _invoice_or_explain(self):
        """Invoice the orders together. When that fails, find out which of them fail and invoice the others."""
        reason = self._attempt()
        if not reason:
            return
        bad = {row: alone for row in self if (alone := row._attempt(keep=False))} if len(self) > 1 else {}
        good = self.filtered(lambda row: row not in bad)
        if bad and good:
            reason = good._attempt()
        for row, alone in bad.items():
            row._failed(alone)
        if reason:
            for row in good:
                row._failed(reason)

    def _attempt(self, keep=True):
        """Invoice the orders in a savepoint; return why they cannot be, None when they were.

        :param bool keep: without it only the answer is wanted
        """
        try:
            with self.env.cr.savepoint() as savepoint:
                self._invoice()
                if not keep:
                    savepoint.rollback()
        except (OperationalError, LockError):
            raise
        except Exception as error:  # noqa: BLE001 - one order must not hold up the others; the reason is kept
            _logger.warning("Orders %s could not be invoiced", self.order_id.ids, exc_info=True)
            return str(error) or repr(error)
        return None

    def _invoice(self):
        """Create and post the invoices of the orders, to be sent; Odoo puts them together where it can."""
        orders = self.order_id
        if self[0].policy in invoicing.WHOLE_ORDER:
            orders._force_lines_to_invoice_policy_order()
        moves = orders._create_invoices(final=True)
        if moves.filtered(lambda move: move.move_type == "out_refund"):
            raise UserError(self.env._("It would be a credit note; please decide yourself."))
        moves.action_post()
        text = self[0].order_id._o2c_policy_text()
        moves._message_log_batch(bodies=dict.fromkeys(moves.ids, self.env._("Invoiced by itself: %(why)s", why=text)))
        for row in self:
            own = moves.filtered(lambda move, order=row.order_id: order in move.invoice_line_ids.sale_line_ids.order_id)
            row.write({"move_id": own[:1].id, "unsent_ids": [Command.link(move.id) for move in own]})
            row._settled(text)

    @api.model
    def _hand_over(self):
        """Have what was posted sent in the background, to whom and how each customer wants it, in one run for each
        company; what a person took back or sent meanwhile is left alone."""
        rows = self.search([("unsent_ids", "!=", False)])
        moves = rows.unsent_ids.filtered(lambda move: move.state == "posted" and not move.is_move_sent)
        rows.unsent_ids = False
        if moves:
            self.env["o2c.send.run"]._start(moves)

    def _settled(self, reason):
        self.write({"state": "done", "tries": 0, "next_at": False, "reason": reason,
                    "done_at": fields.Datetime.now()})

    def _wait_after(self, tries):
        """Override: as long as ``core.invoicing`` says."""
        return invoicing.wait(tries)

    # People

    def action_view_order(self):
        """Open the order of a row."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window", "res_model": "sale.order", "res_id": self.order_id.id,
            "views": [(False, "form")],
        }

    def action_retry(self):
        """Try orders again that could not be invoiced, from the start."""
        self.check_access("read")
        if not self.env.user.has_group("o2c_portal.o2c_portal_group_user"):
            raise AccessError(self.env._("Only Receivables users may have orders invoiced."))
        # sudo: the rows are written by the system alone; a user may only ask for another try
        self.sudo()._start_over()
        self.env.ref("o2c_portal.ir_cron_invoice_attempt").sudo()._trigger()
