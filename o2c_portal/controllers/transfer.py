"""Paying by bank transfer what was chosen of an account: a reference for exactly that, and where to send it."""

from odoo import http
from odoo.exceptions import ValidationError
from odoo.http import request

from . import basket
from .account import READ, ROUTE, account_route
from .payment import payer_key
from .public import Refusal


def desk_of(visit):
    """Return the service that gives out references; the visit's scope says for what."""
    return basket.words(visit).env["o2c.transfer.desk"]


def ask(visit):
    """Give out the reference for what the form has chosen, and lead to the instructions.

    :raises Refusal: 404 for what is not there, 422 where nobody can transfer it, 429 for too often
    """
    chosen = basket.read_selection(request.httprequest.form.items(multi=True))
    case, wanted, other = basket.wanted_of(visit, chosen)
    if other:
        return other
    desk, moves = desk_of(visit), [item.move_id for item in wanted.quote.items]
    if wanted.quote.on_account_minor or not desk._offers(case, moves):
        raise Refusal(422, "no_transfer", request.env._("This cannot be paid by bank transfer here."))
    key = visit.link.id if visit.link else payer_key()
    if not request.env["o2c.rate.limiter"]._allows("transfer", key, otherwise=True):
        raise Refusal(429, "too_many_requests")
    try:
        advice = desk._advice(visit, case, wanted)
    except ValidationError as error:
        return basket.overview(visit, chosen, {"": str(error)}, 409)
    return request.redirect(visit.url("/transfer", [("reference", advice.reference)]), code=303)


def instructions(visit, reference):
    """Show what to transfer, where to, and by which reference.

    :raises Refusal: 404 for a reference that is not one of the account
    """
    desk = desk_of(visit)
    advice = desk._find(visit, reference)
    if not advice:
        raise Refusal(404, "not_found")
    values = desk._shown(visit, advice, basket.sheet())
    return basket.show(visit, "basket_transfer", values, 410 if values["standing"] == "changed" else 200)


class O2cTransfer(http.Controller):

    @http.route(f"{basket.ADDRESS}/transfer", **READ, methods=["GET", "HEAD"])
    @account_route()
    def o2c_billing_transfer(self, reference="", **_query):
        """Show how to pay by bank transfer what was chosen."""
        return instructions(basket.account_visit(), reference)

    @http.route(f"{basket.ADDRESS}/transfer", **ROUTE, methods=["POST"])
    @account_route()
    def o2c_billing_ask_transfer(self, **_form):
        """Give out the reference for what was chosen."""
        return ask(basket.account_visit())
