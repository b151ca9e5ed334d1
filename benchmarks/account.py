"""The account page with 200 open items, against Odoo's list of the same invoices; a payment over 500 documents.

Both servers have two workers and the same customer with 100 open invoices of two instalments each. The visitor is
logged in. A payment over 500 documents is compared with one over a single document, on our server; each attempt is
cancelled before the next.
"""

import contextlib
import time

from benchmarks._servers import most_queries, two_servers
from dev.bench import Contest, Limit, p95
from dev.rpc import Client
from tests.payers import Payer
from tests.shop import Shop

INVOICES, VISITS, STARTS, DOCUMENTS = 100, 25, 3, 500


@contextlib.contextmanager
def prepare():
    """Give the contests on two running servers, with the addon and without."""
    with two_servers() as (ours, native):
        yield _entries(ours, native)


def _entries(ours, native):
    our_shop, native_shop = (Shop(Client(side.url, side.database), side.database) for side in (ours, native))
    our_payer, native_payer = (_logged_in(side, shop) for side, shop in ((ours, our_shop), (native, native_shop)))
    return [
        Contest(
            "account_page_p95",
            lambda: _visits(our_payer, "/my/billing"), lambda: _visits(native_payer, "/my/invoices"), 1.0, pick=p95,
        ),
        Limit(
            "account_page_queries",
            lambda: most_queries(ours, "/my/billing", lambda: _visits(our_payer, "/my/billing")), 40,
        ),
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
