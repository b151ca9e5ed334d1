"""Shared by the tests of the public pay page: an invoice with a link, and a payer who speaks HTTP."""

import json
import re

import requests

from odoo.fields import Date
from odoo.sql_db import db_connect
from odoo.tests import HttpCase, tagged

from .common import O2cCommon

REQUIRED_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex,nofollow,noarchive",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}
LEAKS = ("Traceback", "psycopg2", "odoo/addons", "dist-packages", "SELECT ", "QWeb", 'File "')


def own_routes(env, prefix="/"):
    """Return ``{route: methods}`` of what this addon answers itself; what it only overrides is Odoo's."""
    found = {}
    for rule in env["ir.http"].routing_map().iter_rules():
        endpoint = rule.endpoint
        ours = endpoint.original_endpoint.__module__.startswith("odoo.addons.o2c_portal.")
        if ours and endpoint.original_routing.get("routes") and rule.rule.startswith(prefix):
            methods = endpoint.routing["methods"] or endpoint.o2c_methods or ("GET", "POST")
            found.setdefault(rule.rule, set()).update(methods)
    return found


@tagged("post_install", "-at_install")
class PayLinkCase(O2cCommon):
    """An invoice over 1000.00 that is due, and its links by channel."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls._make_invoice(1000.0, invoice_date="2026-01-01")
        cls.links = cls.env["o2c.pay.link"].sudo()

    def _link(self, channel="pdf", invoice=None):
        invoice = invoice or self.invoice
        return self.links._get_or_create(invoice, channel)[invoice.id]

    def _stored(self):
        """Return all that the database holds of the only link of the invoice, as text."""
        self.env.flush_all()
        self.env.cr.execute("SELECT o2c_pay_link::text FROM o2c_pay_link WHERE move_id = %s", [self.invoice.id])
        [(row,)] = self.env.cr.fetchall()
        return row


@tagged("post_install", "-at_install")
class PublicCase(O2cCommon, HttpCase):
    """Visits our pages over HTTP; every test starts with tries of its own."""

    def setUp(self):
        super().setUp()
        self._forget_hits()
        self.addCleanup(self._forget_hits)

    def _forget_hits(self):
        """Empty the limiter's table, which lives in transactions of its own."""
        with db_connect(self.env.cr.dbname).cursor() as cr:
            cr.execute("DELETE FROM o2c_rate_hit")

    def _check_answer(self, response):
        """Check what holds for every answer of ours."""
        self.assertLess(response.status_code, 500, response.text[:300])
        for name, value in REQUIRED_HEADERS.items():
            self.assertEqual(response.headers.get(name), value, f"{name} of {response.status_code}")
        self.assertIn("frame-ancestors 'none'", response.headers["Content-Security-Policy"])
        for leak in LEAKS:
            self.assertNotIn(leak, response.text)


@tagged("post_install", "-at_install")
class PayPageCase(PublicCase):
    """An overdue invoice over 1000.00 in instalments of 300.00, 300.00 and 400.00, and its link."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["payment.provider"].sudo().search([("id", "!=", cls.dummy_provider.id)]).state = "disabled"
        cls.dummy_provider.sudo().write({"state": "enabled", "is_published": True, "allow_tokenization": True})
        cls.term = cls._make_term((30, 0), (30, 30), (40, 60))
        today = Date.today()
        cls.due_invoice = cls._make_invoice(1000.0, cls.term, invoice_date=Date.subtract(today, days=40))
        cls.token = cls._token_of(cls.due_invoice)
        cls.link = cls.env["o2c.pay.link"].sudo()._find(cls.token)
        cls.lines = cls.due_invoice.line_ids.filtered(lambda line: line.display_type == "payment_term").sorted(
            "date_maturity"
        )

    @classmethod
    def _token_of(cls, invoice, channel="pdf"):
        return invoice._o2c_pay_url(channel).rpartition("/pay/")[2]

    def _get(self, path, method="GET", **kwargs):
        """Ask for a path exactly as given, without a client's normalisation, and check what holds for every answer."""
        self.env.cr.flush()
        self.env.cr.clear()
        with self.allow_requests():
            request = requests.Request(method, self.base_url(), **kwargs)
            prepared = self.opener.prepare_request(request)
            prepared.url = self.base_url() + path
            response = self.opener.send(prepared, timeout=20, allow_redirects=False)
        self._check_answer(response)
        return response

    def _pay_page(self, suffix="", token=None, **kwargs):
        return self._get(f"/pay/{token or self.token}{suffix}", **kwargs)

    # Starting a payment

    def _csrf(self, token=None):
        """Open the checkout page like a browser and return its CSRF token."""
        page = self._pay_page("/checkout?choice=all", token=token)
        self.assertEqual(page.status_code, 200)
        return re.search(r'csrf_token: "([^"]+)"', page.text)[1]

    def _wish(self, lines=None, **changes):
        """Return the fields of a request to pay instalments by the dummy provider."""
        lines = self.lines if lines is None else lines
        return {
            "provider_id": self.dummy_provider.id,
            "payment_method_id": self.payment_method_id,
            "token_id": None,
            "flow": "direct",
            "tokenization_requested": False,
            "expected_minor": round(sum(lines.mapped("amount_residual")) * 100),
            "installment_ids": lines.ids,
            **changes,
        }

    def _start(self, wish, csrf=None, token=None, headers=None, body=None):
        """Post a wish, by default with a good CSRF token, as our page would; ``body`` replaces the whole."""
        if body is None:
            params = {**wish, "csrf_token": csrf or self._csrf(token)}
            body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": params, "id": 1})
        headers = {"Content-Type": "application/json", **(headers or {})}
        return self._pay_page("/start", token=token, method="POST", data=body, headers=headers)

    def _code(self, response):
        """Return ``(status, code)`` of an answer to a start; the code is ``ok`` when it was accepted."""
        answer = response.json()
        if "error" not in answer:
            return response.status_code, "ok"
        self.assertEqual(answer["error"]["code"], response.status_code)
        return response.status_code, answer["error"]["message"]

    def _transactions(self, invoice=None):
        return self.env["payment.transaction"].sudo().search(
            [("invoice_ids", "in", (invoice or self.due_invoice).ids)]
        )

    def _written(self):
        """Return how many rows this database transaction has written so far, in all tables."""
        self.env.cr.execute("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_all_tables")
        return self.env.cr.fetchone()[0]
