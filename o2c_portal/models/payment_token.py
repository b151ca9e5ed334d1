"""Adds to payment.token: a saved method is offered to nobody but its owner, logged in."""

from odoo import models
from odoo.http import request

from ..core import policy
from .payment_provider import HIDDEN


class PaymentToken(models.Model):
    _inherit = "payment.token"

    def _get_available_tokens(self, providers_ids, partner_id, is_validation=False, **kwargs):
        """Override of payment: on the web, an anonymous visitor owns nothing."""
        if request and request.env.user._is_public():
            return self.browse()
        return super()._get_available_tokens(providers_ids, partner_id, is_validation=is_validation, **kwargs)

    def _o2c_offered(self, report):
        """Return the saved methods that the customer's policy offers for the amount a report was made for."""
        hidden = (report or {}).get(HIDDEN, {})
        return self.filtered(lambda token: not policy.why_hidden(
            hidden, token.provider_id.id, token.payment_method_id._o2c_primary().id
        ))
