"""Shared by the cases that compare a server with the addon with one without."""

import contextlib
import os
import re
import time

from dev import database
from dev.server import Server


@contextlib.contextmanager
def two_servers():
    """Give two running servers with two workers each on fresh databases, with the addon and without."""
    names = [database.name(f"test_{os.getpid()}_{side}") for side in ("ours", "native")]
    database.copy(database.addon_template(), names[0])
    database.copy(database.base_template(), names[1])
    try:
        with Server(names[0], workers=2) as ours, Server(names[1], workers=2) as native:
            yield ours, native
    finally:
        for name in names:
            database.drop(name)


def most_queries(server, path, visit):
    """Return the most queries a visit made, as the server logs them.

    :param path: regular expression of the address that is visited
    :param visit: makes some visits and returns one sample for each
    """
    before = server.log.stat().st_size
    visits = len(visit())
    time.sleep(0.5)  # a line is written after its answer was sent
    with open(server.log) as log:
        log.seek(before)
        found = re.findall(rf'"GET {path} HTTP/[\d.]+" 200 \S+ (\d+) ', log.read())
    assert len(found) == visits, f"{len(found)} visits in the log"
    return max(map(int, found))
