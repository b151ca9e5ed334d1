"""What a customer owes over all documents, and what of it they have chosen to pay."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..core import basket, money, paging, selection
from ..core.instalments import Instalment, in_order
from ..core.start import MAX_MINOR
from .account_move import PAYABLE_MOVE_TYPES

MOVE_FIELDS = (
    "name", "ref", "state", "move_type", "date", "currency_id", "company_id", "partner_id", "commercial_partner_id",
    "invoice_payment_term_id", "invoice_date",
)
CREDIT_KINDS = ("credit_note", "payment")


@dataclass(frozen=True)
class Case:
    """What one payment can cover: documents of one company in one currency, paid by one contact. Providers and methods
    are chosen by it; an invoice has the same three."""

    company_id: Any
    currency_id: Any
    partner_id: Any


@dataclass(frozen=True)
class Balance:
    """What is owed in one company and currency, in minor units. ``late`` is a part of ``now``, both of ``open``;
    ``payable`` and ``payable_late`` are what can be paid online at this moment, and of how many items."""

    company_id: Any
    currency_id: Any
    open: int
    now: int
    late: int
    promised: int
    under_way: int
    credit: int
    payable: int
    payable_count: int
    payable_late: int
    payable_late_count: int

    @property
    def key(self) -> tuple[int, int]:
        return self.company_id.id, self.currency_id.id


@dataclass(frozen=True)
class Wanted:
    """What a selection stands for. ``quote`` is None where nothing can be paid or ``errors`` have to be corrected
    first: ``{item id or "on_account": code}``. ``left_out`` items are no longer open, ``more`` do not fit in."""

    quote: basket.Quote | None
    errors: dict[int | str, str]
    left_out: int = 0
    more: int = 0


class UnknownItems(UserError):
    """Something was chosen that is not in the scope and case."""


class O2cBasket(models.AbstractModel):
    """Reads the due items of a scope, with elevated rights: the scope says what its visitor may see."""

    _name = "o2c.basket"
    _description = "Basket"

    # === BALANCES === #

    @api.model
    def _balances(self, scope):
        """Return the ``Balance`` of each company and currency of a scope, in one query; what is late comes first."""
        query = self.env["o2c.due.item"].sudo()._search(self.env["o2c.account"]._due_domain(scope))
        due, today = SQL.identifier(query.table), fields.Date.context_today(self)
        line = SQL.identifier(query.left_join(query.table, "move_line_id", "account_move_line", "id", "line"))
        move = SQL.identifier(query.left_join(query.table, "move_id", "account_move", "id", "document"))
        query.groupby = SQL("%s.company_id, %s.currency_id", due, due)
        owed = SQL("%s.residual > 0", due)
        kept = SQL("%s AND COALESCE(%s.o2c_promised_date < %s, true)", owed, line, today)
        late = SQL("%s AND %s.date_due < %s", kept, due, today)
        payable = SQL(
            "%s AND %s.kind = 'instalment' AND %s.move_type IN %s AND NOT %s.under_way AND %s",
            owed, due, move, PAYABLE_MOVE_TYPES, due, self._is_online(),
        )
        conditions = (
            owed, SQL("%s AND %s.date_due <= %s", kept, due, today), late,
            SQL("%s AND %s.o2c_promised_date >= %s", owed, line, today), SQL("%s AND %s.under_way", owed, due),
            SQL("%s.residual < 0", due), payable, SQL("%s AND %s", payable, late),
        )
        residual = SQL("%s.residual", due)
        sums = [SQL("SUM(%s) FILTER (WHERE %s)", residual, condition) for condition in conditions]
        counts = [SQL("COUNT(*) FILTER (WHERE %s)", condition) for condition in conditions[-2:]]
        rows = self.env.execute_query(query.select(
            SQL("%s.company_id", due), SQL("%s.currency_id", due), *sums, *counts,
        ))
        found = [self._balance(row) for row in rows]
        return sorted(found, key=lambda balance: (-balance.payable_late_count, -balance.payable_count, balance.key))

    def _balance(self, row):
        company = self.env["res.company"].sudo().browse(row[0])
        currency = self.env["res.currency"].sudo().browse(row[1])
        digits = currency.decimal_places
        owed, now, late, promised, under_way, credit, payable, payable_late = (
            money.to_minor(amount or 0, digits) for amount in row[2:10]
        )
        return Balance(
            company, currency, owed, now, late, promised, under_way, -credit, payable, row[10], payable_late, row[11],
        )

    def _is_online(self):
        """Return whether customers may pay online at all."""
        return self.env["account.move"]._o2c_pays_online()

    # === ITEMS === #

    @api.model
    def _items_domain(self, scope, case, search=""):
        """Return the domain of what is owed in a case."""
        domain = self._case_domain(scope, case) & Domain("residual", ">", 0)
        if search:
            domain &= Domain("move_id.name", "ilike", search) | Domain("move_id.ref", "ilike", search)
        return domain

    @api.model
    def _case_domain(self, scope, case):
        return (
            self.env["o2c.account"]._due_domain(scope)
            & Domain("company_id", "=", case.company_id.id)
            & Domain("currency_id", "=", case.currency_id.id)
        )

    @api.model
    def _page(self, scope, case, wished, search=""):
        """Return ``(paging.Page, count, due items)`` of what is owed, oldest first."""
        due = self.env["o2c.due.item"].sudo()
        domain = self._items_domain(scope, case, search)
        count = due.search_count(domain)
        page = paging.page(wished, count)
        return page, count, due.search(domain, limit=paging.PER_PAGE, offset=page.offset)

    @api.model
    def _credits(self, scope, case):
        """Return the due items that are credit the customer may apply: credit notes and unapplied payments."""
        return self.env["o2c.due.item"].sudo().search(
            self._case_domain(scope, case) & Domain("residual", "<", 0) & Domain("kind", "in", CREDIT_KINDS),
            limit=paging.PER_PAGE,
        )

    @api.model
    def _instalments(self, lines):
        """Return ``{journal item id: Instalment}`` of journal items of customers' documents, in a few queries."""
        moves = lines.move_id
        moves.fetch(MOVE_FIELDS)
        wanted = set(lines.ids)
        return {
            item.line_id: item
            for items in moves._o2c_instalments_by_move().values() for item in items if item.line_id in wanted
        }

    # === WHAT WAS CHOSEN === #

    @api.model
    def _known(self, scope, case, ids):
        """Return ``{id: Instalment}`` of those of the journal items that are instalments of the scope and case, in
        whatever state they are: paid ones too."""
        domain = Domain("id", "in", list(ids)) & Domain("display_type", "=", "payment_term") & Domain([
            ("partner_id", "=", scope.partner.id), ("company_id", "in", scope.company_ids),
            ("company_id", "=", case.company_id.id), ("currency_id", "=", case.currency_id.id),
            ("move_id.move_type", "in", PAYABLE_MOVE_TYPES),
        ])
        if scope.own_only:
            domain &= Domain("move_id.partner_id", "=", scope.contact.id)
        return self._instalments(self.env["account.move.line"].sudo().search(domain))

    @api.model
    def _wanted(self, scope, case, chosen, point, on_account=False):
        """Return what a selection stands for, as ``Wanted``.

        :param str point: the decimal point of the reader's language
        :param bool on_account: whether something may be paid ahead
        :raises UnknownItems: if something is chosen that is not there to be chosen
        """
        if chosen.choice in ("all", "overdue"):
            items, more = self._all(scope, case, overdue=chosen.choice == "overdue")
        else:
            known = self._known(scope, case, chosen.ids)
            if len(known) != len(chosen.ids):
                raise UnknownItems(self.env._("These items are not there to be paid."))
            items, more = in_order(item for item in self._of_payable_documents(known.values()) if item.payable), 0
        digits = case.currency_id.decimal_places
        amounts, errors = selection.amounts(chosen, items, digits, point)
        ahead = money.parse(chosen.on_account, digits, point) if chosen.on_account and on_account else 0
        if ahead is None or ahead > MAX_MINOR:
            errors["on_account"] = "malformed"
        quote = None
        if not errors and (items or ahead):
            wanted = amounts if any(minor is not None for minor in amounts) else None
            quote = self.env["o2c.cashier"]._quote_basket(case.currency_id, items, wanted, ahead)
        left_out = len(chosen.ids) - len(items) if chosen.choice == "selected" else 0
        return Wanted(quote, errors, left_out, more)

    @api.model
    def _cases_of(self, scope, ids):
        """Return ``{(company id, currency id): ids}`` of those of the journal items that are in the scope."""
        items = self.env["o2c.due.item"].sudo().search(
            self.env["o2c.account"]._due_domain(scope) & Domain("id", "in", list(ids)) & Domain("residual", ">", 0)
        )
        found = {}
        for item in items:
            found.setdefault((item.company_id.id, item.currency_id.id), []).append(item.id)
        return found

    @api.model
    def _all(self, scope, case, overdue=False):
        """Return the oldest items that can be paid, no more than one payment takes: ``(Instalments, left)``.

        :param bool overdue: only those past their date, promised ones excepted
        :return: also how many more there are
        """
        domain = self._items_domain(scope, case) & self._payable_domain()
        if overdue:
            today = fields.Date.context_today(self)
            domain &= Domain("date_due", "<", today) & (
                Domain("move_line_id.o2c_promised_date", "=", False)
                | Domain("move_line_id.o2c_promised_date", "<", today)
            )
        due = self.env["o2c.due.item"].sudo()
        chosen = due.search(domain, limit=selection.MAX_ITEMS)
        more = due.search_count(domain) - len(chosen) if len(chosen) == selection.MAX_ITEMS else 0
        found = self._instalments(chosen.move_line_id)
        return [found[item.id] for item in chosen if item.id in found], more

    def _payable_domain(self):
        if not self._is_online():
            return Domain.FALSE
        return Domain("kind", "=", "instalment") & Domain("move_id.move_type", "in", PAYABLE_MOVE_TYPES) & Domain(
            "under_way", "=", False
        )

    @api.model
    def _of_payable_documents(self, items: Iterable[Instalment]):
        """Return those of the instalments whose document customers may pay online."""
        items = list(items)
        moves = self.env["account.move"].sudo().browse({item.move_id for item in items})
        good = {move.id for move in moves if move._o2c_is_payable_document()}
        return [item for item in items if item.move_id in good]
