"""Adds to ir.actions.report: reports without scripts need not wait for any."""

from odoo import models


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _build_wkhtmltopdf_args(self, *args, **kwargs):
        """Override: with ``o2c_no_print_delay`` in the context wkhtmltopdf does not sleep before it prints."""
        command = super()._build_wkhtmltopdf_args(*args, **kwargs)
        if self.env.context.get("o2c_no_print_delay"):
            command[command.index("--javascript-delay") + 1] = "0"
        return command
