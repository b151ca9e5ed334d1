from . import test_pay_link
from .core import test_paylink
