"""Adds to payment.token: a saved method is offered to nobody but its owner, logged in."""

from odoo import models
from odoo.http import request


class PaymentToken(models.Model):
    _inherit = "payment.token"

    def _get_available_tokens(self, providers_ids, partner_id, is_validation=False, **kwargs):
        """Override of payment: on the web, an anonymous visitor owns nothing."""
        if request and request.env.user._is_public():
            return self.browse()
        return super()._get_available_tokens(providers_ids, partner_id, is_validation=is_validation, **kwargs)
