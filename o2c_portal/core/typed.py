"""What people type into free text."""

import re

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
