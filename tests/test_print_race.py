"""Clerks who print the pile at the same moment: each document is on one paper, and is sent once."""

from concurrent.futures import ThreadPoolExecutor

from dev.rpc import Client

from .shop import Shop

CLERKS, INVOICES, ROUNDS = 4, 6, 3


def test_clerks_never_print_the_same_document(server, client):
    shop = Shop(client, server.database)
    client("res.partner", "write", [shop.customer], {"invoice_sending_method": "o2c_print"})
    clerks = [Client(server.url, server.database) for _clerk in range(CLERKS)]
    for _round in range(ROUNDS):
        invoices = shop.invoices(INVOICES)
        [wizard] = client("account.move.send.batch.wizard", "create", [{"move_ids": [(6, 0, invoices)]}])
        client("account.move.send.batch.wizard", "action_send_and_print", [wizard], force_synchronous=True)
        with ThreadPoolExecutor(CLERKS) as pool:
            actions = list(pool.map(lambda clerk: clerk("o2c.print.item", "action_print", []), clerks))
        piles = {action["res_id"] for action in actions if action.get("res_model") == "o2c.print.pile"}
        [[documents, counted]] = shop.query(
            "SELECT count(DISTINCT item.move_id), (SELECT sum(document_count) FROM o2c_print_pile WHERE id = ANY(ARRAY"
            f"{sorted(piles)})) FROM o2c_print_item item WHERE pile_id = ANY(ARRAY{sorted(piles)})"
        )
        assert (int(documents), int(counted)) == (INVOICES, INVOICES)
        with ThreadPoolExecutor(CLERKS) as pool:
            list(pool.map(lambda clerk: clerk("o2c.print.pile", "action_printed", sorted(piles)), clerks))  # noqa: B023
        [[sent]] = shop.query(
            "SELECT count(*) FROM o2c_delivery WHERE channel = 'paper' AND coalesce(copies, 0) = 0"
            f" AND res_id = ANY(ARRAY{invoices})"
        )
        assert int(sent) == INVOICES
