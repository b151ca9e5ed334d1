"""Adds to account.move: the plans and promises over it, and what it asks for while they are in force."""

from odoo import fields, models

from ..core import instalments


class AccountMove(models.Model):
    _inherit = "account.move"

    o2c_plan_count = fields.Integer(
        "Plans and promises", compute="_compute_o2c_plan_count", groups="o2c_portal.o2c_portal_group_user",
    )

    def _compute_o2c_plan_count(self):
        items = self.env["o2c.payment.plan.item"].search([("move_id", "in", self.ids)])
        for move in self:
            move.o2c_plan_count = len(items.filtered(lambda item, move=move: item.move_id == move).plan_id)

    def _o2c_plans(self, states):
        """Return the plans over these documents that are in one of the states."""
        return self.env["o2c.payment.plan"].search([
            ("item_ids.move_id", "in", self.ids), ("state", "in", states),
        ]) if self else self.env["o2c.payment.plan"]

    def _o2c_evaluate_plans(self):
        """What is open has changed: see which plans were kept by it, and which were so no longer."""
        self._o2c_plans(["active", "kept"])._evaluate()

    # === WHAT IS ASKED FOR === #

    def _o2c_asked(self):
        """Return what one document asks for, and when, as ``Instalment``: its instalments, and for those with an
        active plan the pieces the plan lays over them. What they leave open is the same; what is paid is listed too."""
        self.ensure_one()
        return self._o2c_asked_by_move()[self]

    def _o2c_asked_by_move(self):
        """Return ``{move: [Instalment, ...]}`` of what is asked for; see ``_o2c_asked``."""
        result = self._o2c_instalments_by_move()
        plan_ids = {item.plan_id for items in result.values() for item in items if item.plan_id}
        if not plan_ids:
            return result
        by_line = {item.line_id: item for items in result.values() for item in items if item.plan_id}
        pieces = {}
        for plan_sudo in self.env["o2c.payment.plan"].sudo().browse(plan_ids):  # of documents the caller may see
            pieces.update(plan_sudo._pieces(by_line))
        return {
            move: instalments.in_order([
                piece
                for item in items
                for piece in pieces.get(item.line_id, [item])
            ])
            for move, items in result.items()
        }

    def button_draft(self):
        """A document under revision is a new claim: what was agreed on for the old one ends."""
        posted = self.filtered(lambda move: move.state == "posted")
        plans_sudo = posted.sudo()._o2c_plans(["draft", "proposed", "active"])  # who may revise may end its plans
        for plan_sudo in plans_sudo:
            names = ", ".join((plan_sudo.move_ids & posted.sudo()).mapped("name"))
            plan_sudo._end("cancelled", self.env._("%(documents)s was reset to draft.", documents=names))
            if plan_sudo.kind == "instalments":
                plan_sudo._task(self.env._("%(plan)s must be agreed on anew", plan=plan_sudo.name), plan_sudo.reason)
        return super().button_draft()

    def action_o2c_propose_plan(self):
        """Agree with the customer of these invoices on a plan."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("o2c_portal.o2c_payment_plan_propose_action"),
            "context": {"default_move_ids": self.ids},
        }

    def action_o2c_view_plans(self):
        """Open the plans and promises over this document."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("o2c_portal.o2c_payment_plan_action"),
            "domain": [("item_ids.move_id", "in", self.ids)],
            "context": {"create": False},
        }
