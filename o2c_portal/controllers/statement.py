"""The customer's statement of account: on screen, as PDF, CSV and XLSX."""

from urllib.parse import urlencode

from odoo import fields, http
from odoo.http import content_disposition, request

from ..core import statement
from ..core.statement import ACTIVITY, OPEN, BadPeriod
from ..models.o2c_statement_paper import MIME
from .account import READ, account_page, account_route, account_scope
from .public import Refusal

PATH = "/my/billing/statement"
ROWS_PER_PAGE = 40


class O2cStatement(http.Controller):

    @http.route(PATH, **READ)
    @account_route("GET", "HEAD")
    def o2c_statement(self, page="1", **query):
        """Show a statement of the visitor's own account."""
        scope = account_scope()
        try:
            period = self._o2c_period(scope, query)
        except BadPeriod as error:
            return self._o2c_refused(scope, query, error)
        sections = self._o2c_sections(scope, period)
        pages = statement.page_count(sections, ROWS_PER_PAGE)
        number = int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 0
        if not 1 <= number <= pages:
            raise Refusal(404, "not_found")
        paper, slices = request.env["o2c.statement.paper"], statement.page(sections, number, ROWS_PER_PAGE)
        return account_page("statement_page", "statement", {
            **self._o2c_form(scope, period.kind, period.start, period.end),
            "title_line": paper._title(period),
            "period": period,
            "summary": paper._view(statement.figures(sections), period) if pages > 1 else None,
            "sections": paper._view(slices, period),
            "address": PATH,
            "search": self._o2c_search(period),
            "number": number,
            "pages": pages,
        })

    @http.route(f"{PATH}.<any(pdf,csv,xlsx):extension>", **READ)
    @account_route("GET", "HEAD")
    def o2c_statement_file(self, extension, **query):
        """Return the same statement as a file."""
        scope = account_scope()
        try:
            period = self._o2c_period(scope, query)
        except BadPeriod as error:
            return self._o2c_refused(scope, query, error)
        paper = request.env["o2c.statement.paper"]
        if extension == "pdf":
            content = self._o2c_pdf(scope, period)
        else:
            content = getattr(paper, f"_{extension}")(self._o2c_sections(scope, period), period)
        return request.make_response(content, [
            ("Content-Type", MIME[extension]),
            ("Content-Disposition", content_disposition(paper._file_name(period, extension))),
        ])

    # Helpers

    @staticmethod
    def _o2c_period(scope, query):
        """Return what is asked for. Whoever sees only documents of their own has no balance to bring forward.

        :raises BadPeriod: if it cannot be
        """
        period = statement.read(
            query.get("kind", ""), query.get("from", ""), query.get("to", ""),
            fields.Date.context_today(request.env["o2c.statement"]),
        )
        if scope.own_only and period.kind == ACTIVITY:
            raise BadPeriod("unknown_kind", "kind")
        return period

    @staticmethod
    def _o2c_sections(scope, period):
        # sudo: of the visitor's own account alone
        return request.env["o2c.statement"].sudo()._data(
            scope.partner, request.env["res.company"].browse(scope.company_ids), period.kind, period.start, period.end,
            contact=scope.contact if scope.own_only else None,
        )[scope.partner.id]

    @staticmethod
    def _o2c_pdf(scope, period):
        limiter = request.env["o2c.rate.limiter"]
        if not limiter._allows("statement_pdf", f"user {request.env.uid}", otherwise=True):
            raise Refusal(429, "too_many_requests")
        paper = request.env["o2c.statement.paper"].sudo()  # sudo: of the visitor's own account alone
        return paper._pdf(scope.partner, request.env["res.company"].sudo().browse(scope.company_ids), period,
                          contact=scope.contact if scope.own_only else None)

    @staticmethod
    def _o2c_form(scope, kind, start, end):
        """Return the values of the form: what was entered, dates and texts alike, and the shortcuts beside it."""
        today = fields.Date.context_today(request.env["o2c.statement"])
        shortcuts, presets = {"open": statement.Period(OPEN, None, today)}, statement.presets(today)
        if not scope.own_only:
            shortcuts.update(presets)
        suggested = start if kind == ACTIVITY else presets["last_year"].start  # for who asks for all activity next
        return {
            "kind": kind or OPEN, "from": suggested or "", "to": end or "", "today": today,
            "own_only": scope.own_only, "error": None,
            "shortcuts": [
                (name, f"{PATH}?{O2cStatement._o2c_search(period)}",
                 (period.kind, period.start, period.end) == (kind, start, end))
                for name, period in shortcuts.items()
            ],
        }

    @staticmethod
    def _o2c_search(period):
        days = {"from": period.start, "to": period.end}
        return urlencode({"kind": period.kind, **{name: day.isoformat() for name, day in days.items() if day}})

    def _o2c_refused(self, scope, query, error):
        """Return the form with what was entered and what is wrong with it."""
        values = self._o2c_form(scope, *(query.get(name, "") for name in ("kind", "from", "to")))
        return account_page("statement_page", "statement", {
            **values, "from": query.get("from", ""), "error": (error.field, error.code), "sections": None,
            "address": PATH,
        }, 422)
