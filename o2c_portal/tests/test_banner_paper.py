"""The banner on the PDF of an invoice: in every layout, on no reminder, counted when it is sent."""

import io
from datetime import timedelta
from unittest.mock import patch

from odoo.fields import Date
from odoo.tests import HttpCase, tagged
from odoo.tools.pdf import OdooPdfFileReader

from .banner_common import BannerCase, picture
from .pdf_common import LAYOUTS


@tagged("post_install", "-at_install")
class TestBannerPaper(BannerCase, HttpCase):

    def _pdf(self, move, **context):
        report = self.env["ir.actions.report"].with_context(
            force_report_rendering=True, o2c_no_print_delay=True, **context,
        )
        return OdooPdfFileReader(io.BytesIO(report._render_qweb_pdf("account.account_invoices", move.ids)[0]))

    def _text(self, reader):
        return " ".join(" ".join(page.extract_text() for page in reader.pages).split())

    def _links(self, reader):
        found = [note.get_object() for page in reader.pages for note in page.get("/Annots", [])]
        return {note["/A"]["/URI"] for note in found if "/URI" in note.get("/A", {})}

    def _images(self, reader):
        return sum(
            thing.get_object()["/Subtype"] == "/Image"
            for page in reader.pages for thing in page["/Resources"].get("/XObject", {}).values()
        )

    def _html(self, moves, report_type="pdf"):
        """Return the page that becomes the PDF."""
        report = self.env["ir.actions.report"]
        data = {"report_type": report_type}
        return report._render_qweb_html("account.account_invoices", moves.ids, data=data)[0].decode()

    def _send(self, moves):
        self.env["account.move.send"]._generate_and_send_invoices(moves, sending_methods=["manual"])

    def test_every_layout_shows_it_without_asking_this_server(self):
        banner = self._make_banner()
        invoice = self._make_invoice(100)
        images = self._images(self._pdf(invoice))
        banner.sudo().image = picture()
        url = banner.link_ids.filtered(lambda link: link.o2c_place == "pdf").short_url
        stop = self._pick(place="pdf")["stop_url"]
        with patch.object(self.env.registry["o2c.banner"], "_find_image", side_effect=AssertionError):
            for layout in LAYOUTS:
                with self.subTest(layout):
                    self.env.company.external_report_layout_id = self.env.ref(f"web.external_layout_{layout}")
                    reader = self._pdf(invoice)
                    text = self._text(reader)
                    for words in ("Advertisement", "Spring offer", "Ten percent off", "Read more", "No more offers"):
                        self.assertIn(words, text)
                    self.assertLessEqual({url, stop}, self._links(reader))
                    self.assertGreater(self._images(reader), images)

    def test_not_on_reminders_nor_on_what_is_no_invoice(self):
        self._make_banner()
        term = self._make_term((50, 0), (50, 30))
        today = Date.context_today(self.customer)
        refund = self._make_invoice(100)._reverse_moves()
        refund.action_post()
        for name, move, expected in [
            ("due today", self._make_invoice(100, term), True),
            ("one instalment overdue", self._make_invoice(100, term, today - timedelta(1)), False),
            ("credit note", refund, False),
            ("draft", self._make_invoice(100, post=False), False),
        ]:
            with self.subTest(name):
                self.assertIs("Spring offer" in self._html(move), expected)

    def test_not_on_the_page_of_the_portal_where_a_card_may_be_entered(self):
        self._make_banner()
        self.assertNotIn("Spring offer", self._html(self._make_invoice(100), "html"))

    def test_not_for_who_is_held_out_or_was_not_asked(self):
        self._make_banner(holdout_percent=50)
        person = self.env["res.partner"].create({"name": "Ida"})
        shown, held = (self._make_customers(1, held=held) for held in (False, True))
        for partner, expected in [(shown, True), (held, False), (person, False)]:
            with self.subTest(partner.name):
                self.assertIs("Spring offer" in self._html(self._make_invoice(100, partner=partner)), expected)

    def test_counted_when_sent_for_both_groups_and_only_then(self):
        banner = self._make_banner(holdout_percent=50)
        shown, held = (self._make_customers(1, held=held) for held in (False, True))
        invoices = self._make_invoice(100, partner=shown) | self._make_invoice(100, partner=held)
        invoices |= self._make_invoice(100, partner=shown)
        self._html(invoices)
        self.assertEqual(self._views(banner), [])
        self._send(invoices)
        self.assertEqual(self._views(banner), [("pdf", False, 1), ("pdf", True, 2)])
        self._send(invoices)
        self.assertEqual(self._views(banner), [("pdf", False, 1), ("pdf", True, 2)], "the PDF was there already")

    def test_queries_for_many_documents(self):
        self._make_banner()
        term = self._make_term((100, 30))
        invoices = self.env["account.move"].union(*(
            self._make_invoice(10, term, partner=partner) for partner in self._make_customers(12, held=False)
        ))
        self.banners._pick_for_documents(invoices[:1], "pdf")
        counts = []
        for some in (invoices[:2], invoices):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(len(self.banners._pick_for_documents(some, "pdf")), len(some))
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])

    def test_each_reader_of_a_mail_counts_for_themselves(self):
        banner = self._make_banner()
        invoice, calm = self._make_invoice(100), self._make_invoice(100)
        yes, no = (self.env["res.partner"].create({
            "name": name, "parent_id": self.customer.id, "o2c_offers": offers,
        }) for name, offers in (("Yes", False), ("No", "refused")))
        readers = {invoice: yes | no, calm: self.customer}
        found = self.banners._pick_for_readers(readers, "mail")
        self.assertEqual(set(found), {(invoice.id, yes.id), (calm.id, self.customer.id)})
        self.assertIn(f"/offers/stop/{yes.id}-", found[invoice.id, yes.id]["stop_url"])
        self.banners._count_readers(readers, "mail")
        self.assertEqual(self._views(banner), [("mail", True, 2)])

    def test_without_a_banner_it_costs_one_query(self):
        invoices = self._make_invoice(10) | self._make_invoice(10)
        invoices.fetch(["move_type", "state", "company_id"])
        with self.assertQueryCount(1):
            self.assertEqual(self.banners._pick_for_documents(invoices, "pdf"), {})

    def test_preview_shows_it_to_staff_before_it_is_live(self):
        banner = self._make_banner(state="draft")
        invoice = self._make_invoice(100)
        self.assertNotIn("Spring offer", self._html(invoice))
        self.assertIn("Spring offer", self._text(self._pdf(invoice, o2c_banner_preview=banner.id)))
        self.assertEqual(self._views(banner), [])
