"""Who gets a notice about money, and the mails it is sent with."""

import logging

from psycopg2 import OperationalError

from odoo import models
from odoo.fields import Command

from ..core.recipients import unique

_logger = logging.getLogger(__name__)
MOST_ROWS = 20  # in a mail; all of them are on the paper that comes with it


class O2cReceipt(models.AbstractModel):
    _name = "o2c.receipt"
    _description = "Receipts and their readers"

    def _send(self, notice, again=False):
        """Queue the mails of a notice: to its customer, and to the staff chosen in the settings.

        :param bool again: on a person's request, whatever the settings say and mails that came back
        """
        notice.ensure_one()
        contacts, recipients = self._readers(notice), self.env["o2c.recipients"]
        customers, mute = self._customers(notice, contacts), recipients._mute(contacts.filtered("email"))
        state, note = self._decide(notice, contacts, customers or mute, again)
        if state != "queued":
            customers, mute = [], mute.browse()
        notice.write({
            "state": state, "note": note, "sent_at": False, "move_ids": [Command.set(notice._documents().ids)],
            "copies": notice.copies + (1 if again else 0),
        })
        to = self._open(notice, unique([*customers, *self._staff(notice)]), mute, again)
        mails = self._mails(notice, to, recipients._lang(contacts[:1].lang, notice.company_id))
        # sudo: whoever sends a receipt need not be allowed to write mails by hand
        self.env["mail.mail"].sudo().create(mails)._o2c_queue()
        notice._judge()

    def _decide(self, notice, contacts, to, again):
        """Return ``(state, note)``: whether the customer is to get it, or why not."""
        if not again and not notice.company_id.o2c_receipt_customer:
            return "off", self.env._("Receipts are off in the settings.")
        if not to:  # whoever paid at a till had it there: that is no task
            state = "till" if self.env["o2c.till"]._way(notice.entry_id) else "no_address"
            return state, self.env._("%(customer)s has no email address.", customer=contacts.name or "?")
        return "queued", False

    def _open(self, notice, readers, mute, again):
        """Return ``{reader: delivery}`` of whom a mail goes to now. Others are put aside; whom nothing can reach, and
        where the last mail came back, is written down."""
        deliveries_sudo = self.env["o2c.delivery"].sudo()  # sudo: as for the mails
        deliveries_sudo._replace("receipt", notice, {(notice.id, reader.address) for reader in readers})
        if mute:
            deliveries_sudo._unreachable("receipt", notice, notice.partner_id, mute)
        return deliveries_sudo._prepare("receipt", notice, readers, by_hand=again)

    # Who

    def _readers(self, notice):
        """Return the contacts who get the customer's copy: who paid online and the contacts chosen for receipts,
        each address once; where nobody was chosen, the one who is most likely to have paid."""
        # sudo: transactions and contacts of the payer need not be readable by whoever confirms a payment
        chosen = notice.partner_id._o2c_named_contacts("receipt")
        if not chosen:
            return self._payer(notice)
        readers = notice.sudo().payment_id.payment_transaction_id.partner_id.filtered("email") | chosen
        return self.env["res.partner"].sudo().union(*(
            same[0] for same in readers.grouped(lambda reader: reader.email_normalized or reader.email).values()
        ))

    def _customers(self, notice, contacts):
        """Return the ``Recipient`` list of the customer: these contacts, and its extra addresses for receipts."""
        recipients, company = self.env["o2c.recipients"], notice.company_id
        customer = notice.partner_id.commercial_partner_id
        return unique([
            *(found for contact in contacts for found in recipients._of_contact(contact, company)),
            *recipients._extra(customer, "receipt", company).get(customer.id, []),
        ])

    def _payer(self, notice):
        """Return the contact who gets it where none was chosen: the payer of the transaction, the billing contact of
        the documents, that of the customer; the first of them with an address."""
        # sudo: transactions and contacts of the payer need not be readable by whoever confirms a payment
        documents = notice._documents()
        candidates = [
            notice.sudo().payment_id.payment_transaction_id.partner_id,
            documents.partner_id if len(documents.partner_id) == 1 else notice.env["res.partner"],
            notice.env["res.partner"].browse(notice.partner_id.address_get(["invoice"]).get("invoice")),
            notice.payment_id.partner_id or notice.partner_id,
        ]
        found = [partner.sudo() for partner in candidates if partner]
        return next((partner for partner in found if partner.email), found[0])

    def _staff(self, notice):
        """Return the ``Recipient`` list of the staff to tell."""
        company = notice.company_id
        people = company.o2c_receipt_user_ids
        if company.o2c_receipt_salesperson:
            documents = notice._documents()
            orders = notice.payment_id._o2c_orders() or documents._o2c_orders()
            people |= orders.user_id | documents.invoice_user_id
        return self.env["o2c.recipients"]._of_staff(people, "receipt", company)

    # The mails

    def _mails(self, notice, to, customer_lang):
        """Return the values of mails, ready for the queue. Everybody reads their own language; staff gets the paper
        that the customer has.

        :param dict to: ``{reader: delivery}``
        """
        contents, papers, mails = {}, {}, []
        for reader, row in to.items():
            if reader.lang not in contents:
                contents[reader.lang] = self.env["o2c.receipt.paper"]._content(notice, reader.lang)
            lang = reader.lang if reader.audience == "customer" else customer_lang
            if lang not in papers:
                papers[lang] = self._paper(notice, lang)
            mails.append({
                **row._mail_values(), **self._mail(notice, reader.audience, contents[reader.lang], papers[lang]),
            })
        return mails

    def _paper(self, notice, lang):
        """Return the notice as a PDF attachment. A receipt is not held up by a PDF that cannot be made: empty then."""
        paper = self.env["o2c.receipt.paper"]
        try:
            with self.env.cr.savepoint():
                pdf = paper._pdf(notice, lang)
        except OperationalError:
            raise
        except Exception:  # noqa: BLE001 - whatever the printer says, the mail says the same as the paper
            _logger.warning("No PDF for the notice about %s", notice.display_name, exc_info=True)
            return self.env["ir.attachment"]
        source = notice.payment_id or notice.entry_id
        return self.env["ir.attachment"].sudo().create({  # sudo: as the mail it is for
            "name": f"{paper._file_name(notice, lang)}.pdf", "raw": pdf, "mimetype": "application/pdf",
            "res_model": source._name, "res_id": source.id,
        })

    def _mail(self, notice, audience, content, paper):
        """Return what one mail says, and where it stays: in the history of the money."""
        frame, source = self.env["o2c.mail.frame"], notice.payment_id or notice.entry_id
        subject = self._subject(audience, content)
        body = frame._render("receipt_mail", content["lang"], {
            **content, "audience": audience, "subject": subject, "most": MOST_ROWS if paper else None,
        })
        sender = notice.company_id.email_formatted or self.env.user.email_formatted
        return {
            "model": source._name, "res_id": source.id,
            "subject": subject, "body": body if audience == "customer" else "",
            "body_html": body, "o2c_text": frame._text(body),
            "message_type": "email_outgoing" if audience == "customer" else "user_notification",
            "email_from": sender, "reply_to": sender, "author_id": notice.company_id.partner_id.id,
            "auto_delete": False, "attachment_ids": [Command.set(paper.ids)],
        }

    def _subject(self, audience, content):
        """Return what the mail says at first sight: whether money came or went, how much, and for what."""
        env = self.with_context(lang=content["lang"]).env
        facts = {"amount": content["amount"], "company": content["company"].name, "customer": content["customer"]}
        kind = content["kind"] if content["incoming"] or content["kind"] == "refund" else "refund_reversal"
        subject = {
            ("customer", "receipt"): lambda: env._("Receipt: %(amount)s to %(company)s", **facts),
            ("customer", "refund"): lambda: env._("Refund: %(amount)s from %(company)s", **facts),
            ("customer", "reversal"): lambda: env._("Payment withdrawn: %(amount)s to %(company)s", **facts),
            ("customer", "refund_reversal"): lambda: env._("Refund withdrawn: %(amount)s from %(company)s", **facts),
            ("staff", "receipt"): lambda: env._("Payment received: %(amount)s from %(customer)s", **facts),
            ("staff", "refund"): lambda: env._("Sent back: %(amount)s to %(customer)s", **facts),
            ("staff", "reversal"): lambda: env._("Payment withdrawn: %(amount)s from %(customer)s", **facts),
            ("staff", "refund_reversal"): lambda: env._("Refund withdrawn: %(amount)s to %(customer)s", **facts),
        }[audience, kind]()
        return f"{subject} ({content['subject_documents']})" if content["subject_documents"] else subject
