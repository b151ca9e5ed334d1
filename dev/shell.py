"""Run commands; a failure becomes one line that says what happened and what to do."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time

from . import place

held_locks = set()  # file descriptors the children keep open: a lock lasts until the last of them ends
ENDINGS = (signal.SIGTERM, signal.SIGHUP)
GRACE = 30  # seconds a child gets to tidy up
_children = set()
_guard = threading.Lock()
_stopping = threading.Event()
_started = time.monotonic()


class Failure(Exception):
    """Something foreseeable went wrong; the message is the one line shown to the user."""


AGAIN = "run the same command again, what is finished is kept"
# (what the output says, the one line); the first match wins
KNOWN = [
    (
        r"No space left on device|ENOSPC|Disk quota exceeded",
        f"disk full: free about 5 GB on the disk of {place.ROOT}, then {AGAIN}",
    ),
    (
        r"dpkg was interrupted",
        "an earlier system installation was interrupted: run `dpkg --configure -a`, then try again",
    ),
    (
        r"Could not get lock|Unable to acquire the dpkg",
        f"another package manager is running: wait for it, then {AGAIN}",
    ),
    (
        r"NO_PUBKEY|is not signed|unauthenticated",
        "apt cannot verify the archive: install the package debian-archive-keyring, then " + AGAIN,
    ),
    (
        r"password authentication failed|no password supplied|authentication failed for user"
        r"|FATAL: +role .* does not exist|no pg_hba.conf entry",
        "PostgreSQL refuses the user: check PGUSER and PGPASSWORD, or unset PGHOST to use a private server",
    ),
    (
        r"could not translate host name|could not connect to server|connection to server .* failed: (?!FATAL)",
        "PostgreSQL does not answer: start the server that PGHOST names, or unset PGHOST to use a private one",
    ),
    (
        r"Could not resolve|Temporary failure (in name resolution|resolving)|Network is unreachable|Could not connect"
        r"|NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError"
        r"|Connection timed out|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED"
        r"|ECONNRESET|Connection refused|ProxyError|No route to host",
        f"no network: a package registry cannot be reached; check the connection or the proxy, then {AGAIN}",
    ),
    (
        r"permission denied to create database|must be (able to|owner|superuser)",
        "the PostgreSQL user may not create databases: grant it CREATEDB, or unset PGHOST to use a private server",
    ),
]


def say(message):
    """Print one progress line with the seconds since the start."""
    print(f"[{time.monotonic() - _started:4.0f} s] {message}", flush=True)


def explain(output, command, log=None):
    """Return the one line for a failed command with this output."""
    for pattern, line in KNOWN:
        if re.search(pattern, output, re.IGNORECASE):
            return line
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    last = lines[-1][:200] if lines else "no output"
    where = f" (all of it: {log})" if log else ""
    return f"{os.path.basename(str(command[0]))} failed: {last}{where}"


def run(command, log=None, env=None, cwd=None, stdin=None, check=True, daemon=False):
    """Run ``command`` and return what it printed; raise Failure with one line when it fails.

    ``log`` names a file under .o2c/log that receives the output as it comes. ``env`` is added to the environment.
    A ``daemon`` leaves processes behind that must not hold the set-up's lock.
    """
    command = [str(part) for part in command]
    path = place.LOGS / f"{log}.log" if log else None
    with open(path, "w+", errors="replace") if path else contextlib.nullcontext() as sink:
        try:
            with _guard:
                if _stopping.is_set():
                    raise Failure("stopped")
                child = subprocess.Popen(
                    command,
                    stdout=sink or subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    errors="replace",
                    stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
                    env={**os.environ, **(env or {})},
                    cwd=cwd,
                    pass_fds=() if daemon else tuple(held_locks),
                )
                _children.add(child)
        except FileNotFoundError as error:
            raise Failure(f"{command[0]} is not installed: run ./o2c doctor") from error
        try:
            output, _ = child.communicate(stdin)
        except BaseException:  # told to end: the child must not go on alone
            _end(child)
            raise
        finally:
            _children.discard(child)
        if sink:
            sink.seek(0)
            output = sink.read()
    if check and child.returncode:
        raise Failure(explain(output, command, path))
    return output


def stop_children():
    """End what :func:`run` still has running, and let it start nothing more before :func:`resume`."""
    with _guard:
        _stopping.set()
        for child in list(_children):
            _terminate(child)


def resume():
    """Let :func:`run` start commands again; for when the threads that were to end have ended."""
    _stopping.clear()


def _terminate(child):
    with contextlib.suppress(ProcessLookupError, PermissionError):  # the latter: sudo, which belongs to root
        child.terminate()


def _end(child):
    """Ask a child to end and wait; after the grace it is ended."""
    _terminate(child)
    with contextlib.suppress(subprocess.TimeoutExpired, PermissionError):
        try:
            child.wait(GRACE)
        finally:
            child.kill()


def foreground(command, env=None, **options):
    """Run ``command`` on this terminal and return its exit status; when we are to end, it tidies up first.

    Ctrl-C reaches it from the terminal by itself; any other order to end is passed on as SIGTERM. ``env`` is added to
    the environment, ``options`` are those of Popen.
    """
    child = subprocess.Popen([str(part) for part in command], env={**os.environ, **(env or {})}, **options)
    try:
        return child.wait()
    except KeyboardInterrupt:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(GRACE)
        raise
    finally:
        if child.poll() is None:
            _end(child)


def on_ending(leave):
    """Call ``leave(number)`` on the first SIGTERM or SIGHUP; later ones must not break into the tidying up."""

    def handle(number, _frame):
        for ending in ENDINGS:
            signal.signal(ending, lambda *_: None)  # not SIG_IGN, which children would inherit
        leave(number)

    for ending in ENDINGS:
        signal.signal(ending, handle)


def leave_in_order():
    """Have SIGTERM and SIGHUP end this program through the same doors as Ctrl-C: no child stays behind."""
    on_ending(lambda number: sys.exit(128 + number))
