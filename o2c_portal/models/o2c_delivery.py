"""What became of each mail: one row for every document, reader and kind of mail, whatever the mail queue forgets."""

from urllib.parse import urlsplit

from markupsafe import escape

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import email_normalize_all, formataddr, hmac

from ..core import delivery
from ..core.recipients import Recipient


class O2cDelivery(models.Model):
    """The mail of one kind about one document to one address. Sent again, it is the same row with another copy."""

    _name = "o2c.delivery"
    _description = "Delivery of a mail"
    _order = "id desc"
    _rec_name = "address"

    kind = fields.Selection(
        [("invoice", "Invoice"), ("receipt", "Receipt"), ("statement", "Statement")], required=True, readonly=True,
    )
    res_model = fields.Char("Document model", required=True, readonly=True)
    res_id = fields.Many2oneReference("Document number", model_field="res_model", required=True, readonly=True)
    document = fields.Char(readonly=True)
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True, index=True, ondelete="set null")
    contact_id = fields.Many2one("res.partner", readonly=True, index="btree_not_null", ondelete="set null")
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    address = fields.Char(required=True, readonly=True, index=True)
    name = fields.Char(readonly=True)
    lang = fields.Char("Language", readonly=True)
    audience = fields.Selection([("customer", "Customer"), ("staff", "Staff")], required=True, readonly=True)
    state = fields.Selection(
        [
            ("queued", "Being sent"),
            ("sent", "Sent"),
            ("failed", "Not sent"),
            ("bounced", "Came back"),
            ("suppressed", "Held back"),
            ("replaced", "Replaced"),
        ],
        required=True, readonly=True, default="queued", index=True,
    )
    bad_address = fields.Boolean("Address does not work", readonly=True)
    reason = fields.Char(readonly=True)
    copies = fields.Integer("Sent again", readonly=True)
    tries = fields.Integer(readonly=True)
    retry_at = fields.Datetime("Next try", readonly=True)
    sent_at = fields.Datetime("Sent on", readonly=True)
    message_id = fields.Char("Message-ID", readonly=True, index="btree_not_null")
    link_id = fields.Many2one("o2c.pay.link", "Pay link", readonly=True, ondelete="set null")

    _mail_uniq = models.UniqueIndex("(res_model, res_id, kind, address)")

    # Before sending

    @api.model
    def _open(self, kind, wanted):
        """Return ``{(document, address): row}`` ready for a mail to every reader; needs elevated rights.

        What is still waiting to be sent to one of them is withdrawn: the new mail takes its place.

        :param wanted: ``[(document, customer, Recipient)]``, documents of one model
        """
        keys = {(document.id, reader.address) for document, _customer, reader in wanted}
        again = self.search([
            ("res_model", "=", wanted[0][0]._name), ("res_id", "in", [key[0] for key in keys]), ("kind", "=", kind),
            ("address", "in", [key[1] for key in keys]),
        ]).filtered(lambda row: (row.res_id, row.address) in keys)
        again._restart()
        keys.difference_update((row.res_id, row.address) for row in again)
        fresh = self.create([
            self._values(kind, document, customer, reader) for document, customer, reader in wanted
            if (document.id, reader.address) in keys
        ])
        return {(row.res_id, row.address): row for row in again | fresh}

    @api.model
    def _unreachable(self, kind, document, customer, contacts):
        """Note that these contacts should get a mail and have no address for it."""
        named = ", ".join(contact.email or contact.display_name for contact in contacts)
        reader = Recipient(named, "", self.env["o2c.recipients"]._lang(customer.lang, document.company_id),
                           contacts[:1].id, "customer")
        row = self._open(kind, [(document, customer, reader)])[document.id, named]
        row.write({"state": "suppressed", "bad_address": True, "reason": self.env._("no email address")})
        row._alert()

    def _hold_back(self):
        """Hold back what would go to addresses known not to work, be it by the last copy of the very same mail."""
        bad = self._bad_before().grouped(lambda row: (row.company_id, row.address))
        for row in self.filtered(lambda row: (row.company_id, row.address) in bad):
            last = bad[row.company_id, row.address][0]
            row.write({"state": "suppressed", "reason": row.bad_address and row.reason or self.env._(
                "mail to this address came back (%(document)s: %(reason)s). Send the document by hand once it works.",
                document=last.document, reason=last.reason or "–",
            )})

    @api.model
    def _replace(self, kind, documents, kept):
        """Put aside what was to reach other readers than those a document is mailed to now, and did not.

        :param kept: ``{(document id, address)}``
        """
        old = self.search([
            ("res_model", "=", documents._name), ("res_id", "in", documents.ids), ("kind", "=", kind),
            ("state", "!=", "sent"),
        ]).filtered(lambda row: (row.res_id, row.address) not in kept)
        self.env["mail.mail"].sudo().search(
            [("o2c_delivery_id", "in", old.ids), ("state", "in", ("outgoing", "exception"))]
        ).cancel()
        old.write({"state": "replaced", "retry_at": False})

    def _values(self, kind, document, customer, reader):
        return {
            "kind": kind, "res_model": document._name, "res_id": document.id, "document": document.display_name,
            "partner_id": customer.commercial_partner_id.id, "contact_id": reader.partner_id,
            "company_id": document.company_id.id, "address": reader.address, "name": reader.name, "lang": reader.lang,
            "audience": reader.audience,
            "message_id": self._message_id(kind, document, 0, reader.address),
        }

    def _restart(self):
        """Make rows ready for another copy, with a Message-ID of its own; an address that does not work is one until a
        mail arrives there."""
        self.env["mail.mail"].search(
            [("o2c_delivery_id", "in", self.ids), ("state", "in", ("outgoing", "exception"))]
        ).cancel()
        for row in self:
            copies = row.copies + 1
            row.write({
                "state": "queued", "reason": row.bad_address and row.reason, "tries": 0, "retry_at": False,
                "sent_at": False, "copies": copies,
                "message_id": self._message_id(row.kind, row._document(), copies, row.address),
            })

    def _document(self):
        self.ensure_one()
        return self.env[self.res_model].browse(self.res_id)

    @api.model
    def _message_id(self, kind, document, copy, address):
        host = urlsplit(document.get_base_url()).hostname or "localhost"
        seal = hmac(self.env(su=True), "o2c-message-id", (kind, document.id, copy, address))
        return delivery.message_id(kind, document.id, copy, seal, host)

    def _mail_values(self):
        """Return what every mail of a delivery has, whatever it says."""
        self.ensure_one()
        return {
            "o2c_delivery_id": self.id, "model": self.res_model, "res_id": self.res_id,
            "email_to": formataddr((self.name or "", self.address)), "message_id": self.message_id,
            "message_type": "user_notification",  # what stays in the document's history is a message of its own
            "is_notification": False, "auto_delete": True,
        }

    # Afterwards

    def _note(self, mail, failure_type):
        """Keep what became of the mail; the mail queue calls this before the mail may be deleted."""
        self.ensure_one()
        if mail.state == "sent":
            self.write({"state": "sent", "sent_at": fields.Datetime.now(), "reason": False, "retry_at": False,
                        "bad_address": False})
            self._bad_before().bad_address = False
            return
        reason = delivery.in_short(mail.failure_reason) or self.env._("unknown reason")
        wait = delivery.next_try(failure_type, mail.failure_reason, self.tries)
        self.write({
            "state": "failed", "reason": reason, "tries": self.tries + 1,
            "retry_at": wait and fields.Datetime.now() + wait,
            "bad_address": self.bad_address or delivery.is_bad_address(failure_type, mail.failure_reason),
        })
        if not wait:
            self._alert()

    def _bad_before(self):
        """Return the deliveries by which the addresses of these are known not to work."""
        keys = {(row.company_id, row.address) for row in self}
        return self.search([
            ("address", "in", self.mapped("address")), ("bad_address", "=", True),
            ("company_id", "in", self.company_id.ids),
        ]).filtered(lambda row: (row.company_id, row.address) in keys)

    def _bounced(self, reason):
        """Keep that the mail came back, and why in the words of whoever returned it."""
        reason = delivery.in_short(reason) or self.env._("returned by the mail server")
        fresh = self.filtered(lambda row: row.state != "bounced")
        fresh.write({"state": "bounced", "reason": reason, "retry_at": False, "bad_address": True})
        for row in fresh:
            self.env["mail.notification"].search([
                ("mail_message_id.model", "=", row.res_model), ("mail_message_id.res_id", "=", row.res_id),
                ("notification_status", "=", "sent"),
                "|", ("mail_email_address", "=", row.address),
                "&", ("res_partner_id", "=", row.contact_id.id), ("res_partner_id", "!=", False),
            ]).write({"notification_status": "bounce", "failure_type": "mail_bounce", "failure_reason": reason})
        fresh._alert()
        fresh._tell()

    def _alert(self):
        """Give a clerk one task for each address that gets no mail, however many mails it did not get."""
        for (partner, company, address), rows in self.grouped(
            lambda row: (row.partner_id, row.company_id, row.address)
        ).items():
            target = partner or rows[0].contact_id
            summary = self.env._("Mails to %(address)s do not arrive", address=address)
            clerk = partner._o2c_clerk(company, partner.user_id) if target else None
            open_task = target and target.activity_ids.filtered(lambda task, summary=summary: task.summary == summary)
            if clerk and not open_task:
                target.activity_schedule(
                    "mail.mail_activity_data_todo", summary=summary, user_id=clerk.id,
                    note=escape(self.env._(  # what came back was written by others
                        "%(document)s: %(reason)s. Correct the address, then send it again.",
                        document=rows[0].document, reason=rows[0].reason,
                    )),
                )

    # People

    @api.model
    def _why_bad(self, addresses):
        """Return ``{address: why mails to it do not arrive}``; addresses that work are missing."""
        rows = self.search([("address", "in", addresses), ("bad_address", "=", True)], order="id")
        return {row.address: self.env._("%(address)s: %(reason)s (%(document)s)", address=row.address,
                                        reason=row.reason or "–", document=row.document) for row in rows}

    @api.model
    def _known_bad(self, addresses, companies):
        """Return ``{(company id, address): newest delivery that says that it does not work}``; needs elevated
        rights."""
        rows = self.search([
            ("address", "in", addresses), ("bad_address", "=", True), ("company_id", "in", companies.ids),
        ], order="id")
        return {(row.company_id.id, row.address): row for row in rows}

    def action_retry(self):
        """Have the mails that were not sent tried once more, at once, from the first try."""
        self.check_access("read")
        if not self.env.user.has_group("o2c_portal.o2c_portal_group_user"):
            raise AccessError(self.env._("Only Receivables users may send mails again."))
        # sudo: rows are written by the system alone; a user may only ask for another try
        self.sudo().filtered(lambda row: row.state == "failed")._try_again()

    def _try_again(self):
        """Give the mails that could not be sent back to the mail queue, as if they had not been tried; each to where
        its reader is reached by now."""
        stuck = [("o2c_delivery_id", "in", self.ids), ("state", "=", "exception")]
        mails = self.env["mail.mail"].search(stuck).filtered(lambda mail: mail.o2c_delivery_id._redirect(mail))
        mails.o2c_delivery_id.write({"state": "queued", "tries": 0, "retry_at": False, "reason": False})
        mails.mark_outgoing()
        mails._o2c_queue()
        self._tell()

    def _redirect(self, mail):
        """Have a mail go to the address its reader has by now, by a working pay link: that of an old address ended with
        it. Say no where there is no such address, or the document went there already."""
        row, address = self, self._address_now()
        if not address:
            mail.cancel()
            self.write({"state": "replaced", "retry_at": False})
            return False
        if address != self.address:
            reader = Recipient(address, self.name or "", self.lang, self.contact_id.id, self.audience)
            [row] = self._open(self.kind, [(self._document(), self.partner_id, reader)]).values()
            self.write({"state": "replaced", "retry_at": False})
            mail.write({key: row._mail_values()[key] for key in ("o2c_delivery_id", "email_to", "message_id")})
        row._renew_link(mail, self.link_id)
        return True

    def _address_now(self):
        """Return where the reader of this mail is reached by now, False if nowhere this document has not gone yet."""
        if self.contact_id:
            addresses = self.contact_id.active and email_normalize_all(self.contact_id.email) or []
        elif self._is_extra_address():
            extra = self.env["o2c.recipients"]._extra(self.partner_id, self.kind, self.company_id)
            addresses = [reader.address for reader in extra.get(self.partner_id.id, ())]
        else:
            addresses = [self.address]
        if self.address in addresses:
            return self.address
        taken = self.search([
            ("res_model", "=", self.res_model), ("res_id", "=", self.res_id), ("kind", "=", self.kind),
            ("address", "in", addresses), ("state", "!=", "replaced"),
        ]).mapped("address")
        return next((address for address in addresses if address not in taken), False)

    def _is_extra_address(self):
        """Say whether the address is a customer's without being a contact's, and might be another by now: one that
        somebody typed for an invoice is not, as long as its link works."""
        return bool(self.link_id.revoked_at) or (self.kind != "invoice" and self.audience == "customer")

    def _renew_link(self, mail, link):
        """Put this reader's link into a mail that was written with another one, unless that still works."""
        self.link_id = link
        if link.revoked_at and (token := link._token()):
            self.link_id = self._fresh_link(link)
            mail.write({
                name: mail[name].replace(token, self.link_id._token()) for name in ("body_html", "o2c_text")
                if mail[name]
            })

    def _fresh_link(self, link):
        if link.purpose == "account":
            return link._for_account(self.contact_id, self.company_id, "email")
        return link._for_readers([(self._document(), self.address)], "email")[self.res_id, self.address]

    def action_open_document(self):
        """Open the document the mail is about."""
        self.ensure_one()
        action = {"type": "ir.actions.act_window", "res_model": self.res_model, "name": self.document}
        if self.kind == "invoice":
            return {**action, "res_id": self.res_id, "view_mode": "form"}
        return {**action, "domain": [("id", "=", self.res_id)], "view_mode": "list"}  # they have no form
