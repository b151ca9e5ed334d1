"""Payers without an account, over plain HTTP: each has a web session of their own."""

import contextlib
import re
import threading
import time

import requests

FORM_CSRF = re.compile(r'name="csrf_token" value="(\w+)"')
CSRF = re.compile(r'csrf_token"?:\s*"(\w+)"')


class Payer:
    """One browser in front of a server. ``start`` begins a payment, ``finish`` has the demo provider report success."""


    def __init__(self, server, provider_id, method_id):
        self.url = server.url
        self.session = requests.Session()
        self._method = {"provider_id": provider_id, "payment_method_id": method_id, "token_id": None, "flow": "direct"}
        self._csrf = None
        self.account_group = ""

    def open_checkout(self, token, choice="all"):
        """Load the page with the provider's form; its CSRF token serves all later payments of this browser."""
        page = self.session.get(f"{self.url}/pay/{token}/checkout", params={"choice": choice}, timeout=60)
        page.raise_for_status()
        self._csrf = CSRF.search(page.text)[1]
        return page

    def start(self, token, line_ids, minor):
        """Start paying instalments by the link; return ``(status, reference or None)``."""
        return self._call(f"/pay/{token}/start", {
            **self._method, "tokenization_requested": False, "csrf_token": self._csrf,
            "installment_ids": line_ids, "expected_minor": minor,
        })

    def log_in(self, login, password):
        """Become a user."""
        page = self.session.get(f"{self.url}/web/login", timeout=60)
        answer = self.session.post(f"{self.url}/web/login", timeout=60, data={
            "login": login, "password": password, "csrf_token": FORM_CSRF.search(page.text)[1],
        })
        answer.raise_for_status()

    def open_account_checkout(self, group, address="/my/billing"):
        """Load the form of the provider on the account page, or on that of a link to the account."""
        self.account_group = group
        page = self.session.get(f"{self.url}{address}/checkout", params={"group": group, "choice": "all"}, timeout=60)
        page.raise_for_status()
        self._csrf = CSRF.search(page.text)[1]

    def start_account(self, line_ids, minor, address="/my/billing"):
        """Start paying items of the account; return ``(status, reference or None)``."""
        return self._call(f"{address}/start?group={self.account_group}", {
            **self._method, "tokenization_requested": False, "csrf_token": self._csrf,
            "installment_ids": line_ids, "expected_minor": minor,
        })

    def start_native(self, invoice_id, access_token, amount):
        """Start paying an amount on the invoice's own portal page; return ``(status, reference or None)``."""
        return self._call(f"/invoice/transaction/{invoice_id}", {
            **self._method, "tokenization_requested": False, "amount": amount, "access_token": access_token,
            "landing_route": f"/my/invoices/{invoice_id}",
        })

    def start_order(self, order_id, access_token, amount):
        """Start paying an order of a till on the page its code leads to; return ``(status, reference or None)``."""
        return self._call(f"/pos/pay/transaction/{order_id}", {
            **self._method, "tokenization_requested": False, "amount": amount, "access_token": access_token,
            "landing_route": "/pos/pay/confirmation",
        })

    def finish(self, reference, state="done"):
        """Have the provider report a result for a payment."""
        return self._call("/payment/demo/simulate_payment", {
            "reference": reference, "payment_details": "1234", "simulated_state": state,
        })

    def poll(self):
        """Ask how the payment stands, as the waiting page does; this is what books it."""
        return self._call("/payment/status/poll", {})

    def _call(self, path, params):
        body = {"jsonrpc": "2.0", "id": 1, "method": "call", "params": params}
        answer = self.session.post(f"{self.url}{path}", json=body, timeout=120)
        found = answer.json()
        return answer.status_code, (found.get("result") or {}).get("reference") if "error" not in found else None


def break_booking(server, payer, delay):
    """Cut the server's power ``delay`` seconds into the booking of a payment (None: before it), then start it again."""
    def book():
        with contextlib.suppress(OSError, ValueError):  # the server is killed under this request, on purpose
            payer.poll()

    if delay is not None:
        threading.Thread(target=book, daemon=True).start()
        time.sleep(delay)
    server.kill()
    server.start()
