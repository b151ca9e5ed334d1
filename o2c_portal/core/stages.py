"""Which stage an order belongs to, given what was paid of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Trigger = Literal["deposit_paid", "fully_paid"]


@dataclass(frozen=True)
class Facts:
    """What is known of an order's money, in minor units of its currency.

    ``total`` is what the order is worth after credit notes; ``deposit`` is 0 when none is asked for.
    """

    total: int
    paid: int
    deposit: int = 0

    @property
    def fully_paid(self) -> bool:
        """True when something was paid and nothing is missing."""
        return self.paid > 0 and self.total <= self.paid

    @property
    def deposit_paid(self) -> bool:
        """True when the deposit is there; an order without a deposit has it once it is fully paid."""
        return self.fully_paid or 0 < self.deposit <= self.paid


def deposit_missing(facts: Facts, invoiced: int, under_way: int) -> int:
    """Return what an order still asks for of its deposit, which is never more than the order is worth: less what was
    paid, what open invoices ask for (``invoiced``) and what payments on their way will bring; never negative."""
    return max(min(facts.deposit, facts.total) - facts.paid - invoiced - under_way, 0)


@dataclass(frozen=True)
class Rule:
    """When ``trigger`` holds, the order belongs at least in stage ``stage_id``."""

    id: int
    trigger: Trigger
    stage_id: int


@dataclass(frozen=True)
class Fired:
    """A rule that was applied to the order and not undone since; ``moved`` is False where it left the order alone."""

    id: int
    rule_id: int
    from_id: int | None
    to_id: int | None
    moved: bool


@dataclass(frozen=True)
class Step:
    """One thing to do: fire rule ``rule_id``, or undo the earlier step ``fired_id``.

    The order goes from ``from_id`` to ``to_id``; both are equal where it stays because a person decided otherwise.
    """

    rule_id: int
    from_id: int | None
    to_id: int | None
    fired_id: int | None = None

    @property
    def moves(self) -> bool:
        """True when the order changes its stage."""
        return self.from_id != self.to_id


def holds(trigger: Trigger, facts: Facts) -> bool:
    """Say whether a trigger's condition is met.

    :raises KeyError: for an unknown trigger
    """
    return {"deposit_paid": facts.deposit_paid, "fully_paid": facts.fully_paid}[trigger]


def plan(
    current: int | None, ranks: dict[int, int], rules: Sequence[Rule], fired: Sequence[Fired], facts: Facts
) -> list[Step]:
    """Return what has to happen to an order in stage ``current``, in order; nothing when all was done before.

    First the steps whose money is gone are undone, newest first, and only where the order still is where the step put
    it. Then every rule that holds and did not fire yet fires once; it moves an order forward, never back.

    :param ranks: position of each stage on the board
    :param rules: the active rules, in the order in which they apply
    :param fired: earlier steps not undone, oldest first
    """
    by_id = {rule.id: rule for rule in rules}
    steps, standing = [], set()
    for old in reversed(fired):
        rule = by_id.get(old.rule_id)
        if rule is None or holds(rule.trigger, facts):
            standing.add(old.rule_id)
            continue
        back = old.from_id if old.moved and current == old.to_id else current
        steps.append(Step(rule.id, current, back, old.id))
        current = back
    for rule in rules:
        if rule.id not in standing and holds(rule.trigger, facts):
            forward = current is None or ranks[current] < ranks[rule.stage_id]
            target = rule.stage_id if forward else current
            steps.append(Step(rule.id, current, target))
            current = target
    return steps


@dataclass(frozen=True)
class NextPayment:
    """The smallest payment that moves an order, and the stage it leads to."""

    amount: int
    stage_id: int


def next_payment(
    current: int | None,
    ranks: dict[int, int],
    rules: Sequence[Rule],
    fired: Sequence[Fired],
    facts: Facts,
) -> NextPayment | None:
    """Return the smallest payment after which the stage rules move the order forward; None when no payment does.

    The arguments are those of :func:`plan`.
    """
    missing = {facts.total - facts.paid, facts.deposit - facts.paid}
    for amount in sorted(amount for amount in missing if amount > 0):
        then = Facts(facts.total, facts.paid + amount, facts.deposit)
        steps = plan(current, ranks, rules, fired, then)
        target = steps[-1].to_id if steps else current
        if target is not None and target != current and ranks[target] > ranks.get(current, -1):
            return NextPayment(amount, target)
    return None


def share(amount: int, part: int, whole: int) -> int:
    """Return the part of ``amount`` that belongs to ``part`` of ``whole``; all of it when the two are equal."""
    return amount * part // whole if whole else 0
