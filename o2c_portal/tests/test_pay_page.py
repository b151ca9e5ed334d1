"""The pay page as a payer sees it."""

from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from .pay_common import PayPageCase


@tagged("post_install", "-at_install")
class TestPayPage(PayPageCase):

    # What it shows

    def test_says_who_wants_how_much_by_when(self):
        text = self._pay_page().text
        for expected in [self.env.company.name, f"…{self.due_invoice.name[-4:]}", "$\N{NO-BREAK SPACE}600.00",
                         "$\N{NO-BREAK SPACE}300.00", "$\N{NO-BREAK SPACE}1,000.00", "Overdue", "Open"]:
            self.assertIn(expected, text)
        self.assertEqual([text.count(f'value="{choice}"') for choice in ("overdue", "next", "all")], [1, 1, 1])

    def test_reveals_nothing_about_the_customer_or_other_invoices(self):
        self.customer.write({"street": "Canary Street", "vat": False, "phone": "+32 2 555 12 12"})
        self._make_invoice(77.77)
        self.due_invoice.invoice_line_ids.name = "Canary goods"
        for suffix in ["", "/review?choice=all", "/checkout?choice=all"]:
            text = self._pay_page(suffix).text
            for secret in ["Payer Ltd", "payer@example.com", "Canary", "555 12 12", "77.77", self.due_invoice.name]:
                self.assertNotIn(secret, text, suffix)

    def test_company_may_show_the_whole_number(self):
        self.env.company.o2c_link_show_number = True
        self.assertIn(self.due_invoice.name, self._pay_page().text)

    def test_single_instalment_asks_nothing(self):
        self.env.ref("o2c_portal.payment_policy_built_in").sudo().mode = "items"
        invoice = self._make_invoice(50.0)
        text = self._pay_page(token=self._token_of(invoice)).text
        self.assertNotIn('type="radio"', text)
        self.assertIn("$\N{NO-BREAK SPACE}50.00", text)

    def test_options_cost_what_the_cashier_will_charge(self):
        overview = self.env["o2c.pay.page"].sudo()._overview(self.due_invoice)
        cashier = self.env["o2c.cashier"]
        self.assertEqual(
            [(option["choice"], option["quote"]) for option in overview["options"]],
            [(choice, cashier._quote(self.due_invoice, choice=choice)) for choice in ("overdue", "next", "all")],
        )
        self.assertEqual([option["quote"].amount_minor for option in overview["options"]], [60000, 30000, 100000])

    def test_choices_that_mean_the_same_are_one(self):
        future = self._make_invoice(100.0, self.term, invoice_date=fields.Date.add(fields.Date.today(), days=5))
        overview = self.env["o2c.pay.page"].sudo()._overview(future)
        self.assertEqual([option["choice"] for option in overview["options"]], ["next", "all"])

    def test_review_lists_what_will_be_paid(self):
        text = self._pay_page("/review?choice=overdue").text
        self.assertEqual((text.count("<tr>"), text.count("$\N{NO-BREAK SPACE}300.00")), (3, 2))
        self.assertIn("$\N{NO-BREAK SPACE}600.00", text)
        self.assertIn("/checkout", text)

    def test_unknown_choice_leads_back(self):
        for suffix in ["/review", "/review?choice=", "/review?choice=%C3%A9", "/checkout?choice=everything"]:
            with self.subTest(suffix=suffix):
                response = self._pay_page(suffix)
                self.assertEqual(response.status_code, 303)
                self.assertTrue(response.headers["Location"].endswith(f"/pay/{self.token}"))

    # What it costs

    def test_takes_few_queries_and_few_bytes(self):
        self._pay_page()
        before = self.env.cr.sql_log_count
        page = self._pay_page()
        self.assertLessEqual(self.env.cr.sql_log_count - before, 25)
        paths = ["/o2c_portal/static/src/pay/pay.css", "/o2c_portal/static/src/pay/seen.js"]
        files = [self.url_open(path) for path in paths]
        self.assertEqual([file.status_code for file in files], [200, 200])
        self.assertLess(len(page.content) + sum(len(file.content) for file in files), 30_000)

    def test_get_and_head_write_nothing(self):
        self._pay_page("/checkout?choice=all")  # the first visit may build Odoo's asset bundles
        paths = ["", "/review?choice=all", "/checkout?choice=all", "/result", "/start", "/seen", "?amount=1"]
        before = self._written()
        for path in paths:
            for method in ("GET", "HEAD"):
                self._pay_page(path, method=method, headers={"Purpose": "prefetch"})
        self._get("/pay/return")
        self.assertEqual(self._written(), before)
        self.assertEqual(self.link.opens, 0)

    def test_light_pages_set_no_cookie_and_load_nothing_foreign(self):
        for suffix in ["", "/review?choice=all"]:
            self.opener.cookies.pop("session_id", None)
            response = self._pay_page(suffix)
            self.assertNotIn("session_id", response.headers.get("Set-Cookie", ""))
            self.assertNotIn("https://", response.text)
            self.assertIn("script-src 'self';", response.headers["Content-Security-Policy"])

    # In whose words

    def test_language_of_customer_and_reader(self):
        for code in ("fr_FR", "ar_001"):
            self.env["res.lang"]._activate_lang(code)
        self.customer.lang = "fr_FR"
        for accept, expected in [
            ("", 'lang="fr-FR"'), ("fr-CA,fr;q=0.9", 'lang="fr-FR"'), ("ar,en;q=0.5", 'lang="ar-001"'),
            ("de", 'lang="fr-FR"'), ("en-GB", 'lang="en-US"'), ("%%%", 'lang="fr-FR"'), ("x" * 3000, 'lang="fr-FR"'),
        ]:
            with self.subTest(accept=accept[:20]):
                page = self._pay_page(headers={"Accept-Language": accept}).text
                self.assertIn(expected, page)
                self.assertIn('dir="rtl"' if "ar" in expected else 'dir="ltr"', page)

    # Where it stands

    def test_paid_invoice_says_so_without_a_button(self):
        self._pay_by_hand(self.due_invoice)
        response = self._pay_page()
        self.assertEqual(response.status_code, 200)
        self.assertIn("was paid on", response.text)
        for absent in ["<form", "<button", "/review"]:
            self.assertNotIn(absent, response.text)
        self.assertEqual(self._pay_page("/review?choice=all").status_code, 303)

    def test_paid_is_told_whatever_else_holds(self):
        self.due_invoice.action_toggle_block_payment()
        self._pay_by_hand(self.due_invoice)
        self.assertEqual(self.due_invoice.payment_state, "blocked", "else this proves nothing")
        for setting in ("True", "False"):
            with self.subTest(online=setting):
                self._pay_online(setting)
                response = self._pay_page()
                self.assertEqual(response.status_code, 200)
                self.assertIn("was paid on", response.text)

    def _pay_online(self, value):
        self.env["ir.config_parameter"].sudo().set_param("account_payment.enable_portal_payment", value)

    def test_where_nothing_is_paid_online_the_creditor_is_named_and_nothing_starts(self):
        csrf, wish = self._csrf(), self._wish()
        self.env.company.email = "billing@creditor.example"
        self._pay_online("False")
        response = self._pay_page()
        self.assertEqual(response.status_code, 200)
        self.assertIn("Online payment is not available", response.text)
        self.assertIn("billing@creditor.example", response.text)
        self.assertNotIn("<form", response.text)
        for suffix in ("/review?choice=all", "/review?choice=other&amount=5", "/checkout?choice=all"):
            with self.subTest(suffix=suffix):
                self.assertEqual(self._pay_page(suffix).status_code, 303)
        self.assertEqual(self._code(self._start(wish, csrf)), (409, "not_payable"))
        self.assertFalse(self._transactions())

    def test_without_provider_the_creditor_is_named(self):
        self.dummy_provider.state = "disabled"
        self.env.company.email = "billing@creditor.example"
        response = self._pay_page()
        self.assertEqual(response.status_code, 200)
        self.assertIn("Online payment is not available", response.text)
        self.assertIn("billing@creditor.example", response.text)
        self.assertNotIn("<form", response.text)
        self.assertEqual(self._pay_page("/checkout?choice=all").status_code, 303)

    def test_part_in_process_leaves_the_rest_payable(self):
        transaction = self._started(self.lines[0])
        transaction._set_pending()
        text = self._pay_page().text
        self.assertIn("In process", text)
        self.assertIn("$\N{NO-BREAK SPACE}700.00", text)
        self._started(self.lines[1:])._set_pending()
        text = self._pay_page().text
        self.assertIn("Payment in process", text)
        self.assertNotIn("<form", text)

    def test_expiry_is_seen_at_once(self):
        with freeze_time(fields.Datetime.now() + timedelta(days=121)):
            self.assertEqual(self.env["o2c.pay.page"].sudo()._standing(self.link), "gone")

    # Saved methods

    def test_saved_methods_are_shown_to_their_owner_only(self):
        self.payment_method.support_tokenization = True
        saved = self._create_token(partner_id=self.customer.id, provider_id=self.dummy_provider.id)
        colleague = self.env["res.partner"].create({"name": "Colleague", "parent_id": self.customer.id})
        for login, partner in [(None, None), ("colleague_page", colleague), ("owner_page", self.customer)]:
            with self.subTest(login=login):
                if login:
                    self._create_new_portal_user(login=login, partner_id=partner.id, password=login)
                    self.authenticate(login, login)
                text = self._pay_page("/checkout?choice=all").text
                self.assertEqual(f"o_payment_token_{saved.id}" in text, login == "owner_page")
                self.assertEqual("o_payment_tokenize_checkbox" in text, login == "owner_page")

    # How it went

    def test_result_tells_the_truth(self):
        for state, words in [
            ("draft", "has not been completed"), ("pending", "is being processed"), ("done", "was received"),
            ("cancel", "was cancelled"), ("error", "failed"),
        ]:
            invoice = self._make_invoice(40.0)
            token = self._token_of(invoice)
            line = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
            self.assertEqual(self._code(self._start(self._wish(line), token=token)), (200, "ok"))
            transaction = self._transactions(invoice)
            transaction.state = state
            with self.subTest(state=state):
                back = self._get("/pay/return")
                self.assertTrue(back.headers["Location"].endswith(f"/pay/{token}/result"))
                text = self._pay_page("/result", token=token).text
                self.assertIn(words, text)
                self.assertNotIn(transaction.reference, text, "the number stays masked")
                self.assertIn(transaction.reference[-4:], text)
                self.assertEqual("Try again" in text, state in ("cancel", "error"))

    def test_result_of_a_bank_transfer_says_how_to_make_it(self):
        self.assertEqual(self._code(self._start(self._wish())), (200, "ok"))
        self.env.cr.execute("UPDATE payment_provider SET code = 'custom' WHERE id = %s", [self.dummy_provider.id])
        self.env.invalidate_all()
        self.dummy_provider.sudo().pending_msg = "<p>To account BE71 0961 2345 6769</p>"
        transaction = self._transactions()
        transaction._set_pending()
        text = self._pay_page("/result").text
        self.assertIn("<p>To account BE71 0961 2345 6769</p>", text)
        self.assertNotIn("You need not do anything", text)
        self.assertIn("Continue", self._pay_page().text, "whoever does not transfer it may still pay online")

    def test_result_promises_a_receipt_only_where_one_is_sent(self):
        self.assertEqual(self._code(self._start(self._wish())), (200, "ok"))
        self._transactions().state = "done"
        self.assertIn("A receipt is on its way", self._pay_page("/result").text)
        self.customer.email = False
        self.assertNotIn("A receipt is on its way", self._pay_page("/result").text)
        self.customer.email = "payer@example.com"
        self.env.company.o2c_receipt_customer = False
        self.assertNotIn("A receipt is on its way", self._pay_page("/result").text)

    def test_result_of_another_link_leads_to_the_link(self):
        self.assertEqual(self._code(self._start(self._wish())), (200, "ok"))
        other = self._token_of(self._make_invoice(40.0))
        self.assertEqual(self._pay_page("/result", token=other).status_code, 303)

    def test_return_without_a_payment_is_unknown(self):
        self.assertEqual(self._get("/pay/return").status_code, 404)

    def test_stored_landing_route_holds_no_token(self):
        self._start(self._wish())
        self.assertEqual(self._transactions().landing_route, "/pay/return")

    # Who opened it

    def test_opens_are_counted_by_post_from_our_page(self):
        self.assertEqual(self._pay_page("/seen", method="POST").status_code, 204)
        self.assertEqual(
            self._pay_page("/seen", method="POST", headers={"Sec-Fetch-Site": "cross-site"}).status_code, 400
        )
        self.assertEqual((self.link.opens, bool(self.link.last_open_at)), (1, True))

    def _pay_by_hand(self, invoice):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({"amount": invoice.amount_residual})._create_payments()

    def _started(self, lines):
        quote = self.env["o2c.cashier"]._quote(self.due_invoice, line_ids=lines.ids)
        values = self.env["o2c.cashier"]._transaction_values(quote, f"test-{lines.ids}", self.link)
        return self._create_transaction(
            "direct", reference=f"T{lines.ids}", amount=quote.amount, currency_id=self.due_invoice.currency_id.id,
            partner_id=self.customer.id, provider_id=self.dummy_provider.id, **values,
        )

    def test_a_begun_payment_is_counted_on_the_link_and_leaves_no_note_on_the_invoice(self):
        messages = len(self.invoice.message_ids)
        self.assertEqual(self._code(self._start(self._wish())), (200, "ok"))
        self.env.invalidate_all()
        self.assertEqual(len(self.invoice.message_ids), messages)
        self.assertEqual(self._transactions().o2c_pay_link_id.start_count, 1)
