"""Adds to res.config.settings: the page Order to Cash."""

from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    o2c_claim_minutes = fields.Integer(related="company_id.o2c_claim_minutes", readonly=False)

    # Terms
    o2c_due_soon_days = fields.Integer(related="company_id.o2c_due_soon_days", readonly=False)
    o2c_prepay_first = fields.Boolean(related="company_id.o2c_prepay_first", readonly=False)

    # Pay links
    o2c_link_days_email = fields.Integer(related="company_id.o2c_link_days_email", readonly=False)
    o2c_link_days_pdf = fields.Integer(related="company_id.o2c_link_days_pdf", readonly=False)
    o2c_link_days_print = fields.Integer(related="company_id.o2c_link_days_print", readonly=False)
    o2c_link_days_manual = fields.Integer(related="company_id.o2c_link_days_manual", readonly=False)
    o2c_link_show_number = fields.Boolean(related="company_id.o2c_link_show_number", readonly=False)

    # Payment policy
    o2c_policy_id = fields.Many2one(related="company_id.o2c_policy_id", readonly=False)

    # Customer account
    o2c_customer_applies_credits = fields.Boolean(related="company_id.o2c_customer_applies_credits", readonly=False)

    # Receipts and messages
    o2c_receipt_customer = fields.Boolean(related="company_id.o2c_receipt_customer", readonly=False)
    o2c_receipt_salesperson = fields.Boolean(related="company_id.o2c_receipt_salesperson", readonly=False)
    o2c_receipt_user_ids = fields.Many2many(related="company_id.o2c_receipt_user_ids", readonly=False)
    o2c_receipt_emails = fields.Char(related="company_id.o2c_receipt_emails", readonly=False)
    # Copies to own staff
    o2c_invoice_salesperson = fields.Boolean(related="company_id.o2c_invoice_salesperson", readonly=False)
    o2c_invoice_user_ids = fields.Many2many(related="company_id.o2c_invoice_user_ids", readonly=False)
    o2c_invoice_emails = fields.Char(related="company_id.o2c_invoice_emails", readonly=False)
    o2c_reminder_salesperson = fields.Boolean(related="company_id.o2c_reminder_salesperson", readonly=False)
    o2c_reminder_user_ids = fields.Many2many(related="company_id.o2c_reminder_user_ids", readonly=False)
    o2c_reminder_emails = fields.Char(related="company_id.o2c_reminder_emails", readonly=False)
    o2c_statement_salesperson = fields.Boolean(related="company_id.o2c_statement_salesperson", readonly=False)
    o2c_statement_user_ids = fields.Many2many(related="company_id.o2c_statement_user_ids", readonly=False)
    o2c_statement_emails = fields.Char(related="company_id.o2c_statement_emails", readonly=False)

    # Invoices
    o2c_pay_now_mail = fields.Boolean(related="company_id.o2c_pay_now_mail", readonly=False)
    o2c_pay_now_pdf = fields.Boolean(related="company_id.o2c_pay_now_pdf", readonly=False)
    o2c_pay_code_pdf = fields.Boolean(related="company_id.o2c_pay_code_pdf", readonly=False)
    o2c_bank_pdf = fields.Boolean(related="company_id.o2c_bank_pdf", readonly=False)

    # Invoices by themselves
    o2c_invoicing = fields.Selection(related="company_id.o2c_invoicing", readonly=False)
    o2c_invoicing_day = fields.Integer(related="company_id.o2c_invoicing_day", readonly=False)
    o2c_invoicing_since = fields.Date(related="company_id.o2c_invoicing_since", readonly=False)

    # Requests of customers
    o2c_request_user_id = fields.Many2one(related="company_id.o2c_request_user_id", readonly=False)
    o2c_request_pause_days = fields.Integer(related="company_id.o2c_request_pause_days", readonly=False)

    # Banners
    o2c_banner_companies_agree = fields.Boolean(related="company_id.o2c_banner_companies_agree", readonly=False)

    # Bank transfers
    o2c_remittance_apply = fields.Boolean(related="company_id.o2c_remittance_apply", readonly=False)
    o2c_tolerance_amount = fields.Monetary(related="company_id.o2c_tolerance_amount", readonly=False)
    o2c_tolerance_percent = fields.Float(related="company_id.o2c_tolerance_percent", readonly=False)
    o2c_tolerance_account_id = fields.Many2one(related="company_id.o2c_tolerance_account_id", readonly=False)
