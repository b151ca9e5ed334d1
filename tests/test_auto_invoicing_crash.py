"""The power goes while orders invoice themselves: none is skipped, none is invoiced twice, no draft is left behind."""

import time

from dev import postgres
from dev.rpc import Client

from .shop import Shop
from .test_crash import wait_until

ORDERS, KILLS = 30, 3


def test_killed_while_orders_are_invoiced(start_server):
    server = start_server(workers=2)
    client = Client(server.url, server.database)
    shop = Shop(client, server.database)
    orders = confirmed_orders(shop)
    ask(shop)
    for _kill in range(KILLS):
        before = done(shop, orders)
        wait_until(lambda: wake(shop) or done(shop, orders) > before, True)  # noqa: B023
        time.sleep(0.05)  # into the next order
        server.kill()
        ask(shop)
        server.start()
    wait_until(lambda: wake(shop) or done(shop, orders), ORDERS, timeout=120)
    [[invoices, posted, invoiced]] = shop.query(
        "SELECT count(DISTINCT move.id), count(DISTINCT move.id) FILTER (WHERE move.state = 'posted'),"
        " count(DISTINCT line.order_id) FROM sale_order_line line"
        " JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = line.id"
        " JOIN account_move_line item ON item.id = rel.invoice_line_id"
        f" JOIN account_move move ON move.id = item.move_id WHERE line.order_id IN {tuple(orders)}"
    )
    assert (invoices, posted, invoiced) == (str(ORDERS),) * 3


def confirmed_orders(shop):
    """Return the ids of orders of a customer who is invoiced on confirmation; sending is switched off."""
    [[sending]] = shop.query(
        "SELECT res_id FROM ir_model_data WHERE module = 'o2c_portal' AND name = 'ir_cron_send_run'"
    )
    shop.client("ir.cron", "write", [int(sending)], {"active": False})
    shop.client("res.partner", "write", [shop.customer], {"o2c_invoicing": "confirmation"})
    product = shop.client("product.product", "create", {"name": "Goods", "type": "service", "invoice_policy": "order"})
    orders = shop.client("sale.order", "create", [{
        "partner_id": shop.customer,
        "order_line": [(0, 0, {"product_id": product, "price_unit": 100, "tax_ids": [(5,)]})],
    }] * ORDERS)
    shop.client("sale.order", "action_confirm", orders)
    return orders


def done(shop, orders):
    """Return how many of the orders are invoiced."""
    [[count]] = shop.query(
        f"SELECT count(*) FROM o2c_invoice_attempt WHERE state = 'done' AND order_id IN {tuple(orders)}"
    )
    return int(count)


def ask(shop):
    """Have the job run, and let what a killed worker had taken be free at once instead of after its lease."""
    shop.query("UPDATE o2c_invoice_attempt SET next_at = now() AT TIME ZONE 'UTC' WHERE state = 'waiting'")
    shop.query("INSERT INTO ir_cron_trigger (cron_id, call_at) SELECT res_id, now() AT TIME ZONE 'UTC'"
               " FROM ir_model_data WHERE module = 'o2c_portal' AND name = 'ir_cron_invoice_attempt'")


def wake(shop):
    """Wake the scheduler, which looks once a minute."""
    postgres.query(f"SELECT pg_notify('cron_trigger', '{shop.database}')", "postgres")
