"""What an order is worth once invoices are issued again, come in parts, or are rounded."""

from odoo.fields import Command

from .order_common import OrderMixin
from .test_corrections import CorrectionMixin
from .test_money_event import MoneyEventCase


class TestOrderWorth(OrderMixin, CorrectionMixin, MoneyEventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.delivered = cls.env["product.product"].create({
            "name": "Delivered goods", "type": "service", "invoice_policy": "delivery", "taxes_id": [],
        })
        cls.tax = cls.env["account.tax"].create({"name": "VAT 10 %", "amount": 10, "type_tax_use": "sale"})

    def _make_parts(self, price, tax=None, quantity=2):
        """Return an order of parts that are delivered and invoiced one by one."""
        return self._make_order(order_line=[Command.create({
            "product_id": self.delivered.id, "product_uom_qty": quantity, "price_unit": price,
            "tax_ids": [Command.set(tax.ids if tax else [])],
        })])

    def _invoice_next(self, order, post=True):
        """Return the invoice of one more part."""
        order.order_line[0].qty_delivered += 1
        invoice = order._create_invoices()
        if post:
            invoice.action_post()
        return invoice

    def _issue_again(self, invoice):
        """Return what Odoo's dialog makes of "Reverse and Create Invoice", posted."""
        wizard = self.env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=invoice.ids,
        ).create({"journal_id": invoice.journal_id.id})
        wizard.modify_moves()
        wizard.new_move_ids.action_post()
        return wizard.new_move_ids

    def _money(self, order):
        """Return ``(total, paid, fully paid)`` as the stage rules see it."""
        facts = order._o2c_facts()
        return facts.total, facts.paid, facts.fully_paid

    # Issued again

    def test_an_invoice_issued_again_leaves_the_order_worth_what_it_is(self):
        ways = {
            "Odoo's dialog": self._issue_again,
            "a correction": lambda invoice: self._correct(invoice, {"name": "Goods, first half"}, send=False),
            "a correction of the correction": lambda invoice: self._correct(
                self._correct(invoice, {"name": "One"}, send=False), {"name": "Two"}, send=False,
            ),
        }
        for name, again in ways.items():
            for paid_before in (False, True):
                with self.subTest(name, paid_before=paid_before):
                    order = self._make_parts(500)
                    invoice = self._invoice_next(order)
                    if paid_before:
                        payment = self._pay(invoice, 500)
                    new = again(invoice)
                    if not paid_before:
                        self._pay(new, 500)
                    elif new.amount_residual:
                        (payment.move_id.line_ids | new.line_ids).filtered(
                            lambda line: line.account_type == "asset_receivable" and not line.reconciled
                        ).reconcile()
                    self.assertEqual((invoice.payment_state, new.amount_residual), ("reversed", 0))
                    self.assertEqual(self._money(order), (100000, 50000, False), "the other half is to come")
                    self._pay(self._invoice_next(order), 500)
                    self.assertEqual(self._money(order), (100000, 100000, True))

    def test_the_stage_waits_for_the_other_half(self):
        order = self._make_parts(500)
        self._pay(self._correct(self._invoice_next(order), {"name": "Goods"}, send=False), 500)
        self._apply()
        self.assertEqual(order.o2c_stage_id, self.env.ref("o2c_portal.order_stage_deposit"))

    def test_a_goodwill_credit_still_counts_when_its_invoice_is_issued_again(self):
        order = self._make_order()
        invoice = self._invoice(order)
        credit = invoice._reverse_moves([{"invoice_date": invoice.invoice_date}])
        credit.invoice_line_ids.price_unit = 200
        credit.action_post()
        (invoice.line_ids | credit.line_ids).filtered(
            lambda line: line.account_type == "asset_receivable" and not line.reconciled
        ).reconcile()
        new = self._correct(invoice, {"name": "Better goods"}, send=False)
        self.assertEqual((invoice.payment_state, new.amount_residual), ("reversed", 800))
        self._pay(new, 800)
        self.assertEqual(self._money(order), (80000, 80000, True))

    # Rounded

    def test_parts_that_come_to_a_cent_less_pay_the_whole_order(self):
        order = self._make_parts(10.04, self.tax)
        self.assertEqual(order.amount_total, 22.09)
        for paid in (1104, 2208):
            self.assertEqual(order._o2c_facts().total, 2209, "while something is to be invoiced")
            self._pay(self._invoice_next(order), 11.04)
            self.assertEqual(order._o2c_facts().paid, paid)
        self.assertEqual(self._money(order), (2208, 2208, True))

    def test_a_draft_of_the_rest_is_not_invoiced_yet(self):
        order = self._make_parts(500)
        self._pay(self._invoice_next(order), 500)
        draft = self._invoice_next(order, post=False)
        self.assertEqual((order.invoice_status, draft.state), ("invoiced", "draft"))
        self.assertEqual(self._money(order), (100000, 50000, False))

    def test_parts_whose_first_instalments_come_to_a_cent_less_pay_the_deposit(self):
        order = self._make_parts(10.04, self.tax)
        self.assertEqual(order._o2c_facts().deposit, 663)
        for _part in range(2):
            self._pay(self._invoice_next(order), 3.31)
        facts = order._o2c_facts()
        self.assertEqual((facts.deposit, facts.paid, facts.deposit_paid, facts.fully_paid), (662, 662, True, False))

    def test_an_invoice_rounded_for_cash_is_worth_what_it_says(self):
        account = self.company_data["default_account_revenue"]
        for strategy in ("add_invoice_line", "biggest_tax"):
            with self.subTest(strategy):
                order = self._make_order(order_line=[Command.create({
                    "product_id": self.product.id, "price_unit": 9.11, "tax_ids": [Command.set(self.tax.ids)],
                })])
                invoice = order._create_invoices()
                invoice.invoice_cash_rounding_id = self.env["account.cash.rounding"].create({
                    "name": "0.05 down", "rounding": 0.05, "rounding_method": "DOWN", "strategy": strategy,
                    "profit_account_id": account.id, "loss_account_id": account.id,
                })
                invoice.action_post()
                self.assertEqual((order.amount_total, invoice.amount_total), (10.02, 10.00))
                self._pay(invoice, 2.99)
                self.assertFalse(order._o2c_facts().deposit_paid)
                self._pay(invoice, 0.01)
                facts = order._o2c_facts()
                self.assertEqual((facts.deposit, facts.deposit_paid, facts.fully_paid), (300, True, False))
                self._pay(invoice, 7.00)
                self.assertEqual(self._money(order), (1000, 1000, True))

    def test_an_invoice_due_at_once_does_not_raise_the_deposit(self):
        order = self._make_order()
        invoice = order._create_invoices()
        invoice.invoice_payment_term_id = False
        invoice.action_post()
        self.assertEqual(order._o2c_facts().deposit, 30000)
