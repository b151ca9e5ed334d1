"""What is owed, and paying it: one payment over whatever was chosen."""

import re

from .visitor import body, pdf_text

THANKS = "Thank you, your payment was received"


def paid(visitor, *amounts):
    """Pay what is shown for review."""
    return visitor.pay().says(THANKS, *amounts)


def test_keyboard_alone_pays_over_two_invoices(account, customer, mails):
    old, new = customer.invoice(200, days=10), customer.invoice(100)
    customer.credit_note(30)
    names = customer.numbers([old, new])
    account.open("/my/billing").says("Open $ 300.00", "of which overdue $ 100.00", "Your credit $ 30.00", *names).look()
    account.key("Tab")
    assert account.page.evaluate("document.activeElement.className") == "o2c-skip"
    account.key("Enter").tab_to("input[name=item]:checked").tab_to("input[name=item]").key("Space")
    assert account.page.locator("input[name=item]:checked").count() == 2  # the late half of the old one, half the new
    account.tab_to(".o2c-bar button").key("Enter")
    account.page.wait_for_url("**/review?*")
    account.says(*names).look().tab_to("main form button").key("Enter")
    account.page.locator("#customer_input").wait_for()
    account.look().tab_to("#customer_input").type("4242 4242 4242 4242")
    account.tab_to("button[name=o_payment_submit_button]").key("Enter")
    account.await_result().says(THANKS, "$ 150.00", *names).look()
    assert customer.open_cents(old, new) == [10000, 5000]
    receipt = body(mails.wait_for(customer.email, "Receipt"))
    assert "150.00" in receipt
    assert all(name in receipt for name in names)
    account.open("/my/billing/payments").says("Received", "$ 150.00", *names).look()
    printed = pdf_text(account.download("Receipt (PDF)"))
    assert all(name in printed for name in names)


def test_pays_a_part_of_one_and_all_of_another(account, customer):
    first, second = customer.invoices([80, 60])
    account.open("/my/billing").choose(*customer.numbers([first, second]))
    part = account.page.get_by_label(re.compile(f"^Pay.*{re.escape(customer.number(second))}"))
    part.fill("sixty")
    account.press("Continue").says("Please correct this").look()
    assert account.page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    part.fill("25.50")
    account.press("Continue").says("$ 105.50", "of $ 60.00")
    paid(account, "$ 105.50")
    assert customer.open_cents(first, second) == [0, 3450]


def test_credit_settles_an_invoice(account, customer):
    invoice, note = customer.invoice(100, instalments=False), customer.credit_note(40)
    account.open("/my/billing").press("Use this credit")
    account.says("Your credit was used", customer.number(note), customer.number(invoice), "$ 40.00").look()
    assert customer.open_cents(invoice) == [6000]


def test_currencies_and_companies_are_paid_one_after_the_other(account, customer, shop):
    company, euro = shop.second_company(), shop.euro()
    shop.client("res.users", "write", [customer.user], {"company_ids": [(4, company)]})
    dollars, euros = customer.invoice(100, instalments=False), customer.invoice(50, instalments=False, currency_id=euro)
    elsewhere = customer.invoice(70, instalments=False, company=company)
    account.open("/my/billing").look()
    tabs = account.page.get_by_role("navigation", name="Currencies and companies").get_by_role("link")
    [[first]] = shop.query("SELECT name FROM res_company ORDER BY id LIMIT 1")
    assert sorted(" ".join(tab.split()) for tab in tabs.all_inner_texts()) == sorted(
        (f"{first} $ 100.00", f"{first} 50.00 €", "Second Seller $ 70.00"))
    tabs.filter(has_text="50.00").click()
    account.says("Open 50.00 €", customer.number(euros)).hides(customer.number(dollars))
    items = [shop.open_lines(move)[0][0] for move in (dollars, euros, elsewhere)]
    query = "&".join(f"item={item}" for item in items)
    account.open(f"/my/billing/review?group={shop.account_group(dollars)}&choice=selected&{query}", 422)
    account.says("One payment at a time", "what you chose is kept", "$ 100.00", "50.00 €", "$ 70.00").look()
    account.page.get_by_role("link", name=re.compile("^Pay 50.00")).click()
    account.says("Check your payment", customer.number(euros), "50.00 €").hides("$ 100.00")
    paid(account, "50.00 €")
    assert customer.open_cents(dollars, euros, elsewhere) == [10000, 0, 7000]
    account.open(f"/my/billing?group={shop.account_group(elsewhere)}")
    account.says("Online payment is not available", "Second Seller").look()


def test_a_long_list_has_pages_and_is_paid_at_once(account, customer):
    invoices = customer.invoices(range(1, 46))
    last = customer.number(invoices[-1])
    account.open("/my/billing").says("page 1 of 2", "45 items", "$ 1,035.00").look()
    assert account.page.locator("input[name=item]").count() == 40
    account.follow("Next").says("page 2 of 2").look()
    assert account.page.locator("input[name=item]").count() == 5
    account.fill(Find_a_document=last).press("Search").says(last)
    assert account.page.locator("input[name=item]").count() == 1
    account.open("/my/billing").choose("Everything open").press("Continue")
    account.says("Documents 45", "$ 1,035.00", "Page 1 of 2").look()
    paid(account, "$ 1,035.00", "Page 1 of 2").follow("Next").says("Page 2 of 2", last).look()
    assert customer.open_cents(*invoices) == [0] * 45
    account.open("/my/billing/payments").says("$ 1,035.00", last)
    account.open("/my/billing/statement").follow("Last 12 months").says("Page 1 of 2")
    account.follow("Next").says("Page 2 of 2").look()


def test_payments_that_wait_fail_or_are_cancelled_say_so(account, customer):
    invoice = customer.invoice(90, instalments=False)
    for state, title in (("error", "The payment failed"), ("cancel", "The payment was cancelled")):
        account.open("/my/billing").press("Continue")
        account.pay(state).says(title, "Nothing was paid").look()
        account.follow("Try again").says(customer.number(invoice), "$ 90.00")
    account.press("Continue")
    account.pay("pending").says("Your payment is being processed", "do not pay again", customer.number(invoice)).look()
    account.open("/my/billing").says("In process $ 90.00").look()
    assert account.page.locator("input[name=item]").count() == 0
    account.open("/my/billing/payments").says("On their way", "In process", "$ 90.00").look()


def test_a_saved_card_is_its_owner_s_only(account, customer):
    first, _second = customer.invoices([40, 30])
    account.open("/my/billing").page.locator("input[name=choice][value=selected]").check()
    account.page.locator("input[name=item]").nth(1).uncheck()
    account.press("Continue").press("Continue to payment")
    account.page.locator("#customer_input").fill("4242 4242 4242 4242")
    account.choose("Save my payment details").press(re.compile("^Pay ")).await_result().says(THANKS)
    account.open("/my/billing/payments").follow("Manage your saved payment methods")
    saved = account.page.locator("input[name=o_payment_radio][data-payment-option-type=token]")
    assert saved.count() == 1
    checkout = f"/my/billing/checkout?choice=all&group={customer.shop.account_group(first)}"
    account.open(checkout)
    assert saved.count() == 1
    account.login(customer.colleague())
    for page in ("/my/payment_method", checkout):
        account.open(page)
        assert account.page.locator("#o_payment_form").count() == 1
        assert saved.count() == 0


def test_the_printed_code_leads_to_the_invoice(visitor, regular, mails):
    invoice = regular.invoice(100)
    context = {"active_model": "account.move", "active_ids": [invoice]}
    wizard = regular.client("account.move.send.wizard", "create", {"move_id": invoice}, context=context)
    regular.client("account.move.send.wizard", "action_send_and_print", [wizard])
    mail = mails.wait_for(regular.email, regular.number(invoice))
    paper = pdf_text(next(mail.iter_attachments()).get_content())
    code = re.search(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{3}\b", paper)[0]
    visitor.open("/pay").look()
    field = visitor.page.get_by_label("Code", exact=True)
    field.fill(code[:-1])
    visitor.press("Continue").page.get_by_text("there is a typing mistake").wait_for()
    field.fill(code.lower().replace("-", " "))
    visitor.press("Continue").page.wait_for_url(re.compile("/pay/[\\w-]{43}$"))
    visitor.says(f"…{regular.number(invoice)[-4:]}", "$ 50.00").look()


def test_link_to_the_account_pays_without_login(visitor, customer):
    first, second = customer.invoice(100, days=5, instalments=False), customer.invoice(50, instalments=False)
    link = customer.client("res.partner", "action_o2c_copy_account_link", [customer.contact])["params"]["url"]
    visitor.open(link).look()
    assert visitor.page.locator(".o2c-nav, a[href^='/my']").count() == 0
    visitor.choose("Everything open").press("Continue").says("$ 150.00")
    paid(visitor, "$ 150.00").look()
    assert customer.open_cents(first, second) == [0, 0]
