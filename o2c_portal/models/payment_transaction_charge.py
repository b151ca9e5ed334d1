"""Adds to payment.transaction: a saved method is charged at most once, also when the answer of its provider is lost."""

import logging
import ssl

import requests
from urllib3.exceptions import NewConnectionError

from odoo import models
from odoo.exceptions import AccessError, UserError, ValidationError

from .payment_transaction import ONLINE_OPERATIONS

_logger = logging.getLogger(__name__)
CHARGE = "o2c_token_charge"  # in the context while a saved method is being charged
NEVER_CONNECTED = (NewConnectionError, ssl.SSLCertVerificationError)


class AnswerLost(Exception):
    """Nobody here knows whether a provider did what it was asked for."""


def may_have_worked(error):
    """Say whether a provider may have done what it was asked for in a request that failed. What was refused, or never
    left because there was no connection, was not done.

    :param error: what ``requests`` raised
    """
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return error.response.status_code >= 500
    reason = getattr(error.args[0] if error.args else None, "reason", None)  # where urllib3 got no connection
    causes = (reason, *getattr(reason, "args", ()))  # of a proxy or an encrypted connection it wraps the cause
    return not isinstance(error, requests.ConnectTimeout) and not any(isinstance(x, NEVER_CONNECTED) for x in causes)


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"  # pylint: disable=consider-merging-classes-inherited  # by concern

    def _charge_with_token(self):
        """Override of payment: a charge whose answer was lost may have been made. It stays pending and keeps what it
        pays, until the provider reports on it or a person gives it up: a second one would be another charge."""
        try:
            super(PaymentTransaction, self.with_context(**{CHARGE: True}))._charge_with_token()
        except AnswerLost as error:
            self._o2c_await_answer(error)
        except requests.RequestException as error:  # of a provider that does not use the helper of Odoo
            if may_have_worked(error):
                self._o2c_await_answer(error)
            else:
                _logger.warning("Payment %s could not be charged: %s", self.reference, error)
                self._set_error(self.env._("The payment provider did not accept the payment."))

    def _send_api_request(self, method, endpoint, **kwargs):
        """Override of payment: while a saved method is charged, an unknown outcome is not taken for a refusal.

        :raises AnswerLost: instead of the ValidationError that providers make a failure of the payment
        """
        try:
            return super()._send_api_request(method, endpoint, **kwargs)
        except ValidationError as error:
            cause = error.__context__  # what Odoo was told by requests; none where it refuses the answer itself
            lost = isinstance(cause, requests.RequestException) and may_have_worked(cause)
            # What is read comes after the charge, and says what became of it: without it that is not known.
            if self.env.context.get(CHARGE) and (lost or method == "GET"):
                raise AnswerLost(str(error)) from error
            raise

    def _o2c_await_answer(self, error):
        """Keep a payment pending that may have been made, and tell payer and staff."""
        _logger.warning("The answer to the charge of payment %s was lost: %s", self.reference, error)
        if self.state == "draft":
            self._set_pending()
        if self.state == "pending":
            self.state_message = self.env._(
                "It is not known yet whether this payment went through: the answer of the payment provider was lost. "
                "Please do not pay again."
            )
            self._log_message_on_linked_documents(self.state_message)

    def action_o2c_give_up(self):
        """Give free what a pending payment pays, once a person has seen at the provider that no money will come. If it
        comes all the same, it is booked like any late money.

        :raises AccessError: for all but administrators of Receivables
        :raises UserError: if it is not a pending payment of a customer
        """
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group("o2c_portal.o2c_portal_group_manager"):
            raise AccessError(self.env._("Only administrators of Receivables give up payments."))
        ours = self.operation in (*ONLINE_OPERATIONS, "offline") and not self.source_transaction_id
        if self.state != "pending" or not ours:
            raise UserError(self.env._("Only a pending payment can be given up."))
        own = self.sudo().with_context(payment_backend_action=True)  # checked above; the note names who did it
        own._set_error(self.env._("Given up: no money came of it."))
