"""Which credit settles which item, and how much of it: exact, first come first served."""

from collections.abc import Iterable
from dataclasses import dataclass

MAX_CREDITS = 40  # in one request


@dataclass(frozen=True)
class Match:
    """``minor`` units of a credit that settle an item."""

    credit_id: int
    item_id: int
    minor: int


def match(credits: Iterable[tuple[int, int]], items: Iterable[tuple[int, int]]) -> list[Match]:
    """Apply credits to items in the order given, each as far as it goes.

    Nothing is created and nothing is lost: of every credit and every item at most its amount is used, and what is used
    is the smaller of the two totals.

    :param credits: ``(id, minor)`` of positive amounts there are to give
    :param items: ``(id, minor)`` of positive amounts that are owed
    :raises ValueError: if an amount is not positive
    """
    matches = []
    owed = iter([(item_id, _positive(minor)) for item_id, minor in items])
    item_id, open_minor = next(owed, (0, 0))
    for credit_id, left in [(credit_id, _positive(minor)) for credit_id, minor in credits]:
        while left and open_minor:
            minor = min(left, open_minor)
            matches.append(Match(credit_id, item_id, minor))
            left, open_minor = left - minor, open_minor - minor
            if not open_minor:
                item_id, open_minor = next(owed, (0, 0))
    return matches


def _positive(minor):
    if minor <= 0:
        raise ValueError("amount must be positive")
    return minor
