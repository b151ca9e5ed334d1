"""Every layout of Odoo, every place a page can break, two sizes of paper, both directions of writing."""

import shutil
from unittest import skipUnless

from odoo.fields import Command, Date
from odoo.tests import tagged

from .pdf_common import PdfCommon

SIZES = (1, 4, 7, 10, 13)  # lines of an invoice: what follows them meets the end of the page at another place each time
ARABIC = {
    "Pay Now": "ادفع الآن", "To pay:": "للدفع:", "by": "قبل", "Still to be paid": "المبلغ المتبقي",
    "There you always see what is open today.": "ترى هناك دائما ما هو مفتوح اليوم.",
}


@tagged("post_install", "-at_install")
@skipUnless(shutil.which("zbarimg") and shutil.which("pdftoppm"), "needs zbarimg and pdftoppm")
class TestInvoiceLayouts(PdfCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._make_branches()
        cls.branches.link_qr_code = True  # Odoo's own code, which ours takes the place of
        cls.term = cls._make_term((30, 0), (40, 30), (30, 60))
        cls.account = cls.env["res.partner.bank"].create({
            "acc_number": "BE71 0961 2345 6769", "partner_id": cls.env.company.partner_id.id, "allow_out_payment": True,
        })

    @classmethod
    def _invoices(cls, sizes, **values):
        """Return posted invoices, one for each layout and number of lines."""
        invoices = cls.env["account.move"].create([
            {
                "move_type": "out_invoice", "company_id": branch.id, "partner_id": cls.customer.id,
                "invoice_date": Date.today(), "invoice_payment_term_id": cls.term.id,
                "partner_bank_id": cls.account.id,
                "invoice_line_ids": [
                    Command.create({"name": f"Part {number}", "price_unit": 1000.0, "tax_ids": []})
                    for number in range(size)
                ],
                **values,
            }
            for branch in cls.branches for size in sizes
        ])
        invoices.action_post()
        return invoices

    def _check(self, invoice, pages):
        """Each block is on one page with all its words, and the code that is scanned is the link that is clicked."""
        url = invoice._o2c_pay_url("pdf")
        holders = [page for page in pages if url in page.addresses]
        self.assertEqual(len(holders), 1)
        self.assertEqual(holders[0].codes, (url,))
        self.assertEqual([code for page in pages for code in page.codes], [url])
        reference = self.env["o2c.remittance"]._for_invoices(invoice)[invoice.id].display_name
        for whole in [
            ["To pay: $", "Pay Now", invoice._o2c_pay_code("pdf"), "There you always see what is open today."],
            ["By bank transfer", "BE71 0961 2345 6769", reference, "it tells us what you pay."],
            ["Still to be paid", *(f"Instalment {number} of 3" for number in (1, 2, 3))],
        ]:
            places = [[page.says(text) for page in pages] for text in whole]
            self.assertEqual(places, places[:1] * len(whole), whole)
            self.assertEqual(sum(places[0]), 1, whole)
        self.assertEqual([f"Page {number} / {len(pages)}" in page.text for number, page in enumerate(pages, start=1)],
                         [True] * len(pages))

    def _check_all(self, invoices):
        printed = self._read(invoices, scan=True)
        for invoice, pages in printed.items():
            with self.subTest(layout=invoice.company_id.name, lines=len(invoice.invoice_line_ids)):
                self._check(invoice, pages)
        return printed

    def test_no_block_is_ever_cut_in_any_layout(self):
        printed = self._check_all(self._invoices(SIZES))
        for branch in self.branches:  # the sizes do meet the end of the page
            lengths = [len(pages) for invoice, pages in printed.items() if invoice.company_id == branch]
            self.assertEqual((min(lengths), max(lengths)), (1, 2), branch.name)

    def test_letter_paper_in_every_layout(self):
        self.env.company.paperformat_id = self.env.ref("base.paperformat_us")
        for invoice, pages in self._check_all(self._invoices((2, 9))).items():
            self.assertEqual({page.size for page in pages}, {"612x792"}, invoice.company_id.name)

    def test_arabic_in_every_layout(self):
        """The blocks begin at the right edge, whoever prints; what is typed reads from the left."""
        self.env["res.lang"]._activate_lang("ar_001")
        self.customer.lang = "ar_001"
        for name in ("report_pay_request", "report_invoice_document", "report_pay_instalments"):
            view = self.env.ref(f"o2c_portal.{name}")
            words = {word: text for word, text in ARABIC.items() if f">{word}<" in view.arch_db}
            view.update_field_translations("arch_db", {"ar_001": words})
        for invoice, pages in self._read(self._invoices((2,)), scan=True).items():
            with self.subTest(layout=invoice.company_id.name):
                url = invoice._o2c_pay_url("pdf")
                page = next(page for page in pages if url in page.addresses)
                self.assertEqual(page.codes, (url,))
                self.assertTrue(page.says(invoice._o2c_pay_code("pdf")))
                self.assertNotIn("Pay Now", page.text)
                self.assertTrue(all(left > 0.5 for address, left, _right in page.links if address == url), page.links)

    def test_many_instalments_break_between_two_of_them(self):
        term = self._make_term(*[(5, 30 * month) for month in range(20)])
        invoice = self._invoices((12,), invoice_payment_term_id=term.id)[:1]
        pages = self._read(invoice, scan=True)[invoice]
        places = [[f"Instalment {number} of 20" in page.text for page in pages] for number in range(1, 21)]
        self.assertEqual([sum(place) for place in places], [1] * 20)
        self.assertEqual({place.index(True) for place in places}, {0, 1})
        heading = [page for page in pages if "Still to be paid" in page.text]
        self.assertIn("Instalment 1 of 20", heading[0].text)

    def test_documents_with_nothing_to_pay_show_nothing(self):
        invoices = self._invoices((2,), invoice_payment_term_id=False)
        paid, credited = invoices[:4], invoices[4:]
        for invoice in paid:
            self._register_payment(invoice)
        refunds = credited._reverse_moves(cancel=True)
        for move, pages in self._read(invoices | refunds).items():
            with self.subTest(layout=move.company_id.name, kind=move.move_type, state=move.payment_state):
                self.assertEqual([page.links for page in pages], [()] * len(pages))
                for word in ("Pay Now", "Still to be paid", "By bank transfer"):
                    self.assertNotIn(word, " ".join(page.text for page in pages))
