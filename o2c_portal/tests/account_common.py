"""Shared by the tests of the account page: a customer with two contacts, another customer, and who is logged in."""

import json
import re

from odoo.tests import new_test_user, tagged

from .pay_common import PayPageCase
from .policy_common import PolicyMixin

NBSP = "\N{NO-BREAK SPACE}"


@tagged("post_install", "-at_install")
class AccountPageCase(PolicyMixin, PayPageCase):
    """To the overdue invoice of the pay page come one over 50.00 due today and one over 70.00 due in ten days; another
    customer owes 77.77. ``payer`` is the portal user of a contact of the customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contact = cls.env["res.partner"].create({
            "name": "Pia Payer", "parent_id": cls.customer.id, "email": "pia@example.com",
        })
        cls.payer = new_test_user(cls.env, "payer", groups="base.group_portal", partner_id=cls.contact.id)
        cls.today_invoice = cls._make_invoice(50.0)
        cls.later_invoice = cls._make_invoice(70.0, cls._make_term((100, 10)))
        cls.stranger = cls.env["res.partner"].create({"name": "Stranger Ltd", "email": "stranger@example.com"})
        cls.foreign_invoice = cls._make_invoice(77.77, partner=cls.stranger)
        cls.group = f"{cls.env.company.id}-{cls.due_invoice.currency_id.id}"
        cls.env["ir.config_parameter"].sudo().set_param("account_payment.enable_portal_payment", "True")

    def setUp(self):
        super().setUp()
        self.authenticate("payer", "payer")

    def _shows(self, response, *expected):
        """Assert that a page says all of this, line breaks aside."""
        text = re.sub(r"[ \n]+", " ", response.text)
        for part in expected:
            self.assertTrue(part in text, f"{part!r} is not on the page")

    def _hides(self, response, *unexpected):
        """Assert that a page says nothing of this."""
        for part in unexpected:
            self.assertFalse(part in response.text, f"{part!r} is on the page")

    @staticmethod
    def _terms(invoices):
        """Return the receivable items of invoices, oldest first."""
        return invoices.line_ids.filtered(lambda line: line.display_type == "payment_term").sorted(
            lambda line: (line.date_maturity, line.id)
        )

    def _account(self, suffix="", **kwargs):
        return self._get(f"/my/billing{suffix}", **kwargs)

    def _selected(self, lines, extra=""):
        """Return the query that chooses items one by one."""
        items = "".join(f"&item={line.id}" for line in lines)
        return f"?group={self.group}&choice=selected{items}{extra}"

    def _account_csrf(self, address="/my/billing"):
        page = self._get(f"{address}/checkout?group={self.group}&choice=all")
        self.assertEqual(page.status_code, 200)
        return re.search(r'csrf_token: "([^"]+)"', page.text)[1]

    def _account_start(self, wish, address="/my/billing", group=None, csrf=None):
        """Post a wish to the account, as our page would."""
        params = {**wish, "csrf_token": csrf or self._account_csrf(address)}
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": params, "id": 1})
        return self._get(
            f"{address}/start?group={group or self.group}", method="POST", data=body,
            headers={"Content-Type": "application/json"},
        )

    def _last_transaction(self):
        self.env.invalidate_all()
        return self.env["payment.transaction"].sudo().search([], order="id desc", limit=1)
