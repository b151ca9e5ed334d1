from . import payment, portal, sale_portal
