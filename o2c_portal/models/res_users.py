"""Adds to res.users: customers change their address where the old one is asked."""

from odoo import models
from odoo.exceptions import AccessError


class ResUsers(models.Model):
    _inherit = "res.users"

    def write(self, vals):
        """Override: portal users may write some of their own fields; the address that gets their invoices is not one.

        :raises AccessError: for portal users who try
        """
        if "email" in vals and not self.env.su and self.env.user._is_portal():
            raise AccessError(self.env._("Change your email address on the page of your contacts."))
        return super().write(vals)
