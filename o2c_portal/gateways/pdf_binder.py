"""Binds PDFs into one file."""

import io

from odoo.tools.pdf import OdooPdfFileReader, OdooPdfFileWriter


class Binder:
    """Collects the pages of PDFs. They stay in memory until they are written: about a quarter of a megabyte for an
    invoice of one page."""

    def __init__(self):
        self._parts = []

    def add(self, content, first=False):
        """Put the pages of a PDF behind all others, or before them, and return how many they are.

        :raises Exception: whatever the reader says of a file that is no PDF; nothing is added then
        """
        pages = list(OdooPdfFileReader(io.BytesIO(content), strict=False).pages)
        self._parts.insert(0 if first else len(self._parts), pages)
        return len(pages)

    def bound(self):
        """Return the file, in bytes."""
        writer, file = OdooPdfFileWriter(), io.BytesIO()
        for page in (page for pages in self._parts for page in pages):
            writer.add_page(page)
        writer.write(file)
        return file.getvalue()
