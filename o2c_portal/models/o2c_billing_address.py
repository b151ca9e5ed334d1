"""Addresses that get mails of a customer without being one of its contacts: a scanner, an accountant, a portal."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import email_normalize
from odoo.tools.mail import single_email_re

from odoo.addons.base.models.res_partner import _lang_get


class O2cBillingAddress(models.Model):
    _name = "o2c.billing.address"
    _description = "Extra address for mails of a customer"
    _order = "partner_id, email"
    _rec_name = "email"

    partner_id = fields.Many2one("res.partner", "Customer", required=True, index=True, ondelete="cascade")
    email = fields.Char("Address", required=True)
    name = fields.Char("Note", help="Whose address it is, for your own use.")
    lang = fields.Selection(_lang_get, "Language", help="Otherwise that of the customer.")
    undeliverable = fields.Char("Mails do not arrive", compute="_compute_undeliverable")
    role_invoice = fields.Boolean("Invoices", default=True)
    role_reminder = fields.Boolean("Reminders")
    role_receipt = fields.Boolean("Receipts")
    role_statement = fields.Boolean("Statements")

    _address_uniq = models.UniqueIndex("(partner_id, lower(email))", "This customer has this address already.")

    @api.depends("email")
    def _compute_undeliverable(self):
        why = self.env["o2c.delivery"]._why_bad([email_normalize(row.email) for row in self if row.email])
        for row in self:
            row.undeliverable = why.get(email_normalize(row.email or ""))

    @api.constrains("email")
    def _check_email(self):
        for row in self:
            if not single_email_re.match(row.email or ""):
                raise ValidationError(self.env._("%(text)s is not an email address.", text=row.email))

    def write(self, vals):
        """Override: who gets the mails of an address that is gone must not keep the way to pay by link."""
        if "email" not in vals:
            return super().write(vals)
        moved = self.filtered(lambda row: row.email != vals["email"])
        moved._revoke_links(self.env._("The extra address was changed."))
        return super().write(vals)

    def unlink(self):
        """Override: as for a changed address."""
        self._revoke_links(self.env._("The extra address was removed."))
        return super().unlink()

    def _revoke_links(self, reason):
        for partner, rows in self.grouped("partner_id").items():
            partner._o2c_revoke_reader_links(reason, [email_normalize(row.email) for row in rows])
