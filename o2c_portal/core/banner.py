"""Which banner a customer sees in a place, whether the law allows it there, and what it brought in the end."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from math import sqrt
from statistics import NormalDist
from typing import Literal

Place = Literal["pdf", "mail", "pay", "portal"]
Consent = Literal["agreed", "could_refuse", "refused", ""]
Payer = Literal["on_time", "late", "new"]
MAILED: tuple[Place, ...] = ("pdf", "mail")  # the PDF is sent with the mail and is part of it
GRACE_DAYS = 3  # a bank needs some days: what comes within them was paid on time


@dataclass(frozen=True)
class Reader:
    """What is known of a customer when a banner is chosen. ``key`` is the id of the commercial partner; ``bought``
    holds the ids of the offers whose products the customer has bought."""

    key: int
    is_company: bool = False
    consent: Consent = ""
    tags: frozenset[int] = frozenset()
    industry: int | None = None
    country: int | None = None
    lang: str = ""
    channels: frozenset[int] = frozenset()
    bought: frozenset[int] = frozenset()
    payer: Payer = "new"


@dataclass(frozen=True)
class Offer:
    """A banner, as far as choosing it needs to know. An empty condition is none; ``start`` and ``end`` belong to it."""

    id: int
    places: frozenset[Place]
    start: date | None = None
    end: date | None = None
    priority: int = 0
    weight: int = 1
    holdout: int = 0  # percent
    similar: bool = False  # advertises the seller's own products, similar to those bought
    kind: Literal["all", "companies", "individuals"] = "all"
    payer: Literal["all", "on_time", "late"] = "all"
    tags: frozenset[int] = frozenset()
    industries: frozenset[int] = frozenset()
    countries: frozenset[int] = frozenset()
    langs: frozenset[str] = frozenset()
    channels: frozenset[int] = frozenset()
    needs_purchase: bool = False


def choose(offers: Iterable[Offer], reader: Reader, place: Place, day: date, companies_agree: bool) -> Offer | None:
    """Return the offer for a customer in a place on a day, None when there is none.

    Of those that fit, the highest priority wins; equals take turns from day to day by their weights. The choice is the
    same however often it is made that day, so that what was shown can be counted afterwards.

    :param companies_agree: companies, too, get mails with offers only after they agreed
    """
    fitting = [
        offer for offer in offers
        if fits(offer, reader, place, day) and allowed(reader, place, offer.similar, companies_agree)
    ]
    top = max((offer.priority for offer in fitting), default=0)
    best = sorted((offer for offer in fitting if offer.priority == top), key=lambda offer: offer.id)
    if not best:
        return None
    turn = _number(f"turn|{reader.key}|{day.isoformat()}") % sum(offer.weight for offer in best)
    for offer in best:
        turn -= offer.weight
        if turn < 0:
            return offer
    raise AssertionError("weights are positive")


def fits(offer: Offer, reader: Reader, place: Place, day: date) -> bool:
    """Say whether place, day and audience of an offer are met."""
    return (
        place in offer.places
        and (offer.start is None or offer.start <= day)
        and (offer.end is None or day <= offer.end)
        and (offer.kind == "all" or reader.is_company == (offer.kind == "companies"))
        and offer.payer in ("all", reader.payer)
        and (not offer.needs_purchase or offer.id in reader.bought)
        and all(not wanted or wanted & has for wanted, has in (
            (offer.tags, reader.tags),
            (offer.channels, reader.channels),
            (offer.industries, {reader.industry}),
            (offer.countries, {reader.country}),
            (offer.langs, {reader.lang}),
        ))
    )


def allowed(reader: Reader, place: Place, similar: bool, companies_agree: bool) -> bool:
    """Say whether a customer may be shown advertising in a place.

    Who refused gets none anywhere. On pages the customer opens nothing more is asked. What is mailed goes to companies
    (unless the seller wants them to agree first) and to those who agreed; to others only by soft opt-in: the seller's
    own similar products, a customer, who could refuse when giving the address and can in every mail. Whoever gets an
    invoice is a customer.
    """
    if reader.consent == "refused":
        return False
    if place not in MAILED or reader.consent == "agreed" or reader.is_company and not companies_agree:
        return True
    return similar and reader.consent == "could_refuse"


def payer(days_late: int | None) -> Payer:
    """Return how a customer pays, from the most days an instalment of the last year was late; None without any."""
    if days_late is None:
        return "new"
    return "late" if days_late > GRACE_DAYS else "on_time"


def held_out(company_id: int, customer_id: int, percent: int) -> bool:
    """Say whether a customer belongs to the ``percent`` who see no banner, so that there is something to compare with.

    Depends on nothing but the customer: the same ones every day, in every place and for every banner of a company;
    a larger share contains the smaller ones.
    """
    return _number(f"held out|{company_id}|{customer_id}") % 10_000 < percent * 100


def _number(text: str) -> int:
    """Return a number that is the same in every process and spread evenly."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


# What it brought


@dataclass(frozen=True)
class Group:
    """Customers of one kind, and how many of them ordered."""

    customers: int = 0
    ordered: int = 0

    @property
    def rate(self) -> float:
        return self.ordered / self.customers if self.customers else 0.0


@dataclass(frozen=True)
class Comparison:
    """How much more (as a share from -1 to 1) ordered of those who saw a banner: best guess and its bounds."""

    difference: float
    low: float
    high: float

    @property
    def verdict(self) -> Literal["gain", "loss", "unclear"]:
        """``unclear`` as long as no difference at all lies within the bounds."""
        return "gain" if self.low > 0 else "loss" if self.high < 0 else "unclear"


def compare(shown: Group, held: Group, confidence: float = 0.95) -> Comparison | None:
    """Return the difference in order rate between those who saw a banner and those held out; None while either group
    is empty.

    The bounds are the hybrid score interval without continuity correction: method 10 of R. G. Newcombe, "Interval
    estimation for the difference between independent proportions: comparison of eleven methods", Statistics in
    Medicine 17 (1998), 873-890. It holds for small groups and for rates of 0 and 1, where the usual normal
    approximation fails, and never leaves -1..1.
    """
    if not shown.customers or not held.customers:
        return None
    difference = shown.rate - held.rate
    shown_low, shown_high = wilson(shown, confidence)
    held_low, held_high = wilson(held, confidence)
    return Comparison(
        difference,
        difference - sqrt((shown.rate - shown_low) ** 2 + (held_high - held.rate) ** 2),
        difference + sqrt((shown_high - shown.rate) ** 2 + (held.rate - held_low) ** 2),
    )


def wilson(group: Group, confidence: float = 0.95) -> tuple[float, float]:
    """Return the bounds of a rate: the score interval of E. B. Wilson, "Probable inference, the law of succession, and
    statistical inference", Journal of the American Statistical Association 22 (1927), 209-212."""
    z, n, rate = NormalDist().inv_cdf((1 + confidence) / 2), group.customers, group.rate
    centre, width = 2 * n * rate + z * z, z * sqrt(z * z + 4 * n * rate * (1 - rate))
    return max(0.0, (centre - width) / (2 * (n + z * z))), min(1.0, (centre + width) / (2 * (n + z * z)))
