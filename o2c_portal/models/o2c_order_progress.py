"""The orders of a customer: how far each has come, and which payment would move it on."""

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import format_amount, format_date

from ..core import progress, stages
from ..core.money import to_major

SHIPPED = {"pending": "none", "started": "part", "partial": "part", "full": "full"}


class O2cOrderProgress(models.AbstractModel):
    """Customers have no access to stages, rules and transactions, so everything here works with elevated rights and
    within a ``Scope``."""

    _name = "o2c.order.progress"
    _description = "Progress of a customer's orders"

    @api.model
    def _domain(self, scope):
        """Return the domain of the orders in a scope: those the portal shows, confirmed ones."""
        partner = Domain("partner_id", "=", scope.contact.id) if scope.own_only else (
            Domain("partner_id", "child_of", scope.partner.id)
            & Domain("partner_id.commercial_partner_id", "=", scope.partner.id)
        )
        return partner & Domain("company_id", "in", scope.company_ids) & Domain("state", "=", "sale")

    @api.model
    def _rows(self, scope, offset, limit):
        """Return ``(rows, count)``: one page of orders, newest first, and how many there are.

        The number of queries is the same for any number of orders.
        """
        orders_sudo, domain = self.env["sale.order"].sudo(), self._domain(scope)
        orders = orders_sudo.search(domain, order="date_order DESC, id DESC", offset=offset, limit=limit)
        self._read_ahead(orders)
        ranks = orders._o2c_ranks()
        rules = self.env["o2c.stage.rule"].sudo().search([("company_id", "in", [False, *scope.company_ids])])
        first = next(iter(ranks), None)
        return [self._row(order, rules, ranks, first) for order in orders], orders_sudo.search_count(domain)

    def _read_ahead(self, orders):
        """Read what the facts of each order are made of, for all orders at once."""
        invoices = orders.invoice_ids
        invoices.invoice_line_ids.sale_line_ids.mapped("order_id")
        invoices.line_ids.mapped("display_type")
        invoices.reversed_entry_id.mapped("payment_state")
        transactions = orders.transaction_ids | invoices.transaction_ids
        transactions |= transactions.child_transaction_ids | transactions.source_transaction_id
        transactions.invoice_ids.mapped("state")
        transactions.payment_id.move_id.line_ids.account_id.mapped("account_type")
        orders.o2c_stage_log_ids.mapped("rule_id")
        orders.payment_term_id.line_ids.mapped("value")

    def _row(self, order, rules, ranks, first):
        facts = order._o2c_facts()
        rules = rules.filtered(lambda rule: rule.company_id <= order.company_id)
        stage = order.o2c_stage_id.with_context(lang=self.env.lang)
        own_stage = stage and stage.id != first and stage not in rules.stage_id
        line = progress.line(progress.Standing(
            facts, bool(own_stage), self._shipped(order), order.invoice_status == "invoiced",
        ))
        return {
            "name": order.name,
            "date": format_date(self.env, order.date_order),
            "address": f"/my/orders/{order.id}",
            "total": format_amount(self.env, order.amount_total, order.currency_id),
            "reference": order.client_order_ref or "",
            "marks": line,
            "stage": stage.name or "",
            **self._next(order, stages.next_payment(*order._o2c_plan_arguments(rules, ranks, facts))),
        }

    def _shipped(self, order):
        """Return what the delivery orders say, where Odoo's delivery module is installed."""
        return SHIPPED.get(order.delivery_status) if "delivery_status" in order._fields else None

    def _next(self, order, step):
        """Return the payment that would move the order on, and where it is made: on its invoice once there is one."""
        if step is None:
            return {"next_amount": "", "next_stage": "", "pay_address": ""}
        amount = to_major(step.amount, order.currency_id.decimal_places)
        invoiced = order.invoice_ids.filtered(lambda move: move.state == "posted" and move.amount_residual > 0)
        address = f"/my/orders/{order.id}?payment_amount={amount}#portal_pay"
        return {
            "next_amount": format_amount(self.env, amount, order.currency_id),
            "next_stage": self.env["o2c.order.stage"].sudo().browse(step.stage_id).name,
            "pay_address": f"/my/invoices/{invoiced[0].id}" if invoiced else address,
        }
