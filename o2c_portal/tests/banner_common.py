"""Shared by the tests of banners: live banners for the company, and customers of both groups."""

import base64
import io

from PIL import Image

from odoo.fields import Command, Datetime

from odoo.addons.o2c_portal.core.banner import held_out

from .common import O2cCommon

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="




def picture():
    """Return a PNG in base64 that is not drawn as anything but an image."""
    file = io.BytesIO()
    Image.linear_gradient("L").resize((120, 30)).convert("RGB").save(file, "PNG")
    return base64.b64encode(file.getvalue())


class BannerMixin:
    """``_make_banner`` for any case that has an environment."""

    @classmethod
    def _make_banner(cls, **values):
        """Return a live banner with a link, held out from nobody unless told otherwise."""
        return cls.env["o2c.banner"].sudo().create({
            "name": "Spring", "title": "Spring offer", "text": "Ten percent off", "url": "https://shop.example.com/a",
            "holdout_percent": 0, "state": "live", **values,
        }).sudo(False)

    def _views(self, banner):
        """Return ``[(place, is_shown, views)]`` as counted so far."""
        rows = self.env["o2c.banner.view"].sudo()._read_group(
            [("banner_id", "=", banner.id)], ["place", "is_shown"], ["views:sum"],
        )
        return sorted(rows)


class BannerCase(BannerMixin, O2cCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.is_company = True
        cls.banners = cls.env["o2c.banner"]

    def _make_customers(self, number, held, percent=50):
        """Return so many new companies that are held out of banners, or are not."""
        found = self.env["res.partner"]
        while len(found) < number:
            new = self.env["res.partner"].create([{"name": "Some Ltd", "is_company": True}] * number)
            found |= new.filtered(lambda partner: held_out(self.env.company.id, partner.id, percent) == held)
        return found[:number]

    def _pick(self, partner=None, place="mail", **kwargs):
        return self.banners._pick(self.env.company, partner or self.customer, place, **kwargs)

    def _order(self, partner, amount=100.0, **values):
        """Return a confirmed order over an amount without taxes."""
        order = self.env["sale.order"].sudo().create({
            "partner_id": partner.id,
            "order_line": [Command.create({
                "product_id": self.product_a.id, "product_uom_qty": 1, "price_unit": amount, "tax_ids": [],
            })],
        })
        order.action_confirm()
        order.date_order = values.get("date_order") or Datetime.now()
        return order
