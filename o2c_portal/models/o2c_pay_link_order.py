"""Links to an order: whoever holds one comes to the order's own page, where its deposit can be paid."""

import secrets

from odoo import api, fields, models
from odoo.tools import SQL

from ..core import paycode, paylink


class O2cPayLink(models.Model):
    _inherit = "o2c.pay.link"  # pylint: disable=consider-merging-classes-inherited  # by concern

    order_id = fields.Many2one(
        "sale.order", readonly=True, index="btree_not_null", ondelete="cascade", check_company=True
    )

    _current_order_uniq = models.UniqueIndex("(order_id, channel) WHERE is_current AND purpose = 'order'")

    @api.model
    def _for_order(self, order, channel):
        """Return the current link of an order, with a code for paper, made or prolonged as needed.

        Whoever prints an order needs its link, so this works with elevated rights; it is not reachable by RPC.
        """
        domain = [
            ("purpose", "=", "order"), ("order_id", "=", order.id), ("channel", "=", channel),
            ("is_current", "=", True),
        ]
        link = self.sudo().search(domain)
        if link and not link._token():
            link.is_current = False  # made with a key that is gone
            link.flush_recordset(["is_current"])
            link = link.browse()
        if link:
            link._prolong()
            return link
        self._insert_for_order(order, channel)
        return self.sudo().search(domain)

    @api.model
    def _insert_for_order(self, order, channel):
        """Make a link. Of two workers that do so at once one makes it, as for invoices."""
        order.sudo()._portal_ensure_token()  # the page it leads to asks for it, and a visit writes nothing
        nonce, now = secrets.token_urlsafe(32), fields.Datetime.now()
        key, database = self._sudo_keys()[0], self._sudo_database()
        self.env.cr.execute(SQL(
            """INSERT INTO o2c_pay_link (purpose, partner_id, order_id, company_id, channel, nonce, token_hash,
                   code_hash, is_current, expires_at, opens, create_uid, write_uid, create_date, write_date)
               VALUES ('order', %s, %s, %s, %s, %s, %s, %s, true, %s, 0, %s, %s, %s, %s) ON CONFLICT DO NOTHING""",
            order.partner_id.id, order.id, order.company_id.id, channel, nonce,
            paylink.fingerprint(paylink.derive(key, "order", database, nonce)),
            paycode.fingerprint(key, database, paycode.derive(key, database, nonce)),
            self._expiry(order, channel, now), self.env.uid, self.env.uid, now, now,
        ))

    def _revoke(self, reason):
        """Override: who was led to an order by a link has the address of its page too; that ends with the link. The
        order's other links lead to the new address."""
        alive = super()._revoke(reason)
        alive.order_id.access_token = False
        for order in alive.order_id:
            order._portal_ensure_token()
        return alive
