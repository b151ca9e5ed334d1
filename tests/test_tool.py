"""The set-up's own promises: it resumes, it is whole or not there, and it fails in one line."""

import os
import socket
import subprocess
import sys

import pytest

from dev import cli, demo, odoo_source, place, postgres, server, setup, shell, steps, system

O2C = place.ROOT / "o2c"


@pytest.fixture
def home(tmp_path, monkeypatch):
    for name in ("STAMPS", "CONF", "LOGS"):
        monkeypatch.setattr(place, name, tmp_path / name)
        (tmp_path / name).mkdir()
    monkeypatch.setattr(place, "HOME", tmp_path)
    return tmp_path


def test_a_step_runs_once_and_again_only_when_its_inputs_change_or_its_result_is_gone(home):
    ran = []

    def make():
        ran.append(1)
        (home / "result").touch()

    steps.run_all([steps.Step("part", make, "1", result=home / "result")])
    steps.run_all([steps.Step("part", make, "1", result=home / "result")])
    assert len(ran) == 1
    steps.run_all([steps.Step("part", make, "2", result=home / "result")])
    assert len(ran) == 2
    (home / "result").unlink()
    steps.run_all([steps.Step("part", make, "2", result=home / "result")])
    assert len(ran) == 3


def test_a_step_that_fails_is_not_recorded_and_what_hangs_on_it_does_not_run(home):
    ran = []

    def fail():
        raise shell.Failure("no network")

    with pytest.raises(shell.Failure, match="no network"):
        steps.run_all([
            steps.Step("first", fail, "1"), steps.Step("second", lambda: ran.append(1), "1", ("first",)),
        ])  # fmt: skip
    assert ran == []
    assert list(place.STAMPS.iterdir()) == []


def test_an_interrupted_step_forgets_that_it_was_once_done(home):
    step = steps.Step("part", lambda: None, "1")
    step.do()

    def killed():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        steps.Step("part", killed, "2").do()
    assert not step.done()


def test_a_folder_appears_whole_or_not_at_all(home):
    target = home / "folder"
    with steps.building(target) as fresh:
        (fresh / "first").touch()
        assert not target.exists()
    with pytest.raises(RuntimeError, match="half way"), steps.building(target) as fresh:  # noqa: PT012
        (fresh / "second").touch()
        raise RuntimeError("half way")
    assert [path.name for path in target.iterdir()] == ["first"]


@pytest.mark.parametrize(
    ("output", "line"),
    [
        ("dpkg: error: cannot copy: No space left on device", "disk full"),
        ("E: Could not resolve 'mirror.example'", "no network"),
        ("urllib3.exceptions.NewConnectionError: refused", "no network"),
        ("npm error code ENOTFOUND", "no network"),
        ("E: Could not get lock /var/lib/dpkg/lock", "another package manager"),
        ('psql: error: connection to server at "db" failed', "PostgreSQL does not answer"),
        ("createdb: error: permission denied to create database", "may not create databases"),
    ],
)
def test_known_failures_say_what_happened_and_what_to_do(output, line):
    found = shell.explain(f"first\n{output}\nlast", ["tool"])
    assert found.startswith(line) or line in found
    assert "\n" not in found


def test_an_unknown_failure_shows_its_last_line_and_where_the_rest_is(home):
    with pytest.raises(shell.Failure, match=r"^sh failed: broken \(all of it: .*/part.log\)$"):
        shell.run(["sh", "-c", "echo fine; echo broken; exit 3"], log="part")


def test_a_taken_port_is_refused_and_a_free_one_is_remembered(home):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        with pytest.raises(shell.Failure, match=f"port {number} is taken by another program"):
            server.chosen_port("odoo", 8069, number)
        assert server.chosen_port("odoo", number) != number
    first = server.chosen_port("odoo", 18069)
    assert server.chosen_port("odoo", 19069) == first


def test_the_socket_moves_where_its_path_fits(home, monkeypatch):
    deep = home / ("x" * 90)
    deep.mkdir()
    monkeypatch.setattr(postgres, "CHOSEN", home / "chosen")
    postgres.CHOSEN.write_text(str(deep))
    assert len(f"{postgres._socket()}/.s.PGSQL.5432") <= postgres.SOCKET_LIMIT
    assert str(postgres._socket()) != str(deep / "run")


@pytest.mark.parametrize(
    ("release", "line"),
    [
        (None, "holds no Odoo"),
        ("version_info = (18, 0, 0, FINAL, 0, '')", "holds Odoo 18.0"),
    ],
)
def test_a_wrong_odoo_home_is_refused(home, monkeypatch, release, line):
    if release:
        (home / "odoo").mkdir()
        (home / "odoo" / "release.py").write_text(release)
    monkeypatch.setenv("ODOO_HOME", str(home))
    odoo_source.outside.cache_clear()
    with pytest.raises(shell.Failure, match=line):
        odoo_source.outside()
    odoo_source.outside.cache_clear()


def test_a_browser_that_is_a_snap_will_not_do(tmp_path, monkeypatch):
    """Ubuntu's package is a script that leads to the snap; a real browser further on is taken, else our own."""
    stub = tmp_path / "chromium-browser"
    stub.write_text("#!/bin/sh\nexec /snap/bin/chromium\n")
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(place, "BROWSER", tmp_path / "ours")
    assert system.chromium() is None
    place.BROWSER.touch()
    assert system.chromium() == str(place.BROWSER)
    real = tmp_path / "google-chrome"
    real.write_bytes(b"\x7fELF")
    real.chmod(0o755)
    assert system.chromium() == str(real)


def test_the_command_fails_in_one_line(tmp_path):
    found = subprocess.run(
        [sys.executable, O2C, "test", "--fast"], env={**os.environ, "ODOO_HOME": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.returncode == 1
    assert found.stdout == ""
    assert found.stderr.count("\n") == 1
    assert found.stderr.startswith(f"o2c: ODOO_HOME={tmp_path} holds no Odoo")


def test_demo_takes_the_options_it_reads(monkeypatch):
    """The parser and the action agree: a demo with and without the website reaches its driver."""
    calls = []
    monkeypatch.setattr(setup, "ensure", lambda: None)
    monkeypatch.setattr(demo, "check", lambda *arguments: calls.append(arguments))
    for words in (["demo", "--check"], ["demo", "--check", "--website", "--port", "8070"]):
        options = cli._parser().parse_args(words)
        options.action(options)
    assert calls == [(None, False), (8070, True)]
