"""Links to an account: whoever holds one pays what is owed on it, and sees amounts, dates and the ends of numbers."""

import secrets

from odoo import api, fields, models
from odoo.tools import SQL

from ..core import paylink
from .o2c_pay_link import EXTEND_AFTER


class O2cPayLink(models.Model):
    _inherit = "o2c.pay.link"

    account_id = fields.Many2one(
        "res.partner", "Account of", readonly=True, index="btree_not_null", ondelete="cascade",
        help="Whose documents the link pays. It ends when its contact no longer belongs to this customer.",
    )

    _current_account_uniq = models.UniqueIndex(
        "(partner_id, company_id, channel) WHERE is_current AND purpose = 'account'"
    )

    def _is_of_account(self):
        """Say whether the contact the link was made for still belongs to the account."""
        self.ensure_one()
        return self.partner_id.active and self.partner_id.commercial_partner_id == self.account_id

    @api.model
    def _for_account(self, contact, company, channel):
        """Return the current link of a contact to the account of its customer, made or prolonged as needed.

        Whoever writes to a customer needs the link, so this works with elevated rights; it is not reachable by RPC.
        """
        domain = [
            ("purpose", "=", "account"), ("partner_id", "=", contact.id), ("company_id", "=", company.id),
            ("channel", "=", channel), ("is_current", "=", True),
        ]
        link, account = self.sudo().search(domain), contact.sudo().commercial_partner_id
        if link and (link.account_id != account or not link._token()):
            link.is_current = False  # for another customer now, or made with another key
            link.flush_recordset(["is_current"])
            link = link.browse()
        expires_at = self._account_expiry(company, channel)
        if not link:
            self._insert_for_account(contact, account, company, channel, expires_at)
            return self.sudo().search(domain)
        if expires_at > link.expires_at + EXTEND_AFTER:
            link.expires_at = expires_at
        return link

    @api.model
    def _insert_for_account(self, contact, account, company, channel, expires_at):
        """Make a link. Of two workers that do so at once one makes it, as for invoices."""
        nonce, now = secrets.token_urlsafe(32), fields.Datetime.now()
        token = paylink.derive(self._sudo_keys()[0], "account", self._sudo_database(), nonce)
        self.env.cr.execute(SQL(
            """INSERT INTO o2c_pay_link (purpose, partner_id, account_id, company_id, channel, nonce, token_hash,
                   is_current, expires_at, opens, create_uid, write_uid, create_date, write_date)
               VALUES ('account', %s, %s, %s, %s, %s, %s, true, %s, 0, %s, %s, %s, %s) ON CONFLICT DO NOTHING""",
            contact.id, account.id, company.id, channel, nonce, paylink.fingerprint(token), expires_at,
            self.env.uid, self.env.uid, now, now,
        ))

    @api.model
    def _account_expiry(self, company, channel):
        days = company.sudo()["o2c_link_days_email" if channel == "email" else "o2c_link_days_manual"]
        return paylink.expires_at(channel, None, fields.Datetime.now(), days)
