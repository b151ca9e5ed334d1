"""A customer's own account on a phone: everything it offers, against a real server with real mail."""

import os
import re

import pytest

from dev import database as databases
from dev.rpc import Client
from dev.server import Server

from .account_shop import DESK, PHONE, SMALL, AccountShop, Visitor, body, pdf_text
from .harness import MailBox

PAGES = ("", "/statement", "/plans", "/plans/new", "/promise/new", "/orders", "/payments", "/contacts", "/contacts/new",
         "/limits", "/help", "/help/already_paid", "/help/copy", "/help/po_number", "/help/wrong_contact")
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture(scope="module")
def mails():
    box = MailBox().start()
    yield box
    box.stop()


@pytest.fixture(scope="module")
def shop(template, mails):
    """One server for all tests here: starting it takes longer than most of them."""
    name = databases.name(f"test_{os.getpid()}_account")
    databases.copy(template, name)
    server = Server(name, smtp_server="127.0.0.1", smtp_port=mails.port)
    try:
        server.start()
        yield AccountShop(Client(server.url, name), name, server.url)
    finally:
        server.stop()
        databases.drop(name)


@pytest.fixture(scope="module")
def chrome():
    from playwright.sync_api import sync_playwright

    from dev.system import BROWSER_ARGUMENTS, chromium

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium(), args=BROWSER_ARGUMENTS)
        yield found
        found.close()


@pytest.fixture
def visitor(chrome, shop):
    """A phone, with nobody logged in."""
    context = chrome.new_context(viewport=PHONE, locale="en-US")
    context.set_default_timeout(20_000)
    yield Visitor(context.new_page(), shop.url)
    context.close()


@pytest.fixture
def customer(shop):
    return shop.customer_with_login()


@pytest.fixture
def account(visitor, customer):
    """The customer, logged in on their phone."""
    return visitor.login(customer)


@pytest.fixture(scope="module")
def regular(shop):
    """A customer for all tests that look at documents of their own only."""
    return shop.customer_with_login()


@pytest.fixture
def office(visitor, regular):
    """The regular customer, logged in on their phone."""
    return visitor.login(regular)


def pay(visitor):
    """Pay what is shown for review, with the demo provider."""
    visitor.press("Continue to payment")
    visitor.page.locator("#customer_input").fill("4242 4242 4242 4242")
    visitor.press(re.compile("^Pay "))
    visitor.page.get_by_text("Thank you, your payment was received").wait_for(timeout=60_000)


def test_keyboard_alone_pays_over_two_invoices(account, customer, mails):
    old, new = customer.invoice(200, days=10), customer.invoice(100)
    customer.credit_note(30)
    names = [customer.number(move) for move in (old, new)]
    account.open("/my/billing").says("Open $ 300.00", "of which overdue $ 100.00", "Your credit $ 30.00", *names)
    account.look("overview")
    account.page.keyboard.press("Tab")
    assert account.page.evaluate("document.activeElement.className") == "o2c-skip"
    account.page.keyboard.press("Enter")
    account.tab_to("input[name=item]:checked").tab_to("input[name=item]").page.keyboard.press("Space")
    assert account.page.locator("input[name=item]:checked").count() == 2  # the late half of the old one, half the new
    account.tab_to(".o2c-bar button").page.keyboard.press("Enter")
    account.page.wait_for_url("**/review?*")
    account.says(*names).look("review")
    account.tab_to("main form button").page.keyboard.press("Enter")
    account.page.locator("#customer_input").wait_for()
    account.look("checkout")
    account.tab_to("#customer_input").page.keyboard.type("4242 4242 4242 4242")
    account.tab_to("button[name=o_payment_submit_button]").page.keyboard.press("Enter")
    account.page.get_by_text("Thank you, your payment was received").wait_for(timeout=60_000)
    account.says("$ 150.00", *names).look("result")
    assert customer.open_cents(old, new) == [10000, 5000]
    receipt = body(mails.wait_for(customer.email, "Receipt"))
    assert "150.00" in receipt
    assert all(name in receipt for name in names)
    account.open("/my/billing/payments").says("Received", "$ 150.00", *names).look("payments")
    printed = pdf_text(account.download("Receipt (PDF)"))
    assert all(name in printed for name in names)


def test_pays_a_part_of_one_and_all_of_another(account, customer):
    first, second = (customer.invoice(total, instalments=False) for total in (80, 60))
    account.open("/my/billing").choose(customer.number(first), customer.number(second))
    part = account.page.get_by_label(re.compile(f"^Pay.*{re.escape(customer.number(second))}"))
    part.fill("sixty")
    account.press("Continue").says("Please correct this").look("wrong-amount")
    assert account.page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    part.fill("25.50")
    account.press("Continue").says("$ 105.50", "of $ 60.00")
    pay(account)
    assert customer.open_cents(first, second) == [0, 3450]


def test_credit_settles_an_invoice(account, customer):
    invoice, note = customer.invoice(100, instalments=False), customer.credit_note(40)
    account.open("/my/billing").press("Use this credit")
    account.says("Your credit was used", customer.number(note), customer.number(invoice), "$ 40.00").look("credit")
    assert customer.open_cents(invoice) == [6000]


def test_pays_in_instalments(account, customer):
    invoice = customer.invoice(300, instalments=False)
    number = customer.number(invoice)
    account.open("/my/billing/plans").says("Nothing is agreed on yet").look("plans-empty")
    account.page.get_by_role("link", name="Pay in instalments").click()
    account.choose(number).look().press("Continue").says(number, "$ 300.00", "2 payments").look("plan-new")
    account.choose("3 payments").press("Agree on this plan").says("Please tick the box").look()
    account.choose("I will pay these amounts").press("Agree on this plan")
    account.says("The plan is in force", "In force", "$ 0.00 of $ 300.00 paid", number).look("plan-agreed")
    account.open("/my/billing").says(*(f"Arranged: payment {part} of 3" for part in (1, 2, 3))).look("plan-overview")
    for later in (2, 3):
        account.page.get_by_label(f"Arranged: payment {later} of 3").uncheck()
    account.press("Continue").says("$ 100.00")
    pay(account)
    assert customer.open_cents(invoice) == [20000]
    account.open("/my/billing/plans").look("plans").page.get_by_role("link", name="Payment plan").click()
    account.says("In force", "$ 100.00 of $ 300.00 paid", "$ 200.00 open").look("plan")
    assert account.page.locator("progress").get_attribute("value") == "33"


def test_promises_to_pay(account, customer):
    number = customer.number(customer.invoice(80, instalments=False))
    account.open("/my/billing/promise/new").choose(number).look().press("Continue").says(number, "$ 80.00").look()
    day, amount = (account.page.get_by_label(label) for label in ("When will you pay?", "How much?"))
    day.fill(customer.shop.today(20))
    amount.fill("50.00")
    account.press("Promise").look("promise-errors")
    assert "Please choose a day until" in account.page.locator("#day-error").inner_text()
    assert (day.input_value(), amount.input_value()) == (customer.shop.today(20), "50.00")
    day.fill(customer.shop.today(10))
    account.press("Promise").says("We have noted your promise", "In force").look("promise")
    account.open("/my/billing").says("Open $ 80.00", "Promised $ 50.00").look()


def test_statement_on_screen_and_as_files(office, regular):
    number = regular.number(regular.invoice(100, days=40))
    office.open("/my/billing/statement").says(number, "$ 100.00", "days overdue").look("statement")
    assert number in pdf_text(office.download("PDF"))
    assert number in office.download("CSV").decode("utf-8-sig")
    assert office.download("XLSX")[:2] == b"PK"
    office.page.get_by_role("link", name="Last 12 months").click()
    office.says("Opening balance", "Closing balance", number).look("statement-activity")
    office.open("/my/billing/statement?kind=activity&from=2020-01-01&to=2024-01-01", 422)
    office.says("24 months at most").look()


def test_orders_show_how_far_they_are(office, regular):
    number = regular.number(regular.order(500), "sale.order")
    office.open("/my/billing/orders").says(number, "Ordered", "Paid").look("orders")


def test_already_paid_pauses_and_makes_a_task(office, regular):
    number = regular.number(regular.invoice(100, days=10))
    office.open("/my/billing/help").look("help")
    office.page.get_by_role("link", name="I have paid already").click()
    office.press("Send").says("Please check your entries", "Choose at least one invoice.").look("help-errors")
    office.choose(number)
    office.page.get_by_label("Paid on").fill(regular.shop.today(-1))
    office.page.get_by_label("Paid by").select_option(index=1)
    office.page.get_by_label("Payment reference").fill("Transfer 4711")
    office.page.get_by_label("Remittance slip").set_input_files(
        {"name": "slip.pdf", "mimeType": "application/pdf", "buffer": PDF})
    office.press("Send").says("We look for your payment", "We are on it", "No reminders about it until", number).look()
    [request] = regular.requests("kind", "reference", "attachment_ids", "user_id")
    assert (request["kind"], request["reference"]) == ("already_paid", "Transfer 4711")
    assert len(request["attachment_ids"]) == 1
    tasks = regular.client("mail.activity", "search_count", [("summary", "ilike", number)])
    assert tasks or regular.client("mail.activity", "search_count", [("res_id", "=", request["id"])])


def test_a_copy_comes_by_mail(office, regular, mails):
    number = regular.number(regular.invoice(100))
    office.open("/my/billing/help/copy").choose(number).look()
    office.press("Send me the copy").says("The copy is on its way")
    mail = mails.wait_for(regular.email, number, timeout=60)
    assert [part.get_content_type() for part in mail.iter_attachments()] == ["application/pdf"]


def test_order_number_and_right_contact(office, regular):
    invoice = regular.invoice(100)
    office.open("/my/billing/help/po_number").choose(regular.number(invoice))
    office.page.get_by_label("Purchase order number").fill("PO 4711")
    office.look().press("Send").says("we have your number", "Done")
    assert regular.client("account.move", "read", [invoice], ["ref"])[0]["ref"] == "PO 4711"
    office.open("/my/billing/help/wrong_contact")
    office.page.get_by_label("Name of the right person").fill("Bea Books")
    office.page.get_by_label("Email address of the right person").fill("bea@payer.example")
    office.look().press("Send").says("We will send invoices to the right person")
    assert regular.requests("contact_email")[0]["contact_email"] == "bea@payer.example"


def test_contacts_are_added_and_an_address_changes_with_the_consent_of_the_old_one(account, customer, visitor, mails):
    account.open("/my/billing/contacts").look("contacts")
    account.page.get_by_role("link", name="Add a contact").click()
    account.press("Add contact").says("Please check your entries").look()
    account.page.get_by_label("Name").fill("Bea Books")
    account.page.get_by_label("Email address").fill(f"bea.{customer.email}")
    account.choose("Receipts").press("Add contact").says("The contact was added", "Bea Books")
    account.open(f"/my/billing/contacts/{customer.contact}/email")
    account.page.get_by_label("New address").fill(f"new.{customer.email}")
    account.look().press("Ask for the change").says("We have sent an email to the old address", "Waiting")
    mail = mails.wait_for(customer.email, "new email address", timeout=60)
    [link] = set(re.findall(r"http://[^\"'\s<>]+/my/billing/confirm/[\w-]+", mail.get_body(("html",)).get_content()))
    account.page.context.clear_cookies()
    account.open(link).says("Is this address right?", f"new.{customer.email}").look("confirm")
    account.press("Yes, use the new address").says("From now on we write to").look()
    [[address]] = customer.shop.query(f"SELECT email FROM res_partner WHERE id = {customer.contact}")
    assert address == f"new.{customer.email}"


def test_own_limits_are_kept(office, regular):
    regular.invoice(100)
    office.open("/my/billing/limits")
    office.page.get_by_label(re.compile("Balance at most")).fill("lots")
    office.press("Save").says("enter an amount like").look()
    office.page.get_by_label(re.compile("Balance at most")).fill("50")
    office.page.get_by_label(re.compile("Open invoices at most")).fill("3")
    office.press("Save").says("Your limits are saved.", "Over the limit").look("limits")


def test_the_printed_code_leads_to_the_invoice(visitor, regular, mails):
    invoice = regular.invoice(100)
    context = {"active_model": "account.move", "active_ids": [invoice]}
    wizard = regular.client("account.move.send.wizard", "create", {"move_id": invoice}, context=context)
    regular.client("account.move.send.wizard", "action_send_and_print", [wizard])
    mail = mails.wait_for(regular.email, regular.number(invoice))
    paper = pdf_text(next(mail.iter_attachments()).get_content())
    code = re.search(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{3}\b", paper)[0]
    visitor.open("/pay").look("code")
    field = visitor.page.get_by_label("Code", exact=True)
    field.fill(code[:-1])
    visitor.press("Continue").page.get_by_text("there is a typing mistake").wait_for()
    field.fill(code.lower().replace("-", " "))
    visitor.press("Continue").page.wait_for_url(re.compile("/pay/[\\w-]{43}$"))
    visitor.says(f"…{regular.number(invoice)[-4:]}", "$ 50.00").look()


def test_link_to_the_account_pays_without_login(visitor, customer):
    first, second = customer.invoice(100, days=5, instalments=False), customer.invoice(50, instalments=False)
    link = customer.client("res.partner", "action_o2c_copy_account_link", [customer.contact])["params"]["url"]
    visitor.open(link).look("link")
    assert visitor.page.locator(".o2c-nav, a[href^='/my']").count() == 0
    visitor.choose("Everything open").press("Continue").says("$ 150.00")
    pay(visitor)
    visitor.look()
    assert customer.open_cents(first, second) == [0, 0]


def test_everything_is_empty_for_a_new_customer(account):
    for page in ("", "/statement", "/orders", "/payments", "/help/already_paid", "/help/copy"):
        account.open(f"/my/billing{page}").look()
    account.open("/my/billing/help/nonsense", 404).says("There is nothing here").look()


def test_writing_from_right_to_left_and_zoom(chrome, shop, customer):
    """Every page in Arabic and with 200 % zoom on a screen of 640 px, which leaves 320; long texts and amounts."""
    customer.invoice(123456.78, days=40, ref="A reference of theirs that is rather long, as references are")
    customer.invoice(100)
    customer.order(500)
    [arabic] = shop.client("res.lang", "search", [("code", "=", "ar_001")], context={"active_test": False})
    shop.client("res.lang", "write", [arabic], {"active": True})
    shop.client("res.partner", "write", [customer.contact], {"lang": "ar_001"})
    context = chrome.new_context(viewport=SMALL, device_scale_factor=2)
    reader = Visitor(context.new_page(), shop.url).login(customer)
    for page in PAGES:
        reader.open(f"/my/billing{page}").fits(SMALL, PHONE, DESK)
        assert reader.page.locator("html").get_attribute("dir") == "rtl"
    reader.open("/my/billing").look()
    context.close()
