"""What a check symbol notices, whatever the code."""

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.o2c_portal.core import paycode

BLIND = {"0", "Z"}
symbols = st.sampled_from(paycode.ALPHABET)
codes = st.text(symbols, min_size=paycode.DATA_LENGTH, max_size=paycode.DATA_LENGTH).map(
    lambda data: data + paycode.check_symbol(data)
)


@given(codes, st.integers(0, paycode.LENGTH - 1), symbols)
def test_every_wrong_symbol_is_noticed(code, place, other):
    changed = code[:place] + other + code[place + 1:]
    assert paycode.parse(changed) == (code if changed == code else None)


@given(codes, st.integers(0, paycode.LENGTH - 2))
def test_every_swap_of_neighbours_is_noticed_but_one(code, place):
    pair = code[place:place + 2]
    changed = code[:place] + pair[::-1] + code[place + 2:]
    if changed == code or set(pair) == BLIND:
        assert paycode.parse(changed) == changed
    else:
        assert paycode.parse(changed) is None


@given(codes, st.integers(0, paycode.LENGTH - 1))
def test_a_symbol_left_out_or_typed_twice_is_noticed(code, place):
    assert paycode.parse(code[:place] + code[place + 1:]) is None
    assert paycode.parse(code[:place] + code[place] + code[place:]) is None


@given(codes, st.lists(st.tuples(st.integers(0, 10), st.sampled_from(" -\N{EN DASH}\N{NO-BREAK SPACE}.")), max_size=12))
def test_what_is_typed_kindly_is_read_kindly(code, noise):
    typed = paycode.shown(code).lower().replace("0", "o").replace("1", "l")
    for place, extra in noise:
        typed = typed[:place] + extra + typed[place:]
    assert paycode.parse(typed) == code
    assert paycode.parse(code.replace("1", "I").replace("0", "O")) == code


@given(st.text(max_size=100))
def test_anything_is_a_code_or_nothing(text):
    code = paycode.parse(text)
    assert code is None or (len(code) == paycode.LENGTH and set(code) <= set(paycode.ALPHABET))


@given(st.binary(min_size=1), st.text(min_size=1))
def test_derived_codes_are_good_and_repeat(key, nonce):
    code = paycode.derive(key, "db", nonce)
    assert paycode.parse(code) == code == paycode.derive(key, "db", nonce)
