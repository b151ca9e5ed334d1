"""A customer follows their orders and sees what payment moves them on."""

from odoo.tests import tagged

from .order_common import OrderMixin
from .people_common import AccountCase

ENTRIES = "//ul[contains(@class,'o2c-entries')]/li"


@tagged("post_install", "-at_install")
class TestOrderProgress(OrderMixin, AccountCase):

    def _pay(self, invoice, amount):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({"amount": amount})._create_payments()
        invoice._o2c_orders()._o2c_evaluate_stages()

    def _row(self, order, user=None):
        scope = self.env["o2c.account"]._scope(user or self.alice)
        rows = self.env["o2c.order.progress"]._rows(scope, 0, 40)[0]
        return next((row for row in rows if row["name"] == order.name), None)

    def _line(self, order):
        return [(mark.key, mark.done, mark.partly) for mark in self._row(order)["marks"]]

    def test_from_order_to_paid(self):
        order = self._make_order()
        self.assertEqual(self._line(order), [
            ("ordered", True, False), ("deposit", False, False), ("invoiced", False, False), ("paid", False, False),
        ])
        row = self._row(order)
        self.assertEqual((row["next_amount"], row["next_stage"]), ("$\xa0300.00", "Deposit paid"))
        self.assertEqual(row["pay_address"], f"/my/orders/{order.id}?payment_amount=300.0#portal_pay")
        invoice = self._invoice(order)
        self.assertEqual(self._row(order)["pay_address"], f"/my/invoices/{invoice.id}")
        self._pay(invoice, 100)
        self.assertEqual(self._row(order)["next_amount"], "$\xa0200.00")
        self._pay(invoice, 200)
        row = self._row(order)
        self.assertEqual((row["next_amount"], row["next_stage"]), ("$\xa0700.00", "Paid"))
        self.assertEqual(self._line(order), [
            ("ordered", True, False), ("deposit", True, False), ("invoiced", True, False), ("paid", False, True),
        ])
        self._pay(invoice, 700)
        row = self._row(order)
        self.assertEqual((row["next_amount"], row["marks"][-1].done), ("", True))

    def test_a_stage_of_the_workshop_is_a_step(self):
        order = self._make_order()
        building = self.env["o2c.order.stage"].sudo().create({"name": "In production", "sequence": 15})
        order.sudo().o2c_stage_id = building
        self.assertIn(("stage", True, False), self._line(order))
        self._login(self.alice)
        self.assertIn("In production", self._get("/my/billing/orders").text)

    def test_without_rules_no_payment_moves_anything(self):
        order = self._make_order()
        self.env["o2c.stage.rule"].sudo().search([]).active = False
        self.assertEqual(self._row(order)["next_amount"], "")

    def test_quotations_and_foreign_orders_are_not_listed(self):
        order = self._make_order()
        quotation = self.env["sale.order"].create({"partner_id": self.customer.id})
        self._login(self.bob)
        page = self._get("/my/billing/orders")
        self.assertIn(order.name, page.text)
        self.assertNotIn(quotation.name, page.text)
        self._login(self.mallory)
        page = self._get("/my/billing/orders")
        self.assertNotIn(order.name, page.text)
        self.assertIn("There are no orders yet", page.text)

    def test_own_orders_only(self):
        order, mine = self._make_order(), self._make_order(partner_id=self.alice.partner_id.id)
        scope = self.env["o2c.account"]._scope(self.alice)
        own = type(scope)(scope.partner, scope.contact, scope.company_ids, own_only=True)
        names = [row["name"] for row in self.env["o2c.order.progress"]._rows(own, 0, 40)[0]]
        self.assertIn(mine.name, names)
        self.assertNotIn(order.name, names)

    def test_the_progress_is_said_in_words(self):
        self._make_order()
        self._login(self.alice)
        marks = self._texts(self._get("/my/billing/orders"), f"{ENTRIES}[1]//ol/li")
        self.assertEqual(marks, ["Ordered : done", "Deposit paid : still to come", "Invoiced : still to come",
                                 "Paid : still to come"])

    def test_the_number_of_queries_is_fixed(self):
        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            scope = self.env["o2c.account"]._scope(self.alice)
            rows = self.env["o2c.order.progress"]._rows(scope, 0, 40)[0]
            return len(rows), self.env.cr.sql_log_count - before

        for _index in range(2):
            self._pay(self._invoice(self._make_order()), 300)
        queries()
        few, at_first = queries()
        for _index in range(8):
            self._pay(self._invoice(self._make_order()), 300)
        many, later = queries()
        self.assertEqual((few, many), (2, 10))
        self.assertEqual(later, at_first)
