# Our records
from . import o2c_pay_link
from . import o2c_payment_allocation

# Our services
from . import o2c_cashier

# Extensions of Odoo
from . import account_move
from . import payment_token
from . import payment_transaction
from . import res_company
from . import res_config_settings

# Views over the tables above
from . import o2c_due_item
