"""Adds to o2c.delivery: by which way a document reached its reader; what is printed is one of them."""

from odoo import api, fields, models

from ..core.recipients import Recipient


class O2cDelivery(models.Model):
    _inherit = "o2c.delivery"  # pylint: disable=consider-merging-classes-inherited  # by concern

    channel = fields.Selection(
        [("email", "Email"), ("notice", "Portal notice"), ("paper", "Paper")], "Way",
        required=True, default="email", readonly=True,
    )

    @api.model
    def _by_post(self, documents):
        """Note that invoices were printed for their customers; needs elevated rights. Printed again, it is the same row
        with another copy."""
        readers = {document: self._postal(document) for document in documents}
        known = self.search([
            ("res_model", "=", documents._name), ("res_id", "in", documents.ids), ("kind", "=", "invoice"),
            ("channel", "=", "paper"),
        ])
        again = known.filtered(lambda row: row.address == readers[row._document()].address)
        for row in again:
            row.copies += 1
        fresh = documents - documents.browse(again.mapped("res_id"))
        again |= self.create([
            {**self._values("invoice", document, document.partner_id, readers[document]),
             "channel": "paper", "message_id": False}
            for document in fresh
        ])
        again.write({"state": "sent", "sent_at": fields.Datetime.now(), "reason": False})

    def _postal(self, document):
        """Return the customer of an invoice as somebody who is written to on paper."""
        partner = document.partner_id
        lines = (partner._display_address(without_company=True) or "").split("\n")
        address = ", ".join(line.strip() for line in lines if line.strip())
        lang = self.env["o2c.recipients"]._lang(partner.lang, document.company_id)
        return Recipient(address or partner.display_name, partner.display_name, lang, partner.id, "customer")
