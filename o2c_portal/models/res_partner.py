"""Adds to res.partner: links in mails end with the address they were sent to."""

from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def write(self, vals):
        """Override: whoever gets the mails of an archived or changed address must not keep the way to pay by link."""
        if "email" not in vals and "active" not in vals:
            return super().write(vals)
        left = self.filtered(lambda partner: partner.active and not vals.get("active", True))
        moved = self.filtered(lambda partner: partner.email and "email" in vals and partner.email != vals["email"])
        result = super().write(vals)
        left._o2c_revoke_mail_links(self.env._("The contact was archived."))
        (moved - left)._o2c_revoke_mail_links(self.env._("The email address of the contact was changed."))
        return result

    def _o2c_revoke_mail_links(self, reason):
        if self:
            self.env["o2c.pay.link"].sudo().search([  # whoever may change a contact has this effect, seen or not
                ("partner_id", "in", self.ids), ("channel", "=", "email"), ("revoked_at", "=", False),
            ])._revoke(reason)
