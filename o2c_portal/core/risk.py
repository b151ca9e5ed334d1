"""In which of three bands a customer stands today: a plain rule anybody can follow, no score and no profile."""

from dataclasses import dataclass
from typing import Literal

Band = Literal["good", "fair", "poor"]
BANDS: tuple[Band, ...] = ("good", "fair", "poor")  # best first
FAIR_DAYS, POOR_DAYS = 15, 61
FAIR_PROMISES, POOR_PROMISES = 1, 2


@dataclass(frozen=True)
class Facts:
    """All the rule looks at: days the oldest open item is late, promises broken in the last twelve months."""

    days_late: int = 0
    broken_promises: int = 0


def band(facts: Facts) -> Band:
    """Return the band: ``poor`` from 61 days late or two broken promises, ``fair`` from 15 days late or one."""
    if facts.days_late >= POOR_DAYS or facts.broken_promises >= POOR_PROMISES:
        return "poor"
    if facts.days_late >= FAIR_DAYS or facts.broken_promises >= FAIR_PROMISES:
        return "fair"
    return "good"


def reasons(facts: Facts) -> tuple[str, ...]:
    """Return what put a customer into their band: ``late``, ``promises``, both, or nothing for ``good``."""
    late, promises = {
        "poor": (POOR_DAYS, POOR_PROMISES), "fair": (FAIR_DAYS, FAIR_PROMISES), "good": (None, None),
    }[band(facts)]
    found = []
    if late and facts.days_late >= late:
        found.append("late")
    if promises and facts.broken_promises >= promises:
        found.append("promises")
    return tuple(found)


def within(found: Band, worst: Band) -> bool:
    """Say whether a band is no worse than the worst one allowed."""
    return BANDS.index(found) <= BANDS.index(worst)
