"""Receivable lines as instalments."""

from odoo import api, fields, models
from odoo.tools import frozendict


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    o2c_part = fields.Integer(
        string="Instalment of the Day",
        help="Tells instalments of one day apart: 2 is the second one; empty where there is only one.",
    )
    o2c_promised_date = fields.Date(
        string="Promised For",
        copy=False,
        help="The day the customer said this instalment will be paid.",
    )

    @api.depends("o2c_part")
    def _compute_term_key(self):
        super()._compute_term_key()
        for line in self.filtered(lambda line: line.term_key and line.o2c_part):
            line.term_key = frozendict({**line.term_key, "o2c_part": line.o2c_part})
