"""Where everything lies, and the names that keep two checkouts apart."""

import hashlib
import os
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


SETUP_TAG = digest(str(HOME), length=6)
CHECKOUT_TAG = digest(str(ROOT), length=6)


def prepare():
    """Create the folders every command needs."""
    for folder in (HOME, DOWNLOADS, LOGS, STAMPS, CONF, OUT, DATA):
        folder.mkdir(parents=True, exist_ok=True)


def is_root():
    return os.geteuid() == 0
