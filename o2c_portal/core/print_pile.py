"""Documents that go out on paper: the order they are printed in."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Sheet:
    """One document to be printed.

    :ivar document: whatever the caller tells documents apart by
    :ivar number: its own number, as text
    :ivar country: ISO code of where it goes, empty for none
    :ivar postal_code: as it was typed
    """

    document: int
    number: str
    customer: str
    country: str
    postal_code: str


def in_order(sheets, home):
    """Return the sheets as letters are sorted for the post: the own country first, then by country; there by postal
    code, customer and number. Who has no country lives at home.

    :param str home: ISO code of the own country
    """
    return sorted(sheets, key=lambda sheet: (
        "" if sheet.country == home else sheet.country,
        re.sub(r"\W", "", sheet.postal_code).upper(),
        sheet.customer.casefold(),
        _natural(sheet.number),
    ))


def _natural(number):
    """Return what puts document 9 before document 10."""
    return [(part.zfill(20) if part.isdigit() else part) for part in re.split(r"(\d+)", number)]
