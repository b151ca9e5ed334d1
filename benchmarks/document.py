"""What our blocks add to the PDF of an invoice: the same invoices, with them and with them switched off.

One server, one customer, invoices of two instalments with a bank account, printed twenty at a time as *Print* does: as
Odoo prints, and without the pause it makes before each print, which hides a part of what we cost.
"""

import contextlib
import os
import time
from concurrent.futures import ThreadPoolExecutor

import requests

from dev import database
from dev.bench import Contest
from dev.rpc import Client
from dev.server import Server
from tests.shop import Shop

TOGETHER = 20
WORKERS = 4
SWITCHES = ("o2c_pay_now_pdf", "o2c_bank_pdf")


@contextlib.contextmanager
def prepare():
    """Give the contest on a running server."""
    name = database.name(f"test_{os.getpid()}_document")
    database.copy(database.addon_template(), name)
    try:
        # Of two workers one prints, and the other may be kept waiting by a connection the printer opened and left idle.
        with Server(name, workers=WORKERS) as server:
            yield _contests(server)
    finally:
        database.drop(name)


def _contests(server):
    client = Client(server.url, server.database)
    shop = Shop(client, server.database)
    client("ir.config_parameter", "set_param", "report.url", server.url)
    [company] = client("res.company", "search_read", [], ["partner_id"], limit=1)
    client("res.partner.bank", "create", {
        "acc_number": "BE71096123456769", "partner_id": company["partner_id"][0], "allow_out_payment": True,
    })
    invoices = shop.invoices(TOGETHER)
    session = _logged_in(server)

    with ThreadPoolExecutor(WORKERS) as pool:  # a worker's first print takes half a second longer, whosever it is
        list(pool.map(lambda _number: _get(session, server, "html", invoices), range(5 * WORKERS)))

    def printed(shown, pause):
        client("ir.config_parameter", "set_param", "report.print_delay", pause)
        client("res.company", "write", [company["id"]], dict.fromkeys(SWITCHES, shown))
        return [_print(session, server, invoices)]

    return [
        Contest(name, lambda pause=pause: printed(True, pause), lambda pause=pause: printed(False, pause), goal,
                other_name="without")
        for name, pause, goal in (("pdf_blocks", "1000", 1.10), ("pdf_blocks_no_pause", "0", 1.15))
    ]


def _logged_in(server):
    session = requests.Session()
    answer = session.post(f"{server.url}/web/session/authenticate", json={"params": {
        "db": server.database, "login": "admin", "password": "admin",
    }}, timeout=60)
    assert answer.json()["result"]["uid"], "cannot log in"
    return session


def _print(session, server, invoices):
    """Return the seconds that printing the invoices took."""
    began = time.perf_counter()
    answer = _get(session, server, "pdf", invoices)
    assert answer.content.startswith(b"%PDF"), answer.text[:200]
    return time.perf_counter() - began


def _get(session, server, kind, invoices):
    ids = ",".join(map(str, invoices))
    return session.get(f"{server.url}/report/{kind}/account.account_invoices/{ids}", timeout=600)
