"""The virtual environment: Odoo's Python libraries, the addon's, the tools; versions pinned by dev/constraints.txt."""

import sys

from . import place
from .shell import run

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
    wanted = [part for path in REQUIREMENTS for part in ("-r", path)]
    run(
        [
            place.PYTHON,
            "-m",
            "pip",
            "install",
            "--no-input",
            "--disable-pip-version-check",
            "--retries",
            "2",
            "-c",
            CONSTRAINTS,
            *wanted,
        ],
        log="pip",
        env={"PIP_CONSTRAINT": "", "PYTHONPATH": ""},
    )
    finished.touch()
