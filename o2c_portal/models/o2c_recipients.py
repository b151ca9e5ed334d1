"""Who gets the mails about money: the customer's people, its extra addresses, and copies to own staff."""

from odoo import api, models
from odoo.tools import email_normalize, email_normalize_all, email_split

from ..core.recipients import Recipient, unique


class O2cRecipients(models.AbstractModel):
    """One answer for every mail of ours, so that an invoice, its reminder and its receipt reach the same people.

    Works with elevated rights: who gets a mail does not depend on who sends it.
    """

    _name = "o2c.recipients"
    _description = "Recipients of mails about money"

    @api.model
    def _for(self, partner, role, company, documents=None):
        """Return the list of ``core.recipients.Recipient`` of a mail to a customer, each address once.

        :param partner: any contact of the customer
        :param str role: ``invoice``, ``reminder``, ``receipt`` or ``statement``
        :param documents: invoices or orders the mail is about; the contact they share is written to where nobody was
            chosen for the role, and their salespeople get a copy where the company wants it
        """
        people = self._people(partner, role, documents)
        return unique([
            *(found for contact in people for found in self._of_contact(contact, company)),
            *self._others(partner, role, company, documents),
        ])

    @api.model
    def _people(self, partner, role, documents):
        """Return the contacts to write to: chosen ones, else that of the documents, else the invoice address."""
        chosen = partner._o2c_named_contacts(role)
        contact = documents.sudo().partner_id if documents else partner.browse()
        if not chosen and len(contact) == 1 and contact.email:
            return contact
        return chosen or partner._o2c_role_contacts(role)

    @api.model
    def _of_contact(self, contact, company, audience="customer"):
        """Return a recipient for every address of a contact."""
        contact = contact.sudo()
        lang = self._lang(contact.lang, company)
        return [
            Recipient(address, contact.name or contact.display_name, lang, contact.id, audience)
            for address in email_normalize_all(contact.email)
        ]

    @api.model
    def _mute(self, contacts):
        """Return the contacts nobody can write to: what they have is no address, or they have none."""
        return contacts.filtered(lambda contact: not email_normalize_all(contact.email))

    @api.model
    def _extra(self, customers, role, company):
        """Return ``{customer_id: [Recipient]}`` of the addresses that are no contacts, in one query."""
        rows_sudo = self.env["o2c.billing.address"].sudo().search(
            [("partner_id", "in", customers.ids), (f"role_{role}", "=", True)]
        )
        return {
            customer.id: [
                Recipient(email_normalize(row.email), row.name or "", self._lang(row.lang or customer.lang, company),
                          False, "customer")
                for row in rows
            ]
            for customer, rows in rows_sudo.grouped("partner_id").items()
        }

    @api.model
    def _staff(self, partner, role, company, documents=None):
        """Return the recipients among own staff whom the company wants to have a copy."""
        company = company.sudo()
        people = company[f"o2c_{role}_user_ids"]
        if company[f"o2c_{role}_salesperson"]:
            people |= self._salespeople(partner, documents)
        return self._of_staff(people, role, company)

    @api.model
    def _of_staff(self, people, role, company):
        """Return the recipients behind users, and the addresses in the settings."""
        found = [
            recipient for user in people if user.active
            for recipient in self._of_contact(user.partner_id, company, "staff")
        ]
        lang = self._lang(company.partner_id.lang, company)
        return found + [
            Recipient(email_normalize(address), "", lang, False, "staff")
            for address in email_split((company[f"o2c_{role}_emails"] or "").replace(";", ","))
        ]

    @api.model
    def _others(self, partner, role, company, documents=None):
        """Return who gets the mail beside the contacts: extra addresses and staff."""
        customer = partner.commercial_partner_id
        return [
            *self._extra(customer, role, company).get(customer.id, []),
            *self._staff(partner, role, company, documents),
        ]

    @api.model
    def _typed(self, text, partner, role, company, documents, lang):
        """Return the recipients behind addresses in a text: those of ``_others`` as they are known there, any other as
        the customer's, in ``lang``."""
        addresses = email_normalize_all((text or "").replace(";", ","))
        if not addresses:
            return []
        known = {other.address: other for other in self._others(partner, role, company, documents)}
        return [
            known.get(address) or Recipient(address, "", self._lang(lang, company), False, "customer")
            for address in addresses
        ]

    @api.model
    def _salespeople(self, partner, documents):
        if not documents:
            return partner.sudo().user_id
        return documents.sudo()["invoice_user_id" if documents._name == "account.move" else "user_id"]

    @api.model
    def _lang(self, code, company):
        """Return the code of an installed language: the one asked for, else the company's, else the user's."""
        langs = self.env["res.lang"]
        for wanted in (code, company.sudo().partner_id.lang, self.env.lang):
            if wanted and langs._lang_get(wanted):
                return wanted
        return "en_US"
