"""Limits a customer sets for itself: how much it wants to owe, and in how many invoices."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Use:
    """What is owed now: ``balance`` in minor units, credits taken off, and the number of open invoices."""

    balance: int = 0
    invoices: int = 0


@dataclass(frozen=True)
class OwnLimit:
    """The most that shall be owed; 0 stands for no limit."""

    balance: int = 0
    invoices: int = 0

    @property
    def is_set(self) -> bool:
        """True where there is a limit at all."""
        return bool(self.balance or self.invoices)


def exceeded(limit: OwnLimit, use: Use) -> tuple[str, ...]:
    """Return which limits are exceeded, of ``balance`` and ``invoices``; reaching a limit is not exceeding it."""
    return tuple(
        name for name in ("balance", "invoices") if 0 < getattr(limit, name) < getattr(use, name)
    )


def with_order(use: Use, minor: int) -> Use:
    """Return what is owed when an order over ``minor`` is invoiced: one more invoice over all of it."""
    return Use(use.balance + minor, use.invoices + 1)
