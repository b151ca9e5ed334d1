# Our records

# Our services

# Extensions of Odoo
