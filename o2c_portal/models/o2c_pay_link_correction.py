"""Adds to o2c.pay.link: what was mailed or printed for a wrong invoice leads to the corrected one."""

from odoo import api, fields, models


class O2cPayLink(models.Model):
    _inherit = "o2c.pay.link"  # pylint: disable=consider-merging-classes-inherited  # by concern

    corrected_move_id = fields.Many2one(
        "account.move", "Made for", readonly=True, index="btree_not_null", ondelete="set null", check_company=True,
        help="The invoice this link was made for. It was corrected since, and the link leads to the new one.",
    )

    @api.model
    def _follow(self, old, new):
        """Have every link and printed code of a document lead to the one that takes its place.

        The documents made from now on get links of their own: who holds an old one reads that it was corrected.
        """
        links = self.sudo().search([("move_id", "=", old.id)])  # whoever corrects a document need not see its links
        links.filtered(lambda link: not link.corrected_move_id).corrected_move_id = old
        links.write({"move_id": new.id, "is_current": False})
        links.filtered(lambda link: link.state == "active")._prolong()
        (old | new).invalidate_recordset(["o2c_pay_link_ids"])
