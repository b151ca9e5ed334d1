"""Credit is used up to what it is and up to what is owed, never more, never less."""

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.o2c_portal.core.credits import match

amounts = st.lists(st.integers(min_value=1, max_value=10**9), max_size=30)


@given(amounts, amounts)
def test_credit_is_applied_exactly(credits, items):
    matches = match(list(enumerate(credits)), list(enumerate(items)))
    used, settled = [0] * len(credits), [0] * len(items)
    for found in matches:
        assert found.minor > 0
        used[found.credit_id] += found.minor
        settled[found.item_id] += found.minor
    assert all(part <= whole for part, whole in zip(used, credits, strict=True))
    assert all(part <= whole for part, whole in zip(settled, items, strict=True))
    assert sum(used) == min(sum(credits), sum(items))
    first_unused = next((index for index, part in enumerate(used) if part < credits[index]), len(used))
    assert not any(used[first_unused + 1:])  # in the order given
    assert len(matches) < max(1, len(credits) + len(items))
