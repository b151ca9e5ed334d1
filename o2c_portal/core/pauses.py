"""How long an invoice is left in peace after its customer said that it is paid."""

from datetime import date, timedelta


def pause_until(today: date, days: int, paused_before: bool) -> date | None:
    """Return the last day of the pause, None where there is none: an invoice is paused once, for ``days`` days."""
    return None if paused_before or days <= 0 else today + timedelta(days=days)
