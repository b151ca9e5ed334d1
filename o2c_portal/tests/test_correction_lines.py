"""Lines of a wrong invoice: what is added, what is taken away, and what must not change by itself."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, new_test_user

from .common import O2cCommon
from .order_common import OrderMixin
from .test_corrections import CorrectionMixin


class TestCorrectionLines(CorrectionMixin, OrderMixin, O2cCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tax = cls._make_tax("VAT 21 %", 21)
        cls.product = cls.env["product.product"].create({
            "name": "Freight", "list_price": 50.0, "description_sale": "To the door", "taxes_id": cls.tax.ids,
        })
        cls.invoice = cls._make_invoice(1000.0)

    @classmethod
    def _make_tax(cls, name, amount, **values):
        return cls.env["account.tax"].create({"name": name, "amount": amount, "type_tax_use": "sale", **values})

    def _add(self, wizard, **values):
        return wizard.line_ids.create({"wizard_id": wizard.id, "name": "Freight", "price_unit": 50.0, **values})

    # Added

    def test_a_forgotten_product_is_added_as_odoo_would(self):
        form = Form(self.env["o2c.invoice.correction"].with_context(default_move_id=self.invoice.id))
        with form.line_ids.new() as line:
            line.product_id = self.product
            self.assertEqual((line.name, line.price_unit, line.quantity), ("Freight\nTo the door", 50.0, 1.0))
            line.quantity = 2
        self.assertEqual((form.new_total, form.difference, form.kinds), (1121.0, 121.0, "a missing line"))
        wizard = form.save()
        wizard.action_correct()
        new = wizard.result_id
        self.assertEqual((new.amount_untaxed, new.amount_tax, new.amount_residual), (1100.0, 21.0, 1121.0))
        added = new.invoice_line_ids[-1]
        self.assertEqual((added.product_id, added.quantity, added.tax_ids), (self.product, 2.0, self.tax))
        self.assertEqual(added.account_id, self.company_data["default_account_revenue"])
        self.assertIn("Freight\nTo the door: – → 2 × $", str(new.message_ids.mapped("body")).replace("\\n", "\n"))

    def test_prices_and_taxes_follow_the_invoice(self):
        euro = self.setup_other_currency("EUR", rates=[("2017-01-01", 2.0)])
        position = self.env["account.fiscal.position"].create({"name": "Abroad"})
        none = self._make_tax("None", 0, fiscal_position_ids=position.ids, original_tax_ids=self.tax.ids)
        invoice = self._make_invoice(10.0, currency_id=euro.id, fiscal_position_id=position.id)
        form = Form(self.env["o2c.invoice.correction"].with_context(default_move_id=invoice.id))
        with form, form.line_ids.new() as line:
            line.product_id = self.product
        added = form.record.line_ids[-1]
        self.assertEqual((added.price_unit, added.tax_ids), (100.0, none))
        form.record.action_correct()
        self.assertEqual((form.record.result_id.amount_total, form.record.result_id.currency_id), (110.0, euro))

    def test_a_line_without_a_product_with_a_discount_and_a_tax_in_the_price(self):
        included = self._make_tax("Included", 21, price_include_override="tax_included")
        wizard = self._wizard(self.invoice)
        self._add(wizard, quantity=3, price_unit=12.1, discount=50, tax_ids=[Command.set(included.ids)])
        self.assertEqual(wizard.new_total, 1018.15)
        wizard.action_correct()
        new = wizard.result_id
        self.assertEqual((new.amount_total, new.amount_tax, len(new.invoice_line_ids)), (1018.15, 3.15, 2))

    def test_an_added_line_is_of_no_order(self):
        order = self._make_order(1000.0)
        invoice = self._invoice(order)
        wizard = self._wizard(invoice)
        self._add(wizard, product_id=self.product.id)
        wizard.action_correct()
        self.assertEqual(order.order_line.qty_invoiced, 1.0)
        self.assertFalse(wizard.result_id.invoice_line_ids.filtered("product_id").sale_line_ids - order.order_line)
        self.assertEqual(len(order.order_line), 1)

    def test_one_line_is_replaced_by_another(self):
        wizard = self._wizard(self.invoice)
        wizard.line_ids.unlink()
        self.assertIn("Nothing is left", wizard.problem)
        self._add(wizard)
        self.assertFalse(wizard.problem)
        self.assertEqual((wizard.new_total, wizard.kinds), (50.0, "quantity, a missing line"))
        wizard.action_correct()
        self.assertEqual(wizard.result_id.invoice_line_ids.mapped("name"), ["Freight"])

    def test_an_added_line_of_nothing_is_none(self):
        wizard = self._wizard(self.invoice)
        self._add(wizard, quantity=0)
        self.assertEqual(wizard.verdict, "nothing")

    def test_an_added_line_says_what_it_is_for(self):
        with self.assertRaisesRegex(ValidationError, "Say what the added line is for"):
            self._add(self._wizard(self.invoice), name=" ")

    def test_what_the_user_may_not_see_is_not_added(self):
        clerk = new_test_user(self.env, "line_clerk", groups="o2c_portal.o2c_portal_group_user")
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        foreign = self.env["product.product"].create({
            "name": "Foreign", "company_id": elsewhere.id, "taxes_id": [],
        })
        wizard = self._wizard(self.invoice).with_user(clerk)
        with self.assertRaises(AccessError):
            self._add(wizard, product_id=foreign.id)

    # Taken away

    def test_a_line_that_is_taken_away_is_left_out(self):
        order = self._make_order(1000.0)
        order.order_line.copy({"order_id": order.id, "price_unit": 50.0})
        invoice = self._invoice(order)
        with Form(self.env["o2c.invoice.correction"].with_context(default_move_id=invoice.id)) as form:
            form.line_ids.remove(1)
        self.assertIn(f"{order.name} has more to invoice then", form.record.hints)
        form.record.action_correct()
        self.assertEqual(form.record.result_id.amount_total, 1000.0)
        self.assertEqual(order.order_line.mapped("qty_to_invoice"), [0.0, 1.0])

    # What must not change by itself

    def test_prices_with_more_decimals_than_the_currency_stay(self):
        line = {"name": "Screws", "quantity": 1000, "price_unit": 0.1234, "tax_ids": []}
        invoice = self._make_invoice(invoice_line_ids=[Command.create(line), Command.create({**line, "name": "Nuts"})])
        wizard = self._wizard(invoice)
        self.assertEqual((wizard.verdict, wizard.line_ids.mapped("price_unit")), ("nothing", [0.1234] * 2))
        self.assertEqual(wizard.line_ids[0].was, "1000 × 0.1234 USD")
        wizard.line_ids[0].price_unit = 0.1235
        wizard.action_correct()
        self.assertEqual(wizard.result_id.invoice_line_ids.mapped("price_unit"), [0.1235, 0.1234])
        self.assertEqual(wizard.result_id.amount_total, 246.9)

    def test_a_tax_that_was_archived_since_stays(self):
        invoice = self._make_invoice(invoice_line_ids=[
            Command.create({"name": "Goods", "price_unit": 1000.0, "tax_ids": self.tax.ids}),
        ])
        self.tax.active = False
        wizard = self._wizard(invoice)
        self.assertEqual((wizard.verdict, wizard.line_ids.tax_ids), ("nothing", self.tax))
        wizard.line_ids.price_unit = 900.0
        wizard.action_correct()
        self.assertEqual(wizard.result_id.amount_total, 1089.0)

    def test_sections_notes_and_the_order_of_lines_stay(self):
        rows = [("Part", "line_section", 1), ("Last", False, 9), ("Second", False, 3), ("Note", "line_note", 4)]
        invoice = self._make_invoice(invoice_line_ids=[Command.create({
            "name": name, "sequence": sequence,
            **({"display_type": kind} if kind else {"price_unit": 10.0 * sequence, "tax_ids": []}),
        }) for name, kind, sequence in rows])
        wizard = self._wizard(invoice)
        wizard.line_ids.filtered(lambda line: line.name == "Second").price_unit = 33.0
        wizard.action_correct()
        lines = wizard.result_id.invoice_line_ids.sorted("sequence")
        self.assertEqual(lines.mapped("name"), ["Part", "Second", "Note", "Last"])
        self.assertEqual(lines.mapped("price_unit"), [0.0, 33.0, 0.0, 90.0])

    def test_a_line_of_another_document_is_refused(self):
        with self.assertRaisesRegex(UserError, "another document"):
            self._wizard(self.invoice).line_ids.move_line_id = self._make_invoice(5.0).invoice_line_ids
