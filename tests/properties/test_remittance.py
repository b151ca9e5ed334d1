"""No slip in a reference, and no amount, pays what was not meant."""

import random

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.o2c_portal.core import remittance
from odoo.addons.o2c_portal.core.remittance import Item, Tolerance, Verdict, decide

DIGITS = "0123456789"
SYMBOLS = DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
bodies = st.text(st.sampled_from(DIGITS), min_size=remittance.BODY_LENGTH, max_size=remittance.BODY_LENGTH)
references = bodies.map(remittance.reference_of)
minors = st.integers(1, 10**9)
baskets = st.lists(minors, min_size=1, max_size=12).map(
    lambda amounts: [Item(number, minor) for number, minor in enumerate(amounts, start=1)]
)
tolerances = st.builds(Tolerance, st.integers(0, 1000), st.sampled_from([0.0, 0.5, 1.0, 3.0]))


@given(st.text(st.sampled_from(SYMBOLS), min_size=1, max_size=21))
def test_every_body_makes_a_good_reference(body):
    assert remittance.is_reference(remittance.reference_of(body))


@given(
    references,
    st.sampled_from(["", " ", "Invoice 12 ", "SVWZ+", "/ROC/", "a\nb "]),
    st.sampled_from(["", " thanks", "\n", "/x"]),
)
def test_a_reference_is_found_however_it_is_written(reference, before, after):
    for written in (reference, remittance.shown(reference), remittance.shown(reference).lower().replace(" ", "-")):
        assert reference in remittance.references_in(f"{before}{written}{after}")


@given(references, st.integers(4, 15), st.sampled_from(SYMBOLS))
def test_one_wrong_symbol_is_never_the_reference_nor_another_of_ours(reference, place, other):
    changed = reference[:place] + other + reference[place + 1:]
    read = remittance.references_in(changed)
    if changed == reference:
        assert read == {reference}
    elif other in DIGITS:
        assert not read
    else:
        assert not {found for found in read if found[4:].isdigit()}


def test_no_mutation_hits_one_of_many():
    """A hundred thousand references, two hundred thousand slips: none leads to another of them."""
    dice = random.Random(11649)
    bodies = {f"{dice.randrange(10**remittance.BODY_LENGTH):0{remittance.BODY_LENGTH}}" for _each in range(100_000)}
    ours = {remittance.reference_of(body) for body in bodies}
    for reference in dice.sample(sorted(ours), 50_000):
        place, other = dice.randrange(2, 16), dice.choice(DIGITS)
        slips = {
            reference[:place] + other + reference[place + 1:],
            reference[:place] + reference[place + 1:],
            reference[:place] + other + reference[place:],
            reference[:place - 1] + reference[place] + reference[place - 1] + reference[place + 1:],
        }
        for slip in slips - {reference}:
            assert not remittance.references_in(slip) & ours


@given(minors, baskets, tolerances, st.booleans())
def test_what_is_applied_adds_up(received, items, tolerance, whole):
    verdict = decide(received, items, tolerance, whole)
    total = sum(item.open_minor for item in items)
    if verdict.reason != "applied":
        assert not verdict.parts
        assert (verdict.reason == "short") <= (received < total)
        return
    asked = sum(minor for _item, minor in verdict.parts)
    assert asked + verdict.difference_minor == received
    assert verdict.difference_minor == 0 or tolerance.allows(verdict.difference_minor, asked)
    assert [item for item, _minor in verdict.parts] == items[:len(verdict.parts)]
    assert not whole or len(verdict.parts) == len(items)


@given(minors, baskets)
def test_without_tolerance_only_exact_amounts_are_applied(received, items):
    sums = {sum(item.open_minor for item in items[:count]) for count in range(1, len(items) + 1)}
    assert (decide(received, items, Tolerance()).reason == "applied") == (received in sums)


@given(baskets, st.data())
def test_every_next_part_of_a_schedule_is_recognised(items, data):
    count = data.draw(st.integers(1, len(items)))
    received = sum(item.open_minor for item in items[:count])
    assert decide(received, items, Tolerance()) == Verdict(
        "applied", tuple((item, item.open_minor) for item in items[:count])
    )


@given(minors, baskets)
def test_by_hand_nothing_is_lost(received, items):
    parts, rest = remittance.oldest_first(received, items)
    assert sum(minor for _item, minor in parts) + rest == received
    assert all(0 < minor <= item.open_minor for item, minor in parts)
    assert rest == 0 or sum(item.open_minor for item in items) < received


@given(st.integers(1, 10**12), minors, baskets)
def test_no_cent_of_the_company_currency_is_lost(balance, received, items):
    weights = [item.open_minor for item in items]
    shares, rest = remittance.in_company_currency(balance, received, weights)
    assert sum(shares) + rest == balance
    if sum(weights) == received:
        assert rest == 0
    assert remittance.in_company_currency(balance, received, []) == ([], balance)
