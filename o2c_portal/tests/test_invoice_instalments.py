"""The instalments of an invoice as staff see them, and promises."""

from datetime import timedelta

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Date
from odoo.tests import Form, new_test_user, tagged

from .common import O2cCommon


@tagged("post_install", "-at_install")
class TestInstalments(O2cCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = Date.today()
        cls.term = cls._make_term((30, 0), (30, 10), (20, 17), (20, 60))
        # on this day: 3 days late, due in 7 days, in 14, in 57
        cls.invoice = cls._make_invoice(1000.0, cls.term, cls.today - timedelta(days=3))

    def _shown(self, invoice=None):
        lines = (invoice or self.invoice).o2c_instalment_ids
        return [(line.o2c_number_of, line.o2c_amount, line.o2c_open_amount, line.o2c_status) for line in lines]

    def _promise(self, line, day, user=None):
        self.env["o2c.instalment.promise"].with_user(user or self.env.user).create({
            "line_id": line.id, "promised_date": day,
        }).action_record()

    def test_number_amount_and_status(self):
        self.assertEqual(self._shown(), [
            ("1 of 4", 300.0, 300.0, "overdue"),
            ("2 of 4", 300.0, 300.0, "due_soon"),
            ("3 of 4", 200.0, 200.0, "open"),
            ("4 of 4", 200.0, 200.0, "open"),
        ])
        self.env.company.o2c_due_soon_days = 14
        self.env.invalidate_all()
        self.assertEqual(self.invoice.o2c_instalment_ids[2].o2c_status, "due_soon")

    def test_payments_are_read_from_the_ledger(self):
        self._register_payment(self.invoice, amount=450.0)
        self.assertEqual([shown[2:] for shown in self._shown()], [
            (0.0, "paid"), (150.0, "due_soon"), (200.0, "open"), (200.0, "open"),
        ])

    def test_a_draft_has_amounts_but_no_status(self):
        draft = self._make_invoice(1000.0, self.term, post=False)
        self.assertEqual([(shown[1], shown[3]) for shown in self._shown(draft)], [
            (300.0, False), (300.0, False), (200.0, False), (200.0, False),
        ])

    def test_other_documents(self):
        bill = self._make_invoice(1000.0, self.term, move_type="in_invoice")
        self.assertFalse(bill.o2c_instalment_ids)
        self.assertFalse(bill.o2c_due_status)
        refund = self._make_invoice(1000.0, self.term, move_type="out_refund")
        self.assertEqual([shown[1] for shown in self._shown(refund)], [300.0, 300.0, 200.0, 200.0])

    def test_the_list_says_what_is_next(self):
        self.assertEqual(self.invoice.o2c_due_status, "overdue")
        self.assertEqual(self.invoice.o2c_next_due_date, self.today - timedelta(days=3))
        self._register_payment(self.invoice, amount=300.0)
        self.assertEqual(self.invoice.o2c_due_status, "due_soon")
        self.assertEqual(self.invoice.o2c_next_due_date, self.today + timedelta(days=7))
        self._register_payment(self.invoice, amount=700.0)
        self.assertEqual((self.invoice.o2c_due_status, self.invoice.o2c_next_due_date), ("paid", False))

    def test_a_list_of_invoices_costs_the_same_as_one(self):
        moves = self.invoice.union(*(self._make_invoice(100.0, self.term) for _index in range(9)))
        counts = []
        for some in (moves, moves[:1], moves):  # the first round fills what the server caches anyway
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.mapped("o2c_due_status")
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])

    def test_the_form_opens_and_saves(self):
        with Form(self.invoice) as form:
            self.assertEqual(len(form.o2c_instalment_ids), 4)
            form.ref = "PO 7"
        self.assertEqual(self._shown()[0][3], "overdue")

    def test_a_promise_is_recorded_and_told(self):
        line = self.invoice.o2c_instalment_ids[0]
        self._promise(line, self.today + timedelta(days=2))
        self.assertEqual(line.o2c_status, "promised")
        self.assertEqual(self.invoice.o2c_due_status, "promised")
        self.assertEqual(self.invoice._o2c_instalments()[0].promised_on, self.today + timedelta(days=2))
        self.assertIn("promised to pay instalment 1 of 4", self.invoice.message_ids[0].body)
        self._promise(line, False)
        self.assertEqual(line.o2c_status, "overdue")
        self.assertIn("withdrawn", self.invoice.message_ids[0].body)

    def test_a_promise_must_make_sense(self):
        line = self.invoice.o2c_instalment_ids[0]
        with self.assertRaises(ValidationError):
            self._promise(line, self.today - timedelta(days=1))
        self._register_payment(self.invoice, amount=300.0)
        with self.assertRaises(ValidationError):
            self._promise(line, self.today)
        self.assertFalse(line.o2c_promised_date)

    def test_a_promise_does_not_survive_a_revision(self):
        line = self.invoice.o2c_instalment_ids[0]
        self._promise(line, self.today)
        self.assertFalse(self.invoice.copy().line_ids.filtered("o2c_promised_date"))
        self.invoice.button_draft()
        self.assertFalse(line.o2c_promised_date)

    def test_the_wizard_shows_no_instalment_of_another_company(self):
        other = self._create_company(name="Other Company")
        stranger = new_test_user(
            self.env, "stranger", groups="o2c_portal.o2c_portal_group_user", company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        line = self.invoice.o2c_instalment_ids[0]
        with self.assertRaises(AccessError):
            self.env["o2c.instalment.promise"].with_user(stranger).create({"line_id": line.id})

    def test_only_receivables_staff_record_promises(self):
        line = self.invoice.o2c_instalment_ids[0]
        seller = new_test_user(self.env, "seller", groups="sales_team.group_sale_salesman")
        with self.assertRaises(AccessError):
            self._promise(line, self.today, seller)
        clerk = new_test_user(self.env, "clerk", groups="o2c_portal.o2c_portal_group_user")
        self._promise(line, self.today, clerk)
        self.assertEqual(line.o2c_promised_date, self.today)

    def test_a_salesperson_sees_the_instalments_of_own_invoices_only(self):
        seller = new_test_user(self.env, "seller", groups="sales_team.group_sale_salesman")
        other = new_test_user(self.env, "other", groups="sales_team.group_sale_salesman")
        self.invoice.invoice_user_id = seller
        self.env.invalidate_all()
        self.assertEqual(self._shown(self.invoice.with_user(seller))[0], ("1 of 4", 300.0, 300.0, "overdue"))
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            self.invoice.with_user(other).o2c_instalment_ids.mapped("o2c_status")
