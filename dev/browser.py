"""A headless Chromium from npm where the system's own (Ubuntu's) is a snap, which does not see the files of tests."""

import platform
import shutil

from . import node, place, steps
from .shell import Failure, run

SOURCE = place.ROOT / "dev" / "browser"
PACKED = "@sparticuz/chromium/bin/chromium.br"
UNPACK = 'const {brotliDecompressSync: b} = require("zlib"), f = require("fs"), [from, to] = process.argv.slice(1);' \
    "f.writeFileSync(to, b(f.readFileSync(from)), {mode: 0o755})"


def inputs():
    return place.digest("browser", *(SOURCE / name for name in node.FILES))


def install():
    """Put a browser at ``place.BROWSER``."""
    if platform.machine() != "x86_64":
        raise Failure("a Chromium that is not a snap is needed, and none is known for this processor: install one")
    with steps.building(place.BROWSER.parent) as folder:
        packages = folder / "npm"
        node.install(SOURCE, packages)
        program = [place.VENV / "bin" / "node", "-e", UNPACK]
        run([*program, packages / "node_modules" / PACKED, folder / place.BROWSER.name], env=node.environment())
        shutil.rmtree(packages)
