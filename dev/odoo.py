"""How Odoo is run: its environment, its configuration file, and the one-off runs."""

import os

from . import odoo_source, pdf, place, postgres, steps
from .shell import Failure, run

LAUNCHER = place.HOME / "odoo-run"
FINISH = """
env["ir.qweb"]._pregenerate_assets_bundles()  # so that no first page is slow
env["mail.mail"].search([("state", "=", "outgoing")]).unlink()  # of Odoo's demo data: nobody waits for them
env.cr.commit()
"""


def environment():
    """Return the variables Odoo and everything that imports it need."""
    ours = (pdf.ENGINE.parent, place.VENV / "bin", place.BROWSER.parent)
    path = os.pathsep.join([*map(str, ours), os.environ.get("PATH", "")])
    return {
        **postgres.environment(),
        "PYTHONPATH": str(odoo_source.location()[0]),
        "PATH": path,
        "PYTHONDONTWRITEBYTECODE": "",
        "TZ": "UTC",
    }


def write_launcher():
    """Odoo's second server process needs a program on disk to be started from."""
    steps.write(LAUNCHER, "import odoo.cli\nodoo.cli.main()\n")


def config_file(database, addons=(), **options):
    """Write and return the configuration for one database; the variables of :func:`environment` reach PostgreSQL.

    :param addons: folders of other addons than Odoo's and ours
    """
    values = {
        "addons_path": ",".join(str(folder) for folder in [*odoo_source.location()[1], place.ROOT, *addons]),
        "data_dir": place.DATA,
        "db_name": database,
        "http_interface": "127.0.0.1",
        "list_db": False,
        "max_cron_threads": 1,
        **options,
    }
    path = place.CONF / f"{database}.conf"
    steps.write(path, "[options]\n" + "".join(f"{key} = {value}\n" for key, value in values.items()), mode=0o600)
    return path


def command(database, *arguments, **options):
    """Return the command line of an Odoo on ``database``."""
    return [str(place.PYTHON), str(LAUNCHER), *arguments, "-c", str(config_file(database, **options))]


def install(database, modules, log, update=False, **options):
    """Install (or update) modules with demo data and stop; the options are those of :func:`config_file`."""
    mode = ["-u" if update else "-i", ",".join(modules)]
    output = run(
        command(database, *mode, "--with-demo", "--stop-after-init", "--no-http", "--log-level=warn", **options),
        log=log,
        env={**environment(), "PGOPTIONS": "-c synchronous_commit=off"},
    )
    wrong = (" ERROR ", " CRITICAL ", "demo data failed")
    failed = [line for line in output.splitlines() if any(sign in line for sign in wrong)]
    if failed:
        raise Failure(
            f"installing {', '.join(modules)} logged an error: {failed[0][:250]} (all of it: {place.LOGS}/{log}.log)"
        )


def finish(database):
    """Prepare a freshly installed database for being shown and tested."""
    run(command(database, "shell", "--no-http", "--log-level=warn"), log="assets", env=environment(), stdin=FINISH)
