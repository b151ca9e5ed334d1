"""Adds to ir.actions.report: reports without scripts need not wait for any, and can be printed beside other work; what
invoices show is read all at once."""

import logging

from odoo import models
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.base.models.ir_actions_report import _wkhtml

from ..gateways import wkhtmltopdf

_logger = logging.getLogger(__name__)
# Milliseconds per run of the program, not per document. Without any, the script that puts headers in place loses its
# race where style sheets cannot be loaded.
DELAY = "100"
LONG_PAGE = 4 * 1024 * 1024  # characters; Odoo cuts the tables of such pages before it prints them


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _build_wkhtmltopdf_args(self, *args, **kwargs):
        """Override: with ``o2c_no_print_delay`` in the context wkhtmltopdf hardly sleeps before it prints, unless its
        delay was set by hand."""
        command = super()._build_wkhtmltopdf_args(*args, **kwargs)
        chosen = self.env["ir.config_parameter"].sudo().get_param("report.print_delay")
        if self.env.context.get("o2c_no_print_delay") and not chosen:
            command[command.index("--javascript-delay") + 1] = DELAY
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

    def _run_wkhtmltopdf(self, bodies, report_ref=False, header=None, footer=None, landscape=False,
                         specific_paperformat_args=None, set_viewport_size=False):
        """Override: with work in ``o2c_meanwhile`` of the context, print in a process beside this one and do that work
        until it is through. What needs the visitor's session or Odoo's treatment of long pages is printed by Odoo."""
        meanwhile = self.env.context.get("o2c_meanwhile")
        options = {"specific_paperformat_args": specific_paperformat_args, "set_viewport_size": set_viewport_size}
        if not meanwhile or request or any(len(body) >= LONG_PAGE for body in bodies):
            return super()._run_wkhtmltopdf(
                bodies, report_ref=report_ref, header=header, footer=footer, landscape=landscape, **options,
            )
        paper = (self._get_report(report_ref) if report_ref else self).get_paperformat()
        command = self._build_wkhtmltopdf_args(paper, landscape, **options)
        printing = wkhtmltopdf.start(_wkhtml().bin, command, bodies, header, footer)
        try:
            meanwhile()
        except BaseException:
            printing.cancel()  # nobody will ask for it, and others wait for the printer
            raise
        return self._o2c_printed(*printing.result())

    def _o2c_printed(self, code, messages, content):
        """Return a PDF, or raise what the program had to say; code 1 is a complaint, not a failure."""
        if code not in (0, 1) or not content:
            raise UserError(self.env._("The PDF could not be made (wkhtmltopdf ended with %(code)s): %(messages)s",
                                       code=code, messages=messages[-1000:]))
        if code:
            _logger.warning("wkhtmltopdf: %s", messages)
        return content
