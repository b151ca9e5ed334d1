"""The pay routes of Odoo itself keep our promises: server-side amounts, local landing, own tokens only."""

from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import ConcurrencyError
from odoo.fields import Date
from odoo.tests import JsonRpcException, new_test_user, tagged
from odoo.tools import mute_logger

from .native_common import NativeCase


@tagged("post_install", "-at_install")
class TestNativeRoutes(NativeCase):

    def _start(self, invoice=None, **values):
        invoice = invoice or self.invoice
        return self.make_jsonrpc_request(f"/invoice/transaction/{invoice.id}", self._params(invoice, **values))

    def _transactions(self):
        return self.env["payment.transaction"].sudo().search_count([])

    def _assert_refused(self, invoice=None, **values):
        before = self._transactions()
        with mute_logger("odoo.http"), self.assertRaises(JsonRpcException):
            self._start(invoice, **values)
        self.env.invalidate_all()
        self.assertEqual(self._transactions(), before)

    def test_an_instalment_is_paid_and_claimed(self):
        result = self._start()
        tx = self.env["payment.transaction"].sudo().search([("reference", "=", result["reference"])])
        self.assertEqual(tx.o2c_allocation_ids.move_line_id.id, self.invoice._o2c_instalments()[0].line_id)
        self.assertTrue(tx.o2c_payer_key)

    def test_amounts_that_are_not_owed_are_refused(self):
        for amount in (0, -100, 1000.01, 9999999, 12.345678, True, "300", None, [300], {}):
            with self.subTest(amount=amount):
                self._assert_refused(amount=amount)

    def test_while_many_are_declined_only_who_is_logged_in_can_pay(self):
        self.patch(self.env.registry["o2c.decline.breaker"], "_is_tripped", lambda _self: True)
        self._assert_refused()
        self.authenticate("payer", "payer")
        self._start()

    def test_foreign_landing_routes_are_refused(self):
        for route in (
            "https://other.example/", "//other.example", "javascript:alert(1)", "data:text/html,x", "/\\other.example",
            "\\\\other.example", "///other.example", "////other.example", "/\\/other.example", "\\//other.example",
            " //other.example", "\n///other.example", "/\t//other.example", "\x01/\\/other.example", 7, [],
        ):
            with self.subTest(route=route):
                self._assert_refused(landing_route=route)

    def test_documents_that_cannot_be_paid_are_refused(self):
        draft = self._make_invoice(300, post=False)
        cancelled = self._make_invoice(300)
        cancelled.button_draft()
        cancelled.button_cancel()
        paid = self._make_invoice(300)
        self._register_payment(paid)
        for invoice in (draft, cancelled, paid):
            with self.subTest(state=invoice.state):
                self._assert_refused(invoice)

    def test_what_the_server_decides_is_not_taken_from_the_client(self):
        self._assert_refused(partner_id=self.partner.id)
        result = self._start(name_next_installment="INV/OTHER/1", is_validation=True)
        self.assertTrue(result["reference"].startswith(self.invoice.name))
        tx = self.env["payment.transaction"].sudo().search([("reference", "=", result["reference"])])
        self.assertEqual((tx.operation, tx.amount), ("online_direct", 300.0))

    def test_saved_methods_belong_to_their_owner(self):
        token = self._create_token(partner_id=self.customer.id)
        colleague = self.env["res.partner"].create({"name": "Colleague", "parent_id": self.customer.id})
        new_test_user(self.env, "colleague", groups="base.group_portal", partner_id=colleague.id)
        self._assert_refused(flow="token", token_id=token.id)
        self.authenticate("colleague", "colleague")
        self._assert_refused(flow="token", token_id=token.id)
        self.authenticate(None, None)
        page = self.url_open(self.invoice.get_portal_url())
        self.assertNotIn(f'data-payment-option-id="{token.id}" data-payment-option-type="token"', page.text)
        self.authenticate("payer", "payer")
        result = self._start(flow="token", token_id=token.id)
        self.assertEqual(result["amount"], 300.0)

    def test_overdue_page_is_the_account_page(self):
        self.authenticate("payer", "payer")
        response = self.url_open("/my/invoices/overdue", allow_redirects=False)
        self.assertEqual(response.status_code, 303)
        self.assertTrue(response.headers["Location"].endswith("/my/billing?choice=overdue"))

    def test_overdue_route_takes_what_is_open_and_late(self):
        late = self._make_invoice(1000, self.term, invoice_date=Date.today() - timedelta(days=10))
        self._register_payment(late, amount=100.0)
        self.authenticate("payer", "payer")
        with mute_logger("odoo.http"), self.assertRaises(JsonRpcException):
            self._start_overdue(1000.0)
        tx = self._start_overdue(200.0)
        self.assertEqual(tx.amount, 200.0)
        self.assertEqual(tx.reference, late.name)
        self.assertEqual(tx.o2c_allocation_ids.move_line_id.id, late._o2c_instalments()[0].line_id)

    def test_overdue_route_takes_the_documents_of_one_contact_at_a_time(self):
        day = Date.today() - timedelta(days=10)
        contact = self.env["res.partner"].create({"name": "Branch", "parent_id": self.customer.id})
        invoices = self._make_invoice(1000, self.term, invoice_date=day)
        invoices += self._make_invoice(500, self.term, invoice_date=day, partner=contact)
        self.authenticate("payer", "payer")
        for invoice in reversed(invoices):  # as Odoo lists them
            tx = self._start_overdue(invoice.amount_total * 0.3)
            self.assertEqual(tx.invoice_ids, invoice)
            tx._set_pending()
        with mute_logger("odoo.http"), self.assertRaises(JsonRpcException):  # everything is under way
            self._start_overdue(300.0)

    def test_overdue_route_is_named_by_the_server(self):
        late = self._make_invoice(1000, self.term, invoice_date=Date.today() - timedelta(days=10))
        self.authenticate("payer", "payer")
        for said in ("INV/2026/00099", "A" * 5000, "%", "", None, False, 7, ["INV/2026/00099"]):
            with self.subTest(said=said):
                self.assertTrue(self._start_overdue(300.0, said).reference.startswith(late.name))
                with mute_logger("odoo.http"), self.assertRaises(JsonRpcException):
                    self._start_overdue(1000.0, said)  # not all of that is overdue

    def _start_overdue(self, amount, reference="BATCH/1"):
        """Start paying what is overdue by Odoo's own route and return the transaction."""
        params = self._params(amount=amount, payment_reference=reference)
        params.pop("access_token")
        result = self.make_jsonrpc_request("/invoice/transaction/overdue", params)
        return self.env["payment.transaction"].sudo().search([("reference", "=", result["reference"])])

    def test_an_amount_token_does_not_open_documents(self):
        token = self._generate_test_access_token(self.customer.id, 300.0, self.invoice.currency_id.id)
        url = f"/payment/pay?invoice_id={self.invoice.id}&amount=300.0&partner_id={self.customer.id}"
        url += f"&currency_id={self.invoice.currency_id.id}&access_token={token}"
        with mute_logger("odoo.http"):
            response = self.url_open(url, allow_redirects=False)
        self.assertEqual(response.status_code, 404)
        self.assertNotIn(self.invoice._portal_ensure_token(), response.text)

    def test_whoever_pays_the_books_name_the_customer_of_the_invoice(self):
        new_test_user(self.env, "friend", groups="base.group_portal", name="Friend", email="friend@example.com")
        self.authenticate("friend", "friend")
        result = self._start()
        tx = self.env["payment.transaction"].sudo().search([("reference", "=", result["reference"])])
        self.assertNotEqual(tx.partner_id, self.customer)
        tx._set_done()
        tx._post_process()
        self.assertEqual(tx.payment_id.partner_id, self.customer)
        self.assertEqual([item.open_minor for item in self.invoice._o2c_instalments()], [0, 70000])

    def test_a_request_that_odoo_runs_again_is_charged_once(self):
        token = self._create_token(partner_id=self.customer.id)
        self.authenticate("payer", "payer")
        transactions, outcomes = self.env.registry["payment.transaction"], iter([ConcurrencyError("test"), None])

        def charge(transaction):
            transaction._set_done()
            if error := next(outcomes):
                raise error

        before = self._transactions()
        with patch.object(transactions, "_send_payment_request", autospec=True, side_effect=charge) as charged, \
                patch("odoo.service.model.time.sleep"):
            result = self._start(flow="token", token_id=token.id)
        self.assertEqual((charged.call_count, self._transactions() - before), (1, 1))
        self.assertEqual(result["state"], "pending")

    def test_a_request_that_has_to_run_again_before_the_charge_is_charged(self):
        token = self._create_token(partner_id=self.customer.id)
        self.authenticate("payer", "payer")
        transactions, outcomes = self.env.registry["payment.transaction"], iter([ConcurrencyError("test"), None])
        check = transactions._o2c_check_start

        def conflict(records, *args):
            if error := next(outcomes):
                raise error
            return check(records, *args)

        before = self._transactions()
        with patch.object(transactions, "_o2c_check_start", conflict), patch("odoo.service.model.time.sleep"), \
                patch.object(transactions, "_send_payment_request") as charged:
            self._start(flow="token", token_id=token.id)
        self.assertEqual((charged.call_count, self._transactions() - before), (1, 1))
