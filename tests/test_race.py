"""Many payers, one invoice, two workers: never more is captured than was due."""

import random
from concurrent.futures import ThreadPoolExecutor

from .payers import Payer
from .shop import Shop

ROUNDS, PAYERS = 200, 16


def test_sixteen_payers_on_one_invoice_never_pay_more_than_is_due(server, client):
    shop = Shop(client, server.database)
    invoices = shop.invoices(ROUNDS)
    payers = [Payer(server, shop.provider_id, shop.method_id) for _ in range(PAYERS)]
    first = shop.pay_token(invoices[0])
    for payer in payers:
        payer.open_checkout(first)
    order = random.Random(20260101)

    def attempt(payer, invoice, token, access_token, lines):
        by_link = payers.index(payer) % 2
        chosen = lines[: 1 + payers.index(payer) % 2]
        cents = sum(open_cents for _line, open_cents in chosen)
        if by_link:
            status, reference = payer.start(token, [line for line, _cents in chosen], cents)
        else:
            status, reference = payer.start_native(invoice, access_token, cents / 100)
        if reference:
            payer.finish(reference)
            payer.poll()
        return status, reference

    winners = 0
    with ThreadPoolExecutor(PAYERS) as pool:
        for invoice in invoices:
            token, lines = shop.pay_token(invoice), shop.open_lines(invoice)
            access_token = shop.access_token(invoice)
            crowd = order.sample(payers, PAYERS)
            found = list(pool.map(
                lambda payer: attempt(payer, invoice, token, access_token, lines),  # noqa: B023
                crowd,
            ))
            assert all(status < 500 for status, _reference in found), found
            due, captured = 10000, shop.captured(invoice)
            assert captured <= due, (invoice, captured)
            assert captured + sum(cents for _line, cents in shop.open_lines(invoice)) >= due
            winners += sum(bool(reference) for _status, reference in found)
    assert winners >= ROUNDS  # in every round somebody could pay
    [[unapplied]] = shop.query(
        f"SELECT count(*) FROM o2c_due_item WHERE partner_id = {shop.customer} AND residual < 0"
    )
    assert unapplied == "0"
