from . import (
    test_invoice_instalments,
    test_money_core,
    test_money_event,
    test_native_routes,
    test_order_portal,
    test_order_schedule,
    test_order_stage,
    test_pay_link,
    test_payment_term,
)
from .core import test_instalments, test_paylink, test_schedule, test_stages
