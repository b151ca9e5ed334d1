"""A plan never changes what is owed, and nothing outside a policy is ever agreed on by itself."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.o2c_portal.core import plans
from odoo.addons.o2c_portal.core.policy import PlanLimits
from odoo.addons.o2c_portal.core.risk import BANDS
from odoo.addons.o2c_portal.core.schedule import ascending, split

TODAY = date(2026, 3, 15)
minors = st.integers(1, 10**10)
days = st.dates(date(2026, 1, 1), date(2027, 12, 31))


@st.composite
def agreed(draw):
    """A plan over some items, and what became of them since."""
    covered = draw(st.lists(minors, min_size=1, max_size=8))
    items = [
        plans.Item(number, draw(days), draw(st.integers(0, 2 * amount)), amount, draw(st.integers(0, 100)))
        for number, amount in enumerate(covered, start=1)
    ]
    total = sum(covered)
    count = min(draw(st.integers(1, 12)), total)
    amounts = split(total, [None] * count)
    dates = ascending(draw(st.lists(days, min_size=count, max_size=count)))
    return [plans.Line(*row) for row in zip(range(count), dates, amounts, strict=True)], items


@st.composite
def limits(draw):
    return PlanLimits(
        max_days=draw(st.integers(0, 400)),
        first_percent=draw(st.sampled_from([0, 0.5, 10, 20.0, 33.33, 50, 100])),
        max_parts=draw(st.integers(0, 24)),
        smallest_minor=draw(st.integers(0, 10**5)),
        worst_band=draw(st.sampled_from(BANDS)),
        approval_above_minor=draw(st.none() | st.integers(0, 10**6)),
    )


@st.composite
def proposals(draw):
    total = draw(st.integers(1, 10**6))
    count = draw(st.integers(1, 24))
    amounts = draw(st.lists(st.integers(1, 10**5), min_size=count, max_size=count))
    dates = ascending(draw(st.lists(st.dates(TODAY, date(2027, 12, 31)), min_size=count, max_size=count)))
    rest = max(1, total - sum(amounts))
    amounts[-1] += rest
    return tuple(plans.Payment(*pair) for pair in zip(dates, amounts, strict=True))


@given(agreed())
def test_pieces_of_an_item_sum_to_what_it_owes(case):
    lines, items = case
    found = plans.pieces(lines, items)
    for item in items:
        assert sum(piece.open for piece in found if piece.line_id == item.line_id) == item.residual
    assert all(piece.open > 0 for piece in found)
    for line, left in zip(lines, plans.left_of(lines, plans.paid(items)), strict=True):
        assert sum(piece.open for piece in found if piece.plan_line == line.id) == left


@given(agreed(), st.integers(0, 60), st.integers(-30, 800))
def test_a_plan_is_kept_exactly_when_nothing_agreed_on_is_open(case, grace, offset):
    lines, items = case
    today = TODAY + timedelta(days=offset)
    state = plans.state(lines, plans.paid(items), today, grace)
    assert (state == "kept") == (not any(plans.still_open(item) for item in items))
    if state == "broken":
        oldest = next(piece.date for piece in plans.pieces(lines, items) if piece.plan_line is not None)
        assert today > oldest + timedelta(days=grace)


@given(proposals(), limits(), st.sampled_from(BANDS))
def test_nothing_outside_the_limits_is_accepted_and_counter_offers_are_inside(proposal, bounds, band):
    owed = sum(payment.amount for payment in proposal)
    verdict = plans.judge(proposal, owed, bounds, band, TODAY)
    agreed_on = {plans.Accept: proposal, plans.Counter: getattr(verdict, "proposal", None)}.get(type(verdict))
    if agreed_on is None:
        return
    assert sum(payment.amount for payment in agreed_on) == owed
    assert min(payment.amount for payment in agreed_on) >= max(1, bounds.smallest_minor)
    assert agreed_on[0].amount * 100 >= owed * bounds.first_percent - 1e-6
    assert 2 <= len(agreed_on) <= bounds.max_parts
    assert agreed_on[0].date >= TODAY
    assert agreed_on[-1].date <= TODAY + timedelta(days=bounds.max_days)
    assert sorted({payment.date for payment in agreed_on}) == [payment.date for payment in agreed_on]
    assert bounds.approval_above_minor is None or owed <= bounds.approval_above_minor
    assert BANDS.index(band) <= BANDS.index(bounds.worst_band)
    if isinstance(verdict, plans.Counter):
        assert plans.judge(verdict.proposal, owed, bounds, band, TODAY) == plans.Accept()


@given(minors, limits())
def test_offers_are_inside_the_limits_and_sum_exactly(owed, bounds):
    for offer in plans.offers(owed, bounds, TODAY):
        assert plans.is_inside(offer, owed, bounds, TODAY)
        assert sum(payment.amount for payment in offer) == owed


@given(proposals(), limits())
def test_a_counter_offer_exists_whenever_an_offer_does(proposal, bounds):
    owed = sum(payment.amount for payment in proposal)
    if len(proposal) >= 12 and plans.offers(owed, bounds, TODAY):
        assert plans.is_inside(proposal, owed, bounds, TODAY) or plans.nearest(proposal, owed, bounds, TODAY)
