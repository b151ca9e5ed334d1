"""Payers see what a method costs before they pay by it, and are charged exactly that."""

import re

from odoo.fields import Command
from odoo.tests import tagged

from .account_common import AccountPageCase
from .fee_common import FeeMixin
from .pay_common import PayPageCase

SPACE = "\N{NO-BREAK SPACE}"


@tagged("post_install", "-at_install")
class TestPaymentFeePage(FeeMixin, PayPageCase):

    def setUp(self):
        super().setUp()
        self._make_company()
        self.fee = self._make_fee()

    def test_the_fee_and_the_total_are_shown_beside_the_method(self):
        text = self._pay_page("/checkout?choice=all").text
        for expected in (f"${SPACE}15.25", f"${SPACE}1,015.25", 'data-o2c-minor="101525"',
                         'data-expected-minor="100000"', f'data-o2c-amount="${SPACE}1,015.25"'):
            self.assertIn(expected, text)
        review = self._pay_page("/review?choice=all").text
        self.assertRegex(re.sub(r"<[^>]+>", "", review), rf"plus a fee of \s*\${SPACE}15\.25")

    def test_without_a_fee_pages_say_nothing_of_it(self):
        self.fee.active = False
        for suffix in ("/checkout?choice=all", "/review?choice=all"):
            text = self._pay_page(suffix).text
            self.assertNotIn("data-o2c-minor", text)
            self.assertNotIn(" fee", text)

    def test_what_is_charged_is_what_was_shown(self):
        self.assertEqual(self._code(self._start(self._wish())), (409, "amount_changed"))
        self.assertEqual(self._code(self._start(self._wish(expected_minor=101524))), (409, "amount_changed"))
        self.assertFalse(self._transactions())
        self.assertEqual(self._code(self._start(self._wish(expected_minor=101525))), (200, "ok"))
        transaction = self._transactions()
        self.assertEqual((transaction.amount, transaction.o2c_fee, transaction.o2c_fee_rule_id),
                         (1015.25, 15.25, self.fee))
        self.assertEqual(sum(transaction.o2c_allocation_ids.mapped("amount")), 1000.0)

    def test_a_fee_that_is_gone_or_new_since_the_page_is_refused(self):
        csrf = self._csrf()
        self.fee.percent = 1.0
        self.assertEqual(self._code(self._start(self._wish(expected_minor=101525), csrf)), (409, "amount_changed"))
        self.fee.active = False
        self.assertEqual(self._code(self._start(self._wish(expected_minor=101525), csrf)), (409, "amount_changed"))
        self.assertEqual(self._code(self._start(self._wish(), csrf)), (200, "ok"))
        self.assertEqual(self._transactions().o2c_fee, 0.0)

    def test_a_consumer_is_asked_for_nothing(self):
        self._make_company(is_company=False)
        self.assertNotIn("data-o2c-minor", self._pay_page("/checkout?choice=all").text)
        self.assertEqual(self._code(self._start(self._wish())), (200, "ok"))

    def test_a_limit_of_the_policy_is_about_what_is_paid(self):
        policy = self.env.ref("o2c_portal.payment_policy_built_in").sudo()
        self.env["o2c.payment.policy.method"].sudo().create({
            "policy_id": policy.id, "provider_id": self.dummy_provider.id, "max_amount": 1000.0, "reason": "Too much.",
        })
        self.assertIn("data-o2c-minor", self._pay_page("/checkout?choice=all").text)
        self.assertEqual(self._code(self._start(self._wish(expected_minor=101525))), (200, "ok"))

    def test_the_result_says_what_the_fee_was(self):
        self._start(self._wish(expected_minor=101525))
        self._transactions()._set_done()
        text = self._pay_page("/result").text
        for expected in ("Fee included", f"${SPACE}15.25", f"${SPACE}1,015.25"):
            self.assertIn(expected, text)


@tagged("post_install", "-at_install")
class TestPaymentFeeAccount(FeeMixin, AccountPageCase):

    def setUp(self):
        super().setUp()
        self._make_company()
        self.fee = self._make_fee()

    def _checkout(self):
        return self._account(f"/checkout{self._selected(self.lines[0])}")

    def _wish_of_one(self, **changes):
        return self._wish(self.lines[0], **changes)

    def test_the_account_page_shows_and_charges_the_fee(self):
        self._shows(self._checkout(), 'data-o2c-minor="30474"', 'data-expected-minor="30000"')
        self._shows(self._account(f"/review{self._selected(self.lines[0])}"), "plus a fee of")
        self.assertEqual(self._code(self._account_start(self._wish_of_one())), (409, "amount_changed"))
        self.assertEqual(self._code(self._account_start(self._wish_of_one(expected_minor=30474))), (200, "ok"))
        self.assertEqual((self._last_transaction().amount, self._last_transaction().o2c_fee), (304.74, 4.74))
        self._last_transaction()._set_done()
        self._shows(self._account("/result"), "Fee included", f"${SPACE}4.74")

    def test_a_saved_method_costs_what_it_costs_whatever_the_request_names(self):
        self.payment_method.support_tokenization = True
        token = self._create_token(partner_id=self.contact.id, provider_id=self.dummy_provider.id)
        free = self.payment_method.copy({"code": "free", "provider_ids": [Command.set(self.dummy_provider.ids)]})
        self.fee.payment_method_id = self.payment_method
        self._shows(self._checkout(), f'id="o2c_fee_token_{token.id}"')
        wish = self._wish_of_one(flow="token", token_id=token.id, payment_method_id=free.id)
        self.assertEqual(self._code(self._account_start(wish)), (409, "amount_changed"))
        self.assertEqual(self._code(self._account_start({**wish, "expected_minor": 30474})), (200, "ok"))
        self.assertEqual((self._last_transaction().token_id, self._last_transaction().o2c_fee), (token, 4.74))
