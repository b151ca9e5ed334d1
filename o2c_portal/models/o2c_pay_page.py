"""What the public pay page reads from the ledger, in words."""

from dataclasses import replace

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date, formatLang
from odoo.tools.misc import format_amount

from ..core import basket, instalments, money, paylink, policy
from .payment_provider import REASONS

OTHER = "other"  # the choice of an amount of one's own


class AmountNotAllowed(Exception):
    """What a payer typed cannot be paid; the message says what can."""


class O2cPayPage(models.AbstractModel):
    """What the public pay page may say about an invoice, and nothing more.

    Works on records with elevated rights in the company of the invoice: whoever holds the link may see this much.
    """

    _name = "o2c.pay.page"
    _description = "Pay page"

    @api.model
    def _standing(self, link):
        """Say what a link is good for: ``gone``, ``paid`` or ``open``."""
        if link.purpose == "account":
            return "open" if link.state == "active" and link._is_of_account() else "gone"
        if link.purpose == "order":
            return "open" if link.state == "active" and link.order_id.state != "cancel" else "gone"
        move = link.move_id
        if link.state != "active" or not move._o2c_asks_for_money():
            return "gone"
        if move.currency_id.compare_amounts(move.amount_residual, 0) > 0:
            return "open"
        return "gone" if move.payment_state == "reversed" else "paid"  # blocked ones keep that state when they are paid

    @api.model
    def _frame(self, link):
        """Return who asks for the money and for which document: the part all pages of a link share."""
        company, move = link.company_id, link.move_id
        return {
            "creditor": self._creditor(company),
            "reference": self._reference(move, company) if move else "",
            "corrected": self._reference(link.corrected_move_id, company) if link.corrected_move_id else "",
        }

    @api.model
    def _creditor(self, company):
        """Return who asks for the money, as the frame of every page names it."""
        return {
            "name": company.name,
            "logo": "" if company.uses_default_logo else f"/web/binary/company_logo?company={company.id}",
            "email": company.email,
            "phone": company.phone,
        }

    @api.model
    def _reference(self, move, company):
        """Return as much of a document's number as whoever holds a link may see."""
        return move.name if company.o2c_link_show_number else paylink.masked(move.name or "")

    @api.model
    def _overview(self, move):
        """Return the instalments, the choices that differ, and whether paying online is possible at all."""
        items, today, report = move._o2c_asked(), fields.Date.context_today(move), {}
        options = self._options(move, items, today)
        best = options[0] if options else None
        return {
            "rows": [self._row(move, item, today) for item in self._schedule(move, items)],
            "arrangement": any(item.plan_id for item in items),
            "options": options,
            "other": self._other(move, items, options, today) if best else None,
            "due": best,
            "overdue": bool(best and best["date_due"] < today),
            "in_process": any(item.claimed for item in items if item.open_minor > 0),
            "open_amount": self._money(move, sum(item.open_minor for item in items)),
            "available": move._o2c_pays_online() and any(
                self._providers(move, option["quote"].amount, report) for option in options
            ),
            "hidden_reasons": report.get(REASONS, []),
        }

    @api.model
    def _rules(self, move):
        """Return the ``core.policy.Policy`` under which an invoice is paid."""
        record = self.env["o2c.payment.policy"]._policy_of(move.partner_id, move.company_id)
        return record._rules(move.currency_id, move.company_id)

    @api.model
    def _schedule(self, move, items):
        """Return the payments to list: where a plan is agreed on, those of the plan instead of the terms.

        A plan over this document alone is listed with what was paid already. One over several documents shows only
        what it asks for this one: the link says nothing of the others.
        """
        listed = [item for item in items if not item.plan_id]
        for plan_sudo in self.env["o2c.payment.plan"].sudo().browse({item.plan_id for item in items} - {None}):
            pieces = [item for item in items if item.plan_id == plan_sudo.id and item.open_minor > 0]
            beyond = [piece for piece in pieces if not piece.plan_line]
            if plan_sudo.move_ids == move.sudo():
                claimed = any(piece.claimed for piece in pieces)
                listed += [replace(payment, claimed=claimed) for payment in plan_sudo._instalments()] + beyond
            else:
                listed += instalments.merged(pieces)
        return instalments.in_order(listed)

    @api.model
    def _options(self, move, items, today):
        """Return the choices the policy leaves a payer, the one that is due first; those that mean the same are one."""
        payable = instalments.choose(items, "all", today)
        if not payable:
            return []
        cashier, options = self.env["o2c.cashier"], {}
        whole, rules, ledger = cashier._quote_items(move, payable), self._rules(move), self._ledger(move, items)
        agreed = cashier._agreed_parts(ledger)
        for choice in ("overdue", "next", "all"):
            chosen = instalments.choose(items, choice, today)
            if chosen and tuple(chosen) not in options:
                quote = replace(whole, parts=basket.for_pieces(whole.parts, chosen))
                if not policy.check(rules, ledger, quote.pays, 0, today, quote.discounts, agreed):
                    options[tuple(chosen)] = self._option(move, choice, quote, instalments.merged(chosen))
        return list(options.values())

    @api.model
    def _ledger(self, move, items):
        """Return the instalments as the ledger has them, given what is asked for: the same unless there is a plan."""
        return move._o2c_instalments() if any(item.plan_id for item in items) else items

    @api.model
    def _other(self, move, items, options, today):
        """Return the bounds of an amount of the payer's own, None when the policy or what is open leaves no choice."""
        rules, whole = self._rules(move), max((option["quote"] for option in options), key=lambda q: q.amount_minor)
        least = policy.least(rules, self._ledger(move, items), today, whole.discounts)
        if rules.mode != "part" or least >= whole.amount_minor:
            return None
        return {
            "least": self._money(move, least) if least > 1 else "",
            "most": self._money(move, whole.amount_minor),
            "currency": move.currency_id.name,
            "decimals": move.currency_id.decimal_places,
        }

    @api.model
    def _option(self, move, choice, quote, items):
        dates = [item.date_due for item in items]
        return {
            "choice": choice,
            "quote": quote,
            "count": len(items),
            "number": items[0].number,
            "of": items[0].count,
            "amount": self._money(move, quote.amount_minor),
            "discount": self._money(move, quote.discount_minor) if quote.discount_minor else "",
            "date_due": min(dates),
            "due": self._day(min(dates)),
        }

    @api.model
    def _review(self, move, choice, typed=""):
        """Return what exactly would be paid, item by item.

        :param str typed: the amount, as the payer typed it, of the choice ``other``
        :raises NothingToPay: if the choice stands for nothing (any more)
        :raises AmountNotAllowed: if the amount is none or not allowed
        :raises PolicyRefusal: if the choice is not allowed
        """
        cashier, today, report = self.env["o2c.cashier"], fields.Date.context_today(move), {}
        quote = self._quote_typed(move, typed) if choice == OTHER else cashier._quote(move, choice=choice)
        cashier._check_policy(quote, move.partner_id, move.company_id, move)
        rows = [(part.item, part) for part in quote.parts]
        if choice != OTHER and any(item.plan_id for item in quote.items):
            rows = [(item, None) for item in instalments.merged(instalments.choose(move._o2c_asked(), choice, today))]
        providers = self._providers(move, quote.amount, report)
        return {
            **self._option(move, choice, quote, [item for item, _part in rows]),
            "typed": typed if choice == OTHER else "",
            "rows": [self._row(move, item, today, part) for item, part in rows],
            "available": bool(providers),
            "fees": self._fees(move, quote, providers),
            "hidden_reasons": report.get(REASONS, []),
        }

    @api.model
    def _quote_typed(self, move, typed):
        """Return the quote of an amount as a payer typed it, in the habits of the reader's language.

        :raises AmountNotAllowed: with the sentence to show beside the field
        """
        cashier, digits = self.env["o2c.cashier"], move.currency_id.decimal_places
        next_one = cashier._quote(move, choice="next").amount
        point = self.env["res.lang"]._get_data(code=self.env.lang).decimal_point or "."
        minor = money.parse(typed, digits, point)
        if minor is None:
            example = formatLang(self.env, next_one, digits=digits)
            raise AmountNotAllowed(self.env._("Please enter an amount, such as %(example)s.", example=example))
        try:
            quote = cashier._quote_part(move, minor)
            cashier._check_policy(quote, move.partner_id, move.company_id, move)
        except ValidationError as error:
            raise AmountNotAllowed(str(error)) from error
        return quote

    @api.model
    def _row(self, move, item, today, part=None):
        """Return an instalment in words; with a part of a quote also what is paid of it, unless that settles it."""
        state = instalments.status(item, today, move.company_id.o2c_due_soon_days)
        if item.claimed and item.open_minor > 0:
            state = "in_process"
        amount = self._money(move, item.amount_minor)
        return {
            "number": item.number,
            "of": item.count,
            "due": self._day(item.date_due),
            "amount": amount,
            "open": amount if item.open_minor == item.amount_minor else self._money(move, item.open_minor),
            "partly": 0 < item.open_minor < item.amount_minor,
            "pays": self._money(move, part.pay_minor) if part and not part.is_whole else "",
            "state": state,
        }

    @api.model
    def _result(self, move, transaction):
        """Return how a payment went and what stays open; amounts under way do not count as open.

        A payment that was only announced comes with the provider's instructions: how the payer is to make it.
        """
        items = [item for item in move._o2c_asked() if item.payable]
        return {
            **self._outcome(move.company_id, transaction),
            "left": self._money(move, sum(item.open_minor for item in items)) if items else "",
            "left_due": self._day(min(item.date_due for item in items)) if items else "",
        }

    @api.model
    def _outcome(self, company, transaction):
        """Return how a payment went, as far as whoever made it may know."""
        states = {"done": "paid", "pending": "in_process", "authorized": "in_process", "cancel": "cancelled",
                  "error": "failed", "draft": "unfinished"}
        announced = transaction._o2c_is_announced()
        whole = announced or company.o2c_link_show_number  # a transfer must name the reference
        return {
            "outcome": "announced" if announced else states[transaction.state],
            "instructions": transaction.provider_id.pending_msg if announced else "",
            "amount": format_amount(self.env, transaction.amount, transaction.currency_id),
            "fee": format_amount(self.env, transaction.o2c_fee, transaction.currency_id) if transaction.o2c_fee else "",
            "payment_reference": transaction.reference if whole else paylink.masked(transaction.reference),
            "receipt": company.o2c_receipt_customer and bool(transaction.partner_id.email),
        }

    @api.model
    def _paid_on(self, move):
        """Return the day on which the last part of a paid invoice was settled."""
        lines = move.line_ids.filtered(lambda line: line.display_type == "payment_term")
        days = (lines.matched_credit_ids | lines.matched_debit_ids).mapped("max_date")
        return self._day(max(days)) if days else ""

    # Providers. A case is an invoice, or an ``o2c.basket.Case``: who pays whom in which currency.

    @api.model
    def _providers(self, case, amount, report=None):
        """Return the providers that can take this amount; those in test mode only where none is live.

        :param dict report: takes along what the policy does not offer, for ``_methods``, and the reasons to show
        """
        providers = self.env["payment.provider"]._get_compatible_providers(
            case.company_id.id, case.partner_id.id, amount, currency_id=case.currency_id.id, report=report,
        )
        return providers.filtered(lambda provider: provider.state == "enabled") or providers

    @api.model
    def _methods(self, case, providers, report=None):
        return self.env["payment.method"]._get_compatible_payment_methods(
            providers.ids, case.partner_id.id, currency_id=case.currency_id.id, report=report,
        )

    @api.model
    def _saved_methods(self, case, providers, user, report=None):
        """Return the saved methods of a logged-in user who pays an own invoice; nobody else's are ever shown."""
        tokens = self.env["payment.token"]
        if user._is_public() or user.partner_id.commercial_partner_id != case.partner_id.commercial_partner_id:
            return tokens
        return tokens._get_available_tokens(providers.ids, user.partner_id.id)._o2c_offered(report)

    @api.model
    def _may_save(self, case, user):
        """Say whether a payment method used now may be kept: it would belong to the invoice's customer."""
        return not user._is_public() and user.partner_id == case.partner_id

    @api.model
    def _prices(self, case, quote, providers, methods, tokens):
        """Return what paying by a method comes to where it costs a fee, by the name of its choice in Odoo's form."""
        offers = self.env["o2c.payment.fee"]._offers(quote, case.partner_id, providers, methods, tokens)
        return {
            key: {
                "fee": self._money(case, charged.fee_minor),
                "total": self._money(case, charged.amount_minor),
                "minor": charged.amount_minor,
                "amount": charged.amount,
            }
            for key, charged in offers.items()
        }

    @api.model
    def _fees(self, case, quote, providers):
        """Return ``[(method, fee)]`` of the methods that cost something, for the page before they are chosen."""
        if not any(self.env["o2c.payment.fee"]._rule_ids(provider.id) for provider in providers):
            return []
        methods = self._methods(case, providers)
        prices = self._prices(case, quote, providers, methods, self.env["payment.token"])
        return [
            (method.name, prices[f"method-{method.id}"]["fee"]) for method in methods if f"method-{method.id}" in prices
        ]

    @api.model
    def _money(self, case, minor):
        currency = case.currency_id
        return format_amount(self.env, money.to_major(minor, currency.decimal_places), currency)

    @api.model
    def _day(self, day):
        """Return a date that reads the same on both sides of the Atlantic, with the name of the month."""
        return format_date(self.env, day, date_format="medium")
