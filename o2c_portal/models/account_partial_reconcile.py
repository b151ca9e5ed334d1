"""Adds to account.partial.reconcile: the fact that open amounts changed, whoever matched or un-matched them."""

from odoo import api, models


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        self.env["o2c.money.event"]._record_residuals(partials._o2c_line_ids())
        return partials

    def unlink(self):
        line_ids = self._o2c_line_ids()
        res = super().unlink()
        self.env["o2c.money.event"]._record_residuals(line_ids)
        return res

    def _o2c_line_ids(self):
        return [*self.debit_move_id.ids, *self.credit_move_id.ids]
