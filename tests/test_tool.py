"""The set-up's own promises: it resumes, it is whole or not there, and it fails in one line."""

import os
import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest

from dev import (
    cli,
    database,
    demo,
    doctor,
    odoo_source,
    pdf,
    peers,
    place,
    postgres,
    python_env,
    rpc,
    server,
    setup,
    shell,
    steps,
    system,
    testing,
)

O2C = place.ROOT / "o2c"


@pytest.fixture
def home(tmp_path, monkeypatch):
    for name in ("STAMPS", "CONF", "LOGS"):
        monkeypatch.setattr(place, name, tmp_path / name)
        (tmp_path / name).mkdir()
    monkeypatch.setattr(place, "HOME", tmp_path)
    place.setup_tag.cache_clear()
    yield tmp_path
    place.setup_tag.cache_clear()


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
        (
            'psql: error: connection to server at "127.0.0.1", port 5432 failed: Connection refused\n'
            "\tIs the server running on that host and accepting TCP/IP connections?",
            "PostgreSQL does not answer",
        ),
        (
            'psql: error: connection to server on socket "/run/.s.PGSQL.5432" failed: No such file or directory\n'
            "\tIs the server running locally and accepting connections on that socket?",
            "PostgreSQL does not answer",
        ),
        (
            'psql: error: could not translate host name "db" to address: Temporary failure in name resolution',
            "PostgreSQL does not answer",
        ),
        (
            'psql: error: connection to server at "db" (10.0.0.2), port 5432 failed: Connection timed out\n'
            "\tIs the server running on that host and accepting TCP/IP connections?",
            "PostgreSQL does not answer",
        ),
        (
            'psql: error: connection to server at "127.0.0.1", port 5432 failed: '
            'FATAL:  password authentication failed for user "odoo"',
            "PostgreSQL refuses the user",
        ),
        (
            'psql: error: connection to server at "127.0.0.1", port 5432 failed: fe_sendauth: no password supplied',
            "PostgreSQL refuses the user",
        ),
        (
            'psql: error: connection to server on socket "/run/.s.PGSQL.5432" failed: '
            'FATAL:  role "ada" does not exist',
            "PostgreSQL refuses the user",
        ),
        (
            'psql: error: connection to server on socket "/run/.s.PGSQL.5432" failed: '
            "FATAL:  sorry, too many clients already\nlast",
            "tool failed: last",
        ),
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


# What belongs to one set-up


def test_a_set_up_made_anew_meets_no_database_of_the_one_before(home, monkeypatch):
    """The files of the old databases went with .o2c, so their names must not come again."""
    before = database.name("demo")
    place.setup_tag.cache_clear()
    assert database.name("demo") == before
    (home / "id").unlink()
    place.setup_tag.cache_clear()
    assert database.name("demo") != before
    monkeypatch.setattr(place, "HOME", home / "other" / "machine")
    place.setup_tag.cache_clear()
    assert database.name("demo") != before


def test_a_cluster_elsewhere_goes_with_its_set_up(home, monkeypatch):
    ran = []
    monkeypatch.setattr(postgres, "OUTSIDE", home / "lib")
    monkeypatch.setattr(postgres, "CHOSEN", home / "chosen")
    monkeypatch.setattr(postgres, "_reachable", lambda folder: False)
    monkeypatch.setattr(postgres, "_owned", lambda folder: folder.mkdir(parents=True, exist_ok=True))
    monkeypatch.setattr(postgres, "_as_owner", lambda command: command)
    monkeypatch.setattr(system, "postgres_bin", lambda: "/bin")
    monkeypatch.setattr(postgres, "run", lambda command, **options: ran.append([str(part) for part in command]))
    monkeypatch.setattr(postgres, "_data", lambda: postgres._folder() / "data-15")

    def make():
        ran.clear()
        (home / "id").unlink(missing_ok=True)
        place.setup_tag.cache_clear()
        postgres.CHOSEN.unlink(missing_ok=True)
        (postgres.OUTSIDE / place.setup_tag() / "data-15").mkdir(parents=True)
        postgres.create()
        return postgres._folder()

    first = make()
    (first / "data-15" / "postmaster.pid").touch()
    (postgres.OUTSIDE / "other").mkdir()
    (postgres.OUTSIDE / "other" / postgres.MADE_FOR).write_text("/home/ada/.o2c")
    second = make()
    assert sorted(postgres.OUTSIDE.iterdir()) == sorted([second, postgres.OUTSIDE / "other"])
    assert ["/bin/pg_ctl", "-D", str(first / "data-15"), "-m", "immediate", "stop"] in ran


def test_files_of_dropped_databases_go(home, monkeypatch):
    dropped = []
    monkeypatch.setattr(postgres, "query", lambda sql, *_: dropped.append(sql))
    monkeypatch.setattr(database, "_files", lambda name: home / "filestore" / name)
    monkeypatch.setattr(database, "names", lambda prefix: [])
    prefix, ended = database.name("test_"), subprocess.Popen(["true"])
    ended.wait()
    kept = [place.LOGS / f"{prefix}{os.getpid()}_0-server.log", place.LOGS / "pip.log"]
    gone = [place.LOGS / f"{prefix}{ended.pid}_0-server.log", place.CONF / f"{prefix}{ended.pid}.conf"]
    conf = place.CONF / f"{prefix}{os.getpid()}_1.conf"
    for path in (*kept, *gone, conf):
        path.touch()
    database.drop(conf.stem)
    testing._drop_leftovers()
    assert [path.exists() for path in (*kept, *gone, conf)] == [True, True, False, False, False]


# System packages


@pytest.fixture
def bare(home, monkeypatch):
    """A machine that lacks the first package; return the commands it was told to run."""
    ran, lacking = [], ["chromium"]

    def run(command, log=None, check=True):
        ran.append(command)
        if len(ran) > 1:
            lacking.clear()
        return "dpkg was interrupted"

    monkeypatch.setattr(system, "needs", lambda: [("browser", "chromium", "chromium" not in lacking)])
    monkeypatch.setattr(system, "run", run)
    monkeypatch.setattr(system, "_privilege", lambda packages: ["sudo"])
    monkeypatch.delenv("ODOO_HOME", raising=False)
    return ran


def test_packages_that_are_missing_are_installed_whatever_was_recorded(bare):
    [step] = [step for step in setup.all_steps() if step.name == "system packages"]
    steps.write(step.stamp, step.inputs)
    assert not step.done()
    system.install()
    assert step.done()


def test_dpkg_is_put_right_without_questions(bare):
    system.install()
    assert bare[1] == ["sudo", "env", "DEBIAN_FRONTEND=noninteractive", "dpkg", "--configure", "-a"]


def test_without_postgresql_there_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr(system, "postgres_bin", lambda: None)
    monkeypatch.setattr(system, "own_cluster", lambda: True)
    with pytest.raises(shell.Failure, match=r"^PostgreSQL is not installed: [^\n]*$"):
        postgres.start()


def test_other_processors_take_the_systems_pdf_engine(home, monkeypatch):
    monkeypatch.setattr(pdf.platform, "machine", lambda: "aarch64")
    assert "wkhtmltopdf" in [package for _, package, _ in system.needs()]
    monkeypatch.setattr(system, "missing", lambda: ["wkhtmltopdf"])
    monkeypatch.delenv("ODOO_HOME", raising=False)
    [engine] = [step for step in setup.all_steps() if step.name == "pdf engine"]
    assert "system packages" in engine.after
    monkeypatch.setattr(pdf.platform, "machine", lambda: "x86_64")
    assert "wkhtmltopdf" not in [package for _, package, _ in system.needs()]


# Odoo and Python libraries

MADISON = """
   odoo-19 | 19.0.0+dfsg-1.1 | http://deb.debian.org/debian sid/main amd64 Packages
   odoo-19 | 19.0.0+dfsg-2 | http://deb.debian.org/debian sid/main amd64 Packages
"""


@pytest.mark.parametrize(
    ("offered", "wanted", "kept"),
    [
        (MADISON, "odoo-19", []),
        (f"   odoo-19 | {odoo_source.PINNED} | http://x sid/main all Packages\n{MADISON}",
         f"odoo-19={odoo_source.PINNED}", [f"odoo-19_{odoo_source.PINNED}_all.deb"]),
    ],
)  # fmt: skip
def test_the_pinned_odoo_is_taken_where_it_is_offered_and_no_other_one_is_unpacked(
    home, monkeypatch, offered, wanted, kept,
):  # fmt: skip
    ran = []
    monkeypatch.setattr(odoo_source, "DEBS", home)
    monkeypatch.setattr(odoo_source, "_find_suite", lambda: home / "sources.list")
    monkeypatch.setattr(odoo_source, "run", lambda command, **options: ran.append(command) or offered)
    monkeypatch.setattr(odoo_source, "PINNED", "19.0.0+dfsg-1")
    for version in ("19.0.0+dfsg-1", "19.0.0+dfsg-1.1", "19.0.0+dfsg-2"):
        (home / f"odoo-19_{version}_all.deb").touch()
    odoo_source.download()
    assert wanted in ran[-1]
    assert [path.name for path in home.glob("*.deb")] == kept


def test_what_was_installed_without_the_pins_is_recorded(home, monkeypatch, capsys):
    def run(command, log=None, env=None):
        if "-c" in command:
            (place.LOGS / "pip.log").write_text("ERROR: No matching distribution found for isort==9.0.2")
            raise shell.Failure("python failed")
        return "isort==8.0.1\n" if "freeze" in command else ""

    monkeypatch.setattr(python_env, "run", run)
    monkeypatch.setattr(python_env, "INSTALLED", home / "installed.txt")
    python_env.install()
    assert python_env.INSTALLED.read_text() == "isort==8.0.1\n"
    assert str(python_env.INSTALLED) in capsys.readouterr().out


def test_doctor_says_what_to_do_about_a_wrong_odoo_home(home, monkeypatch, capsys):
    monkeypatch.setenv("ODOO_HOME", str(home))
    monkeypatch.setattr(place, "prepare", lambda: None)
    monkeypatch.setattr(doctor, "_server", lambda: iter(["start the server"]))
    odoo_source.outside.cache_clear()
    assert doctor.report() == 1
    odoo_source.outside.cache_clear()
    printed = capsys.readouterr().out
    assert f"to do: ODOO_HOME={home} holds no Odoo" in printed
    assert "to do: start the server" in printed


# The demo


def test_the_link_of_the_demo_is_one_that_can_be_paid(monkeypatch):
    """The second time the first invoice may be paid; when all are, or nobody may log in, there is a line of text."""
    payable = {"demo_invoice_overdue"}

    class Odoo:
        def __init__(self, url, name):
            self.url = url

        def __call__(self, model, method, *arguments):
            if method == "check_object_reference":
                return [model, arguments[1]]
            if arguments[0][0] not in payable:
                raise rpc.RpcError("Nothing is to be paid.")
            return {"params": {"url": f"{self.url}/pay/{arguments[0][0]}"}}

    monkeypatch.setattr(demo, "Client", Odoo)
    running = SimpleNamespace(url="http://odoo", database="demo")
    assert demo.pay_link(running) == "http://odoo/pay/demo_invoice_overdue"
    payable.clear()
    assert demo.pay_link(running) == "Nothing is to be paid. (./o2c db reset starts over)"
    monkeypatch.setattr(rpc.Client, "_call", lambda *arguments: False)
    monkeypatch.setattr(demo, "Client", rpc.Client)
    assert demo.pay_link(running) == "admin cannot log in (./o2c db reset starts over)"


@pytest.mark.parametrize("present", [set(), {"demo_website"}])
def test_reset_makes_anew_every_demo_there_is(monkeypatch, present):
    made = []
    monkeypatch.setattr(database, "name", lambda purpose: purpose)
    monkeypatch.setattr(database, "exists", lambda name: name in present)
    monkeypatch.setattr(database, "drop", made.append)
    monkeypatch.setattr(demo, "database_ready", lambda website=False: None)
    demo.reset()
    assert made == ["demo", *present]


# Benchmarks


def test_a_peer_is_fetched_once_in_its_version_and_whole_or_not_at_all(home, monkeypatch):
    asked = []

    def pip(command, **_options):
        asked.append(command[-1])
        folder = command[command.index("--target") + 1]
        (folder / "odoo" / "addons").mkdir(parents=True)
        if len(asked) == 1:
            raise shell.Failure("no network")

    monkeypatch.setattr(peers, "run", pip)
    with pytest.raises(shell.Failure):
        peers.install("partner_statement")
    assert peers.install("partner_statement") == peers.install("partner_statement")
    assert asked == [f"odoo-addon-partner-statement=={peers.PINNED['partner_statement']}"] * 2
    [folder] = (home / "peers").glob("partner_statement-*")
    assert peers.install("partner_statement") == [folder / "odoo" / "addons"]
    monkeypatch.setitem(peers.PINNED, "partner_statement", "19.0.9")
    peers.install("partner_statement")
    assert len(asked) == 3
