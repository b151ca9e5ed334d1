from . import pay, pay_start, payment, portal, sale_portal, statement
from . import account_history, pay, pay_start, payment, portal, sale_portal
from . import account_contacts, account_history, pay, pay_start, payment, portal, sale_portal
from . import account_contacts, account_help, account_history, pay, pay_start, payment, portal, sale_portal
from . import account_contacts, account_help, account_history, account_limits
from . import pay, pay_start, payment, portal, sale_portal
