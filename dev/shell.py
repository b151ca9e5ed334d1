"""Run commands; a failure becomes one line that says what happened and what to do."""

import contextlib
import os
import re
import subprocess
import threading
import time

from . import place

held_locks = set()  # file descriptors the children keep open: a lock lasts until the last of them ends
_children = set()
_guard = threading.Lock()
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
        r"Could not resolve|Temporary failure (in name resolution|resolving)|Network is unreachable|Could not connect"
        r"|NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError"
        r"|Connection timed out|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED"
        r"|ECONNRESET|Connection refused|ProxyError|No route to host",
        f"no network: a package registry cannot be reached; check the connection or the proxy, then {AGAIN}",
    ),
    (
        r"could not translate host name|could not connect to server|connection to server .* failed",
        "PostgreSQL does not answer: start the server that PGHOST names, or unset PGHOST to use a private one",
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
        finally:
            _children.discard(child)
        if sink:
            sink.seek(0)
            output = sink.read()
    if check and child.returncode:
        raise Failure(explain(output, command, path))
    return output


def stop_children():
    """End what :func:`run` still has running."""
    with _guard:
        for child in list(_children):
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
