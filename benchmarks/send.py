"""Sending invoices in bulk, PDF and email each, against Odoo without this addon; and what our blocks add to a PDF.

Both servers have two workers and a mail server of their own; time runs from the click on *Send* until the last email
has arrived. Odoo's queue of emails runs hourly: it is woken on both sides as soon as the emails are written.
``O2C_BENCH_INVOICES`` makes the rounds smaller, for a quick look.
"""

import contextlib
import os
import time

import psutil

from dev import database, postgres
from dev.bench import Contest, Limit
from dev.rpc import Client
from dev.server import Server
from tests.harness import MailBox
from tests.payers import Payer
from tests.shop import Shop

INVOICES = int(os.environ.get("O2C_BENCH_INVOICES", "100"))  # five rounds: 500
PRINTED = 20
WAKE = "UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' WHERE cron_name LIKE '%Email Queue%'"


@contextlib.contextmanager
def prepare():
    """Give the contests on two running servers, with the addon and without."""
    with contextlib.ExitStack() as stack:
        ours, native = (
            stack.enter_context(_seller(side, template))
            for side, template in (("ours", database.addon_template()), ("native", database.base_template()))
        )
        yield [
            Contest("bulk_send_per_invoice", ours.send, native.send, 0.5),
            Limit("bulk_send_memory_growth", ours.growth, 1.1),
            Contest("pdf_with_our_blocks", ours.print, native.print, 1.1),
        ]


@contextlib.contextmanager
def _seller(side, template):
    name = database.name(f"test_{os.getpid()}_{side}")
    database.copy(template, name)
    box = MailBox().start()
    try:
        with Server(name, workers=2, smtp_server="127.0.0.1", smtp_port=box.port) as server:
            yield Seller(server, box)
    finally:
        box.stop()
        database.drop(name)


class Seller:
    """Somebody with invoices to send on one of the servers."""

    def __init__(self, server, box):
        self.server, self.box = server, box
        self.rpc = Client(server.url, server.database)
        self.shop = Shop(self.rpc, server.database)
        self.rpc("ir.config_parameter", "set_param", "report.url", server.url)
        self.peaks, self.session, self.printed = [], None, None

    def send(self):
        """Return the seconds each of some invoices took from the click to the mail server."""
        invoices = self.shop.invoices(INVOICES)
        self.box.messages.clear()
        began = time.perf_counter()
        context = {"active_model": "account.move", "active_ids": invoices}
        [wizard] = self.rpc("account.move.send.batch.wizard", "create", [{}], context=context)
        self.rpc("account.move.send.batch.wizard", "action_send_and_print", [wizard])
        while (arrived := self._arrived()) < INVOICES:
            assert time.perf_counter() - began < 10 * INVOICES + 60, f"{arrived} of {INVOICES} emails arrived"
            self._wake(invoices)
            time.sleep(0.2)
        seconds = time.perf_counter() - began
        assert arrived == INVOICES, f"{arrived} emails for {INVOICES} invoices"
        self.peaks.append(self._peak())
        return [seconds / INVOICES]

    def _arrived(self):
        """Return how many emails the customer got; staff gets others."""
        return sum("payer@example.com" in mail.recipients for mail in self.box.messages)

    def _wake(self, invoices):
        """Have the scheduler look, and the emails sent once all are written."""
        [[written]] = self.shop.query(
            "SELECT count(DISTINCT message.res_id) FROM mail_mail mail JOIN mail_message message"
            " ON message.id = mail.mail_message_id WHERE message.model = 'account.move'"
            f" AND mail.state = 'outgoing' AND message.res_id >= {invoices[0]}"
        )
        if int(written) + self._arrived() >= INVOICES:
            self.shop.query(WAKE)
        postgres.query(f"SELECT pg_notify('cron_trigger', '{self.shop.database}')", "postgres")

    def _peak(self):
        """Return the most memory a worker of the server has ever held, in bytes."""
        workers = psutil.Process(self.server.process.pid).children()
        return max(_high_water(worker.pid) for worker in workers)

    def growth(self):
        """Return how much more memory the last round needed than the first."""
        return self.peaks[-1] / self.peaks[0]

    def print(self):
        """Return the seconds one download of many PDFs took, per PDF."""
        if not self.session:
            payer = Payer(self.server, self.shop.provider_id, self.shop.method_id)
            payer.log_in("admin", "admin")
            self.rpc("ir.config_parameter", "set_param", "report.print_delay", "0")  # it would hide the difference
            self.session, self.printed = payer.session, self.shop.invoices(PRINTED)
        ids = ",".join(map(str, self.printed))
        began = time.perf_counter()
        answer = self.session.get(
            f"{self.server.url}/report/pdf/account.report_invoice_with_payments/{ids}", timeout=300,
        )
        seconds = time.perf_counter() - began
        assert answer.content.startswith(b"%PDF"), answer.text[:300]
        return [seconds / PRINTED]


def _high_water(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
