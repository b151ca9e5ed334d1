"""Bank transfers with the code that banking apps scan, made by Odoo's own builder: on paper and on a phone."""

import subprocess

import pytest

from dev import database as databases
from dev.rpc import Client

from .account.visitor import PHONE, Visitor
from .shop import Shop

IBAN, HOLDER = "BE71096123456769", "Seller & Sons"


@pytest.fixture
def euro_shop(start_server, make_database):
    """A server with Odoo's SEPA codes whose company is paid in euros."""
    template = databases.addon_template((*databases.BASE_MODULES, "account_qr_code_sepa"))
    server = start_server(make_database(template), workers=2)
    client = Client(server.url, server.database)
    client("ir.config_parameter", "set_param", "report.url", server.url)
    [company] = client("res.company", "search_read", [], ["partner_id"], limit=1)
    bank = client("res.partner.bank", "create", {
        "acc_number": IBAN, "acc_holder_name": HOLDER, "allow_out_payment": True,
        "partner_id": company["partner_id"][0],
    })
    shop = Shop(client, server.database)
    [euro] = client("res.currency", "search", [("name", "=", "EUR"), ("active", "in", [True, False])])
    client("res.currency", "write", [euro], {"active": True})
    invoices = shop.invoices(2)
    client("account.move", "button_draft", invoices)
    client("account.move", "write", invoices, {"currency_id": euro, "partner_bank_id": bank})
    client("account.move", "action_post", invoices)
    return server, shop, invoices


def scanned(path):
    """Return the lines of each SEPA code in a picture."""
    found = subprocess.run(["zbarimg", "--quiet", "--raw", str(path)], capture_output=True, text=True, check=True)
    codes = ["BCD" + code for code in found.stdout.split("BCD")[1:]]
    return [code.strip().split("\n") for code in codes]


def is_epc(lines, amount, reference):
    """Say whether the lines are a transfer of an amount to the seller (EPC069-12, version 2)."""
    return lines[:4] == ["BCD", "002", "1", "SCT"] and lines[5:8] == [HOLDER, IBAN, f"EUR{amount}"] and (
        reference.replace(" ", "") in lines[8:]
    )


def test_the_code_on_the_invoice_and_on_the_phone_is_a_sepa_transfer(euro_shop, browser, tmp_path):
    server, shop, invoices = euro_shop
    visitor = Visitor(browser.new_page(viewport=PHONE), server.url)

    pdf = tmp_path / "invoice.pdf"
    address = shop.client("account.move", "get_portal_url", [invoices[0]])
    answer = visitor.page.request.get(f"{server.url}{address}&report_type=pdf&download=true")
    pdf.write_bytes(answer.body())
    subprocess.run(["pdftoppm", "-r", "150", "-png", str(pdf), str(tmp_path / "page")], check=True)
    [on_paper] = [code for page in sorted(tmp_path.glob("page*.png")) for code in scanned(page)]
    [[reference]] = shop.query(f"SELECT reference FROM o2c_remittance WHERE move_id = {invoices[0]}")
    assert is_epc(on_paper, "50.0", reference), on_paper

    visitor.open(f"/pay/{shop.account_token(shop.customer)}").choose("Everything open").press("Continue")
    visitor.press("Pay by bank transfer")
    visitor.says("Pay by bank transfer", HOLDER, "Scan it with your banking app.", "Nothing is paid yet.").look()
    picture = tmp_path / "phone.png"
    visitor.page.locator(".o2c-qr img").screenshot(path=str(picture))
    [[basket]] = shop.query("SELECT reference FROM o2c_remittance WHERE move_id IS NULL")
    [on_phone] = scanned(picture)
    assert is_epc(on_phone, "200.0", basket), on_phone
