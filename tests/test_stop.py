"""Whoever is told to end ends in good order: nothing that was started stays behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from dev import maildev, place, server, shell, steps

# Two that hold a server, which is a session of its own as Odoo's is: a benchmark, and a fixture of a test.
BENCHMARK = """
import pathlib, subprocess, time
from dev import shell

shell.leave_in_order()
server = subprocess.Popen(["sleep", "100"], start_new_session=True)
try:
    pathlib.Path("started").write_text(f"{server.pid}\\n")
    time.sleep(100)
finally:
    server.kill()
"""
TEST = """
import os, pathlib, signal, subprocess, time
import pytest

@pytest.fixture(scope="session", autouse=True)
def load_http():
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # as the server does that runs beside the tests

@pytest.fixture
def server(load_http):
    server = subprocess.Popen(["sleep", "100"], start_new_session=True)
    yield server
    server.kill()

def test_long(server):
    pathlib.Path("started").write_text(f"{server.pid}\\n")
    try:
        time.sleep(100)
    except Exception:
        pass
"""
PARENT = """
import sys
from dev import shell

shell.leave_in_order()
shell.foreground(sys.argv[1:])
"""
PYTEST = ["-m", "pytest", "-q", "-p", "no:odoo", "-p", "no:cacheprovider", "-p", "tests.harness", "-c", "/dev/null"]


def wait_for(answer, timeout=60):
    """Return what ``answer`` gives as soon as that is true."""
    deadline = time.monotonic() + timeout
    while not (found := answer()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def ended(pid):
    """Tell whether a process has ended; it may still wait to be collected."""
    try:
        return "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.parametrize(
    ("tell", "number"),
    # the command alone; its whole group, so the child twice; Ctrl-C
    [(os.kill, signal.SIGTERM), (os.killpg, signal.SIGTERM), (os.killpg, signal.SIGINT)],
)
@pytest.mark.parametrize("options", [None, [], ["-n", "1"]], ids=["benchmark", "test", "test in another process"])
def test_nothing_is_left_when_the_command_is_told_to_end(tmp_path, options, tell, number):
    program, started = tmp_path / "test_program.py", tmp_path / "started"
    program.write_text(BENCHMARK if options is None else TEST)
    arguments = [] if options is None else [*PYTEST, *options]
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, sys.executable, *arguments, program], cwd=tmp_path, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": f"{place.ROOT}:{os.environ.get('PYTHONPATH', '')}"},
    ) as parent:  # fmt: skip
        holder = wait_for(lambda: started.exists() and started.read_text().strip())
        tell(parent.pid, number)
        assert parent.wait(40) in (128 + number, -number)
    wait_for(lambda: ended(holder))


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_a_server_whose_start_is_interrupted_is_ended(tmp_path, monkeypatch, error):
    def interrupted(self):
        raise error

    monkeypatch.setattr(place, "LOGS", tmp_path)
    monkeypatch.setattr(server.odoo, "command", lambda *arguments, **options: ["sleep", "100"])
    monkeypatch.setattr(server.odoo, "environment", dict)
    monkeypatch.setattr(server.Server, "healthy", interrupted)
    odoo = server.Server("none", port=1)
    with pytest.raises(error):
        odoo.start()
    assert odoo.process.poll() is not None


def test_a_mail_server_whose_start_is_interrupted_is_ended(tmp_path, monkeypatch):
    def interrupted(self, path):
        raise KeyboardInterrupt

    node = tmp_path / "bin" / "node"
    node.parent.mkdir()
    node.symlink_to("/bin/sh")
    program = tmp_path / "bin" / "maildev"
    program.write_text("sleep 100")
    monkeypatch.setattr(place, "LOGS", tmp_path)
    monkeypatch.setattr(place, "VENV", tmp_path)
    monkeypatch.setattr(maildev.node, "module", lambda name: tmp_path)
    monkeypatch.setattr(maildev, "chosen_port", lambda purpose, first: first)
    monkeypatch.setattr(maildev.Mails, "_get", interrupted)
    mails = maildev.MailDev()
    with pytest.raises(KeyboardInterrupt):
        mails.__enter__()
    assert mails._process.poll() is not None


def test_a_step_starts_nothing_more_once_another_one_failed(tmp_path, monkeypatch):
    begun, failed, second = threading.Event(), threading.Event(), []

    def fail():
        begun.wait()
        raise shell.Failure("broken")

    def work():
        begun.set()
        failed.wait()
        second.append(shell.run(["echo", "begun"]))

    def stop_children():
        shell.stop_children()
        failed.set()

    monkeypatch.setattr(place, "STAMPS", tmp_path)
    monkeypatch.setattr(steps, "stop_children", stop_children)
    with pytest.raises(shell.Failure, match="broken"):
        steps.run_all([steps.Step("first", fail, "1"), steps.Step("second", work, "1")])
    assert second == []
    assert shell.run(["echo", "again"]) == "again\n"


def test_a_child_that_belongs_to_root_does_not_keep_the_others_alive(monkeypatch):
    class Sudo:
        def terminate(self):
            raise PermissionError

    class Child:
        ended = False

        def terminate(self):
            self.ended = True

    children = [Sudo(), Child(), Sudo()]
    monkeypatch.setattr(shell, "_children", children)
    shell.stop_children()
    shell.resume()
    assert children[1].ended
