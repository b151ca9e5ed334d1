"""Adds to account.move.send: the email of an invoice knows that it is one, and goes to who shall get invoices; banners
on invoices that are made to be sent are counted."""

from odoo import api, models


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    @api.model
    def _send_mail(self, move, mail_template, **kwargs):
        """Override of account: the invoice's own email asks for the payment; other messages about it do not."""
        return super()._send_mail(move.with_context(o2c_invoice_mail=True), mail_template, **kwargs)

    @api.model
    def _get_default_mail_partner_ids(self, move, mail_template, mail_lang):
        """Override of account: the contacts chosen for invoices take the place of the invoice's own contact."""
        partners = super()._get_default_mail_partner_ids(move, mail_template, mail_lang)
        if not move.partner_id or not move.is_sale_document(include_receipts=True):
            return partners
        chosen = move.partner_id._o2c_named_contacts("invoice")
        return (partners - move.partner_id | chosen.sudo(self.env.su)) if chosen else partners

    @api.model
    def _link_invoice_documents(self, invoices_data):
        """Override of account: here the PDF becomes the one that is sent, with the banner on it."""
        super()._link_invoice_documents(invoices_data)
        made = [move for move, data in invoices_data.items() if data.get("pdf_attachment_values")]
        self.env["o2c.banner"]._count_documents(self.env["account.move"].concat(*made), "pdf")
