"""Writes the lines of a payment term from a few plain answers: deposit, number of parts, spacing, first date."""

from odoo import Command, api, fields, models
from odoo.exceptions import ValidationError

from ..core.money import to_major, to_minor
from ..core.schedule import FULL, MAX_PARTS, split

PERCENT_DIGITS = 6
STEP = {
    "days": ("o2c_days_after_first", 1),
    "weeks": ("o2c_days_after_first", 7),
    "months": ("o2c_months_after_first", 1),
}


class O2cPaymentTermGenerate(models.TransientModel):
    _name = "o2c.payment.term.generate"
    _description = "Generate Instalments"

    term_id = fields.Many2one("account.payment.term", required=True, ondelete="cascade")
    currency_id = fields.Many2one(related="term_id.currency_id")
    deposit = fields.Selection(
        [("none", "No deposit"), ("percent", "A percentage"), ("amount", "A fixed amount")],
        required=True, default="percent", help="Due on the document date.",
    )
    deposit_percent = fields.Float(digits=(5, 2), default=30.0)
    deposit_amount = fields.Float(
        digits="Payment Terms", help="In the currency of the document.",
    )
    parts = fields.Integer(string="Equal Parts", required=True, default=3)
    every = fields.Integer(required=True, default=1)
    spacing = fields.Selection(
        [("days", "Days"), ("weeks", "Weeks"), ("months", "Months")], required=True, default="months",
    )
    first_due = fields.Selection(
        [
            ("period", "One interval after the document date"),
            ("document", "On the document date"),
            ("days", "A number of days after the document date"),
            ("end_of_month", "At the end of the month"),
            ("end_of_next_month", "At the end of the next month"),
            ("day_of_next_month", "On a fixed day of the next month"),
        ],
        string="First Part Due", required=True, default="period",
    )
    first_days = fields.Integer(string="Days", default=30)
    first_day = fields.Integer(string="Day of the Month", default=15, help="31 is the last day of every month.")
    remainder = fields.Selection(
        [("last", "Last part"), ("first", "First part")], string="Rounding Difference", required=True, default="last",
    )
    example_amount = fields.Float(default=1000.0)
    example_date = fields.Date(default=fields.Date.context_today)
    preview = fields.Html(compute="_compute_preview", sanitize=False)
    problem = fields.Char(compute="_compute_preview")

    @api.depends(
        "deposit", "deposit_percent", "deposit_amount", "parts", "every", "spacing", "first_due", "first_days",
        "first_day", "remainder", "example_amount", "example_date", "term_id",
    )
    def _compute_preview(self):
        """Show what the term itself would make of the lines."""
        for wizard in self:
            wizard.problem = wizard._problem()
            wizard.preview = False if wizard.problem else self.env["account.payment.term"].new({
                "company_id": wizard.term_id.company_id.id,
                "example_amount": wizard.example_amount,
                "example_date": wizard.example_date,
                "line_ids": [Command.create(values) for values in wizard._line_values()],
                "o2c_remainder": wizard.remainder,
            }).example_preview

    def action_generate(self):
        """Replace the lines of the term.

        :raises ValidationError: if the answers do not make a schedule; the term is then unchanged
        """
        self.ensure_one()
        if problem := self._problem():
            raise ValidationError(problem)
        self.term_id.write({
            "o2c_remainder": self.remainder,
            "line_ids": [Command.clear(), *(Command.create(values) for values in self._line_values())],
        })
        return {"type": "ir.actions.act_window_close"}

    def _problem(self):
        """Return what keeps the answers from making a schedule, in words for the user; False when all is well."""
        if not 1 <= self.parts <= MAX_PARTS:
            return self.env._("The number of parts must be between 1 and %(most)s.", most=MAX_PARTS)
        if self.every < 1:
            return self.env._("The interval must be at least 1.")
        if self.deposit == "percent" and not 0 < to_minor(self.deposit_percent, PERCENT_DIGITS) < FULL:
            return self.env._("The deposit must be more than 0 % and less than 100 %.")
        if self.deposit == "amount" and self.deposit_amount <= 0:
            return self.env._("The deposit must be more than zero.")
        if self.first_due == "days" and self.first_days < 0:
            return self.env._("The first part cannot be due before the document date.")
        if self.first_due == "day_of_next_month" and not 1 <= self.first_day <= 31:
            return self.env._("The day of the month must be between 1 and 31.")
        at_once = self.first_due == "document" or (self.first_due == "days" and not self.first_days)
        if self.deposit != "none" and at_once:
            return self.env._("The deposit is due on the document date already: let the first part follow later.")
        return False

    def _line_values(self):
        """Return the values of the lines; their percentages total 100, as Odoo wants, in the decimals it keeps."""
        deposit = to_minor(self.deposit_percent, PERCENT_DIGITS)
        claims = [deposit] if self.deposit == "percent" else []
        kept = 10 ** (PERCENT_DIGITS - self.env["decimal.precision"].precision_get("Payment Terms"))
        percents = [to_major(micro, PERCENT_DIGITS) for micro in split(FULL, [*claims, *[None] * self.parts], kept)]
        lines = []
        if self.deposit != "none":
            amount = percents.pop(0) if self.deposit == "percent" else self.deposit_amount
            value = "percent" if self.deposit == "percent" else "fixed"
            lines.append({"value": value, "value_amount": amount, "delay_type": "days_after", "nb_days": 0})
        lines += [
            {"value": "percent", "value_amount": percent, "o2c_equal": True, **self._due_values(index)}
            for index, percent in enumerate(percents)
        ]
        return lines

    def _due_values(self, index):
        """Return when the equal part at ``index`` (from 0) falls due, in the words of the term line."""
        delay_type, days = STEP[self.spacing]
        if self.first_due == "period":
            return {"delay_type": delay_type, "nb_days": self.every * days * (index + 1)}
        if index:
            return {"delay_type": delay_type, "nb_days": self.every * days * index}
        return {
            "document": {"delay_type": "days_after", "nb_days": 0},
            "days": {"delay_type": "days_after", "nb_days": self.first_days},
            "end_of_month": {"delay_type": "days_after_end_of_month", "nb_days": 0},
            "end_of_next_month": {"delay_type": "days_after_end_of_next_month", "nb_days": 0},
            "day_of_next_month": {
                "delay_type": "days_end_of_month_on_the", "nb_days": 0, "days_next_month": str(self.first_day),
            },
        }[self.first_due]
