"""Adds to res.partner: when its orders are invoiced without a person."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from .o2c_invoice_attempt import POLICIES

GROUP = "o2c_portal.o2c_portal_group_user"


class ResPartner(models.Model):
    _inherit = "res.partner"  # pylint: disable=consider-merging-classes-inherited  # by concern

    o2c_invoicing = fields.Selection(
        POLICIES, "Own Invoicing", company_dependent=True, groups=GROUP,
        help="When this customer's orders are invoiced by themselves; empty for what the company does.",
    )
    o2c_invoicing_day = fields.Integer(
        "Own Day of the Month", company_dependent=True, groups=GROUP, help="0 for the day of the company.",
    )
    o2c_invoicing_why = fields.Char("Invoiced", compute="_compute_o2c_invoicing_why", groups=GROUP)

    @api.constrains("o2c_invoicing_day")
    def _check_o2c_invoicing_day(self):
        if any(not 0 <= partner.o2c_invoicing_day <= 31 for partner in self):
            raise ValidationError(self.env._("The day of the month is between 1 and 31."))

    @api.depends("o2c_invoicing", "o2c_invoicing_day", "commercial_partner_id")
    @api.depends_context("company", "lang")
    def _compute_o2c_invoicing_why(self):
        labels = dict(self._fields["o2c_invoicing"]._description_selection(self.env))
        resolved = self._o2c_invoicing_of(self.env.company)
        for partner in self:
            policy, day, source = resolved.get(partner.commercial_partner_id.id) or (False, 0, partner)
            words = {"when": labels.get(policy, ""), "day": day, "name": source.display_name}
            if policy == "schedule":
                text = self.env._("%(when)s, on day %(day)s: chosen for %(name)s.", **words)
            else:
                text = self.env._("%(when)s: chosen for %(name)s.", **words)
            partner.o2c_invoicing_why = policy and text

    def _o2c_invoicing_of(self, company):
        """Return ``{commercial partner id: (policy, day of the month, who chose it)}`` for these customers.

        The customer's own choice comes first, then the company's; so does the day, on its own.
        """
        company_sudo = company.sudo()
        found = {}
        # sudo: a policy holds whoever asks, a salesperson or the job
        for customer in self.sudo().with_company(company).commercial_partner_id:
            own = customer.o2c_invoicing
            day = customer.o2c_invoicing_day or company_sudo.o2c_invoicing_day
            found[customer.id] = (own or company_sudo.o2c_invoicing, day, customer if own else company_sudo)
        return found

    @api.model
    def _o2c_invoicing_domain(self, company, policy, days=()):
        """Return the domain of orders whose customer has a policy in a company: :meth:`_o2c_invoicing_of` turned
        around; with ``days``, whose day of the month is one of them."""
        customer = "partner_id.commercial_partner_id"
        domain = Domain(f"{customer}.o2c_invoicing", "=", policy)
        if company.o2c_invoicing == policy:
            domain |= Domain(f"{customer}.o2c_invoicing", "=", False)
        if policy == "schedule":
            wanted = [*days, *([0, False] if company.o2c_invoicing_day in days else [])]
            domain &= Domain(f"{customer}.o2c_invoicing_day", "in", wanted)
        return domain
