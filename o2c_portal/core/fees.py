"""A fee for a payment method: whether it may be asked for, and how much: never more than what the method costs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

GOOD_FOR = timedelta(days=366)  # a declared cost that nobody confirmed for longer is no cap
# Where the law forbids fees for consumer cards and for transfers and direct debits, whoever pays: the European Economic
# Area (Directive (EU) 2015/2366, article 62) and the United Kingdom. Nobody can tell a card before it is entered.
REGULATED = frozenset((
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU", "IE", "IS", "IT", "LI",
    "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
))


@dataclass(frozen=True)
class Rule:
    """What is asked for a method, ``percent`` of the payment and something fixed, and what the method costs. Minor
    units of ``currency_id``; ``method_id`` is None for all methods of the provider. ``unregulated``: a person has
    confirmed that the law of ``REGULATED`` countries allows a fee for this method."""

    rule_id: int
    method_id: int | None
    currency_id: int
    percent: Decimal
    fixed_minor: int
    cost_percent: Decimal
    cost_fixed_minor: int
    cost_date: date | None
    countries: frozenset[str]
    unregulated: bool = False


@dataclass(frozen=True)
class Payer:
    """The customer: whether it is a company, its VAT number and the code of its country."""

    is_company: bool
    vat: str
    country: str


def pick(rules: Iterable[Rule], method_id: int) -> Rule | None:
    """Return the rule for a method among the rules of its provider, in order: one that names it comes first."""
    rules = list(rules)
    named = [rule for rule in rules if rule.method_id == method_id]
    return next(iter(named + [rule for rule in rules if rule.method_id is None]), None)


def standing(rule: Rule, today: date) -> str:
    """Return why a rule is good for no payment at all, ``""`` where it is."""
    if not rule.countries:
        return "no_countries"
    if rule.cost_percent <= 0 and rule.cost_fixed_minor <= 0:
        return "no_cost"
    if not rule.cost_date or rule.cost_date > today or today - rule.cost_date > GOOD_FOR:
        return "stale_cost"
    return ""


def refusal(rule: Rule, payer: Payer, currency_id: int, today: date) -> str:
    """Return why a customer is asked for no fee, ``""`` where it is."""
    problem = standing(rule, today)
    if problem:
        return problem
    if not payer.is_company:
        return "consumer"
    if not payer.vat.strip(" /"):
        return "no_vat"
    if payer.country not in rule.countries:
        return "country"
    if payer.country in REGULATED and not rule.unregulated:
        return "regulated"
    return "" if currency_id == rule.currency_id else "currency"


def most(rule: Rule, paid_minor: int) -> int:
    """Return the fee for a payment, all taxes included: never more than its declared cost, rounded down."""
    asked = _of(paid_minor, rule.percent) + rule.fixed_minor
    cost = _of(paid_minor, rule.cost_percent) + rule.cost_fixed_minor
    return max(int(min(asked, cost)), 0)


def price_within(total_minor: int, total_of: Callable[[int], int]) -> int:
    """Return the highest price whose total with taxes does not exceed ``total_minor``; 0 when there is none.

    :param total_of: gives the total of a price, which rises with it
    """
    total = total_of(total_minor)
    if total <= total_minor:
        return total_minor
    price = total_minor * total_minor // total
    while price > 0 and total_of(price) > total_minor:
        price -= 1
    while total_of(price + 1) <= total_minor:
        price += 1
    return price


def _of(minor: int, percent: Decimal) -> Decimal:
    return minor * percent / 100
