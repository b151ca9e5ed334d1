"""Adds to account.move.send: the email of an invoice knows that it is one."""

from odoo import api, models


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    @api.model
    def _send_mail(self, move, mail_template, **kwargs):
        """Override of account: the invoice's own email asks for the payment; other messages about it do not."""
        return super()._send_mail(move.with_context(o2c_invoice_mail=True), mail_template, **kwargs)
