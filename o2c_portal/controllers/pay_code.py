"""The way from paper to the pay page: a form that takes the code printed on an invoice. It changes nothing."""

import logging

import psycopg2

from odoo import http
from odoo.http import request

from ..core import paycode
from .pay import LIGHT, answer_page, check_same_site
from .public import Refusal, guarded, page, speak

_logger = logging.getLogger(__name__)
PROBLEMS = {422: "mistyped", 404: "unknown", 429: "often"}


def answer_code(refusal):
    """Return the form again with what was wrong; one answer for codes that are unknown, expired, revoked or used up."""
    if refusal.status not in PROBLEMS:
        return answer_page(refusal)
    return code_page(PROBLEMS[refusal.status], refusal.data.get("typed", ""), refusal.status)


def code_page(problem="", typed="", status=200):
    """Return the form in the reader's language; whose invoice it will be is not known yet."""
    speak()
    return page("o2c_portal.pay_code", {"problem": problem, "typed": typed, "length": paycode.LENGTH}, status)


class O2cPayCode(http.Controller):

    @http.route("/pay", **{**LIGHT, "max_content_length": 1024})
    @guarded(answer_code, "GET", "HEAD", "POST")
    def o2c_pay_code(self, **_query):
        """Ask for the code of an invoice; lead whoever has one to the page of its link.

        No session and no CSRF token: a code that another site sends does not get past the check of the origin, and
        would show that site nothing.
        """
        if request.httprequest.method != "POST":
            return code_page()
        check_same_site()
        self._o2c_count_try()
        typed = request.httprequest.form.get("code", "")  # of the form only: an address is kept in many logs
        code = paycode.parse(typed)
        if not code:
            raise Refusal(422, "mistyped", typed=typed[:paycode.LONGEST_INPUT])
        token = self._o2c_token(code)
        if not token:
            raise Refusal(404, "unknown")
        return request.redirect(f"/pay/{token}", code=303)

    @staticmethod
    def _o2c_count_try():
        """Count every try, good or bad, before anything is looked up.

        :raises Refusal: 429 after too many of them, 503 when they cannot be counted
        """
        limiter = request.env["o2c.rate.limiter"]
        visitor = limiter._visitor(request.httprequest)
        try:
            too_many = limiter._exceeded("code_all", "all")
            if visitor:
                too_many |= limiter._exceeded("code_address", visitor[0])
                too_many |= limiter._exceeded("code_network", visitor[1])
        except psycopg2.Error as error:
            _logger.error("Codes cannot be counted, so none is looked up", exc_info=True)
            raise Refusal(503, "unavailable") from error
        if too_many:
            _logger.info("Too many codes from %s", visitor[1] if visitor else "an unknown network")
            raise Refusal(429, "too_many_requests")

    @staticmethod
    def _o2c_token(code):
        """Return the token of the link a code belongs to, ``False`` when there is none that is good for anything."""
        link = request.env["o2c.pay.link"]._find_code(code)
        desk = request.env["o2c.pay.page"].sudo()  # the code shows that the visitor may see that much
        return bool(link) and desk._standing(link) != "gone" and link._token()
