"""The virtual environment: Odoo's Python libraries, the addon's, the tools; versions pinned by dev/constraints.txt."""

import re
import sys

from . import place, steps
from .shell import Failure, run, say

INSTALLED = place.HOME / "python-installed.txt"  # written when it is not what the constraints say
CONSTRAINTS = place.ROOT / "dev" / "constraints.txt"
REQUIREMENTS = (
    place.ROOT / "dev" / "odoo-requirements.txt",
    place.ADDON / "requirements.txt",
    place.ROOT / "requirements-dev.txt",
)


def inputs():
    return place.digest("venv", sys.version_info[:2], CONSTRAINTS, *REQUIREMENTS)


def install():
    """Build the environment; one that was left half done is built anew, for pip trusts what it finds."""
    finished = place.HOME / "python.complete"
    if not finished.exists():
        run([sys.executable, "-m", "venv", "--clear", place.VENV], log="venv")
    finished.unlink(missing_ok=True)
    INSTALLED.unlink(missing_ok=True)
    log = place.LOGS / "pip.log"
    try:
        _pip("-c", CONSTRAINTS)
    except Failure as error:
        if str(error).startswith("no network") or not re.search(
            r"ResolutionImpossible|No matching distribution", log.read_text(errors="replace")
        ):
            raise
        version = ".".join(map(str, sys.version_info[:3]))
        say(f"some pinned libraries are not made for Python {version}: taking the newest versions that are, "
            f"listed in {INSTALLED}")  # fmt: skip
        _pip()
        steps.write(INSTALLED, run([place.PYTHON, "-m", "pip", "freeze", "--disable-pip-version-check"]))
    finished.touch()


def _pip(*pins):
    wanted = [part for path in REQUIREMENTS for part in ("-r", path)]
    options = ["--no-input", "--disable-pip-version-check", "--retries", "2"]
    run([place.PYTHON, "-m", "pip", "install", *options, *pins, *wanted],
        log="pip", env={"PIP_CONSTRAINT": "", "PYTHONPATH": ""})  # fmt: skip
