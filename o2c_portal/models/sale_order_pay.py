"""Adds to sale.order: what is missing of its deposit, and where that is paid."""

from odoo import fields, models

from ..core import stages
from ..core.money import to_major


class SaleOrder(models.Model):
    _inherit = "sale.order"  # pylint: disable=consider-merging-classes-inherited  # by concern

    def _o2c_deposit_missing(self):
        """Return what the order asks for today before it goes on, in minor units; 0 when nothing is.

        A quotation asks for what confirms it, as Odoo's page does. A confirmed order asks for what is missing of the
        deposit, less what its open invoices ask for and what payments on their way will bring. A first instalment
        that is not due yet is no deposit. Needs access to invoices and transactions.
        """
        self.ensure_one()
        if self.state in ("draft", "sent"):
            return self._o2c_minor(self._get_prepayment_required_amount()) if self._has_to_be_paid() else 0
        if self.state != "sale" or not self._o2c_asks_deposit():
            return 0
        return stages.deposit_missing(self._o2c_facts(), self._o2c_asked_elsewhere(), self._o2c_under_way())

    def _o2c_asks_deposit(self):
        """Say whether the first payment of a confirmed order is to be made now."""
        schedule = self._o2c_schedule()
        return self.require_payment or (
            len(schedule) > 1 and schedule[0]["date"] <= fields.Date.context_today(self)
        )

    def _o2c_asked_elsewhere(self):
        """Return what posted invoices of the order ask for, or asked for until they were cancelled: the new one will;
        for its share of their lines, in minor units."""
        asked = 0
        for move in self.invoice_ids.filtered(lambda move: move.state == "posted" and move.move_type == "out_invoice"):
            settled, whole = self._o2c_part_of_invoice(move)
            asked += whole if move.payment_state == "reversed" else whole - settled
        return asked

    def _o2c_under_way(self):
        """Return what payments on their way will bring, in minor units; an announced bank transfer is none."""
        return sum(self._o2c_minor(tx.amount) for tx in self.transaction_ids if tx._o2c_is_coming())

    def _o2c_pay_address(self):
        """Return the path of the order's page, as whoever holds its link opens it, with the payment of today's deposit
        open, if there is one to make."""
        self.ensure_one()
        missing = self._o2c_deposit_missing()
        if missing and self.state == "sale":
            choice = f"&payment_amount={to_major(missing, self.currency_id.decimal_places)}"
        else:
            choice = "&amount_selection=down_payment" if missing else ""
        return self.get_portal_url(query_string=choice)

    def _o2c_pay_request_pdf(self):
        """Return what the PDF shows to get the deposit paid, None when none is missing; see ``o2c.pay.request``."""
        self.ensure_one()
        return self.env["o2c.pay.request"]._for_order(self)
