"""A saved method is charged at most once, whatever becomes of the provider's answer."""

import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from unittest.mock import patch

import requests

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import JsonRpcException, new_test_user, tagged
from odoo.tools import mute_logger

from .native_common import NativeCase

PROVIDER_LOG = "odoo.addons.payment.models.payment_provider"
CHARGE_LOG = "odoo.addons.o2c_portal.models.payment_transaction_charge"


class Acquirer(BaseHTTPRequestHandler):
    """A provider's server that has read the charge, and then answers as ``server.answer`` says: a status and a body;
    None to hang up."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.server.charges += 1
        if self.server.answer:
            status, body = self.server.answer
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, *_args):
        pass


def charge(transaction):
    """Charge a token as the addons of Odoo do: what its request helper raises makes the payment an error."""
    try:
        answer = transaction._send_api_request("POST", "charges", json={"reference": transaction.reference})
    except ValidationError as error:
        transaction._set_error(str(error))
    else:
        if answer["paid"]:
            transaction._set_done()


@tagged("post_install", "-at_install")
class TestTokenCharge(NativeCase):

    def setUp(self):
        super().setUp()
        self.server = HTTPServer(("127.0.0.1", 0), Acquirer)
        self.server.charges, self.server.answer = 0, None
        thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.address = f"http://127.0.0.1:{self.server.server_port}/"
        registry = self.env.registry
        self.startPatcher(patch.object(registry["payment.transaction"], "_send_payment_request", charge))
        self.startPatcher(patch.object(
            registry["payment.provider"], "_build_request_url",
            lambda _provider, endpoint, **_kwargs: self.address + endpoint,
        ))
        self.token = self._create_token(partner_id=self.customer.id)
        self.authenticate("payer", "payer")

    def _charge(self, invoice=None, answer=None):
        """Pay 300.00 of an invoice with the saved method and return the transaction."""
        self.server.answer = answer
        params = self._params(invoice, flow="token", token_id=self.token.id)
        with mute_logger(PROVIDER_LOG, CHARGE_LOG):
            result = self.make_jsonrpc_request(f"/invoice/transaction/{(invoice or self.invoice).id}", params)
        self.env.invalidate_all()
        tx = self.env["payment.transaction"].sudo().search([("reference", "=", result["reference"])])
        self.assertEqual(result["state"], tx.state)
        return tx

    def _assert_in_process(self, tx):
        """A payment that may have happened keeps its items, and is not made again."""
        self.assertEqual((tx.state, tx.o2c_allocation_ids.state), ("pending", "live"))
        before = self.server.charges
        with mute_logger("odoo.http"), self.assertRaises(JsonRpcException):
            self._charge(tx.invoice_ids, (200, b'{"paid": true}'))
        self.assertEqual(self.server.charges, before)

    def _assert_failed(self, tx):
        """A payment that did not happen gives its items free, and can be made again."""
        self.assertEqual((tx.state, tx.o2c_allocation_ids.state), ("error", "released"))
        self.assertEqual(self._charge(tx.invoice_ids, (200, b'{"paid": true}')).state, "done")

    # What becomes of the answer

    def test_an_answer_that_was_lost_leaves_the_payment_in_process(self):
        tx = self.env["payment.transaction"]
        for answer in (None, (500, b"{}"), (503, b"Service Unavailable"), (504, b"<html>"), (200, b"<html>")):
            with self.subTest(answer=answer):
                tx = self._charge(self._make_invoice(1000, self.term), answer)
                self.assertEqual(self.server.charges, 1)
                self._assert_in_process(tx)
                self.server.charges = 0
        self.assertIn(tx.state_message, self.url_open("/payment/status").text)
        self.assertIn(tx.state_message, "".join(tx.invoice_ids.message_ids.mapped("body")))

    def test_an_answer_that_takes_too_long_leaves_the_payment_in_process(self):
        with patch("requests.request", side_effect=requests.ReadTimeout("read timed out")):
            tx = self._charge()
        self._assert_in_process(tx)

    def test_a_refusal_is_a_failure(self):
        for status in (400, 402, 404, 409, 429):
            with self.subTest(status=status):
                self._assert_failed(self._charge(self._make_invoice(1000, self.term), (status, b"declined")))

    def test_a_connection_that_was_never_made_is_a_failure(self):
        address = self.address
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            self.address = f"http://127.0.0.1:{unused.getsockname()[1]}/"  # nobody listens
            tx = self._charge()
        self.address = address
        self._assert_failed(tx)

    def test_names_and_hosts_that_do_not_answer_are_failures(self):
        untrusted = self.address.replace("http:", "https:")
        for error in (
            requests.ConnectTimeout("connect timed out"),
            self._raised("http://name.example/", "socket.getaddrinfo", socket.gaierror("Name not known")),
            self._raised(untrusted, "ssl.SSLContext.wrap_socket", ssl.SSLCertVerificationError("Not trusted")),
        ):
            invoice = self._make_invoice(1000, self.term)
            with self.subTest(error=error):
                with patch("requests.request", side_effect=error):
                    tx = self._charge(invoice)
                self._assert_failed(tx)

    def _raised(self, url, function, cause):
        """Return what requests makes of something that fails on the way to a host."""
        with patch(function, side_effect=cause), self.assertRaises(requests.ConnectionError) as caught:
            requests.adapters.HTTPAdapter().send(requests.Request("POST", url).prepare(), timeout=10)
        return caught.exception

    def test_what_is_asked_about_a_charge_that_was_made_does_not_undo_it(self):
        def charge_and_ask(transaction):
            answer = transaction._send_api_request("POST", "charges", json={})
            self.server.answer = (404, b"not yet")
            try:
                transaction._send_api_request("GET", f"charges/{answer['paid']}")
            except ValidationError as error:
                transaction._set_error(str(error))

        with patch.object(self.env.registry["payment.transaction"], "_send_payment_request", charge_and_ask):
            tx = self._charge(answer=(200, b'{"paid": true}'))
        self._assert_in_process(tx)

    def test_providers_that_talk_without_the_helper_of_odoo(self):
        def charge_directly(transaction):
            requests.post(self.address, json={}, timeout=10).raise_for_status()

        for answer, check in ((None, self._assert_in_process), ((402, b"no"), self._assert_failed)):
            invoice = self._make_invoice(1000, self.term)
            with self.subTest(answer=answer):
                with patch.object(self.env.registry["payment.transaction"], "_send_payment_request", charge_directly):
                    tx = self._charge(invoice, answer)
                check(tx)

    @mute_logger(PROVIDER_LOG)
    def test_other_requests_fail_as_they_did(self):
        tx = self._charge(answer=(200, b'{"paid": true}'))
        tx._post_process()
        self.server.answer = (503, b"")
        with patch.object(
            self.env.registry["payment.transaction"], "_send_refund_request",
            lambda refund: refund._send_api_request("POST", "refunds", json={}),
        ):
            self.assertEqual(tx._refund(100.0).state, "error")

    def test_a_charge_by_staff_is_in_process_too(self):
        tx = self._create_transaction("token", operation="offline", token_id=self.token.id).sudo()
        with self.assertLogs(CHARGE_LOG, "WARNING"), mute_logger(PROVIDER_LOG):
            tx._charge_with_token()
        self.assertEqual(tx.state, "pending")

    # Giving it up

    def _make_admin(self):
        return new_test_user(self.env, "head", groups="o2c_portal.o2c_portal_group_manager")

    def test_a_payment_that_never_ends_is_given_up_by_an_administrator(self):
        tx = self._charge()
        clerk = new_test_user(self.env, "clerk", groups="o2c_portal.o2c_portal_group_user")
        admin = self._make_admin()
        with self.assertRaises(AccessError):
            tx.with_user(clerk).action_o2c_give_up()
        tx.with_user(admin).action_o2c_give_up()
        self.assertEqual((tx.state, tx.o2c_allocation_ids.state), ("error", "released"))
        note = tx.invoice_ids.message_ids.sorted("id")[-1:]
        self.assertIn(tx.state_message, note.body)
        self.assertEqual(note.author_id, admin.partner_id)
        with self.assertRaises(UserError):
            tx.with_user(admin).action_o2c_give_up()
        self.assertEqual(self._charge(answer=(200, b'{"paid": true}')).state, "done")

    def test_money_of_a_payment_given_up_is_booked_when_it_comes(self):
        tx = self._charge()
        tx.with_user(self._make_admin()).action_o2c_give_up()
        tx._set_done()
        tx._post_process()
        self.assertEqual([item.open_minor for item in self.invoice._o2c_instalments()], [0, 70000])
