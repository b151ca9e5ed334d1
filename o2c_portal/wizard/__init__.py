from . import o2c_pay_link_revoke, o2c_payment_term_generate
