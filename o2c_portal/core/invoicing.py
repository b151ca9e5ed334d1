"""Which orders are invoiced without a person, when, and why not."""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Policy = Literal["manual", "confirmation", "delivery", "deposit", "schedule"]
Verdict = Literal[
    "due", "manual", "unconfirmed", "older", "draft", "nothing_left", "undelivered", "over_invoiced", "no_deposit",
    "day",
]
# What a person has to settle first; everything else settles itself or is no trouble
BLOCKED = frozenset({"draft", "over_invoiced"})
# The whole order is invoiced, whatever the products say about delivered quantities
WHOLE_ORDER = frozenset({"confirmation", "deposit"})
# How long to wait after the first, second ... failure; after the last try a person has to look
BACKOFF = (timedelta(hours=1), timedelta(hours=4), timedelta(days=1), timedelta(days=2))
MAX_TRIES = len(BACKOFF) + 1
LONGEST_MONTH = 31


@dataclass(frozen=True)
class Line:
    """Quantities of an order line in its own unit; ``to_invoice`` is what the product's policy allows now."""

    ordered: float
    delivered: float
    invoiced: float
    to_invoice: float


@dataclass(frozen=True)
class Facts:
    """What is known of an order: ``older`` than automatic invoicing, a ``draft`` invoice, ``day`` its day has come."""

    confirmed: bool
    lines: tuple[Line, ...]
    older: bool = False
    draft: bool = False
    deposit_paid: bool = False
    day: bool = False


def decide(policy: Policy, facts: Facts) -> Verdict:
    """Say whether an order is to be invoiced now, or the first reason why not."""
    if policy == "manual":
        return "manual"
    if not facts.confirmed:
        return "unconfirmed"
    if facts.older:
        return "older"
    if not _something_left(policy, facts.lines):
        return "nothing_left"
    waits = _waits(policy, facts)
    if waits:
        return waits
    if facts.draft:
        return "draft"
    if any(_over_invoiced(policy, line) for line in facts.lines):
        return "over_invoiced"
    return "due"


def _something_left(policy: Policy, lines: Iterable[Line]) -> bool:
    """On delivery and by month a line that is not delivered yet counts as left, too."""
    return any(
        line.ordered > line.invoiced or (policy not in WHOLE_ORDER and line.to_invoice > 0) for line in lines
    )


def _waits(policy: Policy, facts: Facts) -> Verdict | None:
    """Return what the policy still waits for."""
    if policy == "deposit" and not facts.deposit_paid:
        return "no_deposit"
    if policy == "delivery" and not any(delivered_open(line) for line in facts.lines):
        return "undelivered"
    if policy == "schedule" and not any(line.to_invoice > 0 for line in facts.lines):
        return "undelivered"
    if policy == "schedule" and not facts.day:
        return "day"
    return None


def delivered_open(line: Line) -> bool:
    """Say whether something of a line was delivered, not invoiced, and may be invoiced."""
    return line.to_invoice > 0 and line.delivered > line.invoiced


def _over_invoiced(policy: Policy, line: Line) -> bool:
    """More was invoiced than is due: a credit note is a person's decision. Returns that were ordered are not meant."""
    left = line.ordered - line.invoiced if policy in WHOLE_ORDER else line.to_invoice
    return left < 0 <= line.ordered


def days_reached(until: date | None, today: date) -> frozenset[int]:
    """Return the days of the month (1 to 31) that came after ``until``, today included.

    The last day of a short month stands for the days it lacks. Without ``until`` only today counts: whoever starts on
    the 10th with the 5th gets the next one.
    """
    days: set[int] = set()
    count = 1 if until is None else min((today - until).days, LONGEST_MONTH)
    for back in range(count):
        day = today - timedelta(days=back)
        last = monthrange(day.year, day.month)[1]
        days.update(range(day.day, LONGEST_MONTH + 1) if day.day == last else (day.day,))
    return frozenset(days)


def next_day(day: int, today: date) -> date:
    """Return when the day of the month comes next, after today."""
    month = today.replace(day=1)
    found = _in_month(month, day)
    return found if found > today else _in_month((month + timedelta(days=32)).replace(day=1), day)


def _in_month(month: date, day: int) -> date:
    return month.replace(day=min(day, monthrange(month.year, month.month)[1]))


def wait(tries: int) -> timedelta | None:
    """Return how long to wait after the ``tries``-th try failed; None when a person has to look."""
    return BACKOFF[tries - 1] if tries < MAX_TRIES else None
