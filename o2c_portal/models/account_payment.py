from odoo import models

POSTED = ("in_process", "paid")


class AccountPayment(models.Model):
    _inherit = "account.payment"

    def write(self, vals):
        res = super().write(vals)
        if "state" in vals:
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
