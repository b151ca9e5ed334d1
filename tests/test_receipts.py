"""Receipts from the outside: killed servers and a dead mail server cost nobody a receipt, and nobody gets two."""

from dev import postgres

from .harness import Client
from .shop import Shop
from .test_crash import wait_until

PAYMENTS = 30


def pay_by_hand(shop, invoices):
    """Register one payment per invoice, all in one transaction, as staff do."""
    context = {"active_model": "account.move", "active_ids": invoices}
    [wizard] = shop.client("account.payment.register", "create", [{"group_payment": False}], context=context)
    shop.client("account.payment.register", "action_create_payments", [wizard])


def wake(shop):
    postgres.query(f"SELECT pg_notify('cron_trigger', '{shop.database}')", "postgres")


def states(shop):
    """Return ``{receipt state: number of payments}``; wakes the scheduler."""
    wake(shop)
    rows = shop.query(
        "SELECT coalesce(notice.state, 'none'), count(*)"
        " FROM account_payment payment LEFT JOIN o2c_money_notice notice ON notice.payment_id = payment.id"
        f" WHERE payment.partner_id = {shop.customer} GROUP BY 1"
    )
    return {state: int(number) for state, number in rows}


def test_killed_while_receipts_are_made(start_server, mailbox):
    server = start_server(workers=2)
    shop = Shop(Client(server.url, server.database), server.database)
    pay_by_hand(shop, shop.invoices(PAYMENTS))
    for least in (3, 12):
        wait_until(lambda: states(shop).get("none", 0) <= PAYMENTS - least, True)  # noqa: B023
        server.kill()
        server.start()
    wait_until(lambda: states(shop), {"sent": PAYMENTS}, timeout=240)  # a killed row comes back after two minutes
    [[mails]] = shop.query(
        "SELECT count(*) FROM mail_mail JOIN o2c_delivery row ON row.id = o2c_delivery_id WHERE row.kind = 'receipt'"
    )
    assert mails == str(PAYMENTS)
    received = [mail for mail in mailbox.messages if "payer@example.com" in mail.recipients]
    assert len({str(mail["Message-ID"]) for mail in received}) == PAYMENTS


def test_mail_server_away_and_back(start_server, mailbox):
    mailbox.stop()
    server = start_server(workers=2)
    shop = Shop(Client(server.url, server.database), server.database)
    pay_by_hand(shop, shop.invoices(3))
    wait_until(lambda: states(shop), {"failed": 3})
    mailbox.start()
    for change in (  # the time of the next try has come
        "UPDATE mail_mail SET o2c_retry_at = now() AT TIME ZONE 'UTC' WHERE state = 'exception'",
        "UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' WHERE cron_name LIKE '%could not be sent%'",
    ):
        postgres.query(change, shop.database)
    wait_until(lambda: states(shop), {"sent": 3})
    assert len(mailbox.messages) == 3
