"""What was paid and what was ordered: the lists of a customer's own account."""

from odoo import http
from odoo.http import content_disposition, request

from ..core import paging
from .account import READ, account_page, account_route, account_scope
from .public import Refusal


def one_page(rows_of, scope, wish):
    """Return ``(rows, page)``: the page somebody asked for, the last one when there are not so many.

    :param rows_of: method ``(scope, offset, limit) -> (rows, count)``
    """
    wanted = paging.wanted(wish)
    rows, count = rows_of(scope, (wanted - 1) * paging.PER_PAGE, paging.PER_PAGE)
    page = paging.page(wanted, count)
    if page.number != wanted:
        rows, _count = rows_of(scope, page.offset, paging.PER_PAGE)
    return rows, page


class O2cAccountHistory(http.Controller):

    @http.route("/my/billing/payments", **READ)
    @account_route("GET", "HEAD")
    def o2c_payments(self, page="", **_query):
        """List the customer's payments, newest first."""
        scope, history = account_scope(), request.env["o2c.payment.history"]
        rows, shown = one_page(history._rows, scope, page)
        return account_page("account_payments", "payments", {
            "rows": rows, "page": shown, "address": "/my/billing/payments",
            "under_way": history._under_way(scope) if shown.number == 1 else [],
        })

    @http.route("/my/billing/payments/<int:entry_id>/receipt.pdf", **READ)
    @account_route("GET", "HEAD")
    def o2c_payment_receipt(self, entry_id, **_query):
        """Hand out the receipt of money that is in the history, which is a list of journal entries."""
        scope, history = account_scope(), request.env["o2c.payment.history"]
        entry = history._entry(scope, entry_id)
        if not entry:
            raise Refusal(404, "not_found")
        if not request.env["o2c.rate.limiter"]._allows("account_pdf", request.env.uid, otherwise=True):
            raise Refusal(429, "too_many_requests")
        pdf = history._receipt_pdf(scope, entry)
        if pdf is None:
            raise Refusal(404, "not_found")
        name = f"{request.env._('Receipt')} {entry.name}.pdf".replace("/", "-")
        return request.make_response(pdf, headers=[
            ("Content-Type", "application/pdf"), ("Content-Disposition", content_disposition(name)),
        ])

    @http.route("/my/billing/orders", **READ)
    @account_route("GET", "HEAD")
    def o2c_orders(self, page="", **_query):
        """List the customer's orders with how far they have come, newest first."""
        rows, shown = one_page(request.env["o2c.order.progress"]._rows, account_scope(), page)
        return account_page("account_orders", "orders", {
            "rows": rows, "page": shown, "address": "/my/billing/orders",
        })
