"""The account page as its owner sees it: balances, due items, choosing, checking, and how it went."""

from odoo.fields import Command, Date
from odoo.tests import tagged

from .account_common import NBSP, AccountPageCase


@tagged("post_install", "-at_install")
class TestAccountPage(AccountPageCase):

    @staticmethod
    def _total(amount):
        return f'o2c-amount">${NBSP}{amount}<'

    # What is owed

    def test_shows_balances_and_every_open_item(self):
        page = self._account()
        self._shows(
            page, f"${NBSP}1,120.00", f"${NBSP}650.00", f"${NBSP}600.00", self.due_invoice.name,
            self.today_invoice.name, self.later_invoice.name, "Instalment 1 of 3", "Overdue",
        )
        self.assertEqual(page.text.count('name="item"'), 5)
        self._hides(page, "77.77", self.foreign_invoice.name)

    def test_preselects_what_is_due(self):
        text = self._account().text
        for line in self._terms(self.due_invoice | self.today_invoice | self.later_invoice):
            box = text.partition(f'id="item_{line.id}"')[2].partition("/>")[0]
            with self.subTest(due=line.date_maturity):
                self.assertEqual('checked="' in box, line.date_maturity <= Date.today())

    def test_choices_cost_what_the_review_says(self):
        for choice, amount in [("overdue", "600.00"), ("all", "1,120.00")]:
            self._shows(self._account(), f"${NBSP}{amount}")
            self._shows(self._account(f"/review?group={self.group}&choice={choice}"), self._total(amount))

    def test_promised_items_are_not_overdue(self):
        plans = self.env["o2c.payment.plan"].sudo()
        [item] = [item for item in plans._open_items(self.due_invoice) if item.line_id == self.lines[0].id]
        plans._promise([item], Date.add(Date.today(), days=3))
        self._shows(self._account(), f"of which overdue</dt><dd><bdi>${NBSP}300.00", "Promised")
        self._shows(self._account(f"/review?group={self.group}&choice=overdue"), self._total("300.00"))

    def test_item_under_way_cannot_be_chosen(self):
        quote = self.env["o2c.cashier"]._quote(self.due_invoice, line_ids=self.lines[0].ids)
        values = self.env["o2c.cashier"]._transaction_values(quote, "somebody")
        self._create_transaction(
            "direct", amount=quote.amount, currency_id=self.due_invoice.currency_id.id, reference="other",
            partner_id=self.customer.id, provider_id=self.dummy_provider.id, **values,
        )._set_pending()
        self._hides(self._account(), f'id="item_{self.lines[0].id}"')
        self._shows(self._account(), "In process")
        review = self._account(f"/review{self._selected(self.lines[:2])}")
        self._shows(review, "Left out, because they are paid or being paid: 1", self._total("300.00"))

    def test_nothing_to_pay(self):
        for invoice in (self.due_invoice, self.today_invoice, self.later_invoice):
            self.env["account.payment.register"].with_context(
                active_model="account.move", active_ids=invoice.ids
            ).create({"amount": invoice.amount_residual})._create_payments()
        response = self._account()
        self.assertEqual(response.status_code, 200)
        self._shows(response, "Nothing to pay")
        self._hides(response, "<form")

    def test_without_provider_nothing_is_promised(self):
        self.dummy_provider.state = "disabled"
        self._shows(self._account(), "Online payment is not available")
        self._hides(self._account(), 'name="item"')

    def test_switched_off_online_payment(self):
        self.env["ir.config_parameter"].sudo().set_param("account_payment.enable_portal_payment", "False")
        self._hides(self._account(), 'name="item"')
        self.assertEqual(self._account(f"/review{self._selected(self.lines)}").status_code, 422)

    def test_long_lists_page_and_everything_is_more_than_a_page(self):
        for _number in range(45):
            self._make_invoice(10.0)
        first, second = self._account(), self._account("?page=2")
        self.assertEqual([page.text.count('name="item"') for page in (first, second)], [40, 10])
        self._shows(second, "Page 2 of 2")
        self._shows(self._account(f"/review?group={self.group}&choice=all"), self._total("1,570.00"), "Page 1 of 2")

    def test_search_finds_numbers_and_references(self):
        self.today_invoice.ref = "PO-4711"
        for query in (self.today_invoice.name[-6:], "po-47"):
            page = self._account(f"?q={query}")
            self.assertEqual(page.text.count('name="item"'), 1, query)
            self._shows(page, self.today_invoice.name)
        self._shows(self._account("?q=%25nothing%25"), "No open document matches")

    # Companies and currencies

    def _euro_invoice(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        return self._make_invoice(30.0, currency_id=euro.id)

    def test_one_currency_at_a_time(self):
        invoice = self._euro_invoice()
        self._shows(self._account(), "Currencies and companies")
        self._hides(self._account(), invoice.name)
        other = self._account(f"?group={self.env.company.id}-{invoice.currency_id.id}")
        self._shows(other, invoice.name)
        self._hides(other, self.due_invoice.name)

    def test_a_choice_over_several_currencies_is_kept_and_split(self):
        invoice = self._euro_invoice()
        chosen = self._terms(self.today_invoice | invoice)
        query = "".join(f"&item={line.id}" for line in chosen)
        for address in (f"?choice=selected{query}", f"?group={self.group}&choice=selected{query}"):
            response = self._account(f"/review{address}")
            self.assertEqual(response.status_code, 422)
            self._shows(response, "One payment at a time")
            for line in chosen:
                group = f"{line.company_id.id}-{line.currency_id.id}"
                self._shows(response, f'/my/billing/review?group={group}&amp;choice=selected&amp;item={line.id}"')

    def test_a_choice_without_group_in_one_currency_is_good(self):
        response = self._account(f"/review?choice=selected&item={self.lines[0].id}")
        self.assertEqual(response.status_code, 200)

    # Checking

    def test_review_lists_what_will_be_paid(self):
        response = self._account(f"/review{self._selected(self.lines[:2], f'&amount_{self.lines[1].id}=99.5')}")
        self.assertEqual(response.status_code, 200)
        self._shows(
            response, self._total("399.50"), f"of <bdi>${NBSP}300.00</bdi>",
            f'name="amount_{self.lines[1].id}" value="99.5"',
        )

    def test_amounts_that_cannot_be_paid_lead_back_to_their_field(self):
        line = self.lines[0]
        for typed in ("300.01", "0", "-5", "x", "1e2", "12.345", "9" * 20, "NaN"):
            with self.subTest(typed=typed):
                response = self._account(f"/review{self._selected(line, f'&amount_{line.id}={typed}')}")
                self.assertEqual(response.status_code, 422)
                self._shows(response, 'role="alert"', f'href="#amount_{line.id}"', f'value="{typed}"')

    def test_amounts_in_the_habits_of_the_reader(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.payer.lang = "de_DE"
        line = self.lines[0]
        self._shows(self._account(), 'value="300,00"')
        review = self._account(f"/review{self._selected(line, f'&amount_{line.id}=99,50')}")
        self.assertEqual(review.status_code, 200)
        self._shows(review, "99,50")

    def test_policy_shapes_the_page_and_explains_itself(self):
        self._policy(self.customer, mode="instalments", on_account=False)
        self._hides(self._account(), 'name="amount_', 'name="on_account"')
        refused = self._account(f"/review{self._selected(self.lines[0], f'&amount_{self.lines[0].id}=5')}")
        self.assertEqual(refused.status_code, 422)
        self._shows(refused, "can only be paid as a whole")
        self.assertEqual(self._account(f"/checkout{self._selected(self.lines[2])}").status_code, 422)
        self._policy(self.customer, on_account=True)
        self._shows(self._account(), 'name="on_account"')

    def test_choosing_nothing_asks_again(self):
        for query in ("", "?choice=all", f"?group={self.group}", f"?group={self.group}&choice=selected"):
            with self.subTest(query=query):
                response = self._account(f"/review{query}")
                self.assertEqual(response.status_code, 422)
                self._shows(response, "Please choose something to pay.")

    def test_early_payment_discount_is_deducted(self):
        term = self.env["account.payment.term"].create({
            "name": "2 % in 10 days", "early_discount": True, "discount_percentage": 10, "discount_days": 10,
            "line_ids": [Command.create({"value": "percent", "value_amount": 100, "nb_days": 30})],
        })
        invoice = self._make_invoice(200.0, term)
        self._shows(self._account(f"/review{self._selected(self._terms(invoice))}"), self._total("180.00"))

    # What a visit costs

    def test_queries_do_not_grow_with_the_items(self):
        counts = []
        for more in (5, 190):
            self.env["account.move"].create([
                self.later_invoice.copy_data({"invoice_date": Date.today()})[0] for _number in range(more)
            ]).action_post()
            self._account()
            before = self.env.cr.sql_log_count
            self._account()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(max(counts), 40, counts)
        self.assertLessEqual(counts[1], counts[0] + 2, counts)

    def test_get_and_head_write_nothing(self):
        self._account(f"/checkout?group={self.group}&choice=all")  # the first visit may build Odoo's asset bundles
        before = self._written()
        every = f"?group={self.group}&choice=all"
        paths = ["", "?page=9&q=x", f"/review{every}", f"/checkout{every}", "/result", "/credits",
                 f"/credits?item={self.lines[0].id}", "/start"]
        for path in paths:
            for method in ("GET", "HEAD"):
                self._account(path, method=method)
        self.assertEqual(self._written(), before)

    # In Odoo's own portal

    def test_odoo_pages_lead_here(self):
        self._shows(self.url_open("/my"), "/my/billing")
        counters = self.make_jsonrpc_request("/my/counters", {"counters": ["o2c_due_count"]})
        self.assertEqual(counters["o2c_due_count"], 5)
        self._shows(self.url_open("/my/invoices"), 'href="/my/billing"')
        invoice_page = self.url_open(f"/my/invoices/{self.due_invoice.id}")
        help_address = f"/my/billing/help?invoice={self.due_invoice.id}"
        self._shows(invoice_page, 'name="o2c_account"', f'href="{help_address}"')
        self._shows(self.url_open(help_address), f"/help/already_paid?invoice={self.due_invoice.id}")
        order = self.env["sale.order"].sudo().create({"partner_id": self.customer.id, "order_line": [
            Command.create({"name": "Goods", "product_id": self.product_a.id, "price_unit": 10.0}),
        ]})
        order.action_confirm()
        self.env.flush_all()
        self._shows(self.url_open(f"/my/orders/{order.id}"), 'name="o2c_account"')
        self.authenticate(None, None)
        self.env.flush_all()
        for document in (self.due_invoice, order):
            self._hides(self.url_open(document.get_portal_url()), 'name="o2c_account"', "/my/billing/help")
