"""Adds to res.partner.category: the payment policy of customers with a tag."""

from odoo import fields, models


class ResPartnerCategory(models.Model):
    _inherit = "res.partner.category"

    o2c_policy_id = fields.Many2one(
        "o2c.payment.policy", "Payment Policy", index="btree_not_null", groups="o2c_portal.o2c_portal_group_user",
        help="Applies to customers with this tag that have no policy of their own.",
    )
