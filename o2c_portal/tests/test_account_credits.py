"""Credit that customers apply themselves: exact, noted, and never in the way of a payment."""

from unittest.mock import patch

from odoo.tests import new_test_user, tagged

from ..core import limits
from ..core.limits import Limit
from .account_common import NBSP, AccountPageCase
from .test_pay_bad_input import BadInputCase


@tagged("post_install", "-at_install")
class TestAccountCredits(AccountPageCase, BadInputCase):

    def setUp(self):
        super().setUp()
        self.refund = self._make_invoice(320.0, move_type="out_refund")
        self.credit = self._terms(self.refund)

    def _prepayment(self, amount):
        payment = self.env["account.payment"].create({
            "amount": amount, "partner_id": self.customer.id, "payment_type": "inbound", "partner_type": "customer",
        })
        payment.action_post()
        return payment.move_id.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")

    def _apply(self, credits, items=(), **changes):
        """Post the form of the account page."""
        csrf = self._account().text.partition('name="csrf_token" value="')[2].partition('"')[0]
        data = {"csrf_token": csrf, "group": self.group, "credit": [credit.id for credit in credits],
                "item": [item.id for item in items], **changes}
        response = self._account("/credits", method="POST", data=data)
        self.env.invalidate_all()
        return response

    def _open(self, lines):
        return [round(line.amount_residual_currency * 100) for line in lines]

    def test_settles_the_oldest_items(self):
        response = self._apply(self.credit)
        self.assertEqual(response.status_code, 303)
        self.assertEqual(self._open(self.lines), [0, 28000, 40000])
        self.assertEqual(self._open(self.credit), [0])
        shown = self._get("/my/billing/credits" + response.headers["Location"].partition("/credits")[2])
        self._shows(shown, "Your credit was used", self.refund.name, self.due_invoice.name, f"${NBSP}300.00",
                    f"${NBSP}20.00", f"${NBSP}280.00")

    def test_settles_what_was_chosen(self):
        chosen = self._terms(self.today_invoice) | self._terms(self.later_invoice)
        self.assertEqual(self._apply(self.credit, chosen).status_code, 303)
        self.assertEqual(self._open(chosen), [0, 0])
        self.assertEqual(self._open(self.lines), [30000, 30000, 40000])
        self.assertEqual(self._open(self.credit), [-20000], "what is not needed stays credit")

    def test_credit_notes_and_payments_together(self):
        payment = self._prepayment(500.0)
        self._shows(self._account(), "Payment not used yet", "Credit note", f"${NBSP}820.00")
        self.assertEqual(self._apply(self.credit | payment).status_code, 303)
        self.assertEqual(self._open(self.credit | payment), [0, 0])
        self.assertEqual(self._open(self.lines | self._terms(self.today_invoice)), [0, 0, 30000, 0])

    def test_notes_say_who_did_what_on_both_documents(self):
        self._apply(self.credit)
        for move in (self.refund, self.due_invoice):
            [note] = move.message_ids.filtered(lambda message: "on the account page" in (message.body or ""))
            self.assertIn(self.contact.name, note.body)
            self.assertIn(f"300.00 of {self.refund.name} to {self.due_invoice.name}", note.body)
            self.assertIn(f"20.00 of {self.refund.name} to {self.due_invoice.name}", note.body)
            self.assertEqual(note.author_id, self.contact)

    def test_items_being_paid_are_left_alone(self):
        self.assertEqual(self._code(self._account_start(self._wish(self.lines[0]))), (200, "ok"))
        self._last_transaction().o2c_payer_key = "somebody"
        self.assertEqual(self._apply(self.credit).status_code, 303)
        self.assertEqual(self._open(self.lines), [30000, 0, 40000])
        self.assertEqual(self._last_transaction().o2c_allocation_ids.state, "live")
        again = self._prepayment(10.0)
        self.assertEqual(self._apply(again, self.lines[0]).status_code, 409)
        self.assertEqual(self._open(again), [-1000])

    def test_what_the_customer_began_to_pay_and_left_is_given_up(self):
        self.assertEqual(self._code(self._account_start(self._wish(self.lines[0]))), (200, "ok"))
        self.assertEqual(self._apply(self.credit).status_code, 303)
        self.assertEqual(self._open(self.lines), [0, 28000, 40000])
        self.assertEqual(self._last_transaction().o2c_allocation_ids.state, "released")

    def test_other_currencies_stay_exact(self):
        euro = self._enable_currency("EUR")
        refund = self._make_invoice(10.01, move_type="out_refund", currency_id=euro.id)
        invoice = self._make_invoice(20.03, currency_id=euro.id)
        response = self._apply(self._terms(refund), group=f"{self.env.company.id}-{euro.id}")
        self.assertEqual(response.status_code, 303)
        self.assertEqual(self._open(self._terms(invoice)), [1002])
        self.assertEqual(self._open(self.lines), [30000, 30000, 40000])

    def test_a_company_may_leave_it_to_clerks(self):
        self.env.company.o2c_customer_applies_credits = False
        self._shows(self._account(), "Ask us to use this credit")
        before = self._money()
        response = self._apply(self.credit)
        self.assertEqual(response.status_code, 303)
        self.assertEqual(self._money(), before)
        activity = self.customer.activity_ids
        self.assertIn(self.refund.name, activity.note)
        self.assertIn(self.contact.name, activity.note)
        self._shows(self._account("/credits"), "We take care of your credit")

    def test_bad_input_is_refused_and_changes_nothing(self):
        foreign_credit = self._terms(self._make_invoice(9.0, move_type="out_refund", partner=self.stranger))
        foreign, own = self._terms(self.foreign_invoice), self._terms(self.today_invoice)
        euro = self._enable_currency("EUR")
        before = self._money()
        for credits, items, changes, expected in [
            ([], [], {}, 422), (self.credit, [], {"group": ""}, 422), (self.credit, [], {"group": "x"}, 422),
            (self.credit, [], {"group": f"{self.env.company.id}-{euro.id}"}, 404),
            (self.credit, [], {"group": f"{self.env.company.id + 1}-{self.due_invoice.currency_id.id}"}, 404),
            (foreign_credit, [], {}, 404), (self.credit | foreign_credit, [], {}, 404), (own, [], {}, 404),
            (self.credit, foreign, {}, 404), (self.credit, self.credit, {}, 404),
            (self.credit, [], {"credit": ["x"]}, 422), (self.credit, [], {"credit": ["-1"]}, 422),
            (self.credit, [], {"item": ["0"]}, 422), (self.credit, [], {"csrf_token": "x"}, 400),
            (self.credit, [], {"credit": [str(number) for number in range(1, 42)]}, 422),
        ]:
            with self.subTest(credits=credits, items=items, changes=str(changes)[:60]):
                self.assertEqual(self._apply_raw(credits, items, changes), expected)
        self.assertEqual(self._money(), before)

    def _apply_raw(self, credits, items, changes):
        if "csrf_token" in changes:  # Odoo answers before our guard
            return self.url_open("/my/billing/credits", data={"credit": self.credit.id, **changes}).status_code
        return self._apply(credits, items, **changes).status_code

    def test_results_of_others_are_not_shown(self):
        where = self._apply(self.credit).headers["Location"].partition("/credits")[2]
        new_test_user(self.env, "mallory", groups="base.group_portal", partner_id=self.stranger.id)
        self.authenticate("mallory", "mallory")
        self._hides(self._get(f"/my/billing/credits{where}"), self.refund.name, self.due_invoice.name)

    def test_not_too_often(self):
        with patch.dict(limits.LIMITS, credits_account=Limit(1, 3600)):
            codes = [self._apply(credit).status_code for credit in (self.credit, self._prepayment(5.0))]
        self.assertEqual(codes, [303, 429])
