"""The account's own pages: what is owed over all documents, what to pay of it, and how it went. GET changes nothing.

Each page is a function of a ``Visit``; ``/my/billing`` makes one of the logged-in user, ``/pay/<token>`` one of a link.
"""

import secrets

from odoo import http
from odoo.http import request
from odoo.tools import is_html_empty

from odoo.addons.payment.controllers.portal import PaymentPortal
from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing

from ..core import paging, public_surface, selection
from ..core.credits import MAX_CREDITS
from ..models.o2c_basket import UnknownItems
from ..models.o2c_basket_page import Visit
from ..models.o2c_cashier import PolicyRefusal
from ..models.o2c_payment_allocation import PaymentInProgress
from .account import READ, ROUTE, account_page, account_route, account_scope
from .offer import page_offer, result_offer
from .payment import payer_key
from .public import Refusal, page
from .till import AccountTill, InvoiceTill, case_in

ADDRESS = "/my/billing"


def account_visit():
    """Return the ``Visit`` of the logged-in user to their own account."""
    scope = account_scope()
    return Visit(scope, scope.contact, ADDRESS)


def link_visit(link, token):
    """Return the ``Visit`` of whoever holds a link to an account."""
    return Visit(link.env["o2c.account"]._link_scope(link), link.partner_id, f"/pay/{token}", link)


def account_till(group):
    """Return what the logged-in user pays on.

    :raises Refusal: 404 or 422 for a group that is none
    """
    return _till(account_visit(), group)


def link_till(link, group=""):
    """Return what whoever holds a link pays on: its invoice, or a group of its account.

    :raises Refusal: 404 or 422 for a group that is none
    """
    return InvoiceTill(link) if link.purpose != "account" else _till(link_visit(link, ""), group)


def _till(visit, group):
    found = read_selection([("group", group)]).group
    if not found:
        raise Refusal(422, "bad_group")
    return AccountTill(visit.scope, case_in(visit.scope, found, visit.payer), visit.link)


# What was chosen


def read_selection(parameters=None):
    """Return the ``Selection`` in the address of this request, or in other parameters.

    :raises Refusal: 422 when it is none
    """
    given = request.httprequest.args.items(multi=True) if parameters is None else parameters
    try:
        return selection.read(given)
    except selection.BadSelection as error:
        raise Refusal(422, "bad_choice", request.env._("Please go back and choose again what to pay.")) from error


def words(visit):
    """Return the service that knows what the pages say; the visit's scope says what it may read."""
    env = visit.link.env if visit.link else request.env
    return env["o2c.basket.page"].sudo()


def show(visit, name, values, status=200):
    """Return a page, in the frame of the account or in that of a link."""
    common = {"address": visit.address, "public": bool(visit.link), **values}
    if not visit.link:
        return account_page(name, "overview", common, status)
    frame = {**words(visit)._frame(visit.link), "current": "", "customer": ""}
    return page(f"o2c_portal.{name}", {**frame, **common}, status)


def wanted_of(visit, chosen):
    """Return ``(case, Wanted, None)`` of a selection, or ``(None, None, page)`` that asks for another one.

    :raises Refusal: 404 for what is not in the scope
    """
    desk = words(visit)
    basket = desk.env["o2c.basket"]
    groups = basket._cases_of(visit.scope, chosen.ids) if chosen.choice == "selected" and not chosen.group else {}
    group = chosen.group or (next(iter(groups)) if len(groups) == 1 else None)
    if len(groups) > 1:
        return None, None, _split(visit, chosen, groups)
    if not group or not chosen.choice:
        return None, None, overview(visit, chosen, _nothing(), 422)
    case = case_in(visit.scope, group, visit.payer)
    try:
        wanted = basket._wanted(visit.scope, case, chosen, desk._point(), desk._allows(visit, case)["on_account"])
    except UnknownItems as error:
        groups = basket._cases_of(visit.scope, chosen.ids)
        if sum(map(len, groups.values())) == len(chosen.ids):
            return None, None, _split(visit, chosen, groups)
        raise Refusal(404, "not_found") from error
    if not wanted.quote:
        return None, None, overview(visit, chosen, wanted.errors or _nothing(), 422)
    try:
        desk.env["o2c.cashier"]._check_policy(wanted.quote, visit.scope.partner, case.company_id)
    except PolicyRefusal as error:
        return None, None, overview(visit, chosen, {"": str(error)}, 422)
    return case, wanted, None


def _nothing():
    return {"": request.env._("Please choose something to pay.")}


def _split(visit, chosen, groups):
    """Return the page that says kindly that one payment covers one company and currency, and offers one of each."""
    parts = [
        (words(visit)._money_of(visit, ids), visit.url("/review", chosen.pairs(group=group, ids=tuple(ids), page=1)))
        for group, ids in groups.items()
    ]
    back = visit.url("", chosen.pairs(ids=(), group=None))
    return show(visit, "basket_split", {"parts": parts, "back": back}, 422)


# The pages


def overview(visit, chosen, errors=None, status=200):
    """Show what is owed and let the reader choose; offers only to who has logged in, and is not correcting a form."""
    values = words(visit)._account(visit, chosen, errors)
    if not visit.link and status == 200:
        values["offer"] = page_offer(request.env.company, visit.payer, "portal", f"{ADDRESS}/offer/portal")
    return show(visit, "basket_overview", values, status)


def review(visit, chosen):
    """Show once more what exactly will be paid, before anything is started."""
    case, wanted, other = wanted_of(visit, chosen)
    return other or show(visit, "basket_review", words(visit)._chosen(visit, case, chosen, wanted, sheet()))


def checkout(visit, chosen):
    """Show the providers' own forms for what was chosen."""
    case, wanted, other = wanted_of(visit, chosen)
    if other:
        return other
    desk, nonce = words(visit), secrets.token_urlsafe(16)
    form = desk._form_values(visit, case, wanted.quote, request.env.user)
    if not form["providers_sudo"]:
        return request.redirect(visit.url("/review", chosen.pairs()))
    savable = form["providers_sudo"].filtered(lambda _provider: desk._may_save(case, request.env.user))
    response = page("o2c_portal.pay_checkout", {
        "address": visit.address, **desk._chosen(visit, case, chosen, wanted), **form, "nonce": nonce,
        "show_tokenize_input_mapping": {
            **dict.fromkeys(form["providers_sudo"].ids, False),
            **PaymentPortal._compute_show_tokenize_input_mapping(savable),
        },
        "is_html_empty": is_html_empty,
    })
    codes = form["providers_sudo"].mapped("code")
    response.headers["Content-Security-Policy"] = public_surface.checkout_policy(nonce, codes)
    return response


def result(visit):
    """Tell how the payment that this browser started went, and what it was for."""
    transaction_id = request.session.get(PaymentPostProcessing.MONITORED_TX_ID_KEY)
    transaction = request.env["payment.transaction"].sudo().browse(transaction_id).exists()  # checked next
    own = transaction.o2c_pay_link_id == visit.link if visit.link else (
        not transaction.o2c_pay_link_id and transaction.o2c_payer_key == payer_key()
    )
    if not transaction or not own:
        return request.redirect(visit.address)
    values = words(visit)._paid(visit, transaction, sheet())
    seen = f"{visit.address}/offer" if visit.link else f"{visit.address}/offer/pay"
    offer = result_offer(values["outcome"], transaction.company_id, visit.payer, seen)
    return show(visit, "basket_result", {**values, "offer": offer})


def sheet():
    """Return which page of the documents of a payment is asked for."""
    return paging.wanted(request.httprequest.args.get("sheet", ""))


class O2cBasket(http.Controller):

    @http.route(ADDRESS, **READ)
    @account_route("GET", "HEAD")
    def o2c_billing(self, **_query):
        """Show the account of the logged-in user."""
        return overview(account_visit(), read_selection())

    @http.route(f"{ADDRESS}/review", **READ)
    @account_route("GET", "HEAD")
    def o2c_billing_review(self, **_query):
        """Show what exactly would be paid."""
        return review(account_visit(), read_selection())

    # A page of the website where there is one: Odoo's payment form asks it for the session of its scripts.
    @http.route(f"{ADDRESS}/checkout", **READ, website=True, multilang=False)
    @account_route("GET", "HEAD")
    def o2c_billing_checkout(self, **_query):
        """Show the providers' own forms."""
        return checkout(account_visit(), read_selection())

    @http.route(f"{ADDRESS}/result", **READ)
    @account_route("GET", "HEAD")
    def o2c_billing_result(self, **_query):
        """Tell how the payment went."""
        return result(account_visit())

    @http.route(f"{ADDRESS}/credits", **READ, methods=["GET", "HEAD"])
    @account_route()
    def o2c_billing_credits(self, **_query):
        """Show what credit was applied to what."""
        visit = account_visit()
        return show(visit, "basket_credits", words(visit)._applied(visit, read_selection().ids))

    @http.route(f"{ADDRESS}/credits", **ROUTE, methods=["POST"])
    @account_route()
    def o2c_billing_apply_credits(self, **_query):
        """Apply credit to open items, or ask a clerk to, and lead to what was done."""
        form = request.httprequest.form
        credit_ids = read_selection(("item", value) for value in form.getlist("credit")).ids
        return self._o2c_apply_credits(account_visit(), read_selection(form.items(multi=True)), credit_ids)

    @staticmethod
    def _o2c_apply_credits(visit, chosen, credit_ids):
        """Do what the form asks for.

        :raises Refusal: 404 for what is not there, 409 while it is being changed, 422 for nothing, 429 for too often
        """
        if not chosen.group or not 0 < len(credit_ids) <= MAX_CREDITS or min(credit_ids) < 0:
            raise Refusal(422, "bad_credits", request.env._("Please choose the credit you would like to use."))
        if not request.env["o2c.rate.limiter"]._allows("credits_account", payer_key(), otherwise=True):
            raise Refusal(429, "too_many_requests")
        case = case_in(visit.scope, chosen.group, visit.payer)
        service = request.env["o2c.credit"].sudo().with_company(case.company_id)  # the scope says what may be applied
        try:
            if not case.company_id.o2c_customer_applies_credits:
                service._ask(visit, case, credit_ids, chosen.ids)
                return request.redirect(f"{ADDRESS}/credits")
            made = service._apply(visit, case, credit_ids, chosen.ids, payer_key())
        except UnknownItems as error:
            raise Refusal(404, "not_found") from error
        except PaymentInProgress as error:
            raise Refusal(409, "in_progress", str(error)) from error
        if not made:
            raise Refusal(409, "nothing_open", request.env._("There was nothing this credit could be applied to."))
        return request.redirect(visit.url("/credits", [("item", str(partial.id)) for partial in made]))
