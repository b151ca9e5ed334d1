"""The payments of a customer, as the customer reads them: what came or went, and what it settled."""

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import format_amount, format_date

UNDER_WAY = ("pending", "authorized")


class O2cPaymentHistory(models.AbstractModel):
    """Reads journal entries, not payments: money that a bank statement brought is part of the history too.

    Customers have no access to entries, so everything here works with elevated rights and within a ``Scope``.
    """

    _name = "o2c.payment.history"
    _description = "Payment history of a customer"

    @api.model
    def _domain(self, scope):
        """Return the domain of the journal entries that moved money of the customer in a scope.

        Whoever sees their own documents only sees payments that settled none of anybody else's.
        """
        item = Domain("partner_id", "=", scope.partner.id) & Domain("account_id.account_type", "=", "asset_receivable")
        domain = (
            Domain("state", "=", "posted")
            & Domain("company_id", "in", scope.company_ids)
            & self._money(scope)
            & Domain("line_ids", "any", item)
        )
        if scope.own_only:
            settled = "line_ids.matched_debit_ids.debit_move_id.move_id.partner_id"
            foreign = "matched_debit_ids.debit_move_id.move_id.partner_id"
            domain &= Domain(settled, "=", scope.contact.id)
            domain &= Domain("line_ids", "not any", [(foreign, "!=", scope.contact.id)])
        return domain

    @api.model
    def _money(self, scope):
        """Return the domain of the entries that moved money as its customer knows it: paid at a till, not handed over
        by it when it was closed."""
        money = Domain("origin_payment_id", "!=", False) | Domain("statement_line_id", "!=", False)
        till = self.env["o2c.till"]
        if not till._is_there():
            return money
        told = self.env["o2c.money.notice"].sudo()._search([
            ("partner_id", "=", scope.partner.id), ("entry_id", "!=", False),
        ])
        return money & ~till._closings() | Domain("id", "in", told.subselect("entry_id"))

    @api.model
    def _rows(self, scope, offset, limit):
        """Return ``(rows, count)``: one page of the history, newest first, and how long all of it is.

        The number of queries is the same for any number of payments.
        """
        moves_sudo, domain = self.env["account.move"].sudo(), self._domain(scope)
        moves = moves_sudo.search(domain, order="date DESC, id DESC", offset=offset, limit=limit)
        items = moves.line_ids.filtered(
            lambda line: line.partner_id == scope.partner and line.account_id.account_type == "asset_receivable"
        )
        by_move = {}
        for line in items:
            by_move.setdefault(line.move_id.id, []).append(line)
        told = self._told(scope, moves)
        return [self._row(move, by_move.get(move.id, []), told) for move in moves], moves_sudo.search_count(domain)

    @api.model
    def _told(self, scope, moves):
        """Return the ids of entries without a payment that have a receipt for this customer."""
        return set(self.env["o2c.money.notice"].sudo().search([  # which, nothing of what they say
            ("entry_id", "in", moves.ids), ("partner_id", "=", scope.partner.id),
        ]).entry_id.ids)

    def _row(self, move, lines, told):
        payment, currency = move.origin_payment_id, lines[0].currency_id
        amount = -sum(line.amount_currency for line in lines if line.currency_id == currency)
        left = -sum(line.amount_residual_currency for line in lines if line.currency_id == currency)
        return {
            "date": format_date(self.env, move.date),
            "amount": format_amount(self.env, abs(amount), currency),
            "refund": currency.compare_amounts(amount, 0) < 0,
            "method": self._method(move, payment),
            "reference": payment.name or move.name,
            "documents": self._documents(lines),
            "credit": format_amount(self.env, left, currency) if currency.compare_amounts(left, 0) > 0 else "",
            "receipt": f"/my/billing/payments/{move.id}/receipt.pdf" if payment or move.id in told else "",
        }

    def _method(self, move, payment):
        if not payment:
            return self.env["o2c.till"]._way(move) or self.env._("Bank transfer")
        paper = self.env["o2c.receipt.paper"]
        return paper._method_of_payment(payment.with_env(payment.env(context=self.env.context)))

    def _documents(self, lines):
        """Return ``[(name, address, amount)]`` of what was settled; no address where the portal shows no page."""
        settled = {}
        for line in lines:
            for partial in line.matched_debit_ids:
                self._add(settled, partial.debit_move_id, partial.debit_amount_currency)
            for partial in line.matched_credit_ids:
                self._add(settled, partial.credit_move_id, partial.credit_amount_currency)
        return [
            (
                move.name,
                f"/my/invoices/{move.id}" if move.move_type in ("out_invoice", "out_refund") else "",
                format_amount(self.env, amount, currency),
            )
            for (move, currency), amount in sorted(settled.items(), key=lambda entry: entry[0][0].id)
        ]

    @staticmethod
    def _add(settled, line, amount):
        key = (line.move_id, line.currency_id)
        settled[key] = settled.get(key, 0.0) + amount

    @api.model
    def _under_way(self, scope):
        """Return online payments that were made or announced and have not arrived yet, newest first."""
        domain = (
            Domain("partner_id.commercial_partner_id", "=", scope.partner.id)
            & Domain("company_id", "in", scope.company_ids)
            & Domain("state", "in", UNDER_WAY)
            & Domain("operation", "not in", ("refund", "validation"))
        )
        if scope.own_only:
            domain &= Domain("partner_id", "=", scope.contact.id)
        transactions_sudo = self.env["payment.transaction"].sudo()
        return [
            {
                "date": format_date(self.env, tx.create_date),
                "amount": format_amount(self.env, tx.amount, tx.currency_id),
                "method": tx.payment_method_id.name,
                "reference": tx.reference,
                "announced": tx.provider_id.code == "custom" and tx.state == "pending",
            }
            for tx in transactions_sudo.search(domain, order="id DESC", limit=20)
        ]

    @api.model
    def _entry(self, scope, entry_id):
        """Return an entry of the history, with elevated rights; empty for any other number."""
        return self.env["account.move"].sudo().search(self._domain(scope) & Domain("id", "=", entry_id), limit=1)

    @api.model
    def _receipt_pdf(self, scope, entry):
        """Return the receipt of an entry of the history as PDF, in the reader's language; None where there is none.

        Odoo's own for payments nothing was told about.
        """
        notices_sudo = self.env["o2c.money.notice"].sudo()  # the entry is the reader's own, see _entry()
        payment = entry.origin_payment_id
        source = Domain("payment_id", "=", payment.id) if payment else Domain("entry_id", "=", entry.id)
        mine = Domain("partner_id", "=", scope.partner.id)
        notice = notices_sudo.search(source & mine, order="number DESC", limit=1)
        if notice:
            return self.env["o2c.receipt.paper"].sudo()._pdf(notice, self.env.lang)
        report_sudo = self.env["ir.actions.report"].sudo()  # as above
        name = "account.action_report_payment_receipt"
        is_mine = payment.partner_id.commercial_partner_id == scope.partner
        return report_sudo._render_qweb_pdf(name, payment.ids)[0] if payment and is_mine else None
