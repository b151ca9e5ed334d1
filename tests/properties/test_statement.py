"""Whatever happened on an account, opening plus movements is closing, and no page loses a row."""

from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.o2c_portal.core import export, statement
from odoo.addons.o2c_portal.core.statement import BadPeriod, Entry

minors = st.integers(-(10**12), 10**12)
days = st.dates(date(1, 1, 1), date(9999, 12, 31))
amounts = st.lists(st.tuples(minors, minors), max_size=120)


def entries(pairs):
    return [Entry(date(2026, 1, 1), "invoice", "INV", "", None, amount, left) for amount, left in pairs]


@given(minors, amounts)
def test_opening_plus_movements_is_closing(opening, pairs):
    section = statement.activity((1, 1, 2), opening, entries(pairs))
    assert section.closing == opening + sum(amount for amount, _open in pairs)
    assert section.closing == opening + section.charges - section.credits
    before = [opening, *(row.balance for row in section.rows)]
    assert all(row.balance - last == row.entry.amount for row, last in zip(section.rows, before, strict=False))
    assert statement.open_items((1, 1, 2), entries(pairs)).closing == sum(left for _amount, left in pairs)


@given(st.lists(st.tuples(minors, amounts), max_size=6), st.integers(1, 50))
def test_pages_hold_every_row_once_and_join_up(accounts, size):
    sections = [statement.activity((1, n, 2), opening, entries(pairs)) for n, (opening, pairs) in enumerate(accounts)]
    pages = [statement.page(sections, number, size) for number in range(1, statement.page_count(sections, size) + 1)]
    slices = [piece for found in pages for piece in found]
    assert [row for piece in slices for row in piece.rows] == [row for section in sections for row in section.rows]
    for section in sections:
        own = [piece for piece in slices if piece.section is section]
        assert [piece.begins for piece in own] == [True] + [False] * (len(own) - 1)
        assert [piece.ends for piece in own] == [False] * (len(own) - 1) + [True]
        balance = section.opening
        for piece in own:
            assert piece.brought == balance
            balance = piece.rows[-1].balance if piece.rows else balance
    assert all(sum(max(1, len(piece.rows)) for piece in found) <= size for found in pages)


@given(st.sampled_from(["open", "activity", ""]), days, days, days)
def test_what_is_accepted_is_within_24_months_and_not_ahead(kind, start, end, today):
    try:
        period = statement.read(kind, start.isoformat(), end.isoformat(), today)
    except BadPeriod:
        return
    assert period.end <= today
    if period.start:
        assert period.start <= period.end <= period.start + timedelta(days=731)


@given(st.text(), st.text(), st.text())
def test_any_text_is_a_period_or_refused(kind, start, end):
    with suppress(BadPeriod):
        assert statement.read(kind, start, end, date(2026, 11, 3)).kind in statement.KINDS


@given(st.text())
def test_no_text_becomes_a_formula(text):
    assert not export.plain_text(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_the_last_days_of_time_are_no_trouble():
    with pytest.raises(BadPeriod):
        statement.read("activity", "9999-12-31", "9999-12-31", date(2026, 1, 1))
    assert statement.read("activity", "9998-01-01", "9999-12-31", date(9999, 12, 31)).start == date(9998, 1, 1)
