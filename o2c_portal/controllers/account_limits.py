"""The limits a customer sets for itself and its branches."""

from odoo import http
from odoo.http import request

from .account import READ, ROUTE, account_page, account_route, count_or_refuse, whole_scope

HOME = "/my/billing/limits"


class O2cAccountLimits(http.Controller):

    @http.route(HOME, **READ)
    @account_route("GET", "HEAD")
    def o2c_limits(self, done="", **_query):
        """Show each limit beside what is owed now."""
        return self._page(whole_scope(), done=done)

    @http.route(f"{HOME}/save", **ROUTE)
    @account_route("POST")
    def o2c_limits_save(self, **form):
        """Take the limits."""
        scope = whole_scope()
        form = {name: value for name, value in form.items() if isinstance(value, str)}
        count_or_refuse("own_limits", scope.partner.id)
        errors = request.env["o2c.account.limits"]._save(scope, request.env.company, form)
        if errors:
            return self._page(scope, errors, form, status=422)
        return request.redirect(f"{HOME}?done=saved")

    @staticmethod
    def _page(scope, errors=None, form=None, done="", status=200):
        rows = request.env["o2c.account.limits"]._rows(scope, request.env.company, form)
        return account_page("account_limits", "limits", {
            "rows": rows, "errors": errors or {}, "done": done, "currency": request.env.company.currency_id.name,
        }, status)
