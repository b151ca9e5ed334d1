"""More time for an invoice: plans and promises, agreed on, answered with another offer, or left to a person."""

import re

from .visitor import body


def start(account, customer, *moves):
    """Open the form for a plan over some invoices."""
    return account.open(f"/my/billing/plans/new?invoices={','.join(map(str, moves))}").says(*customer.numbers(moves))


def propose(account, customer, *payments):
    """Propose payments of one's own, as ``(days from today, amount)``."""
    account.choose("My own dates and amounts")
    for number, (days, amount) in enumerate(payments, start=1):
        account.page.locator(f"#date_{number}").fill(customer.shop.today(days))
        account.page.locator(f"#amount_{number}").fill(amount)
    return account.choose("I will pay these amounts").press("Agree on this plan")


def test_pays_in_instalments(account, customer):
    invoice = customer.invoice(300, instalments=False)
    number = customer.number(invoice)
    account.open("/my/billing/plans").says("Nothing is agreed on yet").look().follow("Pay in instalments")
    account.choose(number).look().press("Continue").says(number, "$ 300.00", "2 payments").look()
    account.choose("3 payments").press("Agree on this plan").says("Please tick the box").look()
    account.choose("I will pay these amounts").press("Agree on this plan")
    account.says("The plan is in force", "In force", "$ 0.00 of $ 300.00 paid", number).look()
    account.open("/my/billing").says(*(f"Arranged: payment {part} of 3" for part in (1, 2, 3))).look()
    for later in (2, 3):
        account.page.get_by_label(f"Arranged: payment {later} of 3").uncheck()
    account.press("Continue").says("$ 100.00")
    account.pay()
    assert customer.open_cents(invoice) == [20000]
    account.open("/my/billing/plans").look().follow("Payment plan")
    account.says("In force", "$ 100.00 of $ 300.00 paid", "$ 200.00 open").look()
    assert account.page.locator("progress").get_attribute("value") == "33"


def test_keyboard_alone_agrees_on_a_plan_and_a_promise(account, customer):
    planned, promised = customer.invoices([300, 80])
    account.open("/my/billing/plans").tab_to("main a[href='/my/billing/plans/new']").key("Enter")
    account.page.wait_for_url("**/plans/new")
    account.tab_to(f"input[name=invoices][value='{planned}']").key("Space").tab_to("main form button").key("Enter")
    account.page.wait_for_url("**/plans/new?invoices=*")
    account.tab_to("input[name=wish]").key("ArrowDown")
    assert account.page.get_by_label("3 payments").is_checked()
    account.tab_to("#consent").key("Space").tab_to("main form button").key("Enter")
    account.page.wait_for_url("**/plans/*?done=agreed")
    account.says("The plan is in force", "$ 300.00").tab_to(".o2c-back a").key("Enter")
    account.page.wait_for_url("**/plans")
    account.tab_to("main a[href='/my/billing/promise/new']").key("Enter")
    account.page.wait_for_url("**/promise/new")
    account.tab_to(f"input[name=invoices][value='{promised}']").key("Space").tab_to("main form button").key("Enter")
    account.page.wait_for_url("**/promise/new?invoices=*")
    year, month, day = customer.shop.today(10).split("-")
    account.tab_to("#day").type(month + day + year).tab_to("main form button").key("Enter")
    account.page.wait_for_url("**/plans/*?done=promised")
    account.says("We have noted your promise", "$ 80.00")


def test_what_goes_too_far_is_answered_with_another_offer(account, customer):
    customer.policy(plan_max_parts=3, plan_max_days=60, plan_first_percent=40)
    invoice = customer.invoice(1000, instalments=False)
    propose(start(account, customer, invoice), customer, (0, "100"), (30, "900.00"))
    account.says("We cannot agree to exactly what you proposed", "You proposed $ 100.00", "Our offer", "$ 400.00")
    account.look()
    assert account.page.locator("input[name=wish]").first.is_checked()
    account.choose("I will pay these amounts").press("Agree on this plan")
    account.says("The plan is in force", "$ 400.00", "$ 600.00")


def test_what_needs_a_person_is_sent_to_one(account, customer, mails):
    customer.policy(plan_max_parts=4, plan_approval_amount=500)
    invoice = customer.invoice(900, instalments=False)
    propose(start(account, customer, invoice), customer, (0, "500"), (20, "300"))
    account.says("must add up to $ 900.00").look()
    propose(account, customer, (0, "500"), (20, "400"))
    account.says("We are looking at your proposal", "Waiting for our answer", "$ 400.00").look()
    [plan] = customer.client("o2c.payment.plan", "search", [("partner_id", "=", customer.id)])
    task = [("res_id", "=", plan), ("summary", "ilike", customer.name)]
    assert customer.client("mail.activity", "search_count", task) == 1
    account.open(f"/my/billing/plans/new?invoices={invoice}").choose("2 payments", "I will pay these amounts")
    account.press("Agree on this plan").says("Something has changed", "waiting for an answer already").look()
    customer.client("o2c.payment.plan", "action_activate", [plan])
    assert "Please pay by the dates you proposed" in body(mails.wait_for(customer.email, "was accepted", timeout=60))
    account.open(f"/my/billing/plans/{plan}").says("In force", "$ 0.00 of $ 900.00 paid")


def test_a_plan_of_ours_is_accepted_or_declined(account, customer, mails):
    answers = (("Accept the plan", "The plan is in force"), ("Decline", "You declined the plan"))
    for (answer, words), total in zip(answers, (200, 400), strict=True):
        context = {"active_model": "account.move", "active_ids": [customer.invoice(total, instalments=False)]}
        wizard = customer.client("o2c.payment.plan.propose", "create", {"parts": 2}, context=context)
        customer.client("o2c.payment.plan.propose", "action_propose", [wizard])
        account.open("/my/billing/plans").says("For you to decide", f"$ {total}.00").follow("Payment plan")
        account.look()
        if answer != "Decline":
            account.press(answer).says("Please tick the box").look().choose("I will pay these amounts")
        account.press(answer).says(words).look()
    account.open("/my/billing/plans").says("Running", "In force", "Past", "Cancelled").look()
    mail = mails.wait_for(customer.email, "", timeout=60)
    assert re.search(r"/my/billing/plans/\d+", mail.get_body(("html",)).get_content())


def test_promises_to_pay(account, customer):
    number = customer.number(customer.invoice(80, instalments=False))
    account.open("/my/billing/promise/new").choose(number).look().press("Continue").says(number, "$ 80.00").look()
    day, amount = (account.page.get_by_label(label) for label in ("When will you pay?", "How much?"))
    day.fill(customer.shop.today(20))
    amount.fill("50.00")
    account.press("Promise").look()
    assert "Please choose a day until" in account.page.locator("#day-error").inner_text()
    assert (day.input_value(), amount.input_value()) == (customer.shop.today(20), "50.00")
    day.fill(customer.shop.today(10))
    account.press("Promise").says("We have noted your promise", "In force").look()
    account.open("/my/billing").says("Open $ 80.00", "Promised $ 50.00").look()


def test_where_nothing_can_be_agreed_on_the_page_says_so(account, customer):
    customer.policy(plan_max_parts=0, promise_max_open=0)
    invoice = customer.invoice(80, instalments=False)
    account.open(f"/my/billing/plans/new?invoices={invoice}").says("cannot be agreed on here. Please contact us").look()
    account.open(f"/my/billing/promise/new?invoices={invoice}").says("Promises cannot be made here").look()
