"""Lines of a payment term that count from the first date, or share what the others leave."""

from odoo import api, fields, models

from ..core import schedule
from ..core.money import to_minor

# our delay types and the spacing each counts in
EVERY = {"o2c_days_after_first": "days", "o2c_months_after_first": "months"}
DAYS_IN = {"days": 1, "months": 30}


class AccountPaymentTermLine(models.Model):
    _inherit = "account.payment.term.line"

    delay_type = fields.Selection(
        selection_add=[
            ("o2c_days_after_first", "Days after the first date"),
            ("o2c_months_after_first", "Months after the first date"),
        ],
        ondelete={
            "o2c_days_after_first": lambda lines: lines._o2c_to_native_delay(),
            "o2c_months_after_first": lambda lines: lines._o2c_to_native_delay(),
        },
        help="The first date is that of the nearest line above with a rule of its own, or else the document date. "
        "Months keep its day of the month; a shorter month gives its last day.",
    )
    o2c_equal = fields.Boolean(
        string="Equal Part",
        compute="_compute_o2c_equal",
        store=True,
        readonly=False,
        help="Takes an equal part of what the other lines leave; the percentage is then only an indication.",
    )

    @api.depends("value", "value_amount")
    def _compute_o2c_equal(self):
        """An amount set by hand is meant: the line is no longer an equal part."""
        self.o2c_equal = False

    def _get_due_date(self, date_ref):
        if self.delay_type not in EVERY:
            return super()._get_due_date(date_ref)
        return self.payment_id._o2c_due_dates(date_ref)[self]

    def _o2c_day_of_month(self):
        """Return the day of the month the rule aims at (31: the last one), None when it has none in mind."""
        if self.delay_type in ("days_after_end_of_month", "days_after_end_of_next_month"):
            return None if self.nb_days else 31
        if self.delay_type == "days_end_of_month_on_the":
            day = self.days_next_month or "0"
            return (int(day) or 31) if day.isdecimal() else 1  # while it is being typed Odoo takes the first
        return None

    def _o2c_claim(self, total, digits, unit):
        """Return what the line takes of ``total`` minor units, or None for an equal part of the rest."""
        if self.o2c_equal:
            return None
        if self.value == "fixed":
            return max(0, to_minor(self.value_amount, digits))
        return schedule.share(total, to_minor(self.value_amount, 6), unit)

    def _o2c_to_native_delay(self):
        """Without the addon the lines count in days from the rule of their first date, 30 to the month."""
        native = {
            line: {
                "delay_type": anchor.delay_type or "days_after",
                "days_next_month": anchor.days_next_month or line.days_next_month,
                "nb_days": anchor.nb_days + line.nb_days * DAYS_IN[EVERY[line.delay_type]],
            }
            for term in self.payment_id for line, anchor in term._o2c_anchored_lines() if line != anchor
        }
        for line, values in native.items():  # only now: an anchor must not be one that was just turned
            line.write(values)
