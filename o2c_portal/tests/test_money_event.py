"""Facts about money are written with the money, and applied afterwards."""

from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api, fields, sql_db
from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from .common import O2cCommon


class MoneyEventCase(O2cCommon):
    """Runs the job in the test's own transaction: its commits and roll-backs are replaced by savepoints."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids += (
            cls.env.ref("sales_team.group_sale_manager") | cls.env.ref("o2c_portal.o2c_portal_group_manager")
        )
        cls.events = cls.env["o2c.money.event"].with_user(SUPERUSER_ID)
        cls.events.search([]).unlink()  # what the demo data left waiting

    @classmethod
    def _pay(cls, invoices, amount=None, **values):
        """Pay the invoices by hand with the register wizard; return the payments."""
        wizard = cls.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoices.ids
        ).create({**({"amount": amount} if amount else {}), "group_payment": True, **values})
        return wizard._create_payments()

    def _waiting(self, *kinds):
        self.env.flush_all()
        return self.events.search([("state", "=", "pending"), *([("kind", "in", kinds)] if kinds else [])], order="id")

    def _apply(self):
        """Run the job as its cron does."""
        cron = self.env.registry["ir.cron"]
        with patch.object(cron, "_commit_progress", lambda self, *args, **kwargs: float("inf")):
            self.events._cron_apply_effects()


class TestMoneyEvent(MoneyEventCase):
    def test_a_payment_leaves_one_fact_per_record(self):
        invoice = self._make_invoice(100)
        payment = self._pay(invoice)
        events = self._waiting()
        self.assertEqual(
            {(event.kind, event.move_id.id, event.payment_id.id) for event in events},
            {("payment_received", False, payment.id), ("residual_changed", invoice.id, False)},
        )
        self.assertEqual(len(events), 2)
        self.assertEqual(events.company_id, self.env.company)
        self.assertEqual(set(events.mapped("tries")), {0})

    def test_several_invoices_in_one_wizard(self):
        invoices = self._make_invoice(100) | self._make_invoice(50)
        payment = self._pay(invoices)
        self.assertEqual(len(payment), 1)
        self.assertEqual(self._waiting("residual_changed").move_id, invoices)
        self.assertEqual(self._waiting("payment_received").payment_id, payment)

    def test_unreconciling_is_a_fact(self):
        invoice = self._make_invoice(100)
        payment = self._pay(invoice)
        self._apply()
        self.assertFalse(self._waiting())
        payment.move_id.line_ids.remove_move_reconcile()
        self.assertEqual(self._waiting().mapped("kind"), ["residual_changed"])
        self.assertEqual(self._waiting().move_id, invoice)

    def test_credit_notes_are_facts_for_both_documents(self):
        invoice = self._make_invoice(100)
        refund = invoice._reverse_moves(cancel=True)
        self.assertEqual(self._waiting("residual_changed").move_id, invoice | refund)

    def test_vendor_bills_and_sent_money_leave_no_customer_fact(self):
        bill = self.init_invoice(
            "in_invoice", partner=self.customer, invoice_date="2026-01-01", post=True, amounts=[100]
        )
        self._pay(bill)
        self.assertFalse(self._waiting())

    def test_money_sent_to_a_customer_and_a_cancelled_payment_are_reversals(self):
        payments = self.env["account.payment"].create([
            {"payment_type": "outbound", "partner_type": "customer", "partner_id": self.customer.id, "amount": 5},
            {"payment_type": "inbound", "partner_type": "customer", "partner_id": self.customer.id, "amount": 7},
        ])
        self.assertFalse(self._waiting())
        payments.action_post()
        self.assertEqual(self._waiting("payment_reversed").payment_id, payments[0])
        self.assertEqual(self._waiting("payment_received").payment_id, payments[1])
        payments[1].action_cancel()
        self.assertEqual(self._waiting("payment_reversed").payment_id, payments)

    def test_facts_cost_at_most_five_queries_per_payment(self):
        def queries(invoice):
            self.env.flush_all()
            self.env.cr.precommit.clear()
            before = self.env.cr.sql_log_count
            self._pay(invoice)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        first, warm, ours, native = (self._make_invoice(100) for _number in range(4))
        self._pay(first)
        queries(warm)
        with_events = queries(ours)
        with patch.object(self.env.registry["o2c.money.event"], "_record_residuals", lambda *args, **kwargs: None), \
             patch.object(self.env.registry["o2c.money.event"], "_record_payments", lambda *args: None):
            without = queries(native)
        self.assertLessEqual(with_events - without, 5)
        self.assertGreater(with_events, without)

    def test_the_job_is_woken_once_per_transaction(self):
        invoices = [self._make_invoice(100), self._make_invoice(50)]
        self.env.cr.precommit.clear()
        cron = self.env.ref("o2c_portal.ir_cron_money_event")
        triggers = self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])
        for invoice in invoices:
            self._pay(invoice)
        self.assertEqual(self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)]), triggers + 1)

    def test_facts_of_the_same_kind_are_applied_together(self):
        invoice = self._make_invoice(100)
        for amount in (10, 20, 30):
            self._pay(invoice, amount)
        events = self._waiting("residual_changed")
        self.assertEqual(len(events), 3)
        with patch.object(self.env.registry["o2c.money.event"], "_apply_effects", return_value=[]) as applied:
            self._apply()
        self.assertEqual(applied.call_count, 4, "once for the invoice, once for each payment")
        self.assertEqual(set(events.mapped("state")), {"done"})
        self.assertEqual(set(events.mapped("tries")), {1})

    def test_the_try_counts_before_anything_is_done(self):
        self._pay(self._make_invoice(100))
        self._waiting()
        claimed = self.events._claim()
        self.assertEqual((claimed.tries, claimed.state), (1, "pending"))
        self.assertGreater(claimed.next_at, fields.Datetime.now())
        self.assertNotEqual(self.events._claim(), claimed, "the lease keeps others away")

    def test_a_failing_effect_is_tried_five_times_and_parked_with_its_reason(self):
        self._pay(self._make_invoice(100))
        self._waiting("payment_received").unlink()
        event = self._waiting()
        with patch.object(
            self.env.registry["sale.order"], "_o2c_evaluate_stages", side_effect=ValueError("no such stage"),
        ), self.assertLogs("odoo.addons.o2c_portal.models.o2c_money_event", "WARNING"):
            for tries, state in [(1, "pending"), (2, "pending"), (3, "pending"), (4, "pending"), (5, "parked")]:
                event.next_at = fields.Datetime.now()
                self._apply()
                self.assertEqual((event.tries, event.state), (tries, state))
        self.assertEqual(event.reason, "Order stages: no such stage")
        self._apply()
        self.assertEqual((event.tries, event.state), (5, "parked"), "parked is left alone")
        event.action_retry()
        self._apply()
        self.assertEqual((event.tries, event.state, event.reason), (1, "done", False))

    def test_a_row_that_ends_its_worker_is_given_up(self):
        self._pay(self._make_invoice(100))
        self._waiting("payment_received").unlink()
        event = self._waiting()
        for _try in range(5):  # claimed, and never heard of again
            event.next_at = fields.Datetime.now()
            self.assertEqual(self.events._claim(), event)
        event.next_at = fields.Datetime.now()
        self.assertFalse(self.events._claim())
        self._apply()
        self.assertEqual((event.state, event.tries, event.reason), ("parked", 5, "The server stopped at every try."))

    def test_a_row_touched_while_it_is_claimed_is_left_for_later(self):
        self._pay(self._make_invoice(100))
        self._waiting()
        with patch.object(type(self.env), "execute_query", side_effect=SerializationFailure("concurrent")), \
             patch.object(self.env.cr, "rollback") as rollback:
            self.assertFalse(self.events._claim())
        rollback.assert_called_once_with()

    def test_a_conflict_with_another_writer_is_tried_again(self):
        self._pay(self._make_invoice(100))
        self._waiting("payment_received").unlink()
        event = self._waiting()
        with patch.object(
            self.env.registry["sale.order"], "_o2c_evaluate_stages", side_effect=SerializationFailure("concurrent"),
        ), patch.object(self.env.cr, "rollback") as rollback:
            self._apply()
        self.assertEqual((event.state, event.tries, event.reason), ("pending", 1, "concurrent"))
        rollback.assert_called_once_with()

    def test_any_number_of_facts_is_one_insert(self):
        moves = self.env["account.move"].create([{
            "move_type": "out_invoice", "partner_id": self.customer.id, "invoice_date": "2026-01-01",
            "invoice_line_ids": [fields.Command.create({"name": "Goods", "price_unit": 10, "tax_ids": []})],
        } for _number in range(100)])
        moves.action_post()
        lines = moves.line_ids.filtered(lambda line: line.display_type == "payment_term")
        self.env.flush_all()
        self.events._wake()
        before = self.env.cr.sql_log_count
        self.events._record_residuals(lines.ids)
        self.assertEqual(self.env.cr.sql_log_count - before, 1)
        self.assertEqual(self._waiting().move_id, moves)

    def test_who_may_see_and_retry(self):
        self._pay(self._make_invoice(100))
        event = self._waiting()[0]
        clerk = new_test_user(self.env, "clerk", groups="o2c_portal.o2c_portal_group_user")
        event.with_user(clerk).read(["reason"])
        event.with_user(clerk).action_retry()
        for operation in ("write", "create", "unlink"):
            self.assertFalse(event.with_user(clerk).has_access(operation), operation)
        for groups in ("base.group_portal", "base.group_public", "sales_team.group_sale_manager"):
            user = new_test_user(self.env, groups.replace(".", "_"), groups=groups)
            with self.assertRaises(AccessError):
                event.with_user(user).action_retry()

    def test_other_companies_are_out_of_sight(self):
        self._pay(self._make_invoice(100))
        event = self._waiting()[0]
        other = self.env["res.company"].create({"name": "Other"})
        clerk = new_test_user(
            self.env, "clerk", groups="o2c_portal.o2c_portal_group_user", company_id=other.id, company_ids=[other.id],
        )
        self.assertNotIn(event, self.events.with_user(clerk).search([]))

    def test_the_scheduled_job_itself_gets_through_its_work(self):
        """Odoo gives a job ten seconds at a time: the job must take up work within them."""
        invoice = self._make_invoice(100)
        self._register_payment(invoice)
        self.assertTrue(self.env["o2c.money.event"].search_count([("state", "=", "pending")]))
        with self.enter_registry_test_mode():
            self.env.ref("o2c_portal.ir_cron_money_event").sudo().method_direct_trigger()
        self.assertFalse(self.env["o2c.money.event"].search_count([("state", "=", "pending")]))


class TestTwoWorkers(O2cCommon):
    """Two real connections at once; what they commit is taken away again."""

    def setUp(self):
        super().setUp()
        connection = sql_db.db_connect(self.env.cr.dbname)
        self.cursors = [connection.cursor() for _worker in range(2)]
        self.addCleanup(self._forget)
        first = self.cursors[0]
        first.execute("SELECT id, company_id FROM account_move ORDER BY id LIMIT 2")
        moves = first.fetchall()
        if len(moves) < 2:
            self.skipTest("needs two committed documents")
        for move_id, company_id in moves:
            first.execute(
                "INSERT INTO o2c_money_event (kind, move_id, company_id, state, tries, next_at, reason)"
                " VALUES ('residual_changed', %s, %s, 'pending', 0, '2020-01-01', 'two workers')",
                [move_id, company_id],
            )
        first.commit()

    def _forget(self):
        for cursor in self.cursors:
            cursor.rollback()
        self.cursors[0].execute("DELETE FROM o2c_money_event WHERE reason = 'two workers'")
        self.cursors[0].commit()
        for cursor in self.cursors:
            cursor.close()

    def test_they_take_different_rows_and_do_not_wait(self):
        workers = [api.Environment(cursor, SUPERUSER_ID, {})["o2c.money.event"] for cursor in self.cursors]
        for cursor in self.cursors:
            cursor.execute("SET LOCAL lock_timeout = '2s'")
        claimed = [worker._claim() for worker in workers]
        self.assertEqual([events.mapped("reason") for events in claimed], [["two workers"]] * 2)
        self.assertNotEqual(claimed[0].ids, claimed[1].ids)
        self.assertNotIn("two workers", workers[1]._claim().mapped("reason"), "nothing is left for a third")
        for cursor in self.cursors:
            cursor.commit()
        self.assertNotIn("two workers", workers[0]._claim().mapped("reason"), "the lease holds after the commit")
