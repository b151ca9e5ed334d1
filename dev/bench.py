"""./o2c bench: our way and its peer (or floor) in turn, several rounds in one run; ratios, not seconds, are compared.

A case is a file ``benchmarks/<name>.py`` with a context manager ``prepare()`` that gives the list of what is compared.
"""

import importlib
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass

from . import odoo, place
from .shell import Failure, foreground, leave_in_order

FOLDER = place.ROOT / "benchmarks"
ROUNDS = 5


def p95(samples):
    """Return the value that 95 of 100 samples do not exceed."""
    ordered = sorted(samples)
    return ordered[max(0, -(-len(ordered) * 95 // 100) - 1)]


@dataclass
class Contest:
    """Two ways to do the same; each call does one round and returns its samples in seconds."""

    name: str
    ours: Callable[[], list]
    other: Callable[[], list]
    goal: float
    other_name: str = "native"
    pick: Callable = statistics.median


@dataclass
class Limit:
    """Something that is counted, not timed."""

    name: str
    measure: Callable[[], float]
    goal: float


def run(case):
    """Run one case, or all; return 1 when a goal is missed."""
    known = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
    if case and case not in known:
        raise Failure(f"there is no benchmark {case}: choose one of {', '.join(known)}")
    command = [place.PYTHON, "-m", "dev.bench", *([case] if case else known)]
    return foreground(command, odoo.environment(), cwd=place.ROOT)


def measure(case):
    """Print the table and the goals of one case; return whether all were met."""
    print(f"\n{case}: {_title(case)}")
    with importlib.import_module(f"benchmarks.{case}").prepare() as entries:
        results = [_contest(entry) if isinstance(entry, Contest) else (entry, entry.measure()) for entry in entries]
    met = True
    for entry, value in results:
        print(f"ratio {entry.name} {value:.2f} goal {entry.goal}")
        met &= value <= entry.goal
    return met


def _contest(contest):
    """Run the two sides in turn and return their ratio."""
    samples = {"ours": [], contest.other_name: []}
    for side in (contest.ours, contest.other):
        side()  # warm up: caches, compiled templates, plans
    for _ in range(ROUNDS):
        samples["ours"] += contest.ours()
        samples[contest.other_name] += contest.other()
    print(f"  {contest.name:<26} {'samples':>8} {'median ms':>10} {'p95 ms':>8}")
    for side, found in samples.items():
        print(
            f"    {side:<24} {len(found):>8} {statistics.median(found) * 1000:>10.2f} {p95(found) * 1000:>8.2f}",
            flush=True,
        )
    return contest, contest.pick(samples["ours"]) / contest.pick(samples[contest.other_name])


def _title(case):
    return importlib.import_module(f"benchmarks.{case}").__doc__.strip().splitlines()[0]


if __name__ == "__main__":
    from dev import bench  # as a module: the cases import their classes from there

    leave_in_order()
    try:
        met = all([bench.measure(case) for case in sys.argv[1:]])
    except Failure as error:
        sys.exit(f"o2c: {error}")
    sys.exit(0 if met else 1)
