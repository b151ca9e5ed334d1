"""Everything a customer tells us or sets for itself: requests, contacts, limits."""

import re

from .visitor import body

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def test_already_paid_pauses_and_makes_a_task(office, regular):
    number = regular.number(regular.invoice(100, days=10))
    office.open("/my/billing/help").look().follow("I have paid already")
    office.press("Send").says("Please check your entries", "Choose at least one invoice.").look()
    office.choose(number).fill(Paid_on=regular.shop.today(-1), Amount="hundred", Payment_reference="Transfer 4711")
    office.page.get_by_label("Paid by").select_option(index=1)
    office.press("Send").says("Enter an amount like 250.00.").fill(Amount="")
    office.page.get_by_label("Remittance slip").set_input_files(
        {"name": "slip.pdf", "mimeType": "application/pdf", "buffer": PDF})
    office.press("Send").says("We look for your payment", "We are on it", "No reminders about it until", number).look()
    [request] = regular.requests("kind", "reference", "attachment_ids", "user_id")
    assert (request["kind"], request["reference"]) == ("already_paid", "Transfer 4711")
    assert len(request["attachment_ids"]) == 1
    tasks = regular.client("mail.activity", "search_count", [("summary", "ilike", number)])
    assert tasks or regular.client("mail.activity", "search_count", [("res_id", "=", request["id"])])


def test_a_slip_that_is_no_document_is_refused(office, regular):
    number, requests = regular.number(regular.invoice(100)), "SELECT count(*) FROM o2c_customer_request"
    before = regular.shop.query(requests)
    office.open("/my/billing/help/already_paid").choose(number)
    office.fill(Paid_on=regular.shop.today(-1)).page.get_by_label("Paid by").select_option(index=1)
    office.page.get_by_label("Remittance slip").set_input_files(
        {"name": "slip.pdf", "mimeType": "application/pdf", "buffer": b"MZ"})
    office.press("Send").says("Only PDF, JPEG and PNG files can be taken.").look()
    assert regular.shop.query(requests) == before


def test_a_copy_comes_by_mail(office, regular, mails):
    number = regular.number(regular.invoice(100))
    office.open("/my/billing/help/copy").choose(number).look()
    office.press("Send me the copy").says("The copy is on its way")
    mail = mails.wait_for(regular.email, number, timeout=60)
    assert [part.get_content_type() for part in mail.iter_attachments()] == ["application/pdf"]


def test_order_number_and_right_contact(office, regular):
    invoice = regular.invoice(100)
    office.open("/my/billing/help/po_number").choose(regular.number(invoice)).fill(Purchase_order_number="PO 4711")
    office.look().press("Send").says("we have your number", "Done")
    assert regular.client("account.move", "read", [invoice], ["ref"])[0]["ref"] == "PO 4711"
    office.open("/my/billing/help/wrong_contact")
    office.fill(Name_of_the_right_person="Bea Books", Email_address_of_the_right_person="bea@payer.example")
    office.look().press("Send").says("We will send invoices to the right person")
    assert regular.requests("contact_email")[0]["contact_email"] == "bea@payer.example"


def test_contacts_are_added_and_say_what_they_receive(account, customer, mails):
    account.open("/my/billing/contacts").look().follow("Add a contact")
    account.press("Add contact").says("Please check your entries").look()
    account.fill(Name="Bea Books", Email_address=f"bea.{customer.email}").press("Add contact")
    account.says("The contact was added", "Bea Books").look()
    bea = account.page.get_by_role("group", name="What Bea Books receives")
    for role in ("Receipts", "Statements"):
        bea.get_by_label(role).check()
    account.press("Save").says("Whoever this concerns is told by email")
    assert bea.get_by_role("checkbox", checked=True).count() == 2
    told = mails.wait_for(f"bea.{customer.email}", "What you receive", timeout=60)
    assert "From now on: Receipts, Statements" in body(told)


def test_an_address_changes_with_the_consent_of_the_old_one(account, customer, mails):
    account.open("/my/billing/contacts").follow("Change").fill(New_address=f"new.{customer.email}")
    account.look().press("Ask for the change").says("We have sent an email to the old address", "Waiting")
    mail = mails.wait_for(customer.email, "new email address", timeout=60)
    [link] = set(re.findall(r"http://[^\"'\s<>]+/my/billing/confirm/[\w-]+", mail.get_body(("html",)).get_content()))
    account.page.context.clear_cookies()
    account.open(link).says("Is this address right?", f"new.{customer.email}").look()
    account.press("Yes, use the new address").says("From now on we write to").look()
    [[address]] = customer.shop.query(f"SELECT email FROM res_partner WHERE id = {customer.contact}")
    assert address == f"new.{customer.email}"
    account.open(link).says("Address confirmed")


def test_own_limits_are_kept_for_the_customer_and_its_branches(account, customer):
    branch = customer.branch()
    customer.invoice(100)
    customer.invoice(70, partner_id=branch)
    account.open("/my/billing/limits").says("No limit", f"{customer.name} North").look()
    most, count = (account.page.get_by_label(re.compile(label)) for label in ("Balance at", "Open invoices at"))
    most.first.fill("lots")
    account.press("Save").says("enter an amount like 5000.00, or nothing").look()
    most.first.fill("50")
    count.last.fill("3")
    account.press("Save").says("Your limits are saved.", "Over the limit", "Within the limit", "open invoices: 1 of 3")
    account.look()
    [limits] = customer.client("res.partner", "read", [branch], ["o2c_own_balance_limit", "o2c_own_invoice_limit"])
    assert (limits["o2c_own_balance_limit"], limits["o2c_own_invoice_limit"]) == (0, 3)
