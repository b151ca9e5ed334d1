"""Already paid, wrong contact, order number, copy: what a customer tells us about an invoice."""

from odoo import fields, http
from odoo.http import request

from ..core import uploads
from .account import READ, ROUTE, account_page, account_route, account_scope, count_or_refuse
from .public import Refusal

HOME = "/my/billing/help"
MOST_BYTES = (uploads.MOST_FILES + 1) * uploads.MOST_BYTES


def service():
    return request.env["o2c.account.requests"]


def numbers(texts):
    """Return record ids from a form.

    :raises Refusal: 404 for what is no id, as for an id of somebody else
    """
    if not all(text.isascii() and text.isdigit() and len(text) < 10 for text in texts) or len(texts) > 200:
        raise Refusal(404, "not_found")
    return {int(text) for text in texts}


class O2cAccountHelp(http.Controller):

    @http.route(HOME, **READ)
    @account_route("GET", "HEAD")
    def o2c_help(self, invoice="", done="", **_query):
        """Offer the four choices, and list what was asked before."""
        return account_page("account_help", "help", {
            "invoice": invoice if invoice.isascii() and invoice.isdigit() else "",
            "history": service()._history(account_scope()), "done": done,
        })

    @http.route(f"{HOME}/<string:kind>", **READ)
    @account_route("GET", "HEAD")
    def o2c_help_form(self, kind, invoice="", **_query):
        """Show the form of one choice; ``invoice`` is chosen in it beforehand, if it is the customer's."""
        chosen = numbers([invoice]) if invoice else set()
        return self._form(kind, {}, {}, chosen)

    @http.route(f"{HOME}/<string:kind>/send", **ROUTE, max_content_length=MOST_BYTES)
    @account_route("POST")
    def o2c_help_send(self, kind, **form):
        """Take a request."""
        scope = account_scope()
        self._check_kind(kind)
        form = {name: value for name, value in form.items() if isinstance(value, str)}
        chosen = numbers(request.httprequest.form.getlist("invoice"))
        moves, problem = service()._chosen(scope, kind, chosen, form.get("number", ""))
        if moves is None:
            raise Refusal(404, "not_found")
        values, errors = service()._check(kind, form, moves)
        attachments, wrong_file = self._attachments(kind)
        found = {"invoice": problem, **errors, "files": wrong_file}
        errors = {field: text for field, text in found.items() if text}
        if errors:
            return self._form(kind, form, errors, chosen, 422)
        count_or_refuse("customer_request", f"{scope.contact.id}|{kind}")
        service()._submit(scope, request.env.company, kind, values, moves, attachments)
        return request.redirect(f"{HOME}?done={kind}")

    # Helpers

    @staticmethod
    def _check_kind(kind):
        if not service()._is_kind(kind):
            raise Refusal(404, "not_found")

    @staticmethod
    def _attachments(kind):
        """Read the files of a form, never more of one than is allowed."""
        if kind != "already_paid":
            return [], ""
        files = [file for file in request.httprequest.files.getlist("files") if file.filename]
        return service()._files([
            (file.filename, file.read(uploads.MOST_BYTES + 1)) for file in files[:uploads.MOST_FILES + 1]
        ])

    def _form(self, kind, form, errors, chosen, status=200):
        self._check_kind(kind)
        rows, more = service()._offered(account_scope(), kind, chosen)
        return account_page("account_help_form", "help", {
            "kind": kind, "form": form, "errors": errors, "rows": rows, "more": more, "how": service()._labels("how"),
            "today": fields.Date.to_string(fields.Date.context_today(request.env.user)),
        }, status)
