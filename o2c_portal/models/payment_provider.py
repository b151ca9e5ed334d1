"""Adds to payment.provider: what a customer's policy does not offer is not on any list of Odoo either."""

from odoo import api, models

from odoo.addons.payment import utils as payment_utils

from ..core import policy

HIDDEN, REASONS = "o2c_hidden", "o2c_reasons"  # keys in Odoo's availability report, see ``_get_compatible_providers``


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    @api.model
    def _get_compatible_providers(
        self, company_id, partner_id, amount, currency_id=None, is_validation=False, report=None, **kwargs
    ):
        """Override of payment: leave out providers the customer's policy does not offer for this amount.

        The report, which Odoo hands on to the list of methods and to the page, takes along which methods are not
        offered and the reasons payers are told for what is missing.
        """
        providers = super()._get_compatible_providers(
            company_id, partner_id, amount, currency_id=currency_id, is_validation=is_validation, report=report,
            **kwargs,
        )
        if is_validation or not providers or not currency_id:
            return providers
        company, currency = self.env["res.company"].browse(company_id), self.env["res.currency"].browse(currency_id)
        partner = self.env["res.partner"].browse(partner_id)
        record = self.env["o2c.payment.policy"]._policy_of(partner, company)
        hidden = record._hidden_methods(partner, company, currency, amount or 0.0)
        gone = self.browse()
        for provider in providers:
            reason = policy.why_hidden(hidden, provider.id, None)
            if reason:
                gone += provider
                payment_utils.add_to_report(report, provider, available=False, reason=reason)
                self.env["payment.method"]._o2c_tell(report, reason)
        if report is not None and hidden:
            report[HIDDEN] = hidden
        return providers - gone
