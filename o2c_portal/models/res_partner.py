"""Adds to res.partner: the payment policy that applies; who gets statements; links in mails end with the address they were
sent to."""

from odoo import api, fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    # === PAYMENT POLICY === #

    o2c_policy_id = fields.Many2one(
        "o2c.payment.policy", "Own Payment Policy", company_dependent=True, groups="o2c_portal.o2c_portal_group_user",
        help="What this customer may do on its account; empty for the policy of its tags or of the company.",
    )
    o2c_policy_used_id = fields.Many2one(
        "o2c.payment.policy", "Payment Policy", compute="_compute_o2c_policy_used",
        groups="o2c_portal.o2c_portal_group_user",
    )
    o2c_policy_why = fields.Char(
        "Why This Policy", compute="_compute_o2c_policy_used", groups="o2c_portal.o2c_portal_group_user",
    )

    @api.depends("o2c_policy_id", "category_id.o2c_policy_id", "commercial_partner_id")
    @api.depends_context("company", "lang")
    def _compute_o2c_policy_used(self):
        resolved = self.env["o2c.payment.policy"]._resolve_many(self, self.env.company)
        for partner in self:
            found, why = resolved.get(partner.commercial_partner_id.id, (False, ""))
            partner.o2c_policy_used_id, partner.o2c_policy_why = found and found.sudo(False), why

    # === STATEMENTS === #

    o2c_statement_address = fields.Char(
        "Statements Go To", compute="_compute_o2c_statement_address", groups="o2c_portal.o2c_portal_group_user",
    )

    @api.depends("email", "commercial_partner_id.email", "child_ids.email", "child_ids.type")
    def _compute_o2c_statement_address(self):
        for partner in self:
            partner.o2c_statement_address = ", ".join(partner._o2c_statement_recipients().mapped("email"))

    def _o2c_statement_recipients(self):
        """Return the contacts with an address that get the statements of a customer: the customer's own, else the
        one for invoices."""
        customer = self.commercial_partner_id
        billing = customer.browse(customer.address_get(["invoice"])["invoice"])
        return next((contact for contact in (customer, billing) if contact.email), customer.browse())

    # === PAY LINKS === #

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
