"""The schedule of a sale order: form, customer's documents, prepayment."""

from datetime import date

from lxml import html

from odoo.fields import Command
from odoo.tests import Form, freeze_time, new_test_user, tagged

from .test_payment_term import TermCommon


@freeze_time("2026-01-31 12:00:00")
class OrderCommon(TermCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids |= cls.env.ref("sales_team.group_sale_manager")
        cls.term = cls._generate()
        cls.product = cls.env["product.product"].create({"name": "Goods", "list_price": 1000.0, "taxes_id": []})

    @classmethod
    def _make_order(cls, total=1000.0, **values):
        return cls.env["sale.order"].create({
            "partner_id": cls.customer.id,
            "payment_term_id": cls.term.id,
            "order_line": [Command.create({"product_id": cls.product.id, "price_unit": total, "tax_ids": []})],
            **values,
        })

    def _parts(self, order):
        return [(part["date"].isoformat(), part["amount"]) for part in order._o2c_schedule()]


@tagged("post_install", "-at_install")
class TestOrderSchedule(OrderCommon):
    def test_the_order_shows_what_the_invoice_will_have(self):
        order = self._make_order()
        expected = [("2026-01-31", 300.0), ("2026-02-28", 233.33), ("2026-03-31", 233.33), ("2026-04-30", 233.34)]
        self.assertEqual(self._parts(order), expected)
        order.action_confirm()
        invoice = order._create_invoices()
        invoice.invoice_date = "2026-01-31"
        self.assertEqual(self._receivables(invoice), expected)

    def test_lines_terms_and_date_change_it(self):
        with Form(self.env["sale.order"]) as form:
            form.partner_id = self.customer
            self.assertFalse(form.o2c_schedule_html)
            form.payment_term_id = self.term
            with form.order_line.new() as line:
                line.product_id = self.product
                line.tax_ids.clear()
            self.assertIn("233.34", form.o2c_schedule_html)
            with form.order_line.edit(0) as line:
                line.price_unit = 100.0
            self.assertIn("23.34", form.o2c_schedule_html)
            self.assertNotIn("233.34", form.o2c_schedule_html)
            form.payment_term_id = self._make_term((100, 0))
            self.assertIn("1 of 1", form.o2c_schedule_html)
            form.payment_term_id = self.term
        form.record.date_order = "2026-06-15 12:00:00"
        self.assertIn("09/15/2026", form.record.o2c_schedule_html)

    def test_an_old_quotation_counts_from_today(self):
        order = self._make_order(date_order="2025-06-15 12:00:00")
        self.assertEqual(self._parts(order)[0][0], "2026-01-31")

    def test_nothing_to_pay_has_no_schedule(self):
        self.assertEqual(self._parts(self._make_order(0.0)), [])
        self.assertEqual(self._parts(self._make_order(payment_term_id=False)), [])
        self.assertEqual(self._parts(self._make_order(-1000.0))[0], ("2026-01-31", -300.0))

    def test_taxes_are_part_of_it(self):
        tax = self.env["account.tax"].create({"name": "21 %", "amount": 21.0, "type_tax_use": "sale"})
        order = self._make_order()
        order.order_line.tax_ids = tax
        self.assertEqual(self._parts(order)[0], ("2026-01-31", 363.0))
        self.assertAlmostEqual(sum(amount for _day, amount in self._parts(order)), order.amount_total, 6)

    def test_amounts_are_in_the_currency_of_the_order_and_the_language_of_the_reader(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        currency = self.setup_other_currency("JPY", rates=[("2016-01-01", 150.0)])
        pricelist = self.env["product.pricelist"].create({"name": "Yen", "currency_id": currency.id})
        order = self._make_order(pricelist_id=pricelist.id)
        order.order_line.price_unit = 100000.0
        self.assertEqual([amount for _day, amount in self._parts(order)], [30000.0, 23333.0, 23333.0, 23334.0])
        text = html.fromstring(order.with_context(lang="fr_FR").o2c_schedule_html).text_content()
        self.assertIn("23\xa0334", text)
        self.assertIn("30/04/2026", text)
        self.assertIn("¥", text)

    def test_a_list_of_orders_costs_the_same_as_one(self):
        orders = self.env["sale.order"].union(*(self._make_order(100.0 * index) for index in range(1, 31)))
        counts = []
        for some in (orders, orders[:1], orders):  # the first round fills what the server caches anyway
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            for order in some:
                order._o2c_schedule()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])
        self.assertLessEqual(counts[2], 6)

    def test_a_salesperson_sees_it_without_accounting_rights(self):
        user = new_test_user(
            self.env, "seller", groups="sales_team.group_sale_salesman", company_id=self.env.company.id,
        )
        order = self._make_order(user_id=user.id)
        self.env.invalidate_all()
        self.assertIn("233.34", order.with_user(user).o2c_schedule_html)


@tagged("post_install", "-at_install")
class TestCustomersTerms(OrderCommon):
    def test_order_and_invoice_take_the_terms_of_the_company(self):
        self.customer.property_payment_term_id = self.term
        contact = self.env["res.partner"].create({
            "name": "Purchasing", "parent_id": self.customer.id, "type": "invoice", "email": "buy@example.com",
        })
        for partner in (self.customer, contact):
            with self.subTest(partner=partner.name):
                order = self.env["sale.order"].create({"partner_id": partner.id})
                self.assertEqual(order.payment_term_id, self.term)
                self.assertEqual(self._make_invoice(post=False, partner=partner, invoice_payment_term_id=self.term.id)
                                 .invoice_payment_term_id, self.term)
                move = self.env["account.move"].create({"move_type": "out_invoice", "partner_id": partner.id})
                self.assertEqual(move.invoice_payment_term_id, self.term)

    def test_an_order_of_the_shop_takes_them_too(self):
        if "website_id" not in self.env["sale.order"]._fields:
            self.skipTest("the shop is not installed")
        website = self.env["website"].sudo().create({"name": "Shop", "company_id": self.env.company.id})
        self.customer.property_payment_term_id = self.term
        with_terms = self.env["sale.order"].create({"partner_id": self.customer.id, "website_id": website.id})
        self.assertEqual(with_terms.payment_term_id, self.term)
        other = self.env["res.partner"].create({"name": "Walk-in"})
        without = self.env["sale.order"].create({"partner_id": other.id, "website_id": website.id})
        self.assertEqual(without.payment_term_id, self.env.ref("account.account_payment_term_immediate"))
        self.assertEqual(without._o2c_customer_schedule(), [])


@tagged("post_install", "-at_install")
class TestPrepayment(OrderCommon):
    def test_the_first_instalment_is_what_has_to_be_paid(self):
        order = self._make_order(require_payment=True, prepayment_percent=0.5, o2c_prepay_first=True)
        self.assertEqual(order._get_prepayment_required_amount(), 300.0)
        self.assertEqual(order.o2c_prepayment_amount, 300.0)
        order.order_line.price_unit = 333.33
        self.assertEqual(order._get_prepayment_required_amount(), 100.0)
        self.assertEqual(order._o2c_prepayment_share(), 0.3)
        self.assertEqual(order._get_default_payment_link_values()["prepayment_amount"], 100.0)

    def test_otherwise_the_percentage_of_odoo(self):
        order = self._make_order(require_payment=True, prepayment_percent=0.5)
        self.assertEqual(order._get_prepayment_required_amount(), 500.0)
        order.o2c_prepay_first = True
        order.payment_term_id = self._make_term((100, 30))
        self.assertEqual(order._get_prepayment_required_amount(), 500.0)
        order.payment_term_id = self.term
        order.require_payment = False
        self.assertEqual(order._get_prepayment_required_amount(), 0)

    def test_the_company_decides_for_new_orders(self):
        self.assertFalse(self._make_order().o2c_prepay_first)
        self.env.company.o2c_prepay_first = True
        self.assertTrue(self._make_order().o2c_prepay_first)

    def test_paying_the_first_instalment_confirms_and_settles_it(self):
        order = self._make_order(require_payment=True, o2c_prepay_first=True)
        tx = self._create_transaction(
            "direct", amount=300.0, currency_id=order.currency_id.id, partner_id=self.customer.id, state="done",
            reference="prepayment", sale_order_ids=[Command.set(order.ids)],
        )
        tx._post_process()
        self.assertEqual(order.state, "sale")
        invoice = order._create_invoices()
        invoice.invoice_date = date(2026, 1, 31)
        invoice.action_post()
        self.assertEqual([item.open_minor for item in invoice._o2c_instalments()], [0, 23333, 23333, 23334])


@tagged("post_install", "-at_install")
class TestDownPayment(OrderCommon):
    def _invoice(self, order, **values):
        wizard = self.env["sale.advance.payment.inv"].create({"sale_order_ids": order.ids, **values})
        return wizard._create_invoices(order)

    def _order(self, **values):
        order = self._make_order(**values)
        order.action_confirm()
        order.order_line.qty_delivered = 1.0
        return order

    def test_a_down_payment_is_due_at_once_and_settles_the_first_instalments(self):
        for percentage, expected in [
            (30, [("2026-02-28", 233.33), ("2026-03-31", 233.33), ("2026-04-30", 233.34)]),
            (40, [("2026-02-28", 133.33), ("2026-03-31", 233.33), ("2026-04-30", 233.34)]),
            (10, [("2026-01-31", 200.0), ("2026-02-28", 233.33), ("2026-03-31", 233.33), ("2026-04-30", 233.34)]),
        ]:
            with self.subTest(percentage=percentage):
                order = self._order()
                first = self._invoice(order, advance_payment_method="percentage", amount=percentage)
                first.action_post()
                self.assertEqual(self._receivables(first), [("2026-01-31", 10.0 * percentage)])
                last = self._invoice(order, advance_payment_method="delivered")
                last.action_post()
                self.assertEqual(self._receivables(last), expected)

    def test_with_taxes_and_another_currency(self):
        tax = self.env["account.tax"].create({"name": "21 %", "amount": 21.0, "type_tax_use": "sale"})
        currency = self.setup_other_currency("EUR", rates=[("2016-01-01", 3.0)])
        pricelist = self.env["product.pricelist"].create({"name": "Euro", "currency_id": currency.id})
        order = self._make_order(pricelist_id=pricelist.id)
        order.order_line.write({"price_unit": 1000.0, "tax_ids": tax.ids})
        order.action_confirm()
        order.order_line.qty_delivered = 1.0
        self._invoice(order, advance_payment_method="percentage", amount=30).action_post()
        last = self._invoice(order, advance_payment_method="delivered")
        last.action_post()
        self.assertEqual([amount for _day, amount in self._receivables(last)], [282.33, 282.33, 282.34])
        self.assertAlmostEqual(
            sum(last.o2c_instalment_ids.mapped("balance")), last.amount_total_signed, 6,
        )

    def test_a_down_payment_of_everything_leaves_nothing(self):
        order = self._order()
        self._invoice(order, advance_payment_method="percentage", amount=100).action_post()
        last = self._invoice(order, advance_payment_method="delivered")
        last.action_post()
        self.assertEqual((last.amount_total, last.state), (0.0, "posted"))

    def test_terms_of_odoo_are_left_to_odoo(self):
        order = self._order(payment_term_id=self._make_term((30, 0), (70, 30)).id)
        first = self._invoice(order, advance_payment_method="percentage", amount=30)
        first.action_post()
        self.assertEqual([amount for _day, amount in self._receivables(first)], [90.0, 210.0])

    def test_terms_of_odoo_whose_first_part_is_the_prepayment(self):
        order = self._order(payment_term_id=self._make_term((30, 0), (70, 30)).id, o2c_prepay_first=True)
        shown = [part["amount"] for part in order._o2c_schedule()]
        asked = []
        for values in ({"advance_payment_method": "percentage", "amount": 30}, {"advance_payment_method": "delivered"}):
            invoice = self._invoice(order, **values)
            invoice.action_post()
            asked += [amount for _day, amount in self._receivables(invoice)]
        self.assertEqual(asked, shown, "what the deposit paid is not cut again")
