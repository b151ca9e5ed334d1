"""Sending many documents: how they are divided, how fast it goes, how long it still takes."""

from dataclasses import dataclass

STATES = ("waiting", "working", "sent", "failed", "skipped")
CHUNK = 40  # documents between two commits, at most
CHUNK_SECONDS = 20  # what a chunk may take: Odoo ends a job that goes on for two minutes
PART = 10  # documents of one run of the printing program: with more, the others wait longer for their turn
PRINTERS = 2  # parts at work at once


def part_size(count: int) -> int:
    """Return how many of ``count`` documents are printed at a time, so that all printers have work."""
    return min(PART, max(1, -(-count // PRINTERS)))


def chunk_size(done: int, seconds: float) -> int:
    """Return how many documents to take at once where ``done`` documents took ``seconds``."""
    if not done or seconds <= 0:
        return CHUNK
    return max(1, min(CHUNK, int(CHUNK_SECONDS * done / seconds)))


@dataclass(frozen=True)
class Pace:
    """``per_minute`` documents, ``seconds_left`` for those that wait; both None as long as nobody can tell."""

    per_minute: int | None
    seconds_left: int | None


def pace(done: int, seconds: float, waiting: int) -> Pace:
    """Return how fast ``done`` documents were in ``seconds`` of work, and what that means for those that wait."""
    if not done or seconds <= 0:
        return Pace(None, None)
    return Pace(round(done * 60 / seconds), round(seconds / done * waiting))
