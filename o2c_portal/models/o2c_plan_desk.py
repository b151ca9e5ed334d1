"""What customers agree on by themselves: plans and promises for their own invoices, inside their payment policy."""

from datetime import timedelta
from urllib.parse import urlencode

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date, format_list, formatLang
from odoo.tools.misc import format_amount

from ..core import instalments, plans, risk
from ..core.money import to_major, to_minor
from ..core.selection import MAX_ITEMS, Selection

CONSENT_VERSION = "2026-1"
TWELVE_MONTHS = 365
RUNNING = ("proposed", "active")


class O2cPlanDesk(models.AbstractModel):
    """Works with elevated rights on documents of a ``Scope``: who may see the account may agree on its invoices."""

    _name = "o2c.plan.desk"
    _description = "Desk for plans and promises"

    # === WHAT A VISITOR MAY SEE === #

    @api.model
    def _plan_domain(self, scope):
        """Return the domain of the plans in a scope; who sees own documents only sees plans over these only."""
        domain = Domain("partner_id", "=", scope.partner.id) & Domain("company_id", "in", scope.company_ids) & Domain(
            "state", "!=", "draft"
        )
        if scope.own_only:
            others = Domain("item_ids", "any", [("move_id.partner_id", "!=", scope.contact.id)])
            domain &= ~others
        return domain

    @api.model
    def _find(self, scope, plan_id):
        """Return a plan of the scope, empty when there is no such plan."""
        return self.env["o2c.payment.plan"].search(self._plan_domain(scope) & Domain("id", "=", plan_id))

    @api.model
    def _moves(self, scope, move_ids):
        """Return the invoices with these ids; empty unless all of them are in the scope and can be agreed on."""
        moves = self.env["account.move"].search(
            self.env["o2c.account"]._move_domain(scope)
            & Domain("id", "in", move_ids) & Domain("move_type", "in", ("out_invoice", "out_receipt")),
        )
        return moves if len(moves) == len(set(move_ids)) else moves.browse()

    @api.model
    def _open_moves(self, scope):
        """Return the invoices of the scope something is open on that nothing is agreed on, by due date."""
        due = self.env["o2c.due.item"].search(
            self.env["o2c.account"]._due_domain(scope)
            & Domain("kind", "=", "instalment") & Domain("plan_id", "=", False) & Domain("promised_on", "=", False)
            & Domain("under_way", "=", False),
            limit=500,
        )
        return due.move_id

    # === WHAT THE POLICY ALLOWS === #

    @api.model
    def _limits(self, partner, company, currency):
        """Return ``(PlanLimits, PromiseLimits)`` of a customer, amounts in minor units of the currency."""
        policy = self.env["o2c.payment.policy"]._policy_of(partner, company)
        rules = policy._rules(currency, company)
        return rules.plans, rules.promises

    @api.model
    def _band(self, partner, company):
        """Return the ``core.risk.Band`` of a customer today."""
        today = fields.Date.context_today(self)
        oldest = self.env["o2c.due.item"].search([
            ("partner_id", "=", partner.id), ("company_id", "=", company.id), ("residual", ">", 0),
        ], order="date_due", limit=1)
        broken = self.env["o2c.payment.plan"].search_count([
            ("partner_id", "=", partner.id), ("company_id", "=", company.id), ("state", "=", "broken"),
            ("ended_on", ">", today - timedelta(days=TWELVE_MONTHS)),
        ])
        days_late = max(0, (today - oldest.date_due).days) if oldest else 0
        return risk.band(risk.Facts(days_late=days_late, broken_promises=broken))

    @api.model
    def _open_minor(self, moves):
        return sum(item.open_minor for item in self.env["o2c.payment.plan"]._open_items(moves))

    @api.model
    def _judge(self, moves, proposal):
        """Answer a proposal for all that is open on some invoices of one customer; see ``core.plans.judge``."""
        partner, company = moves.commercial_partner_id, moves.company_id
        limits, _promises = self._limits(partner, company, moves.currency_id)
        return plans.judge(
            proposal, self._open_minor(moves), limits, self._band(partner, company), fields.Date.context_today(self),
        )

    @api.model
    def _judge_promise(self, moves, amount_minor, day):
        """Answer a promise; see ``core.plans.judge_promise``."""
        partner, company = moves.commercial_partner_id, moves.company_id
        _plans, limits = self._limits(partner, company, moves.currency_id)
        count = self.env["o2c.payment.plan"].search_count([
            ("partner_id", "=", partner.id), ("company_id", "=", company.id),
            ("kind", "=", "promise"), ("state", "=", "active"),
        ])
        return plans.judge_promise(amount_minor, day, limits, count, fields.Date.context_today(self))

    @api.model
    def _waiting(self, moves):
        """Return what already waits for an answer, ours or theirs, on some of the invoices."""
        return moves._o2c_plans(["proposed"])

    # === AGREEING === #

    @api.model
    def _agree(self, moves, proposal, consent):
        """Put a plan for all that is open into force.

        :raises PlanImpossible: if what is open changed meanwhile
        """
        plan = self._draft(moves, proposal, consent)
        plan._activate()
        return plan

    @api.model
    def _ask_clerk(self, moves, proposal, consent, why):
        """Send a proposal to whoever minds the customer."""
        plan = self._draft(moves, proposal, consent)
        reason = {
            "band": self.env._("The customer pays late: the policy asks for a decision."),
            "amount": self.env._("The amount is above what the policy lets customers agree on themselves."),
            "limits": self.env._("The policy allows no plan like this."),
        }[why]
        plan._enter("proposed", reason)
        plan._task(self.env._("%(customer)s proposes a plan", customer=plan.partner_id.display_name), reason)
        return plan

    @api.model
    def _draft(self, moves, proposal, consent):
        items = self.env["o2c.payment.plan"]._open_items(moves)
        return self.env["o2c.payment.plan"]._prepare(items, proposal, proposed_by="customer", **consent)

    @api.model
    def _promise(self, moves, day, amount_minor, consent):
        """Record a promise for what is open.

        :raises PlanImpossible: if what is open changed meanwhile
        """
        items = self.env["o2c.payment.plan"]._open_items(moves)
        return self.env["o2c.payment.plan"]._promise(items, day, amount_minor, proposed_by="customer", **consent)

    @api.model
    def _consent(self, contact, user, address, text):
        """Return the values that record who agreed to what, when and from where."""
        return {
            "consent_partner_id": contact.id,
            "consent_user_id": user.id,
            "consent_at": fields.Datetime.now(),
            "consent_ip": address,
            "consent_version": CONSENT_VERSION,
            "consent_text": text,
        }

    @api.model
    def _plan_text(self, grace_days):
        """Return what a customer agrees to with a plan."""
        return self.env._(
            "I will pay these amounts by these dates. If a payment is more than %(days)s days late, the plan ends, and "
            "the invoices are due by their own dates again.", days=grace_days,
        )

    @api.model
    def _promise_text(self, currency, amount_minor, day):
        return self.env._(
            "I will pay %(amount)s by %(date)s.",
            amount=self._money(currency, amount_minor), date=self._day(day),
        )

    # === PAYING === #

    @api.model
    def _next_payment(self, plan):
        """Return the ``core.selection.Selection`` of what a plan or promise asks for next: what is due of it, else its
        next payment; without ids when nothing of that can be paid now."""
        basket = self.env["o2c.basket"]
        if plan.kind == "promise":
            known = basket._instalments(plan.item_ids.filtered("left").move_line_id)
            chosen = list(known.items())
        else:
            due = self.env["o2c.due.item"].search([("plan_id", "=", plan.id), ("plan_line_id", "!=", False)])
            known = basket._asked(due, basket._instalments(due.move_line_id))
            now = set(instalments.due_now(list(known.values()), fields.Date.context_today(self)))
            chosen = [(due_id, item) for due_id, item in known.items() if item in now]
        good = set(basket._of_payable_documents(item for _due_id, item in chosen))
        ids = tuple(due_id for due_id, item in chosen if item.payable and item in good)[:MAX_ITEMS]
        return Selection(
            group=(plan.company_id.id, plan.currency_id.id), choice="selected", ids=ids,
            amounts=self._promised_amounts(plan, known) if plan.kind == "promise" else {},
        )

    def _promised_amounts(self, promise, items):
        """Return ``{journal item id: amount}`` as one would type it, where less of an item was promised than is open
        and the policy lets the customer pay parts."""
        policy = self.env["o2c.payment.policy"]._policy_of(promise.partner_id, promise.company_id)
        digits, page = promise.currency_id.decimal_places, self.env["o2c.basket.page"]
        left = {item.move_line_id.id: to_minor(item.left, digits) for item in promise.item_ids}
        return {
            line_id: page._plain(promise.currency_id, left[line_id]) for line_id, item in items.items()
            if policy.mode == "part" and left[line_id] < item.open_minor
        }

    @api.model
    def _pay_address(self, plan):
        """Return where the customer checks and pays what an agreement asks for next, empty when nothing can be paid."""
        chosen = self._next_payment(plan) if plan.state == "active" else Selection()
        return f"/my/billing/review?{urlencode(chosen.pairs())}" if chosen.ids else ""

    # === WORDS === #

    @api.model
    def _case(self, moves):
        """Return what is to be agreed on, in words."""
        items = self.env["o2c.payment.plan"]._open_items(moves)
        currency = moves.currency_id
        return {
            "names": format_list(self.env, moves.mapped("name")),
            "count": len(moves),
            "open_minor": sum(item.open_minor for item in items),
            "open": self._money(currency, sum(item.open_minor for item in items)),
            "open_typed": formatLang(
                self.env, to_major(sum(item.open_minor for item in items), currency.decimal_places),
                digits=currency.decimal_places,
            ),
            "promised": any(item.promised_on for item in items),
            "currency": currency.name,
            "decimals": currency.decimal_places,
        }

    @api.model
    def _payments(self, currency, proposal):
        """Return the payments of a proposal in words."""
        return [
            {"number": number, "date": self._day(payment.date), "amount": self._money(currency, payment.amount)}
            for number, payment in enumerate(proposal, start=1)
        ]

    @api.model
    def _entry(self, plan):
        """Return a plan in words, as lists show it."""
        return {
            "id": plan.id,
            "name": plan.name,
            "kind": plan.kind,
            "state": plan.state,
            "ours": plan.proposed_by == "staff",
            "documents": format_list(self.env, plan.move_ids.mapped("name")[:3]),
            "more": max(0, len(plan.move_ids) - 3),
            "total": format_amount(self.env, plan.total, plan.currency_id),
            "paid": format_amount(self.env, plan.paid, plan.currency_id),
            "left": format_amount(self.env, plan.left, plan.currency_id),
            "percent": int(plan.progress),
            "next_date": self._day(plan.next_date) if plan.next_date else "",
            "next_amount": format_amount(self.env, plan.next_amount, plan.currency_id),
            "late": bool(plan.next_date and plan.next_date < fields.Date.context_today(self)),
        }

    @api.model
    def _details(self, plan):
        """Return all a customer may know of a plan."""
        return {
            **self._entry(plan),
            "pay": self._pay_address(plan),
            "rows": [
                {
                    "number": line.number, "of": len(plan.line_ids), "due": self._day(line.date),
                    "amount": format_amount(self.env, line.amount, plan.currency_id),
                    "open": format_amount(self.env, line.left, plan.currency_id),
                    "partly": 0 < line.left < line.amount, "pays": "", "state": line.status,
                }
                for line in plan.line_ids.sorted("date")
            ],
            "items": [
                {
                    "name": item.name, "move_id": item.move_id.id,
                    "covered": format_amount(self.env, item.covered, plan.currency_id),
                }
                for item in plan.item_ids
            ],
            "reason": plan.reason if plan.state in ("broken", "kept") else "",
            "agreed_on": self._day(fields.Datetime.context_timestamp(self, plan.consent_at)) if plan.consent_at else "",
            "agreed_by": plan.consent_partner_id.name,
            "text": plan.consent_text or self._plan_text(plan.grace_days),
        }

    @api.model
    def _money(self, currency, minor):
        return format_amount(self.env, to_major(minor, currency.decimal_places), currency)

    @api.model
    def _day(self, day):
        return format_date(self.env, day, date_format="medium")
