"""The document behind a pay link, for readers who got a notice instead of the file."""

from odoo import http
from odoo.http import content_disposition, request

from .pay import LIGHT, O2cPay, answer_page
from .public import Refusal, guarded


class O2cPayDocument(O2cPay):

    @http.route("/pay/<string:token>/document", **LIGHT)
    @guarded(answer_page, "GET", "HEAD")
    def o2c_pay_document(self, token, **_query):
        """Hand out the PDF that was made when the invoice was sent. Only a link mailed to one reader opens it: whoever
        holds a copied link or a printed code is shown what is owed, no more."""
        link, _desk = self._o2c_open(token)
        file_sudo = link.move_id.invoice_pdf_report_id if link.recipient else link.env["ir.attachment"]
        if not file_sudo:
            raise Refusal(404, "not_found")
        return request.make_response(file_sudo.raw, headers=[
            ("Content-Type", "application/pdf"), ("Content-Disposition", content_disposition(file_sudo.name)),
        ])
