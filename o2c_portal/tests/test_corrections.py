"""A wrong invoice is put right: the ledger, its money, its orders, its links, and what the customer is told."""

from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Date, Datetime
from odoo.tests import new_test_user

from ..core import paycode
from .common import O2cCommon
from .order_common import OrderMixin
from .pay_common import PayPageCase


class CorrectionMixin:
    """Correcting as the form does it."""

    def _wizard(self, invoice, **values):
        return self.env["o2c.invoice.correction"].create({"move_id": invoice.id, **values})

    def _correct(self, invoice, line=None, **values):
        """Return the corrected invoice, the values of its first line changed as given."""
        wizard = self._wizard(invoice, **values)
        wizard.line_ids[:1].write(line or {})
        wizard.action_correct()
        return wizard.result_id

    def _pay(self, invoice, amount, **values):
        """Return the payment registered by hand, as Odoo's own dialog does it."""
        return self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids,
        ).create({"amount": amount, **values})._create_payments()

    def _sent(self, *moves):
        """Return the documents that wait to be sent."""
        return self.env["o2c.send.item"].sudo().search([
            ("move_id", "in", [move.id for move in moves]), ("state", "=", "waiting"),
        ]).move_id


class TestCorrections(CorrectionMixin, OrderMixin, O2cCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tax = cls.env["account.tax"].create({
            "name": "VAT 21 %", "amount": 21, "type_tax_use": "sale",
            "country_id": cls.env.company.account_fiscal_country_id.id,
        })
        cls.invoice = cls._make_invoice(1000.0, ref="PO 1")
        cls.office = cls.env["res.partner"].create({
            "name": "Office", "parent_id": cls.customer.id, "type": "other", "email": "office@example.com",
        })

    # What happens, kind by kind

    def test_a_wrong_price_makes_a_credit_note_and_a_new_invoice(self):
        new = self._correct(self.invoice, {"price_unit": 900.0})
        credit = new.o2c_correction_credit_id
        self.assertEqual((new.amount_total, new.amount_residual, new.state), (900.0, 900.0, "posted"))
        self.assertEqual((credit.amount_total, credit.reversed_entry_id), (1000.0, self.invoice))
        self.assertEqual((self.invoice.payment_state, self.invoice.amount_residual), ("reversed", 0.0))
        self.assertEqual(credit.amount_residual, 0.0)
        self.assertEqual(self.invoice.o2c_corrected_by_id, new)
        self.assertEqual((new.ref, new.partner_id, new.invoice_date), ("PO 1", self.customer, Date.today()))

    def test_a_wrong_quantity(self):
        new = self._correct(self.invoice, {"quantity": 3})
        self.assertEqual((new.amount_total, new.invoice_line_ids.quantity), (3000.0, 3))

    def test_a_line_too_many_is_left_out(self):
        invoice = self._make_invoice(invoice_line_ids=[
            Command.create({"name": name, "price_unit": price, "tax_ids": []})
            for name, price in (("Goods", 10.0), ("Never ordered", 5.0), ("Freight", 1.0))
        ])
        wizard = self._wizard(invoice)
        wizard.line_ids[1].quantity = 0
        self.assertEqual((wizard.new_total, wizard.difference), (11.0, -5.0))
        wizard.action_correct()
        self.assertEqual(wizard.result_id.invoice_line_ids.mapped("name"), ["Goods", "Freight"])

    def test_a_wrong_tax(self):
        new = self._correct(self.invoice, {"tax_ids": [Command.set(self.tax.ids)]})
        self.assertEqual((new.amount_untaxed, new.amount_tax), (1000.0, 210.0))

    def test_the_contact_or_its_address_was_wrong(self):
        new = self._correct(self.invoice, partner_id=self.office.id, send=False)
        self.assertEqual((new.partner_id, new.amount_total, new.o2c_correction_kinds), (self.office, 1000.0, "address"))
        again = self._correct(new, restated=True)
        self.assertEqual((again.partner_id, again.o2c_corrects_id), (self.office, new))

    def test_a_purchase_order_number_is_no_fact_of_accounting(self):
        move_count = self.env["account.move"].search_count([])
        self.assertEqual(self._correct(self.invoice, reference="PO 2"), self.invoice)
        self.assertEqual((self.invoice.ref, self.invoice.state), ("PO 2", "posted"))
        self.assertEqual(self.env["account.move"].search_count([]), move_count)
        self.assertEqual(self._sent(self.invoice), self.invoice)

    def test_a_corrected_copy_is_printed_anew(self):
        self.env["ir.attachment"].create({
            "name": "old.pdf", "raw": b"%PDF old", "res_model": "account.move", "res_id": self.invoice.id,
            "res_field": "invoice_pdf_report_file",
        })
        self.invoice.invalidate_recordset()
        self.assertTrue(self.invoice.invoice_pdf_report_id)
        self._correct(self.invoice, partner_shipping_id=self.office.id)
        self.assertFalse(self.invoice.invoice_pdf_report_id)
        self.assertEqual(self.invoice.partner_shipping_id, self.office)

    def test_a_copy_of_a_new_invoice_still_names_the_wrong_one(self):
        new = self._correct(self.invoice, {"price_unit": 900.0}, send=False)
        self.assertEqual(self._correct(new, reference="PO 2"), new)
        self.assertEqual(new.o2c_correction_kinds, "price,reference")
        self.assertIn(f"takes the place of {self.invoice.name}", new._o2c_correction_text())
        self.assertEqual(self._sent(new, new.o2c_correction_credit_id), new)

    def test_what_was_sent_as_a_file_for_machines_is_not_changed(self):
        with patch.object(self.env.registry["account.move"], "_get_fields_to_detach", lambda move: ["ref"]):
            wizard = self._wizard(self.invoice, reference="PO 2")
            self.assertEqual(wizard.verdict, "reissue")

    def test_a_delivery_address_that_is_taxed_elsewhere_needs_a_new_invoice(self):
        self.office.country_id = self.env.ref("base.fr")
        self.env["account.fiscal.position"].create({
            "name": "France", "auto_apply": True, "country_id": self.env.ref("base.fr").id,
        })
        new = self._correct(self.invoice, partner_shipping_id=self.office.id)
        self.assertEqual((new.o2c_corrects_id, new.partner_shipping_id), (self.invoice, self.office))

    # What is shown before

    def test_the_difference_is_shown_before_anything_is_done(self):
        self._pay(self.invoice, 950.0)
        wizard = self._wizard(self.invoice)
        self.assertEqual((wizard.verdict, wizard.kinds), ("nothing", ""))
        wizard.line_ids.price_unit = 900.0
        self.assertEqual((wizard.verdict, wizard.kinds), ("reissue", "price"))
        self.assertEqual(
            (wizard.old_total, wizard.new_total, wizard.difference, wizard.moved, wizard.still_open, wizard.left_over),
            (1000.0, 900.0, -100.0, 900.0, 0.0, 50.0),
        )
        self.assertEqual(self.invoice.payment_state, "partial")

    def test_nothing_changed_is_no_correction(self):
        with self.assertRaisesRegex(UserError, "Change what is wrong first"):
            self._wizard(self.invoice).action_correct()

    def test_a_total_other_than_shown_is_refused(self):
        wizard = self._wizard(self.invoice)
        wizard.line_ids.price_unit = 900.0
        with patch.object(self.env.registry["o2c.correction"], "_total", return_value=901.0), \
             self.assertRaises(UserError) as caught:
            wizard.action_correct()
        self.assertIn("Nothing was changed", str(caught.exception))
        self.assertEqual(self.invoice.payment_state, "not_paid")

    # Money

    def test_what_was_paid_moves_over(self):
        payment = self._pay(self.invoice, 400.0)
        new = self._correct(self.invoice, {"price_unit": 900.0})
        self.assertEqual((new.amount_residual, new.payment_state), (500.0, "partial"))
        self.env.invalidate_all()
        self.assertEqual((payment.reconciled_invoice_ids, payment.invoice_ids), (new, new))

    def test_what_was_paid_too_much_is_credit(self):
        payment = self._pay(self.invoice, 1000.0)
        new = self._correct(self.invoice, {"price_unit": 899.99})
        self.assertEqual(new.amount_residual, 0.0)
        self.assertIn(new.payment_state, ("paid", "in_payment"))
        receivable = payment.move_id.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        self.assertEqual(receivable.amount_residual, -100.01)

    def test_an_earlier_credit_note_still_counts(self):
        reversal = self.env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=self.invoice.ids,
        ).create({"journal_id": self.invoice.journal_id.id})
        reversal.refund_moves()
        reversal.new_move_ids.invoice_line_ids.price_unit = 100.0
        reversal.new_move_ids.action_post()
        (reversal.new_move_ids | self.invoice).line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        ).reconcile()
        new = self._correct(self.invoice, {"price_unit": 900.0})
        self.assertEqual(new.amount_residual, 800.0)

    def test_a_receipt_is_not_sent_again(self):
        self._pay(self.invoice, 400.0)
        events = self.env["o2c.money.event"].sudo()
        domain = [("kind", "!=", "residual_changed")]
        before = events.search_count(domain)
        self._correct(self.invoice, {"price_unit": 900.0})
        self.assertEqual(events.search_count(domain), before)

    def test_a_foreign_currency(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create([
            {"currency_id": euro.id, "name": "2026-01-01", "rate": 0.5, "company_id": self.env.company.id},
            {"currency_id": euro.id, "name": "2026-02-01", "rate": 0.8, "company_id": self.env.company.id},
        ])
        with freeze_time("2026-01-10"):
            invoice = self._make_invoice(100.0, currency_id=euro.id, invoice_date="2026-01-10")
            self._pay(invoice, 40.0, currency_id=euro.id, payment_date="2026-01-10")
        with freeze_time("2026-02-10"):
            new = self._correct(invoice, {"price_unit": 90.0})
        self.assertEqual((new.currency_id, new.amount_total, new.amount_residual), (euro, 90.0, 50.0))
        self.assertEqual((invoice.payment_state, invoice.amount_residual), ("reversed", 0.0))
        self.assertEqual(new.o2c_correction_credit_id.amount_residual, 0.0)

    def test_cash_rounding(self):
        rounding = self.env["account.cash.rounding"].create({
            "name": "0.05", "rounding": 0.05, "strategy": "add_invoice_line",
            "profit_account_id": self.company_data["default_account_revenue"].id,
            "loss_account_id": self.company_data["default_account_expense"].id,
        })
        invoice = self._make_invoice(10.02, invoice_cash_rounding_id=rounding.id)
        self.assertEqual(invoice.amount_total, 10.0)
        new = self._correct(invoice, {"price_unit": 20.03})
        self.assertEqual((new.amount_total, new.invoice_cash_rounding_id), (20.05, rounding))

    # Dates

    def test_instalments_keep_their_days(self):
        invoice = self._make_invoice(1000.0, self.term, invoice_date="2026-01-01")
        days = invoice.line_ids.filtered("date_maturity").sorted("date_maturity").mapped("date_maturity")
        new = self._correct(invoice, {"price_unit": 900.0})
        lines = new.line_ids.filtered("date_maturity").sorted("date_maturity")
        self.assertEqual(lines.mapped("date_maturity"), days)
        self.assertEqual(lines.mapped("amount_residual"), [270.0, 630.0])
        self.assertEqual(new.invoice_date_due, max(days))

    def test_instalments_start_again(self):
        invoice = self._make_invoice(1000.0, self.term, invoice_date="2026-01-01")
        new = self._correct(invoice, {"price_unit": 900.0}, dates="restart")
        today = Date.today()
        self.assertEqual(
            new.line_ids.filtered("date_maturity").sorted("date_maturity").mapped("date_maturity"),
            [today, today + timedelta(days=30)],
        )

    def test_a_due_date_without_terms(self):
        days = {"invoice_date": "2026-01-01", "invoice_date_due": "2026-01-15"}
        kept = self._correct(self._make_invoice(10.0, **days), {"price_unit": 9.0})
        self.assertEqual(kept.invoice_date_due, Date.to_date("2026-01-15"))
        again = self._correct(self._make_invoice(10.0, **days), {"price_unit": 9.0}, dates="restart")
        self.assertEqual(again.invoice_date_due, Date.today() + timedelta(days=14))
        self.assertEqual(again.line_ids.filtered("date_maturity").date_maturity, again.invoice_date_due)

    # Orders

    def test_an_order_counts_the_new_invoice(self):
        order = self._make_order(1000.0)
        invoice = self._invoice(order)
        new = self._correct(invoice, {"price_unit": 800.0})
        line = order.order_line
        self.assertEqual((line.qty_invoiced, line.qty_to_invoice, order.invoice_status), (1.0, 0.0, "invoiced"))
        self.assertEqual(new.invoice_line_ids.sale_line_ids, line)
        self.assertEqual(new.invoice_origin, order.name)

    def test_an_order_with_more_left_to_invoice_is_named(self):
        order = self._make_order(1000.0)
        order.order_line.product_uom_qty = 2
        wizard = self._wizard(self._invoice(order))
        wizard.line_ids.quantity = 1
        self.assertIn(f"{order.name} has more to invoice then", wizard.hints)
        wizard.action_correct()
        self.assertEqual(order.order_line.qty_to_invoice, 1.0)

    # What is refused

    def test_a_payment_under_way_comes_first(self):
        wizard = self._wizard(self.invoice)
        wizard.line_ids.price_unit = 900.0
        cashier = self.env["o2c.cashier"]
        quote = cashier._quote(self.invoice, choice="all")
        transaction = self._create_transaction(
            "direct", reference="under way", amount=quote.amount, currency_id=quote.currency_id,
            partner_id=self.customer.id, **cashier._transaction_values(quote, "payer"),
        )
        self.assertEqual(transaction.o2c_allocation_ids.state, "live")
        with self.assertRaisesRegex(UserError, "is under way"):
            wizard.action_correct()
        with self.assertRaisesRegex(UserError, "is under way"):
            self.invoice.action_o2c_correct()
        transaction._set_canceled()
        wizard.action_correct()
        self.assertEqual(wizard.result_id.amount_total, 900.0)

    def test_what_somebody_began_to_pay_and_left_long_ago_holds_up_nothing(self):
        cashier = self.env["o2c.cashier"]
        quote = cashier._quote(self.invoice, choice="all")
        transaction = self._create_transaction(
            "direct", reference="left", amount=quote.amount, currency_id=quote.currency_id,
            partner_id=self.customer.id, **cashier._transaction_values(quote, "payer"),
        )
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = %s WHERE id = %s",
            [Datetime.now() - timedelta(days=1), transaction.id],
        )
        transaction.invalidate_recordset(["create_date"])
        self._correct(self.invoice, {"price_unit": 900.0})
        self.assertEqual(transaction.o2c_allocation_ids.state, "released")

    def test_what_cannot_be_corrected_says_why(self):
        draft = self._make_invoice(post=False)
        with self.assertRaisesRegex(UserError, "Only a posted customer invoice"):
            draft.action_o2c_correct()
        other = self.env["res.partner"].create({"name": "Other Ltd"})
        with self.assertRaisesRegex(UserError, "belongs to another customer"):
            self._correct(self.invoice, partner_id=other.id)
        with self.assertRaisesRegex(UserError, "Nothing is left to invoice"):
            self._correct(self.invoice, {"quantity": 0})
        self._correct(self.invoice, {"price_unit": 1.0})
        with self.assertRaisesRegex(UserError, "was corrected already"):
            self.invoice.action_o2c_correct()

    def test_lock_dates_are_odoos(self):
        today, before = Date.today(), Date.today() - timedelta(days=40)
        invoice = self._make_invoice(1000.0, invoice_date=before)
        self._pay(invoice, 400.0, payment_date=before)
        self.env.company.fiscalyear_lock_date = before + timedelta(days=1)
        new = self._correct(invoice, {"price_unit": 900.0})
        self.assertEqual((new.invoice_date, new.date, new.o2c_correction_credit_id.date), (today, today, today))
        self.assertEqual((new.amount_residual, invoice.invoice_date), (500.0, before))

    def test_what_is_being_sent_comes_first(self):
        self.env["o2c.send.run"]._start(self.invoice)
        with self.assertRaisesRegex(UserError, "being sent at this moment"):
            self.invoice.action_o2c_correct()

    # Once

    def test_twice_is_once(self):
        wizard = self._wizard(self.invoice)
        wizard.line_ids.price_unit = 900.0
        first, count = wizard.action_correct(), self.env["account.move"].search_count([])
        self.assertEqual(wizard.action_correct(), first)
        self.assertEqual(self.env["account.move"].search_count([]), count)
        self.assertEqual(len(self._sent(wizard.result_id)), 1)

    def test_of_two_people_the_second_is_told(self):
        mine, theirs = self._wizard(self.invoice), self._wizard(self.invoice)
        for wizard in (mine, theirs):
            wizard.line_ids.price_unit = 900.0
        mine.action_correct()
        with self.assertRaisesRegex(UserError, "was corrected already"):
            theirs.action_correct()

    # What is told

    def test_the_documents_are_sent_and_say_what_changed(self):
        new = self._correct(self.invoice, {"price_unit": 900.0}, words="Sorry for last year's price.")
        credit = new.o2c_correction_credit_id
        self.assertEqual(self._sent(new, credit), new | credit)
        self.assertEqual(
            new._o2c_correction_text(),
            f"This invoice takes the place of {self.invoice.name}, which {credit.name} cancels. Corrected: price. "
            "Sorry for last year's price.",
        )
        self.assertEqual(
            credit._o2c_correction_text(),
            f"This credit note cancels {self.invoice.name}. {new.name} takes its place.",
        )
        for move in (self.invoice, credit, new):
            self.assertIn("→ 1 × $&nbsp;900.00", str(move.message_ids.mapped("body")), move.name)
        self.assertEqual(self.invoice._get_alerts()["o2c_corrected"]["action"]["res_id"], new.id)

    def test_the_mail_says_it(self):
        new = self._correct(self.invoice, {"price_unit": 900.0})
        [reader] = self.env["o2c.recipients"]._of_contact(self.customer, new.company_id)
        html, text = self.env["o2c.invoice.mail"]._write(new, reader, "Invoice", "Hello")
        for page in (html, text):
            self.assertIn(f"takes the place of {self.invoice.name}", page)
        html, text = self.env["o2c.invoice.mail"]._write(self._make_invoice(), reader, "Invoice", "Hello")
        self.assertNotIn("Corrected", html + text)

    def test_the_mails_go_out(self):
        new = self._correct(self.invoice, {"price_unit": 900.0})
        with patch.object(self.env.registry["ir.cron"], "_commit_progress", lambda *args, **kwargs: float("inf")), \
             patch.object(self.env.cr, "rollback", lambda: None):
            self.env["o2c.send.run"].with_user(SUPERUSER_ID)._cron_send()
        mails = self.env["mail.mail"].sudo().search([
            ("model", "=", "account.move"), ("res_id", "in", (new | new.o2c_correction_credit_id).ids),
            ("o2c_send_item_id", "!=", False),
        ]).sorted("res_id")
        self.assertEqual([mail.o2c_delivery_id.address for mail in mails], ["payer@example.com"] * 2)
        for mail, text in zip(mails, ("This credit note cancels", "This invoice takes the place"), strict=True):
            self.assertIn(text, mail.body_html)
            self.assertEqual(len(mail.attachment_ids), 1)

    def test_the_paper_names_the_wrong_invoice(self):
        new = self._correct(self.invoice, {"price_unit": 900.0})
        for move, text in ((new, f"takes the place of {self.invoice.name}"), (new.o2c_correction_credit_id, "cancels")):
            html, _type = self.env["ir.actions.report"]._render_qweb_html("account.report_invoice", move.ids)
            self.assertIn(text, html.decode())

    def test_a_corrected_copy_says_so(self):
        self._correct(self.invoice, reference="PO 2", send=False)
        self.assertIn(f"corrected copy of {self.invoice.name}", self.invoice._o2c_correction_text())
        self.assertFalse(self._sent(self.invoice))

    def test_a_plan_ends(self):
        invoice = self._make_invoice(1000.0)
        plan = self._plan_over(invoice)
        wizard = self._wizard(invoice)
        wizard.line_ids.price_unit = 900.0
        self.assertIn(f"{plan.name} ends", wizard.hints)
        wizard.action_correct()
        self.assertEqual((plan.state, plan.reason), ("cancelled", f"{invoice.name} was corrected."))

    def _plan_over(self, invoice):
        wizard = self.env["o2c.payment.plan.propose"].with_context(default_move_ids=invoice.ids).create({})
        wizard.action_activate()
        return invoice._o2c_plans(["active"])

    # Who may

    def test_only_receivables_users_of_the_company(self):
        invoicing = new_test_user(self.env, "correct_invoicing", groups="account.group_account_invoice")
        with self.assertRaises(AccessError):
            self.env["o2c.invoice.correction"].with_user(invoicing).create({"move_id": self.invoice.id})
        clerk = new_test_user(self.env, "correct_clerk", groups="o2c_portal.o2c_portal_group_user")
        wizard = self.env["o2c.invoice.correction"].with_user(clerk).create({"move_id": self.invoice.id})
        wizard.line_ids.price_unit = 900.0
        wizard.action_correct()
        self.assertEqual(wizard.result_id.amount_total, 900.0)

    def test_the_invoice_of_another_company_is_none(self):
        other = self.env["res.company"].create({"name": "Other"})
        clerk = new_test_user(self.env, "correct_foreign", groups="o2c_portal.o2c_portal_group_user",
                              company_id=other.id, company_ids=[Command.set(other.ids)])
        with self.assertRaises(AccessError):
            self.env["o2c.invoice.correction"].with_user(clerk).create({"move_id": self.invoice.id})

    # What pays it

    def test_links_and_codes_and_references_follow(self):
        links = self.env["o2c.pay.link"].sudo()
        link = links._get_or_create(self.invoice, "pdf")[self.invoice.id]
        mailed = links._for_readers([(self.invoice, "payer@example.com")], "email")
        code, token = paycode.parse(link._code()), link._token()
        advice = self.env["o2c.remittance"]._for_invoices(self.invoice)[self.invoice.id]
        new = self._correct(self.invoice, {"price_unit": 900.0}, send=False)
        self.assertEqual((links._find(token).move_id, links._find_code(code).move_id), (new, new))
        self.assertEqual({found.move_id for found in mailed.values()}, {new})
        self.assertEqual(link.corrected_move_id, self.invoice)
        self.assertEqual((advice.move_id, advice.amount), (new, 900.0))
        self.assertNotEqual(links._get_or_create(new, "pdf")[new.id], link)
        again = self._correct(new, {"price_unit": 800.0})
        self.assertEqual((link.move_id, link.corrected_move_id), (again, self.invoice))

    def test_links_that_ended_stay_ended(self):
        link = self.env["o2c.pay.link"].sudo()._get_or_create(self.invoice, "pdf")[self.invoice.id]
        link._revoke("leaked")
        self._correct(self.invoice, {"price_unit": 900.0})
        self.assertEqual((link.state, self.env["o2c.pay.page"].sudo()._standing(link)), ("revoked", "gone"))

    def test_only_the_new_one_is_owed(self):
        new = self._correct(self.invoice, {"price_unit": 900.0})
        due = self.env["o2c.due.item"].with_user(SUPERUSER_ID).search([
            ("move_id", "in", (self.invoice | new | new.o2c_correction_credit_id).ids),
        ])
        self.assertEqual((due.move_id, due.residual), (new, 900.0))


class TestCorrectionPage(CorrectionMixin, PayPageCase):
    def test_a_payer_sees_the_new_invoice_and_that_it_was_corrected(self):
        csrf, wish = self._csrf(), self._wish()
        self.env.company.o2c_link_show_number = True
        new = self._correct(self.due_invoice, {"price_unit": 900.0})
        text = self._pay_page().text
        self.assertIn(f"Invoice <bdi>{self.due_invoice.name}</bdi> was corrected. You are seeing", text)
        self.assertIn(new.name, text)
        self.assertEqual(self._code(self._start(wish, csrf)), (409, "corrected"))
        self.assertFalse(self._transactions())
        fresh = self._pay_page(token=self._token_of(new)).text
        self.assertNotIn("was corrected", fresh)

    def test_the_old_link_pays_the_new_invoice(self):
        new = self._correct(self.due_invoice, {"price_unit": 900.0})
        lines = new.line_ids.filtered(lambda line: line.display_type == "payment_term").sorted("date_maturity")
        self.assertEqual(self._code(self._start(self._wish(lines))), (200, "ok"))
        self.assertEqual(self._transactions(new).amount, 900.0)
        self.assertFalse(self._transactions())
