"""The order page of the portal: what is asked for first."""

from odoo.addons.sale.controllers.portal import CustomerPortal


class O2cSalePortal(CustomerPortal):
    def _determine_is_down_payment(self, order_sudo, amount_selection, payment_amount):
        """Offer the first instalment first, where it is the required prepayment."""
        if not amount_selection and payment_amount is None and order_sudo.o2c_prepay_first:
            return order_sudo._o2c_prepayment_share() < 1.0
        return super()._determine_is_down_payment(order_sudo, amount_selection, payment_amount)
