"""Adds to account.partial.reconcile: what follows when open amounts change, whoever matched or un-matched them."""

from odoo import api, models

from .o2c_money_notice import MONEY_JOURNALS


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        self.env["o2c.money.event"]._record_residuals(partials._o2c_line_ids(), matched=True)
        partials._o2c_record_sent_back()
        matched_sudo = (partials.debit_move_id | partials.credit_move_id).move_id.sudo().statement_line_id
        matched_sudo.filtered("o2c_activity_id")._o2c_mind()  # whoever booked a transfer has looked at it
        return partials

    def unlink(self):
        line_ids = self._o2c_line_ids()
        res = super().unlink()
        self.env["o2c.money.event"]._record_residuals(line_ids)
        return res

    def _o2c_record_sent_back(self):
        """Note that payments with a fee met money that went out: when all of one went back, its fee is credited."""
        met = self.filtered(lambda partial: partial.debit_move_id.journal_id.type in MONEY_JOURNALS)
        payments_sudo = met.sudo().credit_move_id.move_id.origin_payment_id  # whoever matches need not see these
        self.env["o2c.money.event"]._record_payments(
            payments_sudo.filtered(lambda payment: payment.payment_transaction_id.o2c_fee), "payment_reversed",
        )

    def _o2c_line_ids(self):
        return [*self.debit_move_id.ids, *self.credit_move_id.ids]
