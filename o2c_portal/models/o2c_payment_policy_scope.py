"""Which payment policy applies to which customers: the one place that knows, in both directions."""

from odoo import api, fields, models
from odoo.fields import Domain

from .o2c_payment_policy import BUILT_IN


class O2cPaymentPolicy(models.Model):
    _inherit = "o2c.payment.policy"

    customer_count = fields.Integer(compute="_compute_customer_count")

    # === WHICH POLICY APPLIES === #

    @api.model
    def _resolve(self, partner, company):
        """Return ``(policy, why)`` for a customer: the policy, with elevated rights, and a sentence that says who
        chose it. The customer is the commercial partner of ``partner``; nobody in particular may be given too."""
        return self._resolve_many(partner, company)[partner.sudo().commercial_partner_id.id]

    @api.model
    def _resolve_many(self, partners, company):
        """Return ``{commercial partner id: (policy, why)}`` in a number of queries that does not grow with them.

        The one place that knows the order: the customer's own policy, the first policy of its tags, the company's
        default, the built-in one. Archived policies and those of other companies are passed over.
        """
        return {
            partner_id: (record, self._why(source)) for partner_id, (record, source) in self._find(partners, company)
        }

    @api.model
    def _find(self, partners, company):
        """Yield ``(commercial partner id, (policy, who chose it))``; the latter is empty for the built-in policy."""
        company_sudo = company.sudo()
        default_sudo, chosen_by = company_sudo.o2c_policy_id, company_sudo
        if not default_sudo._applies_in(company_sudo):
            default_sudo, chosen_by = self._built_in(), self.browse()
        customers_sudo = partners.sudo().with_company(company).commercial_partner_id
        tagged = self.env["res.partner.category"]._o2c_any_has_policy()
        customers_sudo.fetch(["o2c_policy_id", *(["category_id"] if tagged else [])])
        for customer in customers_sudo:
            if customer.o2c_policy_id._applies_in(company_sudo):
                yield customer.id, (customer.o2c_policy_id, customer)
                continue
            tags = (customer.category_id if tagged else self.env["res.partner.category"]).filtered(
                lambda tag: tag.o2c_policy_id._applies_in(company_sudo)
            )
            tag = tags.sorted(lambda tag: (tag.o2c_policy_id.sequence, tag.o2c_policy_id.id))[:1]
            yield customer.id, (tag.o2c_policy_id, tag) if tag else (default_sudo, chosen_by)
        if not customers_sudo:
            yield False, (default_sudo, chosen_by)

    @api.model
    def _policy_of(self, partner, company):
        """Return the policy of a customer, with elevated rights, for who need not be told who chose it."""
        (_customer_id, (policy, _source)), = self._find(partner, company)
        return policy

    @api.model
    def _is_chosen(self, partner, company):
        """Say whether somebody chose the policy of a customer, for the customer, a tag or the company."""
        (_customer_id, (_policy, source)), = self._find(partner, company)
        return bool(source)

    @api.model
    def _built_in(self):
        # Everybody is subject to it, whoever may read it. Pages ask several times: not even whether it exists is read.
        return self.sudo().browse(self.env["ir.model.data"]._xmlid_to_res_id(BUILT_IN))

    def _applies_in(self, company):
        """Say whether this is a policy that may be applied in a company; its branches use those of their parents."""
        return bool(self) and self.active and (not self.company_id or self.company_id in company.parent_ids)

    def _why(self, source):
        if source._name == "res.partner":
            return self.env._("It was chosen for the customer %(name)s.", name=source.display_name)
        if source._name == "res.partner.category":
            return self.env._("It is the policy of the tag %(name)s.", name=source.display_name)
        if source._name == "res.company":
            return self.env._("It is the default of %(name)s.", name=source.display_name)
        return self.env._("It is the built-in policy: neither the customer, a tag nor the company names another one.")

    # === CUSTOMERS === #

    @api.depends_context("company")
    def _compute_customer_count(self):
        for record in self:
            record.customer_count = self.env["res.partner"].search_count(record._customer_domain())

    def _customer_domain(self):
        """Return the domain of the customers this policy applies to in the current company."""
        company_sudo = self.env.company.sudo()
        valid = self.sudo().search([]).filtered(lambda record: record._applies_in(company_sudo))
        commercial = Domain("parent_id", "=", False) | Domain("is_company", "=", True)
        if self._origin not in valid:
            return Domain.FALSE
        before = valid[:valid.ids.index(self._origin.id)]
        unchosen = ~Domain("o2c_policy_id", "in", valid.ids)
        ours = Domain("category_id", "in", self.sudo().category_ids.ids)
        applies = Domain("o2c_policy_id", "=", self._origin.id) | (
            unchosen & ours & ~Domain("category_id", "in", before.category_ids.ids)
        )
        default = company_sudo.o2c_policy_id
        if self._origin == (default if default._applies_in(company_sudo) else self._built_in()):
            applies |= unchosen & ~Domain("category_id", "in", valid.category_ids.ids)
        return Domain("customer_rank", ">", 0) & commercial & applies

    def action_view_customers(self):
        """Open the customers this policy applies to."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Customers of %(name)s", name=self.name),
            "res_model": "res.partner",
            "view_mode": "list,form",
            "domain": list(self._customer_domain()),
            "context": {"create": False},
        }
