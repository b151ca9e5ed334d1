"""Decides on the server what a payer is charged and prepares the transaction that will pay exactly that."""

import math
from dataclasses import replace

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools.misc import format_amount

from ..core import basket, instalments, money, policy


class NothingToPay(UserError):
    """The document is not payable, or nothing of what was chosen is open."""


class PolicyRefusal(ValidationError):
    """The payment policy of the customer does not allow this; the message says what it allows."""


class O2cCashier(models.AbstractModel):
    _name = "o2c.cashier"
    _description = "Cashier"

    @api.model
    def _quote(self, move, choice=None, line_ids=None):
        """Return the ``core.basket.Quote`` of paying a choice, or exactly some instalments, of an invoice in full.

        :param str choice: one of ``core.instalments.CHOICES``
        :param list[int] line_ids: ids of receivable journal items of ``move``; used when ``choice`` is not given
        :raises NothingToPay: if the document cannot be paid online or nothing chosen is open
        :raises ValidationError: if an id is not an instalment of the invoice
        """
        if not move._o2c_is_payable_document():
            raise self._nothing_to_pay()
        if choice:
            chosen = instalments.choose(move._o2c_asked(), choice, fields.Date.context_today(move))
        else:
            chosen = self._pick(move._o2c_instalments(), line_ids)
        return self._quote_items(move, chosen)

    @api.model
    def _quote_items(self, move, items):
        """Return the quote of paying instalments of an invoice in full, or what pieces of a plan ask of them.

        :raises NothingToPay: if there are none
        """
        if not items:
            raise self._nothing_to_pay()
        if not any(item.plan_id for item in items):
            return self._quote_basket(move.currency_id, items)
        asked = {item.line_id for item in items}
        whole = self._quote_basket(
            move.currency_id, [item for item in move._o2c_instalments() if item.line_id in asked],
        )
        return replace(whole, parts=basket.for_pieces(whole.parts, items))

    @api.model
    def _quote_basket(self, currency, items, amounts_minor=None, on_account_minor=0, around=()):
        """Return the quote of paying instalments of any invoices of one currency, and something on account.

        :param items: ``Instalment`` objects, each once
        :param amounts_minor: what to pay of each item, None to pay all in full less early payment discounts
        :param around: all instalments of their documents, where the caller has read them
        :raises NothingToPay: if nothing is to be paid
        :raises ValidationError: if an amount is more than what is open of its item
        """
        if not items and not on_account_minor:
            raise self._nothing_to_pay()
        discounts = self._discounts(items)
        try:
            parts = basket.in_full(items, discounts) if amounts_minor is None else (
                basket.in_part(items, amounts_minor, discounts)
            )
        except ValueError as error:
            raise ValidationError(self.env._("The amount must be positive and no more than what is open.")) from error
        return basket.Quote(currency.id, currency.decimal_places, parts, on_account_minor, tuple(around))

    @api.model
    def _quote_part(self, move, amount_minor):
        """Return the quote of an amount of an invoice, applied oldest first; everything that is open takes discounts.

        :raises NothingToPay: if the document cannot be paid or nothing is open
        :raises ValidationError: if the amount is not positive or more than what is open
        """
        whole = self._quote(move, choice="all")
        if not 0 < amount_minor <= whole.amount_minor:
            raise ValidationError(self.env._(
                "You can pay at most %(amount)s here.", amount=format_amount(self.env, whole.amount, move.currency_id),
            ))
        if amount_minor == whole.amount_minor:
            return whole
        discounts = {part.item.line_id: part.discount_minor for part in whole.parts if part.discount_minor}
        return replace(whole, parts=basket.for_amount(amount_minor, whole.items, discounts))

    @api.model
    def _quote_amount(self, moves, amount):
        """Return the quote of an amount (major units) a client asked to pay on invoices, applied oldest first.

        :raises NothingToPay: if none of the invoices can be paid
        :raises ValidationError: if the amount is malformed, not positive, or more than what is open
        """
        currency = moves.currency_id
        if len(currency) != 1 or len(moves.company_id) != 1 or len(moves.commercial_partner_id) != 1:
            raise ValidationError(
                self.env._("One payment can only cover documents of one customer, company and currency.")
            )
        amount_minor = self._parse_amount(currency, amount)
        items, discounts = [], {}
        for move, move_items in moves._o2c_instalments_by_move().items():
            if move._o2c_is_payable_document():
                items += move_items
                discounts |= self._discounts(move_items) if len(moves) == 1 else {}
        if not any(item.payable for item in items):
            raise self._nothing_to_pay()
        try:
            parts = basket.for_amount(amount_minor, items, discounts)
        except ValueError as error:
            raise ValidationError(self.env._("The amount must be positive and no more than what is open.")) from error
        return basket.Quote(currency.id, currency.decimal_places, parts)

    @api.model
    def _overdue_together(self, moves):
        """Return those of ``moves`` one payment can settle now: something is past its date and not under way, and
        their contact and company are those of the first such document."""
        today = fields.Date.context_today(moves)
        items = moves._o2c_asked_by_move()
        late = moves.filtered(
            lambda move: move._has_to_be_paid() and instalments.choose(items[move], "overdue", today)
        )
        return late.filtered(
            lambda move: (move.partner_id, move.company_id) == (late[0].partner_id, late[0].company_id)
        )

    @api.model
    def _quote_overdue(self, moves):
        """Return the quote of everything past its date on some invoices of one currency.

        :raises NothingToPay: if nothing is overdue
        """
        asked = [item for move_items in moves._o2c_asked_by_move().values() for item in move_items]
        chosen = instalments.choose(asked, "overdue", fields.Date.context_today(moves))
        if not chosen:
            raise self._nothing_to_pay()
        parts = basket.in_full(chosen, {})
        if any(item.plan_id for item in chosen):
            items = [item for move_items in moves._o2c_instalments_by_move().values() for item in move_items]
            parts = basket.for_pieces(basket.in_full(items, {}), chosen)
        return basket.Quote(moves.currency_id.id, moves.currency_id.decimal_places, parts)

    # === POLICY === #

    @api.model
    def _check_policy(self, quote, partner, company, scope_moves=None):
        """Refuse to be paid what the customer's payment policy does not allow.

        :param quote: the ``core.basket.Quote``
        :param partner: the customer, any contact of it will do
        :param scope_moves: at least the invoices the quote touches; by default exactly these
        :raises PolicyRefusal: with a sentence that says what is allowed
        """
        items = quote.around
        if not items:
            moves = scope_moves or self.env["account.move"].browse({item.move_id for item in quote.items})
            items = [item for move_items in moves._o2c_instalments_by_move().values() for item in move_items]
        violation = self._policy_violation(quote, partner, company, items)
        if violation:
            currency = self.env["res.currency"].browse(quote.currency_id)
            raise PolicyRefusal(self.env["o2c.payment.policy"]._in_words(violation, currency))

    @api.model
    def _policy_violation(self, quote, partner, company, items):
        """Return the ``core.policy.Violation`` of a quote, None when it is allowed.

        Whether an item is being paid by somebody else is left to the claims, which know better.

        :param items: at least all instalments of the invoices the quote touches
        """
        record = self.env["o2c.payment.policy"]._policy_of(partner, company)
        rules = record._rules(self.env["res.currency"].browse(quote.currency_id), company)
        pays = quote.pays
        items = [replace(item, claimed=False) if item.claimed and item.line_id in pays else item for item in items]
        today = fields.Date.context_today(self)
        agreed = self._agreed_parts(items)
        return policy.check(rules, items, pays, quote.on_account_minor, today, quote.discounts, agreed)

    @api.model
    def _agreed_parts(self, items):
        """Return ``{line_id: {minor, ...}}``: what plans ask of instalments may be paid whatever the policy says."""
        moves = self.env["account.move"].browse({item.move_id for item in items if item.plan_id})
        return self.env["o2c.payment.plan"]._allowed_parts(moves) if moves else {}

    @api.model
    def _check_method(self, vals, partner, company):
        """Refuse a provider or method that the customer's policy does not offer for this amount.

        :param vals: create values of a transaction
        :raises PolicyRefusal: with the reason the policy gives
        """
        record = self.env["o2c.payment.policy"]._policy_of(partner, company)
        currency = self.env["res.currency"].browse(vals["currency_id"])
        found = record._hidden_methods(partner, company, currency, vals["amount"])
        method = self.env["payment.method"].browse(vals.get("payment_method_id"))._o2c_primary() if found else None
        reason = found and policy.why_hidden(found, vals["provider_id"], method.id)
        if reason:
            raise PolicyRefusal(reason)

    @api.model
    def _quote_on_account(self, vals):
        """Return the quote of the create values of a transaction for no document."""
        digits = self.env["res.currency"].browse(vals["currency_id"]).decimal_places
        return basket.Quote(vals["currency_id"], digits, (), money.to_minor(vals["amount"], digits))

    @api.model
    def _transaction_values(self, quote, payer_key, link=None):
        """Return the create values that make a transaction pay ``quote`` and nothing else."""
        values = {"o2c_quote": quote}
        if quote.parts:
            values["invoice_ids"] = self.env["account.move"].browse(dict.fromkeys(item.move_id for item in quote.items))
        values["o2c_payer_key"] = payer_key
        values["o2c_on_account"] = money.to_major(quote.on_account_minor, quote.digits)
        if quote.fee_minor:
            values["o2c_fee"] = money.to_major(quote.fee_minor, quote.digits)
            values["o2c_fee_rule_id"] = quote.fee_rule_id
        if link:
            values["o2c_pay_link_id"] = link.id
        return values

    # === HELPERS === #

    def _nothing_to_pay(self):
        return NothingToPay(self.env._("There is nothing to pay here."))

    def _pick(self, items, line_ids):
        """Return exactly the instalments asked for; each must be of this invoice and payable."""
        by_id = {item.line_id: item for item in items}
        if not line_ids or len(set(line_ids)) != len(line_ids) or not set(line_ids) <= set(by_id):
            raise ValidationError(self.env._("These instalments do not belong to the document."))
        return [by_id[line_id] for line_id in line_ids if by_id[line_id].payable]

    def _parse_amount(self, currency, amount):
        """Return a client's amount in minor units; it must be a number with no more decimals than the currency."""
        if isinstance(amount, bool) or not isinstance(amount, (int, float)) or not math.isfinite(amount):
            raise ValidationError(self.env._("The amount is not a number."))
        minor = money.to_minor(amount, currency.decimal_places)
        if abs(money.to_major(minor, currency.decimal_places) - amount) > 1e-6 * max(1.0, abs(amount)):
            raise ValidationError(self.env._("The amount has more decimals than the currency."))
        return minor

    def _discounts(self, items):
        """Return ``{line_id: minor}`` of early payment discounts granted for ``Instalment`` objects today. As a rule
        there are none: hundreds of documents are not read to learn that."""
        today = fields.Date.context_today(self)
        lines = [item.line_id for item in items if item.discount_until and item.discount_until >= today]
        return self._granted(self.env["account.move.line"].browse(lines), today) if lines else {}

    def _granted(self, lines, day):
        """Return ``{journal item id: minor}`` of early payment discounts granted on ``day``; Odoo decides who is
        eligible."""
        lines = lines.filtered("discount_date")
        granted = lines.move_id.filtered(
            lambda move: move._is_eligible_for_early_payment_discount(move.currency_id, day)
        )
        return {
            line.id: money.to_minor(
                line.amount_currency - line.discount_amount_currency, line.currency_id.decimal_places
            )
            for line in lines
            if line.move_id in granted
            and line.currency_id.is_zero(line.amount_currency - line.amount_residual_currency)
        }
