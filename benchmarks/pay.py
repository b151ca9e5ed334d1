"""The pay page and starting a payment, against the invoice page and the payment route of Odoo without this addon.

Both servers have two workers and the same invoice: four instalments, nothing paid. Every request is a visitor's first:
no session, no cookie. The starts each take an invoice of their own, as real payers do.
"""

import contextlib
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from benchmarks._servers import most_queries, two_servers
from dev.bench import Contest, Limit, p95
from dev.rpc import Client
from tests.payers import Payer
from tests.shop import Shop

VISITORS, VISITS, STARTS = 2, 30, 12


@contextlib.contextmanager
def prepare():
    """Give the contests on two running servers, with the addon and without."""
    with two_servers() as (ours, native):
        yield _entries(ours, native)


def _entries(ours, native):
    our_shop, native_shop = (Shop(Client(side.url, side.database), side.database) for side in (ours, native))
    [invoice], [bare] = our_shop.invoices(1), native_shop.invoices(1)
    page = f"{ours.url}/pay/{our_shop.pay_token(invoice)}"
    portal = native.url + native_shop.client("account.move", "preview_invoice", [bare])["url"]
    return [
        Contest("pay_page_p95", lambda: _visit(page), lambda: _visit(portal), 0.6, pick=p95),
        Limit("pay_page_queries", lambda: most_queries(ours, r"/pay/\S+", lambda: _visit(page)), 25),
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
