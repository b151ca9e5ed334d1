"""Exact money: amounts as integers in minor units (cents, yen, fils)."""

from decimal import ROUND_HALF_UP, Decimal


def to_minor(amount, digits):
    """Return ``amount`` (int, float, Decimal or numeric string, in major units) in minor units.

    :param int digits: decimals of the currency (JPY 0, EUR 2, KWD 3)
    :rtype: int
    :raises ArithmeticError: if ``amount`` is not a finite number
    """
    exact = Decimal(str(amount))
    if not exact.is_finite():
        raise ArithmeticError(f"{amount} is not a finite number")
    return int(exact.scaleb(digits).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def to_major(minor, digits):
    """Return integer ``minor`` units as a float in major units, the way Odoo stores amounts."""
    return float(Decimal(minor).scaleb(-digits))
