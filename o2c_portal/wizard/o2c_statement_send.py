"""Sends or prints statements of account: who gets one, who cannot, then one mail per customer in the background."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core import statement
from ..models.o2c_statement_mailing import KINDS

NAMES_SHOWN = 10


class O2cStatementSend(models.TransientModel):
    """Shows before anything is sent which customers get a statement, and why the others do not."""

    _name = "o2c.statement.send"
    _description = "Send Statements of Account"

    kind = fields.Selection(KINDS, string="Statement", required=True, default=statement.OPEN)
    preset = fields.Selection(
        [("this_month", "This month"), ("last_month", "Last month"), ("last_year", "Last 12 months")],
        string="Period", store=False,
    )
    date_from = fields.Date("From")
    date_to = fields.Date("To", required=True, default=fields.Date.context_today)
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company,
                                 domain="[('id', 'in', allowed_company_ids)]")
    partner_ids = fields.Many2many("res.partner", string="Customers", default=lambda self: self._default_partners())
    skip_empty = fields.Boolean("Only customers with something to show", default=True)
    problem = fields.Char(compute="_compute_problem")
    ready_ids = fields.Many2many("res.partner", string="Get a statement", compute="_compute_preview")
    missing_ids = fields.Many2many("res.partner", string="No email address", compute="_compute_preview")
    empty_ids = fields.Many2many("res.partner", string="Nothing to show", compute="_compute_preview")

    @api.model
    def _default_partners(self):
        """Return the customers of the contacts the wizard was opened on."""
        if self.env.context.get("active_model") != "res.partner":
            return self.env["res.partner"]
        return self.env["res.partner"].browse(self.env.context.get("active_ids") or []).commercial_partner_id

    @api.depends("kind", "date_from", "date_to")
    def _compute_problem(self):
        words = {
            "missing": self.env._("Enter both days of the period."),
            "future": self.env._("A statement cannot end in the future."),
            "reversed": self.env._("The period starts after its end."),
            "too_long": self.env._("A statement covers 24 months at most."),
            "unknown_kind": self.env._("Choose what the statement is to show."),
        }
        for wizard in self:
            try:
                wizard._period()
                wizard.problem = False
            except statement.BadPeriod as error:
                wizard.problem = words[error.code]

    @api.depends("kind", "date_from", "date_to", "company_id", "partner_ids", "skip_empty")
    def _compute_preview(self):
        for wizard in self:
            customers = wizard.partner_ids._origin.commercial_partner_id
            full = customers if wizard.problem or not wizard.skip_empty else wizard._with_something(customers)
            ready = full.filtered("o2c_statement_address")
            wizard.ready_ids, wizard.missing_ids, wizard.empty_ids = ready, full - ready, customers - full

    @api.onchange("preset")
    def _onchange_preset(self):
        if self.preset:
            period = statement.presets(fields.Date.context_today(self))[self.preset]
            self.date_from, self.date_to = period.start, period.end

    def _period(self):
        """Return what is to be sent.

        :raises core.statement.BadPeriod: if it cannot be
        """
        return statement.check(
            self.kind, self.date_from or None, self.date_to or None, fields.Date.context_today(self),
        )

    def _with_something(self, customers):
        period = self._period()
        # sudo: the wizard is for those who may see what customers owe; record rules have decided which customers
        data = self.env["o2c.statement"].sudo()._data(
            customers, self.company_id, period.kind, period.start, period.end,
        )
        return customers.filtered(lambda customer: data[customer.id])

    def _checked_period(self):
        """Return the period after everything the client sent was looked at again."""
        self.ensure_one()
        if self.problem:
            raise UserError(self.problem)
        self.partner_ids.check_access("read")
        if self.company_id not in self.env.companies:
            raise UserError(self.env._("Switch to %(company)s first.", company=self.company_id.name))
        if not self.ready_ids and not self.missing_ids:
            raise UserError(self.env._("No customer has anything to show for this period."))
        return self._period()

    def action_send(self):
        """Queue one mail per customer and say how many there are, and who has no address."""
        period, ready, missing = self._checked_period(), self.ready_ids, self.missing_ids
        # sudo: rows are written by the system alone
        rows = self.env["o2c.statement.mailing"].sudo()._queue(ready | missing, self.company_id, period)
        message = self.env._("Statements on their way: %(count)s.", count=len(ready))
        if missing:
            message += " " + self.env._("Without an email address: %(count)s (%(names)s).", count=len(missing),
                                        names=self._names(missing))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if missing else "success",
                "sticky": bool(missing),
                "message": message,
                "next": self._progress(rows),
            },
        }

    @api.model
    def _progress(self, rows):
        """Return where to look how they fare; for one customer the contact says it."""
        if len(rows) < 2:
            return {"type": "ir.actions.act_window_close"}
        action = self.env["ir.actions.act_window"]._for_xml_id("o2c_portal.o2c_statement_mailing_action")
        return {**action, "domain": [("id", "in", rows.ids)]}

    def action_print(self):
        """Print the statements of all customers chosen, with or without an address."""
        period = self._checked_period()
        return self.env.ref("o2c_portal.o2c_statement_report").report_action(None, data={
            "partner_ids": (self.ready_ids | self.missing_ids).ids, "company_ids": self.company_id.ids,
            "kind": period.kind, "date_from": period.start and fields.Date.to_string(period.start),
            "date_to": fields.Date.to_string(period.end),
        })

    @api.model
    def _names(self, customers):
        names = ", ".join(customers[:NAMES_SHOWN].mapped("display_name"))
        return f"{names}, …" if len(customers) > NAMES_SHOWN else names
