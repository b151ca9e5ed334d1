"""How money that came is booked: for whom, in which company, at which rate, whatever became of the documents."""

from odoo.fields import Command, Date
from odoo.tests import tagged

from .money_common import MoneyCase
from .policy_common import PolicyMixin


@tagged("post_install", "-at_install")
class BookingCase(PolicyMixin, MoneyCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._policy(cls, cls.customer, on_account=True)

    def _basket(self, *invoices, on_account_minor=0):
        """Start a payment of all that is open on some invoices, and of something on account."""
        items = [item for invoice in invoices for item in invoice._o2c_instalments()]
        return self._start(self.cashier._quote_basket(
            invoices[0].currency_id, items, on_account_minor=on_account_minor,
        ))

    def _receivables(self, payment):
        """Return ``[(amount, balance, what is open), ...]`` of the receivable items of a payment."""
        items = payment.move_id.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")
        return sorted((item.amount_currency, item.balance, item.amount_residual_currency) for item in items)


@tagged("post_install", "-at_install")
class TestBookingOfDrafts(BookingCase):
    """Somebody revises an invoice while its payment is under way."""

    def _credit(self, payment):
        """Check that a payment has its task, and return what of it is credit of whom."""
        self.assertEqual(len(payment.activity_ids), 1)
        self.assertIn("revised before", payment.activity_ids.note)
        return payment.partner_id, payment._o2c_unapplied()

    def test_a_draft_is_left_to_who_revises_it_and_the_rest_is_settled(self):
        draft, other = self._make_invoice(100), self._make_invoice(1000, self.term)
        tx = self._basket(draft, other)
        draft.button_draft()
        draft.invoice_line_ids.price_unit = 5
        payment = self._pay(tx)
        self.assertEqual((draft.state, draft.amount_total, other.amount_residual), ("draft", 5.0, 0.0))
        self.assertEqual(self._credit(payment), (self.customer, 100.0))
        self.assertEqual(sorted(tx.o2c_allocation_ids.mapped("state")), ["applied"] * 3 + ["released"])

    def test_a_draft_that_cannot_be_posted_keeps_no_money_from_being_booked(self):
        draft = self._make_invoice(100)
        tx = self._basket(draft)
        draft.button_draft()
        draft.invoice_line_ids.unlink()
        self.assertEqual(self._credit(self._pay(tx)), (self.customer, 100.0))
        self.assertEqual((draft.state, tx.is_post_processed), ("draft", True))

    def test_the_money_is_of_the_customer_it_was_paid_for(self):
        stranger = self.env["res.partner"].create({"name": "Somebody else"})
        payer = self.env["res.partner"].create({"name": "Who paid for the customer"})
        for post in (False, True):
            invoice = self._make_invoice(100)
            with self.subTest(post=post):
                tx = self._start(self.cashier._quote(invoice, "all"), partner_id=payer.id)
                invoice.button_draft()
                invoice.partner_id = stranger
                if post:
                    invoice.action_post()
                payment = self._pay(tx)
                if not post:
                    invoice.action_post()
                self.assertEqual(self._credit(payment), (self.customer, 100.0))
                self.assertEqual(invoice.amount_residual, 100.0)

    def test_captures_leave_drafts_alone(self):
        self.provider.write({"support_manual_capture": "partial", "capture_manually": True})
        draft, other = self._make_invoice(100), self._make_invoice(200)
        tx = self._basket(draft, other)
        tx._set_authorized()
        draft.button_draft()
        captures = tx._create_child_transaction(100.0) | tx._create_child_transaction(200.0)
        for capture in captures:
            self._pay(capture)
        self.assertEqual(tx.state, "done")
        tx._post_process()
        self.assertEqual((draft.state, other.amount_residual), ("draft", 0.0))
        self.assertEqual(sum(payment._o2c_unapplied() for payment in captures.payment_id), 100.0)
        self.assertEqual(captures.payment_id.partner_id, self.customer)

    def test_drafts_of_payments_without_allocations_are_posted_as_ever(self):
        draft = self._make_invoice(100, post=False)
        tx = self._create_transaction(
            "direct", operation="offline", reference=self._next_reference(), amount=100.0,
            currency_id=draft.currency_id.id, invoice_ids=[Command.set(draft.ids)],
        )
        self._pay(tx)
        self.assertEqual((draft.state, draft.amount_residual), ("posted", 0.0))


@tagged("post_install", "-at_install")
class TestBookingOfDiscounts(BookingCase):
    """Early payment discounts in euro, for a company in dollars: 1.10 for one when invoiced, 1.12 when paid."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.day = Date.subtract(Date.today(), days=3)
        cls.euro = cls.setup_other_currency("EUR", rates=[(cls.day, 1 / 1.10), (Date.today(), 1 / 1.12)])
        cls.tax = cls.env["account.tax"].create({"name": "10 %", "amount": 10})

    def _invoice(self, total, computation="excluded", taxes=(), discount=True, date=None):
        term = discount and self.env["account.payment.term"].create({
            "name": f"2/10 net 30 {computation}", "early_discount": True, "discount_percentage": 2,
            "discount_days": 10, "early_pay_discount_computation": computation,
            "line_ids": [Command.create({"value": "percent", "value_amount": 100, "nb_days": 30})],
        })
        return self._make_invoice(
            term=term, invoice_date=date or self.day, currency_id=self.euro.id,
            invoice_line_ids=[Command.create({
                "name": "Goods", "price_unit": total, "tax_ids": [tax.id for tax in taxes],
            })],
        )

    def _ledger(self, payment):
        """Check that a payment's entry is balanced, and return what it books beside receivables, by account type."""
        lines = payment.move_id.line_ids
        self.assertEqual([round(sum(lines.mapped(name)), 2) for name in ("balance", "amount_currency")], [0.0, 0.0])
        others = lines.filtered(lambda line: line.account_id.account_type != "asset_receivable")
        return sorted((round(line.amount_currency, 2), round(line.balance, 2)) for line in others)

    def _settled(self, *invoices):
        for invoice in invoices:
            self.assertEqual((invoice.amount_residual, invoice.amount_residual_signed), (0.0, 0.0))

    def test_one_document(self):
        invoice = self._invoice(1000)
        payment = self._pay(self._basket(invoice))
        self.assertEqual(self._ledger(payment), [(0.0, 0.40), (20.0, 22.0), (980.0, 1097.60)])
        self.assertEqual(self._receivables(payment), [(-1000.0, -1120.0, 0.0)])
        self._settled(invoice)

    def test_a_small_item_beside_a_large_discount(self):
        small, large = self._invoice(10, discount=False, date=Date.subtract(self.day, days=9)), self._invoice(100000)
        payment = self._pay(self._basket(small, large))
        self.assertEqual(self._ledger(payment), [(0.0, 40.0), (2000.0, 2200.0), (98010.0, 109771.20)])
        self.assertEqual(self._receivables(payment), [(-100000.0, -112000.0, 0.0), (-10.0, -11.20, 0.0)])
        self._settled(small, large)

    def test_a_little_on_account_beside_a_large_discount(self):
        large = self._invoice(100000)
        payment = self._pay(self._basket(large, on_account_minor=1))
        self.assertEqual(self._receivables(payment), [(-100000.0, -111999.99, 0.0), (-0.01, -0.02, -0.01)])
        self._settled(large)

    def test_the_smallest_item_bears_no_rounding_of_many_discounts(self):
        small = self._invoice(0.01, discount=False)
        others = [self._invoice(6.5) for _number in range(6)]  # 0.13 each, of which 0.0056 are rounded up
        payment = self._pay(self._basket(small, *others))
        self._ledger(payment)
        self._settled(small, *others)

    def test_goods_with_a_tax_as_the_register_wizard_books_them(self):
        for computation in ("included", "mixed", "excluded"):
            one, same = (self._invoice(1000, computation, self.tax) for _time in range(2))
            with self.subTest(computation):
                payment, registered = self._pay(self._basket(one)), self._register_payment(same)
                self.assertEqual(self._ledger(payment), self._ledger(registered))
                self.assertEqual(self._receivables(payment), self._receivables(registered))
                self._settled(one, same)

    def test_goods_with_a_tax_beside_a_small_item(self):
        for computation in ("included", "mixed", "excluded"):
            small, large = self._invoice(10, discount=False), self._invoice(100000, computation, self.tax)
            with self.subTest(computation):
                payment = self._pay(self._basket(small, large))
                self._ledger(payment)
                self.assertEqual([item[::2] for item in self._receivables(payment)], [
                    (-large.amount_total, 0.0), (-10.0, 0.0),
                ])
                self._settled(small, large)


@tagged("post_install", "-at_install")
class TestBookingInBranches(BookingCase):
    """A branch is paid by the provider of its parent."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.branch = cls.env["res.company"].create({"name": "Branch", "parent_id": cls.env.company.id})
        cls.cr.precommit.run()  # gives the branch its accounts
        cls.env.user.company_ids |= cls.branch
        cls.env = cls.env(context={
            **cls.env.context, "allowed_company_ids": [cls.env.company.id, cls.branch.id],
        })
        cls.customer = cls.customer.copy({"name": "Customer of the branch", "company_id": cls.branch.id})

    def _invoice(self, **values):
        return self._make_invoice(1000, self.term, company_id=self.branch.id, **values)

    def _pay(self, tx):
        """Let the scheduler book it, which works in no branch."""
        return super()._pay(tx.sudo().with_context(allowed_company_ids=self.env.company.ids))

    def _booked(self, payment):
        return payment.company_id, payment.move_id.company_id, payment.partner_id, payment.journal_id.company_id

    def test_a_customer_of_the_branch_pays_through_the_parent(self):
        invoice = self._invoice()
        payment = self._pay(self._start(self.cashier._quote(invoice, "next")))
        self.assertEqual(self._open(invoice), [0, 30000, 40000])
        self.assertEqual(self._booked(payment), (self.branch, self.branch, self.customer, self.branch.parent_id))
        self.assertFalse(payment.activity_ids)

    def test_a_receivable_account_of_the_branch(self):
        account = self.env["account.account"].with_company(self.branch).create({
            "name": "Receivables of the branch", "code": "121999", "account_type": "asset_receivable",
            "company_ids": [Command.set(self.branch.ids)],
        })
        self.customer.with_company(self.branch).property_account_receivable_id = account
        invoice = self._invoice()
        tx = self._start(self.cashier._quote(invoice, "next"))
        invoice.button_draft()
        invoice.partner_id = self.env.company.partner_id
        payment = self._pay(tx)  # all of it is credit
        self.assertEqual(self._booked(payment), (self.branch, self.branch, self.customer, self.branch.parent_id))
        self.assertEqual((payment.destination_account_id, payment._o2c_unapplied()), (account, 300.0))
        other = self._invoice()
        self._pay(self._start(self.cashier._quote(other, "next")))
        self.assertEqual(self._open(other), [0, 30000, 40000])


@tagged("post_install", "-at_install")
class TestBookingOfCaptures(BookingCase):
    """An authorization of an invoice over 300.00 and 200.00 on account is captured, whole or in parts."""

    def setUp(self):
        super().setUp()
        self.provider.write({"support_manual_capture": "partial", "capture_manually": True})
        self.invoice = self._make_invoice(300)
        self.later = self._make_invoice(1000)
        self.tx = self._basket(self.invoice, on_account_minor=20000)
        self.tx._set_authorized()

    def _capture(self, amount):
        """Return what of a capture is credit, and how many tasks it makes."""
        payment = self._pay(self.tx._create_child_transaction(amount))
        return payment._o2c_unapplied(), len(payment.activity_ids)

    def test_in_full(self):
        self.assertEqual(self._capture(500.0), (200.0, 0))
        self.assertEqual((self.invoice.amount_residual, self.tx.child_transaction_ids.o2c_on_account), (0.0, 200.0))

    def test_in_parts(self):
        for amounts, credits in (((300.0, 150.0, 50.0), (0.0, 150.0, 50.0)), ((350.0, 150.0), (50.0, 150.0))):
            with self.subTest(amounts=amounts):
                self.assertEqual([self._capture(amount) for amount in amounts], [(credit, 0) for credit in credits])
                self.assertEqual((self.tx.state, self.invoice.amount_residual), ("done", 0.0))
                self.assertEqual(self.later.amount_residual, 1000.0)
            self.invoice = self._make_invoice(300)
            self.tx = self._basket(self.invoice, on_account_minor=20000)
            self.tx._set_authorized()

    def test_what_was_not_meant_to_be_on_account_makes_its_task(self):
        self._register_payment(self.invoice, amount=300)
        self.assertEqual([self._capture(amount) for amount in (300.0, 200.0)], [(300.0, 1), (200.0, 0)])
