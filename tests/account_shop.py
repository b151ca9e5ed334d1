"""A seller with customers who log in to their account, and the browser such a customer looks at it with."""

import re
import subprocess

from dev import node, place

from .shop import Shop

AXE = (node.module("axe-core") / "axe.min.js").read_text()
PHONE, DESK, SMALL = ({"width": width, "height": 760} for width in (360, 1280, 320))
FOCUSED = """() => {
    const found = document.activeElement, style = getComputedStyle(found);
    const label = found.closest(".o2c-option");
    return {outline: style.outlineStyle !== "none" || Boolean(label && getComputedStyle(label).outlineStyle !== "none"),
            tag: found.tagName};
}"""


class AccountShop(Shop):
    """Customers with a login each, so that no test meets the documents of another."""

    def __init__(self, client, database, url):
        super().__init__(client, database)
        self.url, self._count = url, 0
        client("ir.config_parameter", "set_param", "web.base.url", url)
        [self.portal] = client("ir.model.data", "search_read", [("name", "=", "group_portal")], ["res_id"], limit=1)

    def customer_with_login(self):
        """Return a new customer, a company with one contact who may log in."""
        self._count += 1
        return Customer(self, self._count)

    def today(self, days=0):
        [[day]] = self.query(f"SELECT (now() AT TIME ZONE 'UTC')::date + {days}")
        return day


class Customer:
    """One company: ``login`` is a contact of it with the address ``email``."""

    def __init__(self, shop, number):
        self.shop, self.client, self.cookies = shop, shop.client, []
        self.name, self.email = f"Payer {number} Ltd", f"ann{number}@payer.example"
        self.id = self.client("res.partner", "create", {"name": self.name, "is_company": True})
        self.contact = self.client("res.partner", "create", {
            "name": f"Ann Payer {number}", "parent_id": self.id, "email": self.email, "type": "invoice",
        })
        self.user = self.client("res.users", "create", {
            "login": self.email, "password": self.email, "partner_id": self.contact,
            "group_ids": [(6, 0, [shop.portal["res_id"]])],
        }, context={"no_reset_password": True})

    def invoice(self, total, days=0, instalments=True, **values):
        """Return the id of a posted invoice of that many days ago, in two halves unless told otherwise."""
        return self._post("out_invoice", total, days, invoice_payment_term_id=self.shop.term if instalments else False,
                          **values)

    def credit_note(self, total):
        return self._post("out_refund", total, 0, invoice_payment_term_id=False)

    def _post(self, kind, total, days, **values):
        move = self.client("account.move", "create", {
            "move_type": kind, "partner_id": self.contact, "invoice_date": self.shop.today(-days),
            "invoice_line_ids": [(0, 0, {"name": "Goods", "quantity": 1, "price_unit": total, "tax_ids": [(5,)]})],
            **values,
        })
        self.client("account.move", "action_post", [move])
        return move

    def order(self, total):
        """Return the id of a confirmed order."""
        [product] = self.client("product.product", "search", [("sale_ok", "=", True)], limit=1)
        order = self.client("sale.order", "create", {
            "partner_id": self.id, "payment_term_id": self.shop.term,
            "order_line": [(0, 0, {"product_id": product, "price_unit": total, "tax_ids": [(5,)]})],
        })
        self.client("sale.order", "action_confirm", [order])
        return order

    def number(self, record, model="account.move"):
        return self.client(model, "read", [record], ["name"])[0]["name"]

    def open_cents(self, *moves):
        """Return what is open on documents, as the ledger says."""
        return [sum(cents for _line, cents in self.shop.open_lines(move)) for move in moves]

    def requests(self, *fields):
        """Return what the customer has told us, newest first."""
        return self.client("o2c.customer.request", "search_read", [("partner_id", "=", self.id)], list(fields))


class Visitor:
    """A page in a browser; every page that is looked at is held to what all pages promise."""

    def __init__(self, page, url):
        self.page, self.url = page, url

    def login(self, customer):
        """Log a customer in; the second time with the session of the first."""
        context = self.page.context
        if not customer.cookies:
            answer = context.request.post(f"{self.url}/web/session/authenticate", data={"jsonrpc": "2.0", "params": {
                "db": customer.shop.database, "login": customer.email, "password": customer.email,
            }})
            assert answer.json()["result"]["uid"] == customer.user
            customer.cookies = context.cookies()
        context.add_cookies(customer.cookies)
        return self

    def open(self, path, status=200):
        answer = self.page.goto(path if path.startswith("http") else f"{self.url}{path}")
        assert answer.status == status, f"{path} answers {answer.status}"
        return self

    def text(self):
        return " ".join(self.page.locator("main").inner_text().split())

    def heading(self):
        return self.page.locator("h1").inner_text().strip()

    def says(self, *texts):
        for text in texts:
            assert text in self.text(), f"{text!r} is missing in: {self.text()}"
        return self

    def press(self, name):
        self.page.get_by_role("button", name=name).click()
        return self

    def choose(self, *names):
        for name in names:
            self.page.get_by_label(name).first.check()
        return self

    def look(self, picture=""):
        """Hold the page to what is promised of all; keep a picture of it for the guide.

        One heading, nothing that axe calls serious or critical, nothing wider than a phone.
        """
        assert self.page.locator("h1").count() == 1
        found = self.page.evaluate(f"{AXE}; axe.run(document, {{resultTypes: ['violations']}})")
        wrong = [
            f"{rule['id']}: {rule['nodes'][0]['html']}"
            for rule in found["violations"] if rule["impact"] in ("serious", "critical")
        ]
        assert not wrong, f"{self.page.url}: {wrong}"
        self.fits()
        if picture:
            self._shoot(picture)
        return self

    def fits(self, *sizes):
        for size in sizes or (SMALL, PHONE):
            self.page.set_viewport_size(size)
            width = self.page.evaluate("document.documentElement.scrollWidth")
            assert width <= size["width"], f"{self.page.url} is {width} px wide on a screen of {size['width']}"

    def _shoot(self, name):
        """Save the whole page as if the screen were as high as it: what sticks to the bottom belongs there."""
        for size in (DESK, PHONE):
            self.page.set_viewport_size(size)
            height = self.page.evaluate("document.documentElement.scrollHeight")
            self.page.set_viewport_size({**size, "height": height})
            self.page.screenshot(path=place.OUT / f"account-{name}-{size['width']}.png")
        self.page.set_viewport_size(PHONE)

    def tab_to(self, selector, most=60):
        """Press the tab key until an element has the focus, and see that this can be seen."""
        for _press in range(most):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                assert self.page.evaluate(FOCUSED)["outline"], f"the focus on {selector} cannot be seen"
                return self
        raise AssertionError(f"the tab key does not reach {selector} on {self.page.url}")

    def download(self, name):
        """Follow a link to a file and return its content."""
        with self.page.expect_download() as waiting:
            self.page.get_by_role("link", name=name).first.click()
        return waiting.value.path().read_bytes()


def pdf_text(content):
    """Return the text of a PDF."""
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, check=True, capture_output=True)
    return done.stdout.decode()


def body(mail):
    """Return the text of a mail, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", mail.get_body(("html", "plain")).get_content()).split())
