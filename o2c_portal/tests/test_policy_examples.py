"""The example policies of the admin guide (docs/guide/admin.md) behave as written there.

Each test sets a policy exactly as the guide says and tries the payments the guide names, on an invoice over 1000.00 in
instalments of 300.00 and 300.00, both late, and 400.00 to come.
"""

from odoo.fields import Command
from odoo.tests import tagged

from .pay_common import PayPageCase
from .policy_common import PolicyMixin


@tagged("post_install", "-at_install")
class TestPolicyExamples(PolicyMixin, PayPageCase):

    def _pays(self, *amounts):
        """Try to pay these amounts of the three instalments; return ``ok`` or the sentence the payer reads."""
        chosen = [(line, amount) for line, amount in zip(self.lines, amounts, strict=True) if amount]
        lines = self.lines.browse([line.id for line, _amount in chosen])
        minor = [round(amount * 100) for _line, amount in chosen]
        response = self._start(self._wish(lines, amounts_minor=minor, expected_minor=sum(minor)))
        status, code = self._code(response)
        self._transactions()._set_canceled()
        return code if status == 200 else response.json()["error"]["data"]["message"].replace("\N{NO-BREAK SPACE}", "")

    def _assert_pays(self, *cases):
        for amounts, expected in cases:
            with self.subTest(amounts=amounts):
                self.assertEqual(self._pays(*amounts), expected)

    def test_everything_at_once(self):
        self._policy(mode="full")
        self._assert_pays(
            ((300, 300, 400), "ok"),
            ((300, 300, 0), "Only the whole amount of $1,000.00 can be paid."),
        )

    def test_instalments_in_their_order(self):
        self._policy(mode="instalments")
        self._assert_pays(
            ((300, 0, 0), "ok"),
            ((300, 300, 0), "ok"),
            ((0, 300, 0), f"Please pay the instalment due on {self._day(0)} first, or together with later ones."),
            ((100, 0, 0), f"The instalment due on {self._day(0)} can only be paid as a whole."),
        )

    def test_what_is_late_first(self):
        self._policy(mode="part", minimum_kind="overdue")
        self._assert_pays(
            ((300, 300, 0), "ok"),
            ((300, 300, 50), "ok"),
            ((300, 100, 0), "The smallest amount you can pay is $600.00."),
        )

    def test_a_quarter_at_least_for_one_tag(self):
        policy = self._policy(self.customer, mode="part", minimum_kind="percent", minimum_percent=25, on_account=True)
        self.customer.o2c_policy_id = False
        tag = self.env["res.partner.category"].create({"name": "Key account", "o2c_policy_id": policy.id})
        self.customer.category_id = tag
        self._assert_pays(
            ((250, 0, 0), "ok"),
            ((249.99, 0, 0), "The smallest amount you can pay is $250.00."),
        )
        self.customer.category_id = [Command.clear()]
        self._assert_pays(((249.99, 0, 0), "ok"))

    def test_no_cards_above_an_amount(self):
        self._policy(method_ids=[Command.create({
            "payment_method_id": self.payment_method_id, "max_amount": 500.0,
            "reason": "Please pay more than 500 by bank transfer.",
        })])
        self._assert_pays(
            ((300, 200, 0), "ok"),
            ((300, 200.01, 0), "Please pay more than 500 by bank transfer."),
        )
        self.assertIn("Please pay more than 500 by bank transfer.", self._pay_page("/checkout?choice=all").text)

    def _day(self, index):
        return self.env["o2c.pay.page"]._day(self.lines[index].date_maturity)
