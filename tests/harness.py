"""Fixtures for tests from the outside: real servers on their own databases, real SMTP, a real browser.

A test asks for ``server``; what it needs beyond one worker it starts itself with ``start_server``.
"""

import email
import os
import threading
import time
from email.policy import default as POLICY

import hypothesis
import psutil
import pytest

from dev import database as databases
from dev import postgres
from dev.rpc import Client
from dev.server import Server, free_port
from dev.shell import on_ending
from dev.system import BROWSER_ARGUMENTS, chromium


class MailBox:
    """An SMTP server in this process that keeps what it receives, oldest first."""

    def __init__(self):
        self.messages = []
        self.port = free_port(2500 + os.getpid() % 400)
        self._controller = None

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 (the name aiosmtpd calls)
        message = email.message_from_bytes(envelope.content, policy=POLICY)
        message.recipients = list(envelope.rcpt_tos)
        self.messages.append(message)
        return "250 OK"

    def wait_for(self, recipient, subject="", timeout=30):
        """Return the first message to ``recipient`` whose subject contains ``subject``."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for message in self.messages:
                if recipient in message.recipients and subject in str(message["Subject"]):
                    return message
            time.sleep(0.1)
        seen = [(message.recipients, str(message["Subject"])) for message in self.messages]
        raise AssertionError(f"no mail to {recipient} with {subject!r}; received: {seen}")

    def start(self):
        """Take mail on the port, again after a stop."""
        from aiosmtpd.controller import Controller

        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()
        return self

    def stop(self):
        self._controller.stop()


hypothesis.settings.register_profile("o2c", deadline=None)  # a slow machine is no counterexample
hypothesis.settings.load_profile("o2c")


def _end_through_fixtures(config):
    """Have SIGTERM end the run through the fixtures, which stop what they started, in all its processes."""

    def leave(number):
        if config.pluginmanager.has_plugin("dsession"):
            for worker in psutil.Process().children():
                worker.terminate()
        pytest.exit("told to end", 128 + number)

    if threading.current_thread() is threading.main_thread():
        on_ending(leave)


def pytest_sessionstart(session):
    _end_through_fixtures(session.config)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef, request):
    result = yield
    if fixturedef.argname == "load_http":  # Odoo's server in this process has just taken the signals for itself
        _end_through_fixtures(request.config)
    return result


@pytest.fixture(scope="session")
def template():
    """Return the name of the database with the addon installed that every fresh one is copied from."""
    return os.environ.get("O2C_TEMPLATE") or databases.addon_template()


def copy_template(source, name):
    """Make a database in which it is the same day for all, at whatever hour the tests run."""
    databases.copy(source, name)
    postgres.query("UPDATE res_partner SET tz = 'UTC'", name)


@pytest.fixture
def make_database(template):
    """Return a function that makes a fresh database; all are dropped at the end."""
    made = []

    def make(source=template):
        made.append(databases.name(f"test_{os.getpid()}_{len(made)}"))
        copy_template(source, made[-1])
        return made[-1]

    yield make
    for name in made:
        databases.drop(name)


@pytest.fixture
def mailbox():
    """A running SMTP server."""
    box = MailBox().start()
    yield box
    box.stop()


@pytest.fixture
def start_server(make_database, mailbox):
    """Return a function that starts an Odoo server whose mails go to ``mailbox``; all are ended at the end.

    ``start_server(workers=2)`` serves a fresh database, ``start_server(database=name)`` a given one.
    """
    started = []

    def start(database=None, **options):
        server = Server(database or make_database(), smtp_server="127.0.0.1", smtp_port=mailbox.port, **options)
        started.append(server)
        return server.start()

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def server(start_server):
    """One running server with two workers on a fresh database."""
    return start_server(workers=2)


@pytest.fixture
def client(server):
    """JSON-RPC to ``server`` as the administrator."""
    return Client(server.url, server.database)


@pytest.fixture
def browser():
    """A headless Chromium (playwright)."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium(), args=BROWSER_ARGUMENTS)
        yield found
        found.close()
