"""Adds to account.move.send: a warning of addresses that mails are known not to reach; a file of its own for its
length."""

# pylint: disable=consider-merging-classes-inherited
from odoo import api, models
from odoo.tools import email_normalize_all

from .res_partner_sending import NOTICE

NAMES_SHOWN = 3
MAILED = {"email", NOTICE}


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    @api.model
    def _get_alerts(self, moves, moves_data):
        """Override of account: name the readers whose address does not work, why, and what to do."""
        alerts = super()._get_alerts(moves, moves_data)
        mailed = moves.filtered(lambda move: move.is_sale_document(include_receipts=True)).filtered(
            lambda move: MAILED & set(moves_data[move]["sending_methods"])
        )
        if bad := self._o2c_bad_readers(self._o2c_addressed(mailed, moves_data)):
            alerts["o2c_bad_address"] = self._o2c_bad_alert(bad, len(moves) > 1)
        return alerts

    @api.model
    def _o2c_addressed(self, moves, moves_data):
        """Return ``{move: (contacts, [further address])}``, whom documents would be mailed to; contacts with elevated
        rights: who sends to somebody may know that it does not arrive."""
        people_sudo = self.env["res.partner"].sudo()
        chosen = {move: self._o2c_chosen_readers(move, moves_data[move]) for move in moves}
        return {
            move: (
                people_sudo.browse(getattr(people, "ids", people)),  # the wizard has records, the pipeline has ids
                email_normalize_all((further or "").replace(";", ",")),
            ) for move, (people, further) in chosen.items()
        }

    @api.model
    def _o2c_chosen_readers(self, move, data):
        """Return ``(contacts, further addresses as text)``: whom the sender chose, or, where a notice is sent and no
        email, who gets emails unless somebody chooses others."""
        if NOTICE not in data["sending_methods"] or self._o2c_goes_by("email", move, data):
            return data.get("mail_partner_ids") or [], data.get("o2c_also_to")
        template = self._get_default_mail_template_id(move)
        people = self._get_default_mail_partner_ids(move, template, self._get_default_mail_lang(move, template))
        return people, self._o2c_default_also_to(move)

    @api.model
    def _o2c_bad_readers(self, addressed):
        """Return ``{(name or address, why): contact}`` of readers whose address does not work, in the order of their
        documents, in a fixed number of queries.

        :param addressed: what ``_o2c_addressed`` returns
        """
        contacts = self.env["res.partner"].sudo().union(*(people for people, _further in addressed.values()))
        mine = {contact: email_normalize_all(contact.email) for contact in contacts}
        found = {*(address for own in mine.values() for address in own),
                 *(address for _people, further in addressed.values() for address in further)}
        companies = self.env["account.move"].concat(*addressed).company_id
        known, bad = self.env["o2c.delivery"].sudo()._known_bad(list(found), companies), {}
        for move, (people, further) in addressed.items():
            for contact in people:
                if why := self._o2c_why_bad(contact, mine[contact], known, move.company_id):
                    bad.setdefault((contact.display_name, why), contact)
            for address in further:
                if row := known.get((move.company_id.id, address)):
                    bad.setdefault((address, row.reason or "–"), contacts.browse())
        return bad

    @api.model
    def _o2c_why_bad(self, contact, addresses, known, company):
        """Return why mails to a contact do not arrive, empty when nothing is known against it."""
        if contact.email and not addresses:
            return self.env._("%(text)s is not an email address", text=contact.email)
        for address in addresses:
            if row := known.get((company.id, address)):
                return self.env._("%(address)s: %(reason)s", address=address, reason=row.reason or "–")
        if contact.message_bounce:
            return self.env._("%(address)s: mails came back (%(count)s)", address=contact.email,
                              count=contact.message_bounce)
        return ""

    @api.model
    def _o2c_bad_alert(self, bad, many):
        """Return the warning: all of the readers of one document; of many, how many and the first few."""
        named = [self.env._("• %(name)s (%(why)s)", name=name, why=why) for name, why in bad]
        if not many:
            return {"level": "warning", "message": "\n".join([
                self.env._("Mail does not reach:"), *named,
                self.env._("Correct the address or take it out. What you send from here is tried all the same."),
            ])}
        more = len(named) - NAMES_SHOWN
        contacts = self.env["res.partner"].concat(*bad.values())
        action = contacts._get_records_action(name=self.env._("Mail does not reach them")) if contacts else False
        return {
            "level": "warning", "action": action, "action_text": self.env._("View Contacts"),
            "message": "\n".join([
                self.env._("Readers whom mail does not reach: %(count)s", count=len(named)), *named[:NAMES_SHOWN],
                *([self.env._("and %(count)s more", count=more)] if more > 0 else []),
                self.env._("Correct the addresses first: what is sent from a list may be held back from them."),
            ]),
        }
