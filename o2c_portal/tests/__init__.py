from . import test_money_core
from . import test_native_routes
from . import test_pay_link
from .core import test_paylink
