"""Binds PDFs into one file without having more than one of them in memory."""

import io

from odoo.tools.pdf import (
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    NumberObject,
    OdooPdfFileReader,
    OdooPdfFileWriter,
    pypdf,
)

CATALOG, PAGES = 1, 2  # the objects every file begins with; here they are written last
NO_KEY = () if pypdf.__name__.endswith("._pypdf") else (None,)  # older libraries ask how to encrypt


class Binder:
    """Writes the objects of each PDF behind those of the one before, under numbers of their own.

    A list of offsets is all that grows; what several documents have in common (fonts, a logo) is in the file once for
    each of them.
    """

    def __init__(self, file):
        self._file = file
        self._offsets = {}
        self._last = PAGES
        self._parts = []
        self._count = 0
        file.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")

    def add(self, content, first=False):
        """Write the pages of a PDF behind all others, or before them, and return how many they are.

        :raises Exception: whatever the reader says of a file that is no PDF; nothing is written then
        """
        source = OdooPdfFileReader(io.BytesIO(content), strict=False)
        part = OdooPdfFileWriter()
        for page in source.pages:
            part.add_page(page)
        count, node = len(part.pages), part._pages.get_object()
        shift, seen = self._last, set()
        for number, value in enumerate(part._objects, 1):
            if value is None or value is part._root_object:
                continue
            value = _moved(value, shift, seen)
            if value is node:
                value[NameObject("/Parent")] = _reference(PAGES)
            self._write(shift + number, value)
        self._last += len(part._objects)
        self._parts.insert(0 if first else len(self._parts), _reference(shift + part._pages.idnum))
        self._count += count
        return count

    def close(self):
        """Write what makes the parts one document."""
        self._write(PAGES, DictionaryObject({
            NameObject("/Type"): NameObject("/Pages"), NameObject("/Count"): NumberObject(self._count),
            NameObject("/Kids"): ArrayObject(self._parts),
        }))
        self._write(CATALOG, DictionaryObject({
            NameObject("/Type"): NameObject("/Catalog"), NameObject("/Pages"): _reference(PAGES),
        }))
        start, size = self._file.tell(), self._last + 1
        self._file.write(b"xref\n0 %d\n0000000000 65535 f \n" % size)
        for number in range(1, size):
            offset = self._offsets.get(number)
            self._file.write(b"0000000000 65535 f \n" if offset is None else b"%010d 00000 n \n" % offset)
        self._file.write(b"trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, CATALOG, start))

    def _write(self, number, value):
        self._offsets[number] = self._file.tell()
        self._file.write(b"%d 0 obj\n" % number)
        value.write_to_stream(self._file, *NO_KEY)
        self._file.write(b"\nendobj\n")


def _reference(number):
    return IndirectObject(number, 0, None)


def _moved(value, shift, seen):
    """Return a value of which all references lead ``shift`` numbers further; containers are changed in place, once."""
    if isinstance(value, IndirectObject):
        return _reference(value.idnum + shift)
    if isinstance(value, ArrayObject | DictionaryObject) and id(value) not in seen:
        seen.add(id(value))
        if isinstance(value, ArrayObject):
            value[:] = [_moved(item, shift, seen) for item in list.__iter__(value)]
        else:
            for key, item in list(dict.items(value)):
                dict.__setitem__(value, key, _moved(item, shift, seen))
    return value
