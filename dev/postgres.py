"""A private PostgreSQL cluster that listens on a socket only, or the server that PGHOST names."""

import os
import pwd
import re
import shlex
import shutil
import subprocess
import time
from pathlib import Path

from . import place, steps, system
from .shell import Failure, run

OLDEST = 13
PORT = "5432"  # names the socket file only; the socket's folder is ours alone
SOCKET_LIMIT = 107  # bytes of a socket's path, a limit of the system
CHOSEN = place.HOME / "postgres.folder"  # where the cluster was put
OUTSIDE = Path("/var/lib/o2c")  # clusters of set-ups their owner cannot enter, each in a folder
MADE_FOR = "made-for"  # file that names the set-up a cluster elsewhere belongs to
RECOVERY = 180  # seconds a server may take to come up after a power cut
SETTINGS = """
listen_addresses = ''
port = {port}
unix_socket_directories = '{socket}'
shared_buffers = 256MB
max_connections = 200
max_wal_size = 2GB
checkpoint_timeout = 15min
"""


def environment():
    """Return the PG* variables that reach the server in use."""
    if not system.own_cluster():
        return {key: value for key, value in os.environ.items() if key.startswith("PG")}
    return {"PGHOST": str(_socket()), "PGPORT": PORT, "PGUSER": "odoo"}


def _as_owner(command):
    """PostgreSQL refuses to run as root: then it runs as the system user its package created."""
    return ["runuser", "-u", "postgres", "--", *command] if place.is_root() else command


def _reachable(folder):
    """Tell whether the cluster's owner can enter ``folder``."""
    return (
        not place.is_root()
        or subprocess.run(_as_owner(["test", "-x", str(folder)]), cwd="/", check=False, capture_output=True).returncode
        == 0
    )


def _folder():
    """Return the cluster's folder: below .o2c, or below /var/lib where its owner cannot enter the checkout."""
    if CHOSEN.exists():
        return Path(CHOSEN.read_text())
    folder = place.HOME / "postgres" if _reachable(place.HOME) else OUTSIDE / place.setup_tag()
    steps.write(CHOSEN, str(folder))
    return folder


def _socket():
    """Return the socket's folder: below the cluster's, or below /tmp where that path is too long."""
    folder = _folder() / "run"
    if len(f"{folder}/.s.PGSQL.{PORT}".encode()) <= SOCKET_LIMIT:
        return folder
    return Path("/tmp") / f"o2c-{place.setup_tag()}"


def _owned(folder):
    """Create a folder that belongs to the cluster's owner."""
    folder.mkdir(parents=True, exist_ok=True)
    if place.is_root():
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)


def _program(name):
    folder = system.postgres_bin()
    if not folder:
        raise Failure("PostgreSQL is not installed: install the package postgresql, or set PGHOST to a server")
    return f"{folder}/{name}"


def _data():
    """Return the folder of the cluster's files: one per major version, which cannot read each other's."""
    version = re.search(r"\(PostgreSQL\) (\d+)", run([_program("initdb"), "--version"]))
    if not version or int(version[1]) < OLDEST:
        raise Failure(
            f"the installed PostgreSQL is older than {OLDEST}, which Odoo 19 needs: install a newer one, or set PGHOST"
        )
    return _folder() / f"data-{version[1]}"


def create():
    """Make the cluster; one that was left half made has no completion mark and is made again."""
    _owned(_folder())
    if _folder().parent == OUTSIDE:
        _remove_forerunners()
        steps.write(_folder() / MADE_FOR, str(place.HOME))
    data = _data()
    finished = data.with_name(f"{data.name}.complete")
    if not finished.exists():
        run(["rm", "-rf", data])
        run(
            _as_owner(
                [_program("initdb"), "-D", str(data), "-U", "odoo", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
            ),
            log="initdb",
            cwd="/",
        )
        with open(data / "postgresql.conf", "a") as sink:
            sink.write(SETTINGS.format(port=PORT, socket=_socket()))
        finished.touch()


def start():
    """Start the private cluster unless it answers already; check the server either way."""
    if system.own_cluster():
        if not _answers():
            create()  # after a change of the major version there is no cluster of the new one yet
            _owned(_socket())
            socket = f"-k {shlex.quote(str(_socket()))}"  # a cluster of an earlier version may have another one noted
            options = ["-D", str(_data()), "-l", str(_folder() / "log"), "-o", socket, "-w", "-t", str(RECOVERY)]
            run(_as_owner([_program("pg_ctl"), *options, "start"]), log="postgres", cwd="/", daemon=True)
    else:
        _check_server()


def _remove_forerunners():
    """Remove the clusters of earlier set-ups at our place: whoever deletes .o2c cannot know that one lies elsewhere."""
    for record in OUTSIDE.glob(f"*/{MADE_FOR}"):
        if record.read_text() == str(place.HOME) and record.parent != _folder():
            for running in record.parent.glob("data-*/postmaster.pid"):
                stop = [_program("pg_ctl"), "-D", str(running.parent), "-m", "immediate", "stop"]
                run(_as_owner(stop), cwd="/", check=False)
            shutil.rmtree(record.parent)


def _answers():
    command = [_program("pg_isready"), "-q"]
    deadline = time.monotonic() + RECOVERY
    while time.monotonic() < deadline:
        code = subprocess.run(command, env={**os.environ, **environment()}, check=False).returncode
        if code != 1:  # 1: it is starting up
            return code == 0
        time.sleep(0.2)
    return False


def _check_server():
    version = int(query("SHOW server_version_num"))
    if version < OLDEST * 10000:
        raise Failure(f"the PostgreSQL at PGHOST is version {version // 10000}: Odoo 19 needs {OLDEST} or newer")
    if query("SELECT current_user") == "postgres":
        raise Failure("Odoo refuses the database user postgres: set PGUSER to another one that may create databases")
    if query("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user") != "t":
        raise Failure("the PostgreSQL user may not create databases: grant it CREATEDB, or unset PGHOST")


def query(sql, database="postgres"):
    """Run SQL and return its output without decoration."""
    client = f"{system.postgres_bin() or '/usr/bin'}/psql"
    return run(
        [client, "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql],
        env=environment(),
        cwd="/",
    ).strip()
