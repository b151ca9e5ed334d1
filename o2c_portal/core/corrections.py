"""What has to happen when a posted invoice is wrong: nothing, a corrected copy, or a credit note and a new invoice."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Verdict = Literal["nothing", "amend", "reissue"]
Refusal = Literal["kind", "corrected", "reversed", "paying", "sending", "customer", "empty"]
# What can be wrong, in the order in which it is told
KINDS = ("price", "quantity", "tax", "text", "added", "address", "delivery", "reference")
# Facts of accounting and of tax law: they are never changed on a posted document
HARD = frozenset({"price", "quantity", "tax", "text", "added", "address"})
DIGITS = 6  # of prices and quantities; what differs by less is the same


@dataclass(frozen=True)
class Line:
    """One line as it is, or as it should be; ``quantity`` 0 leaves it out. Prices per unit, ``discount`` in percent,
    ``product`` 0 for none."""

    quantity: float
    price: float
    discount: float
    taxes: frozenset[int]
    text: str
    product: int = 0


@dataclass(frozen=True)
class Document:
    """An invoice as it is, or as it should be; ``lines`` by the id of the line, those that are ``added`` have none."""

    contact: int
    delivery: int
    reference: str
    lines: dict[int, Line]
    added: tuple[Line, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not any(round(line.quantity, DIGITS) for line in (*self.lines.values(), *self.added))


@dataclass(frozen=True)
class Facts:
    """What is known of the invoice: whether it is a posted customer ``invoice``; was ``corrected`` or ``reversed``; is
    ``paying`` or ``sending`` at this moment; is for the ``same_customer`` then; was sent as a file for machines
    (``electronic``); would be ``taxed_elsewhere`` at the new delivery address."""

    invoice: bool = True
    corrected: bool = False
    reversed: bool = False
    paying: bool = False
    sending: bool = False
    same_customer: bool = True
    electronic: bool = False
    taxed_elsewhere: bool = False


@dataclass(frozen=True)
class Settlement:
    """Where the money of the old invoice goes, in minor units: on the new one, what it leaves ``open``, what is
    ``left_over`` as credit of the customer."""

    moved: int
    open: int
    left_over: int


def changes(old: Document, new: Document, restated: bool = False) -> tuple[str, ...]:
    """Return the kinds of mistakes that lie between two documents, in the order of ``KINDS``.

    :param restated: the contact is the same, but its name, address or tax number was wrong when the invoice was made
    """
    found: set[str] = set()
    for key, line in old.lines.items():
        found |= _line_changes(line, new.lines[key])
    if new.added:
        found.add("added")
    if restated or old.contact != new.contact:
        found.add("address")
    if old.delivery != new.delivery:
        found.add("delivery")
    if old.reference.strip() != new.reference.strip():
        found.add("reference")
    return tuple(kind for kind in KINDS if kind in found)


def _line_changes(old: Line, new: Line) -> set[str]:
    if not round(new.quantity, DIGITS) and round(old.quantity, DIGITS):
        return {"quantity"}  # whatever else was typed: the line will not be there
    return {kind for kind, changed in (
        ("price", round(old.price - new.price, DIGITS) or round(old.discount - new.discount, DIGITS)),
        ("quantity", round(old.quantity - new.quantity, DIGITS)),
        ("tax", old.taxes != new.taxes),
        ("text", old.text.strip() != new.text.strip()),
    ) if changed}


def refusal(facts: Facts, empty: bool = False) -> Refusal | None:
    """Return the first reason why an invoice cannot be corrected, None when it can.

    :param empty: nothing is left on the new one
    """
    reasons: tuple[tuple[Refusal, bool], ...] = (
        ("kind", not facts.invoice),
        ("corrected", facts.corrected),
        ("reversed", facts.reversed),
        ("paying", facts.paying),
        ("sending", facts.sending),
        ("customer", not facts.same_customer),
        ("empty", empty),
    )
    return next((reason for reason, holds in reasons if holds), None)


def decide(kinds: Iterable[str], facts: Facts) -> Verdict:
    """Say what has to happen. A file for machines has been booked by its reader: it is never sent twice with different
    contents under one number."""
    kinds = frozenset(kinds)
    if not kinds:
        return "nothing"
    if kinds & HARD or facts.electronic or ("delivery" in kinds and facts.taxed_elsewhere):
        return "reissue"
    return "amend"


def settle(paid: int, total: int) -> Settlement:
    """Return where money paid on the old invoice goes when the new one comes to ``total``, all in minor units."""
    moved = max(min(paid, total), 0)
    return Settlement(moved, max(total - moved, 0), max(paid - moved, 0))


def due_again(invoiced: date, due: date, today: date) -> date:
    """Return when an invoice without terms is due that starts to count again: as many days from today as before."""
    return today + max(due - invoiced, timedelta(0))
