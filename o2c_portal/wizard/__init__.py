from . import o2c_pay_link_revoke
