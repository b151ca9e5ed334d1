"""What a bank transfer pays: exactly what its reference stands for, or nothing before somebody has looked at it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .basket import share

BODY_LENGTH = 12  # digits of the references we make: so few of all possible ones that no slip of the pen hits another

_START = re.compile(r"(?<![A-Z0-9])R[\s-]?F", re.ASCII)
_TOKEN = re.compile(r"[A-Z0-9]+|[\s-]+", re.ASCII)
_SHORTEST, _LONGEST = 5, 25


# References: ISO 11649, RF + two check digits + up to 21 letters and digits


def reference_of(body):
    """Return the reference ``RFnn...`` that carries ``body``, a text of capitals and digits."""
    return f"RF{98 - _remainder(f'{body}RF00'):02}{body}"


def is_reference(text):
    """Say whether ``text`` is a reference with good check digits, written without spaces in capitals."""
    shaped = re.fullmatch(r"RF[0-9]{2}[A-Z0-9]{1,21}", text, re.ASCII)
    return bool(shaped) and _remainder(text[4:] + text[:4]) == 1


def _remainder(text):
    return int("".join(str(int(symbol, 36)) for symbol in text)) % 97


def shown(reference):
    """Return a reference the way it is printed, in groups of four."""
    return " ".join(reference[place:place + 4] for place in range(0, len(reference), 4))


def compact(text):
    """Return what somebody typed as a reference without spaces, in capitals."""
    return re.sub(r"[\s-]+", "", text or "").upper()


def references_in(text):
    """Return every reference with good check digits that can be read in what a bank sent, as a set.

    Banks break references with spaces, dashes and ends of lines. A reference begins and ends where a word does; with
    words behind it there may be several ways to read it, so the caller keeps those it has given out.
    """
    found = set()
    text = (text or "").upper()
    for start in _START.finditer(text):
        read, end = "", start.start()
        for token in _TOKEN.finditer(text, end):
            if token.start() != end:
                break
            end = token.end()
            if token[0].isalnum():
                read += token[0]
                if len(read) > _LONGEST:
                    break
                if len(read) >= _SHORTEST and is_reference(read):
                    found.add(read)
    return found


# Decisions: amounts in minor units of the currency the basket is owed in


@dataclass(frozen=True)
class Item:
    """An open item of a basket, oldest first. ``discount_minor`` is what it is reduced by when paid on that day."""

    line_id: int
    open_minor: int
    discount_minor: int = 0


@dataclass(frozen=True)
class Verdict:
    """What becomes of a transfer.

    ``reason`` is ``applied``, or why somebody has to look at it: ``settled``, ``short``, ``over``, ``unclear``.
    ``parts`` are ``(item, minor)``, the amount by which the item is settled; ``difference_minor`` is what was received
    beyond what was asked for (negative: less), to be booked as a small difference.
    """

    reason: str
    parts: tuple[tuple[Item, int], ...] = ()
    discounted: bool = False
    difference_minor: int = 0


@dataclass(frozen=True)
class Tolerance:
    """A difference counts as small up to an amount and, at the same time, up to a share of what was asked for."""

    up_to_minor: int = 0
    percent: float = 0.0

    def allows(self, difference_minor, asked_minor):
        """Say whether a difference, of either sign, is small."""
        difference = abs(difference_minor)
        return difference <= self.up_to_minor and difference * 100 <= asked_minor * self.percent


def decide(received_minor: int, items: Sequence[Item], tolerance: Tolerance, whole: bool = False) -> Verdict:
    """Say what a transfer of ``received_minor`` pays of a basket.

    It pays what it matches to the cent: all items or, unless ``whole``, the oldest ones up to some item, with or
    without their discounts. If nothing matches, it pays what it misses by a small difference, if only one is near.
    """
    if not items:
        return Verdict("settled")
    choices = _choices(items, whole)
    for asked, parts, discounted in choices:
        if asked == received_minor:
            return Verdict("applied", parts, discounted)
    near = [choice for choice in choices if tolerance.allows(received_minor - choice[0], choice[0])]
    if len(near) == 1:
        [(asked, parts, discounted)] = near
        return Verdict("applied", parts, discounted, received_minor - asked)
    if near:
        return Verdict("unclear")
    return Verdict("short" if received_minor < sum(item.open_minor for item in items) else "over")


def _choices(items, whole):
    """Return ``(asked, parts, discounted)`` of everything a payer may have meant, the whole basket first."""
    result = []
    for count in [len(items)] if whole else range(len(items), 0, -1):
        parts = tuple((item, item.open_minor) for item in items[:count])
        asked = sum(minor for _item, minor in parts)
        discount = sum(item.discount_minor for item, _minor in parts)
        result.append((asked, parts, False))
        if discount:
            result.append((asked - discount, parts, True))
    return result


def oldest_first(received_minor: int, items: Sequence[Item]) -> tuple[tuple[tuple[Item, int], ...], int]:
    """Apply an amount as far as it goes, for somebody who has looked at it; return the parts and what is left over."""
    parts, rest = [], received_minor
    for item in items:
        part = min(rest, item.open_minor)
        if part:
            parts.append((item, part))
            rest -= part
    return tuple(parts), rest


def in_company_currency(balance_minor: int, received_minor: int, weights: list[int]) -> tuple[list[int], int]:
    """Split what a transfer is worth in the company's currency over the amounts it pays.

    :param weights: what each part takes of ``received_minor``, in the transfer's currency
    :return: the share of each part, and of what is received beyond them (negative: less); together exactly the balance
    """
    paid = sum(weights)
    worth = balance_minor if paid == received_minor else balance_minor * paid // received_minor
    return share(worth, weights) if weights else [], balance_minor - worth
