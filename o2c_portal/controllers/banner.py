"""What belongs to banners outside the pages that show them: images, counting, refusing, and the staff's preview."""

from odoo import http
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal

from .account import ROUTE
from .offer import page_offer
from .pay import LIGHT, PUBLIC, READ, answer_json, answer_page, check_same_site, find_link, missed
from .public import Refusal, guarded, page, speak

COUNT = {"csrf": False, "max_content_length": 1024}  # a number is all it changes; other sites are refused
PLACES_WITH_LOGIN = ("pay", "portal")


class O2cBanner(CustomerPortal):

    @http.route()
    def home(self, **kw):
        """Override of portal: the home page of a customer has a place for a banner."""
        response = super().home(**kw)
        if request.env.user._is_portal():
            partner = request.env.user.partner_id
            response.qcontext["offer"] = page_offer(
                request.env.company, partner, "portal", "/my/billing/offer/portal",
            )
        return response

    @http.route("/offers/image/<string:key>", **LIGHT)
    @guarded(answer_page, "GET", "HEAD")
    def o2c_offer_image(self, key, **_query):
        """Hand out the image of a banner to whoever has its address: mail readers cannot log in."""
        found = request.env["o2c.banner"]._find_image(key)
        if not found:
            raise missed()
        content, media_type = found
        return request.make_response(content, headers=[("Content-Type", media_type)])

    # Refusing

    @http.route("/offers/stop/<string:token>", **{**READ, "csrf": True}, methods=["GET", "HEAD"])
    @guarded(answer_page)
    def o2c_offer_stop(self, token, **_query):
        """Ask whether to stop offers: mail scanners open every address, they must not refuse for anybody."""
        partner = self._o2c_stopper(token)
        return page("o2c_portal.offers_stop", {"is_stopped": partner._o2c_offers_consent() == "refused"})

    @http.route("/offers/stop/<string:token>", **{**PUBLIC, "csrf": True}, methods=["POST"])
    @guarded(answer_page)
    def o2c_offer_stopped(self, token, **_form):
        """Note that this contact wants no more offers."""
        partner = self._o2c_stopper(token)
        if not request.env["o2c.rate.limiter"]._allows("offer_stop", partner.id, otherwise=True):
            raise Refusal(429, "too_many_requests")
        partner._o2c_refuse_offers()
        return request.redirect(f"/offers/stop/{token}", code=303)

    @staticmethod
    def _o2c_stopper(token):
        """Return the contact of a stop address, with elevated rights, and speak its language.

        :raises Refusal: 404, or 429 after too many misses
        """
        partner = request.env["o2c.banner"]._find_stopper(token)
        if not partner:
            raise missed()
        speak(partner.lang)
        return partner.with_context(**request.env.context)

    # Counting

    @http.route("/pay/<string:token>/offer", **PUBLIC, save_session=False, max_content_length=1024)
    @guarded(answer_json, "POST")
    def o2c_pay_offer_seen(self, token, **_query):
        """Count that the place for a banner came into view below the result of a payment."""
        check_same_site()
        link = find_link(token)
        if request.env["o2c.pay.page"].sudo()._standing(link) == "gone":
            raise Refusal(410, "gone")
        return self._o2c_seen(link.company_id, link.partner_id, "pay")

    @http.route("/my/billing/offer/<string:place>", **{**ROUTE, **COUNT})
    @guarded(answer_json, "POST")
    def o2c_offer_seen(self, place, **_query):
        """Count that the place for a banner came into view of a logged-in user."""
        check_same_site()
        if place not in PLACES_WITH_LOGIN:
            raise Refusal(404, "not_found")
        return self._o2c_seen(request.env.company, request.env.user.partner_id, place)

    @staticmethod
    def _o2c_seen(company, partner, place):
        if not request.env["o2c.rate.limiter"]._allows("offer_seen", partner.id, otherwise=False):
            raise Refusal(429, "too_many_requests")
        request.env["o2c.banner"]._count(company, partner, place)
        return request.make_response("", status=204)
