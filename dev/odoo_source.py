"""Odoo 19 itself: the one at ODOO_HOME, an installed one, or Debian's package unpacked (not installed) under .o2c/."""

import os
import re
import shutil
from functools import lru_cache
from pathlib import Path

from . import node, place, steps
from .shell import Failure, run, say

PINNED = "19.0.0+dfsg-1"  # the version this repository was proven with; sid keeps only the newest
PACKAGES = (
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-montserrat",
    "fonts-roboto-unhinted",
    "fonts-ocr-b",
    "fonts-glyphicons-halflings",
    "fonts-dejavu-core",
    "fonts-inconsolata",
)
SUITES = ("sid main", "devel universe main")  # Debian's name for the newest, then Ubuntu's
APT = place.HOME / "apt"
DEBS = place.DOWNLOADS / "odoo"
PACKAGED = Path("usr/lib/python3/dist-packages")


@lru_cache
def outside():
    """Return (folder for PYTHONPATH, its addons folders) of an Odoo that is not ours to download, or None."""
    named = os.environ.get("ODOO_HOME")
    if named:
        return _checked(Path(named).expanduser().resolve())
    for folder in ("/usr/lib/python3/dist-packages", "/opt/odoo"):
        if _series(Path(folder)) == "19.0":
            return _linked(Path(folder))
    return None


def _series(folder):
    """Return the series ('19.0') of the Odoo in ``folder``, or None."""
    release = folder / "odoo" / "release.py"
    if not release.is_file():
        return None
    found = re.search(r"version_info\s*=\s*\((\d+),\s*(\d+)", release.read_text())
    return f"{found[1]}.{found[2]}" if found else None


def _checked(folder):
    for candidate in (folder, folder / PACKAGED):
        series = _series(candidate)
        if series == "19.0":
            addons = [candidate / "addons"] if (candidate / "addons" / "account").is_dir() else []
            return candidate, [*addons, candidate / "odoo" / "addons"]
        if series:
            raise Failure(f"ODOO_HOME={folder} holds Odoo {series}: point it at an Odoo 19.0, or unset it")
    raise Failure(
        f"ODOO_HOME={folder} holds no Odoo (no odoo/release.py): point it at an Odoo 19.0 checkout, or unset it"
    )


def _linked(folder):
    """Give an installed Odoo a folder of its own on the path, so that the system's libraries stay off it."""
    link = place.HOME / "installed" / "odoo"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(folder / "odoo")
    return link.parent, [folder / "odoo" / "addons"]


def location():
    """Return (folder for PYTHONPATH, addons folders) of the Odoo in use."""
    packaged = place.ODOO / PACKAGED
    return outside() or (packaged, [packaged / "odoo" / "addons"])


def version():
    """Return what tells one Odoo from another: the Debian version, or the release and place of a foreign one."""
    if outside():
        return place.digest(outside()[0], outside()[0] / "odoo" / "release.py")
    return (place.STAMPS / "odoo package").read_text()


# --- download -------------------------------------------------------------------------------------------------------


def inputs():
    return place.digest("odoo", PINNED, *PACKAGES)


def download():
    """Fetch the Debian packages with an apt state of our own, from the mirror this machine already uses."""
    DEBS.mkdir(parents=True, exist_ok=True)
    options = _apt_options(_find_suite())
    if PINNED in _versions(run(["apt-cache", *options, "madison", "odoo-19"])):
        wanted, kept = f"odoo-19={PINNED}", f"odoo-19_{PINNED}_all.deb"
    else:
        say(f"odoo-19 {PINNED} is no longer in the suite: taking the version that is")
        wanted, kept = "odoo-19", None
    for old in DEBS.glob("odoo-19_*"):
        if old.name != kept:  # what lies there is unpacked
            old.unlink()
    run(["apt-get", *options, "download", wanted, *PACKAGES], cwd=DEBS, log="odoo-download")


def _versions(madison):
    """Return the versions in the output of ``apt-cache madison``: package | version | archive."""
    rows = [line.split("|") for line in madison.splitlines()]
    return {row[1].strip() for row in rows if len(row) > 2}


def _apt_options(sources):
    options = {
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": APT / "lists",
        "Dir::Cache": APT / "cache",
        "APT::Update::Error-Mode": "any",
        "Acquire::Retries": "2",
        "Acquire::Languages": "none",
    }
    if place.is_root():
        options["APT::Sandbox::User"] = "root"
    return [part for name, value in options.items() for part in ("-o", f"{name}={value}")]


def _mirrors():
    """Return the archives this machine installs from, the one the user names first."""
    named = os.environ.get("O2C_DEBIAN_MIRROR")
    sites = run(["apt-get", "indextargets", "--format", "$(SITE)"]).split()
    return list(dict.fromkeys(filter(None, [named, *(site for site in sites if "security" not in site)])))


def _find_suite():
    """Return a sources file whose suite holds odoo-19."""
    for folder in (APT / "lists" / "partial", APT / "cache" / "archives" / "partial"):
        folder.mkdir(parents=True, exist_ok=True)
    keyring = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
    problem = ""
    for suite in SUITES:
        signed = f"[signed-by={keyring}] " if keyring.exists() and suite.startswith("sid") else ""
        for mirror in _mirrors():
            sources = APT / "sources.list"
            steps.write(sources, f"deb {signed}{mirror} {suite}\n")
            try:
                run(["apt-get", *_apt_options(sources), "update"], log="odoo-suite")
            except Failure as error:
                problem = problem or str(error)
                continue
            if "odoo-19" in run(["apt-cache", *_apt_options(sources), "search", "--names-only", "^odoo-19$"]):
                return sources
    if problem.startswith(("no network", "disk full")):
        raise Failure(problem)
    raise Failure(
        "the package odoo-19 is in none of this machine's apt archives: set O2C_DEBIAN_MIRROR to a Debian "
        "mirror, or ODOO_HOME to an Odoo 19.0 you have"
    )


# --- unpack ---------------------------------------------------------------------------------------------------------


def unpack():
    """Unpack the packages into one folder; nothing is installed."""
    with steps.building(place.ODOO) as folder:
        for package in sorted(DEBS.glob("*.deb")):
            run(["dpkg", "-x", package, folder], log="odoo-unpack")
    found = next(DEBS.glob("odoo-19_*.deb")).name.split("_")[1]
    steps.write(place.STAMPS / "odoo package", found)
    if found != PINNED:
        say(f"note: this is odoo-19 {found}; the repository was proven with {PINNED}")


def complete():
    """Add the files the package links to or lacks, from pinned npm packages; no link may point nowhere."""
    share = place.ODOO / "usr" / "share"
    awesome = share / "fonts-font-awesome" / "fonts"
    shutil.copytree(node.module("font-awesome") / "fonts", awesome, dirs_exist_ok=True)
    inconsolata = share / "fonts" / "truetype" / "inconsolata" / "Inconsolata.otf"
    inconsolata.parent.mkdir(parents=True, exist_ok=True)
    if not inconsolata.exists():
        regular = share / "fonts" / "opentype" / "inconsolata" / "Inconsolata-Regular.otf"
        shutil.copy(regular, inconsolata)
    lacking = place.ODOO / PACKAGED / "odoo/addons/mail/static/lib/selfie_segmentation"
    lacking.mkdir(parents=True, exist_ok=True)
    shutil.copy(node.module("@mediapipe/selfie_segmentation") / "selfie_segmentation.js", lacking)
    links = (path for path in place.ODOO.rglob("*") if path.is_symlink() and share / "doc" not in path.parents)
    broken = [path for path in links if not path.exists()]
    if broken:
        raise Failure(
            f"Odoo's package links to files that are missing, first {broken[0]}: point ODOO_HOME at an Odoo 19.0"
        )
