"""Adds to the wizard that sends one invoice: the extra addresses it goes to, which the sender may change, a warning of
those that do not work, and a preview."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.mail import single_email_re


class AccountMoveSendWizard(models.TransientModel):
    _inherit = "account.move.send.wizard"

    o2c_also_to = fields.Char(
        "Also to", compute="_compute_o2c_also_to", store=True, readonly=False,
        help="Email addresses with a comma between them. Each gets a mail of its own.",
    )

    @api.depends("move_id")
    def _compute_o2c_also_to(self):
        for wizard in self:
            wizard.o2c_also_to = self._o2c_default_also_to(wizard.move_id)

    @api.depends("o2c_also_to")
    def _compute_alerts(self):
        """Override of account: what is typed in *Also to* is looked at as well."""
        super()._compute_alerts()

    def _get_alerts(self, moves, moves_data):
        """Override of account: tell it what is typed in *Also to*."""
        for wizard in self:
            if wizard.move_id in moves_data:
                moves_data[wizard.move_id].setdefault("o2c_also_to", wizard.o2c_also_to)
        return super()._get_alerts(moves, moves_data)

    def _get_sending_settings(self):
        """Override of account: the extra addresses go along, and that it is a person who sends it.

        :raises UserError: if something typed there is no address
        """
        settings = super()._get_sending_settings()
        parts = [part.strip() for part in (self.o2c_also_to or "").replace(";", ",").split(",") if part.strip()]
        for part in parts:
            if not single_email_re.match(part):
                raise UserError(self.env._("%(text)s is not an email address.", text=part))
        return {**settings, "o2c_also_to": ", ".join(parts), "o2c_by_hand": not self.env.context.get("o2c_by_program")}

    # === PREVIEW === #

    def action_o2c_preview(self):
        """Show what each reader would get, in a window beside this one."""
        self._get_sending_settings()  # says what is wrong with what was typed
        return {"type": "ir.actions.act_url", "url": f"/o2c/send/preview/one/{self.id}", "target": "new"}

    def _o2c_previewed(self):
        """Return the documents to be previewed."""
        return self.move_id

    def _o2c_chosen(self):
        """Return what the sender chose, for ``o2c.invoice.preview``."""
        return self._get_sending_settings()
