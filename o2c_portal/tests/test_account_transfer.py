"""Paying a basket by bank transfer: a reference for exactly what was chosen, and what the bank brings with it."""

import re
from datetime import timedelta
from unittest.mock import patch

from odoo.fields import Command, Date
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..core import limits
from ..core.limits import Limit
from ..core.plans import Payment
from .account_common import NBSP, AccountPageCase


@tagged("post_install", "-at_install")
class TestAccountTransfer(AccountPageCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bank_account = cls.env["res.partner.bank"].create({
            "acc_number": "BE71 0961 2345 6769", "partner_id": cls.env.company.partner_id.id, "allow_out_payment": True,
        })
        invoices = cls.due_invoice | cls.today_invoice | cls.later_invoice | cls.foreign_invoice
        invoices.partner_bank_id = cls.bank_account
        cls.first, cls.second = cls._terms(cls.today_invoice), cls._terms(cls.later_invoice)
        cls.remittances = cls.env["o2c.remittance"].sudo()

    # Helpers

    def _transfer_form(self, review):
        """Return the fields of the form of a review page that asks for a reference."""
        form = review.text.partition('/transfer"')[2].partition("</form>")[0]
        return re.findall(r'name="([^"]+)" value="([^"]*)"', form)

    def _ask(self, query, address="/my/billing", **kwargs):
        """Look at a review page and press the button, as a browser would."""
        review = self._get(f"{address}/review{query}")
        self.assertEqual(review.status_code, 200)
        return self._get(f"{address}/transfer", method="POST", data=self._transfer_form(review), **kwargs)

    def _asked(self, query, address="/my/billing"):
        """Return ``(reference, page with the instructions)``."""
        answer = self._ask(query, address)
        self.assertEqual(answer.status_code, 303)
        where = answer.headers["Location"].partition(address)[2]
        self.env.invalidate_all()
        advice = self.remittances.search([("reference", "=", where.rpartition("=")[2])])
        self.assertEqual(len(advice), 1)
        return advice, self._get(f"{address}{where}")

    def _import(self, advice, amount, **values):
        """Import a bank transaction with a reference; return what became of it."""
        line = self.env["account.bank.statement.line"].sudo().create({
            "journal_id": self.company_data["default_journal_bank"].id, "payment_ref": f"Thanks {advice.display_name}",
            "amount": amount, "date": Date.today(), **values,
        })
        self.env.flush_all()
        return line

    def _plan(self, moves, *parts):
        plans = self.env["o2c.payment.plan"].sudo()
        payments = [Payment(Date.today() + timedelta(days=days), minor) for days, minor in parts]
        plan = plans._prepare(plans._open_items(moves), payments)
        plan._activate()
        self.env.flush_all()
        return plan

    def _pieces(self, plan):
        self.env.invalidate_all()
        return self.env["o2c.due.item"].search([("plan_id", "=", plan.id)])

    def _choice(self, ids):
        return f"?group={self.group}&choice=selected" + "".join(f"&item={item_id}" for item_id in ids)

    # Asking for it

    def test_instructions_for_exactly_what_was_chosen(self):
        advice, page = self._asked(self._selected(self.first | self.second, f"&amount_{self.second.id}=30.00"))
        self.assertEqual(advice._basket(), {self.first.id: 5000, self.second.id: 3000})
        self.assertEqual((advice.partner_id, advice.company_id), (self.customer, self.env.company))
        self._shows(
            page, f"${NBSP}80.00", advice.display_name, "BE71 0961 2345 6769", self.env.company.name,
            self.today_invoice.name, self.later_invoice.name, f"${NBSP}30.00",
        )
        self._hides(page, self.due_invoice.name, "<img src=\"data:")
        again, _page = self._asked(self._selected(self.first | self.second, f"&amount_{self.second.id}=30.00"))
        self.assertEqual(again, advice)
        other, _page = self._asked(self._selected(self.first))
        self.assertNotEqual(other, advice)

    def test_the_transfer_pays_exactly_the_basket(self):
        advice, _page = self._asked(self._selected(self.first | self.second, f"&amount_{self.second.id}=30.00"))
        line = self._import(advice, 80.0)
        self.assertEqual((line.o2c_reason, line.partner_id), ("applied", self.customer))
        self.assertEqual((self.first.amount_residual, self.second.amount_residual), (0.0, 40.0))
        self.assertEqual(self.lines.mapped("amount_residual"), [300.0, 300.0, 400.0])
        page = self._account(f"/transfer?reference={advice.reference}")
        self._shows(page, "Please do not send it again")
        self._hides(page, "BE71")

    def test_everything_overdue(self):
        advice, page = self._asked(f"?group={self.group}&choice=overdue")
        self.assertEqual(advice._basket(), {self.lines[0].id: 30000, self.lines[1].id: 30000})
        self._shows(page, f"${NBSP}600.00")

    def test_paid_otherwise_meanwhile(self):
        advice, _page = self._asked(self._selected(self.first))
        self._register_payment(self.today_invoice, amount=20.0)
        page = self._account(f"/transfer?reference={advice.reference}")
        self.assertEqual(page.status_code, 410)
        self._shows(page, "Please choose again")
        self.assertEqual(self._import(advice, 50.0).o2c_reason, "changed")
        self.assertEqual(self.first.amount_residual, 30.0)

    def test_banking_apps_can_scan_it(self):
        def code(_self, _account, amount, advice, _payer):
            return f"{amount} {advice.reference}"

        with patch.object(self.env.registry["o2c.pay.request"], "_epc", code):
            _advice, page = self._asked(self._selected(self.first))
        self._shows(page, 'src="data:image/png;base64,', "Scan it with your banking app")

    def test_an_early_payment_discount_counts_on_the_day_of_the_transfer(self):
        term = self.env["account.payment.term"].create({
            "name": "2 % in ten days", "early_discount": True, "discount_days": 10, "discount_percentage": 2,
            "line_ids": [Command.create({"value": "percent", "value_amount": 100, "nb_days": 30})],
        })
        invoice = self._make_invoice(100.0, term, partner_bank_id=self.bank_account.id)
        advice, page = self._asked(self._selected(self._terms(invoice) | self.first))
        self._shows(page, f"${NBSP}148.00", f"An early payment discount of <bdi>${NBSP}2.00</bdi>")
        self.assertEqual(self._import(advice, 148.0).o2c_reason, "applied")
        self.assertEqual((invoice.payment_state, self.first.amount_residual), ("paid", 0.0))
        late = self._make_invoice(100.0, term, partner_bank_id=self.bank_account.id)
        advice, _page = self._asked(self._selected(self._terms(late)))
        line = self._import(advice, 98.0, date=Date.today() + timedelta(days=11))
        self.assertEqual(line.o2c_reason, "short")

    # Pieces of plans

    def test_a_piece_of_a_plan(self):
        plan = self._plan(self.today_invoice | self.later_invoice, (-1, 4000), (5, 4000), (10, 4000))
        one, *two, _three = self._pieces(plan)
        advice, page = self._asked(self._choice([one.id]))
        self.assertEqual(advice._wish(), {(self.first.id, plan.line_ids[0].id): 4000})
        self._shows(page, f"${NBSP}40.00")
        both, _page = self._asked(self._choice([item.id for item in two]))
        self.assertEqual(both._wish(), {
            (self.first.id, plan.line_ids[1].id): 1000, (self.second.id, plan.line_ids[1].id): 3000,
        })
        self.assertEqual(self._import(advice, 40.0).o2c_reason, "applied")
        self.assertEqual(self._import(both, 40.0).o2c_reason, "applied")
        self.assertEqual((self.first.amount_residual, self.second.amount_residual), (0.0, 40.0))
        self.assertEqual([line.open_minor for line in plan._instalments()], [0, 0, 4000])

    def test_a_piece_that_was_paid_otherwise_does_not_pay_the_next(self):
        plan = self._plan(self.later_invoice, (-1, 3000), (5, 4000))
        advice, _page = self._asked(self._choice(self._pieces(plan)[:1].ids))
        self._register_payment(self.later_invoice, amount=30.0)
        self.assertEqual(self._account(f"/transfer?reference={advice.reference}").status_code, 410)
        self.assertEqual(self._import(advice, 30.0).o2c_reason, "changed")
        self.assertEqual(self.second.amount_residual, 40.0)

    def test_two_transfers_of_one_run_for_one_piece(self):
        plan = self._plan(self.later_invoice, (-1, 3000), (5, 4000))
        pieces = self._pieces(plan)
        first, _page = self._asked(self._choice(pieces[:1].ids))
        whole, _page = self._asked(self._choice(pieces.ids))
        lines = self.env["account.bank.statement.line"].sudo().create([{
            "journal_id": self.company_data["default_journal_bank"].id, "payment_ref": advice.reference,
            "amount": amount, "date": Date.today(),
        } for advice, amount in ((first, 30.0), (whole, 70.0))])
        self.assertEqual(lines.mapped("o2c_reason"), ["applied", "changed"])

    def test_what_was_asked_for_by_a_plan_that_ended_is_still_owed(self):
        plan = self._plan(self.later_invoice, (-1, 3000), (5, 4000))
        advice, _page = self._asked(self._choice(self._pieces(plan)[:1].ids))
        plan._end("broken", "Too late")
        self.assertEqual(self._import(advice, 30.0).o2c_reason, "applied")
        self.assertEqual(self.second.amount_residual, 40.0)

    # Where it is not offered

    def test_only_where_the_company_says_where_to(self):
        query = self._selected(self.first)
        form = self._transfer_form(self._account(f"/review{query}"))
        self.assertTrue(form)
        self._policy(self.customer, on_account=True)
        self._hides(self._account(f"/review{query}&on_account=5"), "/transfer")
        refused = self._account("/transfer", method="POST", data=[*form, ("on_account", "5")])
        self.assertEqual(refused.status_code, 422)
        self.today_invoice.partner_bank_id = False
        self._hides(self._account(f"/review{query}"), "/transfer")
        self.assertEqual(self._account("/transfer", method="POST", data=form).status_code, 422)
        self.today_invoice.partner_bank_id = self.bank_account
        self.env.company.o2c_bank_pdf = False
        self._hides(self._account(f"/review{query}"), "/transfer")
        self.assertEqual(self._account("/transfer", method="POST", data=form).status_code, 422)
        self.assertFalse(self.remittances.search([("line_ids.move_line_id", "=", self.first.id)]))

    def test_it_is_offered_where_nothing_can_be_paid_online(self):
        self.dummy_provider.sudo().state = "disabled"
        page = self._account()
        self._shows(page, f'id="item_{self.first.id}"')
        review = self._account(f"/review{self._selected(self.first)}")
        self._shows(review, "Online payment is not available", "Pay by bank transfer")
        self._hides(review, "o2c-button--quiet")

    def test_the_policy_holds_here_too(self):
        form = self._transfer_form(self._account(f"/review{self._selected(self.lines[0])}"))
        self._policy(self.customer, mode="full")
        answer = self._account("/transfer", method="POST", data=form)
        self.assertEqual(answer.status_code, 422)
        self._shows(answer, "Only the whole amount of")

    def test_bad_requests(self):
        form = dict(self._transfer_form(self._account(f"/review{self._selected(self.first)}")))
        for data, status in [
            ({**form, "item": str(self._terms(self.foreign_invoice).id)}, 404),
            ({**form, "group": "999999-1"}, 404), ({**form, "item": "x"}, 422), ({**form, "item": ""}, 422),
            ({**form, "choice": "x"}, 422), ({**form, f"amount_{self.first.id}": "50.01"}, 422),
            ({**form, f"amount_{self.first.id}": "-1"}, 422), ({"csrf_token": form["csrf_token"]}, 422),
        ]:
            with self.subTest(data=data):
                self.assertEqual(self._account("/transfer", method="POST", data=data).status_code, status)
        with mute_logger("odoo.http"):  # it says that the token is missing
            forged = self.url_open("/my/billing/transfer", data={**form, "csrf_token": "x"}, allow_redirects=False)
        self.assertEqual(forged.status_code, 400)
        self.assertFalse(self.remittances.search([("line_ids.move_line_id.partner_id", "in", [self.customer.id])]))

    def test_not_too_often(self):
        query = self._selected(self.first)
        with patch.dict(limits.LIMITS, transfer=Limit(2, 3600)):
            codes = [self._ask(query).status_code for _time in range(3)]
        self.assertEqual(codes, [303, 303, 429])

    # Whose it is

    def test_a_reference_is_shown_to_its_account_only(self):
        ours, _page = self._asked(self._selected(self.first))
        theirs = self.remittances._advise(
            self.stranger, self.env.company, self.env.company.currency_id, {self._terms(self.foreign_invoice).id: 7777},
        )
        invoice = self.remittances._for_invoices(self.today_invoice)[self.today_invoice.id]
        for reference in (theirs.reference, invoice.reference, "RF00", "", "x" * 500, "%"):
            with self.subTest(reference=reference[:20]):
                self.assertEqual(self._account(f"/transfer?reference={reference}").status_code, 404)
        self.assertEqual(self._account("/transfer").status_code, 404)
        self._policy(self.customer, documents="own")
        self.assertEqual(self._account(f"/transfer?reference={ours.reference}").status_code, 404)
        self.authenticate(None, None)
        self.assertEqual(self.url_open(
            f"/my/billing/transfer?reference={ours.reference}", allow_redirects=False).status_code, 303)

    def test_looking_writes_nothing(self):
        advice, _page = self._asked(self._selected(self.first))
        before = self._written()
        for path in (f"/transfer?reference={advice.reference}", f"/review{self._selected(self.first)}"):
            for method in ("GET", "HEAD"):
                self.assertEqual(self._account(path, method=method).status_code, 200)
        self.assertEqual(self._written(), before)

    def test_by_a_link_to_the_account(self):
        address = "/pay/" + self.contact._o2c_account_url("email").rpartition("/pay/")[2]
        self.authenticate(None, None)
        advice, page = self._asked(self._selected(self.first), address)
        self._shows(page, f"${NBSP}50.00", advice.display_name, "BE71 0961 2345 6769")
        self._hides(page, self.today_invoice.name, "Payer Ltd", "/my/billing")
        self.assertNotIn("Set-Cookie", page.headers)
        self.assertEqual(self._import(advice, 50.0).o2c_reason, "applied")
        self._shows(self._get(f"{address}/transfer?reference={advice.reference}"), "Please do not send it again")
        from_elsewhere = self._get(
            f"{address}/transfer", method="POST", data={"group": self.group, "choice": "all"},
            headers={"Sec-Fetch-Site": "cross-site"},
        )
        self.assertEqual(from_elsewhere.status_code, 400)
        self.assertEqual(self._pay_page("/transfer").status_code, 404)
        self.assertEqual(self._pay_page("/transfer", method="POST").status_code, 404)

    def test_many_documents_page_by_page_at_no_more_queries(self):
        counts = []
        for more in (5, 60):
            invoices = self.env["account.move"].create([
                self.today_invoice.copy_data({"partner_bank_id": self.bank_account.id, "invoice_date": Date.today()})[0]
                for _number in range(more)
            ])
            invoices.action_post()
            advice, page = self._asked(self._selected(self._terms(invoices)))
            self._account(f"/transfer?reference={advice.reference}")
            before = self.env.cr.sql_log_count
            page = self._account(f"/transfer?reference={advice.reference}")
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(page.text.count('<th scope="row">'), min(more, 40))
        self.assertEqual(counts[0], counts[1])
        self._shows(self._account(f"/transfer?reference={advice.reference}&sheet=2"), "Page 2 of 2")
