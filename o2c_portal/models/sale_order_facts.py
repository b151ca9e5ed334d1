"""Adds to sale.order: what is known of its money, from its invoices and its payments."""

from odoo import fields, models

from ..core import stages
from ..core.money import to_minor


class SaleOrder(models.Model):
    _inherit = "sale.order"  # pylint: disable=consider-merging-classes-inherited  # by concern

    def _o2c_facts(self):
        """Return the money facts of one order, see :class:`stages.Facts`; from the ledger, never from ``amount_paid``.

        Needs access to invoices and transactions.
        """
        self.ensure_one()
        paid = invoiced = credited = 0
        posted = self.invoice_ids.filtered(lambda move: move.state == "posted")
        for move in posted:
            settled, amount = self._o2c_part_of_invoice(move)
            paid += settled
            invoiced += amount
            credited -= 0 if move._o2c_cancels_invoice() else min(amount, 0)
        paid += sum(self._o2c_part_of_transaction(tx) for tx in self._o2c_transactions())
        total, deposit = max(self._o2c_minor(self.amount_total) - credited, invoiced), self._o2c_deposit()
        if invoiced > 0 and self._o2c_is_invoiced():  # parts and rounding come to a cent more or less than the order
            total, deposit = invoiced, min(deposit, self._o2c_first_instalments(posted))
        return stages.Facts(total=total, paid=paid, deposit=deposit)

    def _o2c_is_invoiced(self):
        """Say whether nothing is left to invoice; Odoo's status counts drafts, of which nothing is owed yet."""
        drafts = self.invoice_ids.filtered(lambda move: move.state == "draft")
        return self.invoice_status in ("invoiced", "upselling") and not drafts

    def _o2c_minor(self, amount):
        return to_minor(amount, self.currency_id.decimal_places)

    def _o2c_part_of_invoice(self, move):
        """Return ``(settled, total)`` of this order's lines in a posted invoice; negative for a credit note."""
        return tuple(
            self._o2c_part_of(move, amount) for amount in (move.amount_total - move.amount_residual, move.amount_total)
        )

    def _o2c_part_of(self, move, amount):
        """Return what of an amount of a posted invoice is this order's, by its lines; negative for a credit note."""
        lines = move.invoice_line_ids.filtered(lambda line: line.sale_line_ids.order_id & self)
        sign = -1 if move.move_type == "out_refund" else 1
        part, whole = (self._o2c_minor(sum(items.mapped("price_total"))) for items in (lines, move.invoice_line_ids))
        amount = move.currency_id._convert(amount, self.currency_id, move.company_id, move.invoice_date)
        return sign * stages.share(self._o2c_minor(amount), part, whole)

    def _o2c_first_instalments(self, moves):
        """Return this order's part of what posted invoices ask for first, those that were cancelled left out."""
        corrections = self.env["o2c.correction"]
        return sum(
            self._o2c_part_of(move, corrections._receivables(move)[:1].amount_currency)
            for move in moves if move.move_type == "out_invoice" and move.payment_state != "reversed"
        )

    def _o2c_transactions(self):
        """Return the finished transactions of the order and of its invoices, and the refunds of all of them."""
        paid = (self.transaction_ids | self.invoice_ids.transaction_ids).filtered(lambda tx: tx.operation != "refund")
        refunds = paid.child_transaction_ids.filtered(lambda tx: tx.operation == "refund")
        own = paid & self.transaction_ids
        return (own | refunds).filtered(lambda tx: tx.state == "done" and tx.operation != "validation")

    def _o2c_part_of_transaction(self, tx):
        """Return what of a transaction no invoice has taken up yet, for this order; negative for a refund."""
        waiting = 0 if tx.invoice_ids else tx.amount  # of a transaction that is not in the books yet
        amount = tx.payment_id._o2c_unapplied() if tx.payment_id else waiting
        origin = tx.source_transaction_id or tx
        orders = origin.sale_order_ids | origin.invoice_ids._o2c_orders()
        whole = sum(self._o2c_minor(order.amount_total) for order in orders)
        amount = tx.currency_id._convert(amount, self.currency_id, self.company_id, fields.Date.today())
        return stages.share(self._o2c_minor(amount), self._o2c_minor(self.amount_total), whole)

    def _o2c_deposit(self):
        """Return the deposit this order asks for, in minor units: the first of several instalments, else the required
        prepayment; 0 when there is none."""
        schedule = self._o2c_schedule()
        return self._o2c_minor(schedule[0]["amount"] if len(schedule) > 1 else self._get_prepayment_required_amount())
