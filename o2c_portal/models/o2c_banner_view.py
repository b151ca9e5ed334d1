"""How often a banner was shown, by day, place and group."""

from odoo import api, fields, models

from .o2c_banner import PLACES


class O2cBannerView(models.Model):
    """Rows are only ever added, one for each batch, so that two workers never wait for each other or fail; at night
    those of a day become one."""

    _name = "o2c.banner.view"
    _description = "Views of a Banner"
    _order = "day desc, id desc"

    banner_id = fields.Many2one("o2c.banner", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="banner_id.company_id", store=True, index=True)
    day = fields.Date(required=True, readonly=True)
    place = fields.Selection(PLACES, required=True, readonly=True)
    is_shown = fields.Boolean("Shown", readonly=True, help="No: would have been shown, but the customer is held out.")
    views = fields.Integer("Times", required=True, readonly=True, default=1)

    @api.autovacuum
    def _gc_merge(self):
        """Make one row of those that say the same, of days that are over."""
        self.flush_model()
        self.env.cr.execute("""
            WITH same AS (
                SELECT min(id) AS id, sum(views) AS views, array_agg(id) AS ids FROM o2c_banner_view
                 WHERE day < CURRENT_DATE - 1
                 GROUP BY banner_id, day, place, is_shown HAVING count(*) > 1
            ), merged AS (
                UPDATE o2c_banner_view kept SET views = same.views FROM same WHERE kept.id = same.id
            )
            DELETE FROM o2c_banner_view gone USING same WHERE gone.id = ANY(same.ids) AND gone.id != same.id
        """)
        self.invalidate_model()
