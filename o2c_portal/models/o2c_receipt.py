"""Who gets a notice about money, and the mails it is sent with."""

import logging
from urllib.parse import urlsplit

from psycopg2 import OperationalError

from odoo import models
from odoo.fields import Command
from odoo.tools import email_normalize, email_split, hmac

_logger = logging.getLogger(__name__)
MOST_ROWS = 20  # in a mail; all of them are on the paper that comes with it


class O2cReceipt(models.AbstractModel):
    _name = "o2c.receipt"
    _description = "Receipts and their readers"

    def _send(self, notice, again=False):
        """Queue the mails of a notice: to its customer, and to the staff chosen in the settings.

        :param bool again: on a person's request, whatever the settings say
        """
        notice.ensure_one()
        readers = self._readers(notice)
        to = [("customer", reader.email_formatted, reader.lang) for reader in readers.filtered("email")]
        to += [("customer", address, lang) for address, lang in self._extra(notice, readers).items()]
        state, note = self._decide(notice, readers, to, again)
        notice.write({
            "state": state, "note": note, "sent_at": False, "move_ids": [Command.set(notice._documents().ids)],
            "copies": notice.copies + (1 if again else 0),
        })
        staff = [("staff", address, lang) for address, lang in self._staff(notice).items()]
        to = staff + (to if state == "queued" else [])
        # sudo: whoever sends a receipt need not be allowed to write mails by hand
        self.env["mail.mail"].sudo().create(self._mails(notice, to, readers[:1].lang))._o2c_queue()

    def _decide(self, notice, readers, to, again):
        """Return ``(state, note)``: whether the customer gets it, and at which address or why not."""
        if not again and not notice.company_id.o2c_receipt_customer:
            return "off", self.env._("Receipts are off in the settings.")
        if not to:
            return "no_address", self.env._("%(customer)s has no email address.", customer=readers.name or "?")
        return "queued", ", ".join(address for _audience, address, _lang in to)

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

    def _extra(self, notice, readers):
        """Return ``{address: language}`` of the customer's extra addresses for receipts, beside its contacts."""
        customer = notice.partner_id.commercial_partner_id
        found = self.env["o2c.recipients"]._extra(customer, "receipt", notice.company_id).get(customer.id, [])
        known = set(readers.mapped("email_normalized"))
        return {extra.address: extra.lang for extra in found if extra.address not in known}

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
        """Return ``{address: language}`` of the staff to tell, each address once."""
        company = notice.company_id
        people = company.o2c_receipt_user_ids
        if company.o2c_receipt_salesperson:
            documents = notice._documents()
            orders = notice.payment_id._o2c_orders() or documents._o2c_orders()
            people |= orders.user_id | documents.invoice_user_id
        found = {}
        for user in people.filtered(lambda user: user.active and user.email):
            found.setdefault(email_normalize(user.email) or user.email, user.lang)
        for address in email_split(company.o2c_receipt_emails or ""):
            found.setdefault(email_normalize(address) or address, company.partner_id.lang)
        return found

    # The mails

    def _mails(self, notice, to, customer_lang):
        """Return the values of mails, ready for the queue. Everybody reads their own language; staff gets the paper
        that the customer has.

        :param list to: ``(audience, address, language)`` of each
        """
        contents, papers, mails = {}, {}, []
        for audience, address, lang in to:
            lang = self._lang(lang)
            if lang not in contents:
                contents[lang] = self.env["o2c.receipt.paper"]._content(notice, lang)
            paper_lang = lang if audience == "customer" else self._lang(customer_lang)
            if paper_lang not in papers:
                papers[paper_lang] = self._paper(notice, paper_lang)
            first = audience == "customer" and not any(mail["o2c_audience"] == "customer" for mail in mails)
            mails.append(self._mail(notice, audience, address, contents[lang], papers[paper_lang], first))
        return mails

    def _lang(self, lang):
        return self.env["res.lang"]._lang_get(lang).code or self.env.lang or "en_US"

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

    def _mail(self, notice, audience, address, content, paper, first):
        """Return the values of one mail.

        :param bool first: whether this is the first of the customer's readers
        """
        lang, source = content["lang"], notice.payment_id or notice.entry_id
        subject = self._subject(audience, content)
        body = self.env["ir.qweb"]._render(
            "o2c_portal.receipt_mail",
            {**content, "audience": audience, "subject": subject, "most": MOST_ROWS if paper else None},
            minimal_qcontext=True, lang=lang,
        )
        sender = notice.company_id.email_formatted or self.env.user.email_formatted
        return {
            "model": source._name, "res_id": source.id, "o2c_notice_id": notice.id, "o2c_audience": audience,
            "subject": subject, "body_html": body, "body": body if audience == "customer" else "",
            "message_type": "email_outgoing" if audience == "customer" else "user_notification",
            "email_from": sender, "reply_to": sender, "email_to": address,
            "author_id": notice.company_id.partner_id.id,
            "message_id": self._message_id(notice, audience, address, first),
            "is_notification": False, "auto_delete": False, "attachment_ids": [Command.set(paper.ids)],
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

    def _message_id(self, notice, audience, address, first):
        """Return the Message-ID of a mail: the same whenever this very one is made, so that mail readers fold a
        second copy into the first."""
        host = urlsplit(notice.get_base_url()).hostname or "localhost"
        address = email_normalize(address) or address
        whom = "" if audience == "customer" and first else address
        money = f"p{notice.payment_id.id}" if notice.payment_id else f"e{notice.entry_id.id}-{notice.partner_id.id}"
        facts = (notice.kind, money, notice.number, notice.copies, audience, whom)
        return f"<o2c-{'-'.join(map(str, facts[:4]))}-{hmac(self.env(su=True), 'o2c-message-id', facts)[:32]}@{host}>"
