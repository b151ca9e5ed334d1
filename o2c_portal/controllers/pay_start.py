"""Starting a payment from our own pages: every field is checked, every amount comes from the ledger."""

import hashlib
import json
import logging
import secrets

import psycopg2

from odoo import http
from odoo.exceptions import AccessError, ValidationError
from odoo.http import request

from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing

from ..core import money, start
from ..models.o2c_cashier import NothingToPay, PolicyRefusal
from ..models.o2c_decline_breaker import TooManyDeclines
from ..models.o2c_payment_allocation import PaymentInProgress
from .account import ROUTE
from .basket import account_till, link_till
from .pay import PUBLIC, answer_json, check_same_site, find_link
from .payment import O2cPaymentPortal, payer_key, too_many_attempts
from .public import Refusal, guarded

_logger = logging.getLogger(__name__)
START_KEY = "o2c_portal.start_key"


class O2cPayStart(O2cPaymentPortal):

    @http.route("/pay/<string:token>/start", **PUBLIC, max_content_length=start.MAX_BYTES)
    @guarded(answer_json, "POST")
    def o2c_pay_start(self, token, group="", **_query):
        """Start a payment by a link: of its invoice, or of what was chosen of its account."""
        return self._o2c_begin(link_till(find_link(token), group))

    @http.route("/my/billing/start", **ROUTE, csrf=False, max_content_length=start.MAX_BYTES)
    @guarded(answer_json, "POST")
    def o2c_account_start(self, group="", **_query):
        """Start a payment of what the owner of an account has chosen."""
        return self._o2c_begin(account_till(group))

    def _o2c_begin(self, till):
        """Create the transaction for what the payer has reviewed and return what the provider's form needs.

        The transaction is committed before a provider hears of it: when the request has to run again, it finds the
        transaction by its key and asks the provider about that one, not about a second.
        """
        params = self._o2c_read_params()
        wish = start.check(params)
        seen, keys = self._o2c_start_keys(till, params)
        self._o2c_check_rate(till)
        started = seen and self._o2c_find_started(keys)
        transaction = started or self._o2c_start(till, wish, keys)
        PaymentPostProcessing.monitor_transaction(transaction)  # again: the session may have been read anew
        if wish.flow == "token" and not started:  # an attempt whose outcome is unknown is never charged again
            self._o2c_charge(transaction)
        else:
            request.env.cr.commit()  # pylint: disable=invalid-commit  # intent is committed before any outside call
        result = transaction._get_processing_values()
        return request.make_json_response({"jsonrpc": "2.0", "id": None, "result": result})

    # What comes in

    @staticmethod
    def _o2c_read_params():
        """Return the fields of the request.

        :raises Refusal: 415, 413, or 400 when malformed or not sent by our own page
        """
        http_request = request.httprequest
        if http_request.mimetype != "application/json":
            raise Refusal(415, "unsupported_media_type")
        check_same_site()
        params = start.read_envelope(http_request.get_data())
        token = params.pop("csrf_token", None)
        if not isinstance(token, str) or not token.isascii() or not request.validate_csrf(token):
            raise Refusal(400, "bad_csrf", request.env._("This page was open for too long. Please reload it."))
        return params

    @staticmethod
    def _o2c_start_keys(till, params):
        """Return whether this very request may have come before, and the create values that identify it, so that it
        never starts two payments.

        :raises Refusal: 400 for a malformed Idempotency-Key
        """
        environ = request.httprequest.environ  # survives when Odoo runs the request again
        sent = start.check_idempotency_key(request.httprequest.headers.get("Idempotency-Key"))
        seen = bool(sent) or START_KEY in environ
        key = environ.setdefault(START_KEY, sent or secrets.token_urlsafe(16))
        body = json.dumps([params, till.case.company_id.id, till.case.currency_id.id], sort_keys=True)
        return seen, {
            "o2c_start_key": hashlib.sha256(f"{till.key}|{payer_key()}|{key}".encode()).hexdigest(),
            "o2c_start_digest": hashlib.sha256(body.encode()).hexdigest(),
        }

    @staticmethod
    def _o2c_find_started(keys):
        """Return the transaction this request started before.

        :raises Refusal: 422 when its key was used for something else
        """
        transaction_sudo = request.env["payment.transaction"].sudo().search(  # the key holds the payer's own secret
            [("o2c_start_key", "=", keys["o2c_start_key"])]
        )
        if transaction_sudo and transaction_sudo.o2c_start_digest != keys["o2c_start_digest"]:
            raise Refusal(422, "key_reused")
        return transaction_sudo

    @staticmethod
    def _o2c_check_rate(till):
        """:raises Refusal: 429 after too many attempts or declines, 503 when they cannot be counted"""
        limiter = request.env["o2c.rate.limiter"]
        visitor = limiter._visitor(request.httprequest)
        try:
            too_many = limiter._exceeded(till.bucket, till.key)
            too_many |= bool(visitor) and limiter._exceeded("start_address", visitor[0])
        except psycopg2.Error as error:
            _logger.error("Payments cannot be counted, so none is started", exc_info=True)
            raise Refusal(503, "unavailable") from error
        if too_many or till.too_many_declines():
            raise Refusal(429, "too_many_requests", too_many_attempts())

    # What is done about it

    def _o2c_start(self, till, wish, keys):
        """Return the new transaction, with its claims.

        :raises Refusal: for whatever is not, or no longer, as the payer's page said
        """
        till.check()
        quote, case, desk = self._o2c_quote(till, wish), till.case, till.env["o2c.pay.page"]
        self._o2c_check_method(desk, case, wish, quote)
        request.update_context(delay_token_charge=True)  # charged after the commit
        try:
            return self._create_transaction(
                provider_id=wish.provider_id, payment_method_id=wish.payment_method_id, token_id=wish.token_id,
                amount=quote.amount, currency_id=case.currency_id.id, partner_id=case.partner_id.id, flow=wish.flow,
                tokenization_requested=wish.tokenization_requested, landing_route=till.landing_route,
                custom_create_values={
                    **desk.env["o2c.cashier"]._transaction_values(quote, payer_key(), till.link), **keys,
                },
            )
        except TooManyDeclines as error:
            raise Refusal(429, "too_many_requests", str(error)) from error
        except PolicyRefusal as error:  # with a sentence that says what the customer's policy allows
            raise Refusal(422, "policy", str(error)) from error
        except PaymentInProgress as error:
            raise Refusal(409, "in_progress", str(error)) from error
        except AccessError as error:
            raise Refusal(403, "not_your_method") from error
        except ValidationError as error:
            raise Refusal(409, "changed", str(error)) from error

    @staticmethod
    def _o2c_quote(till, wish):
        """Return the server's quote for the instalments the payer chose, with the fee of the method.

        :raises Refusal: 422 for foreign instalments, 409 when they or their amount are not what the payer saw
        """
        items, around, payable = till.instalments(wish.installment_ids)
        if not set(wish.installment_ids) <= set(items):
            raise Refusal(422, "bad_installments")
        chosen = [items[line_id] for line_id in wish.installment_ids]
        if not payable >= set(wish.installment_ids):
            raise Refusal(409, "not_payable", request.env._("Part of this can no longer be paid online."))
        if any(item.open_minor <= 0 for item in chosen):
            raise Refusal(409, "already_paid", request.env._("Part of this has been paid meanwhile. Please reload."))
        if any(item.claimed for item in chosen):
            raise Refusal(409, "in_progress", request.env._("A payment of this is being processed."))
        try:
            quote = till.env["o2c.cashier"]._quote_basket(
                till.case.currency_id, chosen, wish.amounts_minor, wish.on_account_minor, around
            )
        except NothingToPay as error:
            raise Refusal(409, "not_payable", str(error)) from error
        except ValidationError as error:
            raise Refusal(409, "changed", str(error)) from error
        quote = O2cPayStart._o2c_with_fee(till, wish, quote)
        if quote.amount_minor != wish.expected_minor:
            raise Refusal(
                409, "amount_changed", request.env._("The amount has changed meanwhile. Please reload the page."),
                amount_minor=quote.amount_minor,
            )
        return quote

    @staticmethod
    def _o2c_with_fee(till, wish, quote):
        """Return the quote with what its method costs; whether a saved one is the payer's own is seen later."""
        provider = till.env["payment.provider"].browse(wish.provider_id)
        method = till.env["payment.method"].browse(wish.payment_method_id)
        if wish.flow == "token":  # it is charged as what it is, whatever the request says
            token = till.env["payment.token"].browse(wish.token_id).exists()
            provider, method = token.provider_id, token.payment_method_id
        return till.env["o2c.payment.fee"]._charge(quote, till.case.partner_id, provider, method)

    @staticmethod
    def _o2c_check_method(desk, case, wish, quote):
        """:raises Refusal: 422 for a method that is not on offer, 403 for a saved one that is not the visitor's own"""
        method = {"payment_method_id": wish.payment_method_id} if wish.flow != "token" else {}
        paid = money.to_major(quote.paid_minor, quote.digits)  # what was on offer was that, before any fee
        values = {"provider_id": wish.provider_id, "currency_id": case.currency_id.id, "amount": paid, **method}
        try:  # first: whoever is not offered a method learns why
            desk.env["o2c.cashier"]._check_method(values, case.partner_id, case.company_id)
        except PolicyRefusal as error:
            raise Refusal(422, "policy", str(error)) from error
        user = request.env.user
        providers = desk._providers(case, paid)
        if wish.provider_id not in providers.ids:
            raise Refusal(422, "bad_provider")
        if wish.flow == "token" or wish.token_id:
            saved = desk._saved_methods(case, providers, user)  # what the policy says of them is checked with the start
            if wish.flow != "token" or wish.token_id not in saved.ids:
                _logger.info("A saved payment method was asked for by someone who does not own it")
                raise Refusal(403, "not_your_method")
        else:
            methods = desk._methods(case, providers.browse(wish.provider_id))
            if wish.payment_method_id not in methods.ids:
                raise Refusal(422, "bad_payment_method")
        if wish.tokenization_requested and not desk._may_save(case, user):
            raise Refusal(403, "login_required")
