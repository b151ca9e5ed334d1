"""The browser a customer looks at their account with, and what every page of it promises."""

import re
import subprocess

from dev import node

AXE = (node.module("axe-core") / "axe.min.js").read_text()
PHONE, DESK, SMALL = ({"width": width, "height": 760} for width in (360, 1280, 320))
FOCUSED = """() => {
    const found = document.activeElement, style = getComputedStyle(found);
    const label = found.closest(".o2c-option");
    return {outline: style.outlineStyle !== "none" || Boolean(label && getComputedStyle(label).outlineStyle !== "none"),
            tag: found.tagName};
}"""
WATCH_SHIFTS = """window.o2cShift = 0; new PerformanceObserver((list) => {
    window.o2cShift += list.getEntries().reduce((sum, entry) => sum + (entry.hadRecentInput ? 0 : entry.value), 0);
}).observe({type: "layout-shift", buffered: true});"""
SHIFT = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(window.o2cShift))))"
MOST_SHIFT = 0.1  # what is called good


class Visitor:
    """A page in a browser; every page that is looked at is held to what all pages promise."""

    def __init__(self, page, url):
        self.page, self.url = page, url
        page.add_init_script(WATCH_SHIFTS)

    def login(self, customer):
        """Log a customer in; the second time with the session of the first."""
        context = self.page.context
        context.clear_cookies()
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

    def says(self, *texts):
        for text in texts:
            assert text in self.text(), f"{text!r} is missing in: {self.text()}"
        return self

    def hides(self, *texts):
        for text in texts:
            assert text not in self.text(), f"{text!r} is said in: {self.text()}"
        return self

    def press(self, name):
        self.page.get_by_role("button", name=name).click()
        return self

    def follow(self, name):
        self.page.get_by_role("link", name=name).first.click()
        return self

    def choose(self, *names):
        for name in names:
            self.page.get_by_label(name).first.check()
        return self

    def fill(self, **values):
        """Fill fields by the beginning of their label, with underscores for blanks."""
        for name, value in values.items():
            self.page.get_by_label(re.compile(f"^{name.replace('_', ' ')}", re.IGNORECASE)).first.fill(value)
        return self

    def pay(self, state="done"):
        """Pay what is shown for review, as the demo provider is told to answer."""
        self.press("Continue to payment")
        self.page.locator("#customer_input").fill("4242 4242 4242 4242")
        self.page.locator("#simulated_payment_state").select_option(state)
        self.press(re.compile("^Pay "))
        return self.await_result()

    def await_result(self):
        self.page.wait_for_url("**/result*", timeout=60_000)
        return self

    def look(self):
        """Hold the page to what is promised of all.

        Nothing moves while it is loaded, one heading, nothing that axe calls serious or critical by day and by night,
        nothing wider than a phone.
        """
        shift = self.page.evaluate(SHIFT)
        assert shift < MOST_SHIFT, f"{self.page.url} moved by {shift} while it was loaded"
        assert self.page.locator("h1").count() == 1
        self._complaints(f"{AXE}; axe.run(document, {{resultTypes: ['violations']}})")
        self.page.emulate_media(color_scheme="dark")
        self._complaints("axe.run(document, {runOnly: {type: 'rule', values: ['color-contrast']}})")
        self.page.emulate_media(color_scheme="light")
        return self.fits()

    def _complaints(self, check):
        found = self.page.evaluate(check)
        wrong = [
            f"{rule['id']}: {rule['nodes'][0]['html']}"
            for rule in found["violations"] if rule["impact"] in ("serious", "critical")
        ]
        assert not wrong, f"{self.page.url}: {wrong}"

    def fits(self, *sizes):
        for size in sizes or (SMALL, PHONE):
            self.page.set_viewport_size(size)
            width = self.page.evaluate("document.documentElement.scrollWidth")
            assert width <= size["width"], f"{self.page.url} is {width} px wide on a screen of {size['width']}"
        self.page.evaluate("window.o2cShift = 0")  # another screen may move what it likes
        return self

    def tab_to(self, selector, most=60):
        """Press the tab key until an element has the focus, and see that this can be seen."""
        for _press in range(most):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                assert self.page.evaluate(FOCUSED)["outline"], f"the focus on {selector} cannot be seen"
                return self
        raise AssertionError(f"the tab key does not reach {selector} on {self.page.url}")

    def key(self, *names):
        for name in names:
            self.page.keyboard.press(name)
        return self

    def type(self, text):
        self.page.keyboard.type(text)
        return self

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
