"""What a payment method costs: read before it is chosen, charged as shown, and on the receipt."""

from .visitor import body


def charge(shop, customer):
    """Ask the customer, a company of the United States, for 1 % by the demo method."""
    [country] = shop.client("res.country", "search", [("code", "=", "US")])
    shop.client("res.partner", "write", [customer.id], {"country_id": country, "vat": "US 123456789"})
    product = shop.client("product.product", "create", {
        "name": "Payment fee", "type": "service", "taxes_id": [(5,)],
    })
    shop.client("o2c.payment.fee", "create", {
        "active": True, "provider_id": shop.provider_id, "payment_method_id": shop.method_id, "product_id": product,
        "percent": 1, "cost_percent": 2, "cost_date": shop.today(), "cost_source": "Contract",
        "country_ids": [(6, 0, [country])],
    })


def test_a_fee_is_shown_charged_and_on_the_receipt(account, customer, shop, mails):
    charge(shop, customer)
    invoice = customer.invoice(1000, instalments=False)
    account.open("/my/billing").press("Continue").says("$ 1,000.00", "plus a fee of $ 10.00").look()
    account.press("Continue to payment")
    account.page.get_by_role("button", name="Pay $ 1,010.00").wait_for()
    account.says("Fee $ 10.00, you pay $ 1,010.00", "You pay $ 1,010.00").look()
    account.page.locator("#customer_input").fill("4242 4242 4242 4242")
    account.press("Pay $ 1,010.00").await_result().says("$ 1,010.00", "Fee included $ 10.00").look()
    receipt = body(mails.wait_for(customer.email, "Receipt"))
    [[fee, left]] = shop.query(
        "SELECT move.name, move.amount_residual FROM payment_transaction tx"
        f" JOIN account_move move ON move.id = tx.o2c_fee_move_id WHERE tx.partner_id = {customer.contact}"
    )
    assert float(left) == 0
    assert all(text in receipt for text in ("1,010.00", "10.00", fee, customer.number(invoice)))
    assert customer.open_cents(invoice) == [0]
    account.open("/my/billing/payments").says("$ 1,010.00", fee, customer.number(invoice))
