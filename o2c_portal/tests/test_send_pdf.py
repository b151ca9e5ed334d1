"""Many PDFs, printed in parts: the same as Odoo's, two at once, without waiting."""

import io
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import HttpCase
from odoo.tools.pdf import OdooPdfFileReader

from odoo.addons.account.models.account_move_send import AccountMoveSend as Native
from odoo.addons.o2c_portal.core import sending
from odoo.addons.o2c_portal.gateways import wkhtmltopdf

from .common import O2cCommon


class TestSendPdf(O2cCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.config_parameter"].sudo().set_param("report.url", "http://127.0.0.1:9")  # no style sheets
        cls.send = cls.env["account.move.send"].with_context(force_report_rendering=True)
        cls.invoices = cls.env["account.move"].browse()
        for number in range(1, 6):
            cls.invoices |= cls._make_invoice(100 * number)
        long = cls._make_invoice(1, post=False)
        long.write({"invoice_line_ids": [(0, 0, {"name": f"Part {n}", "price_unit": n, "tax_ids": []})
                                         for n in range(1, 81)]})
        long.action_post()
        cls.invoices |= long

    def _data(self, invoices):
        report = self.env.ref("account.account_invoices")
        return {invoice: {"pdf_report": report} for invoice in invoices}

    def _texts(self, data):
        """Return ``{invoice: [text of each page]}``."""
        return {
            invoice: [page.extract_text() for page in OdooPdfFileReader(io.BytesIO(
                values["pdf_attachment_values"]["raw"])).pages]
            for invoice, values in data.items()
        }

    def test_same_pages_as_odoo_prints(self):
        ours, theirs = self._data(self.invoices), self._data(self.invoices)
        self.send._prepare_invoice_pdf_report(ours)
        Native._prepare_invoice_pdf_report(self.send, theirs)
        texts = self._texts(ours)
        self.assertEqual(texts, self._texts(theirs))
        self.assertGreater(len(texts[self.invoices[-1]]), 1)
        for invoice, pages in texts.items():
            self.assertIn(invoice.name, pages[0])

    def _listen(self, invoices):
        """Return what happened, in order, while invoices were printed: starts with their options, and ends."""
        events, start = [], wkhtmltopdf.start

        class Heard:
            def __init__(self, printing):
                self.printing = printing

            def result(self):
                events.append("end")
                return self.printing.result()

        def listen(program, arguments, *args):
            events.append(arguments)
            return Heard(start(program, arguments, *args))

        with patch.object(wkhtmltopdf, "start", listen):
            self.send._prepare_invoice_pdf_report(self._data(invoices))
        return events

    def test_the_next_part_starts_before_the_first_is_printed(self):
        options, *rest = self._listen(self.invoices)
        self.assertEqual(rest, [options, "end", "end"])
        self.assertEqual(options[options.index("--javascript-delay") + 1], "100")

    def test_a_delay_chosen_by_hand_stays(self):
        self.env["ir.config_parameter"].sudo().set_param("report.print_delay", "7")
        options = self._listen(self.invoices[:1])[0]
        self.assertEqual(options[options.index("--javascript-delay") + 1], "7")

    def test_more_parts_than_printers(self):
        with patch.object(sending, "PART", 2):
            data = self._data(self.invoices)
            self.send._prepare_invoice_pdf_report(data)
        self.assertEqual(
            [invoice.name in pages[0] for invoice, pages in self._texts(data).items()], [True] * len(self.invoices),
        )

    def test_a_printer_that_fails_says_why(self):
        with patch.object(wkhtmltopdf, "_print", return_value=(-11, "out of memory", b"")), \
             self.assertRaisesRegex(UserError, "out of memory"):
            self.send._prepare_invoice_pdf_report(self._data(self.invoices[:1]))
