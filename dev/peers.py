"""What the benchmarks measure us against: addons from PyPI, each in a folder of its own below .o2c."""

from . import place, steps
from .shell import run

PINNED = {  # addons of the Odoo Community Association
    "partner_statement": "19.0.1.1.0.16",
    "report_xlsx": "19.0.1.0.2.2",
    "report_xlsx_helper": "19.0.1.0.0.2",
}


def install(*names):
    """Return the addons folders of these peers; what is not there in the pinned version is fetched.

    :raises Failure: the package index cannot be reached, or has that version no longer
    """
    return [_installed(name, PINNED[name]) for name in names]


def _installed(name, version):
    target = place.HOME / "peers" / f"{name}-{version}"
    if not target.exists():
        package = f"odoo-addon-{name.replace('_', '-')}=={version}"
        options = ["--no-input", "--disable-pip-version-check", "--no-deps"]  # Odoo itself is no package there
        with steps.building(target) as folder:
            run([place.PYTHON, "-m", "pip", "install", *options, "--target", folder, package],
                log="peers", env={"PIP_CONSTRAINT": "", "PYTHONPATH": ""})  # fmt: skip
    return target / "odoo" / "addons"
