"""Adds to account.move.line: what makes a receivable an instalment somebody can follow."""

from odoo import api, fields, models
from odoo.tools import frozendict

from ..core import instalments
from ..core.money import to_major
from .account_move_instalments import STATUSES


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    o2c_part = fields.Integer(
        string="Instalment of the Day",
        help="Tells instalments of one day apart: 2 is the second one; empty where there is only one.",
    )
    o2c_plan_id = fields.Many2one(
        "o2c.payment.plan", "Plan in Force", copy=False, readonly=True, index="btree_not_null", ondelete="set null",
        groups="o2c_portal.o2c_portal_group_user",
        help="The plan by which this instalment is paid at present.",
    )
    o2c_agreed = fields.Boolean(
        "Agreed On", copy=False, readonly=True, groups="o2c_portal.o2c_portal_group_user",
        help="A plan or a promise is in force on this instalment.",
    )
    o2c_plan_item_ids = fields.One2many(
        "o2c.payment.plan.item", "move_line_id", "Plans and Promises", groups="o2c_portal.o2c_portal_group_user",
    )
    o2c_promised_date = fields.Date(
        string="Promised For",
        compute="_compute_o2c_promised_date",
        compute_sudo=True,
        help="The day the customer said this instalment will be paid.",
    )
    o2c_number = fields.Integer("Instalment Number", compute="_compute_o2c_instalment")
    o2c_number_of = fields.Char("Instalment", compute="_compute_o2c_instalment")
    o2c_amount = fields.Monetary("Instalment Amount", compute="_compute_o2c_instalment")
    o2c_open_amount = fields.Monetary("Open Amount", compute="_compute_o2c_instalment")
    o2c_status = fields.Selection(STATUSES, "Instalment Status", compute="_compute_o2c_instalment")

    @api.depends("o2c_part")
    def _compute_term_key(self):
        super()._compute_term_key()
        for line in self.filtered(lambda line: line.term_key and line.o2c_part):
            line.term_key = frozendict({**line.term_key, "o2c_part": line.o2c_part})

    @api.depends("o2c_plan_item_ids.promised_on")
    def _compute_o2c_promised_date(self):
        agreed = self.env["o2c.payment.plan.item"]._live(self._origin)
        for line in self:
            line.o2c_promised_date = line._origin and agreed[line._origin.id].promised_on

    @api.depends(
        "move_id.state", "date_maturity", "amount_currency", "amount_residual_currency", "o2c_promised_date",
        "o2c_plan_id",
    )
    @api.depends_context("lang", "tz")
    def _compute_o2c_instalment(self):
        """Read the instalment from the ledger; a document that is not posted has no status yet."""
        today = fields.Date.context_today(self)
        items = {
            item.line_id: item for items in self.move_id._origin._o2c_instalments_by_move().values() for item in items
        }
        planned = self.env["account.move"].browse({item.move_id for item in items.values() if item.plan_id})
        asked = {
            item.line_id: item for pieces in planned._o2c_asked_by_move().values() for item in reversed(pieces)
        }
        for line in self:
            item, digits = items.get(line._origin.id), line.currency_id.decimal_places
            line.o2c_number = item and item.number
            line.o2c_number_of = item and self.env._("%(number)s of %(count)s", number=item.number, count=item.count)
            line.o2c_amount = item and to_major(item.amount_minor, digits)
            line.o2c_open_amount = item and to_major(item.open_minor, digits)
            posted = item and line.move_id.state == "posted"
            due = asked.get(line._origin.id, item)  # by the plan, where one is in force
            line.o2c_status = posted and instalments.status(due, today, line.company_id.o2c_due_soon_days)

    def action_o2c_promise(self):
        """Let staff record the day the customer promised to pay this instalment."""
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("o2c_portal.o2c_instalment_promise_action"),
            "context": {"default_line_id": self.id},
        }
