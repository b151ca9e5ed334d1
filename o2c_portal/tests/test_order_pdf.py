"""The printed order asks for its deposit, and leads to where exactly that can be paid today."""

import shutil
from datetime import timedelta
from unittest import skipUnless

from lxml import html

from odoo.fields import Command, Date
from odoo.tests import tagged
from odoo.tools import mute_logger

from .pdf_common import ORDER, PdfCommon


class OrderPdfCommon(PdfCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids |= cls.env.ref("sales_team.group_sale_manager")
        cls.term = cls._make_term((30, 0), (70, 30))
        cls.product = cls.env["product.product"].create({
            "name": "Goods", "list_price": 1000.0, "taxes_id": [], "invoice_policy": "order",
        })

    @classmethod
    def _order(cls, confirm=False, **values):
        order = cls.env["sale.order"].create({
            "partner_id": cls.customer.id, "payment_term_id": cls.term.id, "require_signature": False,
            "require_payment": True, "o2c_prepay_first": True,
            "order_line": [Command.create({"product_id": cls.product.id, "price_unit": 1000.0, "tax_ids": []})],
            **values,
        })
        if confirm:
            order.action_confirm()
        return order

    def _url(self, order):
        return self.env["o2c.pay.link"]._for_order(order, "pdf")._url()


@tagged("post_install", "-at_install")
class TestOrderLayouts(OrderPdfCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._make_branches()

    @skipUnless(shutil.which("zbarimg") and shutil.which("pdftoppm"), "needs zbarimg and pdftoppm")
    def test_every_layout(self):
        orders = self.env["sale.order"].concat(*(self._order(company_id=branch.id) for branch in self.branches))
        for order, pages in self._read(orders, ORDER, scan=True).items():
            with self.subTest(layout=order.company_id.name):
                [page] = pages
                self.assertEqual(page.codes, (self._url(order),))
                self.assertIn(self._url(order), page.addresses)
                self.assertIn("To confirm this order, please pay a deposit of $ 300.00 Pay Now", page.text)


@tagged("post_install", "-at_install")
class TestOrderPdf(OrderPdfCommon):
    def _pay(self, order, amount, state="done"):
        transaction = self._create_transaction(
            "direct", amount=amount, currency_id=order.currency_id.id, partner_id=self.customer.id, state=state,
            reference=f"{order.name}-{amount}-{state}", sale_order_ids=[Command.set(order.ids)],
        )
        if state == "done":
            transaction._post_process()

    def _missing(self, order):
        order.invalidate_recordset()
        return order._o2c_deposit_missing()

    def _open(self, url):
        """Return status, path and amount of the payment form of what somebody who has nothing but the link gets."""
        self.env.flush_all()
        with mute_logger("odoo.http"):
            response = self.url_open(url)
        self.env.invalidate_all()
        amounts = html.fromstring(response.text).xpath("//*[@id='o_payment_form']/@data-amount")
        return response.status_code, response.url.partition("?")[0].partition("://")[2].partition("/")[2], amounts

    # What is asked for

    def test_what_is_asked_for(self):
        yesterday, today = Date.today() - timedelta(days=1), Date.today()
        later = self._make_term((50, 30), (50, 60))
        for name, expected, order in [
            ("quotation", 30000, self._order()),
            ("all of it ahead", 100000, self._order(o2c_prepay_first=False, prepayment_percent=1.0)),
            ("no prepayment", 0, self._order(require_payment=False)),
            ("expired", 0, self._order(validity_date=yesterday)),
            ("good until today", 30000, self._order(validity_date=today)),
            ("confirmed", 30000, self._order(confirm=True)),
            ("confirmed, due at once by its terms", 30000, self._order(confirm=True, require_payment=False)),
            ("confirmed, due later", 0, self._order(
                confirm=True, require_payment=False, payment_term_id=later.id)),
        ]:
            with self.subTest(name):
                self.assertEqual(self._missing(order), expected)
        order.action_lock()
        order._action_cancel()
        self.assertEqual(self._missing(order), 0)

    def test_what_was_paid_or_is_asked_for_elsewhere_is_not_asked_for_again(self):
        order = self._order(confirm=True)
        self._pay(order, 100.0)
        self.assertEqual(self._missing(order), 20000)
        self._pay(order, 50.0, state="draft")
        self._pay(order, 50.0, state="error")
        self.assertEqual(self._missing(order), 20000)
        self._pay(order, 200.0)
        self.assertEqual(self._missing(order), 0)

        order = self._order(confirm=True)
        order._create_invoices().action_post()
        self.assertEqual(self._missing(order), 0)
        order.invoice_ids._reverse_moves(cancel=True)
        self.assertEqual(self._missing(order), 0)

    def test_a_payment_on_its_way_counts_an_announced_transfer_does_not(self):
        order = self._order(confirm=True)
        self._pay(order, 300.0, state="pending")
        self.assertEqual(self._missing(order), 30000)  # the dummy provider reports nothing, like a bank transfer
        self.provider.sudo().code = "demo" if "demo" in dict(self.provider._fields["code"].selection) else "none"
        expected = 0 if self.provider.code == "demo" else 30000
        self.assertEqual(self._missing(order), expected)

    # On paper

    @skipUnless(shutil.which("zbarimg") and shutil.which("pdftoppm"), "needs zbarimg and pdftoppm")
    def test_the_block_and_where_it_leads(self):
        quotation, confirmed, whole, none, cancelled = orders = self.env["sale.order"].concat(
            self._order(), self._order(confirm=True), self._order(o2c_prepay_first=False, prepayment_percent=1.0),
            self._order(require_payment=False), self._order(confirm=True),
        )
        cancelled._action_cancel()
        printed = self._read(orders, ORDER, scan=True)
        for order, words in [
            (quotation, "To confirm this order, please pay a deposit of $ 300.00"),
            (confirmed, "Deposit still to be paid: $ 300.00"),
            (whole, "To confirm this order, please pay $ 1,000.00"),
        ]:
            with self.subTest(words):
                pages, url = printed[order], self._url(order)
                holder = next(page for page in pages if url in page.addresses)
                self.assertIn(words, holder.text)
                self.assertIn("Pay Now", holder.text)
                code = self.env["o2c.pay.link"]._for_order(order, "pdf")._code()
                host = order.get_base_url().partition("://")[2]
                self.assertIn(f"or open {host}/pay and enter {code}", holder.text)
                self.assertEqual([code for page in pages for code in page.codes], [url])
                amount = "1000.0" if order == whole else "300.0"
                self.assertEqual(self._open(url), (200, f"my/orders/{order.id}", [amount]))
        for order in (none, cancelled):
            text = " ".join(page.text for page in printed[order])
            self.assertNotIn("Pay Now", text)
            self.assertFalse(self.env["o2c.pay.link"].search([("order_id", "=", order.id)]))

    def test_switched_off(self):
        order = self._order()
        self.env.company.o2c_pay_now_pdf = False
        self.assertIsNone(order._o2c_pay_request_pdf())

    # The link

    def test_the_amount_is_that_of_today(self):
        order = self._order(confirm=True)
        url = self._url(order)
        self.assertEqual(self._open(url), (200, f"my/orders/{order.id}", ["300.0"]))
        self._pay(order, 100.0)
        self.assertEqual(self._open(url), (200, f"my/orders/{order.id}", ["200.0"]))
        self._pay(order, 200.0)
        self.assertEqual(self._open(url), (200, f"my/orders/{order.id}", []))
        self.assertEqual(self._url(order), url)

    def test_the_code_leads_to_the_same_page(self):
        order = self._order()
        code = self.env["o2c.pay.link"]._for_order(order, "pdf")._code()
        self.env.flush_all()
        response = self.url_open("/pay", data={"code": code}, allow_redirects=False)
        self.assertEqual(response.status_code, 303)
        self.assertEqual(response.headers["Location"], self._url(order).removeprefix(order.get_base_url()))

    def test_a_signature_is_asked_for_first(self):
        order = self._order(require_signature=True)
        self.env.flush_all()
        page = html.fromstring(self.url_open(self._url(order)).text)
        [button] = page.xpath("//div[@id='sale_order_sidebar_button']/a[@data-bs-target='#modalaccept']")
        self.assertEqual(button.text_content().strip(), "Sign & Pay")

    def test_a_link_that_is_no_good(self):
        order, cancelled = self._order(), self._order(confirm=True)
        url, dead = self._url(order), self._url(cancelled)
        cancelled._action_cancel()
        self.assertEqual(self._open(dead)[0], 410)
        for page in ("review", "checkout", "result"):
            self.assertEqual(self._open(f"{url}/{page}")[0], 404, page)
        self.env["o2c.pay.link"]._for_order(order, "pdf")._revoke("Lost")
        self.assertEqual(self._open(url)[0], 410)
        self.assertNotEqual(self._url(order), url)
        self.assertIn("Lost", order.message_ids[:1].body)

    def test_the_address_of_the_page_ends_with_the_link(self):
        order = self._order()
        url, other = self._url(order), self.env["o2c.pay.link"]._for_order(order, "print")
        self.env.flush_all()
        page = self.url_open(url, allow_redirects=False).headers["Location"]
        self.assertEqual(self._open(f"{order.get_base_url()}{page}")[1], f"my/orders/{order.id}")
        self.env["o2c.pay.link"]._for_order(order, "pdf")._revoke("Lost")
        self.assertNotEqual(self._open(f"{order.get_base_url()}{page}")[1], f"my/orders/{order.id}")
        self.assertEqual(self._open(other._url())[1], f"my/orders/{order.id}")
