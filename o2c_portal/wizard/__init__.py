from . import account_move_send_batch_wizard
from . import account_move_send_wizard
from . import o2c_instalment_promise
from . import o2c_invoice_correction
from . import o2c_pay_link_revoke
from . import o2c_payment_plan_propose
from . import o2c_payment_term_generate
from . import o2c_statement_send
