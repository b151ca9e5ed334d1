"""Which customers a banner has reached, and which were held out of it: the two groups its result compares."""

from odoo import fields, models


class O2cBannerReach(models.Model):
    """One customer when a banner was first shown to it, or would have been. Two workers may both write the first time;
    the result takes the earlier one."""

    _name = "o2c.banner.reach"
    _description = "Customer Reached by a Banner"
    _order = "first_at desc, id desc"
    _rec_name = "partner_id"

    banner_id = fields.Many2one("o2c.banner", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="banner_id.company_id", store=True, index=True)
    partner_id = fields.Many2one(
        "res.partner", "Customer", required=True, readonly=True, index=True, ondelete="cascade",
    )
    is_shown = fields.Boolean("Shown", readonly=True, help="No: held out, to compare with.")
    first_at = fields.Datetime("First", required=True, readonly=True)

    _banner_partner = models.Index("(banner_id, partner_id)")
