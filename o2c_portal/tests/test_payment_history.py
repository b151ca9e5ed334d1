"""A customer reads what they paid, and nobody else does."""

from odoo.fields import Command, Date
from odoo.tests import tagged

from .people_common import AccountCase

ENTRIES = "//ul[contains(@class,'o2c-entries')]/li"


@tagged("post_install", "-at_install")
class TestPaymentHistory(AccountCase):

    def _pay(self, invoices, amount=None, **values):
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoices.ids
        ).create({**({"amount": amount} if amount else {}), "group_payment": True, **values})
        return wizard._create_payments()

    def _scope(self, user=None):
        return self.env["o2c.account"]._scope(user or self.alice)

    def _rows(self, user=None):
        return self.env["o2c.payment.history"]._rows(self._scope(user), 0, 40)[0]

    def test_each_payment_says_what_it_settled(self):
        first, second = self._make_invoice(100), self._make_invoice(50)
        payment = self._pay(first | second)
        self._login(self.alice)
        page = self._get("/my/billing/payments")
        entry = self._texts(page, ENTRIES)[0]
        for text in ("$ 150.00", "Received", payment.name, f"{first.name} $ 100.00", f"{second.name} $ 50.00"):
            self.assertIn(text, entry)
        links = self._tree(page).xpath(f"{ENTRIES}//a/@href")
        self.assertEqual(links, [
            f"/my/invoices/{first.id}", f"/my/invoices/{second.id}",
            f"/my/billing/payments/{payment.move_id.id}/receipt.pdf",
        ])

    def test_what_was_paid_too_much_is_credit(self):
        payment = self._pay(self._make_invoice(100), 130)
        row = self._rows()[0]
        self.assertEqual((row["amount"], row["credit"], row["refund"]), ("$\xa0130.00", "$\xa030.00", False))
        self.assertEqual(row["reference"], payment.name)

    def test_a_refund_says_so(self):
        credit_note = self._make_invoice(80, move_type="out_refund")
        self._pay(credit_note)
        row = self._rows()[0]
        self.assertTrue(row["refund"])
        self.assertEqual([(name, amount) for name, _url, amount in row["documents"]],
                         [(credit_note.name, "$\xa080.00")])

    def test_money_from_a_bank_statement_is_part_of_it(self):
        invoice = self._make_invoice(100)
        line = self.env["account.bank.statement.line"].create({
            "journal_id": self.company_data["default_journal_bank"].id, "date": Date.today(),
            "payment_ref": "Transfer", "amount": 100, "partner_id": self.customer.id,
        })
        receivable = invoice.line_ids.filtered(lambda item: item.display_type == "payment_term")
        other = line.move_id.line_ids.filtered(lambda item: item.account_id != line.journal_id.default_account_id)
        line.move_id.button_draft()
        other.account_id = receivable.account_id
        line.move_id.action_post()
        (other | receivable).reconcile()
        row = self._rows()[0]
        self.assertEqual((row["method"], row["receipt"], row["documents"][0][0]), ("Bank transfer", "", invoice.name))
        address = f"/my/billing/payments/{line.move_id.id}/receipt.pdf"
        self._login(self.alice)
        self._get(address, 404)
        self.env["o2c.money.notice"].sudo()._tell_entry(line.move_id)
        self.assertEqual(self._rows()[0]["receipt"], address)
        response = self._get(address, 200)
        name = f"Receipt%20{line.move_id.name}.pdf".replace("/", "-")
        self.assertIn(name, response.headers["Content-Disposition"])
        self.assertIn(invoice.name, response.text)
        self._login(self.mallory)
        self._get(address, 404)

    def test_drafts_and_cancelled_payments_are_no_history(self):
        payment = self._pay(self._make_invoice(100))
        payment.action_draft()
        self.assertEqual(self._rows(), [])
        payment.action_cancel()
        self.assertEqual(self._rows(), [])

    def test_only_ones_own(self):
        payment = self._pay(self._make_invoice(100))
        self.assertEqual(len(self._rows(self.bob)), 1)
        self.assertEqual(self._rows(self.mallory), [])
        for user, status in ((self.alice, 200), (self.bob, 200), (self.mallory, 404)):
            self._login(user)
            response = self._get(f"/my/billing/payments/{payment.move_id.id}/receipt.pdf", status)
            self.assertEqual("attachment" in response.headers.get("Content-Disposition", ""), status == 200)
        unknown = self._get("/my/billing/payments/999999999/receipt.pdf", 404)
        foreign = self._get(f"/my/billing/payments/{payment.move_id.id}/receipt.pdf", 404)
        self.assertEqual(unknown.text, foreign.text)

    def test_other_companies_are_not_shown(self):
        other = self._create_company(name="Other Company")
        self._pay(self._make_invoice(100))
        self.alice.sudo().write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        self.assertEqual(self._rows(), [])

    def test_whoever_sees_their_own_documents_sees_their_own_payments(self):
        scope = self._scope()
        own = type(scope)(scope.partner, scope.contact, scope.company_ids, own_only=True)
        mine = self._pay(self._make_invoice(100, partner=self.alice.partner_id))
        self._pay(self._make_invoice(70))
        self._pay(self._make_invoice(10, partner=self.alice.partner_id) | self._make_invoice(20))
        rows = self.env["o2c.payment.history"]._rows(own, 0, 40)[0]
        self.assertEqual([row["reference"] for row in rows], [mine.name])

    def test_pages_and_queries(self):
        history = self.env["o2c.payment.history"]

        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            rows = history._rows(self._scope(), 0, 40)[0]
            return len(rows), self.env.cr.sql_log_count - before

        for _index in range(3):
            self._pay(self._make_invoice(10))
        queries()  # fills what lives longer than a page
        few, at_first = queries()
        for _index in range(12):
            self._pay(self._make_invoice(10) | self._make_invoice(20))
        many, later = queries()
        self.assertEqual((few, many), (3, 15))
        self.assertEqual(later, at_first)

    def test_bad_page_numbers_show_the_first_or_last_page(self):
        self._pay(self._make_invoice(10))
        self._login(self.alice)
        for wish in ("0", "-1", "x", "1e9", "999999", "9" * 40, "%00", "é", "²", ""):
            page = self._get(f"/my/billing/payments?page={wish}")
            self.assertEqual(len(self._texts(page, ENTRIES)), 1, wish)

    def test_under_way(self):
        tx = self._create_transaction("redirect", partner_id=self.customer.id, state="pending")
        self._login(self.alice)
        page = self._get("/my/billing/payments")
        self.assertIn(tx.reference, page.text)
        self.assertIn("On their way", page.text)
        self._login(self.mallory)
        self.assertNotIn(tx.reference, self._get("/my/billing/payments").text)

    def test_nobody_is_sent_to_the_login(self):
        self._login(None)
        self.assertEqual(self.url_open("/my/billing/payments", allow_redirects=False).status_code, 303)
        self._login(self.alice)
        self.alice.sudo().active = False
        self.env.flush_all()
        self.assertEqual(self.url_open("/my/billing/payments", allow_redirects=False).status_code, 303)

    def test_empty(self):
        self._login(self.mallory)
        page = self._get("/my/billing/payments")
        self.assertIn("There are no payments yet", page.text)
        self.assertIn("/my/payment_method", page.text)
