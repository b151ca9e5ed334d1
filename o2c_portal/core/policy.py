"""What a customer may do: how much may be paid of what, by which methods, and how long a promise or a plan may last."""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from .instalments import Instalment, due_now, in_order

Mode = Literal["full", "instalments", "items", "part"]
MinimumKind = Literal["none", "amount", "percent", "overdue"]
Order = Literal["oldest", "payer"]


@dataclass(frozen=True)
class PromiseLimits:
    """How far ahead a customer may promise to pay, and how many promises may be open at a time."""

    max_days: int = 0
    max_open: int = 0


@dataclass(frozen=True)
class PlanLimits:
    """The plans a customer may agree to without a clerk; ``max_parts`` of 0 offers none."""

    max_days: int = 0
    first_percent: float = 0.0
    max_parts: int = 0
    smallest_minor: int = 0
    worst_band: str = "good"  # see core.risk; a customer in a worse band asks a clerk
    approval_above_minor: int | None = None  # None: whatever the amount, no clerk has to approve


@dataclass(frozen=True)
class Policy:
    """What a customer may pay. Amounts in minor units of the currency that is paid."""

    mode: Mode = "part"
    minimum_kind: MinimumKind = "none"
    minimum_minor: int = 0
    minimum_percent: float = 0.0
    order: Order = "oldest"
    on_account: bool = False
    promises: PromiseLimits = PromiseLimits()
    plans: PlanLimits = PlanLimits()


@dataclass(frozen=True)
class Violation:
    """Why a payment is not allowed: a ``code`` a program can read, and what its sentence needs to know.

    Codes: ``amount`` (line_id), ``on_account``, ``full`` (minor), ``whole`` (line_id), ``earlier`` (line_id),
    ``one_part`` (line_id), ``minimum`` (minor).
    """

    code: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class MethodRule:
    """Limits a provider, a payment method, or one with the other; amounts in the currency that is paid.

    Between ``min_minor`` and ``max_minor`` (0: no limit) it is offered; with neither it is never offered.
    """

    reason: str
    provider_id: int | None = None
    method_id: int | None = None
    min_minor: int = 0
    max_minor: int = 0
    currency_id: int | None = None  # only payments in this currency
    category_id: int | None = None  # only customers with this tag


def check(
    policy: Policy,
    items: Iterable[Instalment],
    pays: Mapping[int, int],
    on_account_minor: int,
    today: date,
    discounts: Mapping[int, int] | None = None,
    allowed_parts: Mapping[int, Collection[int]] | None = None,
) -> Violation | None:
    """Return why a payment is not allowed, None when it is.

    Whatever is allowed is positive and no more than what is open; paying everything that can be paid always is.

    :param items: at least all instalments of the invoices that are touched, or where the policy does not look around
        (see ``looks_around``) those that are paid
    :param pays: ``{line_id: minor}``, what is paid of each instalment touched
    :param discounts: ``{line_id: minor}``, what an early payment is forgiven; less this, an item counts as in full
    :param allowed_parts: ``{line_id: amounts}`` agreed on in a plan: these may be paid whatever the policy says, and
        as long as only these are paid, nobody asks for the rest of such an item
    """
    by_line = {item.line_id: item for item in items}
    discounts, allowed_parts = discounts or {}, allowed_parts or {}
    for line_id, minor in pays.items():
        item = by_line.get(line_id)
        if item is None or not item.payable or not 0 < minor <= item.open_minor:
            return Violation("amount", {"line_id": line_id})
    if on_account_minor < 0 or not pays and not on_account_minor:
        return Violation("amount", {"line_id": None})
    if on_account_minor and not policy.on_account:
        return Violation("on_account")
    free = {line_id: minor for line_id, minor in pays.items() if minor not in allowed_parts.get(line_id, ())}
    scope = [item for item in touched(by_line.values(), free) if item.line_id in free or not (
        item.line_id in pays or item.line_id in allowed_parts
    )]
    return _CHECKS[policy.mode](policy, scope, free, today, discounts) if free else None


def looks_around(policy: Policy) -> bool:
    """Say whether ``check`` judges a payment by the instalments of its invoices that it leaves out."""
    return policy.mode in ("full", "instalments") or policy.mode == "part" and policy.minimum_kind != "none"


def touched(items: Iterable[Instalment], pays: Collection[int]) -> list[Instalment]:
    """Return what can be paid of the invoices of which something is paid, oldest first."""
    items = list(items)
    moves = {item.move_id for item in items if item.line_id in pays}
    return [item for item in in_order(items) if item.move_id in moves and item.payable]


def least(policy: Policy, items: Iterable[Instalment], today: date, discounts: Mapping[int, int] | None = None) -> int:
    """Return the smallest free amount a payer may choose for some invoices, where parts are allowed at all.

    It is never more than what is due now: whoever pays what is asked for cannot be told that it is too little.
    """
    discounts = discounts or {}
    payable = [item for item in items if item.payable]
    wanted = {
        "none": lambda: 1,
        "amount": lambda: policy.minimum_minor,
        "percent": lambda: _percent(sum(item.open_minor for item in payable), policy.minimum_percent),
        "overdue": lambda: sum(item.open_minor for item in payable if item.date_due < today),
    }[policy.minimum_kind]()
    due = sum(item.open_minor - discounts.get(item.line_id, 0) for item in due_now(payable, today))
    return max(1, min(wanted, due))


def asked(policy: Policy, items: Iterable[Instalment], today: date) -> list[Instalment]:
    """Return what a request for payment asks for, by date: what is due now; and where only the whole of an invoice can
    be paid, all that is open of it. What a plan asks for may always be paid by itself."""
    items = list(items)
    due = due_now(items, today)
    if policy.mode == "full" and any(not item.plan_id for item in due):
        due += [item for item in items if item.open_minor > 0 and not item.plan_id and item not in due]
    return in_order(due)


def hidden(
    rules: Iterable[MethodRule], amount_minor: int, currency_id: int, category_ids: Collection[int]
) -> dict[tuple[int | None, int | None], str]:
    """Return what a payer is not offered, ``{(provider_id, method_id): reason}``; None stands for any of them."""
    result: dict[tuple[int | None, int | None], str] = {}
    for rule in rules:
        if rule.currency_id not in (None, currency_id):
            continue
        if rule.category_id is not None and rule.category_id not in category_ids:
            continue
        limited = rule.min_minor or rule.max_minor
        offered = limited and rule.min_minor <= amount_minor and (not rule.max_minor or amount_minor <= rule.max_minor)
        if not offered:
            result.setdefault((rule.provider_id, rule.method_id), rule.reason)
    return result


def why_hidden(
    result: Mapping[tuple[int | None, int | None], str], provider_id: int | None, method_id: int | None
) -> str | None:
    """Return the reason for which a method of a provider is not offered, None when it is."""
    for key in ((provider_id, None), (None, method_id), (provider_id, method_id)):
        if key in result and key != (None, None):
            return result[key]
    return None


def _percent(minor: int, percent: float) -> int:
    return math.ceil(minor * Decimal(str(percent)) / 100)


def _is_whole(item: Instalment, pays: Mapping[int, int], discounts: Mapping[int, int]) -> bool:
    return pays.get(item.line_id, 0) >= item.open_minor - discounts.get(item.line_id, 0)


def _check_full(policy, scope, pays, today, discounts):
    if all(_is_whole(item, pays, discounts) for item in scope):
        return None
    return Violation("full", {"minor": sum(item.open_minor - discounts.get(item.line_id, 0) for item in scope)})


def _check_items(policy, scope, pays, today, discounts):
    for item in scope:
        if item.line_id in pays and not _is_whole(item, pays, discounts):
            return Violation("whole", {"line_id": item.line_id})
    return None


def _check_instalments(policy, scope, pays, today, discounts):
    left_out: dict[int, int] = {}  # the first instalment of each invoice that is not paid
    for item in scope:
        if item.line_id not in pays:
            left_out.setdefault(item.move_id, item.line_id)
        elif item.move_id in left_out:
            return Violation("earlier", {"line_id": left_out[item.move_id]})
    return _check_items(policy, scope, pays, today, discounts)


def _check_part(policy, scope, pays, today, discounts):
    partial = [item for item in scope if item.line_id in pays and not _is_whole(item, pays, discounts)]
    last = [item for item in scope if item.line_id in pays][-1]
    if policy.order == "oldest" and partial and partial != [last]:
        return Violation("one_part", {"line_id": partial[0].line_id})
    if all(_is_whole(item, pays, discounts) for item in scope):
        return None
    wanted = least(policy, scope, today, discounts)
    return Violation("minimum", {"minor": wanted}) if sum(pays.values()) < wanted else None


_CHECKS = {"full": _check_full, "instalments": _check_instalments, "items": _check_items, "part": _check_part}
