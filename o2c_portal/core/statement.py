"""Statements of account: which periods may be asked for, running balances, pages. Amounts in minor units."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

OPEN, ACTIVITY = "open", "activity"
KINDS = (OPEN, ACTIVITY)
LONGEST_MONTHS = 24
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class BadPeriod(ValueError):
    """What was asked for is no statement: ``field`` is the entry that is wrong (kind, from or to), ``code`` says why:
    unknown_kind, missing, malformed, future, reversed or too_long."""

    def __init__(self, code, field):
        super().__init__(code)
        self.code, self.field = code, field


@dataclass(frozen=True)
class Period:
    """What a statement is about: items open at the end of ``end``, or the activity of the days ``start`` to ``end``."""

    kind: str
    start: date | None
    end: date


def check(kind: str, start: date | None, end: date | None, today: date) -> Period:
    """Return the period.

    :raises BadPeriod: if there is no such kind, a date is missing, the period ends after ``today``, before it starts,
        or is longer than 24 months
    """
    if kind not in KINDS:
        raise BadPeriod("unknown_kind", "kind")
    if end is None:
        raise BadPeriod("missing", "to")
    if end > today:
        raise BadPeriod("future", "to")
    if kind == OPEN:
        return Period(kind, None, end)
    if start is None:
        raise BadPeriod("missing", "from")
    if start > end:
        raise BadPeriod("reversed", "from")
    if (_months(start) + LONGEST_MONTHS, start.day) <= (_months(end), end.day):
        raise BadPeriod("too_long", "from")
    return Period(kind, start, end)


def read(kind: str, start: str, end: str, today: date) -> Period:
    """Return the period of a form's texts. Nothing entered means: what is open today.

    :raises BadPeriod: as ``check`` does, or if a text is no date
    """
    if not (kind or start or end):
        return Period(OPEN, None, today)
    if kind == OPEN:  # only the day counts, today unless said otherwise
        return check(kind, None, _day(end, "to") or today, today)
    return check(kind, _day(start, "from"), _day(end, "to"), today)


def _months(day):
    return day.year * 12 + day.month


def _day(text, field):
    text = (text or "").strip()
    if not text:
        return None
    if not _ISO.fullmatch(text):
        raise BadPeriod("malformed", field)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadPeriod("malformed", field) from None


def presets(today: date) -> dict[str, Period]:
    """Return the activity periods people ask for most, by name."""
    first = today.replace(day=1)
    return {
        "this_month": Period(ACTIVITY, first, today),
        "last_month": Period(ACTIVITY, first - relativedelta(months=1), first - timedelta(days=1)),
        "last_year": Period(ACTIVITY, today - relativedelta(months=12) + timedelta(days=1), today),
    }


class Entry(NamedTuple):
    """One document, or one instalment of it, in one currency; positive is owed by the customer."""

    date: date
    kind: str  # invoice, sales_receipt, credit_note, payment, payout, conversion, entry
    number: str
    note: str  # the customer's own reference
    date_due: date | None
    amount: int
    open: int = 0
    part: int = 0  # number of the instalment
    parts: int = 0
    move_id: int = 0


class Row(NamedTuple):
    """An entry and the balance after it."""

    entry: Entry
    balance: int


@dataclass(frozen=True)
class Section:
    """The statement of one account: what one customer owes one company in one currency."""

    company_id: int
    currency_id: int
    digits: int
    opening: int
    rows: tuple[Row, ...]

    @property
    def closing(self) -> int:
        return self.rows[-1].balance if self.rows else self.opening

    @property
    def charges(self) -> int:
        return sum(row.entry.amount for row in self.rows if row.entry.amount > 0)

    @property
    def credits(self) -> int:
        return -sum(row.entry.amount for row in self.rows if row.entry.amount < 0)


def activity(account: tuple[int, int, int], opening: int, entries: Sequence[Entry]) -> Section:
    """Return the balance forward of an account ``(company, currency, digits)``; opening plus movements is closing."""
    return Section(*account, opening, _running(opening, entries, (entry.amount for entry in entries)))


def open_items(account: tuple[int, int, int], entries: Sequence[Entry]) -> Section:
    """Return the open items of an account with a running total of what is open."""
    return Section(*account, 0, _running(0, entries, (entry.open for entry in entries)))


def _running(opening, entries, amounts: Iterable[int]):
    balances = accumulate(amounts, initial=opening)
    next(balances)
    return tuple(map(Row, entries, balances))


def days_overdue(date_due: date | None, day: date) -> int:
    """Return how many days an item is late on a day, 0 when it is not."""
    return max(0, (day - date_due).days) if date_due else 0


class Slice(NamedTuple):
    """The part of a section that stands on one page; ``brought`` is the balance before its first row."""

    section: Section
    rows: tuple[Row, ...]
    brought: int
    begins: bool
    ends: bool


def page_count(sections: Sequence[Section], size: int) -> int:
    """Return on how many pages the sections stand; an empty statement has one page."""
    return max(1, -(-sum(_room(section) for section in sections) // size))


def page(sections: Sequence[Section], number: int, size: int) -> list[Slice]:
    """Return what stands on page ``number`` (from 1), in order; a section without rows takes the room of one."""
    slices, skip, left = [], (number - 1) * size, size
    for section in sections:
        room = _room(section)
        if skip < room and left > 0:
            rows = section.rows[skip:skip + left]
            brought = section.rows[skip - 1].balance if skip else section.opening
            slices.append(Slice(section, rows, brought, skip == 0, skip + left >= room))
            left -= min(left, room - skip)
        skip = max(0, skip - room)
    return slices


def whole(sections: Sequence[Section]) -> list[Slice]:
    """Return all of the sections, for paper and files."""
    return [Slice(section, section.rows, section.opening, True, True) for section in sections]


def figures(sections: Sequence[Section]) -> list[Slice]:
    """Return the sections without their rows: what they add up to."""
    return [Slice(section, (), section.opening, True, True) for section in sections]


def _room(section):
    return max(1, len(section.rows))
