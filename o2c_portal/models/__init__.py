# Our records
# Our services
# Extensions of Odoo
from . import account_move, o2c_pay_link, payment_transaction, res_company
