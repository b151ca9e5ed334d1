"""Adds to o2c.payment.allocation: money under way for an order is not asked for again on the order's invoice."""

from odoo import api, models

from ..core import basket, money


class O2cPaymentAllocation(models.Model):
    _inherit = "o2c.payment.allocation"  # pylint: disable=consider-merging-classes-inherited  # by concern

    @api.model
    def _claim_for_order(self, transaction, move):
        """Claim on an order's invoice, earliest instalment first, what a payment of the order is still to bring.

        :param transaction: ``payment.transaction`` that is pending or authorized and names no instalments of its own
        """
        items = [item for item in move._o2c_instalments() if item.payable]
        came = transaction.child_transaction_ids.filtered(lambda child: child.state in ("done", "cancel"))
        claimed = transaction.o2c_allocation_ids.filtered("move_line_id")._under_way()
        coming = transaction.amount - sum(came.mapped("amount")) - sum(claimed.mapped("amount"))
        digits = move.currency_id.decimal_places
        minor = min(money.to_minor(coming, digits), sum(item.open_minor for item in items))
        if transaction.currency_id == move.currency_id and minor > 0:
            parts = basket.for_amount(minor, items, discounts={})
            self._claim(transaction, basket.Quote(move.currency_id.id, digits, parts))
