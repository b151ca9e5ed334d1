"""What the reader of an account page has chosen to pay, as its form says it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from . import money, paging
from .instalments import Instalment

MAX_ITEMS = 500  # in one payment
CHOICES = ("overdue", "all", "selected")
_IDENTIFIER = re.compile(r"-?[1-9][0-9]{0,9}", re.ASCII)  # pieces of a plan have negative ones
_GROUP = re.compile(r"([1-9][0-9]{0,9})-([1-9][0-9]{0,9})", re.ASCII)
_LAST = 2**31 - 1


class BadSelection(ValueError):
    """What the address says is nothing our form can say."""


@dataclass(frozen=True)
class Selection:
    """Documents of one company and currency, the ``group``; None leaves it to the page. ``amounts`` and ``on_account``
    are as typed: they mean something only in a currency and a language. ``ids`` are those of due items."""

    group: tuple[int, int] | None = None
    choice: str = ""
    ids: tuple[int, ...] = ()
    amounts: dict[int, str] = field(default_factory=dict)
    on_account: str = ""
    page: int = 1
    search: str = ""

    def pairs(self, **changes) -> list[tuple[str, str]]:
        """Return the selection as the parameters of an address, with some fields changed."""
        selection = replace(self, **changes)
        named = [
            ("group", "-".join(map(str, selection.group or ()))),
            ("choice", selection.choice),
            *(("item", str(item)) for item in selection.ids),
            *((f"amount_{item}", selection.amounts[item]) for item in selection.ids if item in selection.amounts),
            ("on_account", selection.on_account),
            ("q", selection.search),
            ("page", str(selection.page) if selection.page > 1 else ""),
        ]
        return [(name, value) for name, value in named if value]


def read(parameters: Iterable[tuple[str, str]]) -> Selection:
    """Return the ``Selection`` in the parameters of an address; unknown parameters mean nothing.

    :raises BadSelection: for an identifier, group or choice that cannot be one, and for too many
    """
    many: dict[str, list[str]] = {}
    for name, value in parameters:
        many.setdefault(name, []).append(value.strip())
    one = {name: values[0] for name, values in many.items()}
    ids = tuple(dict.fromkeys(_identifier(value) for value in many.get("item", ())))
    if len(ids) > MAX_ITEMS or one.get("choice", "") not in ("", *CHOICES):
        raise BadSelection("choice")
    return Selection(
        group=_group(one.get("group", "")),
        choice=one.get("choice", ""),
        ids=ids,
        amounts={item: one[f"amount_{item}"] for item in ids if one.get(f"amount_{item}")},
        on_account=one.get("on_account", ""),
        page=paging.wanted(one.get("page", "")),
        search="".join(char for char in one.get("q", "")[:64] if char.isprintable()),
    )


def amounts(selection: Selection, items: Sequence[Instalment], digits: int, point: str):
    """Return what to pay of each item and what is wrong with it; what a plan asks for is paid as the plan says.

    :param str point: the decimal point of the reader's language
    :return: ``(amounts, errors)``: a list parallel to ``items`` with minor units, None for an item paid in full, and
        ``{item id: "malformed" | "too_much"}``
    """
    wanted: list[int | None] = []
    errors: dict[int, str] = {}
    for item in items:
        typed = selection.choice == "selected" and not item.plan_id
        text = selection.amounts.get(item.line_id, "") if typed else ""
        minor = money.parse(text, digits, point) if text else item.open_minor
        if minor is None or minor <= 0:
            errors[item.line_id] = "malformed"
        elif minor > item.open_minor:
            errors[item.line_id] = "too_much"
        wanted.append(None if minor == item.open_minor else minor)
    return wanted, errors


def _identifier(text):
    if not _IDENTIFIER.fullmatch(text) or abs(int(text)) > _LAST:
        raise BadSelection("identifier")
    return int(text)


def _group(text):
    if not text:
        return None
    found = _GROUP.fullmatch(text)
    if not found:
        raise BadSelection("group")
    return _identifier(found[1]), _identifier(found[2])
