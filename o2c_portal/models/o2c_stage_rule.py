"""The rules that move orders between stages."""

from odoo import api, fields, models


class O2cStageRule(models.Model):
    """Which money fact moves an order to which stage."""

    _name = "o2c.stage.rule"
    _description = "Order stage rule"
    _order = "sequence, id"
    _rec_name = "trigger"
    _check_company_auto = True

    trigger = fields.Selection(
        [("deposit_paid", "Deposit paid"), ("fully_paid", "Fully paid")], string="When", required=True
    )
    stage_id = fields.Many2one(
        "o2c.order.stage", string="Move the order to", required=True, ondelete="cascade", check_company=True
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", help="Leave empty to use the rule in all companies.")

    @api.depends("trigger")
    @api.depends_context("lang")
    def _compute_display_name(self):
        labels = dict(self._fields["trigger"]._description_selection(self.env))
        for rule in self:
            rule.display_name = labels.get(rule.trigger, "")
