"""How far an order has come, in the steps a customer understands."""

from dataclasses import dataclass
from typing import Literal

from . import stages

Key = Literal["ordered", "deposit", "stage", "shipped", "invoiced", "paid"]


@dataclass(frozen=True)
class Mark:
    """One step of the line: done, or still to come; ``partly`` where it has begun."""

    key: Key
    done: bool
    partly: bool = False


@dataclass(frozen=True)
class Standing:
    """Facts about an order. ``stage`` is True while it stands in a stage that is neither the first one nor reached by
    money alone; ``shipped`` is None where nothing is delivered or nobody knows."""

    facts: stages.Facts
    stage: bool
    shipped: Literal["none", "part", "full"] | None
    invoiced: bool


def line(standing: Standing) -> list[Mark]:
    """Return the steps of an order, in the order in which they are shown."""
    facts, begun = standing.facts, standing.facts.paid > 0
    marks = [Mark("ordered", done=True)]
    if 0 < facts.deposit < facts.total:
        marks.append(Mark("deposit", facts.deposit_paid, partly=begun and not facts.deposit_paid))
    if standing.stage:
        marks.append(Mark("stage", done=True))
    if standing.shipped is not None:
        marks.append(Mark("shipped", standing.shipped == "full", partly=standing.shipped == "part"))
    marks.append(Mark("invoiced", standing.invoiced))
    marks.append(Mark("paid", facts.fully_paid, partly=begun and not facts.fully_paid))
    return marks
