"""Two clerks correct one invoice, or a payer pays it while a clerk corrects it: one correction, and no cent astray."""

import contextlib
import re
from concurrent.futures import ThreadPoolExecutor

from dev import postgres
from dev.rpc import Client, RpcError

from .payers import Payer
from .shop import Shop
from .test_crash import wait_until

CLERKS, ROUNDS, PAID_ROUNDS = 4, 3, 4
TOLD = re.compile("was corrected already|is being changed by somebody else|is under way")


def test_clerks_never_correct_an_invoice_twice(server, client):
    shop = Shop(client, server.database)
    clerks = [Client(server.url, server.database) for _clerk in range(CLERKS)]
    held, *invoices = shop.invoices(1 + ROUNDS)
    wizard = cheaper(client, held)
    with holding(shop, held):
        assert "is being changed by somebody else" in correct(client, wizard)
    assert correct(client, wizard) == ""
    for invoice in invoices:
        wizards = [cheaper(clerk, invoice) for clerk in clerks]
        with ThreadPoolExecutor(CLERKS) as pool:
            told = list(pool.map(correct, clerks, wizards))
        assert told.count("") == 1, told
        assert all(TOLD.search(text) for text in told if text), told
        assert shop.query(
            "SELECT move_type, count(*), sum(amount_total), sum(amount_residual) FROM account_move"
            f" WHERE reversed_entry_id = {invoice} OR o2c_corrects_id = {invoice} GROUP BY move_type ORDER BY 1"
        ) == [["out_invoice", "1", "90.00", "90.00"], ["out_refund", "1", "100.00", "0.00"]]


def test_money_that_arrives_during_a_correction_pays_the_new_invoice(server, client):
    shop = Shop(client, server.database)
    payers = [Payer(server, shop.provider_id, shop.method_id) for _payer in range(2)]
    clerk = Client(server.url, server.database)
    for number, invoice in enumerate(shop.invoices(PAID_ROUNDS)):
        payer, wizard = payers[number % 2], cheaper(clerk, invoice)
        reference = begin_and_leave(shop, payer, invoice)
        with ThreadPoolExecutor(2) as pool:
            paid = pool.submit(finish, payer, reference)
            told = pool.submit(correct, clerk, wizard).result()
            paid.result()
        wait_until(lambda: booked(shop, reference), "t")  # noqa: B023
        if told:  # the money was there first: it moves over with the correction
            assert TOLD.search(told), told
            assert correct(clerk, wizard) == ""
        assert shop.query(
            f"SELECT amount_total, amount_residual FROM account_move WHERE o2c_corrects_id = {invoice}"
        ) == [["90.00", "0.00"]], number
        assert shop.unapplied() == 1000 * (number + 1)  # of 100.00 each, to the cent
    assert shop.query("SELECT count(*) FROM o2c_payment_allocation WHERE state = 'live'") == [["0"]]


@contextlib.contextmanager
def holding(shop, invoice):
    """Have somebody else change an invoice meanwhile."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(shop.query, f"BEGIN; SELECT FROM account_move WHERE id = {invoice} FOR UPDATE; SELECT pg_sleep(60)")
        others = "FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
        wait_until(lambda: shop.query(f"SELECT count(*) {others}"), [["1"]])
        yield
        shop.query(f"SELECT pg_cancel_backend(pid) {others}")


def cheaper(clerk, invoice):
    """Return the form that corrects an invoice over 100 to 90, unsent."""
    [wizard] = clerk("o2c.invoice.correction", "create", [{"move_id": invoice, "send": False}])
    [line] = clerk("o2c.invoice.correction", "read", [wizard], ["line_ids"])[0]["line_ids"]
    clerk("o2c.invoice.correction.line", "write", [line], {"price_unit": 90.0})
    return wizard


def correct(clerk, wizard):
    """Return what a clerk is told, nothing where the invoice was corrected."""
    try:
        clerk("o2c.invoice.correction", "action_correct", [wizard])
    except RpcError as error:
        return str(error)
    return ""


def begin_and_leave(shop, payer, invoice):
    """Return the reference of a payment that was begun longer ago than items are kept for it."""
    token, lines = shop.pay_token(invoice), shop.open_lines(invoice)
    payer.open_checkout(token)
    status, reference = payer.start(token, [line for line, _cents in lines], sum(cents for _line, cents in lines))
    assert (status, bool(reference)) == (200, True)
    shop.query(f"UPDATE payment_transaction SET create_date = '2026-01-01' WHERE reference = '{reference}'")
    return reference


def finish(payer, reference):
    payer.finish(reference)
    payer.poll()


def booked(shop, reference):
    """Say whether a payment is in the books; wakes the scheduler, which looks once a minute."""
    postgres.query(f"SELECT pg_notify('cron_trigger', '{shop.database}')", "postgres")
    [[found]] = shop.query(f"SELECT is_post_processed FROM payment_transaction WHERE reference = '{reference}'")
    return found
