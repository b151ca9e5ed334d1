"""The account page with 200 open items, against Odoo's list of the same invoices; a payment over 500 documents.

Both servers have two workers and the same customer with 100 open invoices of two instalments each. The visitor is
logged in. A payment over 500 documents is compared with one over a single document, on our server; each attempt is
cancelled before the next.
"""

import contextlib
import os
import re
import time

from dev import database
from dev.bench import Contest, Limit, p95
from dev.rpc import Client
from dev.server import Server
from tests.payers import Payer
from tests.shop import Shop

VISIT = re.compile(r'"GET /my/billing HTTP/[\d.]+" 200 \S+ (\d+) ')
INVOICES, VISITS, STARTS, DOCUMENTS = 100, 25, 3, 500


@contextlib.contextmanager
def prepare():
    """Give the contests on two running servers, with the addon and without."""
    names = [database.name(f"test_{os.getpid()}_{side}") for side in ("ours", "native")]
    database.copy(database.addon_template(), names[0])
    database.copy(database.base_template(), names[1])
    try:
        with Server(names[0], workers=2) as ours, Server(names[1], workers=2) as native:
            yield _entries(ours, native)
    finally:
        for name in names:
            database.drop(name)


def _entries(ours, native):
    our_shop, native_shop = (Shop(Client(side.url, side.database), side.database) for side in (ours, native))
    our_payer, native_payer = (_logged_in(side, shop) for side, shop in ((ours, our_shop), (native, native_shop)))
    return [
        Contest(
            "account_page_p95",
            lambda: _visits(our_payer, "/my/billing"), lambda: _visits(native_payer, "/my/invoices"), 1.0, pick=p95,
        ),
        Limit("account_page_queries", lambda: _queries(ours, our_payer), 40),
        *_starts(our_shop, our_payer),
    ]


def _logged_in(server, shop):
    """Return a payer who is logged in as a contact of the customer, who owes 200 items."""
    shop.invoices(INVOICES)
    shop.portal_user("payer")
    payer = Payer(server, shop.provider_id, shop.method_id)
    payer.log_in("payer", "payer")
    return payer


def _visits(payer, path):
    """Return the seconds each of some visits took."""
    samples = []
    for _visit in range(VISITS):
        began = time.perf_counter()
        answer = payer.session.get(payer.url + path, timeout=60)
        samples.append(time.perf_counter() - began)
        assert answer.status_code == 200, answer.status_code
    return samples


def _queries(server, payer):
    """Return the most queries a visit made, as the server logs them."""
    before = server.log.stat().st_size
    _visits(payer, "/my/billing")
    time.sleep(0.5)
    with open(server.log) as log:
        log.seek(before)
        counts = [int(found[1]) for found in VISIT.finditer(log.read())]
    assert len(counts) == VISITS, f"{len(counts)} visits in the log"
    return max(counts)


def _starts(shop, payer):
    """Return the contest of a payment over many documents and one over a single one."""
    invoices = shop.invoices(DOCUMENTS)
    payer.open_account_checkout(shop.account_group(invoices[0]))
    lines = [shop.open_lines(invoice)[0] for invoice in invoices]
    return [Contest(
        "start_500_documents", lambda: _attempts(shop, payer, lines), lambda: _attempts(shop, payer, lines[:1]), 2.0,
        other_name="one document",
    )]


def _attempts(shop, payer, lines):
    """Return the seconds that starting took, several times; every attempt is cancelled, and none is one too many."""
    samples, cents = [], sum(cents for _line, cents in lines)
    for _attempt in range(STARTS):
        shop.query("DELETE FROM o2c_rate_hit")
        began = time.perf_counter()
        status, reference = payer.start_account([line for line, _cents in lines], cents)
        samples.append(time.perf_counter() - began)
        assert reference, f"the payment was not started: {status}"
        payer.finish(reference, "cancel")
    return samples
