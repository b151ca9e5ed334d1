"""Adds to res.partner: two more ways to get invoices, beside Odoo's own."""

from odoo import fields, models

NOTICE, PRINT = "o2c_portal_notice", "o2c_print"


class ResPartner(models.Model):
    _inherit = "res.partner"  # pylint: disable=consider-merging-classes-inherited  # by concern

    invoice_sending_method = fields.Selection(
        selection_add=[(NOTICE, "by Portal, with a short email"), (PRINT, "on Paper, printed by us")],
    )
