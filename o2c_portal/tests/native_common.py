"""Shared by the tests of Odoo's own payment routes: an invoice, its payer, and what the browser sends."""

from odoo.tests import new_test_user, tagged

from odoo.addons.payment.tests.http_common import PaymentHttpCommon

from .common import O2cCommon


@tagged("post_install", "-at_install")
class NativeCase(O2cCommon, PaymentHttpCommon):
    """An invoice over 1000.00, of which 300.00 are due today; ``payer`` is the customer's portal user."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.term = cls._make_term((30, 0), (70, 30))
        cls.payer = new_test_user(cls.env, "payer", groups="base.group_portal", partner_id=cls.customer.id)
        cls.invoice = cls._make_invoice(1000, cls.term)
        cls.provider_sudo = cls.provider.sudo()

    def _params(self, invoice=None, **values):
        """Return the fields of a request to pay 300.00 of an invoice by its address with a token."""
        invoice = invoice or self.invoice
        return {
            "provider_id": self.provider_sudo.id,
            "payment_method_id": self.payment_method_id,
            "token_id": None,
            "amount": 300.0,
            "flow": "direct",
            "tokenization_requested": False,
            "landing_route": invoice.get_portal_url(),
            "is_validation": False,
            "access_token": invoice._portal_ensure_token(),
            **values,
        }
