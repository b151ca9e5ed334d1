"""Lets staff agree with a customer on a plan: over which instalments, in how many payments, from when on."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Command

from ..core import plans
from ..core.money import to_major, to_minor
from ..core.schedule import MAX_PARTS
from ..models.o2c_payment_plan import GRACE_DAYS


class O2cPaymentPlanPropose(models.TransientModel):
    _name = "o2c.payment.plan.propose"
    _description = "Propose a Payment Plan"

    replaces_id = fields.Many2one("o2c.payment.plan", "In Place Of", readonly=True, ondelete="cascade")
    covered_ids = fields.Many2many(
        "account.move.line", string="Covers", domain="[('id', 'in', covered_ids)]",
        default=lambda self: self._default_covered(),
    )
    partner_id = fields.Many2one("res.partner", "Customer", compute="_compute_what")
    currency_id = fields.Many2one("res.currency", compute="_compute_what")
    open_amount = fields.Monetary("To Be Paid", compute="_compute_what")
    first_amount = fields.Monetary("Deposit", help="The first payment; empty for equal payments.")
    first_date = fields.Date(
        "First Payment", required=True, default=lambda self: fields.Date.context_today(self) + timedelta(days=7),
    )
    parts = fields.Integer("Number of Payments", required=True, default=3)
    every = fields.Integer(required=True, default=1)
    spacing = fields.Selection(
        [("days", "Days"), ("weeks", "Weeks"), ("months", "Months")], required=True, default="months",
    )
    grace_days = fields.Integer(
        "Days of Grace", default=GRACE_DAYS, help="A payment may be this many days late before the plan is broken.",
    )
    line_ids = fields.One2many(
        "o2c.payment.plan.propose.line", "wizard_id", "Payments", compute="_compute_line_ids", store=True,
        readonly=False,
    )
    problem = fields.Char(compute="_compute_problem")

    @api.model
    def _default_covered(self):
        """Return the open instalments of the invoices, due items or plan the wizard was opened on."""
        context = self.env.context
        if plan_id := context.get("default_replaces_id"):
            plan = self.env["o2c.payment.plan"].browse(plan_id)
            return plan.item_ids.move_line_id.filtered(lambda line: line.amount_residual_currency > 0)
        if context.get("active_model") == "o2c.due.item":
            wanted = self.env["o2c.due.item"].browse(context.get("active_ids", [])).move_line_id
            moves = wanted.move_id
        else:
            ids = context.get("default_move_ids") or (
                context.get("active_ids", []) if context.get("active_model") == "account.move" else []
            )
            moves, wanted = self.env["account.move"].browse(ids), None
        lines = self.env["account.move.line"].browse(
            [item.line_id for item in self.env["o2c.payment.plan"]._open_items(self._ours(moves))]
        )
        return lines if wanted is None else lines & wanted

    @api.model
    def _ours(self, moves):
        return moves.filtered(lambda move: move.state == "posted" and move.move_type in ("out_invoice", "out_receipt"))

    @api.constrains("covered_ids", "replaces_id")
    def _check_access_to_items(self):
        """Refuse what the user may not see: ids come from the client, and computed fields read with all rights."""
        self.covered_ids.sudo(False).check_access("read")  # constraints run with elevated rights
        self.replaces_id.sudo(False).check_access("read")

    @api.depends("covered_ids")
    def _compute_what(self):
        for wizard in self:
            lines = wizard.covered_ids
            wizard.partner_id = lines.move_id.commercial_partner_id[:1]
            wizard.currency_id = lines.currency_id[:1]
            wizard.open_amount = sum(lines.mapped("amount_residual_currency"))

    @api.depends("covered_ids", "first_amount", "first_date", "parts", "every", "spacing")
    def _compute_line_ids(self):
        """Propose payments; they stay what they are while the answers make none, and may be changed by hand."""
        for wizard in self:
            digits = wizard.currency_id.decimal_places
            try:
                found = plans.propose(
                    to_minor(wizard.open_amount, digits), wizard.parts, wizard.first_date, wizard.spacing,
                    wizard.every, to_minor(wizard.first_amount, digits) or None,
                ) if wizard._answers_make_sense() else ()
            except ValueError:
                found = ()
            if found:
                wizard.line_ids = [Command.clear(), *(
                    Command.create({"date": payment.date, "amount": to_major(payment.amount, digits)})
                    for payment in found
                )]

    def _answers_make_sense(self):
        return bool(1 <= self.parts <= MAX_PARTS and self.every >= 1 and self.first_date and self.open_amount > 0)

    @api.depends("covered_ids", "line_ids.date", "line_ids.amount", "grace_days")
    def _compute_problem(self):
        for wizard in self:
            wizard.problem = wizard._problem()

    def _payments(self):
        digits = self.currency_id.decimal_places
        return tuple(
            plans.Payment(line.date, to_minor(line.amount, digits))
            for line in self.line_ids.sorted(lambda line: line.date or fields.Date.context_today(self))
        )

    def _problem(self):
        """Return what keeps the answers from making a plan, in words; False when all is well."""
        moves = self.covered_ids.move_id
        if not self.covered_ids:
            return self.env._("Nothing is open on these documents that is not in a plan or being paid already.")
        if max(len(moves.commercial_partner_id), len(moves.company_id), len(moves.currency_id)) > 1:
            return self.env._("A plan covers documents of one customer, company and currency.")
        if self.grace_days < 0:
            return self.env._("Days of grace cannot be negative.")
        payments, owed = self._payments(), to_minor(self.open_amount, self.currency_id.decimal_places)
        if any(not payment.date for payment in payments):
            return self.env._("Every payment needs a date.")
        difference = sum(payment.amount for payment in payments) - owed
        return {
            None: False,
            "empty": self.env._("Enter the payments, or how many there are to be."),
            "amount": self.env._("Every payment must be more than zero."),
            "past": self.env._("The first payment cannot be in the past."),
            "order": self.env._("Two payments cannot be on the same day."),
            "sum": self.env._(
                "The payments are %(difference)s off the open amount.",
                difference=self.currency_id.format(to_major(difference, self.currency_id.decimal_places)),
            ),
        }[plans.flaw(payments, owed, fields.Date.context_today(self))]

    def action_activate(self):
        """Put the plan into force, as agreed with the customer."""
        plan_sudo = self._draft_sudo()
        plan_sudo._activate()
        return plan_sudo.sudo(False).get_formview_action()

    def action_propose(self):
        """Send the plan to the customer, who accepts it online."""
        plan_sudo = self._draft_sudo()
        plan_sudo._propose_to_customer()
        return plan_sudo.sudo(False).get_formview_action()

    def _draft_sudo(self):
        """Return the draft, with elevated rights: the user was shown to see everything it covers.

        :raises ValidationError: if the answers do not make a plan
        """
        self.ensure_one()
        self.covered_ids.check_access("read")
        if problem := self._problem():
            raise ValidationError(problem)
        chosen = set(self.covered_ids.ids)
        items = sorted(
            (item for found in self.covered_ids.move_id._o2c_instalments_by_move().values() for item in found
             if item.line_id in chosen),
            key=lambda item: (item.date_due, item.move_id, item.line_id),
        )
        return self.env["o2c.payment.plan"].sudo()._prepare(
            items, self._payments(), grace_days=self.grace_days, user_id=self.env.uid, replaces_id=self.replaces_id.id,
        )


class O2cPaymentPlanProposeLine(models.TransientModel):
    _name = "o2c.payment.plan.propose.line"
    _description = "Payment of a Proposed Plan"
    _order = "date, id"

    wizard_id = fields.Many2one("o2c.payment.plan.propose", required=True, ondelete="cascade")
    date = fields.Date(required=True)
    amount = fields.Monetary(required=True)
    currency_id = fields.Many2one(related="wizard_id.currency_id")
