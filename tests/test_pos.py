"""Odoo's own point of sale beside the addon: who gets the invoice, and one receipt for each payment at the till."""

import re

import pytest

from dev import database as databases
from dev.rpc import Client

from .payers import Payer
from .shop import Shop
from .till import Till

RECEIPT = re.compile(r"/my/billing/payments/\d+/receipt\.pdf")
WAY = re.compile(r'o2c-entry-note">([^·<]*) ·')
CREDIT = re.compile(r'name="credit".*?o2c-item-amount"><bdi[^>]*>([^<]*)<', re.DOTALL)
PAY = re.compile(r"/pay/([\w-]{30,})")


@pytest.fixture
def counter(start_server, make_database):
    """``(till, shop, server)``; the point of sale was installed when the addon was there already."""
    template = databases.addon_template(after=("point_of_sale",))
    server = start_server(make_database(template))
    shop = Shop(Client(server.url, server.database), server.database)
    return Till(shop, server), shop, server


def customer(shop, name, **values):
    return shop.client("res.partner", "create", {"name": name, "email": f"{name}@example.com", **values})


def document(shop, partner_id, kind, amount):
    """Post an invoice or a credit note in the office and return its id."""
    made = shop.client("account.move", "create", {
        "move_type": kind, "partner_id": partner_id, "invoice_payment_term_id": False,
        "invoice_line_ids": [(0, 0, {"name": "Goods", "quantity": 1, "price_unit": amount, "tax_ids": [(5,)]})],
    })
    shop.client("account.move", "action_post", [made])
    return made


def match(shop, document_id, item_id):
    """Settle a document with a journal item, as its form offers."""
    shop.client("account.move", "js_assign_outstanding_line", [document_id], item_id)


def logged_in(shop, server, partner_id):
    """Return a browser of a customer who is logged in."""
    shop.portal_user("reader", partner_id)
    payer = Payer(server, shop.provider_id, shop.method_id)
    payer.log_in("reader", "reader")
    return payer


def ways(reader):
    """Return how a customer has paid, as the portal lists the payments, each with a receipt."""
    page = reader.session.get(f"{reader.url}/my/billing/payments", timeout=60).text
    assert reader.session.get(f"{reader.url}{RECEIPT.search(page)[0]}", timeout=60).content.startswith(b"%PDF")
    assert len(RECEIPT.findall(page)) == len(WAY.findall(page))
    return sorted(WAY.findall(page))


def subjects(mailbox, name, word):
    """Return how many mails with a word in their subject somebody got."""
    mails = [mail for mail in mailbox.messages if mail.recipients == [f"{name}@example.com"]]
    return len([mail for mail in mails if word in str(mail["Subject"])])


def test_each_payment_at_a_till_has_one_receipt_and_each_reader_one_invoice(counter, mailbox):
    till, shop, server = counter
    shop.client("res.lang", "write", [shop.client("res.lang", "search", [
        ("code", "=", "en_GB"), ("active", "=", False)])[0]], {"active": True})
    buyer = customer(shop, "buyer", is_company=True)
    for name, lang in (("books", "en_GB"), ("boss", "en_US")):
        customer(shop, name, parent_id=buyer, lang=lang, o2c_role_invoice=True)
    unknown = customer(shop, "unknown", email=False)

    sold = till.sell(buyer, 40, Cash=50, change=10)
    assert till.told(buyer) == [("receipt", 40, "sent")]
    till.sell(buyer, 50, Card=20, Named_card=30)
    till.sell(buyer, 12, Card=12, invoice=False)
    till.sell(False, 13, Cash=13, invoice=False)
    till.sell(unknown, 15, Cash=15)
    till.sell(buyer, -40, Cash=-40, back_from=sold)
    told = [("receipt", 40, "sent"), ("receipt", 20, "sent"), ("receipt", 30, "sent"), ("refund", 40, "sent")]
    assert till.told(buyer) == told
    assert till.told(unknown) == [("receipt", 15, "till")]
    assert till.due(buyer) == till.due(unknown) == []
    till.close()
    assert (till.told(buyer), till.told(unknown)) == (told, [("receipt", 15, "till")])
    assert till.due(buyer) == till.due(unknown) == []

    assert [subjects(mailbox, "buyer", word) for word in ("Invoice", "Receipt", "Refund")] == [0, 3, 1]
    for name in ("books", "boss"):
        assert (subjects(mailbox, name, "Invoice"), subjects(mailbox, name, "Credit Note")) == (2, 1)
        assert not [mail for mail in mailbox.messages if f"{name}@" in str(mail["To"]) and PAY.search(mail.as_string())]
    assert ways(logged_in(shop, server, buyer)) == ["Card", "Cash", "Cash", "Named card"]
    rows = shop.query(
        "SELECT DISTINCT address, lang, state FROM o2c_delivery WHERE kind = 'invoice' ORDER BY 1"
    )
    assert rows == [["books@example.com", "en_GB", "sent"], ["boss@example.com", "en_US", "sent"]]
    assert shop.query(f"SELECT 1 FROM mail_activity WHERE res_model = 'res.partner' AND res_id = {unknown}") == []
    assert shop.query("SELECT reason FROM o2c_money_event WHERE state != 'done' OR reason IS NOT NULL") == []


def test_what_is_sold_on_account_is_paid_by_link(counter, mailbox):
    till, shop, server = counter
    buyer = customer(shop, "buyer")
    invoice = till.invoice(till.sell(buyer, 60, Cash=20, Account=40))
    assert till.told(buyer) == [("receipt", 20, "sent")]
    assert till.due(buyer) == [("instalment", 40)]
    till.close()

    mail = mailbox.wait_for("buyer@example.com", "Invoice")
    [token] = set(PAY.findall(mail.get_body(("plain",)).get_content()))
    payer = Payer(server, shop.provider_id, shop.method_id)
    payer.open_checkout(token)
    lines = shop.open_lines(invoice)
    assert [cents for _line, cents in lines] == [4000]
    _status, reference = payer.start(token, [line for line, _cents in lines], 4000)
    payer.finish(reference)
    payer.poll()
    assert till.told(buyer) == [("receipt", 20, "sent"), ("receipt", 40, "sent")]
    assert till.due(buyer) == []
    [state] = shop.query(f"SELECT payment_state, amount_residual FROM account_move WHERE id = {invoice}")
    assert state in (["paid", "0.00"], ["in_payment", "0.00"])


def test_what_is_paid_online_at_a_till(counter, mailbox):
    """The money is one payment, though the till books it once more for the invoice, and for what it hands over."""
    till, shop, server = counter
    buyer = customer(shop, "buyer")
    order = till.sell(buyer, 25)
    payer = Payer(server, shop.provider_id, shop.method_id)
    _status, reference = payer.start_order(order, till.code(order), 25)
    payer.finish(reference)
    payer.poll()
    assert (till.told(buyer), till.due(buyer)) == ([("receipt", 25, "sent")], [("payment", -25)])
    document(shop, buyer, "out_invoice", 30)
    document(shop, buyer, "out_refund", 5)
    reader = logged_in(shop, server, buyer)
    assert CREDIT.findall(reader.session.get(f"{server.url}/my/billing", timeout=60).text) == ["$\xa05.00"]
    till.close()
    assert till.told(buyer) == [("receipt", 25, "sent")]
    assert till.due(buyer) == [("credit_note", -5), ("instalment", 30)]
    assert [subjects(mailbox, "buyer", word) for word in ("Invoice", "Receipt")] == [1, 1]
    assert ways(reader) == ["Online"]


def test_what_is_invoiced_when_the_till_is_closed(counter):
    till, shop, _server = counter
    buyer = customer(shop, "buyer")
    ways = {"Cash": 11, "Card": 12, "Named_card": 13, "Account": 14}
    orders = {way: till.sell(buyer, price, invoice=False, **{way: price}) for way, price in ways.items()}
    till.close()
    assert (till.told(buyer), till.due(buyer)) == ([], [("entry", 14)])

    for order in orders.values():
        till.invoice(order)
    assert till.told(buyer) == [("receipt", 11, "sent"), ("receipt", 12, "sent"), ("receipt", 13, "sent")]
    due = till.due(buyer)
    assert sum(residual for _kind, residual in due) == 14
    assert [row for row in due if row[0] != "entry"] == [("instalment", 14)], "nothing of it is credit to be applied"


def test_what_is_no_payment_at_a_till_is_told_by_nobody(counter):
    """What was sold or taken back on account is netted in the office: no money came or went. Cash that was put into the
    drawer for an invoice is the customer's payment from when the office knows whose."""
    till, shop, _server = counter
    buyer = customer(shop, "buyer")
    till.sell(False, 5, Cash=5, invoice=False)
    till.sell(buyer, 14, Account=14, invoice=False)
    till.sell(buyer, -9, Account=-9, invoice=False)
    shop.client("pos.session", "try_cash_in_out", [till.session], "in", 70, "Cash for an invoice", False, {
        "formattedAmount": "70", "translatedType": "in",
    })
    till.close()
    assert till.due(buyer) == [("entry", -9), ("entry", 14)]

    match(shop, document(shop, buyer, "out_refund", 14), till.item(buyer, 14))
    match(shop, document(shop, buyer, "out_invoice", 9), till.item(buyer, -9))
    assert (till.told(buyer), till.due(buyer)) == ([], [])

    till.name_cash_in(70, buyer)
    match(shop, document(shop, buyer, "out_invoice", 70), till.item(buyer, -70))
    assert (till.told(buyer), till.due(buyer)) == ([("receipt", 70, "sent")], [])
