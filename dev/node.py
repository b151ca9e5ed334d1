"""Tools from npm, by the lock file in dev/npm; node and npm themselves come with the virtual environment."""

import os
import shutil

from . import place, steps
from .shell import run

SOURCE = place.ROOT / "dev" / "npm"
FILES = ("package.json", "package-lock.json")


def inputs():
    return place.digest("node", *(SOURCE / name for name in FILES))


def module(name):
    """Return the folder of an installed npm package."""
    return place.NODE / "node_modules" / name


def environment():
    """Return what lets npm and its scripts find the environment's own node."""
    return {"PATH": f"{place.VENV / 'bin'}:{os.environ['PATH']}"}


def install(source=SOURCE, target=place.NODE):
    """Install exactly what the lock file says, without running the packages' scripts."""
    with steps.building(target) as folder:
        for name in FILES:
            shutil.copy(source / name, folder / name)
        run(
            [place.VENV / "bin" / "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder],
            log="npm",
            env=environment(),
            cwd=folder,
        )
