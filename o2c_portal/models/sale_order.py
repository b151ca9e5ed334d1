"""Adds to sale.order: its stage and what moved it, its payment schedule, and the prepayment it asks for."""

from odoo import api, fields, models
from odoo.tools import format_amount

from ..core import own_limits, stages
from ..core.money import to_major, to_minor

BY_RULE = object()  # a context value no client can send: whoever moves an order over the wire leaves a trace


class SaleOrder(models.Model):
    _inherit = "sale.order"

    o2c_stage_id = fields.Many2one(
        "o2c.order.stage", string="Stage", copy=False, index="btree_not_null", tracking=True, check_company=True,
        ondelete="restrict", group_expand="_o2c_expand_stages",
        domain="[('company_id', 'in', [False, company_id])]",
        help="Where the order stands on its way to the customer. Moved by the stage rules when money arrives.",
    )
    o2c_stage_log_ids = fields.One2many("o2c.stage.log", "order_id", string="Stage history")
    o2c_amount_received = fields.Monetary(
        string="Received", compute="_compute_o2c_amount_received", compute_sudo=True,
        help="What the customer has settled of this order: paid invoices less credit notes, and payments not invoiced "
             "yet.",
    )

    o2c_schedule_html = fields.Html("Payment Schedule", compute="_compute_o2c_schedule_html", sanitize=False)
    o2c_prepay_first = fields.Boolean(
        "Prepay First Instalment",
        compute="_compute_o2c_prepay_first",
        store=True,
        readonly=False,
        precompute=True,
        help="The first instalment of the payment terms is what the customer has to pay online to confirm the order.",
    )
    o2c_prepayment_amount = fields.Monetary("Required Prepayment", compute="_compute_o2c_prepayment_amount")

    @api.model
    def _o2c_expand_stages(self, found, domain):
        """Show every stage of the user's companies as a column, also the empty ones."""
        return found | found.search([("company_id", "in", [False, *self.env.companies.ids])])

    @api.depends("invoice_ids.amount_residual", "invoice_ids.state", "transaction_ids.state")
    def _compute_o2c_amount_received(self):
        for order in self:
            paid = order._o2c_facts().paid
            order.o2c_amount_received = to_major(paid, order.currency_id.decimal_places)

    @api.model_create_multi
    def create(self, vals_list):
        stages_sudo = self.env["o2c.order.stage"].sudo()  # every order starts somewhere, whoever places it
        for vals in vals_list:
            self.env["payment.transaction"]._o2c_guard(self.browse(), vals)
            if "o2c_stage_id" not in vals:
                vals["o2c_stage_id"] = stages_sudo._first(vals.get("company_id") or self.env.company.id).id
        return super().create(vals_list)

    def write(self, vals):
        self.env["payment.transaction"]._o2c_guard(self, vals)
        if "o2c_stage_id" not in vals or self.env.context.get("o2c_stage_by_rule") is BY_RULE:
            return super().write(vals)
        before = {order: order.o2c_stage_id for order in self}
        res = super().write(vals)
        self.env["o2c.stage.log"].sudo().create([  # sudo: the history is written by the system alone
            {
                "order_id": order.id, "action": "hand", "from_stage_id": stage.id, "to_stage_id": order.o2c_stage_id.id,
                "reason": self.env._("Moved by hand by %(user)s", user=self.env.user.name),
            }
            for order, stage in before.items() if stage != order.o2c_stage_id
        ])
        return res

    # What follows from it

    def _o2c_evaluate_stages(self):
        """Fire the stage rules that hold now and take back those that no longer do; doing it twice changes nothing."""
        for order in self.filtered(lambda order: order.state != "cancel"):
            facts = order._o2c_facts()
            rules = order._o2c_rules()
            order._o2c_take(facts, rules, stages.plan(*order._o2c_plan_arguments(rules, self._o2c_ranks(), facts)))

    def _o2c_rules(self):
        return self.env["o2c.stage.rule"].search([("company_id", "in", [False, self.company_id.id])])

    def _o2c_plan_arguments(self, rules, ranks, facts):
        """Return the arguments of :func:`stages.plan` for one order."""
        fired = self.o2c_stage_log_ids.filtered(lambda log: log.action == "rule" and not log.undone)
        return (
            self.o2c_stage_id.id or None,
            ranks,
            [stages.Rule(rule.id, rule.trigger, rule.stage_id.id) for rule in rules],
            [
                stages.Fired(log.id, log.rule_id.id, log.from_stage_id.id or None, log.to_stage_id.id or None,
                             log.from_stage_id != log.to_stage_id)
                for log in fired.sorted("id")
            ],
            facts,
        )

    @api.model
    def _o2c_ranks(self):
        found = self.env["o2c.order.stage"].with_context(active_test=False).search([])
        return {stage.id: rank for rank, stage in enumerate(found)}

    def _o2c_take(self, facts, rules, steps):
        """Log the steps, and move the order to where the last of them leads, with the reasons in its chatter."""
        if not steps:
            return
        reasons = [self._o2c_reason(facts, rules.browse(step.rule_id), step) for step in steps]
        logs = self.env["o2c.stage.log"]
        logs.browse([step.fired_id for step in steps if step.fired_id]).undone = True
        logs.create([
            {
                "order_id": self.id, "rule_id": step.rule_id, "action": "undo" if step.fired_id else "rule",
                "from_stage_id": step.from_id, "to_stage_id": step.to_id, "reason": reason,
            }
            for step, reason in zip(steps, reasons, strict=True)
        ])
        if self.o2c_stage_id.id != (steps[-1].to_id or False):
            self._track_set_log_message("\n".join(reasons))
            self.with_context(o2c_stage_by_rule=BY_RULE).o2c_stage_id = steps[-1].to_id

    def _o2c_reason(self, facts, rule, step):
        """Say in words why a step is taken."""
        words = {
            "paid": format_amount(self.env, to_major(facts.paid, self.currency_id.decimal_places), self.currency_id),
            "total": format_amount(self.env, to_major(facts.total, self.currency_id.decimal_places), self.currency_id),
            "stage": self.env["o2c.order.stage"].browse(step.to_id).name or self.env._("no stage"),
        }
        if step.fired_id:
            if rule.trigger == "fully_paid":
                text = self.env._("No longer fully paid: %(paid)s of %(total)s", **words)
            else:
                text = self.env._("The deposit is no longer there: %(paid)s of %(total)s is paid", **words)
        elif rule.trigger == "fully_paid":
            text = self.env._("Fully paid: %(paid)s of %(total)s", **words)
        else:
            text = self.env._("Deposit paid: %(paid)s of %(total)s", **words)
        if not step.moves:
            text = self.env._("%(reason)s; the order stays in %(stage)s", reason=text, stage=words["stage"])
        return text

    # The schedule and the prepayment

    @api.depends("company_id")
    def _compute_o2c_prepay_first(self):
        for order in self:
            order.o2c_prepay_first = order.company_id.o2c_prepay_first

    @api.depends(
        "o2c_prepay_first", "require_payment", "prepayment_percent", "payment_term_id", "amount_total", "currency_id",
    )
    def _compute_o2c_prepayment_amount(self):
        for order in self:
            order.o2c_prepayment_amount = order._get_prepayment_required_amount()

    @api.depends("payment_term_id", "amount_total", "amount_tax", "currency_id", "date_order", "state", "company_id")
    @api.depends_context("lang", "tz")
    def _compute_o2c_schedule_html(self):
        for order in self:
            schedule = order._o2c_schedule()
            order.o2c_schedule_html = schedule and self.env["ir.qweb"]._render(
                "o2c_portal.order_schedule", {"order": order, "schedule": schedule},
            )

    def _o2c_schedule(self):
        """Return the instalments of an invoice over the whole order, by date, as dicts ``number, count, date, amount``.

        Amounts are floats in the currency of the order and sum to its total. The list is empty when the order has no
        payment terms or nothing to pay.
        """
        self.ensure_one()
        if not self.payment_term_id or self.currency_id.is_zero(self.amount_total):
            return []
        lines = self.payment_term_id._compute_terms(
            date_ref=self._o2c_schedule_date(),
            currency=self.currency_id,
            company=self.company_id,
            # only the order's own currency matters here, so the company's amounts need no rate
            tax_amount=self.amount_tax,
            tax_amount_currency=self.amount_tax,
            untaxed_amount=self.amount_untaxed,
            untaxed_amount_currency=self.amount_untaxed,
            sign=1 if self.amount_total > 0 else -1,
        )["line_ids"]
        lines = [line for line in lines if not self.currency_id.is_zero(line["foreign_amount"])]
        return [
            {
                "number": number,
                "count": len(lines),
                "date": line["date"],
                "amount": self.currency_id.round(line["foreign_amount"]),
            }
            for number, line in enumerate(sorted(lines, key=lambda line: line["date"]), start=1)
        ]

    def _o2c_schedule_date(self):
        """Return the day the schedule counts from: that of the order, and not before today while it is a quotation."""
        day = fields.Date.context_today(self, self.date_order) if self.date_order else fields.Date.context_today(self)
        return max(day, fields.Date.context_today(self)) if self.state in ("draft", "sent") else day

    def _o2c_customer_schedule(self):
        """Return the schedule to show the customer: several instalments, wanted on documents, not yet invoiced."""
        if not self.payment_term_id.display_on_invoice or self.invoice_status == "invoiced" or self.state == "cancel":
            return []
        schedule = self._o2c_schedule()
        return schedule if len(schedule) > 1 else []

    def _get_prepayment_required_amount(self):
        """Ask for the first of several instalments where the order says so, else for Odoo's percentage."""
        self.ensure_one()
        if self.require_payment and self.o2c_prepay_first and self.amount_total > 0:
            schedule = self._o2c_schedule()
            if len(schedule) > 1:
                return schedule[0]["amount"]
        return super()._get_prepayment_required_amount()

    def _o2c_prepayment_share(self):
        """Return the required prepayment as a share of the total (0 to 1, four decimals), for Odoo's own pages."""
        self.ensure_one()
        if not self.o2c_prepay_first or self.currency_id.is_zero(self.amount_total):
            return self.prepayment_percent
        return round(self._get_prepayment_required_amount() / self.amount_total, 4)

    # The customer's own limits

    def _o2c_own_limit_warnings(self, user):
        """Return sentences for a customer who is about to accept an order that takes it over limits it has set for
        itself. Nothing follows from them. Only who sees the customer's account is told figures.

        Needs access to due items.
        """
        self.ensure_one()
        if not (self._has_to_be_signed() or self._has_to_be_paid()):
            return []
        customer, company = self.partner_invoice_id.commercial_partner_id, self.company_id
        currency = company.currency_id
        limit = customer._o2c_own_limit(currency)
        if not limit.is_set:
            return []
        total = self.currency_id._convert(self.amount_total, currency, company, fields.Date.context_today(self))
        used = customer._o2c_own_use(company, currency)[customer.id]
        use = own_limits.with_order(used, to_minor(total, currency.decimal_places))
        exceeded = own_limits.exceeded(limit, use)
        if exceeded and not customer._o2c_is_account_of(user):
            return [self.env._("This order is above a limit that your company has set for itself.")]
        sentences = {
            "balance": self.env._(
                "With this order you owe %(owed)s. Your own limit is %(limit)s.",
                owed=format_amount(self.env, to_major(use.balance, currency.decimal_places), currency),
                limit=format_amount(self.env, to_major(limit.balance, currency.decimal_places), currency),
            ),
            "invoices": self.env._(
                "With this order you have %(count)s open invoices. Your own limit is %(limit)s.",
                count=use.invoices, limit=limit.invoices,
            ),
        }
        return [sentences[name] for name in exceeded]
