# Our records
# Our services
# Extensions of Odoo
# Views over the tables above
from . import (
    account_move,
    account_move_line,
    account_payment_term,
    account_payment_term_line,
    o2c_cashier,
    o2c_due_item,
    o2c_pay_link,
    o2c_payment_allocation,
    payment_token,
    payment_transaction,
    res_company,
    res_config_settings,
)
