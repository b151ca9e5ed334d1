"""The columns of the order board."""

from odoo import api, fields, models


class O2cOrderStage(models.Model):
    """A column of the order board: where an order stands on its way to the customer."""

    _name = "o2c.order.stage"
    _description = "Order stage"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    fold = fields.Boolean(string="Folded in the board")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", help="Leave empty to use the stage in all companies.")

    @api.model
    def _first(self, company_id):
        """Return the stage in which the orders of a company start; empty when there is none."""
        return self.search([("company_id", "in", [False, company_id])], limit=1)
