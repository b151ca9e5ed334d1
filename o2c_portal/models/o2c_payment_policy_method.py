"""A payment method that is not offered for every amount or to every customer, and what the payer is told instead."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..core import policy


class O2cPaymentPolicyMethod(models.Model):
    _name = "o2c.payment.policy.method"
    _description = "Payment Method of a Policy"
    _order = "id"

    policy_id = fields.Many2one("o2c.payment.policy", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="policy_id.company_id")
    currency_id = fields.Many2one(related="policy_id.currency_id")
    provider_id = fields.Many2one(
        "payment.provider", ondelete="cascade", help="The provider to limit; empty for the method with every provider.",
    )
    payment_method_id = fields.Many2one(
        "payment.method", ondelete="cascade", domain=[("is_primary", "=", True)],
        help="The method to limit; empty for all methods of the provider.",
    )
    min_amount = fields.Monetary("Offered From", help="For smaller amounts the method is not offered.")
    max_amount = fields.Monetary(
        "Offered Up To", help="For larger amounts the method is not offered. With neither limit it never is.",
    )
    only_currency_id = fields.Many2one(
        "res.currency", "Payments In", help="The line is about payments in this currency; empty for all."
    )
    category_id = fields.Many2one(
        "res.partner.category", "Customers Tagged", help="The line is about customers with this tag; empty for all."
    )
    reason = fields.Char(
        required=True, translate=True,
        help="What the payer reads where the method is missing, such as: Please pay more than 5,000 by bank transfer.",
    )

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()  # of ``_method_line_ids``
        return super().create(vals_list)

    def write(self, vals):
        if "policy_id" in vals:
            self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    # === RULES === #

    @api.constrains("reason", "provider_id", "payment_method_id", "min_amount", "max_amount")
    def _check_line(self):
        for line in self:
            if not line.provider_id and not line.payment_method_id:
                raise ValidationError(self.env._(
                    "The line “%(reason)s” names neither a provider nor a method, so it would hide nothing or all. "
                    "Choose at least one.", reason=line.reason,
                ))
            if line.min_amount < 0 or line.max_amount < 0:
                raise ValidationError(self.env._(
                    "The line “%(reason)s” has a negative limit, which no payment meets. Enter 0 for no limit.",
                    reason=line.reason,
                ))
            if line.max_amount and line.min_amount > line.max_amount:
                raise ValidationError(self.env._(
                    "The line “%(reason)s” offers the method from %(least)s up to %(most)s, so never. Exchange the two "
                    "amounts, or leave both empty to never offer it.",
                    reason=line.reason, least=line.min_amount, most=line.max_amount,
                ))

    def _rule(self, currency, company):
        """Return the ``core.policy.MethodRule`` for payments in a currency."""
        self.ensure_one()
        return policy.MethodRule(
            reason=self.reason,
            provider_id=self.provider_id.id or None,
            method_id=self.payment_method_id.id or None,
            min_minor=self.policy_id._minor(self.min_amount, currency, company),
            max_minor=self.policy_id._minor(self.max_amount, currency, company),
            currency_id=self.only_currency_id.id or None,
            category_id=self.category_id.id or None,
        )
