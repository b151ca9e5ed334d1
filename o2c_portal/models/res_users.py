"""Adds to res.users: whose documents a portal user may read, and where they change their address."""

from odoo import models
from odoo.exceptions import AccessError


class ResUsers(models.Model):
    _inherit = "res.users"

    def _o2c_documents_of(self):
        """Return the id of the contact whose documents alone a portal user may read, as the payment policy of the
        customer says; False for those who may read all of their customer, and for everybody else."""
        if not self._has_group("base.group_portal"):
            return False
        user_sudo = self.sudo()  # record rules ask while nothing of the user may be read yet
        own_only = user_sudo.env["o2c.account"]._sees_own_only(user_sudo.partner_id, user_sudo.company_ids)
        return own_only and user_sudo.partner_id.id

    def write(self, vals):
        """Override: portal users may write some of their own fields; the address that gets their invoices is not one.

        :raises AccessError: for portal users who try
        """
        if "email" in vals and not self.env.su and self.env.user._is_portal():
            raise AccessError(self.env._("Change your email address on the page of your contacts."))
        return super().write(vals)
