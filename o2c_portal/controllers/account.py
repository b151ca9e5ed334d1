"""What all pages of a customer's own account share: who looks, one frame around them, one way to refuse."""

from odoo.http import request

from .public import Refusal, guarded, page, speak

ROUTE = {"type": "http", "auth": "user", "sitemap": False}
READ = {**ROUTE, "readonly": True}
MESSAGES = {404: "unknown", 405: "unknown", 409: "changed", 422: "refused", 429: "often"}


def account_scope():
    """Return the ``o2c.account`` scope of the logged-in user, in their language."""
    speak()
    return request.env["o2c.account"]._scope(request.env.user)


def whole_scope():
    """Return the scope of who may speak for the whole customer.

    :raises Refusal: 404 for who sees their own documents only
    """
    scope = account_scope()
    if scope.own_only:
        raise Refusal(404, "not_found")
    return scope


def count_or_refuse(bucket, subject):
    """Count one request.

    :raises Refusal: 429 when it was one too many, or cannot be counted
    """
    if not request.env["o2c.rate.limiter"]._allows(bucket, subject, otherwise=False):
        raise Refusal(429, "too_many_requests")


def creditor_of(company):
    """Return what the pages say about a company: all of it is public."""
    company_sudo = company.sudo()
    return {
        "name": company_sudo.name,
        "logo": "" if company_sudo.uses_default_logo else f"/web/binary/company_logo?company={company.id}",
        "email": company_sudo.email,
        "phone": company_sudo.phone,
    }


def account_page(template, current, values, status=200):
    """Return a page of the account.

    :param str template: name of a template of this addon that calls ``o2c_portal.account_layout``
    :param str current: key of the menu entry the page belongs to
    """
    return page(f"o2c_portal.{template}", {
        "current": current,
        "creditor": creditor_of(request.env.company),
        "customer": request.env.user.partner_id.commercial_partner_id.sudo().display_name,
        "own_only": request.env["o2c.account"]._scope(request.env.user).own_only,
        **values,
    }, status)


def answer_account(refusal):
    """Return the page for a refusal; what does not exist and what is not the visitor's own look the same."""
    speak()
    kind = MESSAGES.get(refusal.status, "unavailable")
    return account_page("account_message", "", {"kind": kind, "message": refusal.message}, refusal.status)


def account_route(*methods):
    """Guard an endpoint of the account: ``@http.route("/my/billing/...", **READ)`` above, this below it."""
    return guarded(answer_account, *methods)
