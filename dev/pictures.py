"""The pictures in the guides, taken anew from a fresh demo: ``./o2c demo --pictures``.

Runs inside the virtual environment as a program of its own, like the main job. All people and companies are those of
the demo database; what they buy and say is made here over the wire.
"""

import io
import re
import subprocess
import sys
from datetime import datetime, timedelta, timezone

from PIL import Image, ImageChops
from playwright.sync_api import sync_playwright

from dev import place
from dev.maildev import Mails
from dev.rpc import Client
from dev.system import BROWSER_ARGUMENTS, chromium

IMAGES = place.ROOT / "docs" / "images"
PHONE, MAIL, DESK, LIST, FORM = (
    {"width": width, "height": height}
    for width, height in ((360, 760), (700, 600), (1280, 800), (1280, 320), (1280, 1000))
)
COLOURS = 96
REFERENCE = re.compile(r"\bRF\d\d(?: ?[0-9A-Z]{1,4})+")


class Pictures:
    """One customer with a little of everything, looked at by its contact and by staff."""

    def __init__(self, url, database, mails):
        self.url, self.rpc, self.mails = url, Client(url, database), mails
        self.page = None

    def run(self):
        """Take all pictures."""
        self._prepare()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=BROWSER_ARGUMENTS)
            for login, password, size, take in (
                ("", "", PHONE, self._public), (self.email, self.email, PHONE, self._customer),
                ("admin", "admin", DESK, self._staff),
            ):
                context = browser.new_context(viewport=size, locale="en-US")
                self.page = context.new_page()
                if login:
                    self._log_in(login, password)
                take()
                context.close()
            browser.close()

    # --- what there is to see ----------------------------------------------------------------------------------------

    def _prepare(self):
        """Azure Interior has bought for two months; its contact Brandon Freeman may log in."""
        self.customer, self.contact = self._ref("base.res_partner_12"), self._ref("base.res_partner_address_15")
        self.email = self.rpc("res.partner", "read", [self.contact], ["email"])[0]["email"]
        self.rpc("res.users", "create", {
            "login": self.email, "password": self.email, "partner_id": self.contact,
            "group_ids": [(6, 0, [self._ref("base.group_portal")])],
        }, context={"no_reset_password": True})
        self.rpc("res.partner", "write", [self.contact], {"o2c_role_invoice": True, "o2c_role_receipt": True})
        self.rpc("res.company", "write", [self._ref("base.main_company")], {
            "paperformat_id": self._ref("base.paperformat_euro"),  # all blocks of an invoice on one page
        })
        self.product, term = self._ref("o2c_portal.demo_product"), self._ref("o2c_portal.demo_payment_term")
        self.late = self._invoice(1240.00, 45)
        self.new = self._invoice(860.50, 3, invoice_payment_term_id=term)
        self._invoice(120.00, 2, move_type="out_refund")
        order = self.rpc("sale.order", "create", {
            "partner_id": self.customer, "payment_term_id": term, "client_order_ref": "Showroom",
            "order_line": [(0, 0, {"product_id": self.product, "price_unit": 6300.0})],
        })
        self.rpc("sale.order", "action_confirm", [order])

    def _invoice(self, amount, days, **values):
        """Return the id of a posted invoice of that many days ago."""
        day = datetime.now(timezone.utc).date() - timedelta(days=days)
        line = {"product_id": self.product, "price_unit": amount, "tax_ids": [(5,)]}
        move = self.rpc("account.move", "create", {
            "move_type": "out_invoice", "partner_id": self.customer, "invoice_date": day.isoformat(),
            "invoice_line_ids": [(0, 0, line)], **values,
        })
        self.rpc("account.move", "action_post", [move])
        return move

    # --- without login -----------------------------------------------------------------------------------------------

    def _public(self):
        """The mail and the paper, the page its code leads to, and the page for the code."""
        invoice = self._ref("o2c_portal.demo_invoice")
        mail = self._mail(invoice)
        self._save("invoice", _cropped(_first_page(_attached(mail))))
        self.page.set_content(mail.get_body(("html",)).get_content())
        self._shoot("guide/mail")
        self._shoot("guide/mail-700", MAIL)
        link = self.rpc("account.move", "action_o2c_copy_pay_link", [invoice])["params"]["url"]
        self._open(link)
        self._shoot("pay-page")
        self.page.locator("input[name=choice][value=other]").check()
        self.page.get_by_label("Amount", exact=False).last.fill("500.00")
        self._shoot("guide/other-amount")
        self._open("/pay")
        self._shoot("guide/code")

    def _mail(self, invoice):
        """Send an invoice and return the mail that arrived."""
        self.rpc("account.move.send.wizard", "action_send_and_print", [self._dialog(invoice)])
        [found] = self.rpc("account.move", "read", [invoice], ["name", "partner_id"])
        [partner] = self.rpc("res.partner", "read", [found["partner_id"][0]], ["email"])
        return self.mails.wait_for(partner["email"], found["name"])

    def _dialog(self, invoice):
        """Open the window that sends an invoice and return its id."""
        context = {"active_model": "account.move", "active_ids": [invoice]}
        return self.rpc("account.move.send.wizard", "create", {"move_id": invoice}, context=context)

    # --- the customer ------------------------------------------------------------------------------------------------

    def _customer(self):
        """Brandon Freeman looks at the account, pays, agrees on a plan, and tells what there is to tell."""
        self._open("/my/billing")
        self._shoot("guide/overview")
        self.page.set_viewport_size(DESK)
        self._shoot("guide/overview-1280")
        self.page.set_viewport_size(PHONE)
        self._press("Continue")
        self._shoot("guide/review")
        self._press("Continue to payment")
        self.page.locator("#customer_input").fill("4242 4242 4242 4242")
        self._press(re.compile("^Pay "))
        self.page.wait_for_url("**/result*", timeout=60_000)
        self._open(f"/my/billing/plans/new?invoices={self.new}")
        self._shoot("guide/plan-new")
        self.page.get_by_label("3 payments").check()
        self.page.get_by_label("I will pay these amounts").check()
        self._press("Agree on this plan")
        self.page.wait_for_url("**?done=agreed")
        self._shoot("guide/plan")
        self._tell()
        for name in ("orders", "payments", "contacts", "help", "statement"):
            self._open(f"/my/billing/{name}")
            if name == "statement":
                self.page.get_by_role("link", name="Last 12 months").click()
                self.page.get_by_text("Closing balance").first.wait_for()
            self._shoot(f"guide/{name}")

    def _tell(self):
        """Say that an invoice was paid already, and set a limit."""
        self._open("/my/billing/help/already_paid")
        self.page.locator("input[name=invoice]").first.check()
        self.page.get_by_label("Paid on").fill(self.page.get_by_label("Paid on").get_attribute("max"))
        self.page.get_by_label("Paid by").select_option(index=1)
        self.page.get_by_label("Payment reference").fill("Transfer of Friday")
        self._press("Send")
        self.page.wait_for_url("**/help?done=*")
        self._open("/my/billing/limits")
        self.page.get_by_label(re.compile("Balance at most")).first.fill("20000")
        self.page.get_by_label(re.compile("Open invoices at most")).first.fill("10")
        self._press("Save")
        self.page.wait_for_url("**/limits?done=*")
        self._shoot("guide/limits")

    # --- staff -------------------------------------------------------------------------------------------------------

    def _staff(self):
        """Policies, plans, requests and transfers, as the seller sees them."""
        [card] = self.rpc("payment.method", "search", [("code", "=", "card")], limit=1, context={"active_test": False})
        policy = self.rpc("o2c.payment.policy", "create", {
            "name": "Key accounts: a quarter at least", "mode": "part", "minimum_kind": "percent",
            "minimum_percent": 25, "on_account": True, "method_ids": [(0, 0, {
                "payment_method_id": card, "max_amount": 5000, "reason": "Please pay more than 5,000 by bank transfer.",
            })],
        })
        self._open(f"/odoo/action-o2c_portal.o2c_payment_policy_action/{policy}", ".o_form_view")
        self._shoot("guide/policy-1280", FORM)
        self._open("/odoo/action-o2c_portal.o2c_customer_request_action", ".o_list_view, .o_kanban_view")
        self._shoot("guide/requests-1280", LIST)
        self._transfers()
        self._open("/odoo/action-o2c_portal.o2c_bank_transfer_action", ".o_list_view")
        self._shoot("guide/transfers-1280", LIST)
        overdue = self._ref("o2c_portal.demo_invoice_overdue")
        self._open(f"/odoo/action-account.action_move_out_invoice_type/{overdue}", ".o_form_view")
        self.page.get_by_role("tab", name="Instalments").click()
        self.page.get_by_role("button", name="Agree on a Payment Plan").click()
        self.page.locator(".modal .o_form_view").wait_for()
        parts = self.page.locator(".modal div[name=parts] input")
        parts.fill("4")
        parts.press("Tab")
        self._shoot("guide/plan-wizard-1280", FORM)
        self._correction()
        self._preview()

    def _preview(self):
        """An invoice before it is sent, to a contact whose mails come back and to another one."""
        self.rpc("res.partner", "write", [self.customer], {"o2c_role_invoice": True, "message_bounce": 2})
        self.rpc("res.users", "write", [self.rpc.uid], {"email": "admin@example.com"})
        self.page.set_viewport_size(FORM)
        self._open(f"/o2c/send/preview/one/{self._dialog(self.new)}")
        self.page.wait_for_load_state("load")
        self._save("guide/preview-1280", Image.open(io.BytesIO(self.page.screenshot())))

    def _correction(self):
        """An invoice, partly paid, of which a price was wrong and whose delivery was free."""
        [tax] = self.rpc("account.tax", "search", [("type_tax_use", "=", "sale")], limit=1)
        invoice = self._invoice(0, 3, ref="PO-4711", invoice_line_ids=[
            (0, 0, {"name": name, "quantity": quantity, "price_unit": price, "tax_ids": [(6, 0, [tax])]})
            for name, quantity, price in (("Office chair, grey", 8, 129), ("Desk lamp", 8, 39.9), ("Delivery", 1, 45))
        ])
        payment = self.rpc("account.payment.register", "create", {"amount": 500},
                           context={"active_model": "account.move", "active_ids": [invoice]})
        self.rpc("account.payment.register", "action_create_payments", [payment])
        self._open(f"/odoo/action-account.action_move_out_invoice_type/{invoice}", ".o_form_view")
        self._press("Correct")
        self.page.locator(".modal .o_form_view").wait_for()
        for row, name, value in ((0, "price_unit", "119"), (2, "quantity", "0")):
            cell = self.page.locator(".modal .o_data_row").nth(row).locator(f"td[name={name}]")
            cell.click()
            cell.locator("input").fill(value)
            cell.locator("input").press("Tab")
        self._shoot("guide/correction-1280", FORM)

    def _transfers(self):
        """Transfers that carry a reference and are not exactly what is open."""
        basic = self._ref("account.group_account_basic")  # may type bank transactions
        self.rpc("res.users", "write", [self.rpc.uid], {"group_ids": [(4, basic)]})
        invoice = self._ref("o2c_portal.demo_invoice_overdue")
        text = subprocess.run(["pdftotext", "-layout", "-", "-"], input=_attached(self._mail(invoice)), check=True,
                              capture_output=True).stdout.decode()
        reference = REFERENCE.search(text)[0].strip()
        [journal] = self.rpc("account.journal", "search", [("type", "=", "bank")], limit=1)
        for amount in (2000.00, 2800.00):
            self.rpc("account.bank.statement.line", "create", {
                "journal_id": journal, "amount": amount, "payment_ref": f"Invoice, {reference}",
            })

    # --- help --------------------------------------------------------------------------------------------------------

    def _ref(self, name):
        return self.rpc("ir.model.data", "check_object_reference", *name.split("."))[1]

    def _log_in(self, login, password):
        self._open("/web/login", "input[name=login]")
        self.page.locator("input[name=login]").fill(login)
        self.page.locator("input[name=password]").fill(password)
        self.page.locator("input[name=password]").press("Enter")
        self.page.wait_for_url(re.compile("/(odoo|my)"), timeout=60_000)

    def _open(self, path, awaited="h1"):
        """Open a page and wait until something of it is there."""
        self.page.goto(path if path.startswith("http") else f"{self.url}{path}")
        self.page.locator(awaited).first.wait_for()

    def _press(self, name):
        self.page.get_by_role("button", name=name).first.click()

    def _shoot(self, name, size=None):
        """Take the page as if the screen were as high as it: what sticks to the bottom belongs there."""
        before, size = self.page.viewport_size, size or self.page.viewport_size
        self.page.set_viewport_size(size)
        self.page.evaluate("document.fonts.ready")
        self.page.wait_for_timeout(500)  # what slides or fades is there
        height = self.page.evaluate("document.documentElement.scrollHeight")
        self.page.set_viewport_size({**size, "height": max(size["height"], height)})
        self._save(name, Image.open(io.BytesIO(self.page.screenshot(animations="disabled"))))
        self.page.set_viewport_size(before)

    @staticmethod
    def _save(name, picture):
        """Save a picture with few colours: text and forms need no more, and the repository stays small."""
        few = picture.convert("RGB").quantize(COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        few.save(IMAGES / f"{name}.png", optimize=True)
        print(f"{name}.png", flush=True)


def _attached(mail):
    """Return the PDF that came with a mail."""
    return next(mail.iter_attachments()).get_content()


def _first_page(pdf):
    """Return the first page of a PDF as a picture."""
    done = subprocess.run(["pdftoppm", "-r", "80", "-png", "-singlefile", "-"], input=pdf, check=True,
                          capture_output=True)
    return Image.open(io.BytesIO(done.stdout)).convert("RGB")


def _cropped(picture, margin=24):
    """Return a picture without the white around what is on it."""
    left, top, right, bottom = ImageChops.difference(picture, Image.new("RGB", picture.size, "white")).getbbox()
    width, height = picture.size
    return picture.crop((max(0, left - margin), max(0, top - margin), min(width, right + margin),
                         min(height, bottom + margin)))


if __name__ == "__main__":
    Pictures(sys.argv[1], sys.argv[2], Mails(sys.argv[3])).run()
