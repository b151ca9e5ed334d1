"""The pay page and starting a payment, against the invoice page and the payment route of Odoo without this addon.

Both servers have two workers and the same invoice: four instalments, nothing paid. Every request is a visitor's first:
no session, no cookie. The starts each take an invoice of their own, as real payers do.
"""

import contextlib
import os
import re
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from dev import database
from dev.bench import Contest, Limit, p95
from dev.rpc import Client
from dev.server import Server
from tests.payers import Payer
from tests.shop import Shop

VISITORS, VISITS, STARTS = 2, 30, 12


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
    [invoice], [bare] = our_shop.invoices(1), native_shop.invoices(1)
    page = f"{ours.url}/pay/{our_shop.pay_token(invoice)}"
    portal = native.url + native_shop.client("account.move", "preview_invoice", [bare])["url"]
    return [
        Contest("pay_page_p95", lambda: _visit(page), lambda: _visit(portal), 0.6, pick=p95),
        Limit("pay_page_queries", lambda: _queries(ours, page), 25),
        Contest("start_payment", _starter(ours, our_shop), _native_starter(native, native_shop), 1.0),
    ]


def _visit(address):
    """Return the seconds each of many first visits took."""

    def one(_):
        began = time.perf_counter()
        with urllib.request.urlopen(address, timeout=60) as answer:
            answer.read()
        return time.perf_counter() - began

    with ThreadPoolExecutor(VISITORS) as pool:
        return list(pool.map(one, range(VISITS)))


def _queries(server, address):
    """Return the most queries a visit made, as the server logs them."""
    before = server.log.stat().st_size
    _visit(address)
    time.sleep(0.5)
    with open(server.log) as log:
        log.seek(before)
        counts = [int(found[1]) for found in re.finditer(r'"GET /pay/\S+ HTTP/[\d.]+" 200 \S+ (\d+) ', log.read())]
    assert len(counts) == VISITS, f"{len(counts)} visits in the log"
    return max(counts)


def _starter(server, shop):
    """Return a round of payments begun on our page."""
    payer = Payer(server, shop.provider_id, shop.method_id)
    payer.open_checkout(shop.pay_token(shop.invoices(1)[0]))

    def side():
        return [
            _timed(payer.start, shop.pay_token(invoice), lines[:1], cents)
            for invoice in shop.invoices(STARTS)
            for lines, cents in [_first(shop, invoice)]
        ]

    return side


def _native_starter(server, shop):
    """Return a round of payments begun on Odoo's own invoice page, over the same amount."""
    payer = Payer(server, shop.provider_id, shop.method_id)

    def side():
        samples = []
        for invoice in shop.invoices(STARTS):
            shop.client("account.move", "preview_invoice", [invoice])  # gives the invoice its access token
            [found] = shop.client("account.move", "read", [invoice], ["access_token"])
            _lines, cents = _first(shop, invoice)
            samples.append(_timed(payer.start_native, invoice, found["access_token"], cents / 100))
        return samples

    return side


def _first(shop, invoice):
    lines = shop.open_lines(invoice)
    return [line for line, _cents in lines], lines[0][1]


def _timed(start, *arguments):
    began = time.perf_counter()
    status, reference = start(*arguments)
    seconds = time.perf_counter() - began
    assert reference, f"the payment was not started: {status}"
    return seconds
