"""Money that is on its way for an order is not asked for again when the order is invoiced."""

from odoo.fields import Command
from odoo.tests import tagged

from ..models.o2c_cashier import NothingToPay
from .test_order_pdf import OrderPdfCommon


@tagged("post_install", "-at_install")
class TestOrderClaims(OrderPdfCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "demo" not in dict(cls.provider._fields["code"].selection):
            cls.skipTest(cls, "needs payment_demo: a provider that reports on its payments")
        cls.provider.sudo().write({"code": "demo", "support_manual_capture": "partial"})

    def _under_way(self, amount, state="pending", code="demo"):
        """Return a confirmed order of 1,000, its posted invoice (300 and 700), and a payment of it on its way."""
        self.provider.sudo().code = code
        order = self._order(confirm=True)
        transaction = self._create_transaction(
            "direct", amount=amount, currency_id=order.currency_id.id, partner_id=self.customer.id, state=state,
            reference=order.name, sale_order_ids=[Command.set(order.ids)],
        )
        invoice = order._create_invoices()
        invoice.action_post()
        return invoice, transaction

    def _asked(self, invoice):
        """Return ``[(open, payable)]`` of the instalments, in cents."""
        return [(item.open_minor, item.payable) for item in invoice._o2c_instalments()]

    def _settle(self, transaction):
        transaction._set_done()
        transaction._post_process()
        return transaction.payment_id

    def test_a_deposit_on_its_way_settles_the_first_instalment_only(self):
        invoice, transaction = self._under_way(300.0)
        self.assertEqual(self._asked(invoice), [(30000, False), (70000, True)])
        self.assertEqual(self.env["o2c.cashier"]._quote(invoice, "all").paid_minor, 70000)
        payment = self._settle(transaction)
        self.assertEqual(self._asked(invoice), [(0, False), (70000, True)])
        self.assertFalse(payment.activity_ids)

    def test_an_authorization_of_everything_leaves_nothing_to_pay(self):
        invoice, transaction = self._under_way(1000.0, "authorized")
        self.assertEqual(self._asked(invoice), [(30000, False), (70000, False)])
        self.assertFalse(invoice._has_to_be_paid())
        with self.assertRaises(NothingToPay):
            self.env["o2c.cashier"]._quote(invoice, "all")
        self._settle(transaction._create_child_transaction(400.0))
        self.assertEqual(self._asked(invoice), [(0, False), (60000, False)])
        transaction._create_child_transaction(600.0)._set_canceled()
        self.assertEqual(self._asked(invoice), [(0, False), (60000, True)], "what is not captured is owed again")

    def test_a_failed_payment_frees_the_invoice(self):
        invoice, transaction = self._under_way(1000.0)
        transaction._set_error("refused")
        self.assertEqual(self._asked(invoice), [(30000, True), (70000, True)])

    def test_an_announced_transfer_keeps_nobody_from_paying(self):
        invoice, _transaction = self._under_way(1000.0, code="custom" if self._has("custom") else "none")
        self.assertEqual(self._asked(invoice), [(30000, True), (70000, True)])

    def _has(self, code):
        return code in dict(self.provider._fields["code"].selection)

    def test_money_beyond_the_invoice_waits_for_the_next_one(self):
        invoice, transaction = self._under_way(1200.0)
        payment = self._settle(transaction)
        self.assertEqual(self._asked(invoice), [(0, False), (0, False)])
        self.assertFalse(payment.activity_ids)
        invoice, transaction = self._under_way(300.0)
        self._register_payment(invoice)
        self.assertTrue(self._settle(transaction).activity_ids, "paid by other means meanwhile: credit somebody sees")

    def test_it_settles_with_automatic_invoices_too_and_for_who_is_invoiced(self):
        self.env["ir.config_parameter"].set_param("sale.automatic_invoice", "True")
        payer = self.env["res.partner"].create({"name": "Somebody else"})
        invoice, transaction = self._under_way(1000.0)
        transaction.partner_id = payer
        payment = self._settle(transaction)
        self.assertEqual(self._asked(invoice), [(0, False), (0, False)])
        self.assertEqual(payment.partner_id, self.customer)

    def test_posted_again_it_is_claimed_once(self):
        invoice, transaction = self._under_way(1000.0)
        invoice.button_draft()
        invoice.action_post()
        live = transaction.o2c_allocation_ids.filtered(lambda claim: claim.state == "live" and claim.move_line_id)
        self.assertEqual(sorted(live.mapped("amount")), [300.0, 700.0])
        self._settle(transaction)
        self.assertEqual(self._asked(invoice), [(0, False), (0, False)])
