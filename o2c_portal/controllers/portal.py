"""The portal's own pages: whose documents, what is overdue of them, and no way around the old email address."""

from odoo import fields, http
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.http import request
from odoo.tools import consteq, email_normalize

from odoo.addons.account_payment.controllers.portal import PortalAccount


class O2cPortalAccount(PortalAccount):

    def _get_invoices_domain(self, *args, **kwargs):
        """Override of account: contacts see what the policy of their customer says."""
        return Domain(super()._get_invoices_domain(*args, **kwargs)) & self._o2c_own_documents_domain()

    def _document_check_access(self, model_name, document_id, access_token=None):
        """Override of portal: what is not in a contact's list is not on a page either, unless by its own link."""
        document_sudo = super()._document_check_access(model_name, document_id, access_token=access_token)
        if model_name != "account.move" or document_sudo.filtered_domain(self._o2c_own_documents_domain()):
            return document_sudo
        if not access_token or not consteq(document_sudo.access_token or "", access_token):
            raise AccessError(request.env._("This document is not addressed to you."))
        return document_sudo

    @staticmethod
    def _o2c_own_documents_domain():
        user = request.env.user
        if not user.share or user._is_public():
            return Domain.TRUE
        scope = request.env["o2c.account"]._scope(user)
        return Domain("partner_id", "=", scope.contact.id) if scope.own_only else Domain.TRUE

    def _get_overdue_invoices_domain(self, partner_id=None):
        """Override of account: an invoice is overdue when its first open instalment is, not when its last one is."""
        partner = request.env["res.partner"].browse(partner_id) if partner_id else request.env.user.partner_id
        return list(
            Domain("state", "=", "posted")
            & Domain("move_type", "=", "out_invoice")
            & Domain("payment_state", "in", ("not_paid", "partial"))
            & Domain("partner_id", "child_of", partner.commercial_partner_id.id)
            & self._o2c_own_documents_domain()
            & Domain("line_ids", "any", [
                ("display_type", "=", "payment_term"),
                ("reconciled", "=", False),
                ("date_maturity", "<", fields.Date.context_today(partner)),
            ])
        )

    @http.route()
    def portal_my_overdue_invoices(self, *args, **kwargs):
        """Override of account_payment: customers pay what is overdue on their account page, for any contact.

        Staff, who have no account to look at, keep Odoo's page.
        """
        if request.env.user._is_portal():
            return request.redirect("/my/billing?choice=overdue")
        return super().portal_my_overdue_invoices(*args, **kwargs)

    def _overdue_invoices_get_page_view_values(self, overdue_invoices, **kwargs):
        """Override of account_payment: ask for what is open and past its date, neither more nor less."""
        overdue_invoices &= request.env["o2c.cashier"].sudo()._overdue_together(overdue_invoices.sudo())
        values = super()._overdue_invoices_get_page_view_values(overdue_invoices, **kwargs)
        if "payment" in values:
            amount = request.env["o2c.cashier"].sudo()._quote_overdue(overdue_invoices.sudo()).amount
            values["amount"] = values["payment"]["amount"] = amount
        return values

    def _prepare_home_portal_values(self, counters):
        """Override of portal: how many items are open, for the card that leads to the account."""
        values = super()._prepare_home_portal_values(counters)
        if "o2c_due_count" in counters:
            account = request.env["o2c.account"]
            domain = account._due_domain(account._scope(request.env.user))
            values["o2c_due_count"] = request.env["o2c.due.item"].sudo().search_count(domain)  # of the user's scope
        return values

    def _create_or_update_address(self, partner_sudo, *args, **form_data):
        """Override of portal: a customer's other email address waits for the old one here too."""
        if request.env.user._is_portal():
            form_data.pop("verify_address_values", None)  # Odoo's own switch, not the customer's
        if not self._o2c_waits(partner_sudo, form_data):
            return super()._create_or_update_address(partner_sudo, *args, **form_data)
        address, problem = request.env["o2c.account.contacts"]._check_address(form_data["email"].strip())
        if problem:
            return partner_sudo, {"invalid_fields": ["email"], "messages": [problem]}
        form_data["email"] = partner_sudo.email
        partner_sudo, feedback = super()._create_or_update_address(partner_sudo, *args, **form_data)
        if "redirectUrl" not in feedback:
            return partner_sudo, feedback
        if not request.env["o2c.rate.limiter"]._allows("contact_change", partner_sudo.id, otherwise=False):
            message = request.env._("All else is saved. The email address was changed too often: try again tomorrow.")
            return partner_sudo, {"invalid_fields": ["email"], "messages": [message]}
        request.env["o2c.contact.change"]._ask(partner_sudo, address, request.env.company)
        if feedback["redirectUrl"].startswith("/my"):
            feedback["redirectUrl"] = "/my/billing/contacts?done=asked"
        return partner_sudo, feedback

    @staticmethod
    def _o2c_waits(partner_sudo, form_data):
        """Say whether a portal user wants another address for a contact that has one.

        Odoo decides on all else: staff, and customers who were never sent an invoice, so that no mail of theirs is
        worth anything.
        """
        wanted, users = form_data.get("email"), partner_sudo.user_ids
        if wanted is None or not partner_sudo.email or wanted.strip() == partner_sudo.email:
            return False
        if not request.env.user._is_portal() or not all(user.share for user in users):
            return False
        if email_normalize(wanted) == partner_sudo.email_normalized and wanted.isprintable():
            return False
        return bool(request.env["account.move"].sudo().search_count([  # a count of the customer's own documents
            ("partner_id", "child_of", partner_sudo.commercial_partner_id.id), ("state", "=", "posted"),
            ("move_type", "in", ("out_invoice", "out_refund", "out_receipt")),
        ], limit=1))
