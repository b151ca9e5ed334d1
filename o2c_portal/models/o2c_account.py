"""Whose account a visitor looks at, and which documents of it they may see."""

from dataclasses import dataclass
from typing import Any

from odoo import api, models
from odoo.fields import Domain


@dataclass(frozen=True)
class Scope:
    """What one visitor may see: documents of ``partner`` in ``company_ids``; with ``own_only`` only those addressed to
    ``contact``. Who came by a link to an account is taken for its contact, but learns nothing except what to pay."""

    partner: Any  # res.partner, commercial, with elevated rights
    contact: Any  # res.partner of the logged-in user, or empty
    company_ids: tuple[int, ...]
    own_only: bool = False


class O2cAccount(models.AbstractModel):
    _name = "o2c.account"
    _description = "Customer account"

    @api.model
    def _scope(self, user):
        """Return the ``Scope`` of a logged-in user: the account of the company they belong to."""
        contact_sudo = user.sudo().partner_id  # the user's own data
        companies = user.sudo().company_ids
        return Scope(
            contact_sudo.commercial_partner_id, contact_sudo, tuple(companies.ids),
            own_only=self._sees_own_only(contact_sudo, companies),
        )

    @api.model
    def _sees_own_only(self, contact, companies):
        """Say whether a contact sees only what is addressed to it: as soon as a policy in one of the companies says
        so. The customer's own login always sees all."""
        customer = contact.commercial_partner_id
        policies = self.env["o2c.payment.policy"]
        return contact != customer and any(
            policies._policy_of(customer, company).documents == "own" for company in companies
        )

    @api.model
    def _link_scope(self, link):
        """Return the ``Scope`` of whoever holds a link to an account: what its contact may pay, in one company."""
        own_only = self._sees_own_only(link.partner_id, link.company_id)
        return Scope(link.account_id, link.partner_id, tuple(link.company_id.ids), own_only)

    @api.model
    def _due_domain(self, scope):
        """Return the domain of the due items in a scope; ``o2c.due.item`` rows are kept by commercial partner."""
        domain = Domain("partner_id", "=", scope.partner.id) & Domain("company_id", "in", scope.company_ids)
        if scope.own_only:
            domain &= Domain("move_id.partner_id", "=", scope.contact.id)
        return domain

    @api.model
    def _move_domain(self, scope):
        """Return the domain of the posted customer documents in a scope."""
        partner = Domain("partner_id", "=", scope.contact.id) if scope.own_only else (
            Domain("partner_id", "child_of", scope.partner.id)  # commercial_partner_id has no index on moves
            & Domain("commercial_partner_id", "=", scope.partner.id)
        )
        return partner & Domain("company_id", "in", scope.company_ids) & Domain("state", "=", "posted") & Domain(
            "move_type", "in", ("out_invoice", "out_refund", "out_receipt")
        )
