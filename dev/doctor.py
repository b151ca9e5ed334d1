"""./o2c doctor: what is installed, what is missing, what to do."""

import platform
import shutil
import sys

from . import database, odoo_source, pdf, place, postgres, setup, system
from .shell import Failure


def report():
    """Print one line per part; return 1 when something is missing."""
    place.prepare()
    problems = [problem for part in (_machine, _packages, _odoo, _steps, _server) for problem in part()]
    print()
    for problem in problems:
        print(f"to do: {problem}")
    if not problems:
        print("Everything is there.")
    return int(bool(problems))


def _line(good, what, found):
    print(f"{'ok     ' if good else 'MISSING'}  {what:<44} {found}")
    return good


def _machine():
    _line(True, "Python", f"{platform.python_version()} ({sys.executable})")
    free = shutil.disk_usage(place.HOME).free
    complete = (place.STAMPS / "python environment").exists()
    if not _line(complete or free > setup.SPACE_NEEDED, "disk", f"{free / 1e9:.1f} GB free at {place.HOME}"):
        yield f"free about {setup.SPACE_NEEDED / 1e9:.0f} GB on the disk of {place.HOME}"


def _packages():
    absent = []
    for purpose, package, found in system.needs():
        _line(found, f"package {package}", purpose)
        absent += [] if found else [package]
    if absent:
        yield f"apt-get install {' '.join(absent)}   (or let ./o2c do it as root or with sudo)"
    own = pdf.installed() or (pdf.ENGINE if pdf.ENGINE.exists() else None)
    _line(True, "wkhtmltopdf with patched Qt", own or "is fetched by the set-up")


def _odoo():
    try:
        outside = odoo_source.outside()
    except Failure as error:
        _line(False, "Odoo", str(error))
        yield str(error)
        return
    if outside:
        _line(True, "Odoo", f"the one at {outside[0]}")
    elif place.ODOO.exists() and (place.STAMPS / "odoo package").exists():
        _line(True, "Odoo", f"odoo-19 {odoo_source.version()} (proven with {odoo_source.PINNED})")


def _steps():
    try:
        steps = setup.all_steps()
    except Failure:  # a wrong ODOO_HOME, which was told already
        _line(False, "set-up steps", "which ones depends on Odoo")
        return
    wanted = [step for step in steps if not _line(step.done(), f"set-up step: {step.name}", "")]
    if wanted:
        yield "run any command, e.g. ./o2c demo: it makes what is missing"


def _server():
    if system.own_cluster() and not postgres.CHOSEN.exists():
        return
    try:
        postgres.start()
        version = postgres.query("SHOW server_version")
        _line(True, "PostgreSQL", f"{version} at {postgres.environment().get('PGHOST')}")
    except Failure as error:
        _line(False, "PostgreSQL", str(error))
        yield str(error)
        return
    print(f"         {'databases':<44} {' '.join(sorted(database.names(database.ours())))}")
