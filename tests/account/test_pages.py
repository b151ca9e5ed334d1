"""What is there to read: statement, orders, the way in from Odoo's pages; empty, small, and from right to left."""

from .visitor import DESK, PHONE, SMALL, Visitor, body, pdf_text

PAGES = ("", "/statement", "/plans", "/plans/new", "/promise/new", "/orders", "/payments", "/contacts", "/contacts/new",
         "/limits", "/help", "/help/already_paid", "/help/copy", "/help/po_number", "/help/wrong_contact")


def test_statement_on_screen_and_as_files(office, regular):
    number = regular.number(regular.invoice(100, days=40))
    office.open("/my/billing/statement").says(number, "$ 100.00", "days overdue").look()
    assert number in pdf_text(office.download("PDF"))
    assert number in office.download("CSV").decode("utf-8-sig")
    assert office.download("XLSX")[:2] == b"PK"
    office.choose("All activity").press("Show statement").says("Opening balance", number)
    office.follow("Last 12 months").says("Opening balance", "Closing balance", number).look()
    office.open("/my/billing/statement?kind=activity&from=2020-01-01&to=2024-01-01", 422)
    office.says("24 months at most").look()


def test_staff_send_statements_to_several_customers(shop, mails):
    customers = [shop.customer_with_login() for _customer in range(2)]
    numbers = [customer.number(customer.invoice(100)) for customer in customers]
    context = {"active_model": "res.partner", "active_ids": [customer.id for customer in customers]}
    wizard = shop.client("o2c.statement.send", "create", {}, context=context)
    shop.client("o2c.statement.send", "action_send", [wizard])
    shop.query(f"SELECT pg_notify('cron_trigger', '{shop.database}')")
    for customer, number in zip(customers, numbers, strict=True):
        mail = mails.wait_for(customer.email, "tatement", timeout=90)
        assert "100.00" in body(mail)
        assert number in pdf_text(next(mail.iter_attachments()).get_content())


def test_orders_show_how_far_they_are_and_what_moves_them_on(account, customer):
    order = customer.order(500)
    number = customer.number(order, "sale.order")
    account.open("/my/billing/orders").says(number, "Ordered : done", "Paid : still to come").look()
    account.says("to move on to").follow("Pay $ 250.00")
    account.page.wait_for_url("**/my/orders/*")
    assert number in account.page.locator("#wrapwrap").inner_text()


def test_odoo_s_own_pages_lead_into_the_account(account, customer):
    invoice, order = customer.invoice(100), customer.order(500)
    for page, name in (
        ("/my", "To pay"), ("/my/invoices", "Pay several at once"), (f"/my/invoices/{invoice}", "Pay several at once"),
        (f"/my/orders/{order}", "Your account"),
    ):
        account.open(page)
        account.page.locator("a[href='/my/billing']", has_text=name).first.click()
        account.page.wait_for_url("**/my/billing")
        account.says(customer.number(invoice))


def test_everything_is_empty_for_a_new_customer(account):
    for page, words in (
        ("", "Nothing to pay"), ("/statement", "Nothing is open. Thank you."), ("/orders", "There are no orders yet"),
        ("/payments", "There are no payments yet"), ("/plans", "Nothing is agreed on yet"),
        ("/plans/new", "Nothing is open that is not agreed on already"), ("/help/already_paid", "Nothing is open."),
        ("/help/copy", "There are no invoices yet."),
    ):
        account.open(f"/my/billing{page}").says(words).look()
    for page in ("help/nonsense", "plans/999999"):
        account.open(f"/my/billing/{page}", 404).says("There is nothing here")
    account.look()


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


def test_a_banner_counts_once_when_it_comes_into_view(account, customer):
    for _invoice in range(4):
        customer.invoice(50, instalments=False)
    tag = customer.client("res.partner.category", "create", {"name": f"Sees banners {customer.id}"})
    customer.client("res.partner", "write", [customer.id], {"category_id": [(4, tag)]})
    banner = customer.client("o2c.banner", "create", {
        "name": "Spring", "title": "Spring offer", "url": "https://shop.example.com/a", "state": "live",
        "holdout_percent": 0, "category_ids": [(4, tag)],
    })
    views = f"SELECT coalesce(sum(views), 0) FROM o2c_banner_view WHERE banner_id = {banner} AND is_shown"
    account.open("/my/billing").says("Advertisement", "Spring offer")
    account.page.wait_for_timeout(500)
    assert customer.shop.query(views) == [["0"]], "it is below what a phone shows"
    with account.page.expect_response("**/my/billing/offer/portal") as seen:
        account.page.get_by_text("Spring offer").scroll_into_view_if_needed()
    assert seen.value.status == 204
    account.page.evaluate("scrollTo(0, 0)")
    account.page.get_by_text("Spring offer").scroll_into_view_if_needed()
    account.page.wait_for_timeout(500)
    assert customer.shop.query(views) == [["1"]]
    account.look()
