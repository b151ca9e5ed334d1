"""Payment terms with equal parts and calendar months, cut by :mod:`core.schedule`."""

from odoo import api, fields, models
from odoo.tools import format_date, frozendict

from ..core import schedule
from ..core.money import to_major, to_minor
from .account_payment_term_line import EVERY


class AccountPaymentTerm(models.Model):
    _inherit = "account.payment.term"

    o2c_remainder = fields.Selection(
        [("last", "Last part"), ("first", "First part")],
        string="Rounding Difference",
        required=True,
        default="last",
        help="Which of the equal parts takes the cents that cannot be shared out.",
    )
    o2c_has_equal_parts = fields.Boolean(compute="_compute_o2c_has_equal_parts")

    @api.depends("line_ids.o2c_equal")
    def _compute_o2c_has_equal_parts(self):
        for term in self:
            term.o2c_has_equal_parts = any(term.line_ids.mapped("o2c_equal"))

    @api.depends("line_ids.delay_type", "line_ids.days_next_month", "line_ids.o2c_equal", "o2c_remainder")
    def _compute_example_preview(self):
        return super()._compute_example_preview()

    @api.model
    def _get_amount_by_date(self, terms):
        """Keep instalments of one day apart, as the invoice does; their order stays that of the dates."""
        lines = sorted(terms["line_ids"], key=lambda line: line["date"])
        return {
            frozendict({"date": line["date"], "number": number}): {
                "date": format_date(self.env, line["date"]),
                "amount": line["foreign_amount"],
            }
            for number, line in enumerate(lines, start=1)
        }

    def _compute_terms(
        self, date_ref, currency, company, tax_amount, tax_amount_currency, sign,
        untaxed_amount, untaxed_amount_currency, cash_rounding=None,
    ):
        """Cut the total the way the core does when the term has equal parts; every other term stays native.

        Foreign and company amounts each sum to their total. A total too small for all parts gives fewer of them.
        """
        if not self.o2c_has_equal_parts or self.early_discount:
            return super()._compute_terms(
                date_ref, currency, company, tax_amount, tax_amount_currency, sign,
                untaxed_amount, untaxed_amount_currency, cash_rounding,
            )
        total = tax_amount + untaxed_amount
        return {
            "total_amount": total,
            "discount_percentage": 0.0,
            "discount_date": False,
            "discount_balance": 0,
            "line_ids": self._o2c_cut(
                list(self._o2c_due_dates(date_ref).values()), tax_amount_currency + untaxed_amount_currency, total,
                currency, company.currency_id, cash_rounding,
            ),
        }

    def _o2c_anchored_lines(self):
        """Return ``[(line, anchor), ...]``: the line each date counts from, itself where it has a rule of its own.

        The anchor is the nearest line above with such a rule; empty stands for the document date.
        """
        pairs, anchor = [], self.line_ids.browse()
        for line in self.line_ids:
            if line.delay_type not in EVERY:
                anchor = line
            pairs.append((line, anchor))
        return pairs

    def _o2c_due_dates(self, date_ref):
        """Return ``{line: due date}`` for a document of ``date_ref``, in the order of the lines."""
        document = fields.Date.to_date(date_ref) or fields.Date.today()
        dates = {}
        for line, anchor in self._o2c_anchored_lines():
            if line == anchor:
                dates[line] = line._get_due_date(date_ref)
            else:
                first = dates.get(anchor, document)
                dates[line] = schedule.after(first, line.nb_days, EVERY[line.delay_type], anchor._o2c_day_of_month())
        return dates

    def _o2c_cut(self, dates, total_currency, total, currency, company_currency, cash_rounding):
        """Return the instalments as Odoo wants them: dates with signed amounts in both currencies."""
        digits, company_digits = currency.decimal_places, company_currency.decimal_places
        coins = [currency.rounding, cash_rounding.rounding if cash_rounding else 0]
        unit = max(1, *(to_minor(coin, digits) for coin in coins))
        minor = to_minor(total_currency, digits)
        claims = [line._o2c_claim(minor, digits, unit) for line in self.line_ids]
        kept = schedule.affordable(minor, claims, unit)
        if not kept:  # nothing to pay: one empty instalment keeps the invoice valid
            return [{"date": dates[0], "company_amount": total, "foreign_amount": total_currency}]
        parts = schedule.split(minor, list(kept.values()), unit, self.o2c_remainder)
        company_parts = schedule.in_proportion(to_minor(total, company_digits), parts)
        days = schedule.ascending(dates[index] for index in kept)
        return [
            {
                "date": day,
                "company_amount": to_major(company_part, company_digits),
                "foreign_amount": to_major(part, digits),
            }
            for day, part, company_part in zip(days, parts, company_parts, strict=True)
        ]
