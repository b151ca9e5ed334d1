"""Money without a payment record, money that goes back, and receipts over many documents."""

from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .test_money_event import MoneyEventCase

NBSP = "\N{NO-BREAK SPACE}"
PAPER = "odoo.addons.o2c_portal.models.o2c_receipt"


class NoticeCase(MoneyEventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.email = "seller@example.com"
        cls.notices = cls.env["o2c.money.notice"]
        cls.bank = cls.company_data["default_journal_bank"]
        cls.receivable = cls.company_data["default_account_receivable"]

    def _told(self, *partners):
        """Apply what waits; return ``[(kind, amount, documents), ...]`` of what customers were told, oldest first."""
        self._apply()
        partner_ids = [partner.id for partner in partners or [self.customer]]
        notices = self.notices.search([("partner_id", "in", partner_ids)], order="id")
        return [(notice.kind, notice.amount, notice.move_ids) for notice in notices]

    def _mails(self, notice):
        return self.env["mail.mail"].sudo().search([
            ("o2c_delivery_id.kind", "=", "receipt"), ("o2c_delivery_id.res_id", "in", notice.ids),
        ], order="id")

    def _latest(self, payment):
        return payment.o2c_notice_ids.sorted("number")[-1:]

    def _content(self, notice):
        return self.env["o2c.receipt.paper"]._content(notice, "en_US")

    def _terms(self, document):
        return document.line_ids.filtered(lambda line: line.display_type == "payment_term")

    def _entry(self, *items, **values):
        """Post an entry of ``(account, customer, balance)`` items."""
        entry = self.env["account.move"].create({
            "journal_id": self.company_data["default_journal_misc"].id,
            "line_ids": [
                fields.Command.create({"account_id": account.id, "partner_id": partner and partner.id,
                                       "balance": balance})
                for account, partner, balance in items
            ],
            **values,
        })
        entry.action_post()
        return entry

    def _transfer(self, amount, items, **values):
        """Import a bank transaction and book it on receivables, each matched with its item."""
        line = self.env["account.bank.statement.line"].create({
            "journal_id": self.bank.id, "date": fields.Date.today(), "payment_ref": "Transfer", "amount": amount,
            **values,
        })
        self._book(line, items)
        return line

    def _book(self, line, items):
        suspense = line._seek_for_lines()[1]
        parts = [(item, min(abs(item.amount_residual), abs(line.amount))) for item in items]
        sign = -1 if line.amount > 0 else 1
        line.move_id.button_draft()
        line.move_id.write({"line_ids": [
            fields.Command.delete(suspense.id),
            *(fields.Command.create({
                "account_id": item.account_id.id, "partner_id": item.partner_id.id, "name": item.name,
                "balance": sign * part, "amount_currency": sign * part, "currency_id": item.currency_id.id,
            }) for item, part in parts),
        ]})
        line.move_id.action_post()
        for item, booked in zip(items, line.move_id.line_ids.filtered(lambda row: row.account_id == self.receivable),
                                strict=True):
            (item | booked).reconcile()


class TestBankReceipt(NoticeCase):
    def test_a_bank_transaction_that_settles_documents_is_confirmed_once(self):
        invoice = self._make_invoice(100)
        line = self._transfer(100, self._terms(invoice))
        self.assertFalse(self.notices.search([("entry_id", "=", line.move_id.id)]), "never in the money's transaction")
        self.assertEqual(self._told(), [("receipt", 100, invoice)])
        notice = self.notices.search([("entry_id", "=", line.move_id.id)])
        [mail] = self._mails(notice)
        self.assertEqual((mail.model, mail.res_id, mail.email_to),
                         ("account.move", line.move_id.id, '"Payer Ltd" <payer@example.com>'))
        content = self._content(notice)
        self.assertEqual((content["amount"], content["method"], content["reference"], content["paid"]), (
            f"${NBSP}100.00", "Bank transfer", line.move_id.name, [(invoice.name, "", f"${NBSP}100.00")],
        ))
        line.action_undo_reconciliation()
        self._book(line, self._terms(invoice))
        self.assertEqual(self._told(), [("receipt", 100, invoice)], "matched again is no news")

    def test_old_bank_statements_write_to_nobody_by_themselves(self):
        today = fields.Date.today()
        for days, state, mails in ((30, "queued", 1), (31, "before", 0)):
            invoice = self._make_invoice(100)
            line = self._transfer(100, self._terms(invoice), date=fields.Date.subtract(today, days=days))
            self._apply()
            notice = self.notices.search([("entry_id", "=", line.move_id.id)])
            with self.subTest(days=days):
                self.assertEqual((notice.state, len(self._mails(notice))), (state, mails))
        notice.action_send_again()
        self.assertEqual((notice.state, len(self._mails(notice))), ("queued", 1))

    def test_our_references(self):
        invoice = self._make_invoice(300)
        advice = self.env["o2c.remittance"]._for_invoices(invoice)[invoice.id]
        self.env["account.bank.statement.line"].create({
            "journal_id": self.bank.id, "date": fields.Date.today(), "payment_ref": advice.reference, "amount": 300,
        })
        self.assertEqual(self._told(), [("receipt", 300, invoice)])

    def test_each_customer_reads_their_own_part_only(self):
        other = self.env["res.partner"].create({"name": "Second", "email": "second@example.com"})
        mine, theirs = self._make_invoice(100), self._make_invoice(40, partner=other)
        self._transfer(140, self._terms(mine) | self._terms(theirs))
        self.assertEqual(self._told(), [("receipt", 100, mine)])
        self.assertEqual(self._told(other), [("receipt", 40, theirs)])
        for notice in self.notices.search([("partner_id", "in", [self.customer.id, other.id])]):
            self.assertEqual([row[0] for row in self._content(notice)["paid"]], notice.move_ids.mapped("name"))

    def test_matched_with_the_wrong_customer_first(self):
        other = self.env["res.partner"].create({"name": "Second", "email": "second@example.com"})
        wrong, right = self._make_invoice(100), self._make_invoice(100, partner=other)
        line = self._transfer(100, self._terms(wrong))
        self._apply()
        line.action_undo_reconciliation()
        self._book(line, self._terms(right))
        self.assertEqual(self._told(), [("receipt", 100, wrong), ("reversal", 100, wrong)])
        self.assertEqual(self._told(other), [("receipt", 100, right)])

    def test_the_bank_side_of_a_payment_is_no_second_payment(self):
        invoice = self._make_invoice(100)
        payment = self._pay(invoice)
        outstanding = payment.move_id.line_ids - self.notices._receivables(payment.move_id)
        self.env["account.bank.statement.line"].create({
            "journal_id": self.bank.id, "date": fields.Date.today(), "payment_ref": "Transfer", "amount": 100,
            "counterpart_account_id": outstanding.account_id.id,
        })
        self.assertEqual(self._told(), [("receipt", 100, invoice)])

    def test_the_money_of_a_payment_without_an_entry(self):
        invoice = self._make_invoice(100)
        self.bank.inbound_payment_method_line_ids.payment_account_id = False
        moves = self.env.registry["account.move"]
        with patch.object(moves, "_get_invoice_in_payment_state", lambda moves: "in_payment"):
            payment = self._pay(invoice)
        self.assertFalse(payment.move_id)
        self.assertEqual(self._told(), [("receipt", 100, invoice)])
        self._transfer(100, self._terms(invoice))
        self.assertEqual(self._told(), [("receipt", 100, invoice)])

    def test_what_is_no_money_has_no_receipt(self):
        invoice = self._make_invoice(100)
        for other in (self.company_data["default_account_expense"], self.receivable.copy({"code": "101399"})):
            written_off = self._entry((self.receivable, self.customer, -50), (other, None, 50))
            (self._terms(invoice) | written_off.line_ids.filtered("partner_id")).reconcile()
        self.assertEqual(invoice.amount_residual, 0)
        self.assertFalse(self._waiting("payment_received", "payment_reversed"))

    def test_facts_of_money_without_a_payment_are_in_the_same_insert(self):
        invoice = self._make_invoice(100)
        line = self._transfer(100, self._terms(invoice))
        self._waiting().unlink()
        items = self._terms(invoice) | self.notices._receivables(line.move_id)
        self.env.flush_all()
        self.events._wake()
        before = self.env.cr.sql_log_count
        self.events._record_residuals(items.ids, matched=True)
        self.assertEqual(self.env.cr.sql_log_count - before, 1)
        self.assertEqual({(event.kind, event.move_id) for event in self._waiting()},
                         {("residual_changed", invoice), ("payment_received", line.move_id)})


class TestMoneyBack(NoticeCase):
    def test_a_refund_by_payment(self):
        invoice = self._make_invoice(80)
        self._pay(invoice)
        self._apply()
        credit_note = self._make_invoice(80, move_type="out_refund")
        refund = self._pay(credit_note)
        self.assertEqual(self._told(), [("receipt", 80, invoice), ("refund", 80, credit_note)])
        notice = refund.o2c_notice_ids
        content = self._content(notice)
        self.assertEqual((content["title"], content["paid"], content["open"], content["settled"], content["credit"]),
                         ("Refund", [(credit_note.name, "", f"${NBSP}80.00")], [], [], ""))
        [mail] = self._mails(notice)
        self.assertEqual(mail.subject, f"Refund: ${NBSP}80.00 from {self.env.company.name} ({credit_note.name})")
        self.assertIn("This amount went back to you", mail.body_html)
        self._apply()
        self.events._record_payments(refund, "payment_reversed")
        self._apply()
        self.assertEqual(refund.o2c_notice_ids, notice)

    def test_a_refund_by_the_provider_names_the_payment(self):
        invoice = self._make_invoice(100)
        tx = self._create_transaction(
            "direct", amount=100, currency_id=invoice.currency_id.id, partner_id=self.customer.id,
            invoice_ids=[fields.Command.set(invoice.ids)], reference="T-1", state="done",
        )
        tx._post_process()
        refund_tx = tx._create_child_transaction(100, is_refund=True)
        refund_tx._set_done()
        refund_tx._post_process()
        self.assertEqual([row[:2] for row in self._told()], [("receipt", 100), ("refund", 100)])
        content = self._content(self._latest(refund_tx.payment_id))
        self.assertEqual([(row[0], row[2]) for row in content["paid"]], [(tx.payment_id.name, f"${NBSP}100.00")])

    def test_a_refund_by_bank(self):
        credit_note = self._make_invoice(80, move_type="out_refund")
        self._transfer(-80, self._terms(credit_note))
        self.assertEqual(self._told(), [("refund", 80, credit_note)])

    def test_a_payment_on_account_sent_back_by_bank(self):
        payment = self.env["account.payment"].create({
            "payment_type": "inbound", "partner_type": "customer", "partner_id": self.customer.id, "amount": 70,
        })
        payment.action_post()
        self._apply()
        line = self._transfer(-70, self.notices._receivables(payment.move_id))
        self.assertEqual([row[:2] for row in self._told()], [("receipt", 70), ("refund", 70)])
        content = self._content(self.notices.search([("entry_id", "=", line.move_id.id)]))
        self.assertEqual([row[0] for row in content["paid"]], [payment.name])
        self.assertIn("Payment of", content["paid"][0][1])

    def test_a_transfer_that_came_and_went_back_is_told_as_what_went_back(self):
        came = self.env["account.bank.statement.line"].create({
            "journal_id": self.bank.id, "date": fields.Date.today(), "payment_ref": "Transfer", "amount": 60,
            "partner_id": self.customer.id, "counterpart_account_id": self.receivable.id,
        })
        self._transfer(-60, self.notices._receivables(came.move_id))
        self.assertEqual([row[:2] for row in self._told()], [("refund", 60)])

    def test_a_payment_that_is_withdrawn(self):
        for name, withdraw in [("cancelled", "action_cancel"), ("rejected", "action_reject")]:
            customer = self.env["res.partner"].create({"name": name, "email": f"{name}@example.com"})
            invoice = self._make_invoice(100, partner=customer)
            payment = self._pay(invoice)
            self._apply()
            payment.move_id.line_ids.remove_move_reconcile()
            getattr(payment, withdraw)()
            with self.subTest(name):
                self.assertEqual(self._told(customer), [("receipt", 100, invoice), ("reversal", 100, invoice)])
                content = self._content(self._latest(payment))
                self.assertEqual((content["title"], content["paid"], content["open"][0][:2]),
                                 ("Payment withdrawn", [], (invoice.name, f"${NBSP}100.00")))
                [mail] = self._mails(self._latest(payment))
                self.assertIn("Your payment was withdrawn", mail.body_html)
                self._apply()
                self.assertEqual(len(payment.o2c_notice_ids), 2)

    def test_withdrawn_and_made_again(self):
        payment = self._pay(self._make_invoice(100))
        self._apply()
        for step in ("action_draft", "action_cancel", "action_draft", "action_post"):
            getattr(payment, step)()
            self._apply()
        self.assertEqual(payment.o2c_notice_ids.sorted("number").mapped("kind"), ["receipt", "reversal", "receipt"])
        self.assertEqual(len(set(self._mails(payment.o2c_notice_ids).mapped("message_id"))), 3)

    def test_an_entry_that_is_reversed_by_another(self):
        invoice, other = self._make_invoice(100), self._make_invoice(50)
        payment = self._pay(invoice)
        line = self._transfer(50, self._terms(other))
        self._apply()
        for entry in (payment.move_id, line.move_id):
            entry.line_ids.remove_move_reconcile()
            entry._reverse_moves(cancel=True)
        self.assertEqual(self._told(), [
            ("receipt", 100, invoice), ("receipt", 50, other), ("reversal", 100, invoice), ("reversal", 50, other),
        ])

    def test_a_refund_that_is_withdrawn(self):
        credit_note = self._make_invoice(80, move_type="out_refund")
        refund = self._pay(credit_note)
        self._apply()
        refund.action_draft()
        refund.action_cancel()
        self.assertEqual(self._told(), [("refund", 80, credit_note), ("reversal", 80, credit_note)])
        content = self._content(self._latest(refund))
        self.assertEqual((content["title"], content["open"]), ("Refund withdrawn", []))

    def test_nobody_hears_of_a_withdrawal_who_never_heard_of_the_payment(self):
        payment = self._pay(self._make_invoice(100))
        payment.action_draft()
        payment.action_cancel()
        self.assertEqual(self._told(), [])


class TestNotice(NoticeCase):
    def test_two_workers_cannot_tell_the_same(self):
        payment = self._pay(self._make_invoice(100))
        self._apply()
        twin = payment.o2c_notice_ids.copy_data()[0]
        with mute_logger("odoo.sql_db"), self.assertRaises(Exception) as caught, self.env.cr.savepoint():
            self.notices.sudo().create({**twin, "number": 1})
        self.assertEqual(caught.exception.pgcode, "23505")

    def test_many_documents_cost_no_more_queries_and_are_all_on_the_paper(self):
        def told(count):
            invoices = self.env["account.move"].union(*(self._make_invoice(10) for _number in range(count)))
            payment = self._pay(invoices)
            self._apply()
            notice = payment.o2c_notice_ids
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            content = self._content(notice)
            return notice, content, self.env.cr.sql_log_count - before

        told(1)  # fills what lives longer than a receipt
        few_notice, _content, few = told(3)
        many_notice, content, many = told(30)
        self.assertEqual(many, few)
        self.assertEqual((len(content["paid"]), len(content["settled"])), (30, 30))
        [mail] = self._mails(many_notice)
        self.assertIn("More in the attached PDF: 10", " ".join(mail.body_html.split()))
        self.assertIn("30 documents are fully paid.", " ".join(mail.body_html.split()))
        paper = mail.attachment_ids.raw.decode()
        for invoice in many_notice.move_ids:
            self.assertIn(invoice.name, paper)
        [short] = self._mails(few_notice)
        self.assertNotIn("the attached PDF", short.body_html)

    def test_the_paper_is_attached_in_the_language_of_each_reader(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.write({"lang": "en_US", "o2c_role_receipt": True})
        self.env["res.partner"].create({
            "name": "Comptable", "email": "compta@example.com", "parent_id": self.customer.id, "lang": "fr_FR",
            "o2c_role_receipt": True,
        })
        self.env.company.o2c_receipt_emails = "stock@example.com"
        payment = self._pay(self._make_invoice(100))
        self._apply()
        mails = self._mails(payment.o2c_notice_ids)
        self.assertEqual(len(mails), 3)
        papers = {mail.email_to: mail.attachment_ids for mail in mails}
        english, french = papers['"Payer Ltd" <payer@example.com>'], papers['"Comptable" <compta@example.com>']
        self.assertNotEqual(english, french)
        self.assertEqual((english.name, english.res_model, english.res_id),
                         (f"Receipt {payment.name}.pdf".replace("/", "-"), "account.payment", payment.id))
        self.assertIn("100,00", french.raw.decode())
        self.assertIn(papers["stock@example.com"], english | french)

    def test_a_paper_that_cannot_be_made_holds_up_nothing(self):
        invoices = self.env["account.move"].union(*(self._make_invoice(10) for _number in range(22)))
        payment = self._pay(invoices)
        reports = self.env.registry["ir.actions.report"]
        with patch.object(reports, "_render_qweb_pdf", side_effect=UserError("no paper")), \
             self.assertLogs(PAPER, "WARNING"):
            self._apply()
        [mail] = self._mails(payment.o2c_notice_ids)
        self.assertFalse(mail.attachment_ids)
        for invoice in invoices:
            self.assertIn(invoice.name, mail.body_html, "without paper the mail lists everything")

    def test_sent_again_and_printed(self):
        invoice = self._make_invoice(100)
        line = self._transfer(100, self._terms(invoice))
        self._apply()
        notice = self.notices.search([("entry_id", "=", line.move_id.id)])
        clerk = new_test_user(self.env, "clerk", groups="account.group_account_invoice")
        notice.with_user(clerk).action_send_again()
        self.assertEqual((notice.copies, len(self._mails(notice)), len(set(self._mails(notice).mapped("message_id")))),
                         (1, 2, 2))
        html, _type = self.env["ir.actions.report"].with_user(clerk)._render_qweb_html(
            "o2c_portal.o2c_receipt_report", notice.ids,
        )
        self.assertIn(invoice.name, html.decode())
        line.action_undo_reconciliation()
        with self.assertRaises(UserError):
            notice.with_user(clerk).action_send_again()
        customer = new_test_user(self.env, "customer", groups="base.group_portal")
        with self.assertRaises(AccessError):
            self.env["ir.actions.report"].with_user(customer)._render_qweb_html(
                "o2c_portal.o2c_receipt_report", notice.ids,
            )
