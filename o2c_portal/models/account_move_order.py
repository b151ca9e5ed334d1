"""Adds to account.move: what a payment of its order will bring is known when an invoice is posted."""

from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"  # pylint: disable=consider-merging-classes-inherited  # by concern

    def _post(self, soft=True):
        """Override of sale: an order's payment that is on its way settles this invoice, so nobody pays it twice."""
        posted = super()._post(soft)
        for move in posted.filtered(lambda move: move.move_type == "out_invoice"):
            for transaction_sudo in move.sudo().transaction_ids:  # of the document that is being posted
                if transaction_sudo.sale_order_ids and transaction_sudo._o2c_is_coming():
                    self.env["o2c.payment.allocation"].sudo()._claim_for_order(transaction_sudo, move.sudo())
        return posted
