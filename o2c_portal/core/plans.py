"""Agreements on dates: how they lie over the ledger, when they are kept, and which ones a policy allows.

Nothing here stores what was paid. A plan knows what was agreed on; what of it is paid follows from what the covered
items still owe. All amounts are integers in minor units of one currency.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Literal, NamedTuple

from .policy import PlanLimits, PromiseLimits
from .risk import BANDS, Band
from .schedule import Every, after, split

State = Literal["active", "kept", "broken"]
LEAST_PARTS = 2  # a single later date is a promise, not a plan
LONGEST_GAP = 31  # days: whoever pays in parts pays at least monthly, from the first day on
FIRST_DAYS = 7  # what we offer begins a week from today
COUNTS = (2, 3, 4, 6, 9, 12)
MOST_OFFERS = 4
PIECES_PER_ITEM = 128  # ids there are for the pieces of one item of a plan


# === LYING OVER THE LEDGER === #


class Line(NamedTuple):
    """A dated amount of a plan."""

    id: int
    date: date
    amount: int


class Item(NamedTuple):
    """A covered receivable: what it owes now, how much of it was agreed on, and what was open ``beyond`` that then."""

    line_id: int
    date_due: date
    residual: int
    covered: int
    beyond: int = 0


class Piece(NamedTuple):
    """What a covered item is due on one date; without a plan line it is what the plan does not cover."""

    plan_line: int | None
    line_id: int
    date: date
    open: int


def still_open(item: Item) -> int:
    """Return what of the agreed part of an item is not paid. Money counts for the agreed part first."""
    return min(max(item.residual - item.beyond, 0), item.covered)


def paid(items: Sequence[Item]) -> int:
    """Return what has been paid of everything a plan covers, by money, credit note or whatever closed the items."""
    return sum(item.covered - still_open(item) for item in items)


def left_of(lines: Sequence[Line], paid_minor: int) -> list[int]:
    """Return what is still open of each line when ``paid_minor`` was paid: the first line is settled first."""
    left = []
    for line in lines:
        settled = min(line.amount, paid_minor)
        paid_minor -= settled
        left.append(line.amount - settled)
    return left


def pieces(lines: Sequence[Line], items: Sequence[Item]) -> list[Piece]:
    """Lay the open lines of a plan over what the covered items still owe, both in their order.

    The open pieces of an item sum to its residual, whatever happened: what an item owes beyond the plan (a payment
    from before the plan that was taken back, a part that was not agreed on) is a piece of its own, on its own date.
    ``lines`` must sum to what ``items`` cover.
    """
    open_lines = [(line, left) for line, left in zip(lines, left_of(lines, paid(items)), strict=True) if left]
    found = []
    for item in items:
        rest = still_open(item)
        own = item.residual - rest
        while rest:
            line, left = open_lines[0]
            part = min(rest, left)
            found.append(Piece(line.id, item.line_id, line.date, part))
            rest -= part
            open_lines[:1] = [(line, left - part)] if left > part else []
        if own:
            found.append(Piece(None, item.line_id, item.date_due, own))
    return found


def of_piece(identifier: int) -> tuple[int, int]:
    """Return ``(id of the plan's item, number of the payment)`` of a piece; number 0 is what is beyond the plan."""
    return divmod(-identifier, PIECES_PER_ITEM)


def state(lines: Sequence[Line], paid_minor: int, today: date, grace_days: int) -> State:
    """Say where a plan stands: ``kept`` when all is paid, ``broken`` when a line is open after its date and grace."""
    left = left_of(lines, paid_minor)
    if not any(left):
        return "kept"
    deadline = today - timedelta(days=grace_days)
    late = any(open_minor and line.date < deadline for line, open_minor in zip(lines, left, strict=True))
    return "broken" if late else "active"


# === WHAT A POLICY ALLOWS === #


class Payment(NamedTuple):
    """One payment of a plan that is not agreed on yet."""

    date: date
    amount: int


Proposal = tuple[Payment, ...]


@dataclass(frozen=True)
class Accept:
    """The proposal is inside the limits."""


@dataclass(frozen=True)
class Counter:
    """The proposal is outside the limits; this one, as near to it as they allow, is inside."""

    proposal: Proposal


@dataclass(frozen=True)
class Clerk:
    """A person must decide: ``band``, ``amount`` or ``limits`` says why."""

    reason: Literal["band", "amount", "limits"]


@dataclass(frozen=True)
class Refuse:
    """A promise that cannot be made: ``past``, ``late``, ``count`` or ``amount`` says why."""

    reason: Literal["past", "late", "count", "amount"]


def flaw(proposal: Sequence[Payment], open_minor: int, today: date) -> str | None:
    """Return what keeps a proposal from being a plan at all, None when it is one.

    ``empty``, ``amount`` (not positive), ``past``, ``order`` (dates must ascend), ``sum`` (is not what is open).
    """
    if not proposal:
        return "empty"
    if any(payment.amount <= 0 for payment in proposal):
        return "amount"
    if proposal[0].date < today:
        return "past"
    if any(later.date <= earlier.date for earlier, later in zip(proposal, proposal[1:], strict=False)):
        return "order"
    return None if sum(payment.amount for payment in proposal) == open_minor else "sum"


def is_inside(proposal: Proposal, open_minor: int, limits: PlanLimits, today: date) -> bool:
    """Say whether a plan keeps the limits on parts, dates and amounts."""
    if flaw(proposal, open_minor, today) or not LEAST_PARTS <= len(proposal) <= limits.max_parts:
        return False
    dates = [today, *(payment.date for payment in proposal)]
    return (
        dates[-1] <= today + timedelta(days=limits.max_days)
        and all((later - earlier).days <= LONGEST_GAP for earlier, later in zip(dates, dates[1:], strict=False))
        and proposal[0].amount >= least_first(open_minor, limits)
        and min(payment.amount for payment in proposal) >= limits.smallest_minor
    )


def least_first(open_minor: int, limits: PlanLimits) -> int:
    """Return what the first payment must be at least: the percentage, rounded up, and no less than the smallest."""
    share = Fraction(str(limits.first_percent)) * open_minor / 100
    return max(-(-share.numerator // share.denominator), limits.smallest_minor, 1)


def judge(
    proposal: Proposal, open_minor: int, limits: PlanLimits, band: Band, today: date,
) -> Accept | Counter | Clerk:
    """Answer a customer who proposes to pay ``open_minor`` by a plan.

    :raises ValueError: if it is not a plan at all, see :func:`flaw`
    """
    if problem := flaw(proposal, open_minor, today):
        raise ValueError(problem)
    if BANDS.index(band) > BANDS.index(limits.worst_band):
        return Clerk("band")
    if limits.approval_above_minor is not None and open_minor > limits.approval_above_minor:
        return Clerk("amount")
    if is_inside(proposal, open_minor, limits, today):
        return Accept()
    near = nearest(proposal, open_minor, limits, today)
    return Counter(near) if near else Clerk("limits")


def nearest(proposal: Proposal, open_minor: int, limits: PlanLimits, today: date) -> Proposal | None:
    """Return a plan inside the limits that keeps of a proposal what it can: number of parts, dates, first payment.

    Whoever proposes a single date is offered our shortest plan. None when the limits leave no plan for this amount.
    """
    if len(proposal) < LEAST_PARTS and (ours := offers(open_minor, limits, today)):
        return ours[0]
    for count in range(min(max(len(proposal), LEAST_PARTS), limits.max_parts, limits.max_days + 1), 1, -1):
        dates = _near_dates([payment.date for payment in proposal], count, limits, today)
        amounts = _near_amounts([payment.amount for payment in proposal], count, open_minor, limits)
        found = tuple(Payment(*pair) for pair in zip(dates, amounts, strict=True)) if amounts else ()
        if found and is_inside(found, open_minor, limits, today):
            return found
    return None


def _near_dates(wanted: list[date], count: int, limits: PlanLimits, today: date) -> list[date]:
    """Move each date as little as the limits ask for, leaving room for those that follow."""
    dates, last = [], today - timedelta(days=1)
    wanted = wanted[:count] + [wanted[-1]] * (count - len(wanted))
    for index, day in enumerate(wanted):
        latest = min(
            max(last, today) + timedelta(days=LONGEST_GAP),
            today + timedelta(days=limits.max_days - (count - 1 - index)),
        )
        last = min(max(day, last + timedelta(days=1)), latest)
        dates.append(last)
    return dates


def _near_amounts(wanted: list[int], count: int, open_minor: int, limits: PlanLimits) -> list[int]:
    """Keep the amounts when they are fine, else the first one as far as possible and equal parts of the rest."""
    least = least_first(open_minor, limits)
    if len(wanted) == count and wanted[0] >= least and min(wanted) >= limits.smallest_minor:
        return wanted
    first = min(max(wanted[0], least), open_minor - max(limits.smallest_minor, 1) * (count - 1))
    return split(open_minor, [first, *[None] * (count - 1)]) if first >= least else []


def propose(
    open_minor: int, count: int, first: date, every: Every, step: int = 1, first_minor: int | None = None,
) -> Proposal:
    """Return a plan of ``count`` payments, equal ones unless the first is given, ``step`` days, weeks or months apart.

    :raises ValueError: if the amount is too small for that many payments
    """
    amounts = split(open_minor, [first_minor, *[None] * (count - 1)])
    return tuple(Payment(after(first, index * step, every), amount) for index, amount in enumerate(amounts))


def offers(open_minor: int, limits: PlanLimits, today: date) -> list[Proposal]:
    """Return a few plans inside the limits, the shortest first: monthly ones, else more frequent ones."""
    first, least = today + timedelta(days=min(FIRST_DAYS, limits.max_days)), least_first(open_minor, limits)
    for every, step in (("months", 1), ("weeks", 2), ("weeks", 1)):
        found = []
        for count in COUNTS:
            if count > min(limits.max_parts, open_minor):
                break
            larger = least if least > open_minor // count else None
            if larger is None or open_minor - larger >= count - 1:
                plan = propose(open_minor, count, first, every, step, larger)
                found += [plan] if is_inside(plan, open_minor, limits, today) else []
        if found:
            return found[:MOST_OFFERS]
    return []


def judge_promise(
    amount: int, day: date, limits: PromiseLimits, open_count: int, today: date,
) -> Accept | Refuse:
    """Answer a customer who promises to pay ``amount`` on ``day`` and has ``open_count`` promises open already."""
    if amount <= 0:
        return Refuse("amount")
    if day < today:
        return Refuse("past")
    if day > today + timedelta(days=limits.max_days):
        return Refuse("late")
    return Refuse("count") if open_count >= limits.max_open else Accept()
