"""Adds to payment.method: methods the customer's policy does not offer are left out, and payers learn why."""

from odoo import api, models

from odoo.addons.payment import utils as payment_utils

from ..core import policy
from .payment_provider import HIDDEN, REASONS


class PaymentMethod(models.Model):
    _inherit = "payment.method"

    @api.model
    def _get_compatible_payment_methods(self, provider_ids, *args, report=None, **kwargs):
        """Override of payment: leave out what the list of providers before it has found not to be offered."""
        methods = super()._get_compatible_payment_methods(provider_ids, *args, report=report, **kwargs)
        hidden = (report or {}).get(HIDDEN)
        if not hidden:
            return methods
        gone = self.browse()
        for method in methods:
            provider = next(id_ for id_ in provider_ids if id_ in method.provider_ids.ids)  # the one Odoo's form takes
            reason = policy.why_hidden(hidden, provider, method.id)
            if reason:
                gone += method
                payment_utils.add_to_report(report, method, available=False, reason=reason)
                self._o2c_tell(report, reason)
        return methods - gone

    def _o2c_primary(self):
        """Return the method a brand, such as that of a saved card, is one of; the method itself when it is none."""
        return self.primary_payment_method_id or self

    @api.model
    def _o2c_tell(self, report, reason):
        """Note a reason that payers are to read, once."""
        if report is not None and reason not in report.setdefault(REASONS, []):
            report[REASONS].append(reason)
