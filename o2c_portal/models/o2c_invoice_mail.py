"""What the mail of an invoice says: for one reader, in the reader's language, as HTML and as plain text."""

from markupsafe import Markup, escape

from odoo import api, models
from odoo.tools import format_amount, format_date, html2plaintext

from ..core.money import to_major

# Outlook draws with Word: a button with a clickable area needs its own drawing, hidden from everybody else
OUTLOOK_BUTTON = Markup(
    '<!--[if mso]><v:roundrect xmlns:v="urn:schemas-microsoft-com:vml" xmlns:w="urn:schemas-microsoft-com:office:word" '
    'href="%(url)s" style="height:48px;v-text-anchor:middle;width:280px;" arcsize="10%%" stroke="f" '
    'fillcolor="%(fill)s"><w:anchorlock/><center style="color:%(ink)s;font-family:Arial,sans-serif;font-size:18px;'
    'font-weight:bold;">%(label)s</center></v:roundrect><![endif]-->'
)
SCHEMA_STATUS = {"due": "PaymentDue", "overdue": "PaymentPastDue", "none": "PaymentComplete"}


class O2cInvoiceMail(models.AbstractModel):
    """Nothing is written and no link made here, so that a preview shows exactly what would be sent."""

    _name = "o2c.invoice.mail"
    _description = "Mail of an invoice"

    @api.model
    def _write(self, move, reader, subject, message, items=(), url="", customers=(), banner=None, notice=False):
        """Return ``(html, text)`` of the mail for one reader.

        :param reader: ``core.recipients.Recipient``
        :param message: what the sender wrote, as ``Markup``
        :param items: what the document asks for, as ``Instalment``
        :param url: the reader's own Pay Now address; empty where there is nothing to pay, and for staff
        :param customers: for a copy to staff: the addresses of the customer it went to
        :param banner: what ``o2c.banner._pick_for_readers`` chose for the reader
        :param notice: say no more than what is due now, and where to see the document
        """
        move = move.with_context(lang=reader.lang)
        content = self._content(move, reader, subject, message, items, url, customers)
        content["banner"] = None if notice else banner
        if notice:
            self._shorten(content, url)
        html = self.env["o2c.mail.frame"]._render("invoice_mail", reader.lang, content)
        return html, self._text(move.env, content)

    def _shorten(self, content, url):
        """Leave what a notice says: where to see the document and, where something is due now, how much and when."""
        content["facts"] = []
        content["document_url"] = f"{url}/document" if url else ""
        if content["pay"]:
            content["pay"]["rows"] = []

    def _content(self, move, reader, subject, message, items, url, customers):
        """Return the values of the templates."""
        request = self.env["o2c.pay.request"]._request(move, url, items) if url else None
        company = move.company_id
        return {
            "audience": reader.audience,
            "customers": ", ".join(customers),
            "subject": subject,
            "message": message,
            "company": company,
            "title": self._title(move),
            "correction": move._o2c_correction_text(),
            "pay": request,
            "preheader": self._preheader(move, request),
            "facts": self._facts(move),
            "view_url": self._view_url(move, reader),
            "document_url": "",
            "button": self._button(move.env, company, url),
            "schema": self._schema(move, request),
        }

    def _title(self, move):
        return f"{move.type_name} {move.name}"

    def _preheader(self, move, request):
        """Return what mail readers show beside the subject."""
        if not request:
            return f"{self._title(move)} · {move.company_id.name}"
        words = {"amount": request["amount"], "date": request["date"], "name": move.name}
        if request["overdue"]:
            return move.env._("%(amount)s has been due since %(date)s · %(name)s", **words)
        return move.env._("%(amount)s due %(date)s · %(name)s", **words)

    def _facts(self, move):
        """Return ``[(label, value)]`` of what a bookkeeper looks for."""
        env = move.env
        customer = move.commercial_partner_id.name or move.partner_id.name or ""
        total = format_amount(move.env, move.amount_total, move.currency_id)
        return [(label, value) for label, value in (
            (env._("Customer"), customer),
            (env._("Date"), move.invoice_date and format_date(move.env, move.invoice_date)),
            (env._("Your reference"), move.ref),
            (env._("Total"), total),
        ) if value]

    def _view_url(self, move, reader):
        """Return where staff and portal users see the document after they logged in. There is no address for others
        that opens it without: it would be the same for all readers, and never end."""
        if reader.audience == "customer" and not self._has_login(reader):
            return ""
        return f"{move.get_base_url().rstrip('/')}/mail/view?model={move._name}&res_id={move.id}"

    def _has_login(self, reader):
        # sudo: whether somebody can log in, whoever sends the mail
        return bool(reader.partner_id and self.env["res.partner"].sudo().browse(reader.partner_id).user_ids)

    def _button(self, env, company, url):
        """Return the label and the drawing for Outlook of the Pay Now button."""
        values = {"url": url, "label": env._("Pay Now"), **self.env["o2c.mail.frame"]._colours(company)}
        return {**values, "outlook": OUTLOOK_BUTTON % values}

    def _schema(self, move, request):
        """Return the facts of https://schema.org/Invoice."""
        amount = request["amount_minor"] if request else 0
        status = "overdue" if request and request["overdue"] else "due" if request else "none"
        digits = move.currency_id.decimal_places
        return {
            "status": f"http://schema.org/{SCHEMA_STATUS[status]}",
            "price": f"{to_major(amount, digits):.{digits}f}",
            "currency": move.currency_id.name,
            "due": request["date_due"].isoformat() if request else "",
            "account": move.commercial_partner_id.ref or str(move.commercial_partner_id.id),
        }

    def _text(self, env, content):
        """Return the plain text: the same in the same order, for readers without HTML and for screen readers."""
        pay, company = content["pay"], content["company"]
        parts = [content["title"]]
        if content["audience"] == "staff":
            parts.append(env._("Copy for you. It went to: %(customers)s", customers=content["customers"]))
        if pay:
            due = env._("%(amount)s, due %(date)s", amount=pay["amount"], date=pay["date"])
            parts.append(f"{due}\n{content['button']['label']}: {pay['url']}")
        parts.append(content["correction"])
        parts.append(html2plaintext(content["message"]).strip())
        if pay and pay["rows"]:
            rows = [
                env._("%(part)s, due %(date)s: %(amount)s", part=label, date=date, amount=amount)
                for label, date, amount in pay["rows"]
            ]
            parts.append("\n- ".join([env._("Your instalments"), *rows]))
        parts.append("\n".join(f"{label}: {value}" for label, value in content["facts"]))
        if address := content["document_url"] or content["view_url"]:
            parts.append(env._("View the document: %(url)s", url=address))
        parts.append("\n".join(filter(None, [company.name, company.phone, company.email])))
        return "\n\n".join(filter(None, parts)) + "\n"

    # A notice

    @api.model
    def _notice_texts(self, move, lang):
        """Return ``(subject, message)`` of the mail that says, in a language, that a document is online."""
        move = move.with_context(lang=lang)
        words = {"document": self._title(move), "company": move.company_id.name}
        return (
            move.env._("%(document)s of %(company)s is online", **words),
            Markup("<p>%s</p>") % move.env._(
                "%(document)s is ready for you online. It is not attached to this mail.", **words,
            ),
        )

    # What the sender wrote

    @api.model
    def _texts(self, move, data, lang):
        """Return ``(subject, message)`` of a mail in a language: what the sender wrote, or its template where nothing
        was changed in what the template says."""
        written = data["mail_subject"] or "", escape(data["mail_body"] or "")
        template = data["mail_template"]
        if not template or lang == data["mail_lang"]:
            return written
        unchanged = self._plain(written) == self._plain(self._of_template(move, template, data["mail_lang"]))
        return self._of_template(move, template, lang) if unchanged else written

    def _plain(self, texts):
        """Return texts without what an editor changes in them by looking at them."""
        subject, message = texts
        return subject, html2plaintext(message).split()

    def _of_template(self, move, template, lang):
        send = self.env["account.move.send"]
        return (
            send._get_default_mail_subject(move, template, lang) or "",
            escape(send._get_default_mail_body(move, template, lang) or ""),
        )
