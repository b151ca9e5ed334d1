"""The program that turns HTML into PDF, run beside the caller: nothing here touches the database."""

import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PROCESSES = 2  # at once, for each Odoo process; more would take the processor from those who work at the screen

_pool = ThreadPoolExecutor(PROCESSES, thread_name_prefix="o2c-pdf")


def start(program, arguments, pages, header=None, footer=None):
    """Print pages into one PDF; return at once with a future of ``(exit code, messages, content)``.

    :param list arguments: options of the program, without files
    :param list pages: HTML documents; ``header`` and ``footer`` hold those of all pages
    """
    return _pool.submit(_print, program, arguments, pages, header, footer)


def _print(program, arguments, pages, header, footer):
    with tempfile.TemporaryDirectory(prefix="o2c_print_") as folder:
        command = [program, *arguments]
        for option, html in (("header", header), ("footer", footer)):
            if html:
                command += [f"--{option}-html", _write(folder, f"report.{option}.tmp.html", html)]
        # the script that picks the header of a page looks for its number at this place of the name
        command += [_write(folder, f"report.body.tmp.{number}.html", html) for number, html in enumerate(pages)]
        printed = Path(folder, "report.pdf")
        done = subprocess.run([*command, printed], capture_output=True, text=True, check=False)
        return done.returncode, done.stderr, printed.read_bytes() if printed.exists() else b""


def _write(folder, name, html):
    path = Path(folder, name)
    path.write_bytes(html.encode())
    return str(path)
