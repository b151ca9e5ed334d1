"""The main job, driven as people would: sell, invoice, send, pay from the mail, pay the rest from the paper.

Staff's part goes over the wire as the staff's screens do it, the payer's part through a headless Chromium. Runs inside
the virtual environment: ``./o2c demo --check`` starts it as a program, the test suite as a class.
"""

import re
import subprocess
import sys
import time
from decimal import Decimal
from html import unescape

from playwright.sync_api import sync_playwright

from dev import job, place
from dev.bulk_job import BulkJob
from dev.maildev import Mails
from dev.rpc import Client
from dev.system import BROWSER_ARGUMENTS, chromium

PRICE = Decimal("10000.01")  # leaves a cent to be placed
DEPOSIT = Decimal("3000.00")
STAFF = "receivables@example.com"
PHONE, DESK = {"width": 360, "height": 760}, {"width": 1280, "height": 900}
WORDS_OF_SUCCESS = "Thank you, your payment was received"


class MainJob:
    """One customer, one order, one invoice, two payments; every step returns what was seen."""

    def __init__(self, url, database, mails, out=place.OUT):
        self.rpc, self.mails, self.out = Client(url, database), mails, out
        self.page = None
        self.shots = 0

    def run(self):
        """Do all steps; print a line for each.

        :raises job.StepFailed: for the first that fails
        """
        steps = [
            self.quote,
            self.confirm,
            self.invoice,
            self.send,
            self.open_from_mail,
            self.pay_deposit,
            self.receipts,
            self.first_stage,
            self.scan_paper,
            self.pay_rest,
            self.books,
            self.last_stage,
            self.link_afterwards,
        ]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=BROWSER_ARGUMENTS)
            self.page = browser.new_context(viewport=PHONE, locale="en-US").new_page()
            for number, step in enumerate(steps, 1):
                job.do(f"{number:2} {step.__name__.replace('_', ' '):<16}", step, self._shoot_failure)
            browser.close()

    # --- staff -------------------------------------------------------------------------------------------------------

    def quote(self):
        """A quotation for the customer whose terms are 30 % deposit and three monthly parts."""
        self.company = self.rpc("res.users", "read", [self.rpc.uid], ["company_id"])[0]["company_id"][0]
        self.rpc("res.company", "write", [self.company], {"o2c_receipt_emails": STAFF})
        partner = self._ref("base.res_partner_3")
        self.payer = self.rpc("res.partner", "read", [partner], ["email"])[0]["email"]
        self.order = self.rpc(
            "sale.order",
            "create",
            {
                "partner_id": partner,
                "order_line": [
                    (0, 0, {"product_id": self._ref("o2c_portal.demo_product"), "price_unit": float(PRICE)})
                ],
            },
        )
        found = self._read("sale.order", self.order, "name", "amount_total", "payment_term_id", "o2c_schedule_html")
        self.schedule = _schedule_in(found["o2c_schedule_html"])
        amounts = [amount for _day, amount in self.schedule]
        assert sum(amounts) == PRICE, f"the schedule shows {amounts}"
        assert amounts[0] == DEPOSIT, f"the deposit shown is {amounts[0]}"
        term = found["payment_term_id"][1]
        return f"{found['name']} over {found['amount_total']:.2f}, {term}: {', '.join(map(str, amounts))}"

    def confirm(self):
        self.rpc("sale.order", "action_confirm", [self.order])
        found = self._read("sale.order", self.order, "state", "o2c_stage_id")
        assert found["state"] == "sale", found
        return f"order confirmed, stage {found['o2c_stage_id'][1]}"

    def invoice(self):
        context = {"active_model": "sale.order", "active_ids": [self.order], "active_id": self.order}
        wizard = self.rpc(
            "sale.advance.payment.inv", "create", {"advance_payment_method": "delivered"}, context=context
        )
        self.rpc("sale.advance.payment.inv", "create_invoices", [wizard], context=context)
        self.move = self._read("sale.order", self.order, "invoice_ids")["invoice_ids"][0]
        self.rpc("account.move", "action_post", [self.move])
        items = self._items()
        self._compare(items)
        self.name = self._read("account.move", self.move, "name")["name"]
        return f"{self.name}: " + ", ".join(f"{item['debit']} on {item['date_maturity']}" for item in items)

    def send(self):
        wizard = self.rpc(
            "account.move.send.wizard",
            "create",
            {"move_id": self.move},
            context={"active_model": "account.move", "active_ids": [self.move]},
        )
        self.rpc("account.move.send.wizard", "action_send_and_print", [wizard])
        self.mail = self.mails.wait_for(self.payer, self.name)
        pdf = next(part for part in self.mail.iter_attachments() if part.get_content_type() == "application/pdf")
        (self.out / "invoice.pdf").write_bytes(pdf.get_content())
        html = self.mail.get_body(("html",)).get_content()
        links = _pay_links(html)
        assert len(links) == 1, f"the mail carries {len(links)} Pay Now addresses"
        self.link = links.pop()
        due = _due_now_in(html)
        assert due == [DEPOSIT], f"the mail says that {due} is due now"
        return f"mail to {self.payer}: {self.mail['Subject']} with {pdf.get_filename()}, {DEPOSIT} due, a Pay Now link"

    # --- payer -------------------------------------------------------------------------------------------------------

    def open_from_mail(self):
        self._open(self.link)
        self._look("pay-page")
        assert DEPOSIT in _money_in(self.page.content()), "the page does not show the deposit"
        return f"{self._heading()}"

    def pay_deposit(self):
        return self._pay("next", DEPOSIT)

    def pay_rest(self):
        return self._pay("all", PRICE - DEPOSIT)

    def _pay(self, choice, amount):
        """Choose, review, pay with the demo provider; return what the result page says."""
        radio = self.page.locator(f"input[name=choice][value={choice}]")
        if radio.count() and radio.get_attribute("type") == "radio":
            radio.check()
        self.page.get_by_role("button", name="Continue").click()
        assert amount in _money_in(self.page.locator("main").inner_text()), "the review shows another amount"
        self._look(f"review-{choice}")
        self.page.get_by_role("button", name="Continue to payment").click()
        card = self.page.locator("#customer_input")
        card.wait_for()
        card.fill("4242 4242 4242 4242")
        self._look(f"checkout-{choice}")
        self.page.get_by_role("button", name=re.compile("^Pay ")).click()
        self.page.get_by_text(WORDS_OF_SUCCESS).wait_for(timeout=60_000)
        self._look(f"result-{choice}")
        text = self.page.locator("main").inner_text()
        assert amount in _money_in(text), f"the result says {text}"
        return f"{amount} paid: “{WORDS_OF_SUCCESS}”"

    def receipts(self):
        wanted = f"{DEPOSIT:,}"
        seen = []
        for recipient, subject in ((self.payer, "Receipt"), (STAFF, "Payment received")):
            mail = self.mails.wait_for(recipient, subject)
            text = mail.get_body(("html", "plain")).get_content()
            assert wanted in text, f"the mail to {recipient} does not say {wanted}"
            seen.append(f"{recipient}: {mail['Subject']}")
        return "; ".join(seen)

    def first_stage(self):
        return self._stage("o2c_portal.order_stage_deposit")

    def scan_paper(self):
        """Turn the PDF into a picture, as paper would be, read its QR and open what it says."""
        for old in self.out.glob("invoice-page-*.png"):
            old.unlink()
        subprocess.run(
            ["pdftoppm", "-r", "150", "-png", self.out / "invoice.pdf", self.out / "invoice-page"], check=True
        )
        pages = sorted(self.out.glob("invoice-page-*.png"))
        found = subprocess.run(["zbarimg", "--quiet", "--raw", *pages], check=False, capture_output=True, text=True)
        codes = [line for line in found.stdout.splitlines() if "/pay/" in line]
        assert len(codes) == 1, f"{len(codes)} QR codes with a Pay Now address on {len(pages)} pages"
        self._open(codes[0])
        self._look("after-scan")
        rest = PRICE - DEPOSIT
        assert rest in _money_in(self.page.locator("main").inner_text()), "the page does not show the rest"
        return f"QR of the PDF leads to {self._heading()}"

    # --- afterwards --------------------------------------------------------------------------------------------------

    def books(self):
        """Invoice, schedule and ledger must agree to the cent."""
        move = self._wait(
            lambda: self._read("account.move", self.move, "payment_state", "amount_residual"),
            lambda found: found["payment_state"] in ("paid", "in_payment"),
            "the invoice is not paid",
        )
        items = self._items()
        self._compare(items)
        assert move["amount_residual"] == 0, f"residual {move['amount_residual']}"
        assert all(item["amount_residual"] == 0 and item["reconciled"] for item in items), items
        paid = [
            Decimal(str(tx["amount"]))
            for tx in self.rpc(
                "payment.transaction",
                "search_read",
                [("invoice_ids", "in", [self.move]), ("state", "=", "done")],
                ["amount"],
            )
        ]
        assert sorted(paid) == sorted([DEPOSIT, PRICE - DEPOSIT]), f"transactions of {paid}"
        return f"{move['payment_state']}; 2 transactions, {sum(paid)}; {len(items)} instalments closed, nothing open"

    def last_stage(self):
        return self._stage("o2c_portal.order_stage_paid")

    def link_afterwards(self):
        self._open(self.link)
        self._look("paid")
        assert self._heading() == "Paid", f"the page says {self._heading()}"
        return f"the link of the mail says “{' '.join(self.page.locator('main').inner_text().split())}”"

    # --- help --------------------------------------------------------------------------------------------------------

    def _stage(self, wanted):
        expected = self._ref(wanted)
        found = self._wait(
            lambda: self._read("sale.order", self.order, "o2c_stage_id")["o2c_stage_id"],
            lambda stage: stage[0] == expected,
            f"the order does not reach {wanted}",
        )
        return f"order moved to {found[1]}"

    def _wait(self, read, good, complaint, timeout=90):
        """Read until it is good: effects follow the payment, they are not part of it."""
        deadline = time.monotonic() + timeout
        found = read()
        while not good(found):
            assert time.monotonic() < deadline, f"{complaint}: {found}"
            time.sleep(0.5)
            found = read()
        return found

    def _items(self):
        """Return the instalments as the ledger has them, oldest first, amounts as Decimal."""
        items = self.rpc(
            "account.move.line",
            "search_read",
            [("move_id", "=", self.move), ("display_type", "=", "payment_term")],
            ["debit", "amount_residual", "date_maturity", "reconciled"],
            order="date_maturity, id",
        )
        return [{**item, "debit": Decimal(str(item["debit"]))} for item in items]

    def _compare(self, items):
        """See that the ledger asks for what the order's schedule said, part by part, on the same days."""
        found = [(item["date_maturity"], item["debit"]) for item in items]
        assert found == self.schedule, f"the schedule says {self.schedule}, the ledger {found}"

    def _ref(self, name):
        return self.rpc("ir.model.data", "check_object_reference", *name.split("."))[1]

    def _read(self, model, record, *fields):
        return self.rpc(model, "read", [record], list(fields))[0]

    def _open(self, address):
        answer = self.page.goto(address)
        assert answer.status == 200, f"{address} answers {answer.status}"

    def _heading(self):
        return " ".join(self.page.locator("h1").first.inner_text().split())

    def _look(self, name):
        """Save what the page looks like on a phone and on a desk; nothing may be wider than the phone."""
        self.shots += 1
        for size, label in ((DESK, "1280"), (PHONE, "360")):
            self.page.set_viewport_size(size)
            self.page.screenshot(path=self.out / f"{self.shots:02}-{name}-{label}.png", full_page=True)
        width = self.page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], f"the page {name} is {width} px wide on a phone"

    def _shoot_failure(self):
        self.page.screenshot(path=self.out / "failure.png", full_page=True)


def _money_in(text):
    """Return the amounts with two decimals in a text, in order."""
    return [
        Decimal(found.replace(",", "")) for found in re.findall(r"\d[\d,]*\.\d\d(?!\d)", re.sub(r"<[^>]+>", " ", text))
    ]


def _schedule_in(html):
    """Return ``[(day, amount)]`` of the rows of a schedule, days as the server's protocol has them."""
    rows = re.findall(r"(\d\d)/(\d\d)/(\d{4})[^/.]*?(\d[\d,]*\.\d\d)(?!\d)", _text_of(html))
    return [(f"{year}-{month}-{day}", Decimal(amount.replace(",", ""))) for month, day, year, amount in rows]


def _due_now_in(html):
    """Return the amounts a mail says are due before its Pay Now button."""
    return [found for words in re.findall(r"[\d,.]+ due [^.]*? Pay Now", _text_of(html)) for found in _money_in(words)]


def _text_of(html):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def _pay_links(html):
    """Return the Pay Now addresses in a mail."""
    return set(re.findall(r"https?://[^\"'\s<>]+/pay/[\w-]+", html))


def main(url, database, mails):
    """Run the main job and a bulk sending against a running demo; return the exit status."""
    try:
        MainJob(url, database, Mails(mails)).run()
        BulkJob(url, database, Mails(mails)).run()
    except Exception as error:  # noqa: BLE001 (whatever it is, it is told in one line)
        if not isinstance(error, job.StepFailed):  # which has been told
            print(f"FAIL    {job.reason(error)}")
        print(f"The main job failed; screenshots and the PDF are in {place.OUT}")
        return 1
    print(f"The main job works; screenshots and the PDF are in {place.OUT}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
