"""The demo's mails: a real SMTP server whose mails can be read on a web page."""

import contextlib
import email
import json
import os
import signal
import subprocess
import time
import urllib.request
from email.policy import default as POLICY

from . import node, place
from .server import chosen_port
from .shell import Failure


class Mails:
    """What a running maildev received."""

    def __init__(self, url):
        self.url = url

    def _get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return answer.read()

    def messages(self):
        """Return what was received as ``(envelope recipients, subject, id)``, oldest first."""
        return [
            ([to["address"] for to in mail["envelope"]["to"]], mail.get("subject", ""), mail["id"])
            for mail in json.loads(self._get("/email"))
        ]

    def wait_for(self, recipient, subject="", timeout=90):
        """Return the newest message to ``recipient`` whose subject contains ``subject``; AssertionError without one."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for recipients, found, number in reversed(self.messages()):
                if recipient in recipients and subject in found:
                    return email.message_from_bytes(self._get(f"/email/{number}/source"), policy=POLICY)
            time.sleep(0.3)
        raise AssertionError(f"no mail to {recipient} with {subject!r}; received: {self.messages()}")


class MailDev(Mails):
    """maildev from npm, on 127.0.0.1 only; use as a context manager."""

    def __init__(self):
        self.port = chosen_port("smtp", 2525)
        self.web_port = chosen_port("mails", 8025)
        super().__init__(f"http://127.0.0.1:{self.web_port}")
        self._process = None

    def __enter__(self):
        program = node.module("maildev") / "bin" / "maildev"
        ports = ["--smtp", str(self.port), "--web", str(self.web_port), "--ip", "127.0.0.1", "--web-ip", "127.0.0.1"]
        with open(place.LOGS / "maildev.log", "w") as log:
            self._process = subprocess.Popen(
                [place.VENV / "bin" / "node", program, *ports],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **node.environment()},
                start_new_session=True,
            )
        try:
            self._wait()
        except BaseException:  # Ctrl-C as well: what was started is not left behind
            self.__exit__()
            raise
        return self

    def _wait(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(OSError):
                self._get("/healthz")
                return
            time.sleep(0.1)
        raise Failure(f"the mail server did not start: see {place.LOGS}/maildev.log")

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)  # the wheel's node is a script around the real one
        self._process.wait()
