"""The native pay routes, held to the same rules as our own."""

import re
from urllib.parse import urlsplit

from odoo import http
from odoo.exceptions import AccessError, MissingError, ValidationError
from odoo.http import request

from odoo.addons.account_payment.controllers.payment import PaymentPortal
from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing

from ..models.o2c_decline_breaker import TooManyDeclines

PAYER_SESSION_KEY = "o2c_payer_key"
OVERDUE = "overdue"  # in place of the reference: the route that pays what is overdue
CHARGED = "o2c_portal.charged"  # in the environment of a request, which is still there when Odoo runs it again
# Two slashes of any kind lead to another host, however many follow and whatever browsers drop before and in between.
OTHER_HOST = re.compile(r"[\x00-\x20]*[/\\][\t\r\n]*[/\\]")


def payer_key():
    """Return what tells this payer's attempts from those of others: the user, else a secret of the web session."""
    user = request.env.user
    if not user._is_public():
        return f"user:{user.id}"
    if PAYER_SESSION_KEY not in request.session:
        # The session is read anew when Odoo runs the request again; the payer must not become another one by that.
        request.session[PAYER_SESSION_KEY] = request.httprequest.environ.setdefault(
            PAYER_SESSION_KEY, http.root.session_store.generate_key()[:32]
        )
    return request.session[PAYER_SESSION_KEY]


def too_many_attempts():
    return request.env._(
        "There were too many attempts. Please try again in an hour or contact the sender of the invoice."
    )


class O2cPaymentPortal(PaymentPortal):

    def _create_transaction(
        self, *args, flow=None, token_id=None, landing_route=None, custom_create_values=None, **kwargs
    ):
        """Override of payment: only local landing routes, only one's own saved methods, and the payer is known."""
        if charged := self._o2c_charged():
            return charged
        self._check_landing_route(landing_route)
        if request.env.user._is_public() and request.env["o2c.decline.breaker"].sudo()._is_tripped():
            raise TooManyDeclines(too_many_attempts())
        if flow == "token":
            self._check_token_owner(token_id)
        values = {"o2c_payer_key": payer_key(), **(custom_create_values or {})}
        charge = flow == "token" and not request.env.context.get("delay_token_charge")
        if charge:
            request.update_context(delay_token_charge=True)
        try:
            transaction = super()._create_transaction(
                *args, flow=flow, token_id=token_id, landing_route=landing_route, custom_create_values=values, **kwargs
            )
        finally:
            if charge:  # what is set for this run must not be there when Odoo runs the request again
                request.update_context(delay_token_charge=False)
        if charge:
            self._o2c_charge(transaction)
        return transaction

    @staticmethod
    def _o2c_charge(transaction):
        """Charge a saved method at most once: that it is being done is committed before the provider is asked.

        While the answer is out the payment is pending and keeps its items, also when the answer is lost: neither a
        repeated request nor another attempt of the same payer is charged again.
        """
        transaction._set_pending()
        request.env.cr.commit()  # pylint: disable=invalid-commit  # intent is committed before any outside call
        request.httprequest.environ[CHARGED] = transaction.id
        transaction._charge_with_token()

    @staticmethod
    def _o2c_charged():
        """Return the transaction that this very request charged before Odoo had to run it again; empty at first."""
        transaction_sudo = request.env["payment.transaction"].sudo().browse(  # this request's own
            request.httprequest.environ.get(CHARGED)
        )
        if transaction_sudo:
            PaymentPostProcessing.monitor_transaction(transaction_sudo)  # the session was read anew
        return transaction_sudo

    @http.route()
    def overdue_invoices_transaction(self, payment_reference=None, **kwargs):
        """Override of account_payment: whatever the client calls the payment, it is named by the server."""
        return super().overdue_invoices_transaction(OVERDUE, **kwargs)

    def _process_transaction(self, partner_id, currency_id, invoice_ids, payment_reference, **kwargs):
        """Override of account_payment: the documents must be payable, nothing is validated and no reference chosen."""
        if charged := self._o2c_charged():
            return charged._get_processing_values()
        invoices_sudo = request.env["account.move"].sudo().browse(invoice_ids)  # the route has checked the access
        overdue_route = payment_reference == OVERDUE
        if overdue_route:  # what its page asks for
            invoices_sudo = request.env["o2c.cashier"].sudo()._overdue_together(invoices_sudo)
            invoice_ids = invoices_sudo.ids
        if not invoices_sudo or not all(move._has_to_be_paid() for move in invoices_sudo):
            raise ValidationError(request.env._("There is nothing to pay here."))
        if overdue_route:  # it pays what is overdue, not what a page once said
            overdue = request.env["o2c.cashier"].sudo()._quote_overdue(invoices_sudo).amount
            if invoices_sudo.currency_id.compare_amounts(overdue, kwargs.get("amount") or 0.0):
                raise ValidationError(request.env._("The amount has changed. Please reload the page."))
        kwargs.pop("name_next_installment", None)
        kwargs["is_validation"] = False
        return super()._process_transaction(partner_id, currency_id, invoice_ids, False, **kwargs)

    @http.route()
    def payment_pay(self, *args, invoice_id=None, access_token=None, **kwargs):
        """Override of account_payment: a document is paid by its own address, not by a token made for an amount."""
        if invoice_id:
            return self._redirect_to_invoice(self._cast_as_int(invoice_id), access_token)
        return super().payment_pay(*args, access_token=access_token, **kwargs)

    def _redirect_to_invoice(self, invoice_id, access_token):
        try:
            invoice_sudo = self._document_check_access("account.move", invoice_id or 0, access_token)
        except (AccessError, MissingError):
            raise request.not_found() from None
        return request.redirect(invoice_sudo.get_portal_url())

    @staticmethod
    def _check_landing_route(landing_route):
        """Payers come back to this site.

        :raises ValidationError: if the route leads anywhere else
        """
        parts = urlsplit(landing_route or "") if isinstance(landing_route, str | None) else None
        if not parts or parts.scheme or parts.netloc or "\\" in parts.path or OTHER_HOST.match(landing_route or ""):
            raise ValidationError(request.env._("The return address is not one of this site."))

    @staticmethod
    def _check_token_owner(token_id):
        """A saved method is used by its owner, logged in, and by nobody else.

        :raises AccessError: for everybody else
        """
        user = request.env.user
        token_sudo = request.env["payment.token"].sudo().search([("id", "=", token_id)])  # the owner is checked next
        if user._is_public() or not token_sudo or token_sudo.partner_id != user.partner_id:
            raise AccessError(request.env._("You do not have access to this payment token."))
