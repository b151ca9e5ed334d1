"""What a payment transaction pays, exactly, and the claim that keeps others from paying it meanwhile."""

from datetime import timedelta

import psycopg2.errors

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, mute_logger


class PaymentInProgress(UserError):
    """Somebody else is paying the same item at this moment."""


class O2cPaymentAllocation(models.Model):
    _name = "o2c.payment.allocation"
    _description = "Payment Allocation"
    _order = "id"
    _log_access = False  # who made a claim and when is known of the transaction; a basket makes hundreds at once

    transaction_id = fields.Many2one(
        "payment.transaction", required=True, readonly=True, index=True, ondelete="cascade",
    )
    # A reset to draft may replace the receivable line: the allocation then remembers the amount, and what
    # arrives for it becomes visible credit.
    move_line_id = fields.Many2one("account.move.line", "Instalment", readonly=True, index=True, ondelete="set null")
    move_id = fields.Many2one(related="move_line_id.move_id", string="Invoice")
    date_due = fields.Date(related="move_line_id.date_maturity")
    company_id = fields.Many2one(related="transaction_id.company_id")  # not stored: one reference less to check
    currency_id = fields.Many2one(related="transaction_id.currency_id")
    amount = fields.Monetary(readonly=True, required=True, help="What the payer pays of this instalment.")
    discount = fields.Monetary(readonly=True, help="What the early payment discount forgives of this instalment.")
    state = fields.Selection(
        [("live", "Under way"), ("captured", "Captured in part"), ("applied", "Applied"), ("released", "Released")],
        default="live", required=True, readonly=True,
        help="Captured in part: the money came, while the rest of the instalment stays reserved for the same payment.",
    )
    reason = fields.Char(readonly=True, help="Why the claim was given up.")

    _amount_positive = models.Constraint("CHECK(amount > 0 AND discount >= 0)", "An allocation pays a positive amount.")
    _live_claim_uniq = models.UniqueIndex(
        "(move_line_id) WHERE state = 'live'", "This instalment is being paid at this moment.",
    )

    # === CLAIMS === #

    @api.model
    def _claim(self, transaction, quote):
        """Claim what a new transaction pays, in one go however many items it is. Whoever comes second learns it here,
        before any provider is asked.

        :param quote: the ``core.basket.Quote``
        :raises PaymentInProgress: if another payment of one of the items is under way
        :raises ValidationError: if an item is no longer open for the amount
        """
        lines = self.env["account.move.line"].browse([part.item.line_id for part in quote.parts])
        left = len(lines) - self._insert_claims(transaction, lines, quote)
        if left and not self._release_stale_claims(lines, {transaction.o2c_payer_key} - {False}, transaction.ids):
            left -= self._insert_claims(transaction, lines, quote)
        if left:
            raise self._in_progress()
        transaction.invalidate_recordset(["o2c_allocation_ids"])

    @api.model
    def _insert_claims(self, transaction, lines, quote):
        """Lock the items as ``_lock_items`` does, write down the claims on them that are not there yet, and return how
        many that were: what others have claimed is left out. Had they done so after our snapshot, the request runs
        again. One query, and no more of the rows than is needed, for there may be hundreds. See ``_claim``."""
        self.flush_model(["state", "move_line_id"])
        lines.flush_recordset(["amount_residual_currency", "parent_state"])
        lines.invalidate_recordset(["amount_residual_currency", "parent_state", "reconciled"])
        columns = zip(*((part.item.line_id, part.pay_minor, part.discount_minor) for part in quote.parts), strict=True)
        [(locked, closed, made)] = self.env.execute_query(SQL(
            """WITH locked AS MATERIALIZED (
                   SELECT line.id, item.pay * %(unit)s AS pay, item.discount * %(unit)s AS discount,
                          line.parent_state != 'posted'
                          OR (item.pay + item.discount) * %(unit)s > line.amount_residual_currency AS closed
                     FROM unnest(%(ids)s::int[], %(pay)s::bigint[], %(discount)s::bigint[]) AS item(id, pay, discount)
                     JOIN account_move_line line ON line.id = item.id
                      FOR NO KEY UPDATE OF line SKIP LOCKED
               ), made AS (
                   INSERT INTO o2c_payment_allocation (transaction_id, state, move_line_id, amount, discount)
                   SELECT %(transaction)s, 'live', id, pay, discount FROM locked WHERE NOT closed
                   ON CONFLICT (move_line_id) WHERE state = 'live' DO NOTHING
                   RETURNING id
               )
               SELECT count(*), min(id) FILTER (WHERE closed), (SELECT count(*) FROM made) FROM locked""",
            unit=quote.unit, transaction=transaction.id,
            **dict(zip(("ids", "pay", "discount"), map(list, columns), strict=True)),
        ))
        if locked != len(lines):
            raise self._in_progress()
        if closed:
            line = lines.browse(closed)
            raise ValidationError(self.env._(
                "%(document)s is no longer open for this amount.", document=line.move_id.name or line.name,
            ))
        return made

    @api.model
    def _in_progress(self):
        return PaymentInProgress(self.env._("A payment of this item is under way. Please try again in a few minutes."))

    @api.model
    def _lock_items(self, lines):
        """Lock the journal items, so that the residual read next is the true one.

        Settling an item writes its row: had that been committed after our snapshot, the lock fails with a
        serialization error and the whole request runs again on fresh data. A lock held by somebody else means
        that the item is being claimed or settled at this very moment.
        """
        if lines.sudo().try_lock_for_update(allow_referencing=True) != lines.sudo():
            raise self._in_progress()

    @api.model
    def _release_stale_claims(self, lines, payer_keys, but=()):
        """Give up drafts that the same payers left behind and drafts that are too old; return the claims that stay.

        :param but: ids of transactions whose claims do not count
        """
        live = self.search([
            ("move_line_id", "in", lines.ids), ("state", "=", "live"), ("transaction_id", "not in", but),
        ])
        drafts = live.filtered(lambda claim: claim.transaction_id.state == "draft")
        own = drafts.filtered(lambda claim: claim.transaction_id.o2c_payer_key in payer_keys)
        old = (drafts - own).filtered(lambda claim: claim._is_expired())
        own._release(self.env._("Superseded by a newer attempt of the same payer."))
        old._release(self.env._("Not completed in time."))
        return live - own - old

    def _is_expired(self):
        self.ensure_one()
        minutes = self.company_id.o2c_claim_minutes
        return self.transaction_id.create_date < fields.Datetime.now() - timedelta(minutes=minutes)

    def _release(self, reason):
        """Give the items free again; remember why."""
        self._under_way().write({"state": "released", "reason": reason})
        self.flush_recordset(["state"])  # the next claim must find the unique index free

    def _under_way(self):
        """Return what is neither applied nor given up."""
        return self.filtered(lambda claim: claim.state in ("live", "captured"))

    def _hand_over(self, capture):
        """Give a capture of these claims' payment its part of them, first item first.

        What an item still waits for stays claimed. A discount is for who pays an instalment at once: it lapses
        when the instalment is captured in parts.

        :param capture: the ``payment.transaction`` that captured its amount
        :return: what of it no item waits for
        """
        left, currency = capture.amount, capture.currency_id
        for claim in self.filtered(lambda claim: claim.state == "live"):
            part, left = min(claim.amount, left), currency.round(max(left - claim.amount, 0))
            if currency.compare_amounts(part, claim.amount) == 0:
                claim.transaction_id = capture
            elif not currency.is_zero(part):
                claim.write({"amount": currency.round(claim.amount - part), "discount": 0})
                # The item stays claimed: this is not a second claim, but money for the first.
                self.create([{
                    "transaction_id": capture.id, "move_line_id": claim.move_line_id.id,
                    "amount": part, "state": "captured",
                }])
        return left

    def _reclaim(self):
        """Take released items again when their payment went through after all and nobody else has them."""
        for claim in self.filtered(lambda claim: claim.state == "released" and claim.move_line_id):
            line = claim.move_line_id
            taken = self.search_count([("move_line_id", "=", line.id), ("state", "=", "live")], limit=1)
            owed = line.amount_residual_currency if line.parent_state == "posted" else 0.0
            if taken or line.currency_id.compare_amounts(claim.amount + claim.discount, owed) > 0:
                continue
            try:
                with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                    claim.write({"state": "live", "reason": False})
            except psycopg2.errors.UniqueViolation:
                claim.invalidate_recordset()

    def _keep_open(self):
        """Return the claims whose item still owes something; give up those settled, cancelled or revised meanwhile."""
        waiting = self._under_way()
        revised = waiting.filtered(lambda claim: claim._is_revised())
        still_open = (waiting - revised).filtered(
            lambda claim: claim.move_line_id.parent_state == "posted" and not claim.move_line_id.reconciled
        )
        revised._release(self.env._("The invoice was revised before the payment arrived."))
        (waiting - revised - still_open)._release(self.env._("Settled or cancelled before the payment arrived."))
        return still_open

    def _is_revised(self):
        """True for an item that was reset to draft, is not there any more, or is another customer's now."""
        self.ensure_one()
        is_gone = self.move_line_id.parent_state in (False, "draft")
        return is_gone or self.transaction_id._o2c_is_of_another(self.move_id)

    @api.model
    def _cron_release_expired(self):
        """Free the items of payments that were begun and left."""
        for company in self.env["res.company"].search([]):
            limit = fields.Datetime.now() - timedelta(minutes=company.o2c_claim_minutes)
            self.search([
                ("state", "=", "live"),
                ("company_id", "=", company.id),
                ("transaction_id.state", "=", "draft"),
                ("transaction_id.create_date", "<", limit),
            ])._release(self.env._("Not completed in time."))
