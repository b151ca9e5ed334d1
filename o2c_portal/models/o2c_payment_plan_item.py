"""What a plan covers: receivable items of the ledger, and how much of each was agreed on."""

from odoo import api, fields, models

from ..core import plans
from ..core.money import to_major, to_minor


class O2cPaymentPlanItem(models.Model):
    _name = "o2c.payment.plan.item"
    _description = "Item of a Plan or Promise"
    _order = "plan_id, sequence, id"

    plan_id = fields.Many2one("o2c.payment.plan", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=10, help="Money counts for the first item first.")
    # A reset to draft may replace the receivable item; the plan is cancelled then and keeps the name.
    move_line_id = fields.Many2one("account.move.line", "Instalment", ondelete="set null", index="btree_not_null")
    # Facts of the journal item, so that the view of due items finds an invoice or a customer without reading it
    move_id = fields.Many2one("account.move", "Invoice", ondelete="set null", index="btree_not_null", readonly=True)
    partner_id = fields.Many2one("res.partner", "Customer", index=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    name = fields.Char(required=True, help="Document and instalment, as they were called when the plan was made.")
    date_due = fields.Date(related="move_line_id.date_maturity", string="Due Date by the Terms")
    covered = fields.Monetary(required=True, help="What was agreed on of this item.")
    beyond = fields.Monetary(help="What was open of this item when the plan was made and is not part of it.")
    left = fields.Monetary("Still Open", compute="_compute_left", help="What the ledger still owes of it.")

    # Copies of facts of the plan, for the unique index and the view of due items
    live = fields.Boolean(compute="_compute_live", store=True)
    kind = fields.Selection(related="plan_id.kind", store=True)
    promised_on = fields.Date(compute="_compute_live", store=True)

    _covered_positive = models.Constraint(
        "CHECK(covered > 0 AND beyond >= 0)", "A plan covers a positive amount of each item.",
    )
    _live_uniq = models.UniqueIndex(
        "(move_line_id) WHERE live", "Another plan or promise is active on one of these items.",
    )

    @api.depends("plan_id.state", "plan_id.kind", "plan_id.line_ids.date")
    def _compute_live(self):
        for item in self:
            item.live = item.plan_id.state == "active"
            item.promised_on = item.live and item.plan_id.kind == "promise" and item.plan_id.line_ids[:1].date

    @api.depends("move_line_id.amount_residual_currency", "move_line_id.parent_state", "covered", "beyond")
    def _compute_left(self):
        for item in self:
            item.left = to_major(plans.still_open(item._fact()), item.currency_id.decimal_places)

    @api.model
    def _live(self, lines):
        """Return ``{id: item}`` of journal items, empty for those that nothing is agreed on for, in one query."""
        items = self.search_fetch(
            [("move_line_id", "in", lines.ids), ("live", "=", True)],
            ["move_line_id", "kind", "plan_id", "promised_on"],
        )
        return {**dict.fromkeys(lines.ids, self.browse()), **{item.move_line_id.id: item for item in items}}

    def _fact(self):
        """Return the item as ``core.plans.Item``. A ledger line that is gone or being revised has paid nothing."""
        self.ensure_one()
        digits, line = self.currency_id.decimal_places, self.move_line_id
        covered, beyond = to_minor(self.covered, digits), to_minor(self.beyond, digits)
        posted = line.parent_state == "posted"
        return plans.Item(
            line_id=line.id,
            date_due=line.date_maturity or line.date,
            residual=to_minor(line.amount_residual_currency, digits) if posted else covered + beyond,
            covered=covered,
            beyond=beyond,
        )
