"""The portal's own pages: what is overdue, and no way around the old email address."""

from odoo import fields, http
from odoo.fields import Domain
from odoo.http import request
from odoo.tools import email_normalize, str2bool

from odoo.addons.account_payment.controllers.portal import PortalAccount

from ..models.res_partner_sending import NOTICE, PRINT


class O2cPortalAccount(PortalAccount):

    def _get_overdue_invoices_domain(self, partner_id=None):
        """Override of account: an invoice is overdue when its first open instalment is, not when its last one is."""
        partner = request.env["res.partner"].browse(partner_id) if partner_id else request.env.user.partner_id
        return list(
            Domain("state", "=", "posted")
            & Domain("move_type", "=", "out_invoice")
            & Domain("payment_state", "in", ("not_paid", "partial"))
            & Domain("partner_id", "child_of", partner.commercial_partner_id.id)
            & Domain("line_ids", "any", [
                ("display_type", "=", "payment_term"),
                ("reconciled", "=", False),
                ("date_maturity", "<", fields.Date.context_today(partner)),
            ])
        )

    def _prepare_my_account_rendering_values(self, *args, **kwargs):
        """Override of account: name the way the customer was given as well, or saving the form would change it."""
        values = super()._prepare_my_account_rendering_values(*args, **kwargs)
        partner = values["partner_sudo"]
        if partner.invoice_sending_method in (NOTICE, PRINT):
            ways = partner._fields["invoice_sending_method"]._description_selection(request.env)
            way = partner.invoice_sending_method
            values["invoice_sending_methods"] = {**values["invoice_sending_methods"], way: dict(ways)[way]}
        return values

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
        """Override of portal: a customer's other email address waits for the old one, or for a clerk, here too."""
        if request.env.user._is_portal():
            form_data.pop("verify_address_values", None)  # Odoo's own switch, not the customer's
        kept = self._o2c_kept_address(partner_sudo, form_data.get("email"), *(
            form_data.get(name) for name in ("address_type", "use_delivery_as_billing")
        ))
        if kept is None:
            return super()._create_or_update_address(partner_sudo, *args, **form_data)
        address, problem = request.env["o2c.account.contacts"]._check_address(form_data["email"].strip())
        customer_sudo = request.env.user.partner_id.commercial_partner_id
        if not problem and not partner_sudo and not self._o2c_allows("contact_add", customer_sudo.id):
            problem = request.env._("Too many addresses were added today: try again tomorrow.")
        if problem:
            return partner_sudo, {"invalid_fields": ["email"], "messages": [problem]}
        changed, form_data["email"] = bool(partner_sudo), address
        partner_sudo, feedback = super()._create_or_update_address(partner_sudo, *args, **form_data)
        if "redirectUrl" not in feedback:
            return partner_sudo, feedback
        if changed and not self._o2c_allows("contact_change", partner_sudo.id):
            message = request.env._("All else is saved. The email address was changed too often: try again tomorrow.")
            return partner_sudo, {"invalid_fields": ["email"], "messages": [message]}
        request.env["o2c.contact.change"]._ask(partner_sudo, address, request.env.company)
        if feedback["redirectUrl"].startswith("/my"):
            feedback["redirectUrl"] = f"/my/billing/contacts?done={'asked' if kept else 'clerk'}"
        return partner_sudo, feedback

    def _validate_address_values(self, address_values, partner_sudo, address_type, *args, **kwargs):
        """Override of portal: an email address is checked as it was typed, and written once it is confirmed."""
        found = super()._validate_address_values(address_values, partner_sudo, address_type, *args, **kwargs)
        kept = self._o2c_kept_address(partner_sudo, address_values.get("email")) if partner_sudo else None
        if kept is not None:
            address_values["email"] = kept
        return found

    def _complete_address_values(self, address_values, address_type, use_delivery_as_billing, *args, **kwargs):
        """Override of portal: until then a new address carries the one that gets the customer's mails already."""
        super()._complete_address_values(address_values, address_type, use_delivery_as_billing, *args, **kwargs)
        kept = self._o2c_kept_address(None, address_values.get("email"), address_type, use_delivery_as_billing)
        if kept is not None:
            address_values["email"] = kept

    @staticmethod
    def _o2c_allows(bucket, subject):
        return request.env["o2c.rate.limiter"]._allows(bucket, subject, otherwise=False)

    @staticmethod
    def _o2c_kept_address(partner_sudo, typed, address_type=None, for_billing=None):
        """Return the email address that counts until the one a portal user typed is confirmed; it may be empty.

        None where Odoo decides: staff, what is a delivery address only, and customers who were never sent an invoice,
        so that no mail of theirs is worth anything.

        :param partner_sudo: the contact to change, none for a new address
        """
        user = request.env.user
        if typed is None or not user._is_portal():
            return None
        customer_sudo = user.partner_id.commercial_partner_id
        if partner_sudo:
            ours, kept = not all(user.share for user in partner_sudo.user_ids), partner_sudo.email
        else:
            ours = address_type == "delivery" and not str2bool(for_billing or "false", True)
            kept = customer_sudo._o2c_fallback_contact().email
        normal = typed.isprintable() and email_normalize(typed)
        if ours or typed.strip() == (kept or "") or normal and normal == email_normalize(kept or ""):
            return None
        invoiced = request.env["account.move"].sudo().search_count([  # a count of the customer's own documents
            ("partner_id", "child_of", customer_sudo.id), ("state", "=", "posted"),
            ("move_type", "in", ("out_invoice", "out_refund", "out_receipt")),
        ], limit=1)
        return (kept or "") if invoiced else None
