"""Addresses that get mails of a customer without being one of its contacts: a scanner, an accountant, a portal."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import email_normalize
from odoo.tools.mail import single_email_re

from odoo.addons.base.models.res_partner import _lang_get

from .res_partner import ROLES


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

    @api.model_create_multi
    def create(self, vals_list):
        """Override: the customer's history says who else gets its mails."""
        rows = super().create(vals_list)
        for row in rows:
            row._tell(row.partner_id, self.env._("Extra address added: %(address)s", address=row._in_words()))
        return rows

    def write(self, vals):
        """Override: who no longer gets the mails of a customer must not keep the way to pay by link, and the history of
        the customer says what changed."""
        before = {row: (row.partner_id, row._in_words()) for row in self}
        self._end_links(vals)
        result = super().write(vals)
        for row, (partner, words) in before.items():
            if partner != row.partner_id:
                row._tell(partner, self.env._("Extra address removed: %(address)s", address=words))
                row._tell(row.partner_id, self.env._("Extra address added: %(address)s", address=row._in_words()))
            elif words != row._in_words():
                row._tell(partner, self.env._("Extra address changed: %(old)s, now %(new)s", old=words,
                                              new=row._in_words()))
        return result

    def unlink(self):
        """Override: as for a changed address."""
        self._revoke_links(self.env._("The extra address was removed."))
        for row in self:
            row._tell(row.partner_id, self.env._("Extra address removed: %(address)s", address=row._in_words()))
        return super().unlink()

    def _end_links(self, vals):
        """End the links of addresses that these values change, clear of invoices or give to another customer."""
        for reason, rows in (
            (self.env._("The extra address was changed."),
             self.filtered(lambda row: row.email != vals.get("email", row.email))),
            (self.env._("The extra address was given to another customer."),
             self.filtered(lambda row: row.partner_id.id != vals.get("partner_id", row.partner_id.id))),
            (self.env._("The extra address gets no more invoices."),
             self.filtered(lambda row: row.role_invoice and not vals.get("role_invoice", True))),
        ):
            rows._revoke_links(reason)

    def _revoke_links(self, reason):
        for partner, rows in self.grouped("partner_id").items():
            partner._o2c_revoke_reader_links(reason, [email_normalize(row.email) for row in rows])

    def _in_words(self):
        """Return the address with the mails it gets."""
        names = [f"role_{role}" for role in ROLES if self[f"role_{role}"]]
        labels = [self._fields[name]._description_string(self.env) for name in names]
        return f"{self.email} ({', '.join(labels) or '–'})"

    def _tell(self, partner, words):
        partner.sudo()._message_log(body=words)  # sudo: whoever may change the address leaves this trace
