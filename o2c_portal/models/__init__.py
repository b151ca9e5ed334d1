# Our records
from . import o2c_queue  # others are one
from . import o2c_banner
from . import o2c_banner_pick
from . import o2c_banner_reach
from . import o2c_banner_view
from . import o2c_billing_address
from . import o2c_contact_change
from . import o2c_customer_request
from . import o2c_decline_breaker
from . import o2c_delivery
from . import o2c_delivery_outcome  # extends it
from . import o2c_delivery_paper  # likewise
from . import o2c_invoice_attempt
from . import o2c_money_event
from . import o2c_money_notice
from . import o2c_order_stage
from . import o2c_pay_link
from . import o2c_pay_link_account
from . import o2c_pay_link_correction
from . import o2c_pay_link_order
from . import o2c_payment_allocation
from . import o2c_payment_allocation_correction
from . import o2c_payment_allocation_order
from . import o2c_payment_fee
from . import o2c_payment_plan
from . import o2c_payment_plan_item
from . import o2c_payment_plan_life
from . import o2c_payment_plan_line
from . import o2c_payment_policy
from . import o2c_payment_policy_method
from . import o2c_payment_policy_scope
from . import o2c_print_item
from . import o2c_print_pile
from . import o2c_remittance
from . import o2c_send_item
from . import o2c_send_run
from . import o2c_stage_log
from . import o2c_stage_rule
from . import o2c_statement_mailing

# Our services
from . import o2c_account
from . import o2c_account_contacts
from . import o2c_account_limits
from . import o2c_account_requests
from . import o2c_banner_audience
from . import o2c_banner_result
from . import o2c_basket
from . import o2c_cashier
from . import o2c_correction
from . import o2c_correction_lines
from . import o2c_credit
from . import o2c_invoice_mail
from . import o2c_invoice_preview
from . import o2c_invoice_sending
from . import o2c_mail_frame
from . import o2c_order_progress
from . import o2c_pay_page
from . import o2c_basket_page  # extends the pay page
from . import o2c_pay_request
from . import o2c_pay_request_order  # extends it
from . import o2c_payment_history
from . import o2c_plan_desk
from . import o2c_rate_limiter
from . import o2c_receipt
from . import o2c_receipt_paper
from . import o2c_recipients
from . import o2c_remittance_matcher
from . import o2c_statement
from . import o2c_statement_paper
from . import o2c_till
from . import o2c_transfer_desk

# Extensions of Odoo
from . import account_bank_statement_line
from . import account_move
from . import account_move_correction
from . import account_move_instalments
from . import account_move_line
from . import account_move_mail
from . import account_move_order
from . import account_move_print
from . import account_move_send
from . import account_move_send_alerts
from . import account_move_send_ways
from . import account_move_terms
from . import account_partial_reconcile
from . import account_payment
from . import account_payment_term
from . import account_payment_term_line
from . import ir_actions_report
from . import ir_http
from . import ir_rule
from . import link_tracker
from . import mail_mail
from . import mail_thread
from . import payment_method
from . import payment_provider
from . import payment_token
from . import payment_transaction
from . import payment_transaction_booking
from . import payment_transaction_charge
from . import payment_transaction_fee
from . import res_company
from . import res_config_settings
from . import res_partner
from . import res_partner_invoicing
from . import res_partner_sending
from . import res_users
from . import res_partner_category
from . import sale_order
from . import sale_order_facts
from . import sale_order_invoicing
from . import sale_order_pay

# Views over the tables above
from . import o2c_due_item
