from . import (
    test_money_core,
    test_money_event,
    test_native_routes,
    test_order_stage,
    test_pay_link,
    test_payment_term,
)
from .core import test_paylink, test_schedule, test_stages
