"""The pages behind the link of an invoice: small, by keys, in the dark, from right to left, and without scripts."""

import re

import pytest

from .visitor import DESK, PHONE, SMALL, Visitor

CARD = "4242 4242 4242 4242"
THANKS = "Thank you, your payment was received"


STICKS_OUT = """() => {
    const main = document.querySelector("main").getBoundingClientRect();
    return [...document.querySelectorAll("main *")].filter((found) => {
        const {left, right} = found.getBoundingClientRect();
        return found.checkVisibility() && (left < main.left - 1 || right > main.right + 1);
    }).map((found) => found.outerHTML);
}"""


class SmallVisitor(Visitor):
    """A reader whose screen stays small, whatever a page was held against, and on which nothing leaves its card."""

    def fits(self, *sizes):
        super().fits(*(sizes or (PHONE,)), SMALL)
        assert self.page.evaluate(STICKS_OUT) == [], self.page.url
        return self


@pytest.fixture
def link(customer, shop):
    """The link of an invoice in two halves, of which any amount may be paid; as long as amounts get."""
    customer.policy(mode="part")
    return f"/pay/{shop.pay_token(customer.invoice(246913.56))}"


@pytest.fixture
def open_page(chrome, shop):
    """Return a function that opens a browser on a small phone; all are closed at the end."""
    contexts = []

    def make(**options):
        contexts.append(chrome.new_context(**{"viewport": SMALL, "locale": "en-US", **options}))
        contexts[-1].set_default_timeout(20_000)
        return SmallVisitor(contexts[-1].new_page(), shop.url)

    yield make
    for context in contexts:
        context.close()


def test_keys_alone_pay_an_amount_of_one_s_own_and_then_the_rest(open_page, link):
    payer = open_page()
    page = payer.page
    payer.open(link).says("To pay next $ 123,456.78", "Schedule").look()
    payer.tab_to("input[name=choice]").key("ArrowDown", "ArrowDown").tab_to("#o2c-amount").type("sixty").key("Enter")
    page.wait_for_url("**/review?*")
    payer.says("Other amount").look().tab_to("[role=alert] a").key("Enter")
    assert page.evaluate("document.activeElement.id") == "o2c-amount"
    assert page.locator("#o2c-amount").get_attribute("aria-invalid") == "true"
    payer.key("Control+a").type("150000").tab_to("main form button").key("Enter")
    page.get_by_text("Check your payment").wait_for()
    payer.says("$ 150,000.00", "$ 26,543.22 now").look().tab_to(".o2c-back a").key("Enter")
    page.get_by_text("What would you like to pay?").wait_for()
    payer.tab_to("input[name=choice]").key("ArrowDown").tab_to("main form button").key("Enter")
    page.get_by_text("Check your payment").wait_for()
    payer.says("You pay $ 246,913.56").look().tab_to("main form button").key("Enter")
    page.locator("#customer_input").wait_for()
    payer.look().tab_to("#customer_input").type(CARD).tab_to("button[name=o_payment_submit_button]").key("Enter")
    payer.await_result().says(THANKS, "$ 246,913.56", "Still open Nothing").look().tab_to(".o2c-back a").key("Enter")
    page.wait_for_url(re.compile(f"{link}$"))
    payer.says("Paid Invoice", "was paid on").look()


def test_a_payment_that_fails_and_links_that_are_good_for_nothing(open_page, link, customer, shop):
    payer = open_page()
    payer.open(f"{link}/review?choice=next").pay("error").says("The payment failed", "Nothing was paid").look()
    payer.follow("Try again").says("To pay next $ 123,456.78")
    [[pay_link]] = shop.query(f"SELECT max(id) FROM o2c_pay_link WHERE partner_id = {customer.contact}")
    wizard = shop.client("o2c.pay.link.revoke", "create", {"link_ids": [(6, 0, [int(pay_link)])], "reason": "Lost"})
    shop.client("o2c.pay.link.revoke", "action_revoke", [wizard])
    for path in ("", "/review?choice=next", "/checkout?choice=next"):
        payer.open(f"{link}{path}", 410).says("This link is no longer valid", "ask the sender")
    payer.look()
    payer.open("/pay/nonsense", 404).says("There is nothing here").look()


def test_from_right_to_left_every_page_stays_within_every_screen(open_page, link, shop):
    [arabic] = shop.client("res.lang", "search", [("code", "=", "ar_001")], context={"active_test": False})
    shop.client("res.lang", "write", [arabic], {"active": True})
    payer = open_page(locale="ar")

    def see():
        assert payer.page.locator("html").get_attribute("dir") == "rtl"
        payer.look().fits(DESK)

    payer.open(f"{link}/review?choice=other&amount=1000000", 422)
    see()
    for path in ("", "/review?choice=all", "/checkout?choice=all"):
        payer.open(f"{link}{path}")
        see()
    payer.page.locator("#customer_input").fill(CARD)
    payer.page.locator("button[name=o_payment_submit_button]").click()
    payer.await_result()
    see()
    payer.open(link)
    see()


def test_without_scripts_all_works_up_to_the_form_of_the_provider(open_page, link):
    payer = open_page(java_script_enabled=False)
    payer.open(link).page.get_by_label("Other amount").check()
    payer.page.locator("#o2c-amount").fill("sixty")
    payer.press("Continue").says("What would you like to pay?").fits()
    payer.page.locator("#o2c-amount").fill("150000")
    payer.press("Continue").says("Check your payment", "You pay $ 150,000.00").fits()
    payer.press("Continue to payment").says(
        "You pay $ 150,000.00", "The form of the payment provider needs JavaScript.", "Switch it on and reload",
    ).fits()
