"""What a customer may do, chosen in one place and explained in words."""

from dataclasses import replace

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError
from odoo.tools.misc import format_amount, format_date

from ..core import money, policy, risk

BUILT_IN = "o2c_portal.payment_policy_built_in"
MODES = [
    ("full", "The whole invoice at once"),
    ("instalments", "Whole instalments, one after the other"),
    ("items", "Whole instalments, freely chosen"),
    ("part", "Any part of what is open"),
]
BANDS = [("good", "Good"), ("fair", "Fair"), ("poor", "Poor")]


class O2cPaymentPolicy(models.Model):
    _name = "o2c.payment.policy"
    _description = "Payment Policy"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True, help="An archived policy is not applied; the next one in order is.")
    sequence = fields.Integer(
        default=10, help="Of a customer with several tags that name a policy, the one that is first here applies."
    )
    company_id = fields.Many2one(
        "res.company", help="Only this company and its branches may use the policy; empty for all companies."
    )
    currency_id = fields.Many2one(
        "res.currency", required=True, default=lambda self: self.env.company.currency_id,
        help="The currency of all amounts below. Payments in other currencies are compared at the rate of the day.",
    )

    # Amounts
    mode = fields.Selection(
        MODES, "Customers Pay", default="part", required=True,
        help="Paying everything that is open of an invoice is always possible. An amount less a granted early payment "
             "discount counts as in full.",
    )
    minimum_kind = fields.Selection([
        ("none", "No minimum"),
        ("amount", "An amount"),
        ("percent", "A share of what is open"),
        ("overdue", "What is overdue"),
    ], "At Least", default="none", required=True,
        help="The smallest part of the invoices a payment touches. Never more than what is due on them now: up to "
             "today, else the next instalment.",
    )
    minimum_amount = fields.Monetary("Smallest Amount")
    minimum_percent = fields.Float("Smallest Share", help="Of what is open of the invoices a payment touches.")
    order = fields.Selection([
        ("oldest", "The oldest due date first"),
        ("payer", "As the payer says"),
    ], "Parts Are Applied To", default="oldest", required=True,
        help="Oldest first: among the instalments a payer chooses, only the last one may be paid in part.",
    )
    on_account = fields.Boolean(
        "Payment on Account", help="Customers may pay ahead, without a document; the money is credit on their account."
    )
    method_ids = fields.One2many("o2c.payment.policy.method", "policy_id", "Payment Methods", copy=True)

    # Documents
    documents = fields.Selection([
        ("all", "All documents of their company"),
        ("own", "Only documents addressed to them"),
    ], "Contacts See", default="all", required=True,
        help="What the contacts of a customer see on its account. The customer's own login always sees all.",
    )

    # Promises and plans
    promise_max_days = fields.Integer(
        "Promise at Most", default=14, help="How many days ahead a customer may promise to pay; 0 for no promises.",
    )
    promise_max_open = fields.Integer(
        "Open Promises at Most", default=1, help="How many promises of a customer may be open at a time.",
    )
    plan_max_parts = fields.Integer(
        "Parts at Most", default=3, help="In how many parts a customer may agree to pay; 0 for no plans.",
    )
    plan_max_days = fields.Integer("Longest Plan", default=90, help="Days from today to the last part of a plan.")
    plan_first_percent = fields.Float(
        "First Part at Least", default=25.0, help="Share of the whole plan that is paid with its first part.",
    )
    plan_smallest_amount = fields.Monetary("Smallest Part", default=50.0)
    plan_worst_band = fields.Selection(
        BANDS, "Up to Risk Band", default="fair", required=True,
        help="Customers in a worse band ask a clerk. Good: nothing open is late by 15 days or more and no promise was "
             "broken in twelve months. Poor: late by 61 days or more, or two broken promises. Fair: all others.",
    )
    plan_approval_amount = fields.Monetary(
        "Approval Above", default=5000.0, help="A clerk approves plans over more than this; 0 to approve none.",
    )

    # Where it applies
    category_ids = fields.One2many("res.partner.category", "o2c_policy_id", "Customer Tags")
    summary = fields.Text(compute="_compute_summary", help="What the policy says about amounts, in words.")

    # === CRUD === #

    def write(self, vals):
        self.env.registry.clear_cache()  # of ``_own_rules``
        return super().write(vals)

    # === CONSTRAINTS === #

    @api.constrains(
        "minimum_kind", "minimum_amount", "minimum_percent", "plan_first_percent", "promise_max_days",
        "promise_max_open", "plan_max_days", "plan_max_parts", "plan_smallest_amount", "plan_approval_amount",
    )
    def _check_limits(self):
        for record in self:
            for name in (
                "minimum_amount", "promise_max_days", "promise_max_open", "plan_max_days", "plan_max_parts",
                "plan_smallest_amount", "plan_approval_amount",
            ):
                record._check_range(name, 0)
            record._check_range("plan_first_percent", 0, 100)
            if record.minimum_kind == "percent":
                record._check_range("minimum_percent", 0.01, 100)
            if record.minimum_kind == "amount" and record.currency_id.compare_amounts(record.minimum_amount, 0) <= 0:
                raise ValidationError(self.env._(
                    "The policy %(name)s asks for a smallest amount, but it is %(amount)s. Enter a positive amount, or "
                    "choose No minimum.",
                    name=record.name, amount=format_amount(self.env, record.minimum_amount, record.currency_id),
                ))

    def _check_range(self, name, least, most=None):
        value, label = self[name], self._fields[name]._description_string(self.env)
        if value < least or most is not None and value > most:
            raise ValidationError(self.env._(
                "%(field)s of the policy %(name)s is %(value)s. It must be at least %(least)s%(upto)s: please change "
                "it.",
                field=label, name=self.name, value=value, least=least,
                upto=self.env._(" and at most %(most)s", most=most) if most is not None else "",
            ))

    @api.constrains("active")
    def _check_built_in_is_active(self):
        built_in = self.env.ref(BUILT_IN, raise_if_not_found=False)  # it is being created while the addon is installed
        if built_in and not built_in.active:
            raise ValidationError(self.env._(
                "The built-in policy applies where nobody chose another one, so it cannot be archived. Change what it "
                "says, or choose another default under Settings → Order to Cash."
            ))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_built_in(self):
        if self._built_in() in self:
            raise UserError(self.env._(
                "The built-in policy applies where nobody chose another one, so it cannot be deleted. Change what it "
                "says, or choose another default under Settings → Order to Cash."
            ))

    # === WHAT IT SAYS === #

    def _rules(self, currency, company):
        """Return the ``core.policy.Policy`` for payments in a currency."""
        self.ensure_one()
        currency_id, rules = self._own_rules()
        if currency_id == currency.id:
            return rules
        plans = replace(
            rules.plans,
            smallest_minor=self._minor(self.plan_smallest_amount, currency, company),
            approval_above_minor=self._minor(self.plan_approval_amount, currency, company) or None,
        )
        return replace(rules, minimum_minor=self._minor(self.minimum_amount, currency, company), plans=plans)

    @tools.ormcache("self.id")
    def _own_rules(self):
        """Return ``(id of its currency, core.policy.Policy in it)``: asked with every payment, changed once a year."""
        own, nobody = self.currency_id, self.env["res.company"]  # no rate is asked for
        return own.id, policy.Policy(
            mode=self.mode,
            minimum_kind=self.minimum_kind,
            minimum_minor=self._minor(self.minimum_amount, own, nobody),
            minimum_percent=self.minimum_percent,
            order=self.order,
            on_account=self.on_account,
            promises=policy.PromiseLimits(self.promise_max_days, self.promise_max_open),
            plans=policy.PlanLimits(
                max_days=self.plan_max_days,
                first_percent=self.plan_first_percent,
                max_parts=self.plan_max_parts,
                smallest_minor=self._minor(self.plan_smallest_amount, own, nobody),
                worst_band=self.plan_worst_band,
                approval_above_minor=self._minor(self.plan_approval_amount, own, nobody) or None,
            ),
        )

    @tools.ormcache("self.id")
    def _method_line_ids(self):
        """Return the ids of the lines about methods, in order."""
        return tuple(self.method_ids.ids)

    def _hidden_methods(self, partner, company, currency, amount):
        """Return what a customer is not offered for an amount (major units), as ``core.policy.hidden`` does."""
        lines = self.env["o2c.payment.policy.method"].browse(self._method_line_ids())
        if not lines:
            return {}
        rules = [line._rule(currency, company) for line in lines]
        tags = partner.sudo().commercial_partner_id.category_id  # the policy asks, the payer does not see them
        return policy.hidden(rules, money.to_minor(amount, currency.decimal_places), currency.id, tags.ids)

    def _minor(self, amount, currency, company):
        if amount and self.currency_id != currency:
            amount = self.currency_id._convert(amount, currency, company, fields.Date.context_today(self))
        return money.to_minor(amount, currency.decimal_places)

    @api.model
    def _in_words(self, violation, currency):
        """Return the sentence that tells a payer why a payment is not allowed and what is."""
        params = violation.params
        amount = format_amount(self.env, money.to_major(params.get("minor", 0), currency.decimal_places), currency)
        day = ""
        if params.get("line_id"):
            line_sudo = self.env["account.move.line"].sudo().browse(params["line_id"])  # of the payer's own document
            day = format_date(self.env, line_sudo.date_maturity or line_sudo.date, date_format="medium")
        return {
            "amount": self.env._("The amount must be positive and no more than what is open."),
            "on_account": self.env._("Payments without a document are not possible. Please choose what to pay."),
            "full": self.env._("Only the whole amount of %(amount)s can be paid.", amount=amount),
            "whole": self.env._("The instalment due on %(day)s can only be paid as a whole.", day=day),
            "earlier": self.env._(
                "Please pay the instalment due on %(day)s first, or together with later ones.", day=day,
            ),
            "one_part": self.env._(
                "Only the last of the chosen instalments can be paid in part, not the one due on %(day)s.", day=day,
            ),
            "minimum": self.env._("The smallest amount you can pay is %(amount)s.", amount=amount),
        }[violation.code]

    @api.model
    def _band_in_words(self, facts):
        """Return ``(band, why)`` of ``core.risk.Facts``; the reason is a sentence a customer may read."""
        parts = {
            "late": self.env._("the oldest open item is %(days)s days late", days=facts.days_late),
            "promises": self.env._("promises broken in the last twelve months: %(number)s",
                                   number=facts.broken_promises),
        }
        found = [parts[reason] for reason in risk.reasons(facts)]
        return risk.band(facts), "; ".join(found) or self.env._("nothing is late for long and no promise was broken")

    @api.depends("mode", "minimum_kind", "minimum_amount", "minimum_percent", "order", "on_account", "currency_id")
    @api.depends_context("lang")
    def _compute_summary(self):
        for record in self:
            record.summary = record._summarised()

    def _summarised(self):
        amount = format_amount(self.env, self.minimum_amount, self.currency_id) if self.currency_id else ""
        text = {
            "full": self.env._("Invoices are paid as a whole."),
            "instalments": self.env._("Instalments are paid as a whole, the oldest of an invoice first."),
            "items": self.env._("Instalments are paid as a whole, in any order."),
            "part": {
                "none": self.env._("Any part can be paid."),
                "amount": self.env._("Any part from %(amount)s can be paid.", amount=amount),
                "percent": self.env._(
                    "Any part from %(percent)g %% of what is open can be paid.", percent=self.minimum_percent,
                ),
                "overdue": self.env._("Any part can be paid that covers what is overdue."),
            }.get(self.minimum_kind, ""),
        }.get(self.mode, "")
        if self.mode == "part":
            text += " " + (
                self.env._("It goes to the oldest due date first.") if self.order == "oldest" else
                self.env._("It goes to what the payer says.")
            )
        return text + (" " + self.env._("Customers may pay on account.") if self.on_account else "")
