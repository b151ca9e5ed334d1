"""The harness itself: a server with workers, over the wire."""


def test_a_real_server_answers_and_sends_real_mail(server, client, mailbox):
    mail = client(
        "mail.mail",
        "create",
        {
            "subject": "Harness",
            "email_to": "reader@example.com",
            "email_from": "o2c@example.com",
            "body_html": "<p>Hello</p>",
        },
    )
    client("mail.mail", "send", [mail])
    received = mailbox.wait_for("reader@example.com", "Harness")
    assert "Hello" in received.get_body(("html", "plain")).get_content()
    assert len(mailbox.messages) == 1


def test_the_browser_reaches_the_login_page(server, browser):
    page = browser.new_page()
    page.goto(f"{server.url}/web/login")
    assert page.locator("form.oe_login_form").count() == 1
