"""A new email address of a contact, which waits until the old address or a clerk says that it is right."""

import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import email_normalize

from .. import tokens
from ..core import paylink

LIFE = timedelta(days=7)


class O2cContactChange(models.Model):
    """Who reads a customer's mail can pay, and learns what it owes: an address changes only with the consent of the
    old one. The token in the mail to the old address is derived like that of a pay link; only its hash is stored."""

    _name = "o2c.contact.change"
    _description = "Change of an email address"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _rec_name = "partner_id"

    partner_id = fields.Many2one("res.partner", "Contact", required=True, readonly=True, index=True, ondelete="cascade")
    commercial_partner_id = fields.Many2one(related="partner_id.commercial_partner_id", string="Customer")
    old_email = fields.Char("Old address", readonly=True)
    new_email = fields.Char("New address", required=True, readonly=True)
    requested_by_id = fields.Many2one("res.users", "Asked by", required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    nonce = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    token_hash = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    expires_at = fields.Datetime("Valid until", required=True, readonly=True)
    state = fields.Selection(
        [("waiting", "Waiting"), ("confirmed", "Confirmed"), ("refused", "Refused"), ("expired", "Expired")],
        required=True, readonly=True, default="waiting", tracking=True,
    )
    answered_at = fields.Datetime("Answered on", readonly=True)
    answered_by = fields.Char(readonly=True)

    _token_hash_uniq = models.Constraint("UNIQUE (token_hash)", "This token exists already.")
    _waiting_uniq = models.UniqueIndex("(partner_id) WHERE state = 'waiting'")

    @api.model
    def _ask(self, contact, new_email, company):
        """Ask the old address of a contact whether ``new_email`` is right; a clerk where there is no old address.

        A change that is still waiting gives way to the new one.
        """
        old = email_normalize(contact.email or "")
        # sudo: the customer asks for it, the system keeps the record
        changes_sudo = self.sudo().with_context(mail_create_nosubscribe=True, mail_create_nolog=True)
        earlier = changes_sudo.search([("partner_id", "=", contact.id), ("state", "=", "waiting")])
        earlier._end("refused", self.env._("a newer request"))
        earlier.flush_recordset()
        nonce = secrets.token_urlsafe(32)
        change = changes_sudo.create({
            "partner_id": contact.id, "old_email": old, "new_email": new_email, "company_id": company.id,
            "requested_by_id": self.env.uid, "expires_at": fields.Datetime.now() + LIFE,
            "nonce": nonce, "token_hash": paylink.fingerprint(changes_sudo._derive(nonce)),
        })
        if old:
            change._mail_old_address()
        else:
            change._task()
        return change

    @api.model
    def _derive(self, nonce):
        links_sudo = self.env["o2c.pay.link"].sudo()  # the key is nobody's to read
        return paylink.derive(links_sudo._sudo_keys()[0], "contact", links_sudo._sudo_database(), nonce)

    @api.model
    def _find(self, token):
        """Return the change of a token in whatever state it is, with elevated rights; empty when there is none."""
        return tokens.find(self.sudo(), token)

    def _is_open(self):
        """True while the change can be confirmed: it waits, is not too old, and nobody changed the address since."""
        return (
            self.state == "waiting"
            and self.expires_at > fields.Datetime.now()
            and email_normalize(self.partner_id.email or "") == (self.old_email or False)
        )

    # What happens to it

    def _confirm(self, who):
        """Write the new address, whose pay links by mail end with that.

        :param str who: whose word it was, for the record
        :raises UserError: when it cannot be confirmed any more
        """
        self.ensure_one()
        if not self._is_open():
            raise UserError(self.env._("This change can no longer be confirmed."))
        self.partner_id.sudo().email = self.new_email
        self._end("confirmed", who)

    def _end(self, state, who):
        words = {"who": who}
        for change in self:
            change.write({"state": state, "answered_at": fields.Datetime.now(), "answered_by": who})
            words |= {"old": change.old_email or "–", "new": change.new_email}
            change.partner_id._message_log(body=(
                self.env._("Email address changed from %(old)s to %(new)s, confirmed by %(who)s.", **words)
                if state == "confirmed" else
                self.env._("Email address stays %(old)s: %(new)s was refused by %(who)s.", **words)
            ))
            change.activity_ids.sudo().unlink()

    def _check_clerk(self):
        if not self.env.user.has_group("o2c_portal.o2c_portal_group_user"):
            raise AccessError(self.env._("Only Receivables users may decide on the address of a contact."))
        self.check_access("read")
        return self.sudo()  # the rows are written by the system alone; a clerk decides

    def action_confirm(self):
        """Say in place of the old address that the new one is right."""
        for change in self._check_clerk():
            change._confirm(self.env.user.name)

    def action_refuse(self):
        """Keep the old address."""
        self._check_clerk().filtered(lambda change: change.state == "waiting")._end("refused", self.env.user.name)

    @api.autovacuum
    def _gc_expired(self):
        """Close what nobody answered."""
        self.search([("state", "=", "waiting"), ("expires_at", "<=", fields.Datetime.now())]).write(
            {"state": "expired"}
        )

    # Telling

    def _url(self):
        return f"{self.company_id.get_base_url().rstrip('/')}/my/billing/confirm/{self._derive(self.nonce)}"

    def _mail_old_address(self):
        """Send the old address the way to confirm or refuse. The mail stands in no chatter: it carries the token."""
        contact = self.partner_id
        lang = self.env["res.lang"]._lang_get(contact.lang).code or self.env.lang or "en_US"
        env = self.with_context(lang=lang).env
        self.env["o2c.account.contacts"]._mail(contact, self.company_id, self.old_email, "contact_change_mail", {
            "subject": env._("Is your new email address right?"),
            "change": self, "url": self._url(), "lang": lang,
        })

    def _task(self):
        """Give a clerk the task to ask the customer, where no old address can be asked."""
        clerk = self.env["res.partner"]._o2c_clerk(self.company_id, self.partner_id.user_id)
        if clerk:
            own = clerk.has_group("o2c_portal.o2c_portal_group_user")
            (self if own else self.partner_id).activity_schedule(
                "mail.mail_activity_data_todo", user_id=clerk.id,
                summary=self.env._("Confirm the email address of %(name)s", name=self.partner_id.display_name),
                note=self.new_email,
            )
