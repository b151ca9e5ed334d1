from . import account_contacts
from . import account_help
from . import account_history
from . import account_limits
from . import pay
from . import pay_code
from . import pay_start
from . import payment
from . import portal
from . import sale_portal
from . import statement
from . import basket, pay, pay_start, payment, portal, sale_portal
