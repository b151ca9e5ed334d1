"""The power goes between a payment and the invoice over its fee: there is one, settled, and never a second."""

import time

from dev import postgres
from dev.rpc import Client

from .payers import Payer, break_booking
from .shop import Shop
from .test_crash import free, wait_until

DELAYS = (None, 0.1, 0.4, 0.8)  # seconds into the booking; None: before it is asked for
FEE = 100  # cents


def test_killed_between_payment_and_fee(start_server):
    server = start_server(workers=2)
    shop = Shop(Client(server.url, server.database), server.database)
    charge_a_fee(shop)
    for delay, invoice in zip(DELAYS, shop.invoices(len(DELAYS)), strict=True):
        lines = shop.open_lines(invoice)
        payer = Payer(server, shop.provider_id, shop.method_id)
        payer.open_checkout(shop.pay_token(invoice))
        total = sum(cents for _line, cents in lines) + FEE
        status, reference = payer.start(shop.pay_token(invoice), [line for line, _cents in lines], total)
        assert (status, bool(reference)) == (200, True)
        payer.finish(reference)
        break_booking(server, payer, delay)
        free(shop)
        wait_until(lambda: wake(shop) or shop.open_lines(invoice), [])  # noqa: B023
        wait_until(lambda: wake(shop) or fee_invoices(shop, reference), [["posted", "1.00", "0.00"]])  # noqa: B023
    wait_until(lambda: wake(shop) or shop.query(
        "SELECT count(*) FROM o2c_money_event WHERE state = 'pending'"), [["0"]])
    assert shop.unapplied() == 0
    [[invoices]] = shop.query("SELECT count(*) FROM account_move WHERE invoice_origin LIKE 'P%'")
    assert int(invoices) == len(DELAYS)


def charge_a_fee(shop):
    """Charge this customer 1.00 for the demo provider."""
    [[country]] = shop.query("SELECT id FROM res_country WHERE code = 'US'")
    shop.client("res.partner", "write", [shop.customer], {
        "is_company": True, "vat": "US 12-3456789", "country_id": int(country),
    })
    product = shop.client("product.product", "create", {"name": "Fee", "type": "service", "taxes_id": [(5,)]})
    shop.client("o2c.payment.fee", "create", {
        "active": True, "provider_id": shop.provider_id, "product_id": product, "fixed": 1, "cost_fixed": 1,
        "cost_date": time.strftime("%Y-%m-%d"), "cost_source": "Contract", "country_ids": [(6, 0, [int(country)])],
    })


def fee_invoices(shop, reference):
    """Return ``[[state, total, open]]`` of the invoices over the fee of a payment."""
    return shop.query(
        "SELECT fee.state, fee.amount_total, fee.amount_residual FROM payment_transaction tx"
        " JOIN account_payment payment ON payment.id = tx.payment_id"
        " JOIN account_move fee ON fee.invoice_origin = payment.name"
        f" WHERE tx.reference = '{reference}' AND tx.o2c_fee_move_id = fee.id"
    )


def wake(shop):
    """Wake the scheduler, which looks once a minute."""
    postgres.query(f"SELECT pg_notify('cron_trigger', '{shop.database}')", "postgres")
