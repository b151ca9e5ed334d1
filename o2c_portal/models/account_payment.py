"""Adds to account.payment: the facts it leaves, and its receipt."""

from odoo import fields, models

POSTED = ("in_process", "paid")


class AccountPayment(models.Model):
    _inherit = "account.payment"

    o2c_receipt_state = fields.Selection(
        [
            ("queued", "Being sent"),
            ("sent", "Sent"),
            ("failed", "Not delivered"),
            ("no_address", "Not sent: no address"),
            ("off", "Not sent: switched off"),
            ("before", "Not sent: older than the receipts"),
        ],
        string="Receipt", readonly=True, copy=False,
    )
    o2c_receipt_sent_at = fields.Datetime(string="Receipt sent on", readonly=True, copy=False)
    o2c_receipt_note = fields.Char(string="Receipt details", readonly=True, copy=False)
    o2c_receipt_copies = fields.Integer(readonly=True, copy=False, help="How often the receipt was sent again.")

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

    def _o2c_send_receipt(self):
        """Queue the receipts of this payment unless that was decided before; see ``o2c.receipt``."""
        self.env["o2c.receipt"]._send(self)

    def action_o2c_send_receipt(self):
        """Send the receipt again, to the same people, as things stand now."""
        self.ensure_one()
        self.check_access("write")
        self.env["o2c.receipt"]._send(self, again=True)
