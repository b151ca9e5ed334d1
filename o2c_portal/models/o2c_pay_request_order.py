"""What an order asks of its customer on paper: the deposit that confirms it, or what is missing of it."""

from odoo import models
from odoo.tools import format_amount

from ..core.money import to_major


class O2cPayRequest(models.AbstractModel):
    _inherit = "o2c.pay.request"

    def _for_order(self, order):
        """Return what the PDF of an order shows to get its deposit paid, in the language of its environment; None when
        none is missing. Keys: ``amount``; ``confirms``, True for a quotation; ``whole``, True where that is all of the
        order; and those of ``_on_paper``.
        """
        order_sudo = order.sudo()  # whoever prints an order asks for its deposit, seen or not what was paid of it
        missing = order.company_id.o2c_pay_now_pdf and order_sudo._o2c_deposit_missing()
        link = missing and self.env["o2c.pay.link"]._for_order(order, "pdf")
        if not link:
            return None
        amount = to_major(missing, order.currency_id.decimal_places)
        return {
            **self._on_paper(order, link._url(), order.company_id.o2c_pay_code_pdf and link._code()),
            "amount": format_amount(order.env, amount, order.currency_id),
            "confirms": order.state in ("draft", "sent"),
            "whole": not order.currency_id.compare_amounts(amount, order.amount_total),
        }
