from . import o2c_instalment_promise, o2c_pay_link_revoke, o2c_payment_term_generate, o2c_statement_send
