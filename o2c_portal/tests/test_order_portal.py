"""The order as the customer sees it: portal page and printed document."""

from lxml import html

from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .test_order_schedule import OrderCommon


@tagged("post_install", "-at_install")
class TestOrderPortal(OrderCommon, HttpCase):
    def _page(self, order, **params):
        """Return the page of the order as who holds its link sees it."""
        self.env.flush_all()
        query = "".join(f"&{key}={value}" for key, value in params.items())
        response = self.url_open(f"/my/orders/{order.id}?access_token={order._portal_ensure_token()}{query}")
        self.assertEqual(response.status_code, 200)
        return html.fromstring(response.text)

    def _rows(self, tree, xpath="//table[@name='o2c_schedule']/tbody/tr"):
        return [[" ".join(cell.text_content().split()) for cell in row.findall("td")] for row in tree.xpath(xpath)]

    def test_the_page_shows_the_schedule(self):
        rows = self._rows(self._page(self._make_order()))
        self.assertEqual([row[0] for row in rows], ["1 of 4", "2 of 4", "3 of 4", "4 of 4"])
        self.assertEqual([row[2] for row in rows], ["$ 300.00", "$ 233.33", "$ 233.33", "$ 233.34"])

    def test_nothing_is_shown_where_it_would_say_nothing(self):
        single = self._make_order(payment_term_id=self._make_term((100, 30)).id)
        hidden = self._make_order()
        self.assertEqual(self._rows(self._page(single)), [])
        self.term.display_on_invoice = False
        self.assertEqual(self._rows(self._page(hidden)), [])

    def test_an_invoiced_order_leaves_it_to_the_invoice(self):
        order = self._make_order()
        order.action_confirm()
        order.order_line.qty_delivered = 1.0
        self.assertEqual(len(self._rows(self._page(order))), 4)
        order._create_invoices().action_post()
        self.assertEqual(order.invoice_status, "invoiced")
        self.assertEqual(self._rows(self._page(order)), [])

    def test_the_first_instalment_is_asked_for(self):
        order = self._make_order(require_payment=True, require_signature=False, o2c_prepay_first=True)
        page = self._page(order)
        self.assertIn("Down payment $ 300.00 (30.0%)", " ".join(page.text_content().split()))
        self.assertEqual(page.xpath("//*[@id='o_payment_form']/@data-amount"), ["300.0"])
        page = self._page(order, amount_selection="full_amount")
        self.assertEqual(page.xpath("//*[@id='o_payment_form']/@data-amount"), ["1000.0"])

    def test_less_than_the_first_instalment_is_refused(self):
        order = self._make_order(require_payment=True, require_signature=False, o2c_prepay_first=True)
        url = f"/my/orders/{order.id}?access_token={order._portal_ensure_token()}&payment_amount=200"
        self.env.flush_all()
        with mute_logger("odoo.http"):
            self.assertEqual(self.url_open(url).status_code, 404)

    def test_another_customer_sees_nothing(self):
        order = self._make_order()
        self._create_new_portal_user(login="stranger", password="stranger-pwd")
        self.env.flush_all()
        self.authenticate("stranger", "stranger-pwd")
        for query in ("", "?access_token=wrong"):
            response = self.url_open(f"/my/orders/{order.id}{query}")
            self.assertNotIn("o2c_schedule", response.text)
            self.assertTrue(response.url.endswith("/my"), response.url)

    def test_the_printed_order_has_it(self):
        order = self._make_order()
        content, _kind = self.env["ir.actions.report"]._render_qweb_html("sale.action_report_saleorder", order.ids)
        rows = self._rows(html.fromstring(content))
        self.assertEqual([row[2] for row in rows], ["$ 300.00", "$ 233.33", "$ 233.33", "$ 233.34"])

    # Limits the customer has set for itself

    def _warnings(self, page):
        return [" ".join(" ".join(note.itertext()).split()) for note in page.xpath("//*[@name='o2c_own_limit']")]

    def test_a_limit_of_its_own_is_a_warning_and_nothing_else(self):
        self._make_invoice(600.0)
        order = self._make_order(require_signature=True, require_payment=False)
        for balance, invoices, warned in [(0, 0, 0), (1600, 2, 0), (1599, 0, 2), (0, 1, 2)]:
            self.customer.write({"o2c_own_balance_limit": balance, "o2c_own_invoice_limit": invoices})
            with self.subTest(balance=balance, invoices=invoices):
                found = self._warnings(self._page(order))
                self.assertEqual(len(found), warned, "on the page and in the dialog that accepts")
                for text in found:
                    self.assertIn("above a limit that your company has set for itself", text)
                    self.assertNotIn("1,5", text)
        order.action_confirm()
        self.assertEqual((order.state, self._warnings(self._page(order))), ("sale", []))

    def test_who_sees_the_account_is_told_how_much(self):
        self._make_invoice(600.0)
        self.customer.write({"o2c_own_balance_limit": 1599.0, "o2c_own_invoice_limit": 1})
        order = self._make_order(require_signature=False, require_payment=True, prepayment_percent=1.0)
        contact = self.env["res.partner"].create({"name": "Contact", "parent_id": self.customer.id})
        new_test_user(self.env, "limited", groups="base.group_portal", partner_id=contact.id)
        self.authenticate("limited", "limited")
        page, in_dialog = self._warnings(self._page(order))
        self.assertEqual(page, in_dialog)
        self.assertEqual(
            page, "With this order you owe $ 1,600.00. Your own limit is $ 1,599.00. With this order you have 2 open "
                  "invoices. Your own limit is 1. You can order all the same. Your limits",
        )
