"""What the account page says: balances, due items, what was chosen of them and how its payment went, in words."""

import json
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from odoo import api, fields, models
from odoo.tools import format_amount

from ..core import basket, instalments, money, paging
from ..core.plans import LEAST_PARTS
from .o2c_basket import Case
from .payment_provider import REASONS


@dataclass(frozen=True)
class Visit:
    """Who looks: a ``Scope``, the contact who pays, and where the pages are. Whoever came by a ``link`` is not known:
    documents are masked, and there is nothing but paying."""

    scope: object
    payer: object
    address: str
    link: object = None

    def case(self, balance):
        return Case(balance.company_id, balance.currency_id, self.payer)

    def url(self, suffix="", pairs=()):
        """Return an address below this visit's own."""
        return f"{self.address}{suffix}{'?' if pairs else ''}{urlencode(list(pairs))}"


class O2cBasketPage(models.AbstractModel):
    _name = "o2c.basket.page"
    _inherit = "o2c.pay.page"
    _description = "Account page"

    # === WHAT IS OWED === #

    @api.model
    def _account(self, visit, chosen, errors=None):
        """Return what the account page shows; ``errors`` are those of ``core.selection.amounts``, and ``on_account``.

        :param chosen: ``core.selection.Selection``, of which nothing need be true
        """
        balances = self.env["o2c.basket"]._balances(visit.scope)
        wished = [balance for balance in balances if balance.key == chosen.group]
        shown = (wished or balances or [None])[0]
        if not shown:
            return {"balance": None, "groups": [], "rows": [], "credits": [], "errors": [], "problem": "",
                    "selection": chosen}
        case = visit.case(shown)
        page, count, due = self.env["o2c.basket"]._page(visit.scope, case, chosen.page, self._search(visit, chosen))
        chosen = replace(chosen, group=shown.key, page=page.number)
        rows, report = self._rows(visit, case, due, chosen, errors or {}), {}
        return {
            "creditor": self._creditor(case.company_id),
            "groups": [self._group(visit, balance, shown, balances) for balance in balances],
            "balance": self._balance(visit, case, shown),
            "options": self._choices(case, shown, chosen),
            "rows": rows,
            "count": count,
            "pager": self._pager(page, lambda number: visit.url("", chosen.pairs(page=number, ids=()))),
            "credits": self._credit_rows(visit, case),
            "allows": self._allows(visit, case),
            "errors": self._complaints(case, rows, errors or {}),
            "problem": (errors or {}).get("", ""),
            "example": self._plain(case.currency_id, 123450),
            "applies": case.company_id.o2c_customer_applies_credits,
            "selection": chosen,
            "hidden": [(name, value) for name, value in chosen.pairs(choice="", ids=(), on_account="")],
            "numbers": self._numbers(case.currency_id),
            "available": self._is_payable(case, rows, report) or self._is_transferable(case, rows),
            "hidden_reasons": report.get(REASONS, []),
        }

    @api.model
    def _allows(self, visit, case):
        """Return what the customer's policy allows: to pay ``parts`` of items, and something ``on_account``; and what
        they may ask for on their own account: ``plans`` and ``promises``."""
        record = self.env["o2c.payment.policy"]._policy_of(visit.scope.partner, case.company_id)
        return {
            "parts": record.mode == "part",
            "on_account": record.on_account,
            "plans": not visit.link and record.plan_max_parts >= LEAST_PARTS,
            "promises": not visit.link and bool(record.promise_max_days and record.promise_max_open),
        }

    @api.model
    def _is_payable(self, case, rows, report):
        """Say whether something can be paid online: there is a provider for the smallest item of the page."""
        minors = [row["minor"] for row in rows if row["payable"]]
        return bool(minors and self._providers(case, self._major(case, min(minors)), report))

    def _is_transferable(self, case, rows):
        """Say whether something of the page can be paid by bank transfer."""
        return self.env["o2c.transfer.desk"]._offers(case, [row["move"] for row in rows if row["payable"]])

    def _search(self, visit, chosen):
        return "" if visit.link else chosen.search  # numbers that are not shown cannot be found either

    @api.model
    def _group(self, visit, balance, shown, balances):
        companies = {other.company_id for other in balances}
        return {
            "url": visit.url("", [("group", "-".join(map(str, balance.key)))]),
            "current": balance is shown,
            "label": balance.company_id.name if len(companies) > 1 else balance.currency_id.name,
            "open": self._money(balance, balance.open),
        }

    @api.model
    def _balance(self, visit, case, balance):
        """Return the figures of a balance; empty for what there is none of, and for what a link does not tell."""
        figures = ("now", "late") if visit.link else ("now", "late", "promised", "under_way", "credit")
        return {
            "open": self._money(case, balance.open),
            **{name: self._money(case, minor) if (minor := getattr(balance, name)) else "" for name in figures},
        }

    @api.model
    def _choices(self, case, balance, chosen):
        """Return what can be chosen besides single items: ``[{choice, count, amount, minor, checked}]``."""
        found = []
        if balance.payable_late_count and balance.payable_late_count < balance.payable_count:
            found.append(("overdue", balance.payable_late_count, balance.payable_late))
        if balance.payable_count > 1:
            found += [("all", balance.payable_count, balance.payable), ("selected", 0, 0)]
        names = [name for name, _count, _minor in found]
        wished = chosen.choice if chosen.choice in names else (names[0] if names else "")
        return [
            {"choice": name, "count": count, "minor": minor, "amount": self._money(case, minor),
             "checked": name == wished}
            for name, count, minor in found
        ]

    @api.model
    def _rows(self, visit, case, due, chosen, errors):
        """Return one entry per due item of a page."""
        service, today = self.env["o2c.basket"], fields.Date.context_today(self)
        items = service._asked(due, service._instalments(due.move_line_id))
        good = {item.line_id for item in service._of_payable_documents(items.values())}
        digits = case.currency_id.decimal_places
        rows = []
        for entry in due:
            minor = money.to_minor(entry.residual, digits)
            item = items.get(entry.id) or instalments.Instalment(
                entry.id, entry.move_id.id, 1, 1, entry.date_due, money.to_minor(entry.amount, digits), minor,
            )
            payable = item.payable and item.line_id in good
            rows.append({
                **self._row(case, item, today),
                **self._document(visit, case, entry.move_id),
                **self._arranged(visit, item),
                "id": entry.id,
                "move": entry.move_id.id,
                "free": item.payable and not item.plan_id and entry.kind == "instalment",
                "promised": bool(item.promised_on),
                "payable": payable,
                "minor": minor,
                "checked": payable and (
                    entry.id in chosen.ids if chosen.choice else item.date_due <= today and not item.promised_on
                ),
                "typed": chosen.amounts.get(entry.id, "") or self._plain(case.currency_id, minor),
                "full": self._plain(case.currency_id, minor),
                "error": errors.get(entry.id, ""),
            })
        return rows

    @api.model
    def _document(self, visit, case, move):
        """Return how a document is named and where its own page is, which a link does not lead to."""
        if visit.link:
            return {"document": self._reference(move, case.company_id), "url": "", "their_reference": ""}
        return {
            "document": move.name,
            "url": f"/my/invoices/{move.id}" if move.is_sale_document(include_receipts=True) else "",
            "their_reference": move.ref or "",
        }

    @api.model
    def _arranged(self, visit, item):
        """Return what a plan has to do with an instalment: ``plan``, the address of its page, which a link does not
        lead to; ``arranged`` for a piece it asks for, ``beyond`` for what it does not cover."""
        return {
            "plan": f"/my/billing/plans/{item.plan_id}" if item.plan_id and not visit.link else "",
            "arranged": bool(item.plan_line),
            "beyond": bool(item.plan_id and not item.plan_line),
        }

    @api.model
    def _complaints(self, case, rows, errors):
        """Return ``[(field, document, code)]`` for the summary of what has to be corrected."""
        found = [(f"amount_{row['id']}", row["document"], row["error"]) for row in rows if row["error"]]
        if "on_account" in errors:
            found.append(("on_account", "", errors["on_account"]))
        return found

    # === WHAT WAS CHOSEN === #

    @api.model
    def _chosen(self, visit, case, chosen, wanted, sheet=1):
        """Return what exactly would be paid, a sheet of it at a time.

        :param wanted: ``Wanted`` of ``o2c.basket``, with a quote
        """
        quote, today, report = wanted.quote, fields.Date.context_today(self), {}
        listed = basket.listed(quote.parts, wanted.asked.values())
        page = paging.page(sheet, len(listed))
        shown = listed[page.offset:page.offset + paging.PER_PAGE]
        moves = self.env["account.move"].sudo().browse([part.item.move_id for part in shown])
        providers = self._providers(case, quote.amount, report)
        rows = [
            {**self._row(case, part.item, today), **self._document(visit, case, move),
             **self._arranged(visit, part.item),
             "pays": self._money(case, part.pay_minor),
             "part_of": "" if part.is_whole else self._money(case, part.item.open_minor)}
            for part, move in zip(shown, moves, strict=True)
        ]
        pairs = chosen.pairs()
        return {
            "creditor": self._creditor(case.company_id),
            "rows": rows,
            "pager": self._pager(page, lambda number: visit.url("/review", [*pairs, ("sheet", str(number))])),
            "documents": len({part.item.move_id for part in quote.parts}),
            "items": len(listed),
            "amount": self._money(case, quote.amount_minor),
            "discount": self._money(case, quote.discount_minor) if quote.discount_minor else "",
            "on_account": self._money(case, quote.on_account_minor) if quote.on_account_minor else "",
            "left_out": wanted.left_out,
            "more": wanted.more,
            "available": bool(providers),
            "fees": self._fees(case, quote, providers),
            "hidden_reasons": report.get(REASONS, []),
            "transfer": not quote.on_account_minor and self.env["o2c.transfer.desk"]._offers(
                case, [part.item.move_id for part in quote.parts],
            ),
            "hidden": pairs,
            "change": visit.url("", pairs),
        }

    @api.model
    def _form_values(self, visit, case, quote, user):
        """Return what Odoo's payment form and our own script need to pay a quote."""
        report = {}
        providers = self._providers(case, quote.amount, report)
        group = [("group", f"{case.company_id.id}-{case.currency_id.id}")]
        in_full = all(part.pay_minor + part.discount_minor == part.item.open_minor for part in quote.parts)
        methods = self._methods(case, providers, report)
        tokens = self._saved_methods(case, providers, user, report)
        return {
            "providers_sudo": providers,
            "payment_methods_sudo": methods,
            "tokens_sudo": tokens,
            "o2c_prices": self._prices(case, quote, providers, methods, tokens),
            "hidden_reasons": report.get(REASONS, []),
            "payment_amount": quote.amount,
            "currency": case.currency_id,
            "partner_id": case.partner_id.id,
            "transaction_route": visit.url("/start", group),
            "expected_minor": quote.amount_minor,
            "installment_ids": json.dumps([item.line_id for item in quote.items]),
            "amounts_minor": None if in_full else json.dumps([part.pay_minor for part in quote.parts]),
            "on_account_minor": quote.on_account_minor,
        }

    # === HOW IT WENT === #

    @api.model
    def _paid(self, visit, transaction, sheet):
        """Return how the payment of a basket went, and what it was for, a page at a time."""
        case = Case(transaction.company_id, transaction.currency_id, visit.payer)
        claims = transaction.o2c_allocation_ids
        page = paging.page(sheet, len(claims))
        items = self.env["o2c.basket"]._instalments(claims.move_line_id)
        rows = [
            {"amount": format_amount(self.env, claim.amount, claim.currency_id),
             "number": items[line.id].number if line.id in items else 1,
             "of": items[line.id].count if line.id in items else 1,
             **self._document(visit, case, line.move_id)}
            for claim in claims[page.offset:page.offset + paging.PER_PAGE] for line in claim.move_line_id
        ]
        outcome = self._outcome(case.company_id, transaction)
        if not visit.link:
            outcome["payment_reference"] = transaction.reference
        ahead = transaction.o2c_on_account
        return {
            **outcome,
            "creditor": self._creditor(case.company_id),
            "rows": rows,
            "documents": len(claims.move_id),
            "on_account": format_amount(self.env, ahead, transaction.currency_id) if ahead else "",
            "pager": self._pager(page, lambda number: visit.url("/result", [("sheet", str(number))])),
            "back": visit.url("", [("group", f"{case.company_id.id}-{case.currency_id.id}")]),
        }

    # === CREDIT === #

    @api.model
    def _credit_rows(self, visit, case):
        """Return one entry per credit note or unapplied payment that can be used; by a link none."""
        if visit.link:
            return []
        return [
            {**self._document(visit, case, credit.move_id), "id": credit.id, "kind": credit.kind,
             "day": self._day(credit.date_due), "amount": format_amount(self.env, -credit.residual, credit.currency_id)}
            for credit in self.env["o2c.basket"]._credits(visit.scope, case)
        ]

    @api.model
    def _applied(self, visit, partial_ids):
        """Return what credit was applied to what, as the ledger has it."""
        partials = self.env["o2c.credit"]._shown(visit, partial_ids)
        return {"rows": [
            {"credit": partial.credit_move_id.move_id.name, "document": partial.debit_move_id.move_id.name,
             "amount": format_amount(self.env, partial.debit_amount_currency, partial.debit_currency_id),
             "left": format_amount(
                 self.env, partial.debit_move_id.amount_residual_currency, partial.debit_currency_id
             ) if not partial.debit_move_id.reconciled else ""}
            for partial in partials
        ]}

    @api.model
    def _money_of(self, visit, ids):
        """Return ``{count, amount}`` of due items of one currency."""
        due = self.env["o2c.due.item"].search(
            self.env["o2c.account"]._due_domain(visit.scope) & self.env["o2c.basket"]._ids_domain(ids)
        )
        return {"count": len(ids), "amount": format_amount(self.env, sum(due.mapped("residual")), due.currency_id[:1])}

    # === HELPERS === #

    @api.model
    def _pager(self, page, url):
        """Return ``{number, last, previous, next}``: addresses of the pages around, empty at the ends."""
        return {
            "number": page.number,
            "last": page.last,
            "previous": url(page.number - 1) if page.number > 1 else "",
            "next": url(page.number + 1) if page.number < page.last else "",
        }

    @api.model
    def _numbers(self, currency):
        """Return how this language writes amounts of a currency, for the script that adds up what is ticked."""
        language = self.env["res.lang"]._get_data(code=self.env.lang)
        return json.dumps({
            "digits": currency.decimal_places, "point": language.decimal_point,
            "group": language.thousands_sep or "", "sample": format_amount(self.env, 0, currency),
        })

    @api.model
    def _plain(self, currency, minor):
        """Return an amount as one would type it: the language's decimal point and nothing else."""
        text = f"{money.to_major(minor, currency.decimal_places):.{currency.decimal_places}f}"
        return text.replace(".", self._point())

    @api.model
    def _point(self):
        return self.env["res.lang"]._get_data(code=self.env.lang).decimal_point or "."

    @api.model
    def _major(self, case, minor):
        return money.to_major(minor, case.currency_id.decimal_places)
