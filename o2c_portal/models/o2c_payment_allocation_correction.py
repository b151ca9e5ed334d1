"""Adds to o2c.payment.allocation: money for an invoice that was corrected before it came pays the one in its place."""

from dataclasses import replace

from odoo import models
from odoo.exceptions import ValidationError

from ..core import basket, money
from .o2c_payment_allocation import PaymentInProgress


class O2cPaymentAllocation(models.Model):
    _inherit = "o2c.payment.allocation"  # pylint: disable=consider-merging-classes-inherited  # by concern

    def _follow_corrections(self):
        """Claim, for what a payment was to pay of invoices that were corrected meanwhile, what is open on the ones that
        stand in their place, earliest instalment first.

        :return: the new claims; what others are paying at this moment is not claimed
        """
        made = self.browse()
        lost = self.filtered(lambda claim: claim.state == "released" and claim.move_id.o2c_corrected_by_id)
        for move, claims in lost.grouped("move_id").items():
            made |= claims._follow_to(move._o2c_latest())
        return made

    def _follow_to(self, new):
        """Return claims on an invoice for the money of these ones, none where it cannot be had."""
        transaction, digits = self.transaction_id, new.currency_id.decimal_places
        before, items = transaction.o2c_allocation_ids, [item for item in new._o2c_instalments() if item.open_minor > 0]
        lines = self.env["account.move.line"].browse([item.line_id for item in items])
        others = self._release_stale_claims(lines, {transaction.o2c_payer_key}).move_line_id
        items = [replace(item, claimed=False) for item in items if item.line_id not in others._ids]
        came = money.to_minor(sum(self.mapped("amount")), digits)
        minor = min(came, sum(item.open_minor for item in items))
        if not minor:
            return self.browse()
        try:
            with self.env.cr.savepoint():
                self._claim(transaction, basket.Quote(
                    new.currency_id.id, digits, basket.for_amount(minor, items, discounts={}),
                ))
        except (PaymentInProgress, ValidationError):  # money that came is booked, whatever else: it is credit
            return self.browse()
        self.reason = self.env._("The invoice was corrected: %(new)s is paid instead.", new=new.name)
        return transaction.o2c_allocation_ids - before
