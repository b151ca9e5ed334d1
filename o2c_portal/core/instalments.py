"""What an invoice still owes, by instalment, and what a payer may choose to pay of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

Status = Literal["open", "due_soon", "overdue", "promised", "paid"]
Choice = Literal["all", "overdue", "next"]
CHOICES: tuple[Choice, ...] = ("next", "overdue", "all")


@dataclass(frozen=True)
class Instalment:
    """One dated receivable of a posted invoice. Amounts in minor units of the invoice currency."""

    line_id: int
    move_id: int
    number: int
    count: int
    date_due: date
    amount_minor: int
    open_minor: int
    claimed: bool = False  # a payment of this very item is under way
    promised_on: date | None = None
    plan_id: int | None = None  # the plan agreed on for this item
    plan_line: int | None = None  # for a piece of an item that such a plan asks for on its own date
    discount_until: date | None = None  # whoever pays it in full by this day may be forgiven a part
    posted: bool = True

    @property
    def payable(self) -> bool:
        """True when the item is open and nobody is paying it at this moment."""
        return self.open_minor > 0 and not self.claimed


def status(item: Instalment, today: date, due_soon_days: int) -> Status:
    """Say where an instalment stands on ``today``; a promise kept open hides the delay until its day."""
    if item.open_minor <= 0:
        return "paid"
    if item.promised_on and item.promised_on >= today:
        return "promised"
    if item.date_due < today:
        return "overdue"
    if item.date_due <= today + timedelta(days=due_soon_days):
        return "due_soon"
    return "open"


def in_order(items: Sequence[Instalment]) -> list[Instalment]:
    """Sort by due date, then by the order in which the ledger lists them."""
    return sorted(items, key=lambda item: (item.date_due, item.line_id))


def merged(items: Sequence[Instalment]) -> list[Instalment]:
    """Return items with the pieces that one payment of a plan asks of several instalments as one."""
    found: dict[tuple[int | None, int], Instalment] = {}
    for item in in_order(items):
        key = (item.plan_line, 0 if item.plan_line else item.line_id)
        other = found.get(key)
        found[key] = item if other is None else replace(
            other, amount_minor=other.amount_minor + item.amount_minor, open_minor=other.open_minor + item.open_minor,
            claimed=other.claimed or item.claimed,
        )
    return list(found.values())


def choose(items: Sequence[Instalment], choice: Choice, today: date) -> list[Instalment]:
    """Return the payable items a choice stands for, oldest first; empty when there is none.

    ``next`` is the oldest payable item, ``overdue`` all payable items past their date, ``all`` every payable item.

    :raises ValueError: for an unknown choice
    """
    payable = [item for item in in_order(items) if item.payable]
    if choice == "all":
        return payable
    if choice == "overdue":
        return [item for item in payable if item.date_due < today]
    if choice == "next":
        return first_of(payable)
    raise ValueError(f"unknown choice {choice!r}")


def due_now(items: Sequence[Instalment], today: date) -> list[Instalment]:
    """Return what should be paid today: every open item up to today, else the next one."""
    unpaid = [item for item in in_order(items) if item.open_minor > 0]
    return [item for item in unpaid if item.date_due <= today] or first_of(unpaid)


def first_of(items: Sequence[Instalment]) -> list[Instalment]:
    """Return the first of some items in order, with whatever the same payment of a plan asks of other items."""
    return [item for item in items if item is items[0] or (item.plan_line and item.plan_line == items[0].plan_line)]


def spread(amount_minor: int, items: Sequence[Instalment]) -> list[tuple[int, int]]:
    """Apply an amount to the payable items, oldest first; return ``[(line_id, minor), ...]``.

    :raises ValueError: if the amount is not positive or more than what is payable
    """
    if amount_minor <= 0:
        raise ValueError("amount must be positive")
    parts, rest = [], amount_minor
    for item in in_order(items):
        if rest and item.payable:
            part = min(rest, item.open_minor)
            parts.append((item.line_id, part))
            rest -= part
    if rest:
        raise ValueError("amount is more than what is open")
    return parts
