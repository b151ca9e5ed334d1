"""Orders invoice themselves: when their policy says so, once, and one that fails stops no other."""

from contextlib import suppress
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Date, Datetime
from odoo.tests import Form, new_test_user
from odoo.tools import mute_logger

from odoo.addons.base.tests.test_ir_cron import CronMixinCase

from .test_money_event import MoneyEventCase

LOGGER = "odoo.addons.o2c_portal.models.o2c_invoice_attempt"


class AutoInvoicingCase(MoneyEventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.attempts = cls.env["o2c.invoice.attempt"].with_user(SUPERUSER_ID)
        cls.attempts.search([]).unlink()
        cls.company = cls.env.company
        cls.company.o2c_invoicing_since = Date.to_date("2020-01-01")
        cls.ordered, cls.delivered = cls.env["product.product"].create([
            {"name": policy, "type": "service", "invoice_policy": policy, "taxes_id": []}
            for policy in ("order", "delivery")
        ])
        cls.other = cls.env["res.partner"].create({"name": "Second Ltd", "email": "second@example.com"})

    def _order(self, *products, partner=None, quantity=10, confirm=True, **values):
        order = self.env["sale.order"].create({
            "partner_id": (partner or self.customer).id, "require_payment": False, "payment_term_id": False,
            "order_line": [
                Command.create({"product_id": (product or self.ordered).id, "product_uom_qty": quantity,
                                "price_unit": 10, "tax_ids": []})
                for product in products or (self.ordered,)
            ],
            **values,
        })
        if confirm:
            order.action_confirm()
        return order

    def _run(self, day=None):
        """Run the job as its cron does, in the test's own transaction; on a day of one's choice."""
        self.env.flush_all()
        with patch.object(self.env.registry["ir.cron"], "_commit_progress", lambda *args, **kwargs: float("inf")), \
             patch.object(self.env.registry["sale.order"], "_o2c_today",
                          lambda *args: Date.to_date(day) if day else Date.today()):
            self.attempts._cron_invoice()
        self.env.invalidate_all()

    def _again(self):
        """Let the time pass that failed orders have to wait."""
        self.attempts.search([("state", "=", "waiting")]).next_at = Datetime.now()

    def _row(self, order):
        return self.attempts.search([("order_id", "=", order.id)])

    def _invoiced(self, order):
        return [(move.state, move.amount_total) for move in order.invoice_ids.sorted("id")]


class TestAutoInvoicing(AutoInvoicingCase, CronMixinCase):
    def test_nothing_happens_by_hand(self):
        order = self._order()
        self._run()
        self.assertEqual((self._invoiced(order), self._row(order)), ([], self.attempts))
        self.assertEqual(order.o2c_invoicing_why, f"By hand: chosen for {self.company.name}.")

    def test_on_confirmation_the_whole_order_once(self):
        self.company.o2c_invoicing = "confirmation"
        order, quotation = self._order(self.ordered, self.delivered), self._order(confirm=False)
        self.assertIn("within minutes", order.o2c_invoicing_why)
        with self.capture_triggers("o2c_portal.ir_cron_send_run") as capture:
            self._run()
        self.assertEqual(len(capture.records), 1)
        self.assertEqual(self._invoiced(order), [("posted", 200)])
        self.assertEqual(self._invoiced(quotation), [])
        invoice, row = order.invoice_ids, self._row(order)
        self.assertTrue(invoice.is_being_sent)
        self.assertEqual((row.state, row.move_id, row.tries), ("done", invoice, 0))
        self.assertEqual(row.reason, f"When the order is confirmed: chosen for {self.company.name}.")
        self.assertIn(row.reason, " ".join(invoice.message_ids.mapped("body")))
        self._run()
        self.assertEqual(len(order.invoice_ids), 1, "what is not delivered yet is no reason for a credit note")
        self.assertIn("Nothing is left", order.o2c_invoicing_why)

    def test_what_is_added_later_is_invoiced_too(self):
        self.company.o2c_invoicing = "confirmation"
        order = self._order()
        self._run()
        order.order_line.product_uom_qty = 12
        self._run()
        self.assertEqual(self._invoiced(order), [("posted", 100), ("posted", 20)])

    def test_on_delivery_what_was_delivered(self):
        self.company.o2c_invoicing = "delivery"
        order, prepaid = self._order(self.delivered), self._order(self.ordered)
        self._run()
        self.assertEqual((self._invoiced(order), self._invoiced(prepaid)), ([], []))
        self.assertIn("Nothing was delivered", order.o2c_invoicing_why)
        for delivered in (4, 10):
            order.order_line.qty_delivered = delivered
            self._run()
        self.assertEqual(self._invoiced(order), [("posted", 40), ("posted", 60)])
        prepaid.order_line.qty_delivered = 1
        self._run()
        self.assertEqual(self._invoiced(prepaid), [("posted", 100)], "Odoo invoices it by ordered quantity")

    def test_on_deposit_paid_the_rest(self):
        self.customer.o2c_invoicing = "deposit"
        term = self._make_term((30, 0), (70, 30))
        order = self._order(self.delivered, payment_term_id=term.id)
        wizard = self.env["sale.advance.payment.inv"].create({
            "sale_order_ids": [Command.set(order.ids)], "advance_payment_method": "percentage", "amount": 30,
        })
        deposit = wizard._create_invoices(order)
        deposit.action_post()
        self._run()
        self.assertEqual(order.invoice_ids, deposit)
        self.assertIn("The deposit is not paid yet", order.o2c_invoicing_why)
        self._pay(deposit, 20)
        self._run()
        self.assertEqual(order.invoice_ids, deposit)
        self._pay(deposit, 10)
        self._run()
        self.assertEqual(self._invoiced(order), [("posted", 30), ("posted", 70)])
        self._run()
        self.assertEqual(len(order.invoice_ids), 2)

    def test_a_deposit_paid_online_is_on_the_invoice(self):
        self.company.o2c_invoicing = "deposit"
        order, unpaid = (
            self._order(confirm=False, require_payment=True, prepayment_percent=0.3) for _number in range(2)
        )
        self._create_transaction(
            "direct", amount=30, currency_id=order.currency_id.id, sale_order_ids=[Command.set(order.ids)],
            reference="S-1", state="done",
        )._post_process()
        unpaid.action_confirm()
        self._run()
        self.assertEqual((self._invoiced(order), self._invoiced(unpaid)), ([("posted", 100)], []))
        self.assertEqual(order.invoice_ids.amount_residual, 70)

    def test_the_customer_comes_before_the_company(self):
        self.company.o2c_invoicing = "confirmation"
        self.customer.o2c_invoicing = "manual"
        contact = self.env["res.partner"].create({"name": "Desk", "parent_id": self.customer.id})
        orders = self._order(partner=contact), self._order(partner=self.other)
        self._run()
        self.assertEqual([self._invoiced(order) for order in orders], [[], [("posted", 100)]])
        self.assertEqual(orders[0].o2c_invoicing_why, "By hand: chosen for Payer Ltd.")
        self.assertEqual(contact.o2c_invoicing_why, "By hand: chosen for Payer Ltd.")

    def test_orders_from_before_are_left_alone(self):
        self.company.o2c_invoicing = "confirmation"
        order = self._order()
        self.company.o2c_invoicing_since = Date.add(Date.today(), days=1)
        self._run()
        self.assertEqual(self._invoiced(order), [])
        self.assertIn("older", order.o2c_invoicing_why)

    @freeze_time("2026-11-22 23:30:00")
    def test_orders_of_the_first_hour_are_not_from_before(self):
        company = self.env["res.company"].with_context(tz="Europe/Brussels").create({"name": "Begun near midnight"})
        self.assertEqual(company.o2c_invoicing_since, Date.to_date("2026-11-22"), "as the clock of orders has it")

    def test_companies_are_apart(self):
        elsewhere = self._create_company(name="Elsewhere")
        elsewhere.o2c_invoicing = "confirmation"
        order = self._order()
        self._run()
        self.assertEqual(self._invoiced(order), [])

    # Once a month

    def _monthly(self, day=5, until="2026-11-04"):
        self.company.write({"o2c_invoicing": "schedule", "o2c_invoicing_day": day, "o2c_invoiced_until": until})

    def test_one_invoice_a_month_for_each_customer(self):
        self._monthly()
        orders = [self._order(), self._order(self.delivered), self._order(), self._order(partner=self.other)]
        self._run("2026-11-04")
        self.assertFalse(self.env["sale.order"].union(*orders).invoice_ids)
        self._run("2026-11-06")  # the server was down on the 5th
        first, undelivered, second, foreign = orders
        self.assertEqual(self._invoiced(first), [("posted", 200)])
        self.assertEqual(first.invoice_ids, second.invoice_ids)
        self.assertEqual(self._invoiced(foreign), [("posted", 100)])
        undelivered.order_line.qty_delivered = 3
        self._run("2026-11-07")
        self.assertEqual(self._invoiced(undelivered), [], "it waits for the next month")
        self._run("2026-12-05")
        self.assertEqual(self._invoiced(undelivered), [("posted", 30)])

    def test_a_day_of_ones_own(self):
        self._monthly()
        self.other.o2c_invoicing_day = 20
        order, late = self._order(), self._order(partner=self.other)
        self._run("2026-11-05")
        self.assertEqual([self._invoiced(order), self._invoiced(late)], [[("posted", 100)], []])
        self._run("2026-11-20")
        self.assertEqual(self._invoiced(late), [("posted", 100)])
        with self.assertRaisesRegex(ValidationError, "between 1 and 31"):
            self.other.o2c_invoicing_day = 32

    def test_switched_on_after_the_day_waits_for_the_next(self):
        self._monthly(until=False)
        order = self._order()
        self._run("2026-11-10")
        self.assertEqual(self._invoiced(order), [])
        self._run("2026-12-05")
        self.assertEqual(self._invoiced(order), [("posted", 100)])

    def test_terms_are_not_mixed(self):
        self._monthly()
        terms = self._make_term((100, 0)), self._make_term((100, 30))
        orders = [self._order(payment_term_id=term.id) for term in terms]
        self._run("2026-11-05")
        self.assertEqual([order.invoice_ids.invoice_payment_term_id for order in orders], list(terms))

    def test_one_that_fails_does_not_take_its_customers_others_along(self):
        self._monthly()
        good, bad, fine = self._order(), self._order(), self._order()
        with self._failing(bad):
            self._run("2026-11-05")
        self.assertEqual((self._invoiced(good), good.invoice_ids), ([("posted", 200)], fine.invoice_ids))
        row = self._row(bad)
        self.assertEqual((row.state, row.reason, row.tries), ("waiting", "no income account", 1))
        self._again()
        self._run("2026-11-06")
        self.assertEqual((self._invoiced(bad), row.state), ([("posted", 100)], "done"))

    # What goes wrong

    def _failing(self, bad):
        """Have Odoo refuse to invoice an order, alone or with others."""
        original = self.env.registry["sale.order"]._create_invoices

        def create(orders, *args, **kwargs):
            if bad in orders:
                raise UserError(orders.env._("no income account"))
            return original(orders, *args, **kwargs)

        mute = mute_logger(LOGGER)
        self.addCleanup(mute.__exit__)
        mute.__enter__()
        return patch.object(self.env.registry["sale.order"], "_create_invoices", create)

    def test_a_failing_order_stops_no_other_and_is_left_to_a_person_in_the_end(self):
        self.company.o2c_invoicing = "confirmation"
        bad, good = self._order(), self._order(partner=self.other)
        row = None
        with self._failing(bad):
            for tries in range(1, 6):
                self._run()
                row = self._row(bad)
                self.assertEqual((row.tries, row.reason), (tries, "no income account"))
                self._run()
                self.assertEqual(row.tries, tries, "not before its time")
                self._again()
            self.assertEqual((row.state, row.next_at), ("parked", False))
            self._run()
        self.assertEqual((self._invoiced(bad), self._invoiced(good)), ([], [("posted", 100)]))
        self.assertEqual(row.tries, 5)
        row.with_user(self.env.user).action_retry()
        self._run()
        self.assertEqual((self._invoiced(bad), row.state), ([("posted", 100)], "done"))

    def test_an_invoice_that_cannot_be_posted_is_not_left_as_a_draft(self):
        self.company.o2c_invoicing = "confirmation"
        order = self._order()
        with patch.object(self.env.registry["account.move"], "action_post", side_effect=UserError("locked")), \
             mute_logger(LOGGER):
            self._run()
        self.assertEqual((self._invoiced(order), self._row(order).reason), ([], "locked"))

    def test_what_needs_a_person_is_said(self):
        self.company.o2c_invoicing = "delivery"
        draft, credit = self._order(self.delivered, self.delivered), self._order(self.delivered, self.delivered)
        draft.order_line[0].qty_delivered = 1
        draft._create_invoices()
        draft.order_line[1].qty_delivered = 1
        credit.order_line[0].qty_delivered = 5
        credit._create_invoices().action_post()
        credit.order_line[0].qty_delivered = 3
        credit.order_line[1].qty_delivered = 1
        self._run()
        self.assertEqual((len(draft.invoice_ids), len(credit.invoice_ids)), (1, 1))
        self.assertIn("draft invoice", self._row(draft).reason)
        self.assertIn("credit note", self._row(credit).reason)
        self.assertEqual(set((self._row(draft) | self._row(credit)).mapped("state")), {"waiting"})

    def test_a_credit_note_is_never_made(self):
        self.company.o2c_invoicing = "confirmation"
        order = self._order(quantity=1)
        order.order_line.price_unit = -10
        with mute_logger(LOGGER):
            self._run()
        self.assertEqual((self._invoiced(order), self._row(order).state), ([], "waiting"))
        self.assertIn("credit note", self._row(order).reason)

    def test_invoiced_by_hand_in_the_meantime(self):
        self.company.o2c_invoicing = "confirmation"
        order = self._order()
        self.env.flush_all()
        self.attempts._find(self.company)
        order._create_invoices().action_post()
        self._run()
        self.assertEqual((self._invoiced(order), self._row(order).state), ([("posted", 100)], "done"))
        self.assertEqual(self._row(order).reason, "Nothing is left to invoice.")

    def test_somebody_decides_otherwise_in_the_meantime(self):
        self.company.o2c_invoicing = "confirmation"
        self.other.o2c_invoicing = "manual"
        order = self._order()
        self.attempts._find(self.company)
        self.customer.parent_id = self.other
        self._run()
        self.assertEqual((self._invoiced(order), self._row(order).state), ([], "done"))
        self.assertEqual(self._row(order).reason, "It is invoiced by hand.")

    def test_a_killed_worker_leaves_no_invoice_and_the_order_is_invoiced_once(self):
        self.company.o2c_invoicing = "confirmation"
        order = self._order()

        class Killed(BaseException):
            pass

        for where in ("_attempt", "_settled"):  # no assertRaises: it would take the committed try back
            with patch.object(self.env.registry["o2c.invoice.attempt"], where, side_effect=Killed), suppress(Killed):
                self._run()
            self.assertEqual(self._invoiced(order), [])
            self._run()
            self.assertEqual(self._invoiced(order), [], "the dead worker's lease holds")
            self._again()
        self.assertEqual(self._row(order).tries, 2)
        self._run()
        self.assertEqual(self._invoiced(order), [("posted", 100)])

    def test_what_one_pass_made_is_sent_in_one_run_for_each_company(self):
        self.company.o2c_invoicing = "confirmation"
        runs = self.env["o2c.send.run"]
        before, orders = runs.search([]), self._order() | self._order(partner=self.other)
        self._run()
        run = runs.search([]) - before
        self.assertEqual((len(run), run.item_ids.move_id), (1, orders.invoice_ids))
        self._run()
        self.assertEqual(runs.search([]) - before, run, "nothing is sent twice")

    def test_what_a_killed_worker_had_posted_is_sent_by_the_next(self):
        self.company.o2c_invoicing = "confirmation"
        runs = self.env["o2c.send.run"]
        before, waiting, drafted, mailed = runs.search([]), self._order(), self._order(), self._order()
        attempts, native = self.env.registry["o2c.invoice.attempt"], self.env.registry["o2c.invoice.attempt"]._hand_over
        with patch.object(attempts, "_hand_over", lambda rows: None):
            self._run()
        self.assertEqual((runs.search([]) - before, self._row(waiting).unsent_ids), (runs, waiting.invoice_ids))
        drafted.invoice_ids.button_draft()
        mailed.invoice_ids.is_move_sent = True
        handed = []
        with patch.object(attempts, "_hand_over", lambda rows: handed.append(len(handed)) or native(rows)):
            self._run()
        self.assertEqual(handed, [0, 1], "before anything else can end the worker, and in the end")
        self.assertEqual((runs.search([]) - before).item_ids.move_id, waiting.invoice_ids)
        self.assertFalse(self.attempts.search([("unsent_ids", "!=", False)]))

    def test_an_order_that_kills_its_worker_is_given_up(self):
        self.company.o2c_invoicing = "confirmation"
        order = self._order()
        self.attempts._find(self.company)
        self._row(order).write({"tries": 5, "next_at": Datetime.now()})
        self._run()
        self.assertEqual((self._invoiced(order), self._row(order).state), ([], "parked"))
        self.assertIn("stopped at every try", self._row(order).reason)

    def test_an_order_whose_money_cannot_be_told_stops_no_other(self):
        self.company.o2c_invoicing = "deposit"
        orders = bad, good = self._order(), self._order(partner=self.other)
        for order in orders:
            deposit = self.env["sale.advance.payment.inv"].create({
                "sale_order_ids": [Command.set(order.ids)], "advance_payment_method": "percentage", "amount": 30,
            })._create_invoices(order)
            deposit.action_post()
            self._pay(deposit)
            order.o2c_prepay_first, order.require_payment, order.prepayment_percent = False, True, 0.3
        original = self.env.registry["sale.order"]._o2c_facts

        def facts(order):
            if order == bad:
                raise ZeroDivisionError("no rate")
            return original(order)

        with patch.object(self.env.registry["sale.order"], "_o2c_facts", facts), mute_logger(LOGGER):
            self._run()
        self.assertEqual(self._invoiced(good), [("posted", 30), ("posted", 70)])
        self.assertEqual((self._row(bad).state, self._row(bad).reason, len(bad.invoice_ids)), ("waiting", "no rate", 1))

    def test_an_order_somebody_else_writes_comes_back(self):
        self.company.o2c_invoicing = "confirmation"
        order = self._order()
        with patch.object(self.env.registry["sale.order"], "_create_invoices", side_effect=SerializationFailure), \
             patch.object(self.env.cr, "rollback"):
            self._run()
        row = self._row(order)
        self.assertEqual((row.state, row.tries, row.reason), ("waiting", 1, "Somebody else was working on the order."))

    # How much, and by whom

    def test_finding_costs_the_same_for_one_order_and_for_many(self):
        self.company.o2c_invoicing = "confirmation"

        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.attempts._find(self.company)
            return self.env.cr.sql_log_count - before

        self._order()
        one = count()
        for _number in range(5):
            self._order()
        self.assertLessEqual(count(), one)
        self.assertEqual(self.attempts.search_count([]), 6)

    def test_only_receivables_users_of_the_company_retry(self):
        self.company.o2c_invoicing = "confirmation"
        order = self._order()
        self.attempts._find(self.company)
        row = self._row(order)
        for number, groups in enumerate(("sales_team.group_sale_salesman", "account.group_account_invoice")):
            with self.assertRaises(AccessError):
                row.with_user(new_test_user(self.env, f"auto_{number}", groups=groups)).action_retry()
        other = self._create_company(name="Elsewhere")
        clerk = new_test_user(self.env, "auto_clerk", groups="o2c_portal.o2c_portal_group_user",
                              company_id=other.id, company_ids=[(6, 0, other.ids)])
        with self.assertRaises(AccessError):
            row.with_user(clerk).action_retry()

    def test_the_forms_open(self):
        with Form(self.customer) as form:
            form.o2c_invoicing = "schedule"
            form.o2c_invoicing_day = 15
        why = "Once a month, all orders together, on day 15: chosen for Payer Ltd."
        self.assertEqual(self.customer.o2c_invoicing_why, why)
        order = self._order()
        self.assertRegex(Form(order).o2c_invoicing_why, rf"^{why} It is invoiced on \d\d/15/\d{{4}}\.$")
        self.attempts._queue("schedule", self.env["sale.order"].browse(order.ids)._as_query().subselect())
        action = self._row(order).action_view_order()
        self.assertEqual((action["res_model"], action["res_id"]), ("sale.order", order.id))
