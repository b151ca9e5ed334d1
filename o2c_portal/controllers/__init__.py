from . import pay, pay_start, payment, portal, sale_portal, statement
