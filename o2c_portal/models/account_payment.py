"""Adds to account.payment: the facts it leaves, and its receipt."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core import notices
from .o2c_money_notice import STATES

POSTED = ("in_process", "paid")
WITHDRAWN = ("canceled", "rejected")


class AccountPayment(models.Model):
    _inherit = "account.payment"

    o2c_notice_ids = fields.One2many("o2c.money.notice", "payment_id", "Receipts", readonly=True)
    o2c_receipt_state = fields.Selection(
        STATES, string="Receipt", compute="_compute_o2c_receipt", search="_search_o2c_receipt_state", compute_sudo=True,
    )
    o2c_receipt_sent_at = fields.Datetime("Receipt sent on", compute="_compute_o2c_receipt", compute_sudo=True)
    o2c_receipt_note = fields.Char("Receipt details", compute="_compute_o2c_receipt", compute_sudo=True)

    @api.depends("o2c_notice_ids.state", "o2c_notice_ids.sent_at", "o2c_notice_ids.note")
    def _compute_o2c_receipt(self):
        for payment in self:
            latest = payment.o2c_notice_ids.sorted("number")[-1:]
            payment.o2c_receipt_state = latest.state
            payment.o2c_receipt_sent_at = latest.sent_at
            payment.o2c_receipt_note = latest.note

    def _search_o2c_receipt_state(self, operator, value):
        return [("o2c_notice_ids.state", operator, value)]

    def write(self, vals):
        res = super().write(vals)
        if "state" in vals and "move_id" not in vals:  # with move_id it is Odoo preparing the entry, still a draft
            self._o2c_record_money(vals["state"])
        return res

    def _o2c_record_money(self, state):
        """Note for later that customers' payments were posted or withdrawn."""
        payments = self.filtered(lambda payment: payment.partner_type == "customer")
        received = payments.filtered(lambda payment: payment.payment_type == "inbound" and state in POSTED)
        events = self.env["o2c.money.event"]
        events._record_payments(received, "payment_received")
        events._record_payments(payments - received, "payment_reversed")

    def _o2c_is_posted(self):
        """True while the payment counts: not a draft, not cancelled, not bounced."""
        return self.state in POSTED and (not self.move_id or self.move_id.state == "posted")

    def _o2c_unapplied(self):
        """Return what of a payment is not matched with any document, in its currency; negative for money sent out."""
        self.ensure_one()
        if not self._o2c_is_posted():
            return 0.0
        lines = self.move_id.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")
        return -sum(lines.mapped("amount_residual_currency"))

    def _o2c_orders(self):
        """Return the orders whose money this payment is, through its transaction or the invoices it closes."""
        tx = self.sudo().payment_transaction_id  # sudo: transactions are not readable by all who see payments
        txs = tx | tx.source_transaction_id
        return txs.sale_order_ids | (txs.invoice_ids | self.sudo().reconciled_invoice_ids)._o2c_orders()

    def _o2c_concerns_customer(self):
        """True for money that came from a customer or went to one: nothing of nobody, no transfer between own accounts,
        no takings of a till."""
        return (
            self.partner_type == "customer"
            and bool(self.partner_id)
            and self.amount > 0
            and not self.paired_internal_transfer_payment_id
            and not self.env["o2c.till"]._closes(self)
        )

    def _o2c_standing(self):
        """Return whether the payment stands, see ``core.notices``; its entry may have been reversed by another one."""
        reversals = self.move_id.reversal_move_ids.filtered(lambda move: move.state == "posted")
        if reversals or self.state in WITHDRAWN:
            return notices.WITHDRAWN
        return notices.TRUE if self._o2c_is_posted() else notices.UNSETTLED

    def _o2c_send_receipt(self):
        """Tell the customer about this payment unless that was done before; see ``o2c.money.notice``."""
        self.env["o2c.money.notice"].sudo()._tell_payment(self)  # sudo: the rows are written by the system alone

    def action_o2c_send_receipt(self):
        """Send the latest receipt or other notice again, to those who are to get it now, as things stand now.

        :raises UserError: if there is none
        """
        self.ensure_one()
        self.check_access("write")
        latest_sudo = self.sudo().o2c_notice_ids.sorted("number")[-1:]  # who may change the payment may tell of it
        if latest_sudo:
            latest_sudo.sudo(False).action_send_again()
            return
        self._o2c_send_receipt()
        if not self.sudo().o2c_notice_ids:
            raise UserError(self.env._("Only money from a customer or to a customer has a receipt."))

    def action_o2c_print_receipt(self):
        """Print the latest receipt or other notice about this payment."""
        return self.o2c_notice_ids.sorted("number")[-1:].action_print()
