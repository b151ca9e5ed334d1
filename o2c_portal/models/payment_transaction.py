from odoo import fields, models


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    o2c_pay_link_id = fields.Many2one("o2c.pay.link", "Pay link", readonly=True, index="btree_not_null")
