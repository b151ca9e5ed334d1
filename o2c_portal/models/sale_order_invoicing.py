"""Adds to sale.order: what automatic invoicing knows of it, and why it is or is not invoiced."""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ..core import invoicing

OPEN_LINE = {  # what makes an order worth a look, per policy; the decision itself is core/invoicing.py
    "confirmation": "line.product_uom_qty > COALESCE(line.qty_invoiced, 0)",
    "deposit": "line.product_uom_qty > COALESCE(line.qty_invoiced, 0)",
    "delivery": "line.qty_to_invoice > 0 AND line.qty_delivered > COALESCE(line.qty_invoiced, 0)",
    "schedule": "line.qty_to_invoice > 0",
}


class SaleOrder(models.Model):
    _inherit = "sale.order"  # pylint: disable=consider-merging-classes-inherited  # by concern

    o2c_invoicing_why = fields.Char(
        "Automatic Invoice", compute="_compute_o2c_invoicing_why", compute_sudo=True, groups="base.group_user",
        help="When this order is invoiced without a person, who chose that, and what it waits for.",
    )

    @api.depends(
        "state", "order_line.qty_to_invoice", "order_line.qty_delivered", "order_line.qty_invoiced", "partner_id",
    )
    @api.depends_context("lang")
    def _compute_o2c_invoicing_why(self):
        for order in self:
            order.o2c_invoicing_why = order.partner_id and order._o2c_invoicing_text()

    def _o2c_today(self, company):
        """Return the company's own day."""
        return fields.Date.context_today(self.with_context(tz=company.partner_id.tz or "UTC"))

    @api.model
    def _o2c_to_invoice(self, company, policy, days=()):
        """Return the orders a policy may want to invoice now, as one :class:`Query` over stored columns.

        :param days: for monthly invoices, the days of the month that are to be looked at
        """
        domain = Domain([
            ("state", "=", "sale"), ("company_id", "=", company.id),
            ("date_order", ">=", company.o2c_invoicing_since),
        ]) & self.env["res.partner"]._o2c_invoicing_domain(company, policy, days)
        if policy not in invoicing.WHOLE_ORDER:
            domain &= Domain("invoice_status", "=", "to invoice")
        self.env.flush_all()
        query = self._search(domain, order="id")
        query.add_where(SQL(
            """EXISTS (SELECT 1 FROM sale_order_line line
                        WHERE line.order_id = sale_order.id AND line.display_type IS NULL
                          AND line.is_downpayment IS NOT TRUE AND %s)""",
            SQL(OPEN_LINE[policy]),  # pylint: disable=sql-injection
        ))
        if policy == "deposit":
            query.add_where(self._o2c_has_money())
        return query

    @api.model
    def _o2c_has_money(self):
        """Return the condition that something was paid, online or on an invoice: only then a deposit can be there."""
        return SQL(
            """(EXISTS (SELECT 1 FROM sale_order_transaction_rel rel
                          JOIN payment_transaction tx ON tx.id = rel.transaction_id
                         WHERE rel.sale_order_id = sale_order.id AND tx.state = 'done')
             OR EXISTS (SELECT 1 FROM sale_order_line line
                          JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = line.id
                          JOIN account_move_line item ON item.id = rel.invoice_line_id
                          JOIN account_move move ON move.id = item.move_id
                         WHERE line.order_id = sale_order.id AND move.state = 'posted'
                           AND move.payment_state IN ('partial', 'in_payment', 'paid')))"""
        )

    def _o2c_invoicing_facts(self, policy, day_reached=False):
        """Return the :class:`invoicing.Facts` of one order; needs access to invoices and transactions.

        :param bool day_reached: the day of its monthly invoice has come
        """
        self.ensure_one()
        lines = self.order_line.filtered(lambda line: not line.display_type and not line.is_downpayment)
        since = self.company_id.o2c_invoicing_since
        return invoicing.Facts(
            confirmed=self.state == "sale",
            lines=tuple(
                invoicing.Line(line.product_uom_qty, line.qty_delivered, line.qty_invoiced, line.qty_to_invoice)
                for line in lines
            ),
            older=bool(since and self.date_order and self.date_order.date() < since),
            draft=any(move.state == "draft" for move in self.invoice_ids),
            deposit_paid=policy == "deposit" and self._o2c_facts().deposit_paid,
            day=day_reached,
        )

    # In words

    def _o2c_invoicing_text(self):
        """Say when the order is invoiced by itself, who chose that, and what it waits for."""
        customer = self.partner_id.commercial_partner_id
        policy, day, _source = customer._o2c_invoicing_of(self.company_id)[customer.id]
        verdict = invoicing.decide(policy, self._o2c_invoicing_facts(policy))
        return " ".join(filter(None, [
            self._o2c_policy_text(), policy != "manual" and self._o2c_verdict_text(verdict, day),
        ]))

    def _o2c_policy_text(self):
        return self.partner_id.commercial_partner_id.with_company(self.company_id).o2c_invoicing_why

    def _o2c_verdict_text(self, verdict, day):
        """Return a verdict as a sentence."""
        def upcoming():
            return format_date(self.env, invoicing.next_day(day, self._o2c_today(self.company_id)))

        return {
            "due": lambda: self.env._("It is invoiced within minutes."),
            "manual": lambda: self.env._("It is invoiced by hand."),
            "unconfirmed": lambda: self.env._("The order is not confirmed."),
            "older": lambda: self.env._("The order is older than automatic invoicing."),
            "draft": lambda: self.env._("A draft invoice of the order has to be posted or deleted first."),
            "nothing_left": lambda: self.env._("Nothing is left to invoice."),
            "undelivered": lambda: self.env._("Nothing was delivered that is not invoiced yet."),
            "over_invoiced": lambda: self.env._(
                "More was invoiced than delivered or ordered: a credit note is for you to decide."
            ),
            "no_deposit": lambda: self.env._("The deposit is not paid yet."),
            "day": lambda: self.env._("It is invoiced on %(day)s.", day=upcoming()),
        }[verdict]()
