"""Long lists, page by page."""

from dataclasses import dataclass

PER_PAGE = 40


@dataclass(frozen=True)
class Page:
    """One page of a list; ``number`` and ``last`` count from 1."""

    number: int
    last: int

    @property
    def offset(self) -> int:
        """How many entries come before this page."""
        return (self.number - 1) * PER_PAGE


def wanted(text: str) -> int:
    """Return the page number somebody asked for, 1 when it is none."""
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) <= 6 and int(text) > 0 else 1


def page(number: int, count: int) -> Page:
    """Return the page ``number`` of a list of ``count`` entries, the last one when there are not so many."""
    last = max(1, -(-count // PER_PAGE))
    return Page(min(number, last), last)
