"""Adds to account.move: instalments of one day kept apart, and down payments counted in."""

from odoo import fields, models
from odoo.tools import frozendict

from ..core import money, schedule


class AccountMove(models.Model):
    _inherit = "account.move"  # pylint: disable=consider-merging-classes-inherited  # by concern

    def _compute_needed_terms(self):
        """Keep two instalments of one day apart, where Odoo would merge them, and count down payments in."""
        super()._compute_needed_terms()
        for move in self:
            needed = {key: {"o2c_part": 0, **values} for key, values in move.needed_terms.items()}
            if len(move.invoice_payment_term_id.line_ids) > 1 and all("discount_date" in key for key in needed):
                needed = move._o2c_terms_after_down_payments(needed) or move._o2c_terms_apart(needed)
            move.needed_terms = needed

    def _o2c_term_date(self):
        """Return the day the terms count from, as Odoo has it."""
        return self.invoice_date or self.date or fields.Date.context_today(self)

    def _o2c_term_parts(self, needed, ahead=0.0):
        """Return the parts of the term for the totals of ``needed``, enlarged by what was paid ahead."""
        return self.invoice_payment_term_id._compute_terms(
            date_ref=self._o2c_term_date(),
            currency=self.currency_id,
            company=self.company_id,
            tax_amount=0.0,
            tax_amount_currency=0.0,
            untaxed_amount=sum(values["balance"] for values in needed.values()),
            untaxed_amount_currency=sum(values["amount_currency"] for values in needed.values()) + ahead,
            cash_rounding=self.invoice_cash_rounding_id,
            sign=1 if self.is_inbound(include_receipts=True) else -1,
        )["line_ids"]

    def _o2c_terms_apart(self, needed):
        """Return ``needed`` with the parts of one day split again: the first under Odoo's own key, others numbered."""
        if len(needed) >= len(self.invoice_payment_term_id.line_ids):
            return needed
        parts = self._o2c_term_parts(needed)
        apart = {}
        for key, values in needed.items():
            of_day = [part for part in parts if part["date"] == key["date_maturity"]]
            owed = [part for part in of_day if part["foreign_amount"] or part["company_amount"]]
            if len(owed) < 2:
                apart[key] = values
                continue
            for number, part in enumerate(owed, start=1):
                own = {"o2c_part": number} if number > 1 else {}
                apart[frozendict({**key, **own})] = {
                    **values, **own, "balance": part["company_amount"], "amount_currency": part["foreign_amount"],
                }
        return apart

    def _o2c_paid_ahead(self):
        """Return the down payments deducted here (with taxes); 0 on a down payment's own invoice, None without any.

        Terms with equal parts count them in, and orders whose first instalment is their prepayment; all else is Odoo's.
        """
        lines = self.invoice_line_ids.filtered(lambda line: line.display_type == "product")
        down_payments = lines.filtered("is_downpayment")
        if not down_payments or self.move_type != "out_invoice":
            return None
        orders = down_payments.sale_line_ids.order_id
        if not (self.invoice_payment_term_id.o2c_has_equal_parts or any(orders.mapped("o2c_prepay_first"))):
            return None
        ahead = -sum(down_payments.mapped("price_total"))
        if ahead > 0:
            return ahead
        return 0 if lines == down_payments else None

    def _o2c_terms_after_down_payments(self, needed):
        """Return ``needed`` as the order's schedule wants it, or None where no down payment changes it.

        A down payment is due at once, and settles the earliest instalments of the invoice it is deducted from.
        """
        ahead = self._o2c_paid_ahead()
        digits, company_digits = self.currency_id.decimal_places, self.company_currency_id.decimal_places
        total = money.to_minor(sum(values["amount_currency"] for values in needed.values()), digits)
        if ahead is None or total <= 0:
            return None
        dates, left = [self._o2c_term_date()], [total]
        if ahead:
            parts = self._o2c_term_parts(needed, ahead)
            dates = [part["date"] for part in parts]
            amounts = [money.to_minor(part["foreign_amount"], digits) for part in parts]
            left = schedule.less(amounts, money.to_minor(ahead, digits))
        balance = money.to_minor(sum(values["balance"] for values in needed.values()), company_digits)
        key, values = next(iter(needed.items()))
        return {
            frozendict({**key, "date_maturity": day}): {
                **values,
                "balance": money.to_major(part_balance, company_digits),
                "amount_currency": money.to_major(amount, digits),
            }
            for day, amount, part_balance in zip(dates, left, schedule.in_proportion(balance, left), strict=True)
            if amount
        }
