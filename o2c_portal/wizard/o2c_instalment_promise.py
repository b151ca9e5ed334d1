"""Records the day a customer promised to pay an instalment, as a promise of ``o2c.payment.plan``."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError


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
        """Make the promise, which is told on the invoice; without a date the promise there is is withdrawn.

        :raises ValidationError: if nothing is open any more, the day has passed, or a plan covers the instalment
        """
        self.ensure_one()
        line = self.line_id
        line.check_access("write")
        if line.o2c_status in (False, "paid"):
            raise ValidationError(self.env._("Nothing is open on this instalment any more."))
        if self.promised_date and self.promised_date < fields.Date.context_today(self):
            raise ValidationError(self.env._("A promise is for today or a later day."))
        if line.o2c_promised_date != self.promised_date:
            self._withdraw()
            if self.promised_date:
                self._promise()
        return {"type": "ir.actions.act_window_close"}

    def _withdraw(self):
        # sudo: agreements are written by their own rules only; this user may write the journal item
        agreed_sudo = self.env["o2c.payment.plan.item"].sudo()._live(self.line_id)[self.line_id.id].plan_id
        agreed_sudo.filtered(lambda plan: plan.kind == "promise")._end("cancelled", self.env._(
            "The promise to pay instalment %(instalment)s was withdrawn.", instalment=self.number_of,
        ))

    def _promise(self):
        items = [item for item in self.move_id._o2c_instalments() if item.line_id == self.line_id.id]
        if items[0].plan_id:
            raise ValidationError(self.env._("A plan is active on this instalment. Replace the plan instead."))
        self.env["o2c.payment.plan"].sudo()._promise(items, self.promised_date)  # sudo: see _withdraw
