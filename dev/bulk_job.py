"""Fifty invoices sent at once: one goes to a bad address, one cannot be printed, the others arrive exactly once."""

import time
from collections import Counter

from dev import job
from dev.rpc import Client

CUSTOMERS, INVOICES = 4, 50
# A layout that somebody made and that asks for a field invoices do not have: printing it fails for real.
BROKEN_LAYOUT = """
<t t-name="custom.invoice_with_cost_centre">
    <t t-foreach="docs" t-as="doc">
        <div class="article" t-att-data-oe-model="doc._name" t-att-data-oe-id="doc.id">
            <h1 t-field="doc.name"/>
            <p>Cost centre: <t t-out="doc.cost_centre_of_customer"/></p>
        </div>
    </t>
</t>
"""


class BulkJob:
    """Makes the invoices, sends them from their list as staff do, and looks at what arrived."""

    def __init__(self, url, database, mails):
        self.rpc, self.mails = Client(url, database), mails

    def run(self):
        """Do all steps; print a line for each.

        :raises job.StepFailed: for the first that fails
        """
        for step in (self.invoices, self.send, self.outcome, self.delivery):
            label = f"bulk {step.__name__}"
            job.do(f"   {label:<16}", step)

    def invoices(self):
        good = [self._customer(f"bulk{number}@example.com") for number in range(CUSTOMERS)]
        typo, fancy = self._customer("no address at all"), self._customer("fancy@example.com")
        self.rpc("res.partner", "write", [fancy], {"invoice_template_pdf_report_id": self._broken_layout()})
        customers = [good[number % CUSTOMERS] for number in range(INVOICES - 2)]
        customers[10:10], customers[30:30] = [typo], [fancy]
        self.moves = self.rpc("account.move", "create", [{
            "move_type": "out_invoice", "partner_id": customer,
            "invoice_line_ids": [(0, 0, {"name": "Goods", "quantity": 1, "price_unit": 100 + number})],
        } for number, customer in enumerate(customers)])
        self.rpc("account.move", "action_post", self.moves)
        self.names = {row["id"]: row["name"] for row in self.rpc("account.move", "read", self.moves, ["name"])}
        self.typo, self.fancy = self.moves[10], self.moves[30]
        return f"{len(self.moves)} posted; one goes to a bad address, one has a broken layout"

    def _customer(self, address):
        return self.rpc("res.partner", "create", {"name": address.partition("@")[0].title(), "email": address})

    def _broken_layout(self):
        name = "custom.invoice_with_cost_centre"
        self.rpc("ir.ui.view", "create", {"name": name, "key": name, "type": "qweb", "arch": BROKEN_LAYOUT})
        return self.rpc("ir.actions.report", "create", {
            "name": "Invoice with cost centre", "model": "account.move", "report_type": "qweb-pdf",
            "report_name": name, "is_invoice_report": True,
        })

    def send(self):
        """Send from the list; the answer comes at once, the work is done in the background."""
        context = {"active_model": "account.move", "active_ids": self.moves}
        began = time.monotonic()
        [wizard] = self.rpc("account.move.send.batch.wizard", "create", [{}], context=context)
        self.run_id = self.rpc("account.move.send.batch.wizard", "action_send_and_print", [wizard])["res_id"]
        return f"started in {time.monotonic() - began:.1f} s, goes on in the background"

    def outcome(self):
        """Wait until the run is through and the mail server has answered for everything."""
        deadline = time.monotonic() + 180
        while (found := self._items())[1] < len(self.moves) - 2 or found[2].keys() != {self.typo, self.fancy}:
            assert time.monotonic() < deadline, f"{found}"
            time.sleep(1)
        progress = self.rpc("o2c.send.run", "get_progress", [self.run_id])
        assert (progress["state"], progress["waiting"]) == ("done", 0), progress
        reasons = "; ".join(f"{self.names[move]}: {reason.splitlines()[0]}" for move, reason in found[2].items())
        return f"{found[0]} sent, {progress['per_minute']} per minute. {reasons}"

    def _items(self):
        """Return how many documents are sent, how many emails were delivered, and ``{failed move: reason}``."""
        items = self.rpc("o2c.send.item", "search_read", [("run_id", "=", self.run_id)],
                         ["move_id", "state", "reason", "delivered"])
        return (
            sum(item["state"] == "sent" for item in items), sum(item["delivered"] for item in items),
            {item["move_id"][0]: item["reason"] for item in items if item["state"] in ("failed", "skipped")},
        )

    def delivery(self):
        """Count what arrived over SMTP, by invoice."""
        arrived = Counter(
            move for _to, subject, _id in self.mails.messages() for move, name in self.names.items() if name in subject
        )
        expected = {move: 1 for move in self.moves if move not in (self.typo, self.fancy)}
        assert arrived == expected, {self.names[move]: (arrived[move], expected.get(move, 0)) for move in self.moves
                                     if arrived[move] != expected.get(move, 0)}
        return f"{len(arrived)} invoices arrived over SMTP, each once; the two others did not"
