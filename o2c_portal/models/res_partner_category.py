"""Adds to res.partner.category: the payment policy of customers with a tag."""

from odoo import api, fields, models, tools


class ResPartnerCategory(models.Model):
    _inherit = "res.partner.category"

    o2c_policy_id = fields.Many2one(
        "o2c.payment.policy", "Payment Policy", index="btree_not_null", groups="o2c_portal.o2c_portal_group_user",
        help="Applies to customers with this tag that have no policy of their own.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        tags = super().create(vals_list)
        if any(tag.o2c_policy_id for tag in tags.sudo()):  # also by a default; sudo: whoever makes tags
            self.env.registry.clear_cache()  # of ``_o2c_any_has_policy``
        return tags

    def write(self, vals):
        if "o2c_policy_id" in vals:
            self.env.registry.clear_cache()
        return super().write(vals)

    @api.model
    @tools.ormcache()
    def _o2c_any_has_policy(self):
        """Say whether any tag names a policy: every payment asks, and most companies have no such tag. An archived one
        may come back any time."""
        tags_sudo = self.sudo().with_context(active_test=False)  # a yes or no
        return bool(tags_sudo.search_count([("o2c_policy_id", "!=", False)], limit=1))
