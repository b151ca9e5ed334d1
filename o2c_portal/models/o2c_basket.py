"""What a customer owes over all documents, and what of it they have chosen to pay."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..core import basket, money, paging, plans, selection
from ..core.instalments import Instalment
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
    """What is owed in one company and currency, in minor units. ``late`` is a part of ``now``, both of ``open``, and
    both without what is promised for a later day; ``payable`` and ``payable_late`` are what can be paid online at this
    moment, and of how many items."""

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
    first: ``{item id or "on_account": code}``. ``asked`` is what was chosen by the ids of due items, with the pieces of
    plans where the quote has their items. ``left_out`` items are no longer open, ``more`` do not fit in."""

    quote: basket.Quote | None
    errors: dict[int | str, str]
    asked: dict[int, Instalment] = field(default_factory=dict)
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
        move = SQL.identifier(query.left_join(query.table, "move_id", "account_move", "id", "document"))
        # OFFSET 0: whether something is under way is looked up once per item, not in each of the sums.
        items = query.select(
            SQL("%s.company_id, %s.currency_id, %s.residual, %s.date_due, %s.under_way", due, due, due, due, due),
            SQL("COALESCE(%s.promised_on >= %s, false) AS waits", due, today),
            SQL("CASE WHEN %s.promised_on >= %s THEN %s.promised ELSE 0 END AS promised", due, today, due),
            SQL("%s.residual > 0 AND %s.kind = 'instalment' AND %s.move_type IN %s AND %s AS online",
                due, due, move, PAYABLE_MOVE_TYPES, self._is_online()),
        )
        return self._sorted(self.env.execute_query(SQL(
            """WITH item AS (%s OFFSET 0), state AS (
                   SELECT *, residual > 0 AS owed, online AND NOT under_way AS payable FROM item)
               SELECT company_id, currency_id,
                      sum(residual) FILTER (WHERE owed),
                      sum(residual - promised) FILTER (WHERE owed AND date_due <= %s),
                      sum(residual - promised) FILTER (WHERE owed AND date_due < %s),
                      sum(promised) FILTER (WHERE owed),
                      sum(residual) FILTER (WHERE owed AND under_way),
                      sum(residual) FILTER (WHERE residual < 0),
                      sum(residual) FILTER (WHERE payable),
                      sum(residual) FILTER (WHERE payable AND date_due < %s AND NOT waits),
                      count(*) FILTER (WHERE payable),
                      count(*) FILTER (WHERE payable AND date_due < %s AND NOT waits)
                 FROM state GROUP BY company_id, currency_id""",
            items, today, today, today, today,
        )))

    def _sorted(self, rows):
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
        return self.env["o2c.due.item"].sudo().search(self._credit_domain(scope, case), limit=paging.PER_PAGE)

    @api.model
    def _credit_domain(self, scope, case):
        """Return the domain of ``_credits``; what was paid online at a till is spent on what was bought there."""
        credit = Domain("residual", "<", 0) & Domain("kind", "in", CREDIT_KINDS)
        return self._case_domain(scope, case) & credit & ~self.env["o2c.till"]._takings()

    @api.model
    def _instalments(self, lines):
        """Return ``{journal item id: Instalment}`` of journal items of customers' documents, in a few queries."""
        wanted = set(lines.ids)
        return {item.line_id: item for item in self._around(lines.move_id) if item.line_id in wanted}

    @api.model
    def _around(self, moves):
        """Return all instalments of documents, having read no more of them than what pages and payments ask for."""
        moves.fetch(MOVE_FIELDS)
        return [item for items in moves._o2c_instalments_by_move().values() for item in items]

    @api.model
    def _asked(self, due, items):
        """Return ``{due item id: Instalment}``: an instalment, or where a plan is in force the piece of it.

        :param dict items: the instalments by journal item, see ``_instalments``
        """
        known = [(entry, items[entry.move_line_id.id]) for entry in due if entry.move_line_id.id in items]
        return {entry.id: self._piece(entry, item) if entry.plan_id else item for entry, item in known}

    def _piece(self, entry, item):
        minor = money.to_minor(entry.residual, entry.currency_id.decimal_places)
        piece = replace(
            item, date_due=entry.date_due, amount_minor=minor, open_minor=minor, claimed=entry.under_way,
            plan_id=entry.plan_id.id,
        )
        payment = entry.plan_line_id
        return replace(
            piece, number=payment.number, count=len(entry.plan_id.line_ids), plan_line=payment.id,
        ) if payment else piece

    # === WHAT WAS CHOSEN === #

    @api.model
    def _known(self, scope, case, ids, alone=False):
        """Return those of the journal items that are instalments of the scope and case, in whatever state they are,
        paid ones too: ``({id: Instalment}, all instalments of their documents, ids of those that can be paid online)``.

        :param bool alone: return these alone, instead of all instalments, a second time
        """
        domain = Domain("id", "in", list(ids)) & Domain("display_type", "=", "payment_term") & Domain([
            ("partner_id", "=", scope.partner.id), ("company_id", "in", scope.company_ids),
            ("company_id", "=", case.company_id.id), ("currency_id", "=", case.currency_id.id),
            ("move_id.move_type", "in", PAYABLE_MOVE_TYPES),
        ])
        if scope.own_only:
            domain &= Domain("move_id.partner_id", "=", scope.contact.id)
        query = self.env["account.move.line"].sudo()._search(domain)
        name = SQL.identifier("id" if alone else "move_id")  # a document's instalments are in the case all or none
        by_move = self.env["account.move"]._o2c_read_instalments(SQL(
            "line.%s IN %s", name, query.subselect(SQL("%s.%s", SQL.identifier(query.table), name)),
        ))
        around, ids = [item for items in by_move.values() for item in items], set(ids)
        found = {item.line_id: item for item in around if item.line_id in ids}
        online = {item.line_id for item in found.values() if item.posted} if self._is_online() else set()
        return found, around, online

    @api.model
    def _knows_pieces(self, scope, case, ids):
        """Say whether all of these were pieces of plans of the scope and case at some time, paid or replaced since."""
        found = [plans.of_piece(piece) for piece in ids]
        domain = Domain("id", "in", [item_id for item_id, _number in found]) & Domain([
            ("kind", "=", "instalments"), ("plan_id.state", "not in", ("draft", "proposed")),
            ("partner_id", "=", scope.partner.id), ("company_id", "in", scope.company_ids),
            ("company_id", "=", case.company_id.id), ("currency_id", "=", case.currency_id.id),
        ])
        if scope.own_only:
            domain &= Domain("move_id.partner_id", "=", scope.contact.id)
        most = {
            item.id: len(item.plan_id.line_ids) for item in self.env["o2c.payment.plan.item"].sudo().search(domain)
        }
        return all(number <= most.get(item_id, -1) for item_id, number in found)

    @api.model
    def _wanted(self, scope, case, chosen, point, on_account=False):
        """Return what a selection stands for, as ``Wanted``.

        :param str point: the decimal point of the reader's language
        :param bool on_account: whether something may be paid ahead
        :raises UnknownItems: if something is chosen that is not there to be chosen
        """
        left_out = more = 0
        if chosen.choice in ("all", "overdue"):
            ledger, asked, more = self._all(scope, case, overdue=chosen.choice == "overdue")
        else:
            ledger, asked, left_out = self._selected(scope, case, chosen.ids)
        digits, items = case.currency_id.decimal_places, list(asked.values())
        amounts, errors = selection.amounts(chosen, items, digits, point)
        ahead = money.parse(chosen.on_account, digits, point) if chosen.on_account and on_account else 0
        if ahead is None or ahead > MAX_MINOR:
            errors["on_account"] = "malformed"
        quote = None
        if not errors and (asked or ahead):
            items, minors = basket.by_item(items, amounts, ledger)
            wanted = minors if any(minor is not None for minor in minors) else None
            quote = self.env["o2c.cashier"]._quote_basket(case.currency_id, items, wanted, ahead)
        return Wanted(quote, errors, asked, left_out, more)

    @api.model
    def _selected(self, scope, case, ids):
        """Return what of the due items with these ids can be paid: ``(instalments of the ledger by journal item, what
        is asked for by due item in order, how many are left out)``. The id of a journal item under a plan means all its
        pieces.

        :raises UnknownItems: if one of them is not there to be chosen
        """
        pieces = [item_id for item_id in ids if item_id < 0]
        ledger, _around, _online = self._known(scope, case, [item_id for item_id in ids if item_id > 0])
        if len(ledger) + len(pieces) != len(ids) or pieces and not self._knows_pieces(scope, case, pieces):
            raise UnknownItems(self.env._("These items are not there to be paid."))
        asked = {line_id: item for line_id, item in ledger.items() if not item.plan_id}
        under_plan = [line_id for line_id, item in ledger.items() if item.plan_id]
        if pieces or under_plan:
            due = self.env["o2c.due.item"].sudo().search(
                self._items_domain(scope, case) & self._ids_domain([*pieces, *under_plan])
            )
            ledger = {**ledger, **self._instalments(due.move_line_id)}
            asked.update(self._asked(due, ledger))
        can_be = set(self._of_payable_documents(asked.values()))
        good = {item_id: item for item_id, item in asked.items() if item.payable and item in can_be}
        left_out = set(ids) - {*good, *(item.line_id for item in good.values())}
        order = sorted(good, key=lambda item_id: (good[item_id].date_due, good[item_id].line_id))
        return ledger, {item_id: good[item_id] for item_id in order}, len(left_out)

    @api.model
    def _ids_domain(self, ids):
        """Return the domain of due items by their ids; that of a journal item under a plan means all its pieces."""
        lines, pieces = [item_id for item_id in ids if item_id > 0], [item_id for item_id in ids if item_id < 0]
        return Domain("move_line_id", "in", lines) | Domain("id", "in", pieces)

    @api.model
    def _cases_of(self, scope, ids):
        """Return ``{(company id, currency id): ids}`` of those of the ids of due items that are in the scope."""
        items = self.env["o2c.due.item"].sudo().search(
            self.env["o2c.account"]._due_domain(scope) & self._ids_domain(ids) & Domain("residual", ">", 0)
        )
        found = {}
        for item in items:
            chosen = found.setdefault((item.company_id.id, item.currency_id.id), {})
            chosen[item.id if item.id in ids else item.move_line_id.id] = True
        return {case: list(chosen) for case, chosen in found.items()}

    @api.model
    def _all(self, scope, case, overdue=False):
        """Return the oldest items that can be paid, no more than one payment takes: ``(instalments of the ledger by
        journal item, what is asked for by due item, left)``.

        :param bool overdue: only those past their date, promised ones excepted
        :return: also how many more there are
        """
        domain = self._items_domain(scope, case) & self._payable_domain()
        if overdue:
            today = fields.Date.context_today(self)
            domain &= Domain("date_due", "<", today) & (
                Domain("promised_on", "=", False) | Domain("promised_on", "<", today)
            )
        due = self.env["o2c.due.item"].sudo()
        chosen = due.search(domain, limit=selection.MAX_ITEMS)
        more = due.search_count(domain) - len(chosen) if len(chosen) == selection.MAX_ITEMS else 0
        ledger = self._instalments(chosen.move_line_id)
        return ledger, self._asked(chosen, ledger), more

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
        if not self._is_online():
            return []
        good = set(self.env["account.move"].sudo()._search([
            ("id", "in", list({item.move_id for item in items})), ("state", "=", "posted"),
            ("move_type", "in", PAYABLE_MOVE_TYPES),
        ]))
        return [item for item in items if item.move_id in good]
