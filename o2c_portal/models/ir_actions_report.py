"""Adds to ir.actions.report: reports without scripts need not wait for any; invoices know their banners."""

from odoo import models


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _build_wkhtmltopdf_args(self, *args, **kwargs):
        """Override: with ``o2c_no_print_delay`` in the context wkhtmltopdf does not sleep before it prints."""
        command = super()._build_wkhtmltopdf_args(*args, **kwargs)
        if self.env.context.get("o2c_no_print_delay"):
            command[command.index("--javascript-delay") + 1] = "0"
        return command

    def _get_rendering_context(self, report, docids, data):
        """Override: the banners of all invoices of a PDF in one go, as ``o2c_banners`` by document.

        With ``o2c_banner_preview`` (an id) in the context all of them show that one, without being asked.
        """
        data = super()._get_rendering_context(report, docids, data)
        if report.model == "account.move" and data.get("report_type") == "pdf":
            moves, preview = self.env["account.move"].browse(docids), self.env.context.get("o2c_banner_preview")
            if preview:
                banner = self.env["o2c.banner"].browse(preview)
                data["o2c_banners"] = {move.id: banner._for_reader("pdf", move.partner_id) for move in moves}
            else:
                data["o2c_banners"] = self.env["o2c.banner"]._pick_for_documents(moves, "pdf")
        return data
