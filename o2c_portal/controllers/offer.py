"""The place for a banner on a page. There is none where a card may be entered."""

from odoo.http import request

from .public import static_url

GOOD = ("paid", "in_process")  # after any other outcome the customer has something else to do


def page_offer(company, partner, place, seen):
    """Return what ``o2c_portal.banner_place`` shows a contact, None where there is nothing to show.

    :param str seen: the address the page tells when the place came into view
    """
    offer = request.env["o2c.banner"]._on_page(company, partner, place, request.env.lang)
    return offer and {**offer, "seen": seen, "static_url": static_url}


def result_offer(outcome, company, partner, seen):
    """Return what the page with the result of a payment shows, None unless all went well."""
    return page_offer(company, partner, "pay", seen) if outcome in GOOD else None
