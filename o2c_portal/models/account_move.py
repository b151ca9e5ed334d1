from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class AccountMove(models.Model):
    _inherit = "account.move"

    # Pay links

    o2c_pay_link_ids = fields.One2many(
        "o2c.pay.link", "move_id", "Pay links", groups="o2c_portal.o2c_portal_group_user"
    )
    o2c_pay_link_count = fields.Integer(
        "Active pay links", compute="_compute_o2c_pay_link_count", groups="o2c_portal.o2c_portal_group_user"
    )

    @api.depends("o2c_pay_link_ids.revoked_at", "o2c_pay_link_ids.expires_at")
    def _compute_o2c_pay_link_count(self):
        active = [("revoked_at", "=", False), ("expires_at", ">", fields.Datetime.now())]
        groups = self.env["o2c.pay.link"]._read_group([("move_id", "in", self.ids), *active], ["move_id"], ["__count"])
        counts = {move.id: count for move, count in groups}
        for move in self:
            move.o2c_pay_link_count = counts.get(move.id, 0)

    def _o2c_is_payable(self):
        """Say whether there is something to pay online on this document."""
        self.ensure_one()
        return (
            self.state == "posted"
            and self.move_type == "out_invoice"
            and self.currency_id.compare_amounts(self.amount_residual, 0) > 0
        )

    def _o2c_pay_urls(self, channel):
        """Return ``{move_id: Pay Now address}`` of the documents with something to pay; see ``_o2c_pay_url``."""
        links = self.env["o2c.pay.link"]._get_or_create(self.filtered(lambda move: move._o2c_is_payable()), channel)
        return {move_id: link._url() for move_id, link in links.items()}

    def _o2c_pay_url(self, channel):
        """Return the absolute Pay Now address of this document for a channel (email, pdf, print, manual, portal).

        The address stays the same however often it is asked for; ``False`` when nothing is payable online.
        """
        self.ensure_one()
        return self._o2c_pay_urls(channel).get(self.id, False)

    def action_o2c_copy_pay_link(self):
        """Put the Pay Now address of this invoice on the user's clipboard.

        :raises AccessError: if the user is not staff or may not read the invoice
        :raises UserError: if there is nothing to pay
        """
        self.ensure_one()
        self.check_access("read")
        if not self.env.user._is_internal():
            raise AccessError(self.env._("Only staff can hand out pay links."))
        url = self._o2c_pay_url("manual")
        if not url:
            raise UserError(self.env._("Nothing is to be paid on %(name)s, so there is no link.", name=self.name))
        return {"type": "ir.actions.client", "tag": "o2c_portal.copy_pay_link", "params": {"url": url}}

    def action_o2c_view_pay_links(self):
        """Open the links of this invoice with their statistics."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("o2c_portal.o2c_pay_link_action"),
            "domain": [("move_id", "in", self.ids)],
            "context": {"create": False},
        }
