"""./o2c test --odoo-suites: Odoo's own tests of the apps we extend, with our addon installed.

What fails must be exactly what docs/odoo-suites.md lists: tests that fail on the bare package, and tests that assert
something this addon refuses on purpose.
"""

import os
import re

from . import database, odoo, place
from .server import free_port
from .shell import Failure, foreground, say

SUITES = ("account_payment", "payment", "sale", "portal", "payment_demo")
LIST = place.ROOT / "docs" / "odoo-suites.md"
FAILED = re.compile(r": (?:FAIL|ERROR): (?:setUpClass \((?:[\w.]*\.)?)?(\w+(?:\.\w+)?)")
TOTAL = re.compile(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests")


def listed():
    """Return the tests docs/odoo-suites.md says fail, as ``Class.method``."""
    return set(re.findall(r"^\| `(\w+\.\w+)` \|", LIST.read_text(), re.MULTILINE))


def run():
    """Run the suites; return 1 when something else fails than is listed."""
    # Odoo runs its at_install tests while it installs, so the database is made here and not copied.
    log = place.LOGS / "odoo-suites.log"
    fresh = database.name(f"test_{os.getpid()}")
    database.drop(fresh)
    say(f"running Odoo's suites of {', '.join(SUITES)}; this takes about ten minutes ({log})")
    tags = ",".join(f"/{suite}" for suite in SUITES)
    modules = ",".join((*database.BASE_MODULES, "o2c_portal"))
    command = odoo.command(
        fresh, "-i", modules, "--with-demo", "--test-tags", tags, "--stop-after-init", "--log-level=warn",
        "--log-handler=odoo.tests.result:INFO", "--log-handler=odoo.tests.stats:INFO",
        http_port=free_port(8169), limit_memory_hard=0,
    )  # fmt: skip
    try:
        with open(log, "w") as sink:
            foreground(command, odoo.environment(), stdout=sink, stderr=sink)
    finally:
        database.drop(fresh)
    return _compare(log.read_text(errors="replace"))


def _compare(output):
    """Print what happened and how it differs from the list."""
    total = TOTAL.search(output)
    if not total:
        raise Failure(f"Odoo's suites did not come to an end: see {place.LOGS}/odoo-suites.log")
    failed, expected = set(FAILED.findall(output)), listed()
    for name in sorted(failed):
        print(f"{'listed    ' if name in expected else 'UNEXPECTED'}  {name}")
    for name in sorted(expected - failed):
        print(f"passes, take it off the list  {name}")
    print(f"{total[3]} tests of Odoo, {len(failed & expected)} listed failures, {len(failed - expected)} unexpected")
    return int(bool(failed - expected))
