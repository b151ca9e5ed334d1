"""Bulk sending from the outside: workers are killed, the mail server is real, and everybody gets one email."""

import time

from dev.rpc import Client

from .shop import Shop
from .test_crash import wait_until
from .test_receipts import wake

INVOICES = 60  # one chunk and a half


def send(shop, invoices):
    """Send invoices from their list, as staff do; return the id of the run."""
    context = {"active_model": "account.move", "active_ids": invoices}
    [wizard] = shop.client("account.move.send.batch.wizard", "create", [{}], context=context)
    return shop.client("account.move.send.batch.wizard", "action_send_and_print", [wizard])["res_id"]


def states(shop, run):
    """Return ``{state: number of documents}`` of a run; wakes the scheduler."""
    wake(shop)
    rows = shop.query(f"SELECT state, count(*) FROM o2c_send_item WHERE run_id = {run} GROUP BY 1")
    return {state: int(number) for state, number in rows}


def received(mailbox):
    """Return ``{subject: {Message-ID}}`` of what the customer got: a repeated mail has the same Message-ID."""
    found = {}
    for mail in mailbox.messages:
        if "payer@example.com" in mail.recipients:
            found.setdefault(str(mail["Subject"]), set()).add(str(mail["Message-ID"]))
    return found


def test_killed_while_sending(start_server, mailbox):
    server = start_server(workers=2)
    shop = Shop(Client(server.url, server.database), server.database)
    run = send(shop, shop.invoices(INVOICES))
    wait_until(lambda: "working" in states(shop, run), True)
    time.sleep(1.5)  # into the PDFs of the first chunk
    server.kill()
    server.start()
    wait_until(lambda: states(shop, run).get("sent", 0) >= 3, True, timeout=240)
    server.kill()
    server.start()
    wait_until(lambda: states(shop, run), {"sent": INVOICES}, timeout=300)
    wait_until(lambda: len(received(mailbox)), INVOICES, timeout=240)
    assert {len(copies) for copies in received(mailbox).values()} == {1}
    [[printed]] = shop.query(
        "SELECT count(*) FROM ir_attachment file JOIN o2c_send_item item ON item.move_id = file.res_id"
        f" WHERE file.res_model = 'account.move' AND file.res_field = 'invoice_pdf_report_file' AND item.run_id = {run}"
    )
    assert printed == str(INVOICES)


def test_stopped_and_resumed(server, client, mailbox):
    shop = Shop(client, server.database)
    run = send(shop, shop.invoices(INVOICES))
    wait_until(lambda: "working" in states(shop, run), True)
    client("o2c.send.run", "action_stop", [run])
    wait_until(lambda: "working" in states(shop, run), False, timeout=240)
    time.sleep(3)
    stopped = states(shop, run)
    assert stopped == {"sent": 40, "waiting": 20}, "the chunk at work is finished, no other is begun"
    client("o2c.send.run", "action_resume", [run])
    wait_until(lambda: states(shop, run), {"sent": INVOICES}, timeout=240)
    wait_until(lambda: len(received(mailbox)), INVOICES, timeout=240)
    assert sum("payer@example.com" in mail.recipients for mail in mailbox.messages) == INVOICES
