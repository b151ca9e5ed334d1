"""Ends pay links, with a reason."""

from odoo import api, fields, models

LINKS_OF = {  # where the wizard is opened from, and how the links there are found
    "o2c.pay.link": "id",
    "account.move": "move_id",
    "res.partner": "partner_id.commercial_partner_id",
}


class O2cPayLinkRevoke(models.TransientModel):
    """Asks why, then ends links, the links of invoices, or those of customers."""

    _name = "o2c.pay.link.revoke"
    _description = "Revoke pay links"

    link_ids = fields.Many2many("o2c.pay.link", string="Active links", default=lambda self: self._default_links())
    reason = fields.Char(required=True)

    @api.model
    def _default_links(self):
        """Return the active links the user may see of the records the wizard was opened on."""
        model, ids = self.env.context.get("active_model"), self.env.context.get("active_ids") or []
        if model not in LINKS_OF:
            return self.env["o2c.pay.link"]
        if model == "res.partner":
            ids = self.env["res.partner"].browse(ids).commercial_partner_id.ids
        return self.env["o2c.pay.link"].search([
            (LINKS_OF[model], "in", ids), ("revoked_at", "=", False), ("expires_at", ">", fields.Datetime.now()),
        ])

    def action_revoke(self):
        """End the links and say how many."""
        self.ensure_one()
        self.link_ids.check_access("read")  # ids come from the client; record rules decide which companies' links
        revoked = self.link_ids._revoke(self.reason)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Pay links revoked: %(count)s", count=len(revoked)),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
