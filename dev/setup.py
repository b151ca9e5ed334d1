"""The list of set-up steps, and the two sets the commands ask for."""

import shutil

from . import browser, node, odoo, odoo_source, pdf, place, postgres, python_env, steps, system
from .shell import Failure
from .steps import Step

SPACE_NEEDED = 4_000_000_000  # bytes, measured: 3.4 GB


def _tools(packages):
    """Python, node and the PDF engine; each waits for the system packages it needs when they are missing."""
    python, engine = (("system packages",) if name in packages else () for name in ("python3-venv", "wkhtmltopdf"))
    return [
        Step("python environment", python_env.install, python_env.inputs(), python, place.PYTHON),
        Step("npm tools", node.install, node.inputs(), ("python environment",), place.NODE),
        Step("pdf engine", pdf.install, pdf.inputs(), ("python environment", *engine), pdf.ENGINE),
    ]


def _odoo():
    """Odoo from Debian's package; none of it when the machine has one."""
    if odoo_source.outside():
        return []
    wanted = odoo_source.inputs()
    return [
        Step("odoo download", odoo_source.download, wanted),
        Step("odoo unpack", odoo_source.unpack, wanted, ("odoo download",), place.ODOO),
        Step(
            "odoo complete",
            odoo_source.complete,
            place.digest(wanted, node.inputs()),
            ("odoo unpack", "npm tools"),
            place.ODOO,
        ),
    ]


def all_steps():
    """Return what the set-up consists of on this machine."""
    packages = system.missing()
    system_first = ("system packages",) if packages else ()
    found = []
    if packages:
        found = [Step("system packages", system.install, place.digest(*packages), result=system.Installed())]
    found += [*_tools(packages), *_odoo()]
    if not system.packages_browser() and system.chromium() in (None, str(place.BROWSER)):
        found.append(Step("browser", browser.install, browser.inputs(), ("python environment",), place.BROWSER))
    if system.own_cluster():
        found.append(Step("database cluster", postgres.create, "1", system_first))
    return found


def ensure():
    """Bring the machine to where every command works; what is done already costs nothing."""
    place.prepare()
    with steps.lock("set-up"):
        if not (place.STAMPS / "python environment").exists() and shutil.disk_usage(place.HOME).free < SPACE_NEEDED:
            raise Failure(f"disk full: about 4 GB are needed in {place.HOME}; free some space and run it again")
        steps.run_all(all_steps())
        odoo.write_launcher()
        postgres.start()
