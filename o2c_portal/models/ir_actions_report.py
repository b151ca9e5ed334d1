"""Adds to ir.actions.report: reports without scripts need not wait for any; what invoices show is read all at once."""

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
        """Override: what invoices ask for is read for all documents of a report before the first is rendered, and so
        are their banners, as ``o2c_banners`` by document."""
        data = super()._get_rendering_context(report, docids, data)
        if report.model == "account.move" and data.get("report_type") != "html":
            data["o2c_ahead"] = self.env["o2c.pay.request"]._ahead(data["docs"])
        if report.model == "account.move" and data.get("report_type") == "pdf":
            data["o2c_banners"] = self._o2c_banners(self.env["account.move"].browse(docids))
        return data

    def _o2c_banners(self, moves):
        """Return ``{move id: banner}``. With ``o2c_banner_preview`` (an id) in the context all of them show that one,
        without being asked."""
        preview = self.env.context.get("o2c_banner_preview")
        if not preview:
            return self.env["o2c.banner"]._pick_for_documents(moves, "pdf")
        banner = self.env["o2c.banner"].browse(preview)
        return {move.id: banner._for_reader("pdf", move.partner_id) for move in moves}
