"""Adds to o2c.payment.allocation: money for an invoice that was corrected before it came pays the one in its place."""

from odoo import models
from odoo.exceptions import ValidationError

from ..core import money
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
        lines = self.env["o2c.correction"]._receivables(new).filtered(lambda line: line.amount_residual_currency > 0)
        lines -= self._release_stale_claims(lines, {self.transaction_id.o2c_payer_key}).move_line_id
        digits = new.currency_id.decimal_places
        left, values = money.to_minor(sum(self.mapped("amount")), digits), []
        for line in lines:
            part = min(left, money.to_minor(line.amount_residual_currency, digits))
            left -= part
            if part:
                values.append({
                    "transaction_id": self.transaction_id.id, "move_line_id": line.id,
                    "amount": money.to_major(part, digits),
                })
        try:
            with self.env.cr.savepoint():
                made = self.create(values)
        except (PaymentInProgress, ValidationError):  # money that came is booked, whatever else: it is credit
            return self.browse()
        self.reason = self.env._("The invoice was corrected: %(new)s is paid instead.", new=new.name)
        return made
