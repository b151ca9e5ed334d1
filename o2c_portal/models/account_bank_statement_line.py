"""Adds to account.bank.statement.line: which reference it carries, and what became of it."""

from markupsafe import escape

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
    ("dismissed", "Dismissed"),
]
DONE = ("applied", "by_hand")
NOT_BY_HAND = (*DONE, "currency", "outgoing", "several")
LOOKED_AT = (*DONE, "undone", "dismissed")  # somebody has, or nobody need


class AccountBankStatementLine(models.Model):
    _inherit = "account.bank.statement.line"

    o2c_remittance_id = fields.Many2one(
        "o2c.remittance", "Our reference", readonly=True, copy=False, index="btree_not_null", ondelete="set null",
    )
    o2c_reason = fields.Selection(REASONS, "What became of it", readonly=True, copy=False)
    o2c_reason_note = fields.Char("Details", readonly=True, copy=False)
    o2c_activity_id = fields.Many2one(
        "mail.activity", "Task", readonly=True, copy=False, index="btree_not_null", ondelete="set null",
        help="The task to look at this transfer; there is one of each transfer at most.",
    )

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

    def action_o2c_dismiss(self):
        """Say of transactions that nothing is to be done about them here; their task ends."""
        self._o2c_check_clerk()
        waiting_sudo = self.sudo().filtered(lambda line: line.o2c_reason and not line.is_reconciled)  # checked above
        waiting_sudo.o2c_reason = "dismissed"
        waiting_sudo._o2c_mind()

    def _o2c_mind(self):
        """Make one task for each transaction that somebody has to look at, and end those of all others.

        The task stands on the journal entry of the transaction. Needs elevated rights.
        """
        waiting = self.filtered(lambda line: (
            line.o2c_reason and line.o2c_reason not in LOOKED_AT and not line.is_reconciled
        ))
        labels = dict(self._fields["o2c_reason"]._description_selection(self.env))
        for line in (self - waiting).filtered("o2c_activity_id.active"):
            outcome = labels[line.o2c_reason] if line.o2c_reason in LOOKED_AT else self.env._("Booked")
            line.o2c_activity_id.action_feedback(feedback=outcome)
        for line in waiting:
            said = {
                "summary": self.env._("Bank transfer: %(reason)s", reason=labels[line.o2c_reason]),
                "note": escape(line.o2c_reason_note or ""),
            }
            if line.o2c_activity_id:
                line.o2c_activity_id.write(said)
            elif clerk := line._o2c_clerk():
                # an import may bring many: they are seen in the list of activities, not sent as a mail each
                line.o2c_activity_id = line.move_id.with_context(mail_activity_quick_update=True).activity_schedule(
                    "mail.mail_activity_data_todo", user_id=clerk.id, **said,
                )

    def _o2c_clerk(self):
        """Return who is to look at a transaction: as for other tasks that come from a customer."""
        advice = self.o2c_remittance_id
        moves = advice.move_id or advice.line_ids.move_id
        return self.env["res.partner"]._o2c_clerk(
            self.company_id, moves.invoice_user_id[:1], advice.partner_id.user_id,
        )

    def _o2c_check_clerk(self):
        """Bookkeeping by reference is for those who may see references and the transactions at hand."""
        self.check_access("read")
        self.env["o2c.remittance"].check_access("read")
