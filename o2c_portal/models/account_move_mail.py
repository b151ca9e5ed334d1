"""Adds to account.move: whom it was mailed to, and what became of that; a file of its own for its length."""

# pylint: disable=consider-merging-classes-inherited
from odoo import api, fields, models

from ..core.delivery import UNDELIVERABLE


class AccountMove(models.Model):
    _inherit = "account.move"

    o2c_delivery_ids = fields.One2many(
        "o2c.delivery", "res_id", "Deliveries", domain=[("res_model", "=", "account.move")],
        groups="o2c_portal.o2c_portal_group_user",
    )
    o2c_delivery_count = fields.Integer(
        "Mails", compute="_compute_o2c_delivery_count", groups="o2c_portal.o2c_portal_group_user",
    )

    @api.depends("o2c_delivery_ids")
    def _compute_o2c_delivery_count(self):
        groups = self.env["o2c.delivery"]._read_group(
            [("res_model", "=", "account.move"), ("res_id", "in", self.ids)], ["res_id"], ["__count"]
        )
        counts = dict(groups)
        for move in self:
            move.o2c_delivery_count = counts.get(move.id, 0)

    def action_o2c_view_deliveries(self):
        """List whom this document was mailed to, and what became of it."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("o2c_portal.o2c_delivery_action"),
            "domain": [("res_model", "=", "account.move"), ("res_id", "in", self.ids)], "context": {},
        }

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        """Override of mail: who has an own mail of a document is not written to a second time."""
        recipients = super()._notify_get_recipients(message, msg_vals=msg_vals, **kwargs)
        if (mailed := self.env.context.get("o2c_mailed")) is None:
            return recipients
        return [
            person for person in recipients if not person["share"] and person["email_normalized"] not in mailed
        ]

    def _get_alerts(self):
        """Override of account: say on the form which mails of the document did not arrive."""
        alerts = super()._get_alerts()
        if self.env.user.share:  # customers need not read who else was written to
            return alerts
        rows_sudo = self.sudo().o2c_delivery_ids.filtered(lambda row: row.state in UNDELIVERABLE)  # for all who see it
        if rows_sudo:
            alerts["o2c_not_delivered"] = {
                "level": "danger" if any(row.bad_address for row in rows_sudo) else "warning",
                "message": "\n".join(
                    self.env._("The mail to %(address)s did not arrive: %(reason)s", address=row.address,
                               reason=row.reason or "–")
                    for row in rows_sudo
                ),
            }
        return alerts
