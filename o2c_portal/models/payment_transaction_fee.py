"""Adds to payment.transaction: the fee for its method, invoiced once it is paid and credited once it was given back."""

import logging

from psycopg2 import OperationalError

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..core import money, notices
from .o2c_money_notice import MONEY_JOURNALS

_logger = logging.getLogger(__name__)


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"  # pylint: disable=consider-merging-classes-inherited  # by concern

    o2c_fee = fields.Monetary(
        "Payment fee", readonly=True, help="What the payer was charged for the method, taxes included.",
    )
    o2c_fee_rule_id = fields.Many2one("o2c.payment.fee", "Fee rule", readonly=True, ondelete="restrict")
    o2c_fee_move_id = fields.Many2one("account.move", "Fee invoice", readonly=True, index="btree_not_null")
    o2c_fee_refund_id = fields.Many2one("account.move", "Fee credit note", readonly=True, index="btree_not_null")
    o2c_fee_problem = fields.Char("Why the fee is not booked", readonly=True)

    def _o2c_settle_fees(self):
        """Book what is to be booked about the fees of these payments, or of what they give back.

        What cannot be booked stays visible credit of the customer, with a task that says why. Whoever comes second
        writes a row that has changed, and starts again.
        """
        for transaction_sudo in (self | self.source_transaction_id).sudo().filtered("o2c_fee"):
            try:
                with self.env.cr.savepoint():
                    transaction_sudo._o2c_book_fee()
            except OperationalError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever keeps an invoice from being made, a person learns it
                _logger.warning("The fee of payment %s is not booked", transaction_sudo.reference, exc_info=True)
                transaction_sudo._o2c_report_fee(str(error))

    def _o2c_book_fee(self):
        """Invoice the fee of a payment that stands, and credit it when all was given back or withdrawn; each once.

        :raises UserError: if it cannot be booked, with the reason
        """
        self.ensure_one()
        standing = self.payment_id._o2c_standing() if self.payment_id else notices.UNSETTLED
        given_back = standing == notices.WITHDRAWN or self._o2c_is_given_back()
        if self.o2c_fee_move_id:
            if given_back and not self.o2c_fee_refund_id:
                self._o2c_credit_fee()
        elif standing == notices.TRUE and not given_back:
            self._o2c_invoice_fee()
        self.o2c_fee_problem = False

    def _o2c_is_given_back(self):
        """True when all of the payment was sent back, by its provider or by hand."""
        refunds = self._o2c_refunds()
        given, fee_left = -sum(refunds.mapped("amount")), self.o2c_fee
        for item, amount in self._o2c_sent_by_hand().items():
            rest = min(item.amount_residual_currency, fee_left)  # it settles the credit note over the fee
            given, fee_left = given + amount + rest, fee_left - rest
        return bool(given) and self.currency_id.compare_amounts(given, self.amount) >= 0

    def _o2c_refunds(self):
        """Return what the provider has sent back of the payment."""
        return self.child_transaction_ids.filtered(lambda tx: tx.operation == "refund" and tx.payment_id)

    def _o2c_sent_by_hand(self):
        """Return ``{journal item: amount}``: money that a person sent to the customer, and how much of it is matched
        with this payment."""
        sent, own = {}, self._o2c_receivables(self.payment_id.move_id)
        for partial in own.matched_debit_ids:
            item = partial.debit_move_id
            if item.journal_id.type in MONEY_JOURNALS and item.currency_id == self.currency_id:
                sent[item] = sent.get(item, 0.0) + partial.credit_amount_currency
        refunds = self._o2c_refunds().payment_id.move_id
        return {item: amount for item, amount in sent.items() if item.move_id not in refunds}

    # The invoice

    def _o2c_invoice_fee(self):
        """Make and post the invoice over the fee and settle it with the fee's part of the payment.

        :raises UserError: if that part was used for something else, or no invoice comes to it with the taxes of today
        """
        item = self._o2c_fee_item()
        if not item:
            raise UserError(self.env._("Nothing of the payment is left for the fee."))
        invoice = self.env["account.move"].with_company(item.company_id).create(self._o2c_fee_values())
        if self.currency_id.compare_amounts(invoice.amount_total, self.o2c_fee):
            raise UserError(self.env._("With the taxes of today no invoice comes to it."))
        if self._o2c_receivables(invoice).account_id != item.account_id:
            self._o2c_receivables(invoice).account_id = item.account_id
        invoice.action_post()
        (self._o2c_receivables(invoice) | item).reconcile()
        self.o2c_fee_move_id = invoice

    def _o2c_fee_item(self):
        """Return the item of the payment that holds the fee: one of exactly its amount, or one that has it left."""
        fits = self._o2c_receivables(self.payment_id.move_id).filtered(
            lambda item: self.currency_id.compare_amounts(-item.amount_residual_currency, self.o2c_fee) >= 0
        )
        return fits.sorted(lambda item: -item.amount_residual_currency)[:1]

    def _o2c_receivables(self, move):
        return move.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")

    def _o2c_fee_values(self):
        """Return the create values of the invoice over the fee."""
        rule, partner, digits = self.o2c_fee_rule_id, self.partner_id, self.currency_id.decimal_places
        position, taxes = rule._taxes(partner)
        price, _total = rule._price(partner, money.to_minor(self.o2c_fee, digits))
        env = self.with_context(lang=partner.lang).env
        return {
            "move_type": "out_invoice",
            "company_id": self.payment_id.company_id.id,
            "partner_id": partner.id,
            "currency_id": self.currency_id.id,
            "invoice_date": self.payment_id.date,
            "invoice_payment_term_id": False,
            "fiscal_position_id": position.id,
            "invoice_user_id": self.invoice_ids[:1].invoice_user_id.id,
            "invoice_origin": self.payment_id.name,
            "invoice_line_ids": [Command.create({
                "product_id": rule.product_id.id,
                "name": env._(
                    "Fee for payment %(reference)s by %(method)s", reference=self.reference,
                    method=self.payment_method_id.with_env(env).name,
                ),
                "quantity": 1.0,
                "price_unit": money.to_major(price, digits),
                "tax_ids": [Command.set(taxes.ids)],
            })],
        }

    # The credit note

    def _o2c_credit_fee(self):
        """Credit the invoice over the fee, and settle the credit note with what was sent back, or with the invoice
        where the payment is gone. Nothing to do where a clerk has undone the invoice."""
        invoice = self.o2c_fee_move_id._o2c_latest()
        if invoice.state != "posted" or invoice.reversal_move_ids.filtered(lambda move: move.state == "posted"):
            return
        today = fields.Date.context_today(self)
        note = invoice._reverse_moves([{
            "invoice_date": today, "date": today,
            "ref": self.env._("%(payment)s was given back or withdrawn", payment=self.payment_id.name),
        }])
        note.action_post()
        # where the invoice was open, posting has matched them already
        own = self._o2c_receivables(note).filtered(lambda item: not item.reconciled)
        items = self._o2c_receivables(invoice | self._o2c_refunds().payment_id.move_id)
        open_items = items.union(*self._o2c_sent_by_hand()).filtered(
            lambda item: item.account_id == own.account_id and not item.reconciled and item.balance > 0
        )
        if open_items:
            (own | open_items).reconcile()
        self.o2c_fee_refund_id = note

    # People

    def _o2c_report_fee(self, problem):
        """Say on the payment, once, why its fee is not booked."""
        if not self.o2c_fee_problem:
            self._o2c_task(self.payment_id, self.env._("Payment fee to deal with"), self.env._(
                "The fee of %(amount)s in this payment is not booked: %(problem)s It stays open on the customer's "
                "account. Correct the cause and press Book Fee on the payment transaction, or give it back.",
                amount=self.currency_id.format(self.o2c_fee), problem=problem,
            ))
        self.o2c_fee_problem = problem

    def action_o2c_book_fee(self):
        """Book the fee again, after its problem was solved.

        :raises AccessError: for users who may not make invoices
        :raises UserError: if it cannot be booked, with the reason
        """
        self.ensure_one()
        self.check_access("read")
        self.env["account.move"].check_access("create")
        self.sudo()._o2c_book_fee()  # who may make invoices may have this one made
