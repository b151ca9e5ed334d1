"""Ends pay links, with a reason."""

from odoo import api, fields, models

LINKS_OF = {  # where the wizard is opened from, and how the links there are found
    "o2c.pay.link": "id",
    "account.move": "move_id",
    "res.partner": "partner_id.commercial_partner_id",
}


class O2cPayLinkRevoke(models.TransientModel):
    """Asks why, then ends links, the links of invoices, or those of customers; and, unless told otherwise, those on the
    PDFs that were mailed along."""

    _name = "o2c.pay.link.revoke"
    _description = "Revoke pay links"

    link_ids = fields.Many2many("o2c.pay.link", string="Active links", default=lambda self: self._default_links())
    reason = fields.Char(required=True)
    pdf_link_ids = fields.Many2many(
        "o2c.pay.link", "o2c_pay_link_revoke_pdf_rel", string="Links on the PDFs", compute="_compute_pdf_link_ids",
    )
    pdf_too = fields.Boolean(
        "End the link on the PDF too", default=True,
        help="The PDF in these mails carries a link that is the same for all readers. Once it is ended, nobody can pay "
             "by the PDF that was made already; the other readers have the button in their own mail.",
    )

    @api.depends("link_ids")
    def _compute_pdf_link_ids(self):
        """Find what the readers whose links are to end have besides: the PDF came with their mail."""
        for wizard in self:
            wizard.pdf_link_ids = self.env["o2c.pay.link"].search([
                ("move_id", "in", wizard.link_ids.filtered("recipient").move_id.ids), ("channel", "=", "pdf"),
                ("revoked_at", "=", False), ("expires_at", ">", fields.Datetime.now()),
                ("id", "not in", wizard.link_ids.ids),
            ])

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
        revoked = (self.link_ids | (self.pdf_link_ids if self.pdf_too else self.link_ids))._revoke(self.reason)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Pay links revoked: %(count)s", count=len(revoked)),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
