"""The print pile: what is sent on paper waits, is printed together in the order of the post, and is sent once somebody
says so."""

import io
from unittest.mock import patch

from reportlab.pdfgen import canvas

from odoo import SUPERUSER_ID, fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger
from odoo.tools.pdf import OdooPdfFileReader

from odoo.addons.o2c_portal.gateways.pdf_binder import Binder
from odoo.addons.o2c_portal.models import o2c_print_pile

from .common import O2cCommon
from .pdf_common import PdfCommon

PDF_LOGGER = "pypdf._reader"
NO_COMMIT = {"_commit_progress": lambda *args, **kwargs: float("inf")}


def paper(*texts, link=None):
    """Return a PDF with a page for each text."""
    file = io.BytesIO()
    page = canvas.Canvas(file)
    for text in texts:
        page.drawString(100, 700, text)
        if link:
            page.linkURL(link, (100, 690, 200, 710))
        page.showPage()
    page.save()
    return file.getvalue()


def texts(content):
    """Return the text of each page of a PDF; fails where a strict reader would."""
    return [page.extract_text().strip() for page in OdooPdfFileReader(io.BytesIO(content), strict=True).pages]


@tagged("post_install", "-at_install")
class TestPrintPile(O2cCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.company_id.country_id = cls.env.ref("base.be")
        cls.items, cls.piles = cls.env["o2c.print.item"].sudo(), cls.env["o2c.print.pile"].sudo()
        cls.clerk = new_test_user(cls.env, "printer", groups="o2c_portal.o2c_portal_group_user")
        cls.mails = cls.env["mail.mail"].sudo()
        cls.mails.search([]).unlink()
        cls.items.search([]).unlink()

    def setUp(self):
        super().setUp()
        native = self.env.registry["ir.actions.report"]._render_qweb_pdf

        def render(report, name, res_ids=None, data=None):
            if name != o2c_print_pile.REPORT:
                return native(report, name, res_ids=res_ids, data=data)
            return paper("List"), "pdf"

        self.patch(self.env.registry["ir.actions.report"], "_render_qweb_pdf", render)

    def _reader(self, name, postal_code="1000", country="base.be", **values):
        return self.env["res.partner"].create({
            "name": name, "email": f"{name.lower()}@example.com", "zip": postal_code, "city": "Town",
            "country_id": self.env.ref(country).id, "invoice_sending_method": "o2c_print", **values,
        })

    def _send(self, *invoices, pages=1, **settings):
        """Send invoices the way their customers are set to; their PDFs have so many pages, with their names."""
        moves = self.env["account.move"].concat(*invoices)
        self.env["account.move.send"]._generate_and_send_invoices(moves, **settings)
        for move in moves:
            move.invoice_pdf_report_id.raw = paper(*[f"{move.name} {page}" for page in range(1, pages + 1)])
        return self.items.search([("move_id", "in", moves.ids)])

    def _print(self, items=None):
        """Print as the clerk, all that waits or some of it, and return the pile."""
        chosen = (self.items if items is None else items).with_user(self.clerk)
        return self.piles.browse(chosen.action_print()["res_id"])

    def _notes(self, move):
        return " ".join(move.message_ids.mapped("body"))

    # On the pile

    def test_nothing_is_mailed_and_it_is_not_sent_yet(self):
        invoice = self._make_invoice(100, partner=self._reader("Ann"))
        item = self._send(invoice)
        self.assertEqual((item.state, item.company_id, item.user_id), ("waiting", self.env.company, self.env.user))
        self.assertEqual((invoice.is_move_sent, bool(invoice.invoice_pdf_report_id)), (False, True))
        self.assertFalse(self.mails.search([]))
        self.assertFalse(self.env["o2c.delivery"].sudo().search([("res_id", "=", invoice.id)]))
        self.assertIn("Put on the print pile.", self._notes(invoice))
        self.assertEqual(invoice._get_alerts()["o2c_to_print"]["level"], "info")

    def test_sent_again_it_is_there_once(self):
        invoice = self._make_invoice(100, partner=self._reader("Ann"))
        self._send(invoice)
        self.assertEqual(len(self._send(invoice)), 1)
        self.assertEqual(self._notes(invoice).count("Put on the print pile."), 1)

    def test_who_is_mailed_as_well_has_got_it(self):
        invoice = self._make_invoice(100)
        item = self._send(invoice, sending_methods=["email", "o2c_print"])
        self.assertEqual((item.state, invoice.is_move_sent, len(self.mails.search([]))), ("waiting", True, 1))

    def test_an_email_that_failed_is_no_concern_once_it_goes_by_post(self):
        invoice = self._make_invoice(100)
        self._send(invoice, sending_methods=["email"])
        row = self.env["o2c.delivery"].sudo().search([("res_id", "=", invoice.id)])
        row.state = "failed"
        self._send(invoice, sending_methods=["o2c_print"])
        self.assertEqual((row.state, self.mails.search([]).mapped("state")), ("replaced", ["cancel"]))

    def test_the_dialog_of_one_invoice(self):
        invoice = self._make_invoice(100, partner=self._reader("Ann", zip=False, city=False))
        wizard = self.env["account.move.send.wizard"].with_context(
            active_model="account.move", active_ids=invoice.ids,
        ).create({})
        self.assertEqual(wizard.sending_methods, ["o2c_print"])
        self.assertEqual(set(wizard.alerts), {"o2c_no_postal_address"})
        self.assertIn("Ann", wizard.alerts["o2c_no_postal_address"]["message"])
        wizard.action_send_and_print()
        self.assertEqual(self.items.search([]).move_id, invoice)
        self.assertFalse(self.mails.search([]))

    def test_a_bulk_sending(self):
        ann, bob = (self._make_invoice(100, partner=self._reader(name)) for name in ("Ann", "Bob"))
        moves = ann | bob | self._make_invoice(100)
        wizard = self.env["account.move.send.batch.wizard"].with_context(
            active_model="account.move", active_ids=moves.ids,
        ).create({})
        self.assertEqual({way: data["count"] for way, data in wizard.summary_data.items()},
                         {"o2c_print": 2, "email": 1})
        run = self.env["o2c.send.run"].browse(wizard.action_send_and_print()["res_id"])
        with patch.multiple(self.env.registry["ir.cron"], **NO_COMMIT):
            run.with_user(SUPERUSER_ID)._cron_send()
        self.assertEqual(run.item_ids.mapped(lambda item: (item.state, item.reason)),
                         [("sent", "On the print pile.")] * 2 + [("sent", False)])
        self.assertEqual(self.items.search([]).mapped(lambda item: (item.move_id, item.user_id)),
                         [(ann, self.env.user), (bob, self.env.user)])

    def test_the_job_of_odoo(self):
        invoice = self._make_invoice(100, partner=self._reader("Ann"))
        invoice.sending_data = {"author_user_id": self.env.uid, "author_partner_id": self.env.user.partner_id.id}
        with patch.multiple(self.env.registry["ir.cron"], **NO_COMMIT):
            self.env["account.move"].with_user(SUPERUSER_ID)._cron_account_move_send()
        self.assertEqual(self.items.search([]).move_id, invoice)
        self.assertFalse(self.mails.search([]))

    def test_e_invoices_are_made_as_ever(self):
        formats = self.env["res.partner"]._fields["invoice_edi_format"]
        if "ubl_bis3" not in dict(formats._description_selection(self.env)):
            self.skipTest("account_edi_ubl_cii is not installed")
        self.env.company.partner_id.vat = "BE0477472701"
        ann = self._reader("Ann", invoice_edi_format="ubl_bis3", vat="BE0202239951")
        tax = self.env["account.tax"].create({"name": "None", "amount": 0, "type_tax_use": "sale"})
        invoice = self._make_invoice(100, partner=ann, invoice_line_ids=[
            Command.create({"name": "Goods", "price_unit": 100, "tax_ids": tax.ids}),
        ])
        made = {}
        for way in ("manual", "o2c_print", "o2c_portal_notice"):
            copy = invoice.copy({"invoice_date": invoice.invoice_date})
            copy.action_post()
            self.env["account.move.send"]._generate_and_send_invoices(copy, sending_methods=[way])
            made[way] = (ann.invoice_edi_format, bool(copy.ubl_cii_xml_id), bool(copy.invoice_pdf_report_id))
        self.assertEqual(set(made.values()), {("ubl_bis3", True, True)})

    # Printing

    def test_one_file_in_the_order_of_the_post_with_a_list_in_front(self):
        paris = self._make_invoice(10, partner=self._reader("Paris", "75001", "base.fr"))
        ghent = self._make_invoice(20, partner=self._reader("Ghent", "9000"))
        brussels = self._make_invoice(30, partner=self._reader("Brussels", "1000"))
        self._send(paris, ghent, brussels, pages=2)
        link = self.env["o2c.pay.link"].sudo()._get_or_create(paris, "pdf")[paris.id]
        link.expires_at = fields.Datetime.subtract(fields.Datetime.now(), days=1)
        pile = self._print()
        self.assertEqual(link.state, "active", "printed anew, it can be paid by its code anew")
        self.assertEqual(texts(pile.attachment_id.raw), ["List", *(
            f"{invoice.name} {page}" for invoice in (brussels, ghent, paris) for page in (1, 2)
        )])
        self.assertEqual((pile.state, pile.user_id, pile.document_count, pile.page_count), ("open", self.clerk, 3, 6))
        self.assertEqual(pile._cover_rows(), [
            (1, "Brussels", "1000 Town BE", brussels.name, 2, "$\xa030.00"),
            (2, "Ghent", "9000 Town BE", ghent.name, 2, "$\xa020.00"),
            (3, "Paris", "75001 Town FR", paris.name, 2, "$\xa010.00"),
        ])
        self.assertEqual(pile.item_ids.mapped("state"), ["open"] * 3)
        self.assertFalse(any((paris | ghent | brussels).mapped("is_move_sent")))

    def test_printed(self):
        ann = self._reader("Ann", street="High Street 1")
        invoice = self._make_invoice(100, partner=ann)
        item = self._send(invoice)
        pile = self._print()
        for _click in range(2):
            pile.with_user(self.clerk).action_printed()
        self.assertEqual((pile.state, pile.printed_by_id, item.state), ("printed", self.clerk, "printed"))
        self.assertTrue(invoice.is_move_sent)
        self.assertEqual(self._notes(invoice).count("Printed, to be sent by post."), 1)
        row = self.env["o2c.delivery"].sudo().search([("res_id", "=", invoice.id)])
        self.assertEqual((row.channel, row.state, row.contact_id, row.copies, row.message_id),
                         ("paper", "sent", ann, 0, False))
        self.assertEqual(row.address, "High Street 1, 1000 Town, Belgium")
        self.assertNotIn("o2c_to_print", invoice._get_alerts())
        self.assertIn(str(pile.attachment_id.id), pile.with_user(self.clerk).action_file()["url"], "to print it again")

    def test_sent_again_after_it_was_printed(self):
        invoice = self._make_invoice(100, partner=self._reader("Ann"))
        for copies in (0, 1):
            self._send(invoice)
            self.assertEqual(invoice.is_move_sent, bool(copies), "it stays sent")
            self._print().with_user(self.clerk).action_printed()
            row = self.env["o2c.delivery"].sudo().search([("res_id", "=", invoice.id)])
            self.assertEqual(row.mapped("copies"), [copies])
        self.assertEqual(self.items.search([]).mapped("state"), ["printed"] * 2)

    def test_what_is_cancelled_drops_out_with_the_reason(self):
        first, second = (self._make_invoice(100, partner=self._reader(name)) for name in ("Ann", "Bob"))
        items = self._send(first, second)
        first.button_draft()
        pile = self._print()
        self.assertEqual(items.mapped(lambda item: (item.state, item.reason)),
                         [("dropped", "It is not posted any more."), ("open", False)])
        self.assertEqual((pile.document_count, pile.withdrawn), (1, ""))
        self.assertIn("Left out of the print pile", self._notes(first))

    def test_what_is_withdrawn_while_it_is_printed_is_named(self):
        cancelled, changed, good = (self._make_invoice(1, partner=self._reader(name)) for name in ("Ann", "Bob", "Cid"))
        items = self._send(cancelled, changed, good)
        pile = self._print()
        cancelled.button_draft()
        cancelled.button_cancel()
        changed.button_draft()
        changed.action_post()
        self.env.invalidate_all()
        pile.with_user(self.clerk).action_printed()
        self.assertEqual(items.mapped(lambda item: (item.state, item.reason)), [
            ("dropped", "It is not posted any more."), ("dropped", "It was changed since. Send it again."),
            ("printed", False),
        ])
        self.assertEqual(pile.withdrawn, f"{cancelled.name}, {changed.name}")
        self.assertEqual([move.is_move_sent for move in (cancelled, changed, good)], [False, False, True])

    @mute_logger(PDF_LOGGER)
    def test_a_broken_file_holds_up_nobody(self):
        items = self._send(*(self._make_invoice(1, partner=self._reader(name)) for name in ("Ann", "Bob")))
        items[0].move_id.invoice_pdf_report_id.raw = b"no PDF"
        pile = self._print()
        self.assertEqual((items[0].state, items[1].state, pile.document_count), ("dropped", "open", 1))
        self.assertIn("Its PDF cannot be read: ", items[0].reason)
        self.assertEqual(texts(pile.attachment_id.raw), ["List", f"{items[1].move_id.name} 1"])
        self.assertFalse(pile.withdrawn, "it is not on paper")

    def test_nothing_left(self):
        invoice = self._make_invoice(100, partner=self._reader("Ann"))
        item = self._send(invoice)
        invoice.button_draft()
        action = self.items.with_user(self.clerk).action_print()
        self.assertEqual((action["tag"], item.state), ("display_notification", "dropped"))
        self.assertFalse(self.piles.search([("company_id", "=", self.env.company.id)]))

    def test_a_second_clerk_gets_what_is_left(self):
        items = self._send(*(self._make_invoice(1, partner=self._reader(name)) for name in ("Ann", "Bob")))
        first = self._print(items[0])
        other = new_test_user(self.env, "printer_two", groups="o2c_portal.o2c_portal_group_user")
        second = self.piles.browse(items.with_user(other).action_print()["res_id"])
        self.assertEqual((first.item_ids, second.item_ids), (items[0], items[1]))
        self.assertEqual(items.with_user(other).action_print()["tag"], "display_notification")

    def test_put_back(self):
        items = self._send(*(self._make_invoice(1, partner=self._reader(name)) for name in ("Ann", "Bob")))
        pile = self._print()
        pile.with_user(self.clerk).action_put_back()
        self.assertEqual((pile.state, items.mapped("state"), items.pile_id), ("undone", ["waiting"] * 2, self.piles))
        pile.with_user(self.clerk).action_printed()
        self.assertEqual(pile.state, "undone", "decided is decided")
        self.assertEqual(self._print().item_ids, items)

    def test_leave_out(self):
        item = self._send(self._make_invoice(1, partner=self._reader("Ann")))
        item.with_user(self.clerk).action_leave_out()
        self.assertEqual((item.state, item.reason), ("dropped", f"Left out by {self.clerk.name}."))
        with self.assertRaises(UserError):
            item.with_user(self.clerk).action_leave_out()

    def test_a_file_has_an_end(self):
        items = self._send(*(self._make_invoice(1, partner=self._reader(name)) for name in ("Ann", "Bob", "Cid")))
        with patch.object(o2c_print_pile, "MOST", 2):
            first, second = self._print(), self._print()
        self.assertEqual((first.item_ids, second.item_ids), (items[:2], items[2]))

    def test_more_documents_need_no_more_questions_each(self):
        def queries(count):
            self._send(*(self._make_invoice(1, partner=self._reader(f"P{number}")) for number in range(count)))
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._print().with_user(self.clerk).action_printed()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        queries(1)
        few, many = queries(2), queries(12)
        self.assertLess(many - few, 10, "none for each document")

    # Who may

    def test_who_may_print(self):
        item = self._send(self._make_invoice(1, partner=self._reader("Ann")))
        pile = self._print()
        for login, groups in (("biller", "account.group_account_invoice"), ("guest", "base.group_portal")):
            user = new_test_user(self.env, login, groups=groups)
            for ask in (item.with_user(user).action_print, item.with_user(user).action_leave_out,
                        pile.with_user(user).action_printed, pile.with_user(user).action_put_back,
                        pile.with_user(user).action_file):
                with self.subTest(user=login, ask=ask), self.assertRaises(AccessError):
                    ask()
        with self.assertRaises(AccessError):
            item.with_user(self.clerk).write({"state": "printed"})
        self.assertEqual((item.state, pile.state), ("open", "open"))

    def test_companies_are_kept_apart(self):
        other = self._create_company(name="Other Company")
        self.env.user.company_ids += other
        ann = self._reader("Ann")
        ann.with_company(other).invoice_sending_method = "o2c_print"
        foreign = self.env["account.move"].with_company(other).create({
            "move_type": "out_invoice", "partner_id": ann.id, "invoice_date": "2026-01-01", "company_id": other.id,
            "invoice_line_ids": [Command.create({"name": "Goods", "price_unit": 10, "tax_ids": []})],
        })
        foreign.action_post()
        own = self._send(self._make_invoice(1, partner=ann))
        theirs = self._send(foreign)
        self.assertEqual(self._print().item_ids, own, "the clerk is of one company")
        with self.assertRaises(AccessError):
            theirs.with_user(self.clerk).action_print()
        self.clerk.company_ids += other
        both = theirs | self._send(self._make_invoice(1, partner=ann))
        clerk = both.with_user(self.clerk).with_context(allowed_company_ids=(self.env.company | other).ids)
        piles = self.piles.search(clerk.action_print()["domain"])
        self.assertEqual({pile.company_id: pile.document_count for pile in piles}, {self.env.company: 1, other: 1})


@tagged("post_install", "-at_install")
class TestBinder(O2cCommon):
    def _bound(self, *parts):
        """Return PDFs in one; of ``(content, first)`` each."""
        binder = Binder()
        counts = [binder.add(content, first=first) for content, first in parts]
        return counts, binder.bound()

    def test_pages_stay_in_order_and_keep_their_links(self):
        counts, bound = self._bound(
            (paper("one", "two"), False), (paper("three", link="https://example.com/pay"), False),
            (paper("zero"), True),
        )
        self.assertEqual((counts, texts(bound)), ([2, 1, 1], ["zero", "one", "two", "three"]))
        last = OdooPdfFileReader(io.BytesIO(bound)).pages[3]
        self.assertEqual([note.get_object()["/A"]["/URI"] for note in last["/Annots"]], ["https://example.com/pay"])

    def test_what_is_no_pdf_leaves_nothing_behind(self):
        binder = Binder()
        binder.add(paper("one"))
        with self.assertRaises(Exception), mute_logger(PDF_LOGGER):  # noqa: B017 - whatever the library says
            binder.add(b"<html/>")
        self.assertEqual(texts(binder.bound()), ["one"])


@tagged("post_install", "-at_install")
class TestPrintedPile(PdfCommon):
    def test_what_comes_out_of_the_printer(self):
        """The whole way with the program that prints."""
        self.customer.write({"zip": "9000", "city": "Ghent", "invoice_sending_method": "o2c_print"})
        invoices = self._make_invoice(100) | self._make_invoice(200)
        self.env["o2c.print.item"].sudo().search([]).unlink()
        self.env["account.move.send"].with_context(
            force_report_rendering=True, o2c_no_print_delay=True,
        )._generate_and_send_invoices(invoices)
        action = self.env["o2c.print.item"].with_context(force_report_rendering=True).action_print()
        pile = self.env["o2c.print.pile"].sudo().browse(action["res_id"])
        reader = OdooPdfFileReader(io.BytesIO(pile.attachment_id.raw), strict=True)
        cover, *pages = [self._page(sheet) for sheet in reader.pages]
        for words in ("Print pile of", "Payer Ltd", "9000 Ghent BE", *invoices.mapped("name"), "100.00", "200.00",
                      "Documents: 2", f"Pages: {len(pages)}"):
            self.assertTrue(cover.says(words), (words, cover.text))
        half = len(pages) // 2
        for page, invoice in ((pages[0], invoices[0]), (pages[half], invoices[1])):
            self.assertTrue(page.says(invoice.name))
            self.assertTrue(any("/pay/" in address for address in page.addresses), "its button works")
