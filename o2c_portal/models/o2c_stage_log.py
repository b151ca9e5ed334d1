"""The history of an order's stages."""

from odoo import fields, models


class O2cStageLog(models.Model):
    """Why an order is where it is: every rule that fired, every step taken back, every move by hand."""

    _name = "o2c.stage.log"
    _description = "Order stage history"
    _order = "id desc"
    _rec_name = "reason"

    order_id = fields.Many2one("sale.order", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one(related="order_id.company_id", store=True)
    action = fields.Selection(
        [("rule", "Rule"), ("undo", "Taken back"), ("hand", "By hand")], string="What", required=True, readonly=True
    )
    rule_id = fields.Many2one("o2c.stage.rule", ondelete="set null", readonly=True)
    from_stage_id = fields.Many2one("o2c.order.stage", string="From", ondelete="set null", readonly=True)
    to_stage_id = fields.Many2one("o2c.order.stage", string="To", ondelete="set null", readonly=True)
    reason = fields.Char(required=True, readonly=True)
    undone = fields.Boolean(readonly=True, help="The money was reversed, and the step taken back.")

    _fired_once = models.UniqueIndex("(order_id, rule_id) WHERE action = 'rule' AND undone IS NOT TRUE")
