"""The system packages: what must be on the machine, found by what it brings, installed with apt where allowed."""

import contextlib
import ctypes.util
import glob
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys

from . import pdf, place
from .shell import Failure, run

BROWSER_ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium():
    """Return the path of the system's Chromium, else of the one under .o2c where that was needed, or None."""
    found = next((path for path in map(shutil.which, BROWSERS) if path and not _is_snap(path)), None)
    return found or (str(place.BROWSER) if place.BROWSER.exists() else None)


def _is_snap(path):
    """Tell whether a browser is a snap, or Ubuntu's package that only leads to one."""
    with open(path, "rb") as program:
        return "/snap" in os.path.realpath(path) or b"/snap/bin/" in program.read(4096)


def packages_browser():
    """Tell whether this system's Chromium comes as a package; Ubuntu's is a snap."""
    with contextlib.suppress(OSError):
        return platform.freedesktop_os_release().get("ID") != "ubuntu"
    return True


def postgres_bin():
    """Return the folder of the newest PostgreSQL server's programs, or None."""
    folders = glob.glob("/usr/lib/postgresql/*/bin/initdb") + glob.glob("/usr/pgsql-*/bin/initdb")
    newest = max(folders, key=lambda path: int(re.search(r"\d+", path).group()), default=shutil.which("initdb"))
    return os.path.dirname(os.path.realpath(newest)) if newest else None


def own_cluster():
    """Tell whether we run a private PostgreSQL: nobody named a server."""
    return not (os.environ.get("PGHOST") or os.environ.get("PGSERVICE"))


def _library(name):
    return lambda: ctypes.util.find_library(name)


def needs():
    """Return (what for, package, found) for everything that has to come from the system."""
    rows = [
        ("PDF to picture", "poppler-utils", lambda: shutil.which("pdftoppm")),
        ("QR reader", "zbar-tools", lambda: shutil.which("zbarimg")),
        ("library of the PDF engine", "libxrender1", _library("Xrender")),
        ("library of the PDF engine", "libxext6", _library("Xext")),
        ("library of the PDF engine", "libfontconfig1", _library("fontconfig")),
        ("library of the browser's driver", "libatomic1", _library("atomic")),
        (
            "fonts of PDF and browser",
            "fonts-noto-core",
            lambda: glob.glob("/usr/share/fonts/**/NotoSans*", recursive=True),
        ),
        ("virtual environments", "python3-venv", lambda: importlib.util.find_spec("ensurepip")),
    ]
    if packages_browser():
        rows.append(("browser for the demo's check and the tests", "chromium", chromium))
    else:
        rows.append(("library of the browser", "libnss3", _library("nss3")))
    if platform.machine() != pdf.PROCESSOR:
        rows.append(("PDF engine, without the patched Qt", "wkhtmltopdf", lambda: shutil.which("wkhtmltopdf")))
    if own_cluster():
        rows.append(("database server", "postgresql", postgres_bin))
    else:
        rows.append(("database client", "postgresql-client", lambda: shutil.which("psql")))
    if not os.environ.get("ODOO_HOME"):
        rows.append(("to unpack Odoo", "dpkg", lambda: shutil.which("dpkg")))
    return [(purpose, package, bool(found())) for purpose, package, found in rows]


def missing():
    """Return the packages to be installed."""
    return [package for _, package, found in needs() if not found]


class Installed:
    """The result of the set-up's step: there only when no package is missing, whatever was recorded."""

    def exists(self):
        return not missing()


def install():
    """Install the missing packages, or say in one line which ones and how."""
    packages = missing()
    if not packages:
        return
    privileged = [*_privilege(packages), "env", "DEBIAN_FRONTEND=noninteractive"]
    apt = [
        *privileged,
        "apt-get",
        "-y",
        "--no-install-recommends",
        "-o",
        "DPkg::Lock::Timeout=600",
        "-o",
        "Dpkg::Use-Pty=0",
    ]
    output = run([*apt, "install", *packages], log="apt", check=False)
    if missing():
        if "dpkg was interrupted" in output:
            run([*privileged, "dpkg", "--configure", "-a"], log="dpkg")
        run([*apt, "update"], log="apt-update", check=False)  # a foreign source that fails must not stop us
        run([*apt, "install", *packages], log="apt")
    if missing():
        raise Failure(f"apt installed {' '.join(missing())} but it cannot be found: see {place.LOGS}/apt.log")


def _privilege(packages):
    """Return the prefix that makes apt-get run as root."""
    if not shutil.which("apt-get"):
        raise Failure(f"this system has no apt: install by hand what provides {', '.join(packages)}")
    if place.is_root():
        return []
    if shutil.which("sudo"):
        asking = [] if sys.stdin.isatty() else ["-n"]
        if subprocess.run(["sudo", *asking, "-v"], stdin=None, check=False).returncode == 0:
            return ["sudo"]
    raise Failure(
        f"system packages are missing and you may not use sudo: ask for `apt-get install {' '.join(packages)}`"
    )
