"""What staff sees of invoices before they are sent: each reader's mail on a phone and a desk, the PDF, and a test."""

import contextlib

from odoo import http
from odoo.exceptions import AccessError, UserError
from odoo.http import content_disposition, request

from .account import count_or_refuse
from .pay import LIGHT, answer_page
from .public import Refusal, guarded, page, speak

DIALOGS = {"one": "account.move.send.wizard", "many": "account.move.send.batch.wizard"}
PATH = "/o2c/send/preview/<any(one,many):kind>/<int:dialog_id>"
READ = {"type": "http", "auth": "user", "readonly": True}
PAGE_POLICY = (
    "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; style-src 'self'; "
    "img-src data:; frame-src 'self'"
)
# A mail opens nothing and runs nothing, also when somebody opens its address by itself
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src http: https: data:; form-action 'none'; "
    "frame-ancestors 'self'; sandbox"
)
NO_LINKS = '<head><base target="_blank"/>'  # a sandbox opens no windows
PDF_POLICY = "frame-ancestors 'self'"  # the browser's own viewer needs the rest


def service():
    return request.env["o2c.invoice.preview"]


def nth(records, text):
    """Return one of several by its number in an address, the first being 1.

    :raises Refusal: 404 when there is none
    """
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0
    if not 1 <= number <= len(records):
        raise Refusal(404, "not_found")
    return records[number - 1]


@contextlib.contextmanager
def refusing():
    """Answer 404 for what the visitor has no access to, and 422 with the reason for what cannot be sent."""
    try:
        yield
    except AccessError as error:
        raise Refusal(404, "not_found") from error
    except UserError as error:
        raise Refusal(422, "refused", str(error)) from error


class O2cSendPreview(http.Controller):

    @http.route(PATH, **READ)
    @guarded(answer_page, "GET", "HEAD")
    def o2c_send_preview(self, kind, dialog_id, document="1", reader="1", done="", **_query):
        """Show a document as it would be sent: who gets it, the chosen reader's mail, what is attached, the PDF."""
        speak()
        with service()._writing_nothing():
            dialog, moves = self._o2c_dialog(kind, dialog_id)
            preview = self._o2c_preview(dialog, nth(moves, document))
            values = self._o2c_values(preview, preview.readers and nth(preview.readers, reader))
            response = page("o2c_portal.send_preview", {
                **values, "path": f"/o2c/send/preview/{kind}/{dialog_id}", "done": done, "number": int(document),
                "count": len(moves), "chosen": int(reader), "user": request.env.user,
                "alerts": [alert["message"] for alert in (dialog.alerts or {}).values()],
            })
            response.flatten()
        response.headers["Content-Security-Policy"] = PAGE_POLICY
        return response

    @http.route(f"{PATH}/mail", **READ)
    @guarded(answer_page, "GET", "HEAD")
    def o2c_send_preview_mail(self, kind, dialog_id, document="1", reader="1", **_query):
        """Return the HTML of one reader's mail, to be shown in a frame."""
        with service()._writing_nothing():
            preview, recipient = self._o2c_chosen(kind, dialog_id, document, reader)
            content = service()._mail(preview, recipient)["body_html"]
        content = f"<!DOCTYPE html>{content}".replace("<head>", NO_LINKS, 1)
        response = request.make_response(content, [("Content-Type", "text/html; charset=utf-8")])
        response.headers["Content-Security-Policy"] = MAIL_POLICY
        return response

    @http.route(f"{PATH}/pdf", **READ)
    @guarded(answer_page, "GET", "HEAD")
    def o2c_send_preview_pdf(self, kind, dialog_id, document="1", **_query):
        """Return the PDF of a document."""
        with refusing(), service()._writing_nothing():
            dialog, moves = self._o2c_dialog(kind, dialog_id)
            name, content = service()._paper(self._o2c_preview(dialog, nth(moves, document)))
        response = request.make_response(content, [
            ("Content-Type", "application/pdf"), ("Content-Disposition", content_disposition(name, "inline")),
        ])
        response.headers["Content-Security-Policy"] = PDF_POLICY
        return response

    @http.route(f"{PATH}/test", type="http", auth="user", methods=["POST"])
    @guarded(answer_page, "POST")
    def o2c_send_preview_test(self, kind, dialog_id, document="1", reader="1", **_form):
        """Mail the visitor what a reader would get."""
        speak()
        count_or_refuse("send_test", f"user {request.env.uid}")
        preview, recipient = self._o2c_chosen(kind, dialog_id, document, reader)
        if not request.env.user.email:
            raise Refusal(422, "refused", request.env._("You have no email address."))
        with refusing():
            service()._send_test(preview, recipient)
        return request.redirect(
            f"/o2c/send/preview/{kind}/{dialog_id}?document={int(document)}&reader={int(reader)}&done=test"
        )

    @http.route(["/pay/preview", "/pay/preview/document"], **LIGHT)
    @guarded(answer_page, "GET", "HEAD")
    def o2c_pay_preview(self, **_query):
        """Say that a link of a preview or a test leads nowhere."""
        speak()
        return page("o2c_portal.send_preview_link", {})

    # Helpers

    @staticmethod
    def _o2c_dialog(kind, dialog_id):
        """Return a dialog of the visitor's own and its documents.

        :raises Refusal: 404 when there is none, or one with documents that are not theirs to send
        """
        dialog = request.env[DIALOGS[kind]].browse(dialog_id).exists()
        moves = dialog and service()._documents(dialog)
        if not moves:
            raise Refusal(404, "not_found")
        return dialog, moves

    @staticmethod
    def _o2c_preview(dialog, move):
        with refusing():
            return service()._of(move, dialog._o2c_chosen())

    def _o2c_chosen(self, kind, dialog_id, document, reader):
        dialog, moves = self._o2c_dialog(kind, dialog_id)
        preview = self._o2c_preview(dialog, nth(moves, document))
        return preview, nth(preview.readers, reader)

    @staticmethod
    def _o2c_values(preview, recipient):
        """Return what the page says of a document and of the mail one reader gets."""
        langs = request.env["res.lang"]
        return {
            "document": preview.move.display_name,
            "customer": preview.move.partner_id.display_name,
            "readers": [(reader, langs._lang_get(reader.lang).name) for reader in preview.readers],
            "recipient": recipient,
            "mail": recipient and service()._mail(preview, recipient),
            "sender": recipient and service()._sender(preview)[1],
            "attached": service()._attached(preview),
            "was_sent": bool(preview.move.invoice_pdf_report_id),
        }
