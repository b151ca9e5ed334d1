"""No sequence of requests makes a payment the policy forbids, and a customer can always settle everything."""

from dataclasses import replace
from datetime import date, timedelta
from typing import get_args

from hypothesis import assume, given
from hypothesis import strategies as st

from odoo.addons.o2c_portal.core.instalments import Instalment, choose, in_order
from odoo.addons.o2c_portal.core.policy import MinimumKind, Mode, Order, Policy, check, least, looks_around

TODAY = date(2026, 6, 15)
policies = st.builds(
    Policy,
    mode=st.sampled_from(get_args(Mode)),
    minimum_kind=st.sampled_from(get_args(MinimumKind)),
    minimum_minor=st.integers(0, 2000),
    minimum_percent=st.floats(0, 100, allow_nan=False),
    order=st.sampled_from(get_args(Order)),
    on_account=st.booleans(),
)


@st.composite
def ledgers(draw):
    """Up to eight instalments of up to three invoices, some settled, some being paid."""
    row = st.tuples(st.integers(1, 3), st.integers(0, 1000), st.booleans(), st.integers(-60, 60))
    rows = draw(st.lists(row, min_size=1, max_size=8))
    return [
        Instalment(number, move, number, len(rows), TODAY + timedelta(days=days), max(minor, 1), minor, claimed)
        for number, (move, minor, claimed, days) in enumerate(rows, start=1)
    ]


@st.composite
def requests(draw, items):
    """Anything a client may send, often close to what is sensible."""
    pays = {}
    for item in items:
        if draw(st.booleans()):
            near = st.sampled_from([item.open_minor, item.open_minor - 1, 1])
            pays[item.line_id] = draw(near | st.integers(-5, 1100))
    if draw(st.integers(0, 9)) == 0:
        pays[99] = 1
    return pays, draw(st.sampled_from([0, 0, 0, 1, 500, -1]))


def forbidden(policy, items, pays, on_account):
    """Say in other words than the code under test whether a payment breaks its policy."""
    by_line = {item.line_id: item for item in items}
    if on_account and not policy.on_account:
        return True
    paid = [by_line[line] for line in pays]
    part = [item for item in paid if pays[item.line_id] < item.open_minor]
    scope = [item for item in in_order(items) if item.payable and item.move_id in {item.move_id for item in paid}]
    left = [item for item in scope if item.line_id not in pays]
    if policy.mode == "full":
        return bool(part or left)
    if policy.mode == "items":
        return bool(part)
    if policy.mode == "instalments":
        return bool(part) or any(
            other.move_id == item.move_id and (other.date_due, other.line_id) < (item.date_due, item.line_id)
            for item in paid for other in left
        )
    if policy.order == "oldest" and any(part) and part != [in_order(paid)[-1]]:
        return True
    return bool(pays) and bool(part or left) and sum(pays.values()) < least(policy, scope, TODAY)


@given(st.data(), policies, ledgers())
def test_no_sequence_of_requests_makes_a_forbidden_payment(data, policy, items):
    """What is allowed is paid at once, may fail later, or stays under way: the next request meets the result."""
    for _step in range(5):
        pays, on_account = data.draw(requests(items))
        if check(policy, items, pays, on_account, TODAY) is not None:
            continue
        open_minor = {item.line_id: item.open_minor for item in items if item.payable}
        assert sum(pays.values()) + on_account > 0
        assert all(0 < minor <= open_minor[line] for line, minor in pays.items())
        assert not forbidden(policy, items, pays, on_account)
        outcome = data.draw(st.sampled_from(["paid", "under way", "failed"]))
        items = [_after(item, pays.get(item.line_id, 0), outcome) for item in items]
        if data.draw(st.booleans()):  # what was under way fails or its claim ends
            items = [replace(item, claimed=False) for item in items]


def _after(item, minor, outcome):
    if not minor or outcome == "failed":
        return item
    if outcome == "paid":
        return replace(item, open_minor=item.open_minor - minor)
    return replace(item, claimed=True)


@given(policies, ledgers(), st.data())
def test_paying_everything_is_always_allowed(policy, items, data):
    payable = choose(items, "all", TODAY)
    assume(payable)
    pays = {item.line_id: item.open_minor for item in payable}
    assert check(policy, items, pays, 0, TODAY) is None
    discounts = {line: data.draw(st.integers(0, minor - 1)) for line, minor in pays.items()}
    less = {line: minor - discounts[line] for line, minor in pays.items()}
    assert check(policy, items, less, 0, TODAY, discounts) is None


@given(policies, ledgers())
def test_the_smallest_amount_offered_is_accepted(policy, items):
    """An invoice at a time, the least amount, applied oldest first, is allowed wherever parts are; one less is not."""
    policy = replace(policy, mode="part")
    for move in {item.move_id for item in items if item.payable}:
        own = [item for item in items if item.move_id == move]
        wanted = least(policy, own, TODAY)
        assert check(policy, items, _oldest_first(own, wanted), 0, TODAY) is None
        if wanted > 1:
            assert check(policy, items, _oldest_first(own, wanted - 1), 0, TODAY).code == "minimum"


def _oldest_first(items, minor):
    pays = {}
    for item in choose(items, "all", TODAY):
        if minor:
            pays[item.line_id] = min(minor, item.open_minor)
            minor -= pays[item.line_id]
    return pays


@given(policies, ledgers(), st.data())
def test_a_planned_amount_is_always_payable(policy, items, data):
    payable = choose(items, "all", TODAY)
    assume(payable)
    chosen = data.draw(st.lists(st.sampled_from(payable), min_size=1, unique=True))
    pays = {item.line_id: data.draw(st.integers(1, item.open_minor)) for item in chosen}
    agreed = {line: {minor} for line, minor in pays.items()}
    assert check(policy, items, pays, 0, TODAY, allowed_parts=agreed) is None


@given(st.data(), policies, ledgers())
def test_others_are_not_missed_by_who_does_not_look_around(data, policy, items):
    """Starting a payment reads no more than is paid where the policy says that this is enough."""
    assume(not looks_around(policy))
    pays, on_account = data.draw(requests(items))
    paid = [item for item in items if item.line_id in pays]
    assert check(policy, items, pays, on_account, TODAY) == check(policy, paid, pays, on_account, TODAY)
