"""The power goes between the provider's success and our books: nothing is lost, nothing happens twice."""

import contextlib
import threading
import time

import pytest

from .harness import Client
from .payers import Payer
from .shop import Shop


def wait_until(question, expected, timeout=60):
    """Ask until the answer is ``expected``."""
    deadline = time.monotonic() + timeout
    while (answer := question()) != expected:
        assert time.monotonic() < deadline, f"{answer} instead of {expected}"
        time.sleep(0.2)


@pytest.mark.parametrize("delay", [None, 0.0, 0.05, 0.15, 0.3, 0.6])
def test_killed_between_success_and_booking(start_server, mailbox, delay):
    """``delay`` seconds into the booking; ``None``: before it is asked for."""
    server = start_server(workers=2)
    shop = Shop(Client(server), server.database)
    [invoice] = shop.invoices(1)
    [(line, cents), _second] = shop.open_lines(invoice)
    token = shop.pay_token(invoice)
    payer = Payer(server, shop.provider_id, shop.method_id)
    payer.open_checkout(token, "next")
    status, reference = payer.start(token, [line], cents)
    assert (status, bool(reference)) == (200, True)
    payer.finish(reference)
    if delay is not None:
        threading.Thread(target=_poll_quietly, args=(payer,), daemon=True).start()
        time.sleep(delay)
    server.kill()

    server.start()
    wait_until(lambda: shop.query(
        "SELECT tx.state, count(payment.id) FROM payment_transaction tx"
        " LEFT JOIN account_payment payment ON payment.payment_transaction_id = tx.id"
        f" WHERE tx.reference = '{reference}' GROUP BY tx.state"
    ), [["done", "1"]])
    wait_until(lambda: [open_cents for _line, open_cents in shop.open_lines(invoice)], [5000])
    assert shop.query("SELECT count(*) FROM o2c_payment_allocation WHERE state = 'live'") == [["0"]]
    receipt = mailbox.wait_for("payer@example.com", timeout=60)
    assert "50" in receipt.get_body(("html",)).get_content()
    assert len({str(message["Message-ID"]) for message in mailbox.messages
                if "payer@example.com" in message.recipients}) == 1


def _poll_quietly(payer):
    with contextlib.suppress(OSError, ValueError):  # the server is killed under this request, on purpose
        payer.poll()
