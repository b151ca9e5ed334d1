"""Receipts and other notices about money on paper."""

from odoo import api, models


class O2cReceiptReport(models.AbstractModel):
    _name = "report.o2c_portal.report_receipt"
    _description = "Receipt on paper"

    @api.model
    def _get_report_values(self, docids, data=None):
        """Return one document per notice, in ``data['lang']`` or each in its customer's language.

        Anybody may ask for any report by its address, so this is where those who see notices are told from others.
        """
        notices = self.env["o2c.money.notice"].browse(docids).exists()
        notices.check_access("read")
        recipients, paper = self.env["o2c.recipients"], self.env["o2c.receipt.paper"].sudo()  # sudo: allowed above
        asked = (data or {}).get("lang")
        return {
            "doc_ids": notices.ids, "doc_model": notices._name, "docs": notices,
            "documents": [
                paper._content(notice, recipients._lang(asked or notice.partner_id.lang, notice.company_id))
                for notice in notices.sudo()
            ],
        }
