"""The pay page: what is owed, what to pay of it, the way to the provider and back. GET changes nothing."""

import json
import logging
import secrets

from odoo import http
from odoo.http import request
from odoo.tools import is_html_empty

from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing

from ..core import instalments, public_surface
from ..models.o2c_cashier import NothingToPay, PolicyRefusal
from ..models.o2c_pay_page import OTHER, AmountNotAllowed
from ..models.payment_provider import REASONS
from . import basket, transfer
from .offer import result_offer
from .payment import O2cPaymentPortal
from .public import Refusal, guarded, page, speak

_logger = logging.getLogger(__name__)
PUBLIC = {"type": "http", "auth": "public", "csrf": False, "sitemap": False}
READ = {**PUBLIC, "readonly": True}
LIGHT = {**READ, "save_session": False}  # no cookie before there is something to protect
TYPED_LENGTH = 30  # as much of a refused amount as its field shows again
OWN_PAGES = ("pay", "account")  # an order is paid on its own page, which Odoo has
ALL_PURPOSES = (*OWN_PAGES, "order")
# What pages of a link and payments read. There are far more columns than these, and reading all is most of the work.
OF_COMPANY = (
    "name", "active", "parent_path", "partner_id", "currency_id", "uses_default_logo", "email", "phone",
    "o2c_policy_id", "o2c_link_show_number", "o2c_due_soon_days", "o2c_claim_minutes",
)
OF_INVOICE = (
    "name", "state", "move_type", "company_id", "currency_id", "partner_id", "commercial_partner_id",
    "amount_residual", "payment_state", "invoice_payment_term_id",
)
OF_PARTNER = (
    "name", "lang", "tz", "email", "phone", "street", "street2", "zip", "city", "state_id", "country_id",
    "commercial_partner_id",
)
MESSAGES = {404: "unknown", 405: "unknown", 410: "gone", 422: "refused", 429: "unknown"}


def answer_page(refusal):
    """Return the page for a refusal; unknown, malformed and asked for too often look the same to the byte."""
    speak()
    kind = MESSAGES.get(refusal.status, "unavailable")
    return page("o2c_portal.pay_message", {"kind": kind, "message": refusal.message}, refusal.status)


def answer_json(refusal):
    """Return a refusal the way Odoo's rpc() understands, with an honest HTTP status."""
    message = refusal.message or request.env._("This did not work. Please reload the page and try again.")
    error = {"code": refusal.status, "message": refusal.code, "data": {
        "name": "o2c_portal.Refusal", "code": refusal.code, "message": message, **refusal.data,
    }}
    return request.make_json_response({"jsonrpc": "2.0", "id": None, "error": error}, status=refusal.status)


def find_link(token, *purposes):
    """Return the link of a token with elevated rights, in the company and the language it is to be used in.

    :param purposes: of links that are good for this page, by default those with pages of their own
    :raises Refusal: 404, or 429 after too many misses, when there is none
    """
    link = request.env["o2c.pay.link"]._find(token)
    if not link or link.purpose not in (purposes or OWN_PAGES):
        raise missed()
    link.company_id.fetch(OF_COMPANY)
    link.move_id.fetch(OF_INVOICE)
    creditor = link.company_id.partner_id
    (creditor | link.partner_id).fetch(OF_PARTNER)
    speak(link.partner_id.lang, creditor.tz)
    return link.with_context(**request.env.context).with_company(link.company_id)


def missed():
    """Count a guess and return the refusal for it. Whoever holds a good link is never slowed down by it."""
    limiter = request.env["o2c.rate.limiter"]
    visitor = limiter._visitor(request.httprequest)
    allowed = [limiter._allows("link_miss_all", "all", otherwise=True)]
    if visitor:
        allowed.append(limiter._allows("link_miss_network", visitor[1], otherwise=True))
    _logger.info("Pay link not found, asked from %s", visitor[1] if visitor else "an unknown network")
    return Refusal(404, "not_found") if all(allowed) else Refusal(429, "too_many_requests")


def check_same_site():
    """Refuse requests that another site made the browser send; old browsers do not say and are let through.

    :raises Refusal: 400
    """
    if request.httprequest.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise Refusal(400, "cross_site")


class O2cPay(O2cPaymentPortal):

    @http.route("/pay/<path:anything>", **LIGHT)
    @guarded(answer_page)
    def o2c_pay_unknown(self, **_query):
        """Whatever is no pay link looks like a pay link that does not exist."""
        raise missed()

    @http.route("/pay/<string:token>", **LIGHT)
    @guarded(answer_page, "GET", "HEAD")
    def o2c_pay_choose(self, token, **_query):
        """Show what is owed and let the payer choose what to pay."""
        link, desk = self._o2c_open(token, *ALL_PURPOSES)
        if link.purpose == "order":
            return request.redirect(link.order_id._o2c_pay_address(), code=303)
        if link.purpose == "account":
            return basket.overview(basket.link_visit(link, token), basket.read_selection())
        if desk._standing(link) == "paid":
            return self._o2c_paid(link, desk)
        return self._o2c_page("choose", token, link, desk._overview(link.move_id))

    @http.route("/pay/<string:token>/review", **LIGHT)
    @guarded(answer_page, "GET", "HEAD")
    def o2c_pay_review(self, token, choice="", amount="", **_query):
        """Show once more what will be paid, before anything is started; an amount that cannot be paid leads back to
        its field."""
        link, desk = self._o2c_open(token)
        if link.purpose == "account":
            return basket.review(basket.link_visit(link, token), basket.read_selection())
        try:
            review = self._o2c_chosen(link, desk, choice, amount)
        except AmountNotAllowed as error:
            values = {**desk._overview(link.move_id), "typed": amount[:TYPED_LENGTH], "amount_error": str(error)}
            return self._o2c_page("choose", token, link, values, 422)
        if not review:
            return self._o2c_back(token)
        return self._o2c_page("review", token, link, review)

    # A page of the website where there is one: Odoo's payment form asks it for the session of its scripts.
    @http.route("/pay/<string:token>/checkout", **READ, website=True, multilang=False)
    @guarded(answer_page, "GET", "HEAD")
    def o2c_pay_checkout(self, token, choice="", amount="", **_query):
        """Show the providers' own forms for what was chosen."""
        link, desk = self._o2c_open(token)
        if link.purpose == "account":
            return basket.checkout(basket.link_visit(link, token), basket.read_selection())
        try:
            review = self._o2c_chosen(link, desk, choice, amount)
        except AmountNotAllowed:
            return self._o2c_back(token)
        if not review or not review["available"]:
            return self._o2c_back(token)
        nonce = secrets.token_urlsafe(16)
        form = self._o2c_form_values(link, review["quote"], token)
        response = self._o2c_page("checkout", token, link, {**review, **form, "nonce": nonce})
        codes = form["providers_sudo"].mapped("code")
        response.headers["Content-Security-Policy"] = public_surface.checkout_policy(nonce, codes)
        return response

    @http.route("/pay/<string:token>/transfer", **LIGHT, methods=["GET", "HEAD"])
    @guarded(answer_page)
    def o2c_pay_transfer(self, token, reference="", **_query):
        """Show how to pay by bank transfer what was chosen of an account."""
        return transfer.instructions(self._o2c_account_visit(token), reference)

    @http.route("/pay/<string:token>/transfer", **PUBLIC, save_session=False, methods=["POST"])
    @guarded(answer_page)
    def o2c_pay_ask_transfer(self, token, **_form):
        """Give out the reference for what was chosen of an account."""
        check_same_site()
        return transfer.ask(self._o2c_account_visit(token))

    @http.route("/pay/<string:token>/result", **LIGHT)
    @guarded(answer_page, "GET", "HEAD")
    def o2c_pay_result(self, token, **_query):
        """Tell how the payment that this browser started went."""
        link = find_link(token)
        if link.purpose == "account":
            return basket.result(basket.link_visit(link, token))
        transaction = self._o2c_monitored()
        if transaction.o2c_pay_link_id != link:
            return self._o2c_back(token)
        values = self._o2c_desk(link)._result(link.move_id, transaction)
        offer = result_offer(values["outcome"], link.company_id, link.partner_id, f"/pay/{token}/offer")
        return self._o2c_page("result", token, link, {**values, "offer": offer})

    @http.route("/pay/return", **LIGHT)
    @guarded(answer_page, "GET", "HEAD")
    def o2c_pay_return(self, **_query):
        """Lead a payer who comes back from the provider to the result. No token is stored with the payment, so this
        address has none; the session knows which payment it is."""
        link = self._o2c_monitored().o2c_pay_link_id
        token = link and link._token()
        if not token:
            raise missed()
        return request.redirect(f"/pay/{token}/result")

    @http.route("/pay/<string:token>/seen", **PUBLIC, save_session=False, max_content_length=1024)
    @guarded(answer_json, "POST")
    def o2c_pay_seen(self, token, **_query):
        """Count that a person, not a scanner, looked at the page; the page says so after a gesture."""
        check_same_site()
        link = find_link(token)
        if not request.env["o2c.rate.limiter"]._allows("seen_link", link.id, otherwise=False):
            raise Refusal(429, "too_many_requests")
        link._count_open()
        return request.make_response("", status=204)

    # Helpers

    @staticmethod
    def _o2c_desk(link):
        """Return the service that reads the invoice; the token has shown that the visitor may see that much."""
        return link.env["o2c.pay.page"].sudo()

    def _o2c_open(self, token, *purposes):
        """Return a link that is good for something and the desk to read it with; see ``find_link``.

        :raises Refusal: 404, 410 or 429
        """
        link = find_link(token, *purposes)
        desk = self._o2c_desk(link)
        if desk._standing(link) == "gone":
            raise Refusal(410, "gone")
        return link, desk

    def _o2c_account_visit(self, token):
        """Return the visit of whoever holds a link to an account.

        :raises Refusal: 404, 410 or 429
        """
        link, _desk = self._o2c_open(token)
        if link.purpose != "account":
            raise Refusal(404, "not_found")
        return basket.link_visit(link, token)

    @staticmethod
    def _o2c_chosen(link, desk, choice, amount):
        """Return what a choice stands for, nothing when it stands for nothing (any more).

        :raises AmountNotAllowed: if the payer's own amount cannot be paid
        """
        if choice not in (*instalments.CHOICES, OTHER):
            return None
        try:
            return desk._review(link.move_id, choice, amount)
        except (NothingToPay, PolicyRefusal):
            return None

    @staticmethod
    def _o2c_page(name, token, link, values, status=200):
        desk = O2cPay._o2c_desk(link)
        return page(f"o2c_portal.pay_{name}", {**desk._frame(link), **values, "address": f"/pay/{token}"}, status)

    def _o2c_paid(self, link, desk):
        return page("o2c_portal.pay_message", {
            **desk._frame(link), "kind": "paid", "paid_on": desk._paid_on(link.move_id),
        })

    @staticmethod
    def _o2c_back(token):
        return request.redirect(f"/pay/{token}")

    @staticmethod
    def _o2c_monitored():
        """Return the payment this web session started last, with elevated rights: it is the visitor's own."""
        transaction_id = request.session.get(PaymentPostProcessing.MONITORED_TX_ID_KEY)
        return request.env["payment.transaction"].sudo().browse(transaction_id).exists()

    def _o2c_form_values(self, link, quote, token):
        """Return what Odoo's payment form needs to offer the methods that are good for this payment."""
        desk, move, user, report = self._o2c_desk(link), link.move_id, request.env.user, {}
        providers = desk._providers(move, quote.amount, report)
        in_full = all(part.is_whole for part in quote.parts)  # what is paid in full costs what it costs then
        savable = providers if desk._may_save(move, user) else providers.browse()
        methods = desk._methods(move, providers, report)
        tokens = desk._saved_methods(move, providers, user, report)
        return {
            "providers_sudo": providers,
            "payment_methods_sudo": methods,
            "tokens_sudo": tokens,
            "o2c_prices": desk._prices(move, quote, providers, methods, tokens),
            "hidden_reasons": report.get(REASONS, []),
            "show_tokenize_input_mapping": {
                **dict.fromkeys(providers.ids, False), **self._compute_show_tokenize_input_mapping(savable),
            },
            "payment_amount": quote.amount,
            "currency": move.currency_id,
            "partner_id": move.partner_id.id,
            "is_html_empty": is_html_empty,
            "transaction_route": f"/pay/{token}/start",
            "expected_minor": quote.amount_minor,
            "installment_ids": json.dumps([item.line_id for item in quote.items]),
            "amounts_minor": json.dumps(None if in_full else [part.pay_minor for part in quote.parts]),
        }
