"""Brings together bank transactions and the references they carry."""

import logging
from dataclasses import dataclass

from psycopg2 import OperationalError

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import html2plaintext

from ..core import money, remittance

_logger = logging.getLogger(__name__)
# The suspense item of a posted transaction is replaced, which is what reconciling a transaction means in Odoo.
REPLACE = {
    "force_delete": True, "skip_readonly_check": True, "skip_invoice_sync": True, "check_move_validity": False,
    "skip_account_move_synchronization": True,
}


@dataclass
class Match:
    """A transaction, the reference it carries and what shall become of it."""

    line: models.Model
    advice: models.Model
    verdict: remittance.Verdict
    note: str = ""

    @property
    def by_hand(self):
        return self.verdict.reason == "by_hand"


class O2cRemittanceMatcher(models.AbstractModel):
    """Works with elevated rights: whoever imports transactions need not see what customers were asked for.

    Costs the same number of queries for one transaction and for many, whatever they carry.
    """

    _name = "o2c.remittance.matcher"
    _description = "Matching of bank transfers by reference"

    @api.model
    def _match(self, lines):
        """Apply transactions that carry one of our references to exactly what it stands for, or note why not."""
        lines_sudo = lines.sudo().filtered(lambda line: (
            line.company_id.o2c_remittance_apply and not line.is_reconciled and line.amount
        ))
        carried = self._carried(lines_sudo)
        if not carried:
            return
        advices = self.env["o2c.remittance"].sudo().union(*carried.values())
        open_by_line = advices._open()
        seen = {self._fingerprint(line) for line in advices.bank_line_ids if line.o2c_reason == "applied"}
        matches = [
            self._decide(line, carried[line], open_by_line, seen)
            for line in lines_sudo.sorted(lambda line: (line.date, line.id)) if line in carried
        ]
        self._book_all([match for match in matches if match.verdict.reason == "applied"])
        self._note(matches)

    @api.model
    def _match_by_hand(self, lines):
        """Apply transactions as far as they go; see ``action_o2c_apply_by_hand``."""
        lines_sudo, matches = lines.sudo(), []
        open_by_line = lines_sudo.o2c_remittance_id._open()
        for line in lines_sudo:
            advice = line.o2c_remittance_id
            received = self._received(line, advice.currency_id)
            parts, _rest = remittance.oldest_first(received, advice._items(open_by_line))
            self._take(open_by_line, parts)
            matches.append(Match(line, advice, remittance.Verdict("by_hand", parts)))
        self._book(matches)
        self._note(matches)

    # === READING === #

    @api.model
    def _name_customers(self, vals_list):
        """Set the customer on values of transactions that name none but carry one of our references."""
        nameless = [vals for vals in vals_list if vals.get("journal_id") and not vals.get("partner_id")]
        read = [self._read(vals.get("payment_ref"), vals.get("ref"), vals.get("narration")) for vals in nameless]
        known = self._known(set().union(*read))
        journals = self.env["account.journal"].browse([vals["journal_id"] for vals in nameless])
        for vals, journal, found in zip(nameless, journals, read, strict=True):
            partner = self._of_company(known, found, journal.company_id).partner_id if found else None
            if partner and len(partner) == 1:
                vals["partner_id"] = partner.id

    @api.model
    def _carried(self, lines):
        """Return ``{transaction: references}`` of those that carry any of ours; another company's are not ours."""
        read = {line: self._read(line.payment_ref, line.ref, line.narration) for line in lines}
        known = self._known(set().union(*read.values()))
        carried = {line: self._of_company(known, found, line.company_id) for line, found in read.items() if found}
        return {line: ours for line, ours in carried.items() if ours}

    @api.model
    def _read(self, label, reference, narration):
        """Return the references a bank wrote in any of its fields."""
        texts = (label, reference, html2plaintext(narration) if narration else "")
        return set().union(*(remittance.references_in(text) for text in texts))

    @api.model
    def _known(self, references):
        """Return ``{reference: those of any company}`` of those we have given out."""
        advices = self.env["o2c.remittance"].sudo()
        return advices.search([("reference", "in", list(references))]).grouped("reference") if references else {}

    @api.model
    def _of_company(self, known, found, company):
        """Return the references of a company or its branches among those found in a transaction."""
        advices = self.env["o2c.remittance"].sudo()
        ours = advices.union(*(known[text] for text in found if text in known))
        ours = ours.filtered(lambda advice: company in advice.company_id.parent_ids)
        return ours.with_prefetch([advice_id for each in known.values() for advice_id in each.ids])

    @api.model
    def _received(self, line, currency):
        """Return what a transaction brought, in minor units, or ``None`` when that is another currency."""
        foreign = line.foreign_currency_id
        if (foreign or line.currency_id) != currency:
            return None
        return money.to_minor(line.amount_currency if foreign else line.amount, currency.decimal_places)

    @api.model
    def _fingerprint(self, line):
        """Return what two imports of one transaction have in common."""
        return line.journal_id.id, line.date, line.amount, line.payment_ref, line.account_number, line.partner_name

    # === DECIDING === #

    @api.model
    def _decide(self, line, advices, open_by_line, seen):
        """Return the match of a transaction; what it pays is open no more for those that follow."""
        advice = next(iter(advices))  # unlike a slice, it is read together with those of other transactions
        received = self._received(line, advice.currency_id)
        if line.amount < 0:
            reason = "outgoing"
        elif len(advices) > 1:
            reason = "several"
        elif received is None:
            reason = "currency"
        elif advice.state == "cancelled":
            reason = "cancelled"
        elif self._fingerprint(line) in seen:
            reason = "twice"
        elif advice.state == "applied" and not advice.move_id:
            reason = "settled"
        else:
            return self._decide_amount(line, advice, received, open_by_line, seen)
        return Match(line, advice, remittance.Verdict(reason))

    @api.model
    def _decide_amount(self, line, advice, received, open_by_line, seen):
        if not advice._is_intact(open_by_line):
            return Match(line, advice, remittance.Verdict("changed"))
        items = advice._items(open_by_line, line.date)
        verdict = remittance.decide(received, items, self._tolerance(line, advice), whole=not advice.move_id)
        if verdict.reason == "applied":
            seen.add(self._fingerprint(line))
            self._take(open_by_line, verdict.parts)
        return Match(line, advice, verdict)

    @api.model
    def _take(self, open_by_line, parts):
        for item, minor in parts:
            open_by_line[item.line_id] -= minor

    @api.model
    def _tolerance(self, line, advice):
        company, currency = line.company_id, advice.currency_id
        if not (company.o2c_tolerance_account_id and company.o2c_tolerance_amount and company.o2c_tolerance_percent):
            return remittance.Tolerance()
        most = company.currency_id._convert(company.o2c_tolerance_amount, currency, company, line.date)
        return remittance.Tolerance(money.to_minor(most, currency.decimal_places), company.o2c_tolerance_percent)

    # === BOOKING === #

    @api.model
    def _book_all(self, matches):
        """Book matches together; if one cannot be booked, each by itself. An import never fails because of us."""
        try:
            with self.env.cr.savepoint():
                self._book(matches)
            return
        except OperationalError:  # two imports at once: Odoo runs one of them again
            raise
        except Exception:  # noqa: BLE001  whatever refuses a booking, locks or other addons, is named below
            _logger.info("Bank transactions are applied one by one", exc_info=True)
        for match in matches:
            try:
                with self.env.cr.savepoint():
                    self._book([match])
            except OperationalError:
                raise
            except Exception as error:  # noqa: BLE001  the transaction itself must be imported all the same
                known = isinstance(error, UserError)
                _logger.warning("Bank transaction %s cannot be applied", match.line.id, exc_info=not known)
                match.verdict, match.note = remittance.Verdict("failed"), str(error) if known else ""

    @api.model
    def _book(self, matches):
        """Replace the suspense items by what was paid, and reconcile each with its own receivable."""
        moves = self.env["account.move"].union(*(match.line.move_id for match in matches))
        items = self.env["account.move.line"].sudo().with_context(**REPLACE)
        values, targets, suspense = [], [], items
        for match in matches:
            _liquidity, own_suspense, others = match.line._seek_for_lines()
            if len(own_suspense) != 1 or others:
                raise UserError(self.env._("Something else was booked on this transaction already."))
            suspense |= own_suspense
            for target, line_values in self._booking(match, own_suspense):
                values.append(line_values)
                targets.append(target)
        with moves._check_balanced({"records": moves}):
            suspense.with_context(**REPLACE).unlink()
            created = items.create(values)
        paid = self.env["account.move.line"].sudo().browse(created.ids)
        pairs = [line | target for line, target in zip(paid, targets, strict=True) if target]
        paid.union(*pairs).move_id.line_ids.mapped("tax_ids")  # read for all what Odoo would read pair by pair
        paid._reconcile_plan(pairs)

    @api.model
    def _booking(self, match, suspense):
        """Return ``(receivable, values)`` of the items that take the place of a suspense item: one for each receivable
        paid, then its discount and what was received beyond that, which settle nothing."""
        digits = match.advice.currency_id.decimal_places
        company_digits = suspense.company_currency_id.decimal_places
        received = money.to_minor(-suspense.amount_currency, digits)
        parts = match.verdict.parts
        weights = [minor - (match.verdict.discounted and item.discount_minor) for item, minor in parts]
        shares, rest = remittance.in_company_currency(
            money.to_minor(-suspense.balance, company_digits), received, weights,
        )
        common = {
            "move_id": suspense.move_id.id, "currency_id": match.advice.currency_id.id, "name": suspense.name,
            "analytic_distribution": False,  # nothing to look up, customer by customer
        }
        result = []
        for (item, minor), weight, share in zip(parts, weights, shares, strict=True):
            line = suspense.browse(item.line_id)
            discounts = self._discount_rows(line, common) if weight < minor else []
            settled = share + sum(money.to_minor(row["balance"], company_digits) for _none, row in discounts)
            result += [(line, {
                **common, "account_id": line.account_id.id, "partner_id": line.partner_id.id,
                "amount_currency": -money.to_major(minor, digits), "balance": -money.to_major(settled, company_digits),
            }), *discounts]
        if received != sum(weights):
            result.append((None, {
                **common, **self._beyond(match),
                "amount_currency": -money.to_major(received - sum(weights), digits),
                "balance": -money.to_major(rest, company_digits),
            }))
        return result

    @api.model
    def _discount_rows(self, line, common):
        """Return the items that book an early payment discount, as Odoo computes them."""
        epd_lines = [{"aml": line, "amount_currency": -line.amount_residual_currency, "balance": -line.balance}]
        values = self.env["account.move"].sudo()._get_invoice_counterpart_amls_for_early_payment_discount(
            epd_lines, line.balance - line.discount_balance,
        )
        return [
            (None, {**common, **item, "partner_id": line.partner_id.id}) for items in values.values() for item in items
        ]

    @api.model
    def _beyond(self, match):
        """Return where money beyond what was paid goes: a small difference to its account, else to the customer."""
        company, partner = match.line.company_id, match.advice.partner_id
        account = company.o2c_tolerance_account_id
        if match.by_hand:
            receivable = partner.with_company(company).property_account_receivable_id
            account = match.advice._receivables()[:1].account_id or receivable
        return {"account_id": account.id, "partner_id": partner.id}

    @api.model
    def _grouped(self, matches, key):
        groups = {}
        for match in matches:
            groups.setdefault(key(match), []).append(match)
        return groups

    @api.model
    def _note(self, matches):
        """Write on transactions what became of them, have somebody look at those that wait, and close references that
        stand for nothing open any more."""
        lines = self.env["account.bank.statement.line"].sudo()
        for (advice, reason, note), group in self._grouped(
            matches, lambda match: (match.advice, match.verdict.reason, match.note)
        ).items():
            lines.union(*(match.line for match in group)).write(
                {"o2c_remittance_id": advice.id, "o2c_reason": reason, "o2c_reason_note": note or False}
            )
        lines.union(*(match.line for match in matches))._o2c_mind()
        booked = self.env["o2c.remittance"].sudo().union(
            *(match.advice for match in matches if match.verdict.reason in ("applied", "by_hand"))
        )
        left = booked._open()
        booked.filtered(lambda advice: not advice.move_id or not any(
            left[line.id] > 0 for line in advice._receivables()
        )).state = "applied"
