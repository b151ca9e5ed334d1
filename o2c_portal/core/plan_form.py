"""What the forms for plans and promises say: ids, dates and amounts as people and browsers send them."""

from collections.abc import Iterable, Sequence
from datetime import date

from . import money
from .plans import Payment, Proposal
from .schedule import MAX_PARTS

MAX_IDS = 500
MAX_ID = 2**31 - 1


def read_ids(values: Iterable[str]) -> tuple[int, ...] | None:
    """Return the ids in ``["1,2", "3"]``, each once; None when something else is said or there are too many."""
    words = [word for value in values for word in value.split(",")]
    if len(words) > MAX_IDS or not all(word.isascii() and word.isdigit() and len(word) <= 10 for word in words):
        return None
    ids = tuple(dict.fromkeys(int(word) for word in words))
    return ids if all(0 < number <= MAX_ID for number in ids) else None


def read_day(text: str) -> date | None:
    """Return the day of a date field (``2026-03-15``), None when it is none."""
    try:
        return date.fromisoformat(text.strip()) if len(text.strip()) == 10 else None
    except ValueError:
        return None


def encode(proposal: Sequence[Payment]) -> str:
    """Return a proposal as one word of a form or an address."""
    return ",".join(f"{payment.date.isoformat()}:{payment.amount}" for payment in proposal)


def decode(text: str) -> Proposal | None:
    """Return the proposal in a word made by :func:`encode`, None for anything else."""
    found = []
    for word in text.split(",", MAX_PARTS):
        day, _, amount = word.partition(":")
        if read_day(day) is None or not amount.isascii() or not amount.isdigit() or len(amount) > 15:
            return None
        found.append(Payment(read_day(day), int(amount)))
    return tuple(found) if len(found) <= MAX_PARTS else None


def read_rows(rows: Sequence[tuple[str, str]], digits: int, point: str) -> tuple[Proposal, dict[int, str]]:
    """Read dates and amounts typed row by row; empty rows are left out.

    :return: the payments, and ``{row: what is wrong}``: ``date`` or ``amount``; rows count from 0
    """
    found, problems = [], {}
    for index, (day, amount) in enumerate(rows):
        if not day.strip() and not amount.strip():
            continue
        read, minor = read_day(day), money.parse(amount, digits, point)
        if read is None:
            problems[index] = "date"
        elif not minor:
            problems[index] = "amount"
        else:
            found.append(Payment(read, minor))
    return tuple(found), problems
