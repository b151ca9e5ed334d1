"""The dated amounts of a plan. What is paid of them is derived, never stored."""

from odoo import api, fields, models

from ..core import instalments
from ..core.money import to_major, to_minor

LINE_STATUSES = [("open", "Open"), ("due_soon", "Due soon"), ("overdue", "Overdue"), ("paid", "Paid")]


class O2cPaymentPlanLine(models.Model):
    _name = "o2c.payment.plan.line"
    _description = "Payment of a Plan or Promise"
    _order = "plan_id, date, id"

    plan_id = fields.Many2one("o2c.payment.plan", required=True, ondelete="cascade", index=True)
    date = fields.Date(required=True)
    amount = fields.Monetary(required=True)
    currency_id = fields.Many2one(related="plan_id.currency_id")
    # The view of due items lays lines over items by these two; they follow from what was agreed on alone.
    number = fields.Integer(compute="_compute_position", store=True)
    after = fields.Monetary(compute="_compute_position", store=True, help="Sum of the payments that follow.")
    paid = fields.Monetary(compute="_compute_paid")
    left = fields.Monetary("Still Open", compute="_compute_paid")
    status = fields.Selection(LINE_STATUSES, compute="_compute_paid")

    _amount_positive = models.Constraint("CHECK(amount > 0)", "Every payment of a plan is of a positive amount.")

    @api.depends("plan_id.line_ids.date", "plan_id.line_ids.amount")
    def _compute_position(self):
        for plan in self.plan_id:
            after, currency = 0.0, plan.currency_id
            lines = plan.line_ids.sorted(lambda line: line.date)
            for index, line in reversed(list(enumerate(lines, start=1))):
                line.number, line.after = index, after
                after = currency.round(after + line.amount)

    @api.depends("amount", "plan_id.item_ids.left", "plan_id.line_ids.amount")
    def _compute_paid(self):
        today = fields.Date.context_today(self)
        for plan in self.plan_id:
            digits = plan.currency_id.decimal_places
            for line, fact in zip(plan.line_ids, plan._instalments(), strict=True):
                line.left = to_major(fact.open_minor, digits)
                line.paid = to_major(to_minor(line.amount, digits) - fact.open_minor, digits)
                line.status = instalments.status(fact, today, plan.company_id.o2c_due_soon_days)
