"""Adds to link.tracker: which banner it belongs to, and where that is shown."""

from odoo import fields, models

from .o2c_banner import PLACES


class LinkTracker(models.Model):
    _inherit = "link.tracker"

    o2c_banner_id = fields.Many2one(
        "o2c.banner", string="Banner", index="btree_not_null", ondelete="cascade", readonly=True,
    )
    o2c_place = fields.Selection(PLACES, string="Shown On", readonly=True)
