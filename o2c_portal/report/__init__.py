from . import o2c_statement_report
