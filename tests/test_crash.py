"""The power goes between the provider's success and our books: nothing is lost, nothing happens twice."""

import time

from dev import postgres
from dev.rpc import Client

from .payers import Payer, break_booking
from .shop import Shop


def wait_until(question, expected, timeout=45):
    """Ask until the answer is ``expected``."""
    deadline = time.monotonic() + timeout
    while (answer := question()) != expected:
        assert time.monotonic() < deadline, f"{answer} instead of {expected}"
        time.sleep(0.2)


DELAYS = (None, 0.0, 0.05, 0.15, 0.3, 0.6)  # seconds into the booking; None: before it is asked for


def test_killed_between_success_and_booking(start_server, mailbox):
    server = start_server(workers=2)
    shop = Shop(Client(server.url, server.database), server.database)
    for number, (delay, invoice) in enumerate(zip(DELAYS, shop.invoices(len(DELAYS)), strict=True), start=1):
        [(line, cents), _second] = shop.open_lines(invoice)
        token = shop.pay_token(invoice)
        payer = Payer(server, shop.provider_id, shop.method_id)
        payer.open_checkout(token, "next")
        status, reference = payer.start(token, [line], cents)
        assert (status, bool(reference)) == (200, True)
        payer.finish(reference)
        break_booking(server, payer, delay)
        free(shop)
        wait_until(lambda: booked(shop, reference), [["done", "1"]])  # noqa: B023
        wait_until(lambda: [open_cents for _line, open_cents in shop.open_lines(invoice)], [5000])  # noqa: B023
        wait_until(lambda: len(receipts(shop, mailbox)), number)  # noqa: B023
    assert shop.query("SELECT count(*) FROM o2c_payment_allocation WHERE state = 'live'") == [["0"]]


def free(shop):
    """Let what a killed worker had taken be free at once instead of after its lease."""
    shop.query("UPDATE o2c_money_event SET next_at = now() AT TIME ZONE 'UTC' WHERE state = 'pending'")


def booked(shop, reference):
    """Return ``[[state, number of payments]]`` of a transaction; wakes the scheduler, which looks once a minute."""
    postgres.query(f"SELECT pg_notify('cron_trigger', '{shop.database}')", "postgres")
    return shop.query(
        "SELECT tx.state, count(payment.id) FROM payment_transaction tx"
        " LEFT JOIN account_payment payment ON payment.payment_transaction_id = tx.id"
        f" WHERE tx.reference = '{reference}' GROUP BY tx.state"
    )


def receipts(shop, mailbox):
    """Return the distinct Message-IDs of receipts the payer got: a repeated mail has the same one."""
    postgres.query(f"SELECT pg_notify('cron_trigger', '{shop.database}')", "postgres")
    return {str(mail["Message-ID"]) for mail in mailbox.messages if "payer@example.com" in mail.recipients}
