"""Reads printed documents as who gets them does: text, links and codes, page by page."""

import io
import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from lxml import etree
from PIL import Image

from odoo.tests import HttpCase
from odoo.tools.pdf import OdooPdfFileReader, OdooPdfFileWriter

from .common import O2cCommon

LAYOUTS = ("standard", "boxed", "bold", "striped", "folder", "wave", "bubble")
INVOICE, ORDER = "account.account_invoices", "sale.action_report_saleorder"


@dataclass(frozen=True)
class Page:
    """``size`` is in points; ``links`` are ``(address, left, right)``, the edges as shares of the width of the page;
    ``codes`` is what a scanner reads, looked at on pages with links only."""

    text: str
    size: str
    links: tuple
    codes: tuple = ()

    @property
    def addresses(self):
        return {address for address, _left, _right in self.links}

    def says(self, words):
        """Say whether words are on the page; the reader of PDFs sees spaces inside words that are spaced out."""
        return words.replace(" ", "") in self.text.replace(" ", "")


class PdfCommon(O2cCommon, HttpCase):
    """Many documents are printed by one run of wkhtmltopdf, and scanned by one run of each tool."""

    @classmethod
    def _make_branches(cls):
        """Make ``branches``, a branch of the company for each of Odoo's layouts, which the user works in as well."""
        company = cls.env.company
        cls.branches = cls.env["res.company"].create([
            {
                "name": f"{layout.title()} Branch", "parent_id": company.id,
                "external_report_layout_id": cls.env.ref(f"web.external_layout_{layout}").id,
            }
            for layout in LAYOUTS
        ])
        cls.cr.precommit.run()  # gives the branches their accounts
        cls.env.user.company_ids |= cls.branches
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": [company.id, *cls.branches.ids]})

    def _print(self, records, report=INVOICE, **context):
        """Return ``{record: bytes of its PDF}``."""
        records.invalidate_recordset()
        printer = self.env["ir.actions.report"].with_context(
            force_report_rendering=True, report_pdf_no_attachment=True, o2c_no_print_delay=True, **context,
        )
        streams = printer._render_qweb_pdf_prepare_streams(report, {}, res_ids=records.ids)
        return {record: streams[record.id]["stream"].getvalue() for record in records}

    def _read(self, records, report=INVOICE, *, scan=False, **context):
        """Return ``{record: [Page, ...]}`` as printed now."""
        readers = {
            record: OdooPdfFileReader(io.BytesIO(pdf), strict=False)
            for record, pdf in self._print(records, report, **context).items()
        }
        pages = {record: [self._page(sheet) for sheet in reader.pages] for record, reader in readers.items()}
        if scan:
            places = [(record, at) for record in records for at, page in enumerate(pages[record]) if page.links]
            sheets = [readers[record].pages[at] for record, at in places]
            for (record, at), codes in zip(places, self._scan(sheets), strict=True):
                pages[record][at] = replace(pages[record][at], codes=codes)
        return pages

    def _page(self, sheet):
        width = float(sheet.mediabox.width)
        notes = [note.get_object() for note in sheet.get("/Annots", [])]
        return Page(self._plain(sheet.extract_text()), f"{width:.0f}x{sheet.mediabox.height:.0f}", tuple(
            (note["/A"]["/URI"], *sorted(float(note["/Rect"][edge]) / width for edge in (0, 2)))
            for note in notes if "/URI" in note.get("/A", {})
        ))

    @staticmethod
    def _plain(text):
        return " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split())

    def _scan(self, sheets):
        """Return what a scanner reads on each sheet of paper."""
        writer = OdooPdfFileWriter()
        for sheet in sheets:
            writer.add_page(sheet)
        with tempfile.TemporaryDirectory() as folder:
            with Path(folder, "all.pdf").open("wb") as file:
                writer.write(file)
            subprocess.run(["pdftoppm", "-r", "100", "-gray", "all.pdf", "page"], cwd=folder, check=True)
            return scan([Image.open(path) for path in sorted(Path(folder).glob("page*"))])


def scan(images):
    """Return what a scanner reads on each image, sorted."""
    with tempfile.TemporaryDirectory() as folder:
        names = [f"{number:03}.pgm" for number in range(len(images))]
        for name, image in zip(names, images, strict=True):
            image.save(Path(folder, name))
        output = subprocess.run(["zbarimg", "-q", "--xml", *names], cwd=folder, check=False, capture_output=True).stdout
    found = {
        source.get("href"): tuple(sorted(node.text for node in source.iter("{*}data")))
        for source in etree.fromstring(output).iter("{*}source")
    }
    return [found.get(name, ()) for name in names]
