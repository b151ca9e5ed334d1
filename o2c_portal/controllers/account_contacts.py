"""Who of a customer gets which mails, and at which address."""

from odoo import http
from odoo.http import request

from ..models.res_partner import ROLES
from .account import (
    READ,
    ROUTE,
    account_page,
    account_route,
    account_scope,
    count_or_refuse,
    creditor_of,
    whole_scope,
)
from .pay import missed
from .public import Refusal, guarded, page, speak

PUBLIC = {"type": "http", "auth": "public", "sitemap": False}
HOME = "/my/billing/contacts"


def service():
    return request.env["o2c.account.contacts"]


def own_contact(scope, contact_id):
    """Return a contact of the customer.

    :raises Refusal: 404 for any other
    """
    contact = service()._contact(scope, contact_id)
    if not contact:
        raise Refusal(404, "not_found")
    return contact


def answer_confirm(refusal):
    """Return the public page for a refusal: unknown, malformed and asked for too often look the same."""
    speak()
    kind = "unknown" if refusal.status in (404, 405, 429) else "unavailable"
    return page("o2c_portal.contact_confirm", {
        "kind": kind, "public": True, "creditor": creditor_of(request.env.company), "customer": "", "current": "",
    }, refusal.status)


class O2cAccountContacts(http.Controller):

    @http.route(HOME, **READ)
    @account_route("GET", "HEAD")
    def o2c_contacts(self, done="", **_query):
        """List the contacts with what they receive."""
        scope = account_scope()
        return account_page("account_contacts", "contacts", {
            "rows": service()._rows(scope), "labels": service()._labels(), "fallback": service()._fallback(scope),
            "may_add": not scope.own_only, "done": done,
        })

    @http.route(f"{HOME}/save", **ROUTE)
    @account_route("POST")
    def o2c_contacts_save(self, **_form):
        """Give the contacts that were shown the roles that were ticked."""
        scope, form = account_scope(), request.httprequest.form
        try:
            shown = {int(text) for text in form.getlist("shown")}
            pairs = [text.partition(":") for text in form.getlist("role")]
            ticked = {(int(contact), role) for contact, _colon, role in pairs}
        except ValueError:
            raise Refusal(422, "malformed") from None
        count_or_refuse("contact_save", scope.partner.id)
        if not service()._save_roles(scope, shown, ticked, request.env.company):
            raise Refusal(404, "not_found")
        return request.redirect(f"{HOME}?done=saved")

    @http.route(f"{HOME}/new", **READ)
    @account_route("GET", "HEAD")
    def o2c_contact_new(self, **_query):
        """Show the form for a new contact."""
        return self._new_page({"name": "", "email": "", "roles": set()}, {})

    @http.route(f"{HOME}/add", **ROUTE)
    @account_route("POST")
    def o2c_contact_add(self, name="", email="", **_form):
        """Add a contact."""
        scope = whole_scope()
        roles = set(request.httprequest.form.getlist("role"))
        if not roles <= set(ROLES):
            raise Refusal(422, "malformed")
        count_or_refuse("contact_add", scope.partner.id)
        errors = service()._add(scope, name, email, roles, request.env.company)
        if errors:
            return self._new_page({"name": name, "email": email, "roles": roles}, errors, 422)
        return request.redirect(f"{HOME}?done=added")

    @http.route(f"{HOME}/<int:contact_id>/email", **READ)
    @account_route("GET", "HEAD")
    def o2c_contact_email(self, contact_id, **_query):
        """Show the form for another address of a contact."""
        return self._email_page(own_contact(account_scope(), contact_id), "", {})

    @http.route(f"{HOME}/<int:contact_id>/change", **ROUTE)
    @account_route("POST")
    def o2c_contact_change(self, contact_id, email="", **_form):
        """Ask for another address of a contact; it is written once the old address or a clerk confirms it."""
        scope = account_scope()
        contact = own_contact(scope, contact_id)
        count_or_refuse("contact_change", contact.id)
        errors = service()._change_address(scope, contact, email, request.env.company)
        if errors:
            return self._email_page(contact, email, errors, 422)
        return request.redirect(f"{HOME}?done={'asked' if contact.email else 'clerk'}")

    # The old address, which nobody needs to log in for

    @http.route("/my/billing/confirm/<string:token>", **PUBLIC, readonly=True)
    @guarded(answer_confirm, "GET", "HEAD")
    def o2c_confirm(self, token, **_query):
        """Show what is to be confirmed. Mail scanners open links: opening one changes nothing."""
        return self._confirm_page(self._change(token), token)

    @http.route("/my/billing/confirm/<string:token>/answer", **PUBLIC)
    @guarded(answer_confirm, "POST")
    def o2c_confirm_answer(self, token, answer="", **_form):
        """Take the answer of the old address."""
        change = self._change(token)
        if answer not in ("confirm", "refuse"):
            raise Refusal(422, "malformed")
        count_or_refuse("contact_answer", change.id)
        if change._is_open():
            who = request.env._("the old address")
            if answer == "confirm":
                change._confirm(who)
            else:
                change._end("refused", who)
        return request.redirect(f"/my/billing/confirm/{token}")

    # Helpers

    def _new_page(self, values, errors, status=200):
        whole_scope()
        return account_page("account_contact_new", "contacts", {
            **values, "labels": service()._labels(), "errors": errors,
        }, status)

    def _email_page(self, contact, email, errors, status=200):
        return account_page("account_contact_email", "contacts", {
            "contact": {"id": contact.id, "name": contact.display_name, "email": contact.email or ""},
            "email": email, "errors": errors,
        }, status)

    @staticmethod
    def _change(token):
        """Return the change of a token in the language of its contact.

        :raises Refusal: 404, or 429 after too many misses
        """
        change = request.env["o2c.contact.change"]._find(token)
        if not change:
            raise missed()
        speak(change.partner_id.lang, change.company_id.partner_id.tz)
        return change.with_context(**request.env.context)

    @staticmethod
    def _confirm_page(change, token):
        kind = "open" if change._is_open() else change.state if change.state in ("confirmed", "refused") else "gone"
        return page("o2c_portal.contact_confirm", {
            "kind": kind, "public": True, "creditor": creditor_of(change.company_id), "customer": "", "current": "",
            "change": {
                "name": change.partner_id.display_name, "old": change.old_email, "new": change.new_email,
                "who": change.requested_by_id.name,
            },
            "answer_address": f"/my/billing/confirm/{token}/answer",
        }, 410 if kind == "gone" else 200)
