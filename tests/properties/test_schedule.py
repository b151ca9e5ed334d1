"""What must hold for every amount, number of parts and date."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.o2c_portal.core.schedule import (
    FULL,
    MAX_PARTS,
    affordable,
    after,
    ascending,
    in_proportion,
    share,
    split,
)

totals = st.integers(-(10**14), 10**14).filter(bool)
units = st.sampled_from([1, 5, 10, 100])
remainders = st.sampled_from(["last", "first"])
claims = st.lists(st.none() | st.integers(1, 10**9), min_size=1, max_size=MAX_PARTS)
dates = st.dates(date(1990, 1, 1), date(2090, 12, 31))


@given(totals, st.integers(0, FULL), st.integers(1, MAX_PARTS - 1), units, remainders)
def test_a_deposit_and_equal_parts_sum_exactly(total, fraction, count, unit, remainder):
    wanted = [share(total, fraction, unit), *[None] * count]
    kept = affordable(total, wanted, unit)
    parts = split(total, list(kept.values()), unit, remainder)
    assert sum(parts) == total
    assert all(abs(part) >= 1 and (part > 0) == (total > 0) for part in parts)
    equal = [abs(part) for part, claim in zip(parts, kept.values(), strict=True) if claim is None]
    assert len(set(equal[:-1] if remainder == "last" else equal[1:])) <= 1
    assert max(equal, default=0) - min(equal, default=0) < max(1, len(equal)) * unit


@given(totals, claims, units, remainders)
def test_what_is_affordable_can_be_split(total, wanted, unit, remainder):
    kept = affordable(total, [*wanted, None], unit)
    parts = split(total, list(kept.values()), unit, remainder)
    assert sum(parts) == total
    assert 0 not in parts


@given(totals, claims, units, remainders)
def test_split_refuses_or_is_exact(total, wanted, unit, remainder):
    try:
        parts = split(total, wanted, unit, remainder)
    except ValueError:
        return
    assert len(parts) == len(wanted)
    assert sum(parts) == total
    assert all((part > 0) == (total > 0) for part in parts)
    assert split(-total, wanted, unit, remainder) == [-part for part in parts]


@given(st.integers(1, 10**10), st.integers(1, MAX_PARTS), units)
def test_coins_are_whole_when_the_total_is(coins, count, unit):
    total = coins * unit
    kept = affordable(total, [None] * count, unit)
    assert len(kept) == min(count, coins)
    assert all(part % unit == 0 for part in split(total, list(kept.values()), unit))


@given(totals, st.lists(st.integers(0, 10**12), min_size=1, max_size=MAX_PARTS).filter(any), st.booleans())
def test_another_currency_sums_exactly_and_keeps_its_sign(total, pattern, negate):
    parts = in_proportion(total, [-part for part in pattern] if negate else pattern)
    assert sum(parts) == total
    assert all(part * total >= 0 for part in parts)


@given(dates, st.integers(1, 60), st.sampled_from(["days", "weeks", "months"]), st.integers(2, MAX_PARTS))
def test_a_series_is_strictly_ordered(first, step, every, count):
    series = [after(first, step * index, every) for index in range(count)]
    assert all(one < two for one, two in zip(series, series[1:], strict=False))
    assert ascending(series) == series
    if every == "months":
        assert all(due.day == first.day or due.day in (28, 29, 30) for due in series)


@given(st.lists(dates, max_size=MAX_PARTS))
def test_ascending_is_strict_and_moves_nothing_backwards(due):
    ordered = ascending(due)
    assert all(one < two for one, two in zip(ordered, ordered[1:], strict=False))
    assert all(new >= old for new, old in zip(ordered, due, strict=True))
