"""What a recipient of an invoice would see: mail and PDF, made by the code that sends them, and nothing of it kept."""

import contextlib
from dataclasses import dataclass

from odoo import api, models
from odoo.fields import Command

from .res_partner_sending import NOTICE


@dataclass(frozen=True)
class Preview:
    """One document as it would be sent now.

    :ivar move: the document, with elevated rights
    :ivar settings: what ``account.move.send`` would send it by
    :ivar readers: who would get a mail, as ``core.recipients.Recipient``
    """

    move: object
    settings: dict
    readers: list


class O2cInvoicePreview(models.AbstractModel):
    """Shows documents with elevated rights: to be asked only for who may send them.

    Pay links, links of banners and transfer references that are not there yet are samples. What others write while a
    mail or a PDF is made is taken back.
    """

    _name = "o2c.invoice.preview"
    _description = "Preview of the mail of an invoice"

    @contextlib.contextmanager
    def _writing_nothing(self):
        """Take back whatever is written within."""
        with contextlib.closing(self.env.cr.savepoint()):
            yield

    @api.model
    def _documents(self, dialog):
        """Return the documents of a dialog that the user opened to send them; empty for whoever may not."""
        moves = dialog.sudo()._o2c_previewed().sudo(False)  # sudo: what may be read is asked next
        may = dialog.has_access("read") and dialog.create_uid == self.env.user and moves.has_access("read")
        return moves if may else moves.browse()

    @api.model
    def _of(self, move, chosen):
        """Return the ``Preview`` of a document.

        :param dict chosen: what was chosen in the dialog, as for ``_generate_and_send_invoices``
        :raises UserError: if it cannot be sent
        """
        self.env["account.move.send"]._check_move_constraints(move)
        send, sending = self.env["account.move.send"], self.env["o2c.invoice.sending"]
        settings = send.with_company(move.company_id)._get_default_sending_settings(move, **chosen)
        if NOTICE in settings["sending_methods"] and "email" not in settings["sending_methods"]:
            settings = {**settings, **send._o2c_notice_data(move, settings)}
        move, readers = move.sudo(), []
        if "email" in settings["sending_methods"]:
            people = sending._people(move, settings, sending._followers(move)[move])
            readers = sending._readers(move, settings, people)
        return Preview(move, settings, readers)

    @api.model
    def _mail(self, preview, reader):
        """Return the mail one reader would get: ``subject``, ``body_html`` and ``o2c_text``."""
        sending, move = self.env["o2c.invoice.sending"].with_context(o2c_preview=True), preview.move
        payable = sending._payable(move)
        asked = payable._o2c_asked_by_move().get(move, ())
        url = self.env["o2c.pay.request"]._sample_url(move) if payable and reader.audience == "customer" else ""
        people = sending._people_shown_banners([(move, reader)])
        banners = sending.env["o2c.banner"].sudo()._pick_for_readers(people, "mail")  # sudo: as when it is sent
        banner = banners.get((move.id, reader.partner_id))
        return sending._pages(move, reader, preview.settings, asked, url, preview.readers, banner)

    @api.model
    def _sender(self, preview):
        """Return ``(author id, address)`` the mails would come from."""
        return self.env["o2c.invoice.sending"]._authors({preview.move: preview.settings})[preview.move]

    @api.model
    def _attached(self, preview):
        """Return the names of the files that would go along."""
        found = () if preview.settings.get("o2c_notice") else preview.settings.get("mail_attachments_widget") or ()
        return [file["name"] for file in found if not file.get("skip")]

    @api.model
    def _paper(self, preview, anew=False):
        """Return ``(name, bytes)`` of the PDF: the one that was sent before, else one made for the preview.

        :param anew: make one in any case, so that its links are samples
        """
        if preview.move.invoice_pdf_report_id and not anew:
            return preview.move.invoice_pdf_report_id.name, preview.move.invoice_pdf_report_id.raw
        made = {preview.move: {"pdf_report": preview.settings["pdf_report"]}}
        self.env["account.move.send"].with_context(o2c_preview=True)._prepare_invoice_pdf_report(made)
        values = made[preview.move]["pdf_attachment_values"]
        return values["name"], values["raw"]

    @api.model
    def _files(self, preview):
        """Return ``[(name, bytes)]`` of the files that would go along, with a PDF whose links are samples. E-invoices
        are made when the document is sent."""
        if preview.settings.get("o2c_notice"):
            return []
        settings = {**preview.settings, "mail_attachments_widget": [*preview.settings["mail_attachments_widget"]]}
        send, paper = self.env["account.move.send"].with_context(o2c_preview=True), self._paper(preview, anew=True)
        send._generate_dynamic_reports({preview.move: settings})
        files = send._get_mail_params(preview.move, settings)["attachments"]
        own = {paper[0], preview.move.invoice_pdf_report_id.name}
        wanted = own & set(self._attached(preview))
        return [paper] * bool(wanted) + [(name, raw) for name, raw in files if name not in own]

    @api.model
    def _send_test(self, preview, reader):
        """Mail the user what a reader would get, marked as a test; the document and its customer never hear of it.

        Answers go to the user, too: at the document's own address they would be taken for the customer's.
        """
        user = self.env.user
        with self._writing_nothing():
            page, files = self._mail(preview, reader), self._files(preview)
            author_id, sender = self._sender(preview)
        # sudo: a mail to nobody but the user
        self.env["mail.mail"].sudo().create({
            **page, "subject": self.env._("[Test] %(subject)s", subject=page["subject"]),
            "email_to": user.email_formatted, "reply_to": user.email_formatted, "author_id": author_id,
            "email_from": sender, "mail_server_id": preview.settings["mail_template"].mail_server_id.id,
            "is_notification": False, "auto_delete": True,
            "attachment_ids": [
                Command.create({"name": name, "raw": raw, "res_model": "mail.message", "res_id": 0})
                for name, raw in files
            ],
        })._o2c_queue()
