"""Many payers, one invoice, two workers: never more is captured than was due."""

import random
from concurrent.futures import ThreadPoolExecutor

from .payers import Payer
from .shop import Shop
from .test_crash import wait_until

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
    assert shop.unapplied() == 0


def _crowd(server, shop):
    """Return ``[(payer, address)]``: two contacts with two tabs each, and two browsers with a link to the account."""
    group, crowd = shop.account_group(shop.invoices(1)[0]), []
    for login in ("ada", "bob"):
        partner_id = shop.portal_user(login)
        for _tab in range(2):
            payer = Payer(server, shop.provider_id, shop.method_id)
            payer.log_in(login, login)
            payer.open_account_checkout(group)
            crowd.append((payer, "/my/billing"))
    address = f"/pay/{shop.account_token(partner_id)}"
    for _browser in range(2):
        payer = Payer(server, shop.provider_id, shop.method_id)
        payer.open_account_checkout(group, address)
        crowd.append((payer, address))
    return crowd


def _pay_basket(payer, address, lines):
    status, reference = payer.start_account([line for line, _c in lines], sum(c for _line, c in lines), address)
    if reference:
        payer.finish(reference)
        payer.poll()
    return status, bool(reference)


def test_overlapping_baskets_never_pay_more_than_is_due(server, client):
    shop, rounds, documents = Shop(client, server.database), 3, 6
    crowd, order = _crowd(server, shop), random.Random(20260202)
    for _round in range(rounds):
        invoices = shop.invoices(documents)
        every = [line for invoice in invoices for line in shop.open_lines(invoice)]
        baskets = [order.sample(every, order.randint(2, len(every))) for _member in crowd]
        with ThreadPoolExecutor(len(crowd)) as pool:
            found = list(pool.map(lambda member, basket: _pay_basket(*member, basket), crowd, baskets))
        assert all(status < 500 for status, _started in found), found
        assert any(started for _status, started in found)
        left = sum(cents for invoice in invoices for _line, cents in shop.open_lines(invoice))
        assert shop.applied(invoices) + left == sum(cents for _line, cents in every)
        shop.query("DELETE FROM o2c_rate_hit")
    waiting = "SELECT count(*) FROM payment_transaction WHERE state = 'done' AND NOT is_post_processed"
    wait_until(lambda: shop.query(waiting), [["0"]], timeout=150)  # what two booked at once, the scheduler books
    paid_twice = _paid_twice(shop)
    assert shop.unapplied() == sum(cents for cents, *_rest in paid_twice)
    assert all(superseded and told for _cents, superseded, told in paid_twice), paid_twice


def _paid_twice(shop):
    """Return ``[(cents, whether superseded, whether there is a task)]`` of payments somebody finished in one tab after
    starting anew in another. No provider can be kept from taking that money; it stays theirs, as credit."""
    rows = shop.query(
        "SELECT round(sum(claim.amount) * 100), bool_and(claim.reason LIKE 'Superseded%'), EXISTS ("
        "  SELECT FROM mail_activity WHERE res_model = 'account.payment' AND res_id = tx.payment_id)"
        " FROM o2c_payment_allocation claim JOIN payment_transaction tx ON tx.id = claim.transaction_id"
        " WHERE tx.state = 'done' AND claim.state = 'released' GROUP BY tx.id"
    )
    return [(int(cents), superseded == "t", told == "t") for cents, superseded, told in rows]
