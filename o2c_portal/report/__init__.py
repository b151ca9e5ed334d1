from . import o2c_receipt_report
from . import o2c_statement_report
