"""The billing contacts of a customer, as its own people see and keep them."""

from collections import defaultdict

from odoo import api, models
from odoo.fields import Command, Domain
from odoo.tools import email_normalize

from .res_partner import ROLES

MOST_CONTACTS = 20
SHOWN = 200  # staff may have entered more; a page of this length is still one


class O2cAccountContacts(models.AbstractModel):
    """Customers have no right to write contacts, so everything here works with elevated rights and within a
    ``Scope``. What is refused comes back as ``{field: message}``."""

    _name = "o2c.account.contacts"
    _description = "Billing contacts of a customer"

    @api.model
    def _labels(self):
        """Return ``{role: label}`` in the reader's language."""
        return {
            "invoice": self.env._("Invoices"), "reminder": self.env._("Reminders"),
            "receipt": self.env._("Receipts"), "statement": self.env._("Statements"),
        }

    @api.model
    def _contacts(self, scope):
        """Return the people of a customer and the customer itself, with elevated rights; no delivery addresses."""
        partners_sudo = self.env["res.partner"].sudo()
        if scope.own_only:
            return scope.contact
        domain = Domain("commercial_partner_id", "=", scope.partner.id) & Domain("type", "!=", "delivery")
        found = partners_sudo.search(domain, order="name, id", limit=SHOWN)
        return (scope.partner | found).exists()

    @api.model
    def _contact(self, scope, contact_id):
        """Return one of the contacts, empty for any other number and for people of our own staff."""
        contact = self._contacts(scope).filtered(lambda partner: partner.id == contact_id)
        return contact.filtered(lambda partner: all(user.share for user in partner.user_ids))

    @api.model
    def _rows(self, scope):
        contacts = self._contacts(scope)
        waiting = self.env["o2c.contact.change"].sudo().search(
            [("partner_id", "in", contacts.ids), ("state", "=", "waiting")]
        )
        changes = {change.partner_id: change for change in waiting if change._is_open()}
        return [
            {
                "id": contact.id,
                "name": contact.name or contact.display_name,
                "email": contact.email or "",
                "me": contact == scope.contact,
                "roles": {role for role in ROLES if contact[f"o2c_role_{role}"]},
                "waiting": changes[contact].new_email if contact in changes else "",
                "clerk": contact in changes and not changes[contact].old_email,
            }
            for contact in contacts
        ]

    @api.model
    def _fallback(self, scope):
        """Return ``{role: address}`` of who gets the mails of a role nobody was chosen for; nothing for those to whom
        the others are not shown."""
        if scope.own_only:
            return {}
        named = {role for row in self._rows(scope) for role in row["roles"] if row["email"]}
        return {role: scope.partner._o2c_role_contacts(role)[:1].email or "" for role in ROLES if role not in named}

    # Roles

    @api.model
    def _save_roles(self, scope, shown, ticked, company):
        """Give the contacts ``shown`` exactly the roles ``ticked``, and tell those for whom something changed.

        Whoever sees their own documents only can give a role up, not take one: mails would show them the others.

        :param set shown: ids of contacts
        :param set ticked: pairs ``(id, role)``
        :return: False when one of them is not a contact with an address or not a role; nothing is written then
        """
        contacts = self._contacts(scope).filtered(lambda contact: contact.id in shown and contact.email)
        known = {
            (contact.id, role) for contact in contacts for role in ROLES
            if not scope.own_only or contact[f"o2c_role_{role}"]
        }
        if not ticked <= known or not shown <= set(self._contacts(scope).ids):
            return False
        before = self._receivers(scope)
        for contact in contacts:
            values = {f"o2c_role_{role}": (contact.id, role) in ticked for role in ROLES}
            values = {field: value for field, value in values.items() if contact[field] != value}
            if values:
                contact.write(values)
                self._note(scope, contact)
        self._tell(scope, before, company)
        return True

    @api.model
    def _receivers(self, scope):
        """Return ``{contact: {role, ...}}`` of who gets the mails of a customer, chosen or not."""
        found = defaultdict(set)
        for role in ROLES:
            for contact in scope.partner._o2c_role_contacts(role):
                found[contact].add(role)
        return found

    def _note(self, scope, contact):
        """Note in the customer's chatter what was chosen for a contact."""
        labels = self._labels()
        receives = ", ".join(labels[role] for role in ROLES if contact[f"o2c_role_{role}"])
        scope.partner._message_log(body=self.env._(
            "%(who)s chose in the portal what %(contact)s receives: %(roles)s", who=self.env.user.name,
            contact=contact.display_name, roles=receives or self.env._("nothing"),
        ))

    def _tell(self, scope, before, company):
        """Tell everybody who receives something else than before, but who did it: nobody is left out, added or
        replaced in silence, also where they were never chosen.

        :param dict before: what ``_receivers`` returned then
        """
        after = self._receivers(scope)
        for contact in {**before, **after}:
            if contact == scope.contact or before.get(contact) == after.get(contact):
                continue
            lang = self.env["res.lang"]._lang_get(contact.lang).code or self.env.lang or "en_US"
            there = self.with_context(lang=lang)
            names = there._labels()
            self._mail(contact, company, contact.email, "contact_roles_mail", {
                "subject": there.env._("What you receive from %(company)s", company=company.name),
                "who": self.env.user.name, "lang": lang,
                "receives": [names[role] for role in ROLES if role in after.get(contact, ())],
            })

    @api.model
    def _mail(self, contact, company, address, template, values, attachment_ids=()):
        """Queue a mail about a contact; it is kept nowhere once it was sent."""
        frame = self.env["o2c.mail.frame"]
        body = frame._render(template, values["lang"], {**values, "company": company, "contact": contact})
        sender = company.email_formatted or self.env.user.company_id.email_formatted
        self.env["mail.mail"].sudo().create({  # sudo: customers write no mails
            "subject": values["subject"], "body_html": body, "o2c_text": frame._text(body),
            "email_from": sender, "reply_to": sender,
            "email_to": address, "author_id": company.partner_id.id, "auto_delete": True, "is_notification": False,
            "attachment_ids": [Command.set(attachment_ids)],
        })._o2c_queue()

    # People

    @api.model
    def _check_address(self, text):
        """Return ``(address, message)``: the address in its normal form, or what is wrong with it."""
        address = email_normalize(text.strip()) if len(text) <= 254 and text.isprintable() else False
        return address or "", "" if address else self.env._("Enter an email address like name@example.com.")

    @api.model
    def _add(self, scope, name, email, roles, company):
        """Add a contact; return what is wrong with it, empty when it is there. Adding it twice changes nothing."""
        name = " ".join(name.split())
        address, problem = self._check_address(email)
        errors = {"email": problem} if problem else {}
        if not name or len(name) > 100 or not name.isprintable():
            errors["name"] = self.env._("Enter a name of at most 100 characters.")
        if errors:
            return errors
        contacts = self._contacts(scope)
        same = contacts.filtered(lambda contact: contact.email_normalized == address)
        if name in same.mapped("name"):
            return {}
        if same:
            return {"email": self.env._("%(name)s has this address already.", name=same[0].display_name)}
        if len(contacts) >= MOST_CONTACTS:
            return {"name": self.env._("There are %(count)s contacts already. Please ask us to remove some.",
                                       count=len(contacts))}
        before = self._receivers(scope)
        contact = contacts.create({
            "name": name, "email": address, "parent_id": scope.partner.id, "type": "contact",
            "lang": scope.contact.lang, **{f"o2c_role_{role}": True for role in roles},
        })
        self._note(scope, contact)
        self._tell(scope, before, company)
        return {}

    @api.model
    def _change_address(self, scope, contact, email, company):
        """Ask for a new address of a contact; return what is wrong with it."""
        address, problem = self._check_address(email)
        if problem:
            return {"email": problem}
        if address == contact.email_normalized:
            return {"email": self.env._("This is the address we have.")}
        self.env["o2c.contact.change"]._ask(contact, address, company)
        return {}
