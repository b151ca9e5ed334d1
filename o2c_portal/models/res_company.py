"""Adds to res.company: the settings of Order to Cash."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools.mail import single_email_re

from .o2c_invoice_attempt import POLICIES
from .res_partner import ROLES


class ResCompany(models.Model):
    _inherit = "res.company"

    o2c_claim_minutes = fields.Integer(
        "Minutes a Started Payment Is Kept", default=15,
        help="How long an online payment that was started but not completed keeps others from paying the same item.",
    )

    _o2c_claim_minutes_positive = models.Constraint(
        "CHECK(o2c_claim_minutes > 0)", "A started payment must be kept for at least one minute.",
    )

    # Terms
    o2c_due_soon_days = fields.Integer(
        "Due Soon", default=7, help="An instalment counts as due soon this many days before its due date."
    )
    o2c_prepay_first = fields.Boolean(
        "First Instalment Is the Required Prepayment",
        help="On new orders with several instalments, the first one replaces the percentage to prepay online.",
    )

    _o2c_due_soon_days_positive = models.Constraint(
        "CHECK(o2c_due_soon_days >= 0)", "Due soon cannot be a negative number of days.",
    )

    # Pay links
    o2c_link_days_email = fields.Integer(
        "Link in an email lives", default=45, help="Days after the due date; at least 30 and at most 120 from today."
    )
    o2c_link_days_pdf = fields.Integer(
        "Link in a PDF lives", default=90, help="Days after the due date; at least 30 from today."
    )
    o2c_link_days_print = fields.Integer(
        "Link on paper lives", default=60, help="Days after the due date; at least 30 from today."
    )
    o2c_link_days_manual = fields.Integer("Copied link lives", default=14, help="Days after it was copied.")
    o2c_link_show_number = fields.Boolean(
        "Show the whole invoice number", help="Otherwise the pay page shows its last four characters only."
    )

    _o2c_link_days_positive = models.Constraint(
        """CHECK (o2c_link_days_email > 0 AND o2c_link_days_pdf > 0
                  AND o2c_link_days_print > 0 AND o2c_link_days_manual > 0)""",
        "A pay link must live at least one day.",
    )

    # Payment policy
    o2c_policy_id = fields.Many2one(
        "o2c.payment.policy", "Payment Policy", groups="o2c_portal.o2c_portal_group_user",
        help="What customers may do when neither they nor one of their tags has a policy; empty for the built-in one.",
    )

    # Customer account
    o2c_customer_applies_credits = fields.Boolean(
        "Customers Apply Their Credit", default=True,
        help="On their account page customers settle open items with their credit notes and unapplied payments, at "
             "once. Otherwise their wish becomes an activity.",
    )

    # Receipts and messages
    o2c_receipt_customer = fields.Boolean(
        "Receipt to the customer", default=True, help="Every payment of a customer is confirmed by email, once."
    )
    o2c_receipt_salesperson = fields.Boolean(
        "Tell the salesperson", help="The salesperson of the order or invoice gets a copy in their own language."
    )
    o2c_receipt_user_ids = fields.Many2many(
        "res.users", "o2c_receipt_company_user_rel", "company_id", "user_id", string="Tell these users",
        domain=[("share", "=", False)],
    )
    o2c_receipt_emails = fields.Char("Tell these addresses", help="Email addresses with a comma between them.")
    # Copies of customers' mails to own staff, by role
    o2c_invoice_salesperson = fields.Boolean("Invoices to the salesperson")
    o2c_invoice_user_ids = fields.Many2many(
        "res.users", "o2c_invoice_company_user_rel", "company_id", "user_id", string="Invoices to these users",
        domain=[("share", "=", False)],
    )
    o2c_invoice_emails = fields.Char("Invoices to these addresses", help="Email addresses with a comma between them.")
    o2c_reminder_salesperson = fields.Boolean("Reminders to the salesperson")
    o2c_reminder_user_ids = fields.Many2many(
        "res.users", "o2c_reminder_company_user_rel", "company_id", "user_id", string="Reminders to these users",
        domain=[("share", "=", False)],
    )
    o2c_reminder_emails = fields.Char("Reminders to these addresses", help="Email addresses with a comma between them.")
    o2c_statement_salesperson = fields.Boolean("Statements to the salesperson")
    o2c_statement_user_ids = fields.Many2many(
        "res.users", "o2c_statement_company_user_rel", "company_id", "user_id", string="Statements to these users",
        domain=[("share", "=", False)],
    )
    o2c_statement_emails = fields.Char(
        "Statements to these addresses", help="Email addresses with a comma between them."
    )

    # Invoices
    o2c_pay_now_mail = fields.Boolean("Pay Now in invoice emails", default=True)
    o2c_pay_now_pdf = fields.Boolean("Pay Now on PDFs", default=True)
    o2c_pay_code_pdf = fields.Boolean("Code to type on PDFs", default=True)
    o2c_bank_pdf = fields.Boolean("Bank transfer on invoice PDFs", default=True)

    # Banners
    o2c_banner_companies_agree = fields.Boolean(
        "Companies must agree to offers", help="Banners are mailed to companies, too, only after they agreed.",
    )

    # Invoices by themselves
    o2c_invoicing = fields.Selection(
        POLICIES, "Orders Are Invoiced", required=True, default="manual",
        help="For customers without a choice of their own.",
    )
    o2c_invoicing_day = fields.Integer("Day of the Month", default=1)
    o2c_invoicing_since = fields.Date(
        "Orders From", required=True, default=fields.Date.today,  # of UTC, as the date of an order is
        help="Older orders are left to you, so that switching this on invoices nothing of the past.",
    )
    o2c_invoiced_until = fields.Date(
        "Monthly invoices up to", readonly=True, help="The last day whose monthly invoices were started.",
    )

    _o2c_invoicing_day_range = models.Constraint(
        "CHECK(o2c_invoicing_day BETWEEN 1 AND 31)", "The day of the month is between 1 and 31.",
    )

    # Bank transfers
    o2c_remittance_apply = fields.Boolean(
        "Apply bank transfers by their reference", default=True,
        help="A bank transaction that carries one of our references pays exactly what the reference stands for.",
    )
    o2c_tolerance_amount = fields.Monetary(
        "Small difference", help="A transfer may miss what was asked for by this much, if the percentage allows it too."
    )
    o2c_tolerance_percent = fields.Float("Small difference in percent")
    o2c_tolerance_account_id = fields.Many2one(
        "account.account", "Account for small differences", check_company=True,
        help="Without an account no difference is small.",
    )

    _o2c_tolerance_positive = models.Constraint(
        "CHECK (o2c_tolerance_amount >= 0 AND o2c_tolerance_percent >= 0 AND o2c_tolerance_percent <= 100)",
        "A small difference cannot be negative, nor more than all of it.",
    )

    # Requests of customers
    o2c_request_user_id = fields.Many2one(
        "res.users", "Tasks from customers go to", domain=[("share", "=", False)],
        help="Otherwise to the salesperson of the invoice or the customer.",
    )
    o2c_request_pause_days = fields.Integer(
        "Already paid pauses for", default=7,
        help="Days for which an invoice is not chased after its customer said that it is paid; once per invoice.",
    )

    _o2c_request_pause_days_range = models.Constraint(
        "CHECK(o2c_request_pause_days BETWEEN 0 AND 30)", "A pause lasts at most 30 days.",
    )

    @api.constrains("o2c_receipt_emails", "o2c_invoice_emails", "o2c_reminder_emails", "o2c_statement_emails")
    def _check_o2c_staff_emails(self):
        for company in self:
            for role in ROLES:
                for part in (company[f"o2c_{role}_emails"] or "").replace(";", ",").split(","):
                    if part.strip() and not single_email_re.match(part.strip()):
                        raise ValidationError(self.env._("%(text)s is not an email address.", text=part.strip()))
