"""How an amount is cut into dated parts. Amounts are integers in minor units; nothing is lost to rounding."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Literal

from dateutil.relativedelta import relativedelta

Every = Literal["days", "weeks", "months"]
Remainder = Literal["last", "first"]
Claim = int | None  # minor units a part takes for itself, or None: an equal part of what the others leave

MAX_PARTS = 120  # what the generator offers; the arithmetic itself has no limit
FULL = 10**8  # 100 % in millionths of a percent, the six decimals Odoo keeps for payment terms


def share(total: int, fraction: int, unit: int = 1) -> int:
    """Return ``fraction`` (of ``FULL``) of the size of ``total``, rounded half up to a multiple of ``unit``."""
    size, step = abs(total), unit * FULL
    return min(size, (2 * size * fraction + step) // (2 * step) * unit)


def split(total: int, claims: Sequence[Claim], unit: int = 1, remainder: Remainder = "last") -> list[int]:
    """Cut ``total`` into one part per claim: what each claims, and equal parts of the rest for those that claim None.

    Equal parts are multiples of ``unit`` (the smallest coin); what rounding leaves goes to the ``remainder`` one.
    The parts sum to ``total`` exactly, none is zero, and a negative total (a credit note) gives the same parts negated.

    :raises ValueError: if there is no claim, one is not positive, or the total is too small (or, without an equal
        part, too large) for them; :func:`affordable` says what it is large enough for
    """
    if not claims:
        raise ValueError("a schedule has at least one part")
    if any(claim is not None and claim <= 0 for claim in claims):
        raise ValueError("a part must be positive")
    equal = [index for index, claim in enumerate(claims) if claim is None]
    rest = abs(total) - sum(claim for claim in claims if claim is not None)
    if rest < len(equal) or (rest and not equal):
        raise ValueError(f"{total} cannot be cut into these {len(claims)} parts")
    base = rest // len(equal) // unit * unit if equal else 0
    if not base and len(equal) > 1:
        raise ValueError(f"{rest} is less than {len(equal)} times the smallest coin {unit}")
    parts = [base if claim is None else claim for claim in claims]
    if equal:
        parts[equal[-1 if remainder == "last" else 0]] += rest - base * len(equal)
    return parts if total >= 0 else [-part for part in parts]


def affordable(total: int, claims: Sequence[Claim], unit: int = 1) -> dict[int, Claim]:
    """Return ``{position: claim}`` of the parts ``total`` is large enough for, so that :func:`split` accepts them.

    Earlier claims are served first, the last one as far as the total goes; then as many equal parts as there are
    coins for, the earliest ones. A total of zero affords nothing.
    """
    rest, kept = abs(total), {}
    for index, claim in enumerate(claims):
        taken = min(claim, rest) if claim is not None else 0
        if taken > 0:
            kept[index] = taken
            rest -= taken
    equal = [index for index, claim in enumerate(claims) if claim is None]
    count = min(len(equal), max(1, rest // unit)) if rest else 0
    kept.update(dict.fromkeys(equal[:count]))
    return dict(sorted(kept.items()))


def in_proportion(total: int, pattern: Sequence[int]) -> list[int]:
    """Cut ``total`` the way ``pattern`` is cut (the same instalments in another currency).

    Every part has the sign of ``total`` or is zero, and they sum to it exactly.

    :raises ValueError: if the pattern sums to zero or its parts differ in sign
    """
    whole = sum(pattern)
    if not whole or any(part * whole < 0 for part in pattern):
        raise ValueError("the pattern must have parts of one sign")
    parts, seen, given = [], 0, 0
    for part in pattern:
        seen += abs(part)
        upto = (2 * abs(total) * seen + abs(whole)) // (2 * abs(whole))
        parts.append(upto - given if total >= 0 else given - upto)
        given = upto
    return parts


def less(parts: Sequence[int], ahead: int) -> list[int]:
    """Return what is left of the (positive) parts after ``ahead`` was paid towards the earliest of them."""
    left = []
    for part in parts:
        taken = min(part, ahead)
        ahead -= taken
        left.append(part - taken)
    return left


def after(first: date, count: int, every: Every, day: int | None = None) -> date:
    """Return the date ``count`` days, weeks or months after ``first``.

    Months keep the day of the month: ``day`` (31 means the last one) or else that of ``first``; a shorter month gives
    its last day. Counting from the first date keeps 31 Jan, 28 Feb, 31 Mar, where adding to the previous one would not.

    :raises ValueError: for an unknown spacing
    """
    if every == "months":
        return first + relativedelta(months=count, day=day or first.day)
    if every in ("days", "weeks"):
        return first + timedelta(days=count * (7 if every == "weeks" else 1))
    raise ValueError(f"unknown spacing {every!r}")


def ascending(dates: Iterable[date]) -> list[date]:
    """Return the dates in strict order: one that would not follow its predecessor is moved to the day after it."""
    ordered: list[date] = []
    for due in dates:
        ordered.append(max(due, ordered[-1] + timedelta(days=1)) if ordered else due)
    return ordered
