"""A banner: what it says, where and to whom it is shown, and the tracked addresses it leads to."""

import base64
import secrets
from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools.mimetypes import guess_mimetype

PLACES = [
    ("pdf", "Invoice PDF"),
    ("mail", "Invoice email"),
    ("pay", "Result of a payment"),
    ("portal", "Customer portal"),
]
MEDIUMS = {
    "pdf": "o2c_portal.utm_medium_invoice_pdf",
    "mail": "utm.utm_medium_email",
    "pay": "o2c_portal.utm_medium_payment_result",
    "portal": "o2c_portal.utm_medium_customer_portal",
}
IMAGES = ("image/png", "image/jpeg", "image/gif")  # what mail readers and the PDF engine all show
LINKED = {"title", "url", "campaign_id", "source_id"}  # what the tracked addresses are made of


class O2cBanner(models.Model):
    _name = "o2c.banner"
    _description = "Banner"
    _order = "priority desc, id"

    name = fields.Char(required=True, help="For yourselves; customers never see it.")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company, index=True)
    state = fields.Selection(
        [("draft", "Draft"), ("live", "Live"), ("stopped", "Stopped")], default="draft", required=True, readonly=True,
        copy=False,
    )

    # What it says
    title = fields.Char(required=True, translate=True)
    text = fields.Text(translate=True)
    image = fields.Image(max_width=1200, max_height=600, help="PNG, JPEG or GIF; best 1200 x 300.")
    # Smaller: it becomes part of every PDF
    image_paper = fields.Image("Image on Paper", related="image", max_width=640, max_height=320, store=True)
    alt = fields.Char(
        "Text Instead of the Image", translate=True,
        help="Read to who cannot see the image, and shown where images are blocked. Empty: the title.",
    )
    url = fields.Char("Link", help="Where a click leads. Customers get a short address that counts the clicks.")
    button = fields.Char("Text of the Link", translate=True, default=lambda self: self.env._("Read more"))
    image_key = fields.Char(
        default=lambda self: secrets.token_urlsafe(24), required=True, readonly=True, copy=False,
        groups="base.group_system",
    )

    # When and where
    date_from = fields.Date("From")
    date_to = fields.Date("To", help="The last day.")
    on_pdf = fields.Boolean("On Invoice PDFs", default=True)
    on_mail = fields.Boolean("In Invoice Emails", default=True)
    on_pay = fields.Boolean("On the Result of a Payment", default=True)
    on_portal = fields.Boolean("In the Customer Portal", default=True)
    priority = fields.Selection(
        [("0", "Normal"), ("1", "High"), ("2", "Very high")], default="0", required=True,
        help="Of the banners that fit a customer, those with the most stars are shown.",
    )
    weight = fields.Integer(
        "Turns", default=1, help="Banners of one priority take turns from day to day; one with 2 gets twice as many.",
    )

    # To whom
    kind = fields.Selection(
        [("all", "Companies and individuals"), ("companies", "Companies"), ("individuals", "Individuals")],
        "Customers", default="all", required=True,
    )
    category_ids = fields.Many2many("res.partner.category", string="Tags")
    industry_ids = fields.Many2many("res.partner.industry", string="Industries")
    country_ids = fields.Many2many("res.country", string="Countries")
    lang_ids = fields.Many2many("res.lang", string="Languages")
    team_ids = fields.Many2many("crm.team", string="Bought Through", help="Sales teams, the shop among them.")
    product_ids = fields.Many2many("product.template", string="Bought One Of")
    product_category_ids = fields.Many2many("product.category", string="Bought From Categories")
    payer = fields.Selection(
        [("all", "However they pay"), ("on_time", "Who pay on time"), ("late", "Who pay late")], "Payers",
        default="all", required=True,
        help="Late: an instalment due in the last twelve months was paid more than three days late, or still is not.",
    )
    is_similar = fields.Boolean(
        "Own, Similar Products", help="It advertises products of your own, similar to those the customer bought. Only "
                                      "such banners may be mailed to individuals who did not agree beforehand.",
    )

    # Measuring
    holdout_percent = fields.Integer(
        "Held Out", default=10,
        help="Percent of the customers who see no banner, so that there is something to compare with. It cannot be "
             "changed once the banner was shown.",
    )
    days = fields.Integer("Days to Order", default=30, help="Orders within so many days count.")
    campaign_id = fields.Many2one("utm.campaign", ondelete="set null", copy=False)
    source_id = fields.Many2one("utm.source", ondelete="set null", readonly=True, copy=False)
    link_ids = fields.One2many("link.tracker", "o2c_banner_id", "Tracked Links", readonly=True)

    # What it brought
    currency_id = fields.Many2one(related="company_id.currency_id")
    view_count = fields.Integer("Times Shown", compute="_compute_views")
    click_count = fields.Integer("Clicks", compute="_compute_clicks")
    shown_customers = fields.Integer("Customers Who Saw It", compute="_compute_result")
    shown_ordered = fields.Integer("Of Them Ordered", compute="_compute_result")
    shown_rate = fields.Float("Order Rate", compute="_compute_result")
    held_customers = fields.Integer("Customers Held Out", compute="_compute_result")
    held_ordered = fields.Integer("Of Those Ordered", compute="_compute_result")
    held_rate = fields.Float("Order Rate Held Out", compute="_compute_result")
    order_count = fields.Integer("Orders", compute="_compute_result", help="Of customers who saw it, in its days.")
    order_amount = fields.Monetary("Ordered", compute="_compute_result", help="Without taxes.")
    difference = fields.Float(compute="_compute_result", help="Percentage points between the two order rates.")
    difference_low = fields.Float("At Least", compute="_compute_result")
    difference_high = fields.Float("At Most", compute="_compute_result")
    verdict = fields.Selection(
        [("none", "Nothing to compare"), ("unclear", "Not clear yet"), ("gain", "Brings orders"),
         ("loss", "Costs orders")], compute="_compute_result",
    )
    conclusion = fields.Text(compute="_compute_result")
    views_graph = fields.Text(compute="_compute_views")
    rates_graph = fields.Text(compute="_compute_result")

    _weight_positive = models.Constraint("CHECK(weight BETWEEN 1 AND 100)", "A banner gets 1 to 100 turns.")
    _holdout_range = models.Constraint(
        "CHECK(holdout_percent BETWEEN 0 AND 50)", "At most half of the customers can be held out.",
    )
    _days_range = models.Constraint("CHECK(days BETWEEN 1 AND 365)", "Orders count for 1 to 365 days.")
    _image_key_unique = models.UniqueIndex("(image_key)", "Two banners share the address of their image.")

    def _compute_views(self):
        values = self.env["o2c.banner.result"]._views(self)
        for banner in self:
            banner.update(values[banner.id])

    @api.depends("link_ids.count")
    def _compute_clicks(self):
        for banner in self:
            banner.click_count = sum(banner.link_ids.mapped("count"))

    def _compute_result(self):
        values = self.env["o2c.banner.result"]._of(self)
        for banner in self:
            banner.update(values[banner.id])

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        for banner in self:
            if banner.date_from and banner.date_to and banner.date_to < banner.date_from:
                raise ValidationError(self.env._("%(name)s would end before it begins.", name=banner.name))

    @api.constrains("on_pdf", "on_mail", "on_pay", "on_portal")
    def _check_places(self):
        for banner in self:
            if not banner._places():
                raise ValidationError(self.env._("Choose at least one place for %(name)s.", name=banner.name))

    @api.constrains("url")
    def _check_url(self):
        for banner in self.filtered("url"):
            try:
                parts = urlsplit(banner.url)
            except ValueError:
                parts = urlsplit("")
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValidationError(self.env._(
                    "%(url)s is not an address a customer can open. It must begin with https:// or http://.",
                    url=banner.url,
                ))

    @api.constrains("image")
    def _check_image(self):
        for banner in self.with_context(bin_size=False).filtered("image"):
            if banner._image_type() not in IMAGES:
                raise ValidationError(self.env._("The image must be PNG, JPEG or GIF: mail readers show no others."))

    # === LIFE === #

    @api.model_create_multi
    def create(self, vals_list):
        banners = super().create(vals_list)
        banners._sync_links()
        return banners

    def write(self, vals):
        """Override: tracked addresses follow, those printed before too; who is held out stays held out."""
        if "holdout_percent" in vals and any(banner.holdout_percent != vals["holdout_percent"] for banner in self):
            self._check_not_shown()
        result = super().write(vals)
        if LINKED & vals.keys():
            self._sync_links()
        return result

    def _check_not_shown(self):
        shown = self.env["o2c.banner.reach"].sudo().search([("banner_id", "in", self.ids)], limit=1).banner_id
        if shown:
            raise UserError(self.env._(
                "%(name)s was shown already. With another share held out its result would compare nothing. Duplicate "
                "it instead.", name=shown.name,
            ))

    def action_start(self):
        """Show it from now on, in its time."""
        self.state = "live"

    def action_stop(self):
        """Show it no longer; what was measured stays."""
        self.state = "stopped"

    def action_preview(self):
        """Open the banner as customers see it, in the place named in the context."""
        self.ensure_one()
        place = self.env.context.get("place", "portal")
        return {"type": "ir.actions.act_url", "url": f"/o2c/banner/{self.id}/preview/{place}", "target": "new"}

    def _preview_pdf(self):
        """Return the newest invoice of the company as a PDF that shows this banner; None when there is none."""
        self.ensure_one()
        move = self.env["account.move"].search([
            ("company_id", "=", self.company_id.id), ("move_type", "=", "out_invoice"), ("state", "=", "posted"),
        ], order="id desc", limit=1)
        report = self.env["ir.actions.report"].with_context(o2c_banner_preview=self.id, o2c_no_print_delay=True)
        return move and report._render_qweb_pdf("account.account_invoices", res_ids=move.ids)[0] or None

    # === WHAT IT BROUGHT === #

    def action_view_views(self):
        """Show how often it was shown, as a graph by day."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("o2c_portal.o2c_banner_view_action"),
            "domain": [("banner_id", "in", self.ids)],
        }

    def action_view_clicks(self):
        """Show the clicks by place and day."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("o2c_portal.o2c_banner_click_action"),
            "domain": [("link_id.o2c_banner_id", "in", self.ids)],
        }

    def action_view_customers(self):
        """Show who saw it and who was held out."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("o2c_portal.o2c_banner_reach_action"),
            "domain": [("banner_id", "in", self.ids)],
        }

    # === WHAT IS SHOWN === #

    def _places(self):
        """Return the keys of the places it is shown in."""
        self.ensure_one()
        return frozenset(place for place, _label in PLACES if self[f"on_{place}"])

    def _image_type(self):
        """Return the media type of the image."""
        return guess_mimetype(base64.b64decode(self.image))

    # === TRACKED ADDRESSES === #

    def _sync_links(self):
        """Make the tracked address of every place, one campaign and source for all; existing ones lead to the new
        target, so that what is printed stays right."""
        for banner in self.sudo().filtered("url"):  # who may write banners need not be allowed to write trackers
            if not banner.campaign_id or not banner.source_id:
                banner.write({  # and back here with both
                    "campaign_id": banner.campaign_id.id or self._new_utm("utm.campaign", banner.name),
                    "source_id": banner.source_id.id or self._new_utm("utm.source", banner.name),
                })
                continue
            values = {"url": banner.url, "title": banner.title, "campaign_id": banner.campaign_id.id}
            banner.link_ids.write(values)
            missing = MEDIUMS.keys() - set(banner.link_ids.mapped("o2c_place"))
            self.env["link.tracker"].sudo().create([{
                **values, "o2c_banner_id": banner.id, "o2c_place": place, "source_id": banner.source_id.id,
                "medium_id": self.env.ref(MEDIUMS[place]).id, "label": place,
            } for place in sorted(missing)])

    @api.model
    def _new_utm(self, model, name):
        return self.env[model].sudo().create({"name": name}).id
