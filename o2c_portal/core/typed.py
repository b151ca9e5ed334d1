"""What people type into forms: amounts as they are written where they live."""

import re

from .money import to_minor

_GAPS = re.compile(r"[\s'’\u00a0\u202f]")
LONGEST = 20


def amount(text: str, point: str, digits: int) -> int:
    """Return a typed amount in minor units.

    Both ``1,234.50`` and ``1234.50`` are read where ``point`` is a dot. A single foreign point with one or two digits
    behind it can only be a decimal point and is taken as one; everything else that is not clear is refused.

    :param point: decimal point of the reader's language, ``.`` or ``,``
    :param digits: decimals of the currency
    :raises ValueError: if it is no amount, or finer than the currency
    """
    text = _GAPS.sub("", text)
    mine, other = re.escape(point), re.escape("," if point == "." else ".")
    if len(text) > LONGEST:
        raise ValueError("too long")
    if re.fullmatch(rf"(\d+|\d{{1,3}}({other}\d{{3}})+)({mine}\d+)?", text, re.ASCII):
        plain = re.sub(other, "", text).replace(point, ".")
    elif re.fullmatch(rf"\d+{other}\d{{1,2}}", text, re.ASCII):
        plain = re.sub(other, ".", text)
    else:
        raise ValueError("not an amount")
    if len(plain.partition(".")[2]) > digits:
        raise ValueError("finer than the currency")
    return to_minor(plain, digits)


_CARD = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)", re.ASCII)


def mask_cards(text: str) -> str:
    """Return ``text`` with payment card numbers reduced to their last four digits; other numbers stay."""

    def masked(match):
        number = re.sub(r"[ -]", "", match[0])
        return f"**** {number[-4:]}" if _luhn(number) else match[0]

    return _CARD.sub(masked, text)


def _luhn(number):
    doubled = (int(digit) * 2 for digit in number[-2::-2])
    return (sum(int(digit) for digit in number[-1::-2]) + sum(value - 9 * (value > 9) for value in doubled)) % 10 == 0
