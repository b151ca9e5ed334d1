"""Where everything lies, and the names that keep two checkouts apart."""

import contextlib
import hashlib
import os
import secrets
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = (ROOT / ".o2c").resolve()  # may be a link: several worktrees can share one set-up
ADDON = ROOT / "o2c_portal"

DOWNLOADS = HOME / "downloads"
LOGS = HOME / "log"
STAMPS = HOME / "stamps"
CONF = HOME / "conf"
OUT = HOME / "out"
DATA = HOME / "odoo-data"  # Odoo's data_dir: filestore, sessions
VENV = HOME / "python"
PYTHON = VENV / "bin" / "python"
NODE = HOME / "node"
PDF = HOME / "pdf"
BROWSER = HOME / "browser" / "chromium"  # only where the system has none that will do
ODOO = HOME / "odoo-19"


def digest(*parts, length=8):
    """Return a short stable hash of strings and of the content of files."""
    found = hashlib.sha256()
    for part in parts:
        data = part.read_bytes() if isinstance(part, Path) else str(part).encode()
        found.update(len(data).to_bytes(8, "big") + data)
    return found.hexdigest()[:length]


def tree_files(folder, skip=()):
    """Return the files below ``folder`` in a stable order, without caches and the top-level names in ``skip``."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.relative_to(folder).parts[0] not in skip
    )


CHECKOUT_TAG = digest(str(ROOT), length=6)


@lru_cache
def setup_tag():
    """Return what tells this set-up from all others: drawn once, and gone with .o2c, so that a new one cannot meet
    databases whose files went with the old one, nor those of another machine on the same server."""
    record = HOME / "id"
    if not record.exists():
        HOME.mkdir(parents=True, exist_ok=True)
        fresh = HOME / f".id.{os.getpid()}"
        fresh.write_text(secrets.token_hex(4))
        with contextlib.suppress(FileExistsError):  # of two that come at once the first one draws
            os.link(fresh, record)
        fresh.unlink()
    return record.read_text()


def prepare():
    """Create the folders every command needs."""
    for folder in (HOME, DOWNLOADS, LOGS, STAMPS, CONF, OUT, DATA):
        folder.mkdir(parents=True, exist_ok=True)


def is_root():
    return os.geteuid() == 0
