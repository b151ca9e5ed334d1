"""The addon beside Odoo's website: the pay page stays its own, and paying works the same."""

import requests

from dev import database as databases
from dev.rpc import Client

from .payers import Payer
from .shop import Shop


def test_pay_page_and_payment_with_the_website_installed(start_server, make_database):
    template = databases.addon_template((*databases.BASE_MODULES, "website"))
    server = start_server(make_database(template), workers=0)
    client = Client(server.url, server.database)
    shop = Shop(client, server.database)
    [invoice] = shop.invoices(1)
    token = shop.pay_token(invoice)

    page = requests.get(f"{server.url}/pay/{token}", timeout=60)
    assert page.status_code == 200
    assert "data-website-id" not in page.text
    assert "Set-Cookie" not in page.headers
    assert page.headers["Cache-Control"] == "no-store"
    assert requests.get(f"{server.url}/pay/{'A' * 43}", timeout=60).status_code == 404

    lines = shop.open_lines(invoice)
    payer = Payer(server, shop.provider_id, shop.method_id)
    payer.open_checkout(token)
    status, reference = payer.start(token, [line for line, _cents in lines], sum(cents for _line, cents in lines))
    assert status == 200
    payer.finish(reference)
    payer.poll()
    assert shop.open_lines(invoice) == []
    assert "data-website-id" not in payer.session.get(f"{server.url}/pay/{token}/result", timeout=60).text

    native = requests.get(f"{server.url}{client('account.move', 'get_portal_url', [invoice])}", timeout=60)
    assert native.status_code == 200
