"""Adds to ir.rule: what a portal user may read follows their contact and its payment policy at once."""

from odoo import api, models

DOCUMENTS = {"account.move", "account.move.line", "sale.order", "sale.order.line"}
KEY = "o2c_documents_of"


class IrRule(models.Model):
    _inherit = "ir.rule"

    def _compute_domain_keys(self):
        """Override of base: rules are kept per user and by what is true of their contact just now."""
        return [*super()._compute_domain_keys(), KEY]

    @api.model
    def _compute_domain(self, model_name, mode="read"):
        """Override of base: find out what is true just now, never taking a client's word for it.

        It is part of the key, not a reason to forget the rules: whoever changes a policy, a tag or a contact, in
        whatever process, need not know of them. For everybody but portal users it is always the same.
        """
        if model_name not in DOCUMENTS:
            return super()._compute_domain(model_name, mode)
        user = self.env.user
        contact = user._has_group("base.group_portal") and (user.commercial_partner_id.id, user._o2c_documents_of())
        return super(IrRule, self.with_context(**{KEY: contact}))._compute_domain(model_name, mode)
