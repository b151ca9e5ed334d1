"""Orders move with the money, and come back with it."""

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user

from .order_common import OrderMixin
from .test_money_event import MoneyEventCase


class TestOrderStage(OrderMixin, MoneyEventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.new, cls.deposit, cls.paid, cls.done = (
            cls.env.ref(f"o2c_portal.order_stage_{name}") for name in ("new", "deposit", "paid", "done")
        )

    def _history(self, order):
        return [(log.action, log.from_stage_id, log.to_stage_id) for log in order.o2c_stage_log_ids.sorted("id")]

    def test_deposit_then_rest(self):
        order = self._make_order()
        self.assertEqual(order.o2c_stage_id, self.new)
        invoice = self._invoice(order)
        self._pay(invoice, 299.99)
        self._apply()
        self.assertEqual(order.o2c_stage_id, self.new)
        self._pay(invoice, 0.01)
        self._apply()
        self.assertEqual(order.o2c_stage_id, self.deposit)
        self._pay(invoice, 700)
        self._apply()
        self.assertEqual(order.o2c_stage_id, self.paid)
        self.assertEqual(
            self._history(order), [("rule", self.new, self.deposit), ("rule", self.deposit, self.paid)],
        )
        self.assertIn("1,000.00", order.o2c_stage_log_ids.sorted("id")[-1].reason)
        self.assertEqual(order.o2c_amount_received, 1000)

    def test_applied_twice_changes_nothing(self):
        order = self._make_order()
        self._pay(self._invoice(order), 300)
        self._apply()
        history = self._history(order)
        order._o2c_evaluate_stages()
        self.assertEqual(self._history(order), history)
        self.assertEqual(len(history), 1)

    def test_reversed_money_takes_the_step_back(self):
        order = self._make_order()
        payment = self._pay(self._invoice(order), 1000)
        self._apply()
        self.assertEqual(order.o2c_stage_id, self.paid)
        payment.move_id.line_ids.remove_move_reconcile()
        self._apply()
        self.assertEqual(order.o2c_stage_id, self.new)
        self.assertEqual(self._history(order), [
            ("rule", self.new, self.deposit), ("rule", self.deposit, self.paid),
            ("undo", self.paid, self.deposit), ("undo", self.deposit, self.new),
        ])
        self.assertEqual(order.o2c_stage_log_ids.filtered("undone").mapped("action"), ["rule", "rule"])

    def test_reconciled_again_moves_again(self):
        order = self._make_order()
        invoice = self._invoice(order)
        payment = self._pay(invoice, 300)
        self._apply()
        payment.move_id.line_ids.remove_move_reconcile()
        self._apply()
        self.assertEqual(order.o2c_stage_id, self.new)
        (payment.move_id.line_ids | invoice.line_ids).filtered(
            lambda line: line.account_type == "asset_receivable"
        ).reconcile()
        self._apply()
        self.assertEqual(order.o2c_stage_id, self.deposit)

    def test_no_context_of_a_client_hides_a_move_by_hand(self):
        order = self._make_order()
        order.with_context(o2c_stage_by_rule=True).o2c_stage_id = self.done
        self.assertEqual(self._history(order), [("hand", self.new, self.done)])

    def test_moved_by_hand_is_respected_and_logged(self):
        order = self._make_order()
        invoice = self._invoice(order)
        payment = self._pay(invoice, 300)
        self._apply()
        order.o2c_stage_id = self.done
        self.assertEqual(self._history(order)[-1], ("hand", self.deposit, self.done))
        self.assertEqual(order.o2c_stage_log_ids.sorted("id")[-1].reason, f"Moved by hand by {self.env.user.name}")
        self._pay(invoice, 700)
        self._apply()
        self.assertEqual(order.o2c_stage_id, self.done, "a rule never moves an order back")
        payment.move_id.line_ids.remove_move_reconcile()
        self._apply()
        self.assertEqual(order.o2c_stage_id, self.done, "nor takes back what it did not do")
        self.assertIn("stays in Done", order.o2c_stage_log_ids.sorted("id")[-1].reason)

    def test_credit_note_and_refund(self):
        order = self._make_order()
        invoice = self._invoice(order)
        self._pay(invoice, 800)
        self._apply()
        self.assertEqual(order.o2c_stage_id, self.deposit)
        refund = invoice._reverse_moves([{"invoice_date": invoice.invoice_date}])
        refund.invoice_line_ids.price_unit = 200
        refund.action_post()
        (invoice.line_ids | refund.line_ids).filtered(
            lambda line: line.account_type == "asset_receivable" and not line.reconciled
        ).reconcile()
        self._apply()
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual(order.o2c_stage_id, self.paid, "800 paid of the 800 left after the credit note")

    def test_all_money_sent_back(self):
        order = self._make_order()
        invoice = self._invoice(order)
        self._pay(invoice, 1000)
        refund = invoice._reverse_moves([{"invoice_date": invoice.invoice_date}])
        refund.action_post()
        self._apply()
        self.assertEqual(order.o2c_stage_id, self.paid)
        self._pay(refund, 1000)
        self._apply()
        self.assertEqual(order.o2c_stage_id, self.new)

    def test_an_invoice_cancelled_by_credit_is_no_payment(self):
        order = self._make_order()
        self._invoice(order)._reverse_moves(cancel=True)
        self._apply()
        self.assertEqual(order.o2c_stage_id, self.new)
        self.assertEqual(order.o2c_amount_received, 0)

    def test_two_orders_on_one_invoice_get_their_share(self):
        orders = self._make_order(600) | self._make_order(400)
        invoice = orders._create_invoices()
        invoice.action_post()
        self.assertEqual(len(invoice), 1)
        self._pay(invoice, 500)
        self._apply()
        self.assertEqual(orders.mapped("o2c_amount_received"), [300, 200])
        self.assertEqual(orders.o2c_stage_id, self.deposit)
        self._pay(invoice, 500)
        self._apply()
        self.assertEqual(orders.mapped("o2c_amount_received"), [600, 400])
        self.assertEqual(orders.o2c_stage_id, self.paid)

    def test_order_paid_online_before_any_invoice(self):
        order = self._make_order(confirm=False, require_payment=True, prepayment_percent=0.3)
        tx = self._create_transaction(
            "direct", amount=300, currency_id=order.currency_id.id, sale_order_ids=[Command.set(order.ids)],
            reference="S-1", state="done",
        )
        tx._post_process()
        self._apply()
        self.assertEqual((order.state, order.o2c_stage_id), ("sale", self.deposit))
        self.assertEqual(order.o2c_amount_received, 300)
        invoice = self._invoice(order)
        self._apply()
        self.assertEqual(invoice.amount_residual, 700)
        self.assertEqual(order.o2c_amount_received, 300, "counted once, not as transaction and as invoice")
        tx._create_child_transaction(100, is_refund=True).write({"state": "done"})
        tx.child_transaction_ids._post_process()
        self._apply()
        order.invalidate_recordset(["o2c_amount_received"])
        self.assertEqual((order.o2c_amount_received, order.o2c_stage_id), (200, self.new))

    def test_foreign_currency_without_decimals(self):
        yen = self.env.ref("base.JPY")
        yen.active = True
        pricelist = self.env["product.pricelist"].create({"name": "JPY", "currency_id": yen.id})
        order = self._make_order(10000, pricelist_id=pricelist.id)
        invoice = self._invoice(order)
        self.assertEqual(invoice.currency_id, yen)
        self._pay(invoice, 3000, currency_id=yen.id)
        self._apply()
        self.assertEqual((order.o2c_amount_received, order.o2c_stage_id), (3000, self.deposit))

    def test_a_broken_order_does_not_touch_the_payment(self):
        order = self._make_order()
        invoice = self._invoice(order)
        self.deposit.active = False
        self.deposit.unlink()
        self._pay(invoice, 300)
        self._apply()
        self.assertEqual(invoice.amount_residual, 700)
        self.assertEqual(order.o2c_stage_id, self.new, "the rule went with its stage")

    def test_chatter_says_why(self):
        order = self._make_order().with_context(tracking_disable=False)
        self._pay(self._invoice(order), 300)
        self.events = self.events.with_context(tracking_disable=False, mail_notrack=False)
        self.env.cr.precommit.run()
        self._apply()
        self.env.cr.precommit.run()
        message = order.message_ids.sorted("id")[-1]
        self.assertIn("Deposit paid: $&nbsp;300.00 of $&nbsp;1,000.00", str(message.body))
        self.assertEqual(message.tracking_value_ids.new_value_char, "Deposit paid")

    def test_rules_and_stages_of_another_company_do_not_apply(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.env["o2c.stage.rule"].search([]).company_id = other
        order = self._make_order()
        self._pay(self._invoice(order), 1000)
        self._apply()
        self.assertEqual(order.o2c_stage_id, self.new)

    def test_who_may_do_what(self):
        order = self._make_order()
        order._o2c_evaluate_stages()
        seller = new_test_user(self.env, "seller", name="Seller", groups="sales_team.group_sale_salesman")
        order.user_id = seller
        order.with_user(seller).o2c_stage_id = self.done
        self.assertEqual(order.with_user(seller).o2c_stage_log_ids.reason, "Moved by hand by Seller")
        self.assertEqual(order.with_user(seller).o2c_amount_received, 0)
        table = [
            ("base.group_portal", "read", False),
            ("sales_team.group_sale_salesman", "write", False),
            ("o2c_portal.o2c_portal_group_user", "write", False),
        ]
        for groups, operation, allowed in table:
            user = new_test_user(self.env, f"u_{groups}_{operation}", groups=groups)
            for model in ("o2c.order.stage", "o2c.stage.rule", "o2c.stage.log"):
                with self.subTest(groups=groups, model=model):
                    self.assertEqual(self.env[model].with_user(user).has_access(operation), allowed)
        other = new_test_user(self.env, "other_seller", groups="sales_team.group_sale_salesman")
        self.assertFalse(self.env["o2c.stage.log"].with_user(other).search([("order_id", "=", order.id)]))
        with self.assertRaises(AccessError):
            order.with_user(other).o2c_stage_id = self.new

    def test_rules_are_named_in_words(self):
        rule = self.env["o2c.stage.rule"].new({"trigger": "deposit_paid"})
        self.assertEqual(rule.display_name, "Deposit paid")
