"""No amount, however odd, is lost or invented when it is split."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.o2c_portal.core.basket import share
from odoo.addons.o2c_portal.core.instalments import Instalment, spread

minors = st.integers(min_value=1, max_value=10**12)


@st.composite
def open_items(draw):
    row = st.tuples(st.integers(0, 10**9), st.booleans(), st.integers(0, 1000))
    rows = draw(st.lists(row, min_size=1, max_size=30))
    return [
        Instalment(number, 1, number, len(rows), date(2026, 1, 1) + timedelta(days=days), minor, minor, claimed=claimed)
        for number, (minor, claimed, days) in enumerate(rows, start=1)
    ]


@given(minors, st.lists(minors, min_size=1, max_size=120))
def test_shares_sum_to_the_balance(balance, weights):
    parts = share(balance, weights)
    assert sum(parts) == balance
    assert all(part >= 0 for part in parts)


@given(open_items(), minors)
def test_spread_pays_only_payable_items_and_sums_exactly(items, amount):
    payable = {item.line_id: item.open_minor for item in items if item.payable}
    try:
        parts = spread(amount, items)
    except ValueError:
        assert amount > sum(payable.values())
        return
    assert sum(minor for _line, minor in parts) == amount
    assert all(0 < minor <= payable[line_id] for line_id, minor in parts)
    settled = [line_id for line_id, minor in parts if minor == payable[line_id]]
    assert len(parts) - len(settled) <= 1  # at most the last one is paid in part
