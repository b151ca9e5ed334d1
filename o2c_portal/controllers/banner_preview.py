"""What staff sees of a banner before customers do: the real templates, with sample words around it."""

from odoo import http
from odoo.http import request

from .account import creditor_of
from .pay import answer_page
from .public import Refusal, guarded, page, speak, static_url

MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src http: https: data:; frame-ancestors 'none'"


class O2cBannerPreview(http.Controller):

    # The invoice on the PDF gets its pay link when there is none, so this may write
    @http.route("/o2c/banner/<int:banner_id>/preview/<string:place>", type="http", auth="user", readonly=False)
    @guarded(answer_page, "GET", "HEAD")
    def o2c_banner_preview(self, banner_id, place, **_query):
        """Show a banner in one of its places, also one that is not live."""
        banner = request.env["o2c.banner"].browse(banner_id).exists()
        show = {
            "pdf": self._o2c_pdf, "mail": self._o2c_mail, "pay": self._o2c_pay, "portal": self._o2c_portal,
        }.get(place)
        if not show or not banner or not banner.has_access("read"):
            raise Refusal(404, "not_found")
        speak()
        return show(banner)

    @staticmethod
    def _o2c_pdf(banner):
        content = banner._preview_pdf()
        if not content:
            return page("o2c_portal.banner_preview_none", {})
        return request.make_response(content, headers=[("Content-Type", "application/pdf")])

    @staticmethod
    def _o2c_mail(banner):
        block = banner._for_reader("mail", request.env.user.partner_id, request.env.lang)
        response = page("o2c_portal.banner_preview_mail", {"banner": block})
        response.headers["Content-Security-Policy"] = MAIL_POLICY
        return response

    def _o2c_pay(self, banner):
        values = {
            "outcome": "paid", "amount": "100.00", "receipt": True, "reference": "…0001", "payment_reference": "…0001",
            "left": "", "address": "", "creditor": creditor_of(banner.company_id),
            "offer": self._o2c_offer(banner, "pay"),
        }
        return page("o2c_portal.pay_result", values)

    def _o2c_portal(self, banner):
        return page("o2c_portal.banner_preview_portal", {
            "current": "overview", "creditor": creditor_of(banner.company_id), "public": False, "address": "",
            "customer": request.env.user.partner_id.display_name, "offer": self._o2c_offer(banner, "portal"),
        })

    @staticmethod
    def _o2c_offer(banner, place):
        block = banner._for_reader(place, request.env.user.partner_id, request.env.lang)
        return {"banner": block, "seen": "", "static_url": static_url}
