"""Records the day a customer promised to pay an instalment."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date


class O2cInstalmentPromise(models.TransientModel):
    _name = "o2c.instalment.promise"
    _description = "Promise to Pay an Instalment"

    line_id = fields.Many2one("account.move.line", "Instalment", required=True, ondelete="cascade", readonly=True)
    move_id = fields.Many2one(related="line_id.move_id")
    currency_id = fields.Many2one(related="line_id.currency_id")
    number_of = fields.Char("Number", related="line_id.o2c_number_of")
    date_due = fields.Date(related="line_id.date_maturity")
    open_amount = fields.Monetary(related="line_id.o2c_open_amount")
    promised_date = fields.Date("Promised For", compute="_compute_promised_date", store=True, readonly=False)

    @api.depends("line_id")
    def _compute_promised_date(self):
        for wizard in self:
            wizard.promised_date = wizard.line_id.o2c_promised_date

    @api.constrains("line_id")
    def _check_line_access(self):
        """Refuse a line the user may not see: its id comes from the client, related fields are read with all rights."""
        self.line_id.sudo(False).check_access("read")  # constraints run with elevated rights

    def action_record(self):
        """Store the promise and say so on the invoice; without a date the promise is withdrawn.

        :raises ValidationError: if nothing is open any more, or the day has passed
        """
        self.ensure_one()
        line = self.line_id
        line.check_access("write")
        if line.o2c_status in (False, "paid"):
            raise ValidationError(self.env._("Nothing is open on this instalment any more."))
        if self.promised_date and self.promised_date < fields.Date.context_today(self):
            raise ValidationError(self.env._("A promise is for today or a later day."))
        if line.o2c_promised_date != self.promised_date:
            line.o2c_promised_date = self.promised_date
            line.move_id.message_post(body=self._note())
        return {"type": "ir.actions.act_window_close"}

    def _note(self):
        if self.promised_date:
            return self.env._(
                "The customer promised to pay instalment %(instalment)s on %(date)s.",
                instalment=self.number_of, date=format_date(self.env, self.promised_date),
            )
        return self.env._("The promise to pay instalment %(instalment)s was withdrawn.", instalment=self.number_of)
