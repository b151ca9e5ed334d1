"""./o2c test: everything that proves the repository, in one pytest run that ends with one closing line."""

import os
import re

from . import database, odoo, place
from .server import free_port
from .shell import foreground

FAST = ("tests/test_lint.py", "tests/test_meta.py", "tests/test_tool.py", "tests/test_stop.py",
        "tests/properties", "o2c_portal/tests/core")
EVERYTHING = ("tests", "o2c_portal/tests")


def _pytest(arguments, **environment):
    command = [place.PYTHON, "-m", "pytest", *arguments]
    return foreground(command, {**odoo.environment(), **environment}, cwd=place.ROOT)


def _paths(rest, default):
    """Return what to collect: the paths given, or the default ones that exist."""
    given = any(not part.startswith("-") and (place.ROOT / part.split("::")[0]).exists() for part in rest)
    return [] if given else [part for part in default if (place.ROOT / part).exists()]


def fast(rest):
    """Run linters and the tests that need no database."""
    return _pytest(["-p", "no:odoo", *_paths(rest, FAST), *rest])


def full(rest):
    """Run everything, in one process per core and on a fresh database for each; what is named alone, in one process."""
    template = database.addon_template()
    _drop_leftovers()
    everything = _paths(rest, EVERYTHING)
    processes = _processes() if everything else 0
    fresh = database.name(f"test_{os.getpid()}")
    copies = [fresh, *(f"{fresh}_gw{number}" for number in range(processes))]
    for copy in copies:
        database.copy(template, copy)
    try:
        config = odoo.config_file(fresh, limit_memory_hard=0)  # the limit would end the browser we start
        return _pytest([
            f"--odoo-config={config}", "--odoo-http", f"--numprocesses={processes}", "--dist=worksteal", *everything,
            *rest,
        ], O2C_TEMPLATE=template)  # fmt: skip
    finally:
        for copy in copies:
            database.drop(copy)


def _processes():
    """Return how many processes share the tests: more than four would wait for one database server."""
    return min(os.cpu_count() or 1, 4)


def odoo_runner(rest):
    """Run the addon's tests under Odoo's own runner; ``rest`` are its test tags."""
    fresh = database.name(f"test_{os.getpid()}")
    database.copy(database.base_template(), fresh)
    tags = ",".join(rest) or "/o2c_portal"
    try:
        command = odoo.command(
            fresh,
            "-i",
            "o2c_portal",
            "--with-demo",
            "--test-tags",
            tags,
            "--stop-after-init",
            "--log-level=warn",
            "--log-handler=odoo.tests.result:INFO",
            "--log-handler=odoo.tests.stats:INFO",
            http_port=free_port(8169),
        )
        return foreground(command, odoo.environment())
    finally:
        database.drop(fresh)


def _drop_leftovers():
    """Remove the databases of test runs that were killed, and the files of all earlier runs."""
    prefix = database.name("test_")

    def is_over(name):
        return not os.path.exists(f"/proc/{re.match(r'[0-9]+', name[len(prefix) :])[0]}")

    for found in filter(is_over, database.names(prefix)):
        database.drop(found)
    for folder in (place.CONF, place.LOGS):
        for found in folder.glob(f"{prefix}[0-9]*"):
            if is_over(found.name):
                found.unlink(missing_ok=True)
