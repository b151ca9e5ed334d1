"""Adds to account.bank.statement.line: which reference it carries, and what became of it."""

from odoo import api, fields, models
from odoo.exceptions import UserError

REASONS = [
    ("applied", "Applied"),
    ("by_hand", "Applied by hand"),
    ("short", "Less than what is open, and no whole instalment"),
    ("over", "More than what is open"),
    ("settled", "Nothing is open on it any more"),
    ("changed", "Part of it was paid in another way meanwhile"),
    ("unclear", "Fits more than one part of it"),
    ("currency", "In another currency"),
    ("twice", "Looks like a transfer that was imported before"),
    ("several", "Carries more than one of our references"),
    ("cancelled", "The reference was cancelled"),
    ("outgoing", "Money that went out"),
    ("failed", "Could not be booked"),
    ("undone", "Was applied, then taken back"),
]
DONE = ("applied", "by_hand")
NOT_BY_HAND = (*DONE, "currency", "outgoing", "several")


class AccountBankStatementLine(models.Model):
    _inherit = "account.bank.statement.line"

    o2c_remittance_id = fields.Many2one(
        "o2c.remittance", "Our reference", readonly=True, copy=False, index="btree_not_null", ondelete="set null",
    )
    o2c_reason = fields.Selection(REASONS, "What became of it", readonly=True, copy=False)
    o2c_reason_note = fields.Char("Details", readonly=True, copy=False)

    @api.model_create_multi
    def create(self, vals_list):
        """Override: transfers that carry one of our references apply themselves."""
        matcher = self.env["o2c.remittance.matcher"]
        matcher._name_customers(vals_list)
        lines = super().create(vals_list)
        matcher._match(lines)
        return lines

    def action_undo_reconciliation(self):
        """Override: staff has the last word; what was taken back is not applied again by itself."""
        res = super().action_undo_reconciliation()
        undone_sudo = self.sudo().filtered(lambda line: line.o2c_reason in DONE)  # who may undo may say so
        undone_sudo.o2c_remittance_id.filtered(lambda advice: advice.state == "applied").state = "open"
        undone_sudo.o2c_reason = "undone"
        return res

    def action_o2c_match(self):
        """Look again at transactions nothing became of, for example because an invoice was posted late."""
        self._o2c_check_clerk()
        self.env["o2c.remittance.matcher"]._match(self)

    def action_o2c_apply_by_hand(self):
        """Apply transactions as far as they go, oldest item first; what is left over becomes the customer's credit.

        :raises UserError: if one cannot be applied to what its reference stands for
        """
        self._o2c_check_clerk()
        for line in self:
            if not line.o2c_remittance_id or line.is_reconciled or line.o2c_reason in NOT_BY_HAND:
                raise UserError(self.env._("This transaction cannot be applied here. Book it in its journal."))
        self.env["o2c.remittance.matcher"]._match_by_hand(self)

    def _o2c_check_clerk(self):
        """Bookkeeping by reference is for those who may see references and the transactions at hand."""
        self.check_access("read")
        self.env["o2c.remittance"].check_access("read")
