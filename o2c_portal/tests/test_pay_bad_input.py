"""Whatever is sent to the pay page: one clear answer, never an error of ours, nothing written, nothing revealed."""

import json
from datetime import timedelta
from unittest.mock import patch

import psycopg2

from odoo import fields
from odoo.exceptions import ConcurrencyError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..core.limits import Breaker, Limit
from ..core.start import MAX_INSTALMENTS
from .pay_common import PayPageCase

MONEY_TABLES = (
    "account_move", "account_move_line", "account_partial_reconcile", "account_payment", "payment_transaction",
    "payment_token", "o2c_payment_allocation", "o2c_pay_link",
)


class BadInputCase(PayPageCase):
    def _money(self):
        """Return a hash of every row in which money or a right to it is recorded."""
        self.env.cr.flush()
        hashes = []
        for table in MONEY_TABLES:
            self.env.cr.execute(f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY id), '')) FROM {table} t")
            hashes += self.env.cr.fetchone()
        return hashes


@tagged("post_install", "-at_install")
class TestPayBadAddress(BadInputCase):

    def test_what_is_no_link_looks_like_one_that_does_not_exist(self):
        token, flip = self.token, {"A": "B"}
        portal_token = self.due_invoice._portal_ensure_token()
        unknown = self._get(f"/pay/{'A' * 43}")
        self.assertEqual(unknown.status_code, 404)
        before = self._money()
        for path in [
            "/pay/x", f"/pay/{token[:42]}", f"/pay/{token}A", f"/pay/{'A' * 4096}",
            f"/pay/{token[:-1]}{flip.get(token[-1], 'A')}", f"/pay/{flip.get(token[0], 'A')}{token[1:]}",
            f"/pay/{token.upper()}", f"/pay/{token.lower()}", f"/pay/{token}%00", f"/pay/{token}%0d%0aX-A:1",
            f"/pay/{token}%20", f"/pay/{token}.", f"/pay/{token}=", f"/pay/%20{token}", "/pay/%C3%A9",
            "/pay/%F0%9F%92%B3", "/pay/%FF", "/pay/%C0%AF", f"/pay/{token[:42]}%FF", f"/pay/{token[:42]}%C3%A9",
            "/pay/../..", "/pay/..%2f..%2fweb", "/pay/%252e%252e", "/pay/..\\..\\web",
            f"/pay/x?token={token}", f"/pay/{portal_token}", f"/pay/{'0a' * 32}",
            "/pay/K7QM-2XH9-4TC", f"/pay/{token}/nothing", f"/pay/{token}/invoice.pdf", f"/pay/{token}/review/more",
            "/pay/' OR 1=1--", "/pay/<script>", "/pay/{{7*7}}", "/pay/%25s", f"/pay/{self.link.id}",
            "/pay/null", "/pay/None", "/pay/-1", "/pay/18446744073709551616", f"/pay/x/{token}",
            f"/pay/{'A' * 43}/review", f"/pay/{'A' * 43}/checkout?choice=all", f"/pay/{'A' * 43}/result",
        ]:
            with self.subTest(path=path):
                response = self._get(path)
                self.assertEqual((response.status_code, response.text), (404, unknown.text))
                self.assertNotIn("X-A", response.headers)
        self.assertEqual(self._money(), before)
        self.assertEqual(self._pay_page().status_code, 200)

    def test_parameters_are_ignored(self):
        expected = self._pay_page().text
        for query in [
            "?amount=1&partner_id=2&invoice_id=9", "?token=b", "?token=a&token=b", "?self=1", "?choice=all",
            "?%FF=%FF", "?access_token=%C3%A9", "?debug=1", "?lang=xx_XX", "?db=other", "?args=1&kwargs=2", "?=",
        ]:
            with self.subTest(query=query):
                response = self._pay_page(query)
                self.assertEqual((response.status_code, response.text), (200, expected))

    def test_ended_links_all_say_the_same_and_nothing_else(self):
        texts = set()
        for ended in ["expired", "revoked", "cancelled", "draft", "reversed"]:
            invoice = self._make_invoice(20.0)
            token = self._token_of(invoice)
            self._end(self.env["o2c.pay.link"].sudo()._find(token), ended)
            before = self._money()
            for suffix in ["", "/review?choice=all", "/checkout?choice=all"]:
                with self.subTest(ended=ended, suffix=suffix):
                    response = self._pay_page(suffix, token=token)
                    self.assertEqual(response.status_code, 410)
                    self.assertNotIn(self.env.company.name, response.text)
                    self.assertNotIn(invoice.name[-4:], response.text)
                    texts.add(response.text)
            self.assertEqual(self._money(), before)
        self.assertEqual(len(texts), 1)

    def _end(self, link, how):
        invoice = link.move_id
        if how == "expired":
            link.expires_at = fields.Datetime.now() - timedelta(seconds=1)
        elif how == "revoked":
            link._revoke("Test")
        elif how == "reversed":
            self.env["account.move.reversal"].with_context(active_model="account.move", active_ids=invoice.ids).create({
                "journal_id": invoice.journal_id.id,
            }).modify_moves()
        else:
            invoice.button_draft()
            if how == "cancelled":
                invoice.button_cancel()

    def test_other_methods_are_refused_and_change_nothing(self):
        before = self._money()
        for suffix in ["", "/review", "/checkout", "/result"]:
            for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]:
                with self.subTest(suffix=suffix, method=method):
                    response = self._pay_page(suffix, method=method, data=b"x=1")
                    self.assertEqual((response.status_code, response.headers["Allow"]), (405, "GET, HEAD"))
        for suffix in ["/start", "/seen"]:
            for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]:
                with self.subTest(suffix=suffix, method=method):
                    response = self._pay_page(suffix, method=method)
                    self.assertEqual((response.status_code, response.headers["Allow"]), (405, "POST"))
        self.assertEqual(self._money(), before)

    def test_odd_headers(self):
        for headers in [
            {"Accept-Language": "\x7f"}, {"Accept": "application/json"}, {"X-Forwarded-For": "not an address"},
            {"User-Agent": ""}, {"Range": "bytes=0-1"}, {"If-None-Match": "*"}, {"Content-Type": "application/json"},
        ]:
            with self.subTest(headers=headers):
                self.assertEqual(self._pay_page(headers=headers).status_code, 200)
        for session in ["x" * 84, "../../etc/passwd", "%%%", "", "\u00e9"]:
            with self.subTest(session=session):
                self.opener.cookies["session_id"] = session
                self.assertEqual(self._pay_page().status_code, 200)

    def test_guesses_are_limited_but_good_links_keep_working(self):
        with patch.dict("odoo.addons.o2c_portal.core.limits.LIMITS", {"link_miss_all": Limit(3, 3600)}):
            answers = [self._get("/pay/x") for _i in range(5)]
            self.assertEqual([answer.status_code for answer in answers], [404, 404, 404, 429, 429])
            self.assertEqual(len({answer.text for answer in answers}), 1)
            self.assertEqual(answers[-1].headers["Retry-After"], "600")
            self.assertEqual(self._pay_page().status_code, 200)

    def test_pages_stay_open_when_nothing_can_be_counted(self):
        limiter = self.env.registry["o2c.rate.limiter"]
        with patch.object(limiter, "_count", side_effect=psycopg2.OperationalError), self.assertLogs(level="ERROR"):
            self.assertEqual(self._get("/pay/x").status_code, 404)


@tagged("post_install", "-at_install")
class TestPayBadStart(BadInputCase):

    def setUp(self):
        super().setUp()
        self.csrf = self._csrf()
        # What is tested here is everything but the limiter, which has its own tests.
        self.startPatcher(patch.object(self.env.registry["o2c.rate.limiter"], "_count", lambda *_args: (1, 0, 0.0)))

    def _assert_refused(self, expected, response):
        self.assertEqual(self._code(response), expected)
        self.assertFalse(self._transactions())

    def test_a_good_request_is_accepted_and_holds_what_the_server_knows(self):
        self.assertEqual(self._code(self._start(self._wish(), self.csrf)), (200, "ok"))
        transaction = self._transactions()
        self.assertEqual(
            (transaction.amount, transaction.currency_id, transaction.partner_id, transaction.o2c_pay_link_id,
             transaction.tokenize, transaction.state),
            (1000.0, self.due_invoice.currency_id, self.customer, self.link, False, "draft"),
        )
        self.assertEqual(transaction.o2c_allocation_ids.mapped("amount"), [300.0, 300.0, 400.0])

    def test_csrf_and_origin(self):
        for csrf in ["", "x", None, 1, [], {}, "é", "o", "o9999999999", f"{self.csrf}x", self.csrf[1:]]:
            with self.subTest(csrf=csrf):
                body = {"jsonrpc": "2.0", "method": "call", "params": {**self._wish(), "csrf_token": csrf}}
                self._assert_refused((400, "bad_csrf"), self._start({}, body=json.dumps(body)))
        body = {"jsonrpc": "2.0", "method": "call", "params": self._wish()}
        self._assert_refused((400, "bad_csrf"), self._start({}, body=json.dumps(body)))
        for site in ["cross-site", "same-site", "none", "x"]:
            with self.subTest(site=site):
                response = self._start(self._wish(), self.csrf, headers={"Sec-Fetch-Site": site})
                self._assert_refused((400, "cross_site"), response)

    def test_csrf_of_another_session(self):
        self.opener.cookies.pop("session_id", None)
        self._assert_refused((400, "bad_csrf"), self._start(self._wish(), self.csrf))

    def test_content_type(self):
        for kind in ["text/plain", "", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                     "application/jsonp", "text/json", "application/json-rpc"]:
            with self.subTest(kind=kind):
                response = self._start(self._wish(), self.csrf, headers={"Content-Type": kind})
                self._assert_refused((415, "unsupported_media_type"), response)

    def test_bodies(self):
        good = json.dumps({"params": {**self._wish(), "csrf_token": self.csrf}})
        for body, expected in [
            ("", (400, "malformed")), ("null", (400, "malformed")), ("[]", (400, "malformed")),
            ('"x"', (400, "malformed")), ("{", (400, "malformed")), ("{}", (400, "malformed")),
            ("1", (400, "malformed")), ('{"params": null}', (400, "malformed")), ('{"params": []}', (400, "malformed")),
            (good + "x", (400, "malformed")), (good.encode() + b"\xff", (400, "malformed")),
            (good.encode("utf-16"), (400, "malformed")), ("NaN", (400, "malformed")),
            ('{"params": {"expected_minor": NaN}}', (400, "malformed")),
            ('{"params": {"expected_minor": Infinity}}', (400, "malformed")),
            ("[" * 8000, (400, "malformed")), ('{"a":' * 2000 + "1" + "}" * 2000, (400, "malformed")),
            ('{"params": {"flow": "direct", "flow": "token"}}', (400, "duplicate_key")),
            ('{"params": {}, "params": {}}', (400, "duplicate_key")),
            ('{"params": {}, "context": {}}', (400, "unknown_field")),
        ]:
            with self.subTest(body=body[:40]):
                self._assert_refused(expected, self._start({}, body=body))

    def test_too_much(self):
        for body in ['"' + "x" * 2**20 + '"', "[" * 50_000, " " * 20_000]:
            response = self._start({}, body=body)
            self.assertEqual(response.status_code, 413)
            self.assertIn("error", response.json())

    def test_unknown_fields(self):
        for name in ["state", "landing_route", "reference", "name_next_installment", "partner_id", "amount", "active",
                     "currency_id", "company_id", "is_validation", "access_token", "reference_prefix", "self", "",
                     "custom_create_values", "o2c_payer_key", "payment_reference", "__class__"]:
            with self.subTest(name=name):
                self._assert_refused((400, "unknown_field"), self._start({**self._wish(), name: 1}, self.csrf))

    def test_amounts(self):
        for amount in [-100, 0, 1.5, 100000.0, "100", "100000", "1e3", True, False, None, [100000], {}, 2**63, 2**70,
                       1e300]:
            with self.subTest(amount=amount):
                self._assert_refused((400, "bad_amount"), self._start(self._wish(expected_minor=amount), self.csrf))
        for amount in [1, 99999, 100001, 30000]:
            with self.subTest(amount=amount):
                response = self._start(self._wish(expected_minor=amount), self.csrf)
                self._assert_refused((409, "amount_changed"), response)
                self.assertEqual(response.json()["error"]["data"]["amount_minor"], 100000)

    def test_instalments(self):
        mine, foreign = self.lines[0].id, self._make_invoice(10.0).line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        ).id
        product_line = self.due_invoice.invoice_line_ids.id
        for ids in [[], [mine, mine], [foreign], [mine, foreign], [product_line], [-1], [0], [2**63], [2**31], ["1"],
                    [str(mine)], [True], [1.5], [None], [[mine]], list(range(1, 1001)), [mine] * (MAX_INSTALMENTS + 1),
                    None, mine, "all", {}]:
            with self.subTest(ids=str(ids)[:30]):
                response = self._start(self._wish(installment_ids=ids), self.csrf)
                self._assert_refused((422, "bad_installments"), response)

    def test_providers(self):
        other_company = self.env["res.company"].create({"name": "Elsewhere"})
        foreign = self.dummy_provider.sudo().copy({"company_id": other_company.id, "state": "enabled"})
        disabled = self.dummy_provider.sudo().copy({"state": "disabled"})
        unpublished = self.dummy_provider.sudo().copy({"state": "enabled", "is_published": False})
        test = self.dummy_provider.sudo().copy({"state": "test", "is_published": True})
        for provider in [0, -1, 10**9, "1;drop", None, True, [self.dummy_provider.id], 2**63, foreign.id, disabled.id,
                         unpublished.id, test.id]:
            with self.subTest(provider=provider):
                self._assert_refused(
                    (422, "bad_provider"), self._start(self._wish(provider_id=provider), self.csrf)
                )

    def test_payment_methods(self):
        methods = self.env["payment.method"].sudo()
        foreign = methods.search([("provider_ids", "not in", self.dummy_provider.ids)], limit=1)
        inactive = self.payment_method.sudo().copy({"code": "inactive", "active": False})
        for method in [0, -1, "1", True, 10**9, foreign.id, inactive.id, None]:
            with self.subTest(method=method):
                self._assert_refused(
                    (422, "bad_payment_method"), self._start(self._wish(payment_method_id=method), self.csrf)
                )
        self.payment_method.sudo().supported_currency_ids = self.env.ref("base.KWD")
        self._assert_refused((422, "bad_payment_method"), self._start(self._wish(), self.csrf))

    def test_flows(self):
        for flow in ["", "offline", "refund", "validation", "x" * 10_000, "DIRECT", None, 1, ["direct"], {}]:
            with self.subTest(flow=str(flow)[:20]):
                self._assert_refused((400, "bad_flow"), self._start(self._wish(flow=flow), self.csrf))

    def test_saved_methods_of_others_and_saving_for_others(self):
        saved = self._create_token(partner_id=self.customer.id, provider_id=self.dummy_provider.id)
        colleague = self.env["res.partner"].create({"name": "Colleague", "parent_id": self.customer.id})
        self._create_new_portal_user(login="colleague_start", partner_id=colleague.id, password="colleague_start")
        for login in [None, "colleague_start"]:
            self.authenticate(login, login)
            csrf = self._csrf()
            for changes, code in [
                ({"flow": "token", "token_id": saved.id}, "not_your_method"),
                ({"flow": "token", "token_id": 10**9}, "not_your_method"),
                ({"flow": "token"}, "not_your_method"),
                ({"token_id": saved.id}, "not_your_method"),
                ({"tokenization_requested": True}, "login_required"),
            ]:
                with self.subTest(login=login, changes=changes):
                    self._assert_refused((403, code), self._start(self._wish(**changes), csrf))
        for value in ["true", 1, None, []]:
            with self.subTest(tokenization=value):
                self._assert_refused(
                    (400, "bad_tokenization"), self._start(self._wish(tokenization_requested=value), csrf)
                )

    def test_owner_pays_with_the_saved_method_and_may_save_one(self):
        self.payment_method.support_tokenization = True
        saved = self._create_token(partner_id=self.customer.id, provider_id=self.dummy_provider.id)
        self._create_new_portal_user(login="owner_start", partner_id=self.customer.id, password="owner_start")
        self.authenticate("owner_start", "owner_start")
        with patch.object(self.env.registry["payment.transaction"], "_send_payment_request") as charged:
            wish = self._wish(self.lines[0], flow="token", token_id=saved.id, payment_method_id=None)
            self.assertEqual(self._code(self._start(wish)), (200, "ok"))
        self.assertEqual(charged.call_count, 1)
        self.assertEqual(self._transactions().token_id, saved)
        wish = self._wish(self.lines[1], tokenization_requested=True)
        self.assertEqual(self._code(self._start(wish)), (200, "ok"))
        self.assertTrue(self._transactions()[0].tokenize)

    def test_items_paid_or_being_paid(self):
        self.assertEqual(self._code(self._start(self._wish(self.lines[0]), self.csrf)), (200, "ok"))
        self._transactions()._set_pending()
        self.assertEqual(self._code(self._start(self._wish(self.lines[0]), self.csrf)), (409, "in_progress"))
        self._transactions()._set_done()
        self._transactions()._post_process()
        wish = self._wish(self.lines[0], expected_minor=30000)
        self.assertEqual(self._code(self._start(wish, self.csrf)), (409, "already_paid"))
        self.assertEqual(len(self._transactions()), 1)

    def test_somebody_else_is_quicker(self):
        self.assertEqual(self._code(self._start(self._wish(), self.csrf)), (200, "ok"))
        self.opener.cookies.pop("session_id", None)  # another visitor
        self.assertEqual(self._code(self._start(self._wish())), (409, "in_progress"))
        self.assertEqual(len(self._transactions()), 1)

    def test_invoice_changes_between_page_and_start(self):
        self.due_invoice.button_draft()
        self._assert_refused((409, "not_payable"), self._start(self._wish(expected_minor=100000), self.csrf))
        self.due_invoice.button_cancel()
        self._assert_refused((409, "not_payable"), self._start(self._wish(expected_minor=100000), self.csrf))

    def test_links_that_are_not_good_any_more(self):
        wish = self._wish()
        self.assertEqual(self._code(self._start(wish, self.csrf, token="A" * 43)), (404, "not_found"))
        self.link.expires_at = fields.Datetime.now() - timedelta(seconds=1)
        self._assert_refused((410, "gone"), self._start(wish, self.csrf))

    def test_idempotency_key(self):
        headers = {"Idempotency-Key": "k" * 20}
        first = self._start(self._wish(self.lines[0]), self.csrf, headers=headers)
        again = self._start(self._wish(self.lines[0]), self.csrf, headers=headers)
        self.assertEqual((first.status_code, again.text), (200, first.text))
        other = self._start(self._wish(self.lines[1]), self.csrf, headers=headers)
        self.assertEqual(self._code(other), (422, "key_reused"))
        self.assertEqual(len(self._transactions()), 1)
        for key in ["short", "x" * 65, "with space", "a;b=c'd\"e"]:
            with self.subTest(key=key):
                response = self._start(self._wish(), self.csrf, headers={"Idempotency-Key": key})
                self.assertEqual(self._code(response), (400, "bad_idempotency_key"))

    def test_a_request_that_has_to_run_again_starts_one_payment(self):
        transactions = self.env.registry["payment.transaction"]
        answers = [ConcurrencyError("test"), {"reference": "second run"}]
        self.opener.cookies.pop("session_id", None)  # a payer who has not paid here before
        csrf = self._csrf()
        with patch.object(transactions, "_get_processing_values", side_effect=answers) as asked, \
                patch("odoo.service.model.time.sleep"):
            response = self._start(self._wish(), csrf)
        self.assertEqual((self._code(response), asked.call_count), ((200, "ok"), 2))
        self.assertEqual(len(self._transactions()), 1)
        self.assertIn("/result", self._get("/pay/return").headers["Location"])

    def test_nothing_else_is_written(self):
        before = self._money()
        for changes in [{"expected_minor": 1}, {"provider_id": 0}, {"flow": "x"}, {"installment_ids": []}, {"x": 1}]:
            self._start(self._wish(**changes), self.csrf)
        self.assertEqual(self._money(), before)


@tagged("post_install", "-at_install")
class TestPayStartAgain(BadInputCase):
    """The very same request twice, with a saved method: it is charged once, whatever became of the first charge."""

    def setUp(self):
        super().setUp()
        saved = self._create_token(partner_id=self.customer.id, provider_id=self.dummy_provider.id)
        self._create_new_portal_user(login="owner_again", partner_id=self.customer.id, password="owner_again")
        self.authenticate("owner_again", "owner_again")
        self.wish = self._wish(self.lines[0], flow="token", token_id=saved.id, payment_method_id=None)

    def _start_twice(self, error=None, second_key="k" * 20):
        """Send the request twice; return what was answered, after checking that it started and charged one payment.

        :param error: what the provider's success is followed by, so that its answer is lost
        :param str second_key: the Idempotency-Key of the second request
        """
        def charge(transaction):
            transaction._set_done()
            if error:
                raise error

        body = json.dumps({"params": {**self.wish, "csrf_token": self._csrf()}})
        headers = [{"Content-Type": "application/json", "Idempotency-Key": key} for key in ("k" * 20, second_key)]
        transactions = self.env.registry["payment.transaction"]
        self.env.cr.flush()
        with patch.object(transactions, "_send_payment_request", autospec=True, side_effect=charge) as charged:
            answers = [self.url_open(f"/pay/{self.token}/start", data=body, headers=sent) for sent in headers]
        self.assertEqual((len(self._transactions()), charged.call_count), (1, 1))
        return [(answer.status_code, answer.json().get("result", {}).get("state")) for answer in answers]

    def test_a_charge_that_succeeded_is_not_repeated(self):
        self.assertEqual(self._start_twice(), [(200, "done"), (200, "done")])

    def test_a_charge_that_breaks_off_is_not_repeated(self):
        with self.assertLogs(level="ERROR"):
            self.assertEqual(self._start_twice(RuntimeError("test")), [(503, None), (200, "pending")])

    def test_a_charge_that_breaks_off_keeps_a_new_attempt_from_being_charged(self):
        with self.assertLogs(level="ERROR"):
            self.assertEqual(self._start_twice(RuntimeError("test"), "n" * 20), [(503, None), (409, None)])

    def test_a_charge_in_a_request_that_has_to_run_again_is_not_repeated(self):
        with patch("odoo.service.model.time.sleep"):
            self.assertEqual(self._start_twice(ConcurrencyError("test")), [(200, "pending")] * 2)


@tagged("post_install", "-at_install")
class TestPayStartLimits(BadInputCase):

    def test_the_eleventh_start_of_an_hour_is_refused(self):
        csrf, wish = self._csrf(), self._wish(provider_id=10**9)
        answers = [self._code(self._start(wish, csrf)) for _i in range(11)]
        self.assertEqual(answers, [(422, "bad_provider")] * 10 + [(429, "too_many_requests")])

    def test_three_declines_close_the_link_for_an_hour(self):
        for number in range(3):
            self._create_transaction("direct", reference=f"declined {number}", state="error",
                                     last_state_change=fields.Datetime.now(), o2c_pay_link_id=self.link.id)
        self.assertEqual(self._code(self._start(self._wish())), (429, "too_many_requests"))

    def _declined(self, count, others=0, **values):
        """Have payments end just now, so many of them declined."""
        now, several = fields.Datetime.now(), Breaker(2, 30, 600)
        self.startPatcher(patch("odoo.addons.o2c_portal.core.limits.DECLINES_OF_ALL", several))
        for number in range(count + others):
            self._create_transaction("direct", reference=f"ended {number}", **{
                "state": "error" if number < count else "done", "last_state_change": now, **values,
            })

    def test_many_declines_stop_whoever_is_not_logged_in(self):
        self._declined(3, others=6)
        with self.assertLogs("odoo.addons.o2c_portal.models.o2c_decline_breaker", "ERROR") as log:
            for _time in range(2):
                response = self._start(self._wish())
                self.assertEqual(self._code(response), (429, "too_many_requests"))
                self.assertIn("too many attempts", response.text)
                self.assertTrue(response.headers["Retry-After"])
        self.assertEqual(len(log.output), 1, "once in ten minutes")
        self.assertFalse(self._transactions())
        self._create_new_portal_user(login="known", partner_id=self.customer.id, password="known")
        self.authenticate("known", "known")
        self.assertEqual(self._code(self._start(self._wish())), (200, "ok"))

    def test_few_old_or_other_declines_stop_nobody(self):
        old = fields.Datetime.now() - timedelta(minutes=11)
        for count, others, values in ((3, 7, {}), (3, 0, {"last_state_change": old}), (3, 0, {"operation": "offline"})):
            with self.subTest(others=others, values=values):
                savepoint = self.env.cr.savepoint()
                self._declined(count, others, **values)
                self.assertIs(self.env["o2c.decline.breaker"]._is_tripped(), False)
                savepoint.close(rollback=True)

    def test_a_clerk_has_one_task_about_declines(self):
        self._declined(3)
        clerk = new_test_user(self.env, "clerk", groups="o2c_portal.o2c_portal_group_user")
        self.env.company.o2c_request_user_id = clerk
        visitor = self.env["o2c.decline.breaker"].with_user(self.env.ref("base.public_user")).sudo()
        visitor = visitor.with_company(self.env.company)
        self.env.flush_all()
        for _window in range(2):
            with mute_logger("odoo.addons.o2c_portal.models.o2c_decline_breaker"):
                self.assertIs(visitor._is_tripped(), True)
            self._forget_hits()
        self.env.invalidate_all()
        [task] = self.env.company.partner_id.activity_ids
        self.assertEqual((task.user_id, task.summary), (clerk, "Many online payments are declined"))
        self.assertIn("3 of 3", task.note)

    def test_no_payment_is_started_when_attempts_cannot_be_counted(self):
        csrf, limiter = self._csrf(), self.env.registry["o2c.rate.limiter"]
        before = self._money()
        self.env.cr.flush()
        with patch.object(limiter, "_count", side_effect=psycopg2.OperationalError), self.assertLogs(level="ERROR"):
            body = json.dumps({"params": {**self._wish(), "csrf_token": csrf}})
            response = self.url_open(
                f"/pay/{self.token}/start", data=body, headers={"Content-Type": "application/json"}
            )
        self.assertEqual((response.status_code, response.json()["error"]["message"]), (503, "unavailable"))
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.assertEqual(self._money(), before)
