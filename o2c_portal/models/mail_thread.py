"""Adds to mail.thread: mails of ours that come back are noted, though Odoo's queue has forgotten them."""

from odoo import api, models
from odoo.tools import html2plaintext


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    @api.model
    def _routing_handle_bounce(self, email_message, message_dict):
        """Override of mail: note which mail to whom came back."""
        super()._routing_handle_bounce(email_message, message_dict)
        if ids := message_dict.get("bounced_msg_ids"):
            rows_sudo = self.env["o2c.delivery"].sudo().search([("message_id", "in", ids)])  # sudo: the mail gateway
            rows_sudo._bounced(html2plaintext(message_dict.get("body") or ""))
