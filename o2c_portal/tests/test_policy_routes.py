"""The policy holds on every way to pay: links, Odoo's own routes, calls from programs."""

from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.fields import Command, Date
from odoo.tests import JsonRpcException, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.payment import utils as payment_utils

from ..models.o2c_cashier import PolicyRefusal
from .native_common import NativeCase
from .pay_common import PayPageCase
from .policy_common import PolicyMixin


@tagged("post_install", "-at_install")
class TestPolicyOfLinks(PolicyMixin, PayPageCase):
    """An invoice over 300.00 and 300.00, both late, and 400.00 to come."""

    def _offered(self, suffix=""):
        text = self._pay_page(suffix).text
        return [choice for choice in ("overdue", "next", "all", "other") if f'value="{choice}"' in text]

    # What the page offers

    def test_page_offers_what_the_policy_allows(self):
        for values, expected in [
            ({}, ["overdue", "next", "all", "other"]),
            ({"mode": "items"}, ["overdue", "next", "all"]),
            ({"mode": "instalments"}, ["overdue", "next", "all"]),
            ({"mode": "full"}, ["all"]),
            ({"minimum_kind": "overdue"}, ["overdue", "all", "other"]),
            ({"minimum_kind": "percent", "minimum_percent": 50}, ["overdue", "all", "other"]),
            ({"minimum_kind": "percent", "minimum_percent": 100}, ["overdue", "all", "other"]),  # what is due is enough
        ]:
            with self.subTest(values=values):
                self._policy(self.customer, **values)
                self.assertEqual(self._offered(), expected)

    def test_choices_that_are_not_offered_lead_back(self):
        self._policy(mode="full")
        for suffix in ("/review?choice=next", "/checkout?choice=overdue"):
            self.assertEqual(self._pay_page(suffix).status_code, 303)
        self.assertEqual(self._pay_page("/review?choice=all").status_code, 200)

    # An amount of one's own

    def test_other_amount_goes_to_the_oldest(self):
        review = self._pay_page("/review?choice=other&amount=412.50")
        self.assertEqual(review.status_code, 200)
        for words in ("412.50", "112.50", 'name="amount" value="412.50"'):
            self.assertIn(words, review.text)
        checkout = self._pay_page("/checkout?choice=other&amount=412.50").text
        ids = ", ".join(map(str, self.lines[:2].ids))
        for words in ('data-expected-minor="41250"', f'data-installment-ids="[{ids}]"',
                      'data-amounts-minor="[30000, 11250]"'):
            self.assertIn(words, checkout)
        wish = self._wish(self.lines[:2], expected_minor=41250, amounts_minor=[30000, 11250])
        self.assertEqual(self._code(self._start(wish)), (200, "ok"))
        allocations = self._transactions().o2c_allocation_ids
        self.assertEqual(allocations.mapped("amount"), [300.0, 112.5])

    def test_other_amount_is_read_in_the_readers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        for accept, typed, status in [("fr", "12,50", 200), ("fr", "1 000,00", 200), ("en", "1,000.00", 200)]:
            with self.subTest(accept=accept, typed=typed):
                suffix = "/review?choice=other&amount=" + typed.replace(" ", "%20")
                self.assertEqual(self._pay_page(suffix, headers={"Accept-Language": accept}).status_code, status)

    def test_an_amount_that_cannot_be_paid_is_explained_beside_its_field(self):
        self._policy(self.customer, minimum_kind="amount", minimum_amount=50)
        for typed, words in [
            ("", "such as 300.00"), ("abc", "such as 300.00"), ("-5", "such as"), ("1.234", "such as"),
            ("49.99", "smallest amount you can pay is $\N{NO-BREAK SPACE}50.00"), ("0", "at most"),
            ("1000.01", "at most $\N{NO-BREAK SPACE}1,000.00"), ("9" * 400, "such as"), ("<script>", "such as"),
        ]:
            with self.subTest(typed=typed[:20]):
                response = self._pay_page(f"/review?choice=other&amount={typed}")
                self.assertEqual(response.status_code, 422)
                self.assertIn(words, response.text)
                for mark in ('role="alert"', 'aria-invalid="true"', 'id="o2c-amount-error"'):
                    self.assertIn(mark, response.text)
                self.assertNotIn("<script>", response.text.partition("<main")[2])
                self.assertEqual(self._pay_page(f"/checkout?choice=other&amount={typed}").status_code, 303)
        self.assertEqual(self._pay_page("/review?choice=other&amount=50").status_code, 200)

    def test_other_amount_of_everything_takes_the_discount(self):
        term = self._make_term((100, 30))
        term.write({"early_discount": True, "discount_percentage": 2, "discount_days": 10})
        invoice = self._make_invoice(1000.0, term)
        token = self._token_of(invoice)
        self.assertIn("20.00", self._pay_page("/review?choice=other&amount=980", token=token).text)
        self.assertIn("at most", self._pay_page("/review?choice=other&amount=981", token=token).text)
        self.assertNotIn("discount", self._pay_page("/review?choice=other&amount=979", token=token).text)

    # What can be started

    def test_start_refuses_what_the_policy_does_not_allow(self):
        first, second, third = self.lines
        for values, lines, amounts, expected in [
            ({"mode": "full"}, first, None, "$\N{NO-BREAK SPACE}1,000.00"),
            ({"mode": "full"}, first + second, None, "$\N{NO-BREAK SPACE}1,000.00"),
            ({"mode": "instalments"}, second, None, "first"),
            ({"mode": "items"}, first, [100], "whole"),
            ({"minimum_kind": "amount", "minimum_amount": 50}, first, [4999], "$\N{NO-BREAK SPACE}50.00"),
            ({"minimum_kind": "overdue"}, third, None, "$\N{NO-BREAK SPACE}600.00"),
            ({"minimum_kind": "percent", "minimum_percent": 40}, first, [30000], "$\N{NO-BREAK SPACE}400.00"),
            ({}, first + second, [100, 30000], "in part"),
        ]:
            self._policy(self.customer, **values)
            changes = {"amounts_minor": amounts, "expected_minor": sum(amounts)} if amounts else {}
            with self.subTest(values=values, amounts=amounts):
                response = self._start(self._wish(lines, **changes))
                self.assertEqual(self._code(response), (422, "policy"))
                self.assertIn(expected, response.json()["error"]["data"]["message"])
        self.assertFalse(self._transactions())
        self._policy(self.customer, mode="full")
        self.assertEqual(self._code(self._start(self._wish())), (200, "ok"))

    def test_nothing_goes_on_account_unless_the_policy_says_so(self):
        wish = self._wish(expected_minor=100500, on_account_minor=500)
        self.assertEqual(self._code(self._start(wish)), (422, "policy"))
        self._policy(self.customer, on_account=True)
        self.assertEqual(self._code(self._start(wish)), (200, "ok"))
        self.assertEqual(self._transactions().o2c_on_account, 5.0)

    # Methods

    def test_hidden_methods_are_missing_explained_and_refused(self):
        self._policy(self.customer, method_ids=[Command.create({
            "payment_method_id": self.payment_method_id, "max_amount": 500, "reason": "No cards above 500, please.",
        })])
        for choice, hidden in [("next", False), ("overdue", True), ("all", True)]:
            with self.subTest(choice=choice):
                text = self._pay_page(f"/checkout?choice={choice}").text
                self.assertEqual("No cards above 500, please." in text, hidden)
                self.assertEqual('name="o_payment_radio"' in text, not hidden)
        response = self._start(self._wish())
        self.assertEqual(self._code(response), (422, "policy"))
        self.assertEqual(response.json()["error"]["data"]["message"], "No cards above 500, please.")
        self.assertEqual(self._code(self._start(self._wish(self.lines[0]))), (200, "ok"))

    def test_hidden_providers_are_missing_explained_and_refused(self):
        self._policy(self.customer, method_ids=[Command.create({
            "provider_id": self.dummy_provider.id, "reason": "Please pay by bank transfer.",
        })])
        text = self._pay_page().text
        self.assertIn("Please pay by bank transfer.", text)
        self.assertNotIn("<form", text)
        csrf = None
        with self.subTest("a page that was open before"):
            self.customer.o2c_policy_id = False
            csrf = self._csrf()
            self._policy(self.customer, method_ids=[Command.create({
                "provider_id": self.dummy_provider.id, "reason": "Please pay by bank transfer.",
            })])
        self.assertEqual(self._code(self._start(self._wish(), csrf=csrf)), (422, "policy"))

    def test_a_saved_card_is_a_card(self):
        brand = self.payment_method.copy({"code": "brand", "primary_payment_method_id": self.payment_method_id})
        token = self._create_token(
            partner_id=self.customer.id, provider_id=self.dummy_provider.id, payment_method_id=brand.id,
        )
        self._policy(self.customer, method_ids=[Command.create({
            "payment_method_id": self.payment_method_id, "max_amount": 500, "reason": "No cards above 500, please.",
        })])
        self._create_new_portal_user(login="owner_card", partner_id=self.customer.id, password="owner_card")
        self.authenticate("owner_card", "owner_card")
        for choice, shown in [("next", True), ("all", False)]:
            text = self._pay_page(f"/checkout?choice={choice}").text
            self.assertEqual(f"o_payment_token_{token.id}" in text, shown)
        wish = self._wish(flow="token", token_id=token.id)
        self.assertEqual(self._code(self._start(wish)), (422, "policy"))


@tagged("post_install", "-at_install")
class TestPolicyOfNativeRoutes(PolicyMixin, NativeCase):

    def _start(self, amount):
        params = self._params(amount=amount)
        return self.make_jsonrpc_request(f"/invoice/transaction/{self.invoice.id}", params)

    def _assert_refused(self, url, params):
        before = self.env["payment.transaction"].sudo().search_count([])
        with mute_logger("odoo.http"), self.assertRaisesRegex(JsonRpcException, "PolicyRefusal"):
            self.make_jsonrpc_request(url, params)
        self.env.invalidate_all()
        self.assertEqual(self.env["payment.transaction"].sudo().search_count([]), before)

    def test_the_invoice_route(self):
        url = f"/invoice/transaction/{self.invoice.id}"
        for values, amount in [
            ({"mode": "full"}, 300), ({"mode": "items"}, 299), ({"mode": "instalments"}, 999),
            ({"minimum_kind": "amount", "minimum_amount": 100}, 99.99),
        ]:
            self._policy(self.customer, **values)
            with self.subTest(values=values):
                self._assert_refused(url, self._params(amount=amount))
        self._policy(self.customer, mode="full")
        self.assertEqual(self._start(1000.0)["amount"], 1000.0)

    def test_the_overdue_route(self):
        late = self._make_invoice(1000, self.term, invoice_date=Date.today() - timedelta(days=10))
        self._policy(self.customer, mode="full")
        self.authenticate("payer", "payer")
        params = self._params(late, amount=300.0, payment_reference=late.name)
        params.pop("access_token")
        self._assert_refused("/invoice/transaction/overdue", params)
        self._policy(self.customer, mode="instalments")
        result = self.make_jsonrpc_request("/invoice/transaction/overdue", params)
        self.assertEqual(result["amount"], 300.0)

    def test_amounts_without_a_document(self):
        currency = self.env.company.currency_id
        token = payment_utils.generate_access_token(self.customer.id, 77.0, currency.id, env=self.env)
        params = {**self._params(amount=77.0, access_token=token, landing_route="/payment/confirmation"),
                  "currency_id": currency.id, "partner_id": self.customer.id, "reference_prefix": "X"}
        self.assertEqual(self.make_jsonrpc_request("/payment/transaction", params)["amount"], 77.0)
        self._policy(self.customer)
        self._assert_refused("/payment/transaction", params)
        self._policy(self.customer, on_account=True)
        self.assertEqual(self.make_jsonrpc_request("/payment/transaction", params)["amount"], 77.0)

    def test_methods_that_are_not_offered(self):
        self._policy(self.customer, method_ids=[Command.create({
            "provider_id": self.provider_sudo.id, "payment_method_id": self.payment_method_id, "max_amount": 500,
            "reason": "No cards above 500, please.",
        })])
        url = f"/invoice/transaction/{self.invoice.id}"
        self._assert_refused(url, self._params(amount=1000.0))
        self.assertEqual(self._start(300.0)["amount"], 300.0)

    def test_contacts_who_see_their_own_documents_only(self):
        contact = self.env["res.partner"].create({"name": "Colleague", "parent_id": self.customer.id})
        new_test_user(self.env, "colleague", groups="base.group_portal", partner_id=contact.id)
        mine = self._make_invoice(10, partner=contact)
        self._policy(self.customer, documents="own")
        self.authenticate("colleague", "colleague")
        listed = self.url_open("/my/invoices").text
        self.assertIn(mine.name, listed)
        self.assertNotIn(self.invoice.name, listed)
        self.assertIn(mine.name, self.url_open(f"/my/invoices/{mine.id}").text)
        away = self.url_open(f"/my/invoices/{self.invoice.id}", allow_redirects=False)
        self.assertEqual((away.status_code, away.headers["Location"]), (303, "/my"))
        self.assertEqual(self.url_open(self.invoice.get_portal_url(), allow_redirects=False).status_code, 200)
        self._policy(self.customer, documents="all")
        self.assertIn(self.invoice.name, self.url_open("/my/invoices").text)

    def test_the_page_of_an_order_lists_what_is_offered(self):
        self._policy(self.customer, method_ids=[Command.create({
            "payment_method_id": self.payment_method_id, "max_amount": 500, "reason": "No cards above 500, please.",
        })])
        order = self.env["sale.order"].sudo().create({
            "partner_id": self.customer.id, "require_payment": True, "require_signature": False,
            "order_line": [Command.create({"product_id": self.product.id, "price_unit": 1000, "tax_ids": []})],
        })
        order.action_quotation_sent()
        text = self.url_open(order.get_portal_url()).text
        self.assertIn("No cards above 500, please.", text)
        order.order_line.price_unit = 400
        self.assertNotIn("No cards above 500, please.", self.url_open(order.get_portal_url()).text)

    # Programs

    def _values(self, **values):
        return {
            "provider_id": self.provider_sudo.id, "payment_method_id": self.payment_method_id, "reference": "RPC",
            "operation": "online_direct", "currency_id": self.invoice.currency_id.id, "partner_id": self.customer.id,
            "amount": 100.0, **values,
        }

    def test_programs_and_clerks_are_held_to_it_too(self):
        self._policy(self.customer, mode="items")
        transactions = self.env["payment.transaction"]
        with self.assertRaises(PolicyRefusal):
            transactions.create(self._values(invoice_ids=[Command.set(self.invoice.ids)]))
        with self.assertRaises(PolicyRefusal):
            transactions.create(self._values())
        with self.assertRaises(PolicyRefusal):
            transactions.create(self._values(o2c_on_account=100.0))
        for amount in (305.0, 295.0):  # too much, too little of the first
            with self.assertRaises(PolicyRefusal):
                transactions.sudo().create(self._values(invoice_ids=[Command.set(self.invoice.ids)], amount=amount))
        self.assertFalse(transactions.search_count([("reference", "=", "RPC")]))
        transactions.sudo().create(self._values(invoice_ids=[Command.set(self.invoice.ids)], amount=300.0))

    def test_instalments_of_other_documents_are_not_smuggled_in(self):
        other = self._make_invoice(50)
        line = other.line_ids.filtered(lambda line: line.display_type == "payment_term")
        transactions = self.env["payment.transaction"].sudo()
        with self.assertRaises(AccessError):  # whoever asks: the server decides what is paid
            transactions.create(self._values(
                invoice_ids=[Command.set(self.invoice.ids)], amount=50.0,
                o2c_allocation_ids=[Command.create({"move_line_id": line.id, "amount": 50.0})],
            ))
        with self.assertRaises(PolicyRefusal):
            transactions.create(self._values(
                invoice_ids=[Command.set(self.invoice.ids)], amount=50.0,
                o2c_quote=self.env["o2c.cashier"]._quote(other, "all"),
            ))

    def test_what_the_system_alone_decides_cannot_be_typed(self):
        self._policy(self.customer, mode="full")
        line = self.invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")[:1]
        source = self.env["payment.transaction"].sudo().create(self._values(
            reference="SRC", amount=1000.0, invoice_ids=[Command.set(self.invoice.ids)],
        ))
        clerk = new_test_user(self.env, "typist", groups="o2c_portal.o2c_portal_group_user")
        transactions = self.env["payment.transaction"].with_user(clerk)
        claim = [Command.create({"move_line_id": line.id, "amount": 1.0})]
        for smuggled in ({"source_transaction_id": source.id}, {"o2c_allocation_ids": claim},
                         {"child_transaction_ids": [Command.link(source.id)]}):
            with self.subTest(smuggled=smuggled):
                with self.assertRaises(AccessError):
                    transactions.create(self._values(**smuggled))
                defaults = {f"default_{name}": value for name, value in smuggled.items()}
                with self.assertRaises(PolicyRefusal):
                    transactions.with_context(**defaults).create(self._values())
                with self.assertRaises(AccessError):
                    source.with_user(clerk).write(smuggled)
        self.assertEqual(self.env["payment.transaction"].sudo().search([("reference", "in", ("RPC", "SRC"))]), source)

    def test_defaults_of_the_context_start_nothing_unchecked(self):
        self._policy(self.customer, mode="full")
        values = self._values()
        del values["operation"]
        transactions = self.env["payment.transaction"].with_context(
            default_operation="online_direct", default_state="done", default_invoice_ids=self.invoice.ids,
        )
        transaction = transactions.create(values)
        self.assertEqual((transaction.state, transaction.operation, transaction.invoice_ids.ids), ("draft", False, []))
        with self.assertRaises(PolicyRefusal):
            transactions.create(self._values(reference="RPC2"))

    def test_a_source_of_another_operation_makes_no_capture(self):
        self._policy(self.customer, mode="full")
        transactions = self.env["payment.transaction"].sudo()
        saved = transactions.create(self._values(reference="SAVE", operation="validation", amount=0.0))
        with self.assertRaises(PolicyRefusal):
            transactions.create(self._values(source_transaction_id=saved.id))

    def test_captures_are_part_of_what_was_allowed(self):
        self._policy(self.customer, mode="items")
        values = self._values(invoice_ids=[Command.set(self.invoice.ids)], amount=300.0)
        transaction = self.env["payment.transaction"].sudo().create(values)
        self.provider_sudo.write({"support_manual_capture": "partial", "capture_manually": True})
        transaction._set_authorized()
        for amount in (100.0, 200.0):
            transaction._create_child_transaction(amount)._set_done()
        transaction.child_transaction_ids._post_process()
        self.assertEqual([item.open_minor for item in self.invoice._o2c_instalments()], [0, 70000])

    def test_orders_are_not_documents_on_account(self):
        self._policy(self.customer, mode="full")
        order = self.env["sale.order"].sudo().create({
            "partner_id": self.customer.id, "order_line": [Command.create({"product_id": self.product.id})],
        })
        values = self._values(sale_order_ids=[Command.set(order.ids)], amount=1.0)
        self.assertTrue(self.env["payment.transaction"].create(values))
