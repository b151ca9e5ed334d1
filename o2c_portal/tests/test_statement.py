"""Statements say what the ledger says, to the cent, in every currency and company."""

import io
from datetime import datetime

from openpyxl import load_workbook

from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from ..core.statement import Period
from .statement_common import StatementCase


class TestStatement(StatementCase):
    def _numbers(self, section):
        return [row.entry.number for row in section.rows]

    def test_activity_closes_with_the_ledger_on_every_day(self):
        self._busy_account()
        for end in (120, 100, 70, 60, 50, 40, 30, 20, 10, 5, 0):
            for length in (0, 15, 90):
                sections = self._activity(end + length, end)
                with self.subTest(end=end, length=length):
                    closing = {section.currency_id: section.closing for section in sections if section.closing}
                    self.assertEqual(closing, self._ledger(self._ago(end)))
                    before = self._ledger(self._ago(end + length + 1))
                    opening = {section.currency_id: section.opening for section in sections if section.opening}
                    self.assertEqual(opening, before)

    def test_activity_tells_every_document_once(self):
        docs = self._busy_account()
        dollars, euros = sorted(self._activity(200), key=lambda section: section.currency_id == self.euro.id)
        self.assertEqual(
            [(row.entry.kind, row.entry.number, row.entry.amount, row.balance) for row in dollars.rows],
            [
                ("invoice", docs["first"].name, 100000, 100000),
                ("payment", docs["part"].name, -45000, 55000),
                ("invoice", docs["second"].name, 25000, 80000),
                ("credit_note", docs["refund"].name, -25000, 55000),
                ("payment", docs["loose"].name, -8000, 47000),
            ],
        )
        self.assertEqual((dollars.opening, dollars.charges, dollars.credits), (0, 125000, 78000))
        first, part = dollars.rows[0].entry, dollars.rows[1].entry
        self.assertEqual((first.note, first.date_due, first.move_id), ("PO 77", self._ago(70), docs["first"].id))
        self.assertEqual((part.note, part.date_due), (docs["first"].name, None))
        self.assertEqual(
            [(row.entry.number, row.entry.amount) for row in euros.rows],
            [(docs["foreign"].name, 40000), (docs["foreign_part"].name, -15000)],
        )

    def test_balance_is_brought_forward(self):
        docs = self._busy_account()
        sections = {section.currency_id: section for section in self._activity(30)}
        dollars = sections[self.company.currency_id.id]
        self.assertEqual((dollars.opening, dollars.closing), (80000, 47000))
        self.assertEqual(self._numbers(dollars), [docs["refund"].name, docs["loose"].name])
        self.assertEqual(self._activity(400, 300), [])
        quiet = {section.currency_id: section for section in self._activity(3)}
        self.assertEqual((quiet[self.euro.id].opening, quiet[self.euro.id].rows), (25000, ()))

    def test_open_items_of_today_are_the_due_items(self):
        docs = self._busy_account()
        entry = self._entry(33.0, days=3)
        sections = self._open()
        items = self.env["o2c.due.item"].search([("partner_id", "=", self.customer.id)])
        self.assertEqual(
            {section.currency_id: section.closing for section in sections},
            {currency.id: round(sum(own.mapped("residual")) * 100)
             for currency, own in items.grouped("currency_id").items()},
        )
        self.assertEqual(sum(len(section.rows) for section in sections), len(items))
        dollars = next(section for section in sections if section.currency_id == self.company.currency_id.id)
        found = [(row.entry.number, row.entry.part, row.entry.parts, row.entry.amount, row.entry.open, row.balance)
                 for row in dollars.rows]
        self.assertEqual(found[0], (docs["first"].name, 2, 2, 70000, 55000, 55000))
        self.assertEqual(found[1:], [
            (docs["loose"].name, 0, 0, -8000, -8000, 47000), (entry.name, 0, 0, 3300, 3300, 50300),
        ])

    def test_open_items_of_a_past_day(self):
        docs = self._busy_account()
        dollar = self.company.currency_id.id

        def found(day):
            return {section.currency_id: [(row.entry.number, row.entry.part, row.entry.open) for row in section.rows]
                    for section in self._open(day)}

        first = docs["first"].name
        self.assertEqual(found(101), {})
        self.assertEqual(found(61), {dollar: [(first, 1, 30000), (first, 2, 70000)]})
        self.assertEqual(found(60), {dollar: [(first, 2, 55000)]})
        self.assertEqual(found(30)[dollar], [(first, 2, 55000), (docs["second"].name, 1, 25000)])
        self.assertEqual(found(30)[self.euro.id], [(docs["foreign"].name, 1, 40000)])
        self.assertEqual(found(20)[self.euro.id], [(docs["foreign"].name, 1, 25000)])
        for day in (90, 60, 45, 20, 10, 1):
            with self.subTest(day=day):
                self.assertEqual({section.currency_id: section.closing for section in self._open(day)},
                                 self._ledger(self._ago(day)))

    def test_a_document_undone_later_was_open_then(self):
        invoice = self._make_invoice(100.0, None, self._ago(30))
        payment = self._pay(invoice, days=20)
        self.assertEqual((self._open(), self._open(25)[0].closing, self._open(15)), ([], 10000, []))
        payment.action_draft()
        payment.action_cancel()
        self.assertEqual((self._open()[0].closing, self._open(15)[0].closing), (10000, 10000))

    def test_paid_in_another_currency_owes_nothing(self):
        invoice = self._make_invoice(400.0, None, self._ago(30), currency_id=self.euro.id)
        self._pay(invoice, days=10, currency_id=self.company.currency_id.id)
        self.assertEqual(invoice.amount_residual, 0)
        sections = {section.currency_id: section for section in self._activity(60)}
        euros, dollars = sections[self.euro.id], sections[self.company.currency_id.id]
        self.assertEqual([(row.entry.kind, row.entry.amount) for row in euros.rows],
                         [("invoice", 40000), ("conversion", -40000)])
        self.assertEqual([(row.entry.kind, row.entry.amount) for row in dollars.rows],
                         [("payment", -80000), ("conversion", 80000)])
        self.assertEqual((euros.closing, dollars.closing), (0, 0))
        self.assertEqual(self._activity(5), [])
        self.assertEqual(self._open(), [])
        self.assertEqual({section.currency_id: section.closing for section in self._activity(60, 15)},
                         {self.euro.id: 40000})

    def test_exchange_differences_are_no_business_of_the_customer(self):
        invoice = self._make_invoice(400.0, None, self._ago(30), currency_id=self.euro.id)
        self.env["res.currency.rate"].create({"name": self._ago(15), "rate": 0.4, "currency_id": self.euro.id,
                                              "company_id": self.company.id})
        self._pay(invoice, days=10, currency_id=self.euro.id)
        self.assertTrue(invoice.line_ids.matched_credit_ids.exchange_move_id)
        self.assertEqual([(row.entry.kind, row.entry.amount) for row in self._activity(60)[0].rows],
                         [("invoice", 40000), ("payment", -40000)])

    def test_entries_by_hand_show_without_the_bookkeepers_words(self):
        entry = self._entry(75.0, days=4)
        row = self._activity(10)[0].rows[0]
        self.assertEqual((row.entry.kind, row.entry.number, row.entry.note), ("entry", entry.name, ""))

    def test_drafts_other_accounts_and_other_people_stay_out(self):
        self._make_invoice(100.0, post=False)
        other = self.env["res.partner"].create({"name": "Stranger"})
        self._make_invoice(100.0, partner=other)
        non_trade = self.company_data["default_account_receivable"].copy({"name": "Loans", "non_trade": True})
        self._entry(50.0, account=non_trade)
        self.assertEqual((self._activity(30), self._open(), self._open(1)), ([], [], []))
        self.assertEqual(self._open(partner=other)[0].closing, 10000)

    def test_companies_apart(self):
        data = self.setup_other_company(name="Second Seller")
        other = data["company"]
        self._make_invoice(100.0, None, self._ago(9))
        self.env["account.move"].with_company(other).create({
            "move_type": "out_invoice", "partner_id": self.customer.id, "invoice_date": self._ago(9),
            "company_id": other.id, "invoice_line_ids": [(0, 0, {"name": "x", "price_unit": 40.0, "tax_ids": []})],
        }).action_post()
        both = self._activity(30, companies=self.company | other)
        self.assertEqual({section.company_id: section.closing for section in both},
                         {self.company.id: 10000, other.id: 4000})
        self.assertEqual([section.closing for section in self._open(companies=other)], [4000])
        self.assertEqual([section.closing for section in self._open(1)], [10000])

    def test_only_documents_of_one_contact(self):
        contact = self.env["res.partner"].create({"name": "Buyer", "parent_id": self.customer.id})
        own = self._make_invoice(10.0, None, self._ago(9), partner=contact)
        self._make_invoice(20.0, None, self._ago(9))
        for day in (0, 1):
            with self.subTest(day=day):
                self.assertEqual(self._numbers(self._open(day, contact=contact)[0]), [own.name])
                self.assertEqual(self._open(day)[0].closing, 3000)

    def test_as_many_queries_for_fifty_customers_as_for_two(self):
        partners = self.env["res.partner"].create([{"name": f"Customer {n}"} for n in range(50)])
        for partner in partners:
            self._make_invoice(100.0, self.term, self._ago(30), partner=partner)
        self.env.flush_all()
        for kind, end, most in (("activity", 0, 4), ("open", 0, 2), ("open", 1, 2)):
            for some in (partners[:2], partners):
                with self.subTest(kind=kind, end=end, customers=len(some)), self.assertQueryCount(most):
                    data = self.service._data(some, self.company, kind, self._ago(60), self._ago(end))
                self.assertEqual([data[partner.id][0].closing for partner in some], [10000] * len(some))

    # Files

    def _sheet(self, period):
        sections = self.service._data(
            self.customer, self.company, period.kind, period.start, period.end)[self.customer.id]
        paper = self.env["o2c.statement.paper"]
        book = load_workbook(io.BytesIO(paper._xlsx(sections, period)))
        lines = paper._csv(sections, period).decode("utf-8-sig").splitlines()
        return list(book.active.iter_rows()), lines

    def test_spreadsheet_holds_numbers_and_dates(self):
        docs = self._busy_account()
        rows, lines = self._sheet(Period("activity", self._ago(200), self.today))
        self.assertEqual(len(rows), len(lines))
        header, invoice = [cell.value for cell in rows[0]], rows[2]
        self.assertEqual(header[-3:], ["Charges", "Payments and credits", "Balance"])
        values = dict(zip(header, (cell.value for cell in invoice), strict=True))
        self.assertEqual((values["Document"], values["Charges"], values["Balance"]), (docs["first"].name, 1000, 1000))
        self.assertEqual(values["Date"], datetime.combine(self._ago(100), datetime.min.time()))
        self.assertEqual(rows[2][header.index("Charges")].number_format, "#,##0.00")
        self.assertIn(f"{self._ago(100)},Invoice,{docs['first'].name},PO 77,{self._ago(70)},1000.00,,1000.00", lines[2])

    def test_no_cell_is_a_formula(self):
        self._make_invoice(10.0, ref='=HYPERLINK("http://evil.example")')
        for period in (Period("activity", self._ago(3), self.today), Period("open", None, self.today)):
            rows, lines = self._sheet(period)
            cells = [cell for row in rows for cell in row if isinstance(cell.value, str) and "HYPERLINK" in cell.value]
            self.assertEqual([cell.data_type for cell in cells], ["s"])
            self.assertIn("\"'=HYPERLINK(", "\n".join(lines))
            self.assertNotRegex("\n".join(lines), r'(^|,)"?=')

    # Paper

    def _html(self, user=None, data=None, docids=None):
        report = self.env["ir.actions.report"]
        report = report.with_user(user) if user else report
        return report._render_qweb_html("o2c_portal.o2c_statement_report", docids, data=data)[0].decode()

    def test_paper_says_the_same(self):
        docs = self._busy_account()
        html = self._html(docids=self.customer.ids)
        self.assertIn("Open items as of", html)
        for text in (docs["first"].name, "PO 77", "(2/2)", "70 days overdue", docs["loose"].name, "Payer Ltd"):
            self.assertIn(text, html)
        html = self._html(data={"partner_ids": self.customer.ids, "company_ids": self.company.ids, "kind": "activity",
                                "date_from": str(self._ago(30)), "date_to": str(self.today)})
        self.assertIn("Opening balance", html)
        self.assertIn(docs["refund"].name, html)
        self.assertNotIn(docs["part"].name, html)

    def test_paper_speaks_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        self._make_invoice(1234.5, None, self._ago(30))
        self.assertIn("1\N{NARROW NO-BREAK SPACE}234,50", self._html(docids=self.customer.ids).replace(
            "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}").replace("\u200b", ""))

    def test_only_staff_prints(self):
        self._busy_account()
        portal = new_test_user(self.env, "statement_portal", groups="base.group_portal")
        sales = new_test_user(self.env, "statement_sales", groups="sales_team.group_sale_salesman")
        for user in (portal, sales):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self._html(user, docids=self.customer.ids)

    def test_staff_prints_for_companies_of_their_own(self):
        other = self._create_company(name="Elsewhere")
        clerk = new_test_user(self.env, "statement_clerk", groups="o2c_portal.o2c_portal_group_user",
                              company_id=other.id, company_ids=[(6, 0, other.ids)])
        invoice = self._make_invoice(1000.0)
        html = self._html(clerk, data={"partner_ids": self.customer.ids, "company_ids": self.company.ids})
        self.assertNotIn(invoice.name, html)
