"""Plans and promises on a customer's own pages."""

import re
from datetime import timedelta

from odoo.fields import Date
from odoo.http import Request
from odoo.tests import new_test_user, tagged

from ..core import plan_form, plans
from .pay_common import PayPageCase


@tagged("post_install", "-at_install")
class TestAccountPlans(PayPageCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = Date.today()
        cls.plans = cls.env["o2c.payment.plan"].sudo()
        cls.policy = cls.env.ref("o2c_portal.payment_policy_built_in").sudo()
        cls.policy.write({
            "plan_max_parts": 4, "plan_max_days": 120, "plan_first_percent": 20, "plan_smallest_amount": 50,
            "plan_worst_band": "poor", "plan_approval_amount": 5000, "promise_max_days": 14, "promise_max_open": 1,
        })
        cls.portal = new_test_user(
            cls.env, "payer", groups="base.group_portal", partner_id=cls.customer.id, password="payer-payer",
        )
        cls.stranger = new_test_user(cls.env, "stranger", groups="base.group_portal", password="stranger-stranger")
        cls.invoice = cls.due_invoice
        cls.new = f"/my/billing/plans/new?invoices={cls.invoice.id}"

    def setUp(self):
        super().setUp()
        self.authenticate("payer", "payer-payer")

    def _post(self, path, **form):
        form.setdefault("csrf_token", Request.csrf_token(self))
        return self._get(path, method="POST", data=form)

    def _propose(self, *parts, **form):
        """Post a proposal of ``(days from today, major units)``."""
        own = {}
        for row, (days, amount) in enumerate(parts, start=1):
            own[f"date_{row}"], own[f"amount_{row}"] = str(self.today + timedelta(days=days)), str(amount)
        return self._post("/my/billing/plans/propose", **{
            "invoices": self.invoice.id, "wish": "own", "consent": "yes", **own, **form,
        })

    def _mine(self):
        return self.plans.search([("partner_id", "=", self.customer.id)])

    # Offers

    def test_offers_are_previewed_and_taken_at_once(self):
        page = self._get(self.new)
        self.assertEqual(page.status_code, 200)
        values = re.findall(r'name="wish" value="([^"]+)"', page.text)
        self.assertEqual([len(plan_form.decode(value) or ()) for value in values], [2, 3, 4, 0])
        self.assertIn("$\N{NO-BREAK SPACE}333.33", page.text)
        response = self._post(
            "/my/billing/plans/propose", invoices=self.invoice.id, wish=values[1], consent="yes",
        )
        plan = self._mine()
        self.assertEqual(response.status_code, 303)
        self.assertTrue(response.headers["Location"].endswith(f"/my/billing/plans/{plan.id}?done=agreed"))
        self.assertEqual(
            (plan.state, plan.proposed_by, plan.total, len(plan.line_ids)), ("active", "customer", 1000.0, 3),
        )
        self.assertEqual(
            (plan.consent_partner_id, plan.consent_user_id, plan.consent_ip, plan.consent_version),
            (self.customer, self.portal, "127.0.0.1", "2026-1"),
        )
        self.assertTrue(plan.consent_at)
        self.assertIn("I will pay these amounts", plan.consent_text)
        shown = self._get(f"/my/billing/plans/{plan.id}?done=agreed").text
        for expected in ("In force", "Thank you", "$\N{NO-BREAK SPACE}333.33", self.invoice.name):
            self.assertIn(expected, shown)
        self.assertEqual(self._get(self.new).status_code, 409)

    def test_the_pay_page_follows_the_plan(self):
        self._propose((0, 250), (30, 750))
        text = self._pay_page().text
        self.assertIn("An arrangement is in place", text)
        self.assertIn("$\N{NO-BREAK SPACE}250.00", text)
        checkout = self._pay_page("/checkout?choice=next").text
        amounts = re.search(r'data-amounts-minor="([^"]+)"', checkout)[1]
        self.assertEqual(amounts, "[25000]")
        wish = self._wish(self.lines[:1], expected_minor=25000, amounts_minor=[25000])
        self.assertEqual(self._code(self._start(wish)), (200, "ok"))

    # Own plans

    def test_own_plans_inside_the_policy_are_agreed_on(self):
        self.assertEqual(self._propose((0, 400), (20, "300,00"), (40, "300.00")).status_code, 303)
        plan = self._mine()
        self.assertEqual((plan.state, plan.line_ids.mapped("amount")), ("active", [400.0, 300.0, 300.0]))

    def test_own_plans_outside_are_answered_by_a_counter_offer(self):
        response = self._propose((0, 100), (20, 900))
        self.assertEqual(response.status_code, 303)
        self.assertFalse(self._mine())
        page = self._get(response.headers["Location"].removeprefix(self.base_url())).text
        self.assertIn("We cannot agree to exactly what you proposed", page)
        counter = re.findall(r'name="wish" value="([^"]+)"', page)[0]
        self.assertEqual([payment.amount for payment in plan_form.decode(counter)], [20000, 80000])
        self._post("/my/billing/plans/propose", invoices=self.invoice.id, wish=counter, consent="yes")
        self.assertEqual(self._mine().state, "active")

    def test_what_needs_a_person_waits_for_one(self):
        self.policy.plan_approval_amount = 500
        response = self._propose((0, 400), (20, 600))
        plan = self._mine()
        self.assertTrue(response.headers["Location"].endswith(f"{plan.id}?done=sent"))
        self.assertEqual((plan.state, plan.proposed_by, len(plan.activity_ids)), ("proposed", "customer", 1))
        self.assertIn("above what the policy", plan.reason)
        self.assertEqual(self._propose((0, 500), (20, 500)).status_code, 409)
        plan.action_activate()
        self.assertEqual((plan.state, plan.activity_ids.ids), ("active", []))
        self.assertEqual(plan.message_ids.filtered("partner_ids").partner_ids, self.customer)

    def test_errors_stand_beside_their_fields(self):
        for case, parts, form, expected in [
            ("no consent", [(0, 400), (20, 600)], {"consent": ""}, ['href="#consent"', "tick the box"]),
            ("sum", [(0, 400), (20, 500)], {}, ['id="wish-error"', "add up to"]),
            ("amount", [(0, 400), (20, "six")], {}, ['id="amount_2_error"', 'value="six"']),
            ("past", [(-1, 400), (20, 600)], {}, ["cannot be in the past"]),
            ("order", [(20, 400), (20, 600)], {}, ["on a later day"]),
            ("nothing", [], {}, ["Please choose a plan"]),
            ("odd", [], {"wish": "2026-99-99:1"}, ["Please choose a plan"]),
        ]:
            with self.subTest(case):
                response = self._propose(*parts, **form)
                self.assertEqual(response.status_code, 422)
                for text in [*expected, 'role="alert"']:
                    self.assertIn(text, response.text)
        self.assertFalse(self._mine())

    # Promises

    def test_a_promise_within_the_limits(self):
        day = self.today + timedelta(days=10)
        form = {"invoices": self.invoice.id, "day": str(day), "amount": "700.00"}
        for change, expected in [
            ({"day": str(self.today + timedelta(days=15))}, "Please choose a day until"),
            ({"day": str(self.today - timedelta(days=1))}, "today or a later day"),
            ({"day": "tomorrow"}, "Please enter a day"),
            ({"amount": "1000.01"}, "at most"),
            ({"amount": "-5"}, "at most"),
        ]:
            with self.subTest(change=change):
                response = self._post("/my/billing/promise/make", **{**form, **change})
                self.assertEqual((response.status_code, expected in response.text), (422, True))
        self.assertFalse(self._mine())
        self.assertEqual(self._post("/my/billing/promise/make", **form).status_code, 303)
        promise = self._mine()
        self.assertEqual((promise.kind, promise.state, promise.total), ("promise", "active", 700.0))
        self.assertEqual(self.lines[0].o2c_promised_date, day)
        other = self._make_invoice(50.0)
        refused = self._post("/my/billing/promise/make", invoices=other.id, day=str(day), amount="50")
        self.assertEqual((refused.status_code, "open promises" in refused.text), (422, True))

    # Proposals of staff

    def test_a_proposal_of_ours_is_accepted_with_consent(self):
        items = self.plans._open_items(self.invoice)
        plan = self.plans._prepare(items, plans.propose(100000, 2, self.today, "months"))
        plan._propose_to_customer()
        address = f"/my/billing/plans/{plan.id}"
        self.assertIn("For you to decide", self._get("/my/billing/plans").text)
        self.assertIn("Accept the plan", self._get(address).text)
        self.assertEqual(self._post(f"{address}/accept").status_code, 422)
        self.assertEqual(self._post(f"{address}/accept", consent="yes").status_code, 303)
        self.assertEqual((plan.state, plan.consent_partner_id), ("active", self.customer))
        self.assertEqual(self._post(f"{address}/decline").status_code, 409)

    # Whose

    def test_nobody_else_s(self):
        items = self.plans._open_items(self.invoice)
        plan = self.plans._prepare(items, plans.propose(100000, 2, self.today, "months"))
        plan._propose_to_customer()
        self.authenticate("stranger", "stranger-stranger")
        unknown = self._get("/my/billing/plans/999999999").text
        for number in (plan.id, 999999999, 99999999999999999):
            response = self._get(f"/my/billing/plans/{number}")
            self.assertEqual((response.status_code, response.text), (404, unknown))
        for ids in (self.invoice.id, "999999999", "x", "", f"{self.invoice.id},{self.invoice.id}"):
            for path in ("plans", "promise"):
                with self.subTest(ids=ids, path=path):
                    self.assertEqual(self._get(f"/my/billing/{path}/new?invoices={ids}").status_code, 404)
        self.assertIn("Nothing is agreed on yet", self._get("/my/billing/plans").text)
        self.assertEqual(self._get(f"/my/billing/plans/{plan.id}/accept").status_code, 405)

    def test_a_contact_that_sees_only_own_documents(self):
        self.policy.documents = "own"
        contact = self.env["res.partner"].create({"name": "Buyer", "parent_id": self.customer.id})
        new_test_user(self.env, "buyer", groups="base.group_portal", partner_id=contact.id, password="buyer-buyer")
        own = self._make_invoice(80.0, partner=contact)
        both = self.plans._prepare(
            self.plans._open_items(self.invoice | own), plans.propose(108000, 2, self.today, "months"),
        )
        both._propose_to_customer()
        self.authenticate("buyer", "buyer-buyer")
        self.assertEqual(self._get(f"/my/billing/plans/{both.id}").status_code, 404)
        self.assertEqual(self._get(self.new).status_code, 404)
        self.assertEqual(self._get(f"/my/billing/plans/new?invoices={own.id}").status_code, 200)

    def test_pages_write_nothing_and_choose_from_what_is_open(self):
        paths = ["/my/billing/plans", "/my/billing/plans/new", "/my/billing/promise/new", self.new,
                 f"/my/billing/promise/new?invoices={self.invoice.id}"]
        for path in paths:
            self._get(path)
        before = self._written()
        for path in paths:
            response = self._get(path)
            self.assertEqual(response.status_code, 200, path)
            self.assertIn("<h1", response.text)
        self.assertEqual(self._written(), before)
        self.assertIn(self.invoice.name, self._get("/my/billing/plans/new").text)

    def test_past_plans_are_listed_page_by_page(self):
        for _number in range(41):
            plan = self.plans._prepare(
                self.plans._open_items(self.invoice), plans.propose(100000, 2, self.today, "months"),
            )
            plan._enter("cancelled", "Test")
        self.assertIn("Page <bdi>1</bdi> of <bdi>2</bdi>", self._get("/my/billing/plans").text)
        self.assertEqual(self._get("/my/billing/plans?page=2").text.count('class="o2c-entry"'), 1)
