"""Plans and promises from agreement to end, and what is asked for meanwhile."""

from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command, Date
from odoo.tests import Form, new_test_user, tagged

from ..core.plans import Payment
from ..models.o2c_payment_plan_life import PlanImpossible
from .common import O2cCommon


@tagged("post_install", "-at_install")
class TestPaymentPlan(O2cCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = Date.today()
        cls.term = cls._make_term((60, 0), (40, 30))
        cls.first = cls._make_invoice(1000.0, cls.term, cls.today - timedelta(days=40))  # 600 and 400, both late
        cls.second = cls._make_invoice(200.0, invoice_date=cls.today - timedelta(days=5))
        cls.plans = cls.env["o2c.payment.plan"].sudo()  # nobody but its own rules writes agreements

    def _plan(self, *parts, moves=None, **values):
        """Return a draft of ``(days from today, major units)`` over all that is open."""
        payments = [Payment(self.today + timedelta(days=days), amount * 100) for days, amount in parts]
        return self.plans._prepare(self.plans._open_items(moves or self.first | self.second), payments, **values)

    def _active(self, *parts, **values):
        plan = self._plan(*parts, **values)
        plan._activate()
        return plan

    def _due(self, moves=None):
        self.env.flush_all()
        self.env.invalidate_all()
        rows = self.env["o2c.due.item"].search([("move_id", "in", (moves or self.first | self.second).ids)])
        return sorted(((row.date_due - self.today).days, row.residual) for row in rows)

    def _apply_effects(self, move):
        events = self.env["o2c.money.event"].sudo()
        events.search([("move_id", "=", move.id), ("state", "=", "pending")])._run()

    # In force

    def test_due_items_show_the_plan_while_it_is_active(self):
        self.assertEqual(self._due(), [(-40, 600.0), (-10, 400.0), (0, 200.0)])
        plan = self._active((7, 300), (37, 900))
        self.assertEqual(self._due(), [(7, 300.0), (37, 200.0), (37, 300.0), (37, 400.0)])
        self.assertEqual((plan.total, plan.paid, plan.next_date), (1200.0, 0.0, self.today + timedelta(days=7)))
        plan._end("cancelled", "No longer.")
        self.assertEqual(self._due(), [(-40, 600.0), (-10, 400.0), (0, 200.0)])

    def test_payments_settle_the_first_line_first_whatever_item_they_close(self):
        plan = self._active((7, 300), (37, 900))
        self._register_payment(self.second, amount=200.0)
        self.assertEqual([line.left for line in plan.line_ids], [100.0, 900.0])
        self.assertEqual(self._due(), [(7, 100.0), (37, 400.0), (37, 500.0)])
        self.assertEqual((plan.paid, round(plan.progress, 2)), (200.0, 16.67))

    def test_what_is_asked_for_follows_the_plan(self):
        self._active((-0, 250), (30, 350), (60, 400), moves=self.first)
        self.assertEqual(self.first._o2c_due_now(), (25000, self.today))
        cashier = self.env["o2c.cashier"]
        self.assertEqual(cashier._quote(self.first, choice="next").amount_minor, 25000)
        self.assertEqual(cashier._quote(self.first, choice="all").amount_minor, 100000)
        quote = cashier._quote(self.first, choice="next")
        self.assertEqual([(part.pay_minor, part.item.open_minor) for part in quote.parts], [(25000, 60000)])
        self.assertTrue(all(part.is_whole for part in cashier._quote(self.first, choice="all").parts))
        request = self.env["o2c.pay.request"]._for(self.first, "email")
        self.assertEqual((request["overdue"], len(request["rows"])), (False, 3))
        values = self.first._get_invoice_next_payment_values()
        self.assertEqual((values["installment_state"], values["next_amount_to_pay"]), ("next", 250.0))

    def test_staff_see_the_status_by_the_plan(self):
        self.assertEqual(self.first.o2c_due_status, "overdue")
        plan = self._active((10, 600), (40, 400), moves=self.first)
        self.env.invalidate_all()
        self.assertEqual((self.first.o2c_due_status, self.first.o2c_next_due_date), ("open", plan.next_date))
        self.assertEqual(self.first.o2c_instalment_ids.mapped("o2c_status"), ["open", "open"])
        self._register_payment(self.first, amount=1000.0)
        self.assertEqual((self.first.o2c_due_status, self.first.o2c_next_due_date), ("paid", False))
        self.assertEqual(self.first.o2c_instalment_ids.mapped("o2c_status"), ["paid", "paid"])

    def test_planned_amounts_may_always_be_paid(self):
        self._active((0, 250), (30, 350), (60, 400), moves=self.first)
        lines = self.first.o2c_instalment_ids
        self.assertEqual(
            self.plans._allowed_parts(self.first | self.second),
            {lines[0].id: {25000, 60000}, lines[1].id: {40000}},
        )

    def test_a_document_shows_only_its_own_part_of_a_plan(self):
        self._active((7, 300), (37, 900))
        overview = self.env["o2c.pay.page"].sudo()._overview(self.second)
        self.assertTrue(overview["arrangement"])
        self.assertEqual([(row["number"], row["of"], row["open"]) for row in overview["rows"]], [
            (2, 2, "$\N{NO-BREAK SPACE}200.00"),
        ])

    # Making

    def test_what_cannot_be_agreed_on(self):
        stranger = self._make_invoice(10.0, partner=self.env["res.partner"].create({"name": "Other"}))
        for case, parts, moves in [
            ("more than is open", [(7, 300), (37, 901)], self.first | self.second),
            ("two customers", [(7, 300), (37, 910)], self.first | self.second | stranger),
        ]:
            with self.subTest(case), self.assertRaises(PlanImpossible):
                self._active(*parts, moves=moves)
        with self.subTest("same day"), self.assertRaises(PlanImpossible):
            self._active((7, 300), (7, 900))
        refund = self._make_invoice(10.0, move_type="out_refund")
        with self.subTest("credit note"), self.assertRaises(PlanImpossible):
            self._active((7, 10), moves=refund)

    def test_one_active_plan_per_item(self):
        items = self.plans._open_items(self.first)
        draft = self.plans._prepare(items, [Payment(self.today, 100000)])
        self._active((7, 1000), moves=self.first)
        self.assertEqual(self.plans._open_items(self.first), [])
        with self.assertRaises(PlanImpossible):
            draft._activate()
        self.assertEqual(draft.state, "draft")

    def test_agreeing_anew_keeps_the_history(self):
        old = self._active((7, 300), (37, 900))
        self._register_payment(self.second, amount=200.0)
        wizard = self.env["o2c.payment.plan.propose"].with_context(default_replaces_id=old.id)
        with Form(wizard) as form:
            form.parts = 2
            form.first_date = self.today + timedelta(days=14)
        form.save().action_activate()
        new = old.replacement_ids
        self.assertEqual((old.state, new.state, new.total), ("cancelled", "active", 1000.0))
        self.assertIn(new.name, old.reason)
        self.assertEqual(self._due(), [(14, 500.0), ((new.line_ids[1].date - self.today).days, 100.0), (
            (new.line_ids[1].date - self.today).days, 400.0)])

    # What becomes of it

    def test_kept_as_soon_as_the_money_is_there(self):
        plan = self._active((7, 200), moves=self.second)
        self._register_payment(self.second, amount=200.0)
        self._apply_effects(self.second)
        self.assertEqual(plan.state, "kept")
        self.assertIn("All payments arrived", self.second.message_ids[0].body)
        self.second.line_ids.matched_credit_ids.unlink()
        self._apply_effects(self.second)
        self.assertEqual(plan.state, "active")
        self.assertEqual(self._due(self.second), [(7, 200.0)])

    def test_broken_after_the_days_of_grace(self):
        plan = self._active((7, 300), (37, 900))
        for days, state in [(7, "active"), (10, "active"), (11, "broken")]:
            with self.subTest(days=days), freeze_time(fields.Datetime.now() + timedelta(days=days)):
                with patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *args, **kwargs: 1.0):
                    self.plans._cron_evaluate()
                self.assertEqual(plan.state, state)
        self.assertIn("300.00", plan.reason)
        self.assertEqual(plan.activity_ids.user_id, self.first.invoice_user_id or self.env.ref("base.user_admin"))
        self.assertEqual(self._due(), [(-40, 600.0), (-10, 400.0), (0, 200.0)])

    def test_a_revised_document_ends_its_plan(self):
        plan = self._active((7, 300), (37, 900))
        self.first.button_draft()
        self.assertEqual(plan.state, "cancelled")
        self.assertIn(self.first.name, plan.reason)
        self.assertTrue(plan.activity_ids)
        self.assertEqual(self._due(), [(0, 200.0)])

    def test_a_credit_note_counts_as_payment(self):
        plan = self._active((7, 100), (14, 100), moves=self.second)
        refund = self._make_invoice(150.0, move_type="out_refund")
        (refund.line_ids | self.second.line_ids).filtered(
            lambda line: line.display_type == "payment_term"
        ).reconcile()
        self.assertEqual([line.status for line in plan.line_ids], ["paid", "open"])
        self.assertEqual(self._due(self.second), [(14, 50.0)])

    # Promises

    def test_a_promise_of_a_part(self):
        items = self.plans._open_items(self.first)
        promise = self.plans._promise(items, self.today + timedelta(days=3), 70000)
        self.env.flush_all()
        rows = self.env["o2c.due.item"].search([("move_id", "=", self.first.id)])
        self.assertEqual(
            [(row.residual, row.promised, row.promised_on) for row in rows],
            [(600.0, 600.0, self.today + timedelta(days=3)), (400.0, 100.0, self.today + timedelta(days=3))],
        )
        self._register_payment(self.first, amount=700.0)
        promise._evaluate()
        self.assertEqual(promise.state, "kept")

    def test_a_plan_takes_the_place_of_a_promise(self):
        promise = self.plans._promise(self.plans._open_items(self.second), self.today)
        plan = self._active((7, 200), moves=self.second)
        self.assertEqual((promise.state, plan.state), ("cancelled", "active"))
        self.assertIn(plan.name, promise.reason)
        with self.assertRaises(ValidationError):
            self.env["o2c.instalment.promise"].create({
                "line_id": self.second.o2c_instalment_ids.id, "promised_date": self.today,
            }).action_record()

    # Staff

    def test_the_wizard_proposes_and_refuses(self):
        wizard = self.env["o2c.payment.plan.propose"].with_context(
            active_model="account.move", active_ids=(self.first | self.second).ids,
        )
        form = Form(wizard)
        form.first_amount = 200.0
        form.parts = 3
        self.assertEqual([line["amount"] for line in form.line_ids._records], [200.0, 500.0, 500.0])
        self.assertFalse(form.problem)
        with form.line_ids.edit(0) as line:
            line.amount = 199.0
        self.assertIn("1.00", form.problem)
        with self.assertRaises(ValidationError):
            form.save().action_activate()
        self.assertFalse(self.plans.search([("partner_id", "=", self.customer.id)]))

    def test_from_due_items_only_those(self):
        self.env.flush_all()
        due = self.env["o2c.due.item"].search([("move_id", "=", self.first.id)])[:1]
        wizard = Form(self.env["o2c.payment.plan.propose"].with_context(
            active_model="o2c.due.item", active_ids=due.ids,
        )).save()
        wizard.action_propose()
        plan = self.plans.search([("partner_id", "=", self.customer.id)])
        self.assertEqual((plan.state, plan.total, plan.item_ids.move_line_id), ("proposed", 600.0, due.move_line_id))
        self.assertIn("/my/billing/plans/", plan.message_ids[0].body)
        self.assertEqual(plan.message_ids[0].partner_ids, self.customer)

    def test_only_receivables_staff_decide(self):
        plan = self._plan((7, 200), moves=self.second)
        seller = new_test_user(self.env, "seller", groups="sales_team.group_sale_salesman")
        clerk = new_test_user(self.env, "clerk", groups="o2c_portal.o2c_portal_group_user")
        with self.assertRaises(AccessError):
            plan.with_user(seller).action_activate()
        with self.assertRaises(AccessError):
            plan.with_user(clerk).write({"state": "active"})
        plan.with_user(clerk).action_activate()
        self.assertEqual(plan.state, "active")
        plan.with_user(clerk).action_cancel()
        self.assertIn("clerk", plan.reason)

    def test_plans_of_another_company_do_not_exist(self):
        other = self._create_company(name="Other Company")
        stranger = new_test_user(
            self.env, "stranger", groups="o2c_portal.o2c_portal_group_manager", company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self._active((7, 200), moves=self.second)
        for model in ("o2c.payment.plan", "o2c.payment.plan.line", "o2c.payment.plan.item"):
            self.assertFalse(self.env[model].with_user(stranger).search([]))
        with self.assertRaises(AccessError):
            self.env["o2c.payment.plan.propose"].with_user(stranger).create({
                "covered_ids": [Command.set(self.first.o2c_instalment_ids.ids)],
            })
