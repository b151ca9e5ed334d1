# Our records
# Our services
# Extensions of Odoo
# Views over the tables above
from . import (
    account_move,
    account_move_line,
    account_partial_reconcile,
    account_payment,
    account_payment_term,
    account_payment_term_line,
    o2c_cashier,
    o2c_due_item,
    o2c_money_event,
    o2c_order_stage,
    o2c_pay_link,
    o2c_payment_allocation,
    o2c_stage_log,
    o2c_stage_rule,
    payment_token,
    payment_transaction,
    res_company,
    res_config_settings,
    sale_order,
)
