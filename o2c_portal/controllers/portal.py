"""The invoice pages of the portal: what is overdue, and how much of it."""

from odoo import fields
from odoo.fields import Domain
from odoo.http import request

from odoo.addons.account_payment.controllers.portal import PortalAccount


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

    def _overdue_invoices_get_page_view_values(self, overdue_invoices, **kwargs):
        """Override of account_payment: ask for what is open and past its date, neither more nor less."""
        overdue_invoices &= request.env["o2c.cashier"].sudo()._overdue_together(overdue_invoices.sudo())
        values = super()._overdue_invoices_get_page_view_values(overdue_invoices, **kwargs)
        if "payment" in values:
            amount = request.env["o2c.cashier"].sudo()._quote_overdue(overdue_invoices.sudo()).amount
            values["amount"] = values["payment"]["amount"] = amount
        return values
