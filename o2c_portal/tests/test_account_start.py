"""Starting and finishing a payment over many documents: exactly what was chosen, whatever is sent."""

from datetime import timedelta
from unittest.mock import patch

import requests

from odoo import fields
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..core import limits
from ..core.limits import Limit
from .account_common import NBSP, AccountPageCase
from .test_pay_bad_input import BadInputCase


@tagged("post_install", "-at_install")
class TestAccountStart(AccountPageCase):

    def _basket_wish(self, lines, **changes):
        """Return a wish to pay items; ``amounts_minor`` in the order of ``lines`` also sets what it costs."""
        amounts = changes.get("amounts_minor")
        ahead = changes.get("on_account_minor", 0)
        total = sum(amounts) if amounts else round(sum(lines.mapped("amount_residual_currency")) * 100)
        return self._wish(lines, **{"expected_minor": total + ahead, **changes})

    def _paid(self, transaction):
        """Have the provider report success and book the payment."""
        transaction._set_done()
        transaction._post_process()
        self.env.invalidate_all()
        return transaction.payment_id

    def _open(self, lines):
        return [round(line.amount_residual_currency * 100) for line in lines]

    # Exactly what was chosen

    def test_pays_chosen_items_of_several_documents_and_nothing_else(self):
        chosen = self.lines[0] | self._terms(self.later_invoice)
        self.assertEqual(self._code(self._account_start(self._basket_wish(chosen))), (200, "ok"))
        transaction = self._last_transaction()
        self.assertEqual((transaction.amount, transaction.partner_id), (370.0, self.contact))
        self.assertEqual(transaction.landing_route, "/my/billing/result")
        self.assertEqual(transaction.o2c_allocation_ids.move_line_id, chosen)
        payment = self._paid(transaction)
        self.assertEqual(self._open(self.lines), [0, 30000, 40000])
        self.assertEqual(self._open(self._terms(self.today_invoice | self.later_invoice)), [5000, 0])
        self.assertEqual(payment.partner_id, self.customer)
        page = self._account("/result")
        self._shows(page, "your payment was received", self.due_invoice.name, self.later_invoice.name)
        self._hides(page, self.today_invoice.name)

    def test_pays_parts_of_items(self):
        chosen = self.lines[:2] | self._terms(self.today_invoice)
        wish = self._basket_wish(chosen, amounts_minor=[12345, 30000, 1])
        self.assertEqual(self._code(self._account_start(wish)), (422, "policy"))
        self._policy(self.customer, order="payer")
        self.assertEqual(self._code(self._account_start(wish)), (200, "ok"))
        self._paid(self._last_transaction())
        self.assertEqual(self._open(chosen), [17655, 0, 4999])

    def test_many_documents_are_settled_to_the_cent_and_receipted(self):
        self._policy(self.customer, order="payer")
        totals = [10 + number * 1.37 for number in range(60)]
        invoices = self.env["account.move"].union(*(self._make_invoice(total) for total in totals))
        chosen = self._terms(invoices)
        before = self._open(chosen)
        amounts = [minor if number % 3 else minor - 7 for number, minor in enumerate(before)]
        self.assertEqual(self._code(self._account_start(self._basket_wish(chosen, amounts_minor=amounts))), (200, "ok"))
        transaction = self._last_transaction()
        self.assertEqual(transaction.reference, f"{invoices[0].name}+59")
        payment = self._paid(transaction)
        self.assertEqual(self._open(chosen), [was - paid for was, paid in zip(before, amounts, strict=True)])
        self.assertEqual(set(transaction.o2c_allocation_ids.mapped("state")), {"applied"})
        notices = self.env["o2c.money.notice"]
        applied = notices._settled(notices._receivables(payment.move_id))
        self.assertEqual([round(applied[line] * 100) for line in chosen], amounts)
        self.assertEqual(payment._o2c_unapplied(), 0.0)
        for invoice in invoices:
            self.assertTrue(any(payment.name in (message.body or "") for message in invoice.message_ids), invoice.name)

    def test_something_ahead_becomes_credit_and_no_task(self):
        self._policy(self.customer, on_account=True)
        chosen = self._terms(self.today_invoice)
        for lines, ahead in ((chosen, 2500), (chosen.browse(), 700)):
            with self.subTest(documents=len(lines)):
                wish = self._basket_wish(lines, on_account_minor=ahead)
                self.assertEqual(self._code(self._account_start(wish)), (200, "ok"))
                payment = self._paid(self._last_transaction())
                self.assertEqual(payment._o2c_unapplied(), ahead / 100)
                self.assertFalse(payment.activity_ids)
                self._shows(self._account("/result"), f"Ahead, as credit on your account</dt><dd><bdi>${NBSP}")
        self._shows(self._account(), f"Your credit</dt><dd><bdi>${NBSP}32.00")

    # What it costs

    def test_starting_over_many_documents_costs_little_more_than_over_one(self):
        self.env["account.move"].create([
            self.today_invoice.copy_data({"invoice_date": fields.Date.today()})[0] for _number in range(101)
        ]).action_post()
        invoices = self.env["account.move"].search([("partner_id", "=", self.customer.id)], order="id desc", limit=101)
        csrf, counts = self._account_csrf(), []
        for chosen in (invoices[:1], invoices[1:]):
            messages = len(chosen.message_ids)
            wish = self._basket_wish(self._terms(chosen))
            before = self.env.cr.sql_log_count
            self.assertEqual(self._code(self._account_start(wish, csrf=csrf)), (200, "ok"))
            counts.append(self.env.cr.sql_log_count - before)
            self.env.invalidate_all()
            self.assertEqual(len(chosen.message_ids), messages, "an attempt leaves no note on the documents")
        self.assertLessEqual(counts[1], counts[0] + 5, counts)

    # Whose methods

    def test_saved_methods_are_their_owners(self):
        self.payment_method.support_tokenization = True
        own = self._create_token(partner_id=self.contact.id, provider_id=self.dummy_provider.id)
        colleagues = self._create_token(
            partner_id=self.customer.id, provider_id=self.dummy_provider.id, provider_ref="colleague"
        )
        page = self._account(f"/checkout?group={self.group}&choice=all")
        self._shows(page, f'data-payment-option-id="{own.id}"')
        self._hides(page, f'data-payment-option-id="{colleagues.id}" data-payment-option-type="token"')
        wish = self._basket_wish(self._terms(self.today_invoice), flow="token", payment_method_id=None)
        self.assertEqual(
            self._code(self._account_start({**wish, "token_id": colleagues.id})), (403, "not_your_method")
        )
        self.assertEqual(self._code(self._account_start({**wish, "token_id": own.id})), (200, "ok"))

    def test_a_charge_whose_answer_was_lost_is_in_process(self):
        self.payment_method.support_tokenization = True
        own = self._create_token(partner_id=self.contact.id, provider_id=self.dummy_provider.id)
        wish = self._basket_wish(
            self._terms(self.today_invoice), flow="token", payment_method_id=None, token_id=own.id
        )
        csrf, log = self._account_csrf(), "odoo.addons.o2c_portal.models.payment_transaction_charge"
        with patch.object(
            self.env.registry["payment.transaction"], "_send_payment_request", side_effect=requests.ReadTimeout
        ) as charged:
            with mute_logger(log):
                answer = self._account_start(wish, csrf=csrf)
            self.assertEqual(answer.json()["result"]["state"], "pending")
            self.assertEqual(self._code(self._account_start(wish, csrf=csrf)), (409, "in_progress"))
        self.assertEqual(charged.call_count, 1)

    # How often

    def test_too_many_starts_and_declines(self):
        wish, csrf = self._basket_wish(self._terms(self.today_invoice)), self._account_csrf()
        with patch.dict(limits.LIMITS, start_account=Limit(2, 3600)):
            codes = [self._code(self._account_start(wish, csrf=csrf))[0] for _attempt in range(3)]
        self.assertEqual(codes, [200, 200, 429])
        self._forget_hits()
        with patch.object(limits, "DECLINES_PER_PAYER", Limit(1, 3600)):
            self._last_transaction()._set_error("declined")
            self.assertEqual(self._code(self._account_start(wish, csrf=csrf))[0], 429)
            self.env.cr.execute("UPDATE payment_transaction SET last_state_change = now() - interval '2 hours'")
            self.env.invalidate_all()
            self.assertEqual(self._code(self._account_start(wish, csrf=csrf))[0], 200)

    # Two tabs, a colleague, a link

    def test_overlapping_baskets(self):
        chosen = self.lines[:2]
        self.assertEqual(self._code(self._account_start(self._basket_wish(chosen))), (200, "ok"))
        first = self._last_transaction()
        overlap = self.lines[1] | self._terms(self.today_invoice)
        self.assertEqual(self._code(self._account_start(self._basket_wish(overlap))), (200, "ok"), "own second tab")
        second = self._last_transaction()
        self.assertEqual(first.o2c_allocation_ids.mapped("state"), ["live", "released"])
        new_test_user(self.env, "colleague", groups="base.group_portal", partner_id=self.customer.id)
        self.authenticate("colleague", "colleague")
        self.assertEqual(
            self._code(self._account_start(self._basket_wish(self.lines[1:]))), (409, "in_progress"), "a colleague"
        )
        self.assertEqual(self._code(self._start(self._wish(self.lines[1]))), (409, "in_progress"), "the invoice's link")
        self.assertEqual(self._code(self._account_start(self._basket_wish(self.lines[2]))), (200, "ok"))
        for transaction in (first, second):
            self._paid(transaction)
        self.assertEqual(self._open(self.lines), [0, 0, 40000])
        self.assertEqual(self._open(self._terms(self.today_invoice)), [0])
        self.assertEqual(first.payment_id._o2c_unapplied(), 300.0, "what came twice is credit, and a task")
        self.assertTrue(first.payment_id.activity_ids)


@tagged("post_install", "-at_install")
class TestAccountBadStart(AccountPageCase, BadInputCase):

    def test_bad_wishes_are_refused_and_leave_no_trace(self):
        csrf, good = self._account_csrf(), self._wish(self._terms(self.today_invoice))
        paid = self._make_invoice(5.0)
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=paid.ids
        ).create({})._create_payments()
        draft = self._make_invoice(6.0, post=False)
        refund = self._make_invoice(7.0, move_type="out_refund")
        foreign, line = self._terms(self.foreign_invoice), self._terms(self.today_invoice)
        before = self._money()
        for changes, expected in [
            ({"expected_minor": 4999}, (409, "amount_changed")),
            ({"expected_minor": 0}, (400, "bad_amount")),
            ({"amounts_minor": [5001], "expected_minor": 5001}, (409, "changed")),
            ({"amounts_minor": [0]}, (400, "bad_amount")),
            ({"amounts_minor": [-1]}, (400, "bad_amount")),
            ({"amounts_minor": [True]}, (400, "bad_amount")),
            ({"amounts_minor": [50.0]}, (400, "bad_amount")),
            ({"amounts_minor": ["5000"]}, (400, "bad_amount")),
            ({"amounts_minor": []}, (400, "bad_amount")),
            ({"amounts_minor": [2500, 2500]}, (400, "bad_amount")),
            ({"on_account_minor": 100, "expected_minor": 5100}, (422, "policy")),
            ({"on_account_minor": -100, "expected_minor": 4900}, (400, "bad_amount")),
            ({"on_account_minor": True}, (400, "bad_amount")),
            ({"installment_ids": [], "on_account_minor": 100, "expected_minor": 100}, (422, "policy")),
            ({"installment_ids": foreign.ids}, (422, "bad_installments")),
            ({"installment_ids": [*line.ids, *foreign.ids]}, (422, "bad_installments")),
            ({"installment_ids": self._terms(refund).ids}, (422, "bad_installments")),
            ({"installment_ids": self._terms(paid).ids}, (409, "already_paid")),
            ({"installment_ids": self._terms(draft).ids}, (409, "not_payable")),
            ({"installment_ids": [2**31 - 1]}, (422, "bad_installments")),
            ({"installment_ids": line.ids * 2}, (422, "bad_installments")),
            ({"installment_ids": list(range(1, 502))}, (422, "bad_installments")),
            ({"provider_id": self.dummy_provider.id + 999}, (422, "bad_provider")),
            ({"payment_method_id": 2**31 - 1}, (422, "bad_payment_method")),
            ({"partner_id": self.stranger.id}, (400, "unknown_field")),
            ({"landing_route": "//elsewhere.example"}, (400, "unknown_field")),
            ({"token_id": 1, "flow": "token"}, (403, "not_your_method")),
        ]:
            with self.subTest(changes=str(changes)[:80]):
                self.assertEqual(self._code(self._account_start({**good, **changes}, csrf=csrf)), expected)
        self.assertEqual(self._money(), before)
        self.assertEqual(self._code(self._account_start(good, csrf=csrf)), (200, "ok"))

    def test_bad_groups_and_guards(self):
        csrf, good = self._account_csrf(), self._wish(self._terms(self.today_invoice))
        other = self._create_company(name="Other Company")
        before = self._money()
        currency = self.due_invoice.currency_id.id
        for group, expected in [
            ("x", 422), ("0-1", 422), ("1-2-3", 422), (f"{other.id}-{currency}", 404),
            (f"{self.env.company.id}-2147483647", 404), (f"2147483648-{currency}", 422),
        ]:
            with self.subTest(group=group):
                self.assertEqual(self._account_start(good, group=group, csrf=csrf).status_code, expected)
        self.assertEqual(self._account_start(good, csrf="wrong").status_code, 400)
        self.assertEqual(self._account("/start", method="POST", data="{}").status_code, 422)
        answer = self._account(f"/start?group={self.group}", method="POST", data="{}")
        self.assertEqual(self._code(answer), (415, "unsupported_media_type"))
        self.assertEqual(self._money(), before)

    def test_bad_addresses(self):
        foreign = self._terms(self.foreign_invoice)
        before = self._money()
        unknown = self._account(f"/review?group={self.group}&choice=selected&item=2147483647")
        self.assertEqual(unknown.status_code, 404)
        line = self.lines[0].id
        for query, expected in [
            (f"?group={self.group}&choice=selected&item={foreign.id}", 404),
            (f"?choice=selected&item={foreign.id}", 422),
            (f"?group={self.group}&choice=selected&item={line}&item={foreign.id}", 404),
            ("?choice=everything", 422), ("?group=1", 422), ("?choice=selected&item=x", 422),
            ("?choice=selected&item=-1", 422), (f"?choice=selected&item={'9' * 400}", 422),
            ("?choice=selected&item=%00", 422), ("?choice=selected&item=%FF", 422), ("?group=%C3%A9", 422),
            (f"?group={self.group}&choice=all&page=x&self=1&args=2", 200), ("?choice=selected" + "&item=1" * 3, 422),
        ]:
            for page in ("/review", "/checkout"):
                with self.subTest(query=query[:80], page=page):
                    response = self._account(page + query)
                    self.assertEqual(response.status_code, expected)
                    self._hides(response, "77.77", self.foreign_invoice.name, self.stranger.name)
        theirs = self._account(f"/review?group={self.group}&choice=selected&item={foreign.id}")
        self.assertEqual(theirs.text, unknown.text)
        self.assertEqual(self._money(), before)

    def test_what_changes_between_the_pages_is_noticed(self):
        csrf = self._account_csrf()
        line = self._terms(self.today_invoice)
        wish = self._wish(line)
        self.today_invoice.button_draft()
        self.today_invoice.button_cancel()
        self.assertEqual(self._code(self._account_start(wish, csrf=csrf)), (409, "not_payable"))
        review = self._account(f"/review{self._selected(line | self.lines[0])}")
        self._shows(review, "Left out, because they are paid or being paid: 1")

    def test_result_is_the_payers_own(self):
        self.assertEqual(self._code(self._account_start(self._wish(self._terms(self.today_invoice)))), (200, "ok"))
        self.assertEqual(self._account("/result").status_code, 200)
        transaction = self._last_transaction()
        transaction.o2c_payer_key = "user:0"
        self.assertEqual(self._account("/result").status_code, 303)

    def test_abandoned_attempts_of_others_end(self):
        line = self._terms(self.today_invoice)
        self.assertEqual(self._code(self._account_start(self._wish(line))), (200, "ok"))
        transaction = self._last_transaction()
        transaction.o2c_payer_key = "somebody"
        self.assertEqual(self._code(self._account_start(self._wish(line))), (409, "in_progress"))
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = %s WHERE id = %s",
            [fields.Datetime.now() - timedelta(minutes=16), transaction.id],
        )
        self.env.invalidate_all()
        self.assertEqual(self._code(self._account_start(self._wish(line))), (200, "ok"))
