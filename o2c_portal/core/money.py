"""Exact money: amounts as integers in minor units (cents, yen, fils)."""

import re
from decimal import ROUND_HALF_UP, Decimal

EXACT = 10**11  # floats up to here are off by far less than the tolerance of ``to_minor``
MAX_DIGITS = 13  # of the whole part of an amount somebody types
_GROUPED = re.compile(r"[0-9]+|[0-9]{1,3}([., ])[0-9]{3}(?:\1[0-9]{3})*", re.ASCII)


def to_minor(amount, digits):
    """Return ``amount`` (int, float, Decimal or numeric string, in major units) in minor units.

    :param int digits: decimals of the currency (JPY 0, EUR 2, KWD 3)
    :rtype: int
    :raises ArithmeticError: if ``amount`` is not a finite number
    """
    if isinstance(amount, float):
        scaled = amount * 10**digits
        if -EXACT < scaled < EXACT and abs(scaled - (nearest := round(scaled))) < 1e-3:
            return nearest  # far from where rounding could go either way: what is below, in a tenth of the time
    exact = Decimal(str(amount))
    if not exact.is_finite():
        raise ArithmeticError(f"{amount} is not a finite number")
    return int(exact.scaleb(digits).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def to_major(minor, digits):
    """Return integer ``minor`` units as a float in major units, the way Odoo stores amounts."""
    return float(Decimal(minor).scaleb(-digits))


def parse(text, digits, point):
    """Return an amount a person typed, in minor units; None when it is not one or has more decimals than the currency.

    ``1.234,56``, ``1 234,56``, ``1'234.56`` and ``1,234.56`` are the same. A single mark before three digits groups
    thousands, unless it is ``point``, the decimal point of the reader's language.

    :param int digits: decimals of the currency
    """
    text = re.sub(r"[\s'’]+", " ", text.strip())
    marks = re.findall(r"[.,]", text)
    mark = marks[-1] if marks and marks.count(marks[-1]) == 1 else None
    if marks == [mark] and mark != point and _GROUPED.fullmatch(text):
        mark = None
    whole, _, decimals = text.partition(mark) if mark else (text, "", "")
    decimals = decimals.rstrip("0")
    if not _GROUPED.fullmatch(whole) or not re.fullmatch(r"[0-9]*", decimals, re.ASCII) or len(decimals) > digits:
        return None
    whole = re.sub(r"[^0-9]", "", whole)
    return to_minor(f"{whole}.{decimals or 0}", digits) if len(whole) <= MAX_DIGITS else None
