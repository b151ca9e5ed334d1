"""Agreements with customers on when they pay: promises of one date and plans of several, over one or more invoices."""

from dataclasses import replace

from odoo import api, fields, models

from ..core import plans
from ..core.instalments import Instalment
from ..core.money import to_major, to_minor

OPEN_STATES = ("draft", "proposed", "active")
GRACE_DAYS = 3


class O2cPaymentPlan(models.Model):
    """A plan lies over the ledger: it stores dates and amounts agreed on, and derives from the ledger what is paid.

    While a plan of instalments is active, due items show its pieces instead of the covered journal items. Plans are
    never edited: whoever agrees anew makes a new plan that replaces the old one.
    """

    _name = "o2c.payment.plan"
    _description = "Plan or Promise"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _mail_post_access = "read"

    name = fields.Char("Number", required=True, readonly=True, default=lambda self: self.env._("New"))
    kind = fields.Selection(
        [("instalments", "Plan"), ("promise", "Promise")], required=True, default="instalments", readonly=True,
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("proposed", "Proposed"),
            ("active", "Active"),
            ("kept", "Kept"),
            ("broken", "Broken"),
            ("cancelled", "Cancelled"),
        ],
        required=True, default="draft", readonly=True, index=True,
    )
    ended_on = fields.Date(readonly=True, help="The day it was kept, broken or cancelled.")
    reason = fields.Char(readonly=True, help="Why the plan ended, or what is to be decided.")
    partner_id = fields.Many2one("res.partner", "Customer", required=True, readonly=True, index=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    user_id = fields.Many2one("res.users", "Responsible", readonly=True)
    grace_days = fields.Integer(
        default=GRACE_DAYS, readonly=True, help="A payment may be this many days late before the plan is broken.",
    )
    proposed_by = fields.Selection(
        [("staff", "Staff"), ("customer", "Customer")], required=True, default="staff", readonly=True,
    )
    line_ids = fields.One2many("o2c.payment.plan.line", "plan_id", "Payments", readonly=True)
    item_ids = fields.One2many("o2c.payment.plan.item", "plan_id", "Covers", readonly=True)
    move_ids = fields.Many2many("account.move", string="Invoices", compute="_compute_move_ids")

    # What the customer agreed to, who did, when, and from where
    consent_partner_id = fields.Many2one("res.partner", "Agreed By", readonly=True)
    consent_user_id = fields.Many2one("res.users", "Logged In As", readonly=True)
    consent_at = fields.Datetime("Agreed On", readonly=True)
    consent_ip = fields.Char("From Address", readonly=True)
    consent_version = fields.Char("Version of the Text", readonly=True)
    consent_text = fields.Text("Text", readonly=True)

    replaces_id = fields.Many2one("o2c.payment.plan", "In Place Of", readonly=True, index="btree_not_null")
    replacement_ids = fields.One2many("o2c.payment.plan", "replaces_id", "Replaced By", readonly=True)

    # Derived from the ledger
    total = fields.Monetary(compute="_compute_standing")
    paid = fields.Monetary(compute="_compute_standing")
    left = fields.Monetary("Still Open", compute="_compute_standing")
    progress = fields.Float("Paid %", compute="_compute_standing")
    next_date = fields.Date("Next Payment", compute="_compute_standing")
    next_amount = fields.Monetary(compute="_compute_standing")

    _grace_positive = models.Constraint("CHECK(grace_days >= 0)", "Days of grace cannot be negative.")

    @api.depends("item_ids.move_id")
    def _compute_move_ids(self):
        for plan in self:
            plan.move_ids = plan.item_ids.move_id

    @api.depends("line_ids.amount", "line_ids.date", "item_ids.left")
    def _compute_standing(self):
        for plan in self:
            digits, lines = plan.currency_id.decimal_places, plan._instalments()
            total, left = sum(line.amount_minor for line in lines), sum(line.open_minor for line in lines)
            following = next((line for line in lines if line.open_minor), None) if plan.state in OPEN_STATES else None
            plan.total = to_major(total, digits)
            plan.left = to_major(left, digits)
            plan.paid = to_major(total - left, digits)
            plan.progress = 100.0 * (total - left) / total if total else 0.0
            plan.next_date = following and following.date_due
            plan.next_amount = to_major(following.open_minor, digits) if following else 0.0

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if "name" not in vals:
                code = "o2c.payment.promise" if vals.get("kind") == "promise" else "o2c.payment.plan"
                vals["name"] = self.env["ir.sequence"].sudo().next_by_code(code)
        return super().create(vals_list)

    # === FACTS === #

    def _facts(self):
        """Return ``([core.plans.Line], [core.plans.Item])`` of one plan, both in their order."""
        self.ensure_one()
        digits = self.currency_id.decimal_places
        lines = [
            plans.Line(line.id, line.date, to_minor(line.amount, digits)) for line in self.line_ids.sorted("date")
        ]
        return lines, [item._fact() for item in self.item_ids.sorted(lambda item: (item.sequence, item.id))]

    def _instalments(self):
        """Return the payments of the plan as ``Instalment``, with what is still open of each."""
        lines, items = self._facts()
        return [
            Instalment(
                line_id=line.id, move_id=0, number=number, count=len(lines), date_due=line.date,
                amount_minor=line.amount, open_minor=left, plan_line=line.id,
            )
            for number, (line, left) in enumerate(
                zip(lines, plans.left_of(lines, plans.paid(items)), strict=True), start=1,
            )
        ]

    def _pieces(self, by_line):
        """Return what the plan asks of the covered items as ``Instalment``, by the ids of their journal items.

        :param dict by_line: the ledger's own ``Instalment`` of journal items; others are left out
        """
        lines, items = self._facts()
        numbers = {line.id: number for number, line in enumerate(lines, start=1)}
        found = {}
        for piece in plans.pieces(lines, items):
            item = by_line.get(piece.line_id)
            if not item:
                continue
            asked = replace(item, date_due=piece.date, amount_minor=piece.open, open_minor=piece.open)
            if piece.plan_line:
                asked = replace(
                    asked, number=numbers[piece.plan_line], count=len(lines), plan_line=piece.plan_line,
                )
            found.setdefault(piece.line_id, []).append(asked)
        return found

    @api.model
    def _allowed_parts(self, moves):
        """Return ``{journal item id: {amount, ...}}`` in minor units that active plans ask of instalments.

        Whatever else a policy says, what was agreed on may be paid: up to the end of any payment of the plan.
        """
        allowed = {}
        for items in moves._o2c_asked_by_move().values():
            upto = {}
            for item in items:  # by date
                if item.plan_id and item.open_minor > 0:
                    upto[item.line_id] = upto.get(item.line_id, 0) + item.open_minor
                    allowed.setdefault(item.line_id, set()).add(upto[item.line_id])
        return allowed
