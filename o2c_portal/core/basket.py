"""What a payer is about to pay: an exact list of instalments and amounts, decided on the server."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from .instalments import Instalment, spread
from .money import to_major


@dataclass(frozen=True)
class Part:
    """What one instalment receives. Minor units; ``discount_minor`` is what an early payment forgives of it."""

    item: Instalment
    pay_minor: int
    discount_minor: int = 0

    @property
    def is_whole(self) -> bool:
        """True when nothing of the item stays open."""
        return self.pay_minor + self.discount_minor == self.item.open_minor


@dataclass(frozen=True)
class Quote:
    """A basket in one currency whose decimals are ``digits``; ``on_account_minor`` is paid for no document yet.

    ``around`` are all instalments of the documents it touches, where they were read along: policies ask for them.
    ``fee_minor`` comes on top for the payment method, by the rule ``fee_rule_id``.
    """

    currency_id: int
    digits: int
    parts: tuple[Part, ...]
    on_account_minor: int = 0
    around: tuple[Instalment, ...] = field(default=(), compare=False, repr=False)
    fee_minor: int = 0
    fee_rule_id: int | None = None

    @property
    def unit(self) -> Decimal:
        """One minor unit in major units."""
        return Decimal(1).scaleb(-self.digits)

    @property
    def items(self) -> tuple[Instalment, ...]:
        return tuple(part.item for part in self.parts)

    @property
    def pays(self) -> dict[int, int]:
        """What is paid of each item, ``{line_id: minor}``."""
        return {part.item.line_id: part.pay_minor for part in self.parts}

    @property
    def discounts(self) -> dict[int, int]:
        """What an early payment forgives of each item, ``{line_id: minor}``."""
        return {part.item.line_id: part.discount_minor for part in self.parts}

    @property
    def paid_minor(self) -> int:
        """What is paid of documents and ahead, in minor units: all but the fee."""
        return sum(part.pay_minor for part in self.parts) + self.on_account_minor

    @property
    def amount_minor(self) -> int:
        """What the payer is charged, in minor units."""
        return self.paid_minor + self.fee_minor

    @property
    def discount_minor(self) -> int:
        """What an early payment saves the payer, in minor units."""
        return sum(part.discount_minor for part in self.parts)

    @property
    def amount(self) -> float:
        """What the payer is charged, in major units as Odoo stores it."""
        return to_major(self.amount_minor, self.digits)


def in_full(items: Iterable[Instalment], discounts: dict[int, int]) -> tuple[Part, ...]:
    """Pay every item in full, less its early payment discount ``{line_id: minor}``."""
    return tuple(
        Part(item, item.open_minor - discounts.get(item.line_id, 0), discounts.get(item.line_id, 0)) for item in items
    )


def in_part(
    items: Iterable[Instalment], amounts_minor: Iterable[int | None], discounts: dict[int, int]
) -> tuple[Part, ...]:
    """Pay of every item the amount given for it, None for all of it less its early payment discount.

    Whoever pays all but the discount is granted it.

    :raises ValueError: if an amount is not positive or more than what is open of its item
    """
    parts = []
    for item, minor in zip(items, amounts_minor, strict=True):
        discount = discounts.get(item.line_id, 0)
        minor = item.open_minor - discount if minor is None else minor
        if not 0 < minor <= item.open_minor:
            raise ValueError("amount is more than what is open")
        parts.append(Part(item, minor, discount if minor == item.open_minor - discount else 0))
    return tuple(parts)


def by_item(
    asked: Iterable[Instalment], amounts_minor: Iterable[int | None], ledger: dict[int, Instalment]
) -> tuple[list[Instalment], list[int | None]]:
    """Return the ledger's items each once, and what to pay of each, for instalments and any pieces of instalments.

    :param amounts_minor: what to pay of each of ``asked``, None for all of it; None in the result likewise
    :param ledger: the items by ``line_id``
    """
    wanted: dict[int, int] = {}
    for item, minor in zip(asked, amounts_minor, strict=True):
        wanted[item.line_id] = wanted.get(item.line_id, 0) + (item.open_minor if minor is None else minor)
    items = [ledger[line_id] for line_id in wanted]
    return items, [None if wanted[item.line_id] == item.open_minor else wanted[item.line_id] for item in items]


def listed(parts: Iterable[Part], asked: Iterable[Instalment]) -> list[Part]:
    """Return what a payer is shown of ``parts``: where pieces of an item were asked for, each of them by itself.

    An item with an early payment discount is shown as one: the discount belongs to none of its pieces.
    """
    pieces: dict[int, list[Part]] = {}
    for item in asked:
        if item.plan_id:
            pieces.setdefault(item.line_id, []).append(Part(item, item.open_minor))
    return [
        row for part in parts
        for row in (not part.discount_minor and pieces.get(part.item.line_id) or [part])
    ]


def for_pieces(parts: Iterable[Part], pieces: Iterable[Instalment]) -> tuple[Part, ...]:
    """Return what of ``parts``, which pay their items in full, some pieces of those items ask for.

    Whoever pays all of an item keeps its discount. Items of which no piece is asked for are left out.
    """
    asked: dict[int, int] = {}
    for piece in pieces:
        asked[piece.line_id] = asked.get(piece.line_id, 0) + piece.open_minor
    by_line = {part.item.line_id: part for part in parts}
    return tuple(
        part if minor == part.item.open_minor else Part(part.item, minor)
        for part, minor in ((by_line[line_id], minor) for line_id, minor in asked.items())
    )


def for_amount(amount_minor: int, items: Iterable[Instalment], discounts: dict[int, int]) -> tuple[Part, ...]:
    """Apply an amount oldest first; an amount that settles exactly one discounted item takes its discount.

    :raises ValueError: if the amount is not positive or exceeds what is payable
    """
    by_line = {item.line_id: item for item in items}
    for line_id, discount in discounts.items():
        item = by_line[line_id]
        if item.payable and amount_minor == item.open_minor - discount:
            return (Part(item, amount_minor, discount),)
    return tuple(Part(by_line[line_id], minor) for line_id, minor in spread(amount_minor, list(by_line.values())))


def share(balance_minor: int, weights: list[int]) -> list[int]:
    """Split a balance over weights (minor units of another currency); the last part takes the rounding rest.

    The parts sum exactly to ``balance_minor``. Weights are positive integers.
    """
    total, parts, before, seen = sum(weights), [], 0, 0
    for weight in weights:
        seen += weight
        upto = balance_minor * seen // total
        parts.append(upto - before)
        before = upto
    return parts
