"""Adds to account.move: that it waits to be printed, and what its paper is good for; a file of its own for its
length."""

# pylint: disable=consider-merging-classes-inherited
from odoo import fields, models

from .o2c_print_item import LIVE


class AccountMove(models.Model):
    _inherit = "account.move"

    o2c_print_item_ids = fields.One2many(
        "o2c.print.item", "move_id", "On paper", groups="o2c_portal.o2c_portal_group_user",
    )

    def _get_alerts(self):
        """Override of account: say on the form that nobody has printed it yet."""
        alerts = super()._get_alerts()
        if self.env.user.share:
            return alerts
        if any(item.state in LIVE for item in self.sudo().o2c_print_item_ids):  # for all who see the document
            alerts["o2c_to_print"] = {
                "level": "info", "message": self.env._("It is on the print pile and not on its way yet."),
            }
        return alerts

    def _get_invoice_legal_documents(self, filetype, allow_fallback=False):
        """Override of account: what staff download, the link on it included, is good to be passed on."""
        self.env["o2c.pay.link"]._prolong_paper(self)
        return super()._get_invoice_legal_documents(filetype, allow_fallback=allow_fallback)

    def _get_invoice_legal_documents_all(self, allow_fallback=False):
        """Override of account: so is what a customer downloads from the portal."""
        self.env["o2c.pay.link"]._prolong_paper(self)
        return super()._get_invoice_legal_documents_all(allow_fallback=allow_fallback)
