"""The PDF of an invoice can be paid: by clicking, by scanning, by typing."""

import io
import shutil
import subprocess
import tempfile
from pathlib import Path
from unittest import skipUnless
from unittest.mock import patch

from odoo.tests import HttpCase
from odoo.tools.pdf import OdooPdfFileReader

from .common import O2cCommon

LAYOUTS = ("standard", "boxed", "bold", "striped", "folder", "wave", "bubble")


class TestInvoicePdf(O2cCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.term = cls._make_term((30, 0), (70, 30))
        cls.bank_account = cls.env["res.partner.bank"].create({
            "acc_number": "BE71 0961 2345 6769", "partner_id": cls.company.partner_id.id, "allow_out_payment": True,
        })

    def _pdf(self, move):
        report = self.env["ir.actions.report"].with_context(force_report_rendering=True)
        move.invalidate_recordset()
        return report._render_qweb_pdf("account.account_invoices", res_ids=move.ids)[0]

    def _links(self, pdf):
        pages = OdooPdfFileReader(io.BytesIO(pdf), strict=False).pages
        found = [note.get_object() for page in pages for note in page.get("/Annots", [])]
        return [note["/A"]["/URI"] for note in found if "/URI" in note.get("/A", {})]

    def _text(self, pdf):
        return " ".join(" ".join(page.extract_text() for page in OdooPdfFileReader(io.BytesIO(pdf)).pages).split())

    def _codes(self, pdf):
        """Return what a scanner reads from the printed pages."""
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "invoice.pdf").write_bytes(pdf)
            subprocess.run(["pdftoppm", "-r", "100", "-png", "invoice.pdf", "page"], cwd=folder, check=True)
            pages = sorted(path.name for path in Path(folder).glob("page*.png"))
            scan = subprocess.run(["zbarimg", "-q", "--raw", *pages], cwd=folder, check=False, capture_output=True)
            return scan.stdout.decode().split()

    def test_button_and_address(self):
        invoice = self._make_invoice(1000, self.term)
        pdf = self._pdf(invoice)
        url = invoice._o2c_pay_url("pdf")
        self.assertEqual(set(self._links(pdf)) & {url}, {url})
        text = self._text(pdf)
        self.assertIn("Pay Now", text)
        self.assertIn("To pay: $ 300.00 by", text.replace("\N{NO-BREAK SPACE}", " "))
        host = invoice.get_base_url().partition("://")[2]
        self.assertIn(f"or open {host}/pay and enter {invoice._o2c_pay_code('pdf')}", text)
        self.assertNotIn(url, text.replace(" ", ""))
        self.company.o2c_pay_code_pdf = False
        text = self._text(self._pdf(invoice))
        self.assertIn(url, text.replace(" ", ""))
        self.assertNotIn(invoice._o2c_pay_code("pdf"), text)

    @skipUnless(shutil.which("zbarimg") and shutil.which("pdftoppm"), "needs zbarimg and pdftoppm")
    def test_the_code_scans_in_every_layout_and_is_the_only_one(self):
        self.company.link_qr_code = True
        invoice = self._make_invoice(1000, self.term)
        url = invoice._o2c_pay_url("pdf")
        for layout in LAYOUTS:
            with self.subTest(layout):
                self.company.external_report_layout_id = self.env.ref(f"web.external_layout_{layout}")
                pdf = self._pdf(invoice)
                self.assertEqual(self._codes(pdf), [url])
                self.assertIn(url, self._links(pdf))

    def test_nothing_to_pay_nothing_to_click(self):
        paid = self._make_invoice(100)
        self._register_payment(paid)
        refund = self._make_invoice(100)._reverse_moves()
        refund.action_post()
        draft = self._make_invoice(100, post=False)
        bill = self.init_invoice("in_invoice", partner=self.customer, invoice_date="2026-01-01", post=True, amounts=[9])
        for name, move in [("paid", paid), ("credit note", refund), ("draft", draft), ("bill", bill)]:
            with self.subTest(name):
                pdf = self._pdf(move)
                self.assertNotIn("Pay Now", self._text(pdf))
                self.assertFalse([link for link in self._links(pdf) if "/pay/" in link])

    def test_switched_off_leaves_odoo_s_own_code(self):
        self.company.write({"o2c_pay_now_pdf": False, "link_qr_code": True})
        png = self.env["o2c.pay.request"]._qr_png("native")
        with patch.object(self.env.registry["ir.actions.report"], "barcode", return_value=png):
            pdf = self._pdf(self._make_invoice(100))
        self.assertFalse([link for link in self._links(pdf) if "/pay/" in link])
        self.assertTrue([link for link in self._links(pdf) if "/my/invoices/" in link])

    # Bank transfer

    def _bank_invoice(self, **values):
        return self._make_invoice(1000, self.term, partner_bank_id=self.bank_account.id, **values)

    def test_bank_details_and_reference(self):
        invoice = self._bank_invoice()
        text = self._text(self._pdf(invoice))
        reference = self.env["o2c.remittance"]._for_invoices(invoice)[invoice.id].display_name
        for expected in ["By bank transfer", "BE71 0961 2345 6769", reference, self.company.name]:
            self.assertIn(expected, text)
        self.assertNotIn("Payment Communication", text)
        self.assertEqual(self._text(self._pdf(invoice)).count(reference), 1)
        self.company.o2c_bank_pdf = False
        text = self._text(self._pdf(invoice))
        self.assertNotIn(reference, text)
        self.assertIn("Payment Communication", text)

    def test_where_only_the_whole_can_be_paid_the_whole_is_asked_for(self):
        invoice = self._bank_invoice()
        nbsp, service = "\N{NO-BREAK SPACE}", self.env["o2c.pay.request"]
        self.assertEqual(service._for(invoice, "email")["amount"], f"${nbsp}300.00")
        self.company.o2c_policy_id = self.env["o2c.payment.policy"].sudo().create({"name": "Whole", "mode": "full"})
        self.assertEqual(service._for(invoice, "email")["amount"], f"${nbsp}1,000.00")
        self.assertEqual(service._for_bank(invoice)["amount"], f"${nbsp}1,000.00")
        self.assertIn("To pay: $ 1,000.00 by", self._text(self._pdf(invoice)).replace(nbsp, " "))

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
        text = self._text(self._pdf(invoice))
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
        for name, move in [("paid", paid), ("credit note", refund), ("draft", self._bank_invoice(post=False)),
                           ("no account", homeless), ("reference cancelled", cancelled)]:
            with self.subTest(name):
                self.assertNotIn("By bank transfer", self._text(self._pdf(move)))

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
        codes = self._codes(self._pdf(invoice))
        advice = self.env["o2c.remittance"]._for_invoices(invoice)[invoice.id]
        self.assertIn(invoice._o2c_pay_url("pdf"), codes)
        codes.remove(invoice._o2c_pay_url("pdf"))
        self.assertEqual(codes, [
            "BCD", "002", "1", "SCT", "N" * 70, "BE71096123456769", "USD300.0", advice.reference,
        ])
        self.assertEqual(amounts, [300.0])
        self.startPatcher(patch.object(banks, "_get_qr_vals", lambda *_args, **_values: ["x" * 200] * 12))
        payload = self.env["o2c.pay.request"]._epc(self.bank_account, 300.0, advice, invoice.partner_id)
        self.assertEqual([len(line) for line in payload.split("\n")], [200] * 5 + [70] + [200] * 4 + [140, 200])

    def test_overdue_says_so(self):
        invoice = self._make_invoice(1000, self.term, "2026-01-01")
        text = self._text(self._pdf(invoice)).replace("\N{NO-BREAK SPACE}", " ")
        self.assertIn("Due now: $ 1,000.00 since 01/01/2026", text)

    def test_the_page_of_the_portal_makes_no_link(self):
        invoice = self._make_invoice(100)
        html = self.env["ir.actions.report"]._render_qweb_html(
            "account.account_invoices", invoice.ids, data={"report_type": "html"},
        )[0]
        self.assertNotIn(b"/pay/", html)
        self.assertFalse(self.env["o2c.pay.link"].sudo().search([("move_id", "=", invoice.id)]))
