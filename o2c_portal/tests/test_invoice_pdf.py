"""The PDF of an invoice can be paid: by clicking, by scanning, by typing."""

import io
import secrets
import shutil
from unittest import skipUnless
from unittest.mock import patch

from PIL import Image, ImageOps

from odoo.tests import tagged

from .pdf_common import PdfCommon, scan


@tagged("post_install", "-at_install")
class TestInvoicePdf(PdfCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.term = cls._make_term((30, 0), (70, 30))
        cls.bank_account = cls.env["res.partner.bank"].create({
            "acc_number": "BE71 0961 2345 6769", "partner_id": cls.company.partner_id.id, "allow_out_payment": True,
        })

    def _pages(self, move, **kwargs):
        return self._read(move, **kwargs)[move]

    def _text(self, move):
        return " ".join(page.text for page in self._pages(move))

    def _texts(self, moves):
        """Return ``{move: text}`` of several documents, printed together."""
        return {move: " ".join(page.text for page in pages) for move, pages in self._read(moves).items()}

    def test_button_and_address(self):
        invoice = self._make_invoice(1000, self.term)
        [page] = self._pages(invoice)
        url, code = invoice._o2c_pay_url("pdf"), invoice._o2c_pay_code("pdf")
        host = invoice.get_base_url().partition("://")[2]
        self.assertIn(url, page.addresses)
        self.assertIn("Pay Now", page.text)
        self.assertIn("To pay: $ 300.00 by", page.text)
        self.assertTrue(page.says(f"or open {host}/pay and enter {code}"))
        self.assertFalse(page.says(url))
        self.company.o2c_pay_code_pdf = False
        [page] = self._pages(invoice)
        self.assertTrue(page.says(url))
        self.assertFalse(page.says(code))

    def test_nothing_to_pay_nothing_to_click(self):
        paid = self._make_invoice(100)
        self._register_payment(paid)
        refund = self._make_invoice(100)._reverse_moves()
        refund.action_post()
        draft = self._make_invoice(100, post=False)
        bill = self.init_invoice("in_invoice", partner=self.customer, invoice_date="2026-01-01", post=True, amounts=[9])
        for move, pages in self._read(paid | refund | draft | bill).items():
            with self.subTest(kind=move.move_type, state=move.state):
                self.assertFalse([page.text for page in pages if "Pay Now" in page.text])
                self.assertFalse([address for page in pages for address in page.addresses if "/pay/" in address])

    def test_what_is_left_of_the_instalments_is_listed(self):
        """Odoo's own list says what was once agreed on; terms that show no dates show none here either."""
        hidden, one = self._make_term((30, 0), (70, 30)), self._make_term((100, 30))
        hidden.display_on_invoice = False
        begun, silent, single = invoices = self.env["account.move"].concat(
            *(self._make_invoice(1000, term) for term in (self.term, hidden, one)),
        )
        self._register_payment(begun, amount=400.0, installments_mode="full")
        texts = self._texts(invoices)
        self.assertIn("Still to be paid Instalment 2 of 2", texts[begun])
        self.assertIn("$ 600.00", texts[begun])
        self.assertNotIn("Instalment 1 of 2", texts[begun])
        for text in texts.values():
            self.assertNotIn("Installment of", text)
        for move in (silent, single):
            self.assertNotIn("Still to be paid", texts[move])
        self.company.o2c_pay_now_pdf = False
        self.assertIn("2 - Installment of $ 700.00", self._text(begun))

    def test_switched_off_leaves_odoo_s_own_code(self):
        self.company.write({"o2c_pay_now_pdf": False, "link_qr_code": True})
        png = self.env["o2c.pay.request"]._qr_png("native")
        with patch.object(self.env.registry["ir.actions.report"], "barcode", return_value=png):
            [page] = self._pages(self._make_invoice(100))
        self.assertFalse([address for address in page.addresses if "/pay/" in address])
        self.assertTrue([address for address in page.addresses if "/my/invoices/" in address])

    @skipUnless(shutil.which("zbarimg"), "needs zbarimg")
    def test_every_code_can_be_read(self):
        """Whatever the text, also where the one mask we take is not the best of the eight."""
        texts = [f"https://pay.example.com/pay/{secrets.token_urlsafe(32)}" for _number in range(20)]
        texts += ["a", "\N{DIGIT ZERO}" * 200, "A" * 43, "BCD\n002\n1\nSCT\n" + "N" * 70, "\x55\x2a" * 60]
        self.assertEqual(scan([self._with_margin(text) for text in texts]), [(text,) for text in texts])

    def _with_margin(self, text):
        """Return the code of a text as paper has it, with white around."""
        code = Image.open(io.BytesIO(self.env["o2c.pay.request"]._qr_png(text)))
        return ImageOps.expand(code.convert("L"), 40, 255)

    # Bank transfer

    def _bank_invoice(self, **values):
        return self._make_invoice(1000, self.term, partner_bank_id=self.bank_account.id, **values)

    def test_bank_details_and_reference(self):
        invoice = self._bank_invoice()
        text = self._text(invoice)
        reference = self.env["o2c.remittance"]._for_invoices(invoice)[invoice.id].display_name
        for expected in ["By bank transfer", "BE71 0961 2345 6769", reference, self.company.name]:
            self.assertIn(expected, text)
        self.assertNotIn("Payment Communication", text)
        self.assertEqual(self._text(invoice).count(reference), 1)
        self.company.o2c_bank_pdf = False
        text = self._text(invoice)
        self.assertNotIn(reference, text)
        self.assertIn("Payment Communication", text)

    def test_where_only_the_whole_can_be_paid_the_whole_is_asked_for(self):
        invoice = self._bank_invoice()
        nbsp, service = "\N{NO-BREAK SPACE}", self.env["o2c.pay.request"]
        self.assertEqual(service._for(invoice, "email")["amount"], f"${nbsp}300.00")
        self.company.o2c_policy_id = self.env["o2c.payment.policy"].sudo().create({"name": "Whole", "mode": "full"})
        self.assertEqual(service._for(invoice, "email")["amount"], f"${nbsp}1,000.00")
        self.assertEqual(service._for_bank(invoice)["amount"], f"${nbsp}1,000.00")
        self.assertIn("To pay: $ 1,000.00 by", self._text(invoice).replace(nbsp, " "))

    def test_bank_details_in_the_customer_s_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        invoice = self._bank_invoice()
        template = self.env.ref("o2c_portal.report_invoice_document")
        template.with_context(lang="fr_FR").update_field_translations(
            "arch_db", {"fr_FR": {
                "<strong>By bank transfer</strong>": "<strong>Par virement</strong>", "Reference": "Communication",
            }}
        )
        text = self._text(invoice)
        self.assertIn("Par virement", text)
        self.assertIn("Communication RF", text)

    def test_no_bank_details_where_nothing_is_to_be_transferred(self):
        paid = self._make_invoice(10)
        self._register_payment(paid)
        homeless = self._make_invoice(10)
        homeless.partner_bank_id = False
        refund = self._bank_invoice()._reverse_moves()
        refund.action_post()
        cancelled = self._bank_invoice()
        self.env["o2c.remittance"]._for_invoices(cancelled)[cancelled.id].action_cancel()
        moves = paid | homeless | refund | cancelled | self._bank_invoice(post=False)
        for move, text in self._texts(moves).items():
            with self.subTest(kind=move.move_type, state=move.state, account=move.partner_bank_id.acc_number):
                self.assertNotIn("By bank transfer", text)

    @skipUnless(shutil.which("zbarimg") and shutil.which("pdftoppm"), "needs zbarimg and pdftoppm")
    def test_banking_apps_can_scan_it_within_the_limits_of_the_standard(self):
        """As with account_qr_code_sepa, which is not there without base_iban."""
        banks, amounts = self.env.registry["res.partner.bank"], []

        def values(bank, qr_method, amount, currency, debtor_partner, free_communication, structured_communication):
            amounts.append(amount)
            return ["BCD", "002", "1", "SCT", "", bank.acc_holder_name[:71], bank.sanitized_acc_number,
                    f"{currency.name}{amount}", "", structured_communication.replace(" ", ""), free_communication, ""]

        self.startPatcher(patch.object(banks, "_get_available_qr_methods", lambda _bank: [("sct_qr", "SEPA", 20)]))
        self.startPatcher(patch.object(banks, "_get_qr_vals", values))
        invoice = self._bank_invoice()
        self.bank_account.acc_holder_name = "N" * 75
        codes = [code for page in self._pages(invoice, scan=True) for code in page.codes]
        advice = self.env["o2c.remittance"]._for_invoices(invoice)[invoice.id]
        self.assertIn(invoice._o2c_pay_url("pdf"), codes)
        codes.remove(invoice._o2c_pay_url("pdf"))
        self.assertEqual([code.split() for code in codes], [[
            "BCD", "002", "1", "SCT", "N" * 70, "BE71096123456769", "USD300.0", advice.reference,
        ]])
        self.assertEqual(amounts, [300.0])
        self.startPatcher(patch.object(banks, "_get_qr_vals", lambda *_args, **_values: ["x" * 200] * 12))
        payload = self.env["o2c.pay.request"]._epc(self.bank_account, 300.0, advice, invoice.partner_id)
        self.assertEqual([len(line) for line in payload.split("\n")], [200] * 5 + [70] + [200] * 4 + [140, 200])

    def test_overdue_says_so(self):
        invoice = self._make_invoice(1000, self.term, "2026-01-01")
        text = self._text(invoice)
        self.assertIn("Due now: $ 1,000.00 since 01/01/2026", text)

    def test_the_page_of_the_portal_makes_no_link(self):
        invoice = self._make_invoice(100)
        html = self.env["ir.actions.report"]._render_qweb_html(
            "account.account_invoices", invoice.ids, data={"report_type": "html"},
        )[0]
        self.assertNotIn(b"/pay/", html)
        self.assertFalse(self.env["o2c.pay.link"].sudo().search([("move_id", "=", invoice.id)]))
