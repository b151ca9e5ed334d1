"""The receipt of a payment: who gets it, what it says, and the mails it is sent with."""

from urllib.parse import urlsplit

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import email_normalize, email_split, format_amount, format_date

from ..core import instalments
from ..core.money import to_major


class O2cReceipt(models.AbstractModel):
    _name = "o2c.receipt"
    _description = "Receipt of a payment"

    def _send(self, payment, again=False):
        """Queue the receipts of one payment: to its payer, and to the staff chosen in the settings.

        Every payment gets its receipts once; what was decided is kept in ``o2c_receipt_state``, and two workers that
        decide at the same time conflict on that row. ``again`` sends them once more, on a person's request.

        :raises UserError: if asked for again where there is no receipt
        """
        payment.ensure_one()
        due = self._is_due(payment)
        if again and not due:
            raise UserError(self.env._("Only money received from a customer has a receipt."))
        if not due or (payment.o2c_receipt_state and not again):
            return
        readers = self._readers(payment)
        state, note = self._decide(payment, readers, again)
        payment.write({
            "o2c_receipt_state": state, "o2c_receipt_note": note, "o2c_receipt_sent_at": False,
            "o2c_receipt_copies": payment.o2c_receipt_copies + (1 if again else 0),
        })
        mails = [self._mail(payment, "staff", address, lang) for address, lang in self._staff(payment).items()]
        if state == "queued":
            mails += [self._mail(payment, "customer", reader.email_formatted, reader.lang, copy)
                      for copy, reader in enumerate(readers)]
        # sudo: whoever sends a receipt need not be allowed to write mails by hand
        self.env["mail.mail"].sudo().create(mails)._o2c_queue()

    def _decide(self, payment, readers, again):
        """Return ``(state, note)``: whether the customer gets a receipt, and to which address or why not."""
        if not again and not payment.company_id.o2c_receipt_customer:
            return "off", self.env._("Receipts are off in the settings.")
        if not readers.filtered("email"):
            return "no_address", self.env._("%(customer)s has no email address.", customer=readers.name or "?")
        return "queued", ", ".join(readers.mapped("email_formatted"))

    def _is_due(self, payment):
        """True for money of a customer that is in the books: no draft, no refund, no transfer between own accounts."""
        return (
            payment.payment_type == "inbound"
            and payment.partner_type == "customer"
            and payment.amount > 0
            and not payment.paired_internal_transfer_payment_id
            and payment._o2c_is_posted()
        )

    # Who

    def _readers(self, payment):
        """Return the contacts who get the customer's receipt: who paid online and the contacts chosen for receipts,
        each address once; where nobody was chosen, the one who is most likely to have paid."""
        # sudo: transactions and contacts of the payer need not be readable by whoever confirms a payment
        chosen = payment.partner_id._o2c_named_contacts("receipt") if payment.partner_id else self.env["res.partner"]
        if not chosen:
            return self._payer(payment)
        readers = payment.sudo().payment_transaction_id.partner_id.filtered("email") | chosen
        return self.env["res.partner"].sudo().union(*(
            same[0] for same in readers.grouped(lambda reader: reader.email_normalized or reader.email).values()
        ))

    def _payer(self, payment):
        """Return the contact who gets the receipt where none was chosen: the payer of the transaction, the billing
        contact of the paid documents, that of the customer; the first of them with an address."""
        documents = self._documents(payment)
        # sudo: transactions and contacts of the payer need not be readable by whoever confirms a payment
        candidates = [
            payment.sudo().payment_transaction_id.partner_id,
            documents.partner_id if len(documents.partner_id) == 1 else payment.env["res.partner"],
            payment.env["res.partner"].browse(payment.partner_id.address_get(["invoice"]).get("invoice")),
            payment.partner_id,
        ]
        found = [partner.sudo() for partner in candidates if partner]
        return next((partner for partner in found if partner.email), found[0] if found else candidates[-1])

    def _staff(self, payment):
        """Return ``{address: language}`` of the staff to tell, each address once."""
        company = payment.company_id
        people = company.o2c_receipt_user_ids
        if company.o2c_receipt_salesperson:
            documents = self._documents(payment)
            people |= payment._o2c_orders().user_id | documents.invoice_user_id
        found = {}
        for user in people.filtered(lambda user: user.active and user.email):
            found.setdefault(email_normalize(user.email) or user.email, user.lang)
        for address in email_split(company.o2c_receipt_emails or ""):
            found.setdefault(email_normalize(address) or address, company.partner_id.lang)
        return found

    # What

    def _documents(self, payment):
        return payment.reconciled_invoice_ids.filtered(lambda move: move.is_sale_document(include_receipts=True))

    def _applied(self, payment):
        """Return ``{journal item: amount}``: what the payment settled, in the currency of each item's document."""
        lines = payment.move_id.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")
        applied = {}
        for partial in lines.matched_debit_ids:
            item = partial.debit_move_id
            applied[item] = applied.get(item, 0.0) + partial.debit_amount_currency
        return applied

    def _content(self, payment, lang):
        """Return what the receipt says, as texts in ``lang``."""
        env = payment.with_context(lang=lang).env

        def money(amount, currency):
            return format_amount(env, amount, currency, lang_code=lang)

        applied = self._applied(payment)
        documents = env["account.move"].browse(sorted({item.move_id.id for item in applied}))
        schedule = documents._o2c_instalments_by_move()
        paid = self._paid_rows(env, applied, schedule, money)
        unapplied = payment._o2c_unapplied()
        return {
            "company": payment.company_id,
            "customer": payment.partner_id.commercial_partner_id.name or "",
            "amount": money(payment.amount, payment.currency_id),
            "date": format_date(env, payment.date, lang_code=lang),
            "method": self._method(payment.with_env(env)),
            "reference": payment.name,
            "paid": paid,
            "credit": money(unapplied, payment.currency_id)
            if payment.currency_id.compare_amounts(unapplied, 0) > 0 else "",
            "open": self._open_rows(env, schedule, lang, money),
            "documents": documents,
            "subject_documents": ", ".join(documents.mapped("name")[:3]) + ("…" if len(documents) > 3 else ""),
        }

    def _paid_rows(self, env, applied, schedule, money):
        """Return ``[(document, instalment, amount)]`` in the order of the instalments."""
        numbers = {item.line_id: item for items in schedule.values() for item in items}
        rows = []
        for line, amount in sorted(applied.items(), key=lambda entry: (entry[0].move_id.id, entry[0].date_maturity)):
            rows.append((
                line.move_id.name, self._label(env, numbers.get(line.id)), money(amount, line.currency_id),
            ))
        return rows

    def _open_rows(self, env, schedule, lang, money):
        """Return ``[(document, open amount, [(instalment, date, amount)])]`` of the documents the payment touched."""
        rows = []
        for move, items in schedule.items():
            digits, currency = move.currency_id.decimal_places, move.currency_id
            still = [item for item in instalments.in_order(items) if item.open_minor > 0]
            rows.append((
                move.name,
                money(to_major(sum(item.open_minor for item in still), digits), currency) if still else "",
                [
                    (self._label(env, item), format_date(env, item.date_due, lang_code=lang),
                     money(to_major(item.open_minor, digits), currency))
                    for item in still
                ],
            ))
        return rows

    def _label(self, env, item):
        if item is None or item.count < 2:
            return ""
        return env._("Instalment %(number)s of %(count)s", number=item.number, count=item.count)

    def _method(self, payment):
        """Return how the money came, in words a customer knows."""
        tx = payment.sudo().payment_transaction_id  # sudo: as above
        if tx:
            return " ".join(filter(None, [tx.payment_method_id.name, tx.token_id.payment_details]))
        line = payment.payment_method_line_id
        return line.name if line.code != "manual" else payment.journal_id.name

    # The mail

    def _mail(self, payment, audience, address, lang, reader=0):
        """Return the values of one mail, ready for the queue.

        :param int reader: position among the customer's contacts who get the receipt
        """
        lang = self.env["res.lang"]._lang_get(lang).code or self.env.lang or "en_US"
        content = self._content(payment, lang)
        words = self.with_context(lang=lang).env._
        if audience == "customer":
            subject = words("Receipt: %(amount)s to %(company)s", amount=content["amount"],
                            company=content["company"].name)
        else:
            subject = words("Payment received: %(amount)s from %(customer)s", **{
                key: content[key] for key in ("amount", "customer")
            })
        if content["subject_documents"]:
            subject = f"{subject} ({content['subject_documents']})"
        body = self.env["ir.qweb"]._render(
            "o2c_portal.receipt_mail", {**content, "audience": audience, "subject": subject, "lang": lang},
            minimal_qcontext=True, lang=lang,
        )
        sender = payment.company_id.email_formatted or self.env.user.email_formatted
        return {
            "model": payment._name, "res_id": payment.id, "o2c_payment_id": payment.id, "o2c_audience": audience,
            "subject": subject, "body_html": body, "body": body if audience == "customer" else "",
            "message_type": "email_outgoing" if audience == "customer" else "user_notification",
            "email_from": sender, "reply_to": sender, "email_to": address,
            "author_id": payment.company_id.partner_id.id,
            "message_id": self._message_id(payment, audience, address, reader),
            "is_notification": False, "auto_delete": False,
        }

    def _message_id(self, payment, audience, address, reader):
        """Return the Message-ID of a receipt: the same whenever this very receipt is made, so that mail readers fold
        a second copy into the first."""
        parameters = self.env["ir.config_parameter"].sudo()  # sudo: read-only facts about the database
        host = urlsplit(payment.get_base_url()).hostname or "localhost"
        database = parameters.get_param("database.uuid")
        address = email_normalize(address) or address
        whom = "" if audience == "customer" and not reader else f"-{address.replace('@', '.')}"
        copy = payment.o2c_receipt_copies
        return f"<o2c-receipt-{payment.id}-{copy}-{audience}{whom}-{database}@{host}>"
