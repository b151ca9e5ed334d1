"""One server, one mailbox and one browser for all tests of the account: starting them takes longer than most tests."""

import os

import pytest

from dev import database as databases
from dev.rpc import Client
from dev.server import Server
from dev.system import BROWSER_ARGUMENTS, chromium
from tests.harness import MailBox, copy_template

from .shop import AccountShop
from .visitor import PHONE, Visitor


@pytest.fixture(scope="package")
def mails():
    box = MailBox().start()
    yield box
    box.stop()


@pytest.fixture(scope="package")
def shop(template, mails):
    name = databases.name(f"test_{os.getpid()}_account")
    copy_template(template, name)
    server = Server(name, smtp_server="127.0.0.1", smtp_port=mails.port)
    try:
        server.start()
        yield AccountShop(Client(server.url, name), name, server.url)
    finally:
        server.stop()
        databases.drop(name)


@pytest.fixture(scope="package")
def chrome():
    from playwright.sync_api import sync_playwright

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


@pytest.fixture(scope="package")
def regular(shop):
    """A customer for all tests that look at documents of their own only."""
    return shop.customer_with_login()


@pytest.fixture
def office(visitor, regular):
    """The regular customer, logged in on their phone."""
    return visitor.login(regular)
