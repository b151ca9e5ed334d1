"""A running Odoo server, for the demo and for tests from the outside."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.request

from . import odoo, place, steps
from .shell import Failure


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False


_given = set()  # ports this process has promised to servers that may not listen yet


def free_port(first):
    """Return the first port from ``first`` on that is free and was not given away before."""
    port = next(port for port in range(first, first + 500) if port not in _given and is_free(port))
    _given.add(port)
    return port


def chosen_port(purpose, first, wanted=None):
    """Return the port the user wants, the one this checkout used before, or a free one from ``first`` on."""
    if wanted and not is_free(wanted):
        raise Failure(f"port {wanted} is taken by another program: choose another one with --port")
    record = place.CONF / f"ports-{place.CHECKOUT_TAG}.json"
    ports = json.loads(record.read_text()) if record.exists() else {}
    before = ports.get(purpose)
    ports[purpose] = wanted or (before if before and is_free(before) else free_port(first))
    steps.write(record, json.dumps(ports))
    return ports[purpose]


class Server:
    """Odoo serving one database on 127.0.0.1; use as a context manager or call :meth:`stop`."""

    def __init__(self, database, port=None, workers=0, log=None, arguments=(), environment=None, **options):
        """Prepare; nothing runs before :meth:`start`. ``options`` go to the configuration, e.g. ``smtp_port``."""
        self.port = port or free_port(8200 + os.getpid() % 300)
        self.database = database
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = place.LOGS / f"{log or database}-server.log"
        if workers:
            options["gevent_port"] = free_port(self.port + 1)
        self._command = odoo.command(database, *arguments, http_port=self.port, workers=workers, **options)
        self._environment = {**os.environ, **odoo.environment(), **(environment or {})}
        self.process = None

    def start(self, timeout=120):
        """Start and return when pages are served; raise Failure with one line when that does not happen."""
        with open(self.log, "a") as sink:
            self.process = subprocess.Popen(
                self._command,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        try:
            self._wait(timeout)
        except BaseException:  # Ctrl-C as well: what was started is not left behind
            self.stop()
            raise
        return self

    def _wait(self, timeout):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Failure(f"Odoo ended while starting: see {self.log}")
            if self.healthy():
                return
            time.sleep(0.2)
        raise Failure(f"Odoo did not answer within {timeout} s: see {self.log}")

    def healthy(self):
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"{self.url}/web/health?db_server_status=1", timeout=5) as answer,
        ):
            return answer.status == 200
        return False

    def stop(self):
        """End the server and its workers in good order."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
            except BaseException:  # asked to be quick
                self.kill()
                raise

    def kill(self):
        """End the server and all its workers as a power cut would (SIGKILL)."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
