"""Before invoices are sent: what each reader would see, a test to oneself, and nothing of it left behind."""

import re
from unittest.mock import patch

from lxml import html

from odoo.http import Request
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import MockEmail

from .banner_common import BannerMixin
from .pay_common import PublicCase

WATCHED = (
    "o2c.pay.link", "o2c.delivery", "o2c.remittance", "mail.mail", "mail.message", "mail.notification",
    "ir.attachment", "o2c.banner.view", "res.partner",
)
SAMPLE = "/pay/preview"


@tagged("post_install", "-at_install")
class TestSendPreview(BannerMixin, PublicCase, MockEmail):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.alice, cls.bob = cls._make_readers()
        cls.clerk = new_test_user(cls.env, "previewer", name="Previewer", email="previewer@example.com",
                                  groups="account.group_account_invoice")
        cls.invoice = cls._make_invoice(1000, cls._make_term((30, 0), (70, 30)))
        cls.mails = cls.env["mail.mail"].sudo()

    def setUp(self):
        super().setUp()
        self.authenticate("previewer", "previewer")

    def _dialog(self, invoices=None, user=None, kind="one", **values):
        """Return the address of the preview of a dialog that a user opened."""
        invoices = self.invoice if invoices is None else invoices
        model = "account.move.send.wizard" if kind == "one" else "account.move.send.batch.wizard"
        dialog = self.env[model].with_user(user or self.clerk).with_context(
            active_model="account.move", active_ids=invoices.ids,
        ).create({"sending_methods": ["email"], **values} if kind == "one" else values)
        return dialog.action_o2c_preview()["url"]

    def _page(self, path, status=200, **kwargs):
        self.env.flush_all()
        response = self.url_open(path, allow_redirects=False, **kwargs)
        self.env.invalidate_all()
        self.assertEqual(response.status_code, status, response.text[:500])
        return response

    def _texts(self, response, xpath):
        return [" ".join(node.text_content().split()) for node in html.fromstring(response.text).xpath(xpath)]

    def _written(self):
        """Return how many rows there are of what sending writes, and the state of the document."""
        self.env.flush_all()
        self.env.invalidate_all()
        return (
            {model: self.env[model].sudo().search_count([]) for model in WATCHED},
            self.invoice.is_move_sent, self.invoice.invoice_pdf_report_id,
        )

    # What is shown

    def test_who_gets_it_and_in_which_language(self):
        self.company.o2c_invoice_emails = "archive@example.com"
        page = self._page(self._dialog())
        self.assertEqual(self._texts(page, "//*[@class='o2c-preview-readers']//a"), [
            "Alice alice@example.com English (US)", "Bob bob@example.com French / Français",
            "archive@example.com English (US) · copy for staff, no payment link",
        ])
        self.assertIn("frame-src 'self'", page.headers["Content-Security-Policy"])
        self.assertEqual(html.fromstring(page.text).xpath("//iframe[contains(@src, '/mail')]/@sandbox"), ["", ""])
        self.assertEqual(self._texts(self._page(f"{self._dialog()}?reader=2"), "//dd")[1:3],
                         ["bob@example.com", f"Facture {self.invoice.name}"])

    def test_the_mail_is_the_one_that_is_sent(self):
        """Byte for byte, but for the address behind the button."""
        path = self._dialog()
        shown = {
            address: self._page(f"{path}/mail?reader={number}").text
            for number, address in enumerate(("alice@example.com", "bob@example.com"), 1)
        }
        dialog = self.env["account.move.send.wizard"].browse(int(path.rpartition("/")[2]))
        dialog.with_user(self.clerk).action_send_and_print()
        rows = self.mails.search([("o2c_delivery_id.res_id", "=", self.invoice.id)])
        self.assertEqual(set(rows.o2c_delivery_id.mapped("address")), set(shown))
        for mail in rows:
            page = shown[mail.o2c_delivery_id.address]
            self.assertIn(SAMPLE, page)
            sent = re.sub(r"/pay/[A-Za-z0-9_-]{43}", SAMPLE, mail.body_html)
            page = page.removeprefix("<!DOCTYPE html>").replace('<head><base target="_blank"/>', "<head>")
            self.assertEqual(page, sent)

    def test_a_notice_is_shown_as_the_notice_it_is(self):
        path = self._dialog(sending_methods=["o2c_portal_notice"])
        page = self._page(path)
        self.assertIn(f"Invoice {self.invoice.name} of {self.company.name} is online", self._texts(page, "//dd"))
        self.assertNotIn("Attached", self._texts(page, "//dt"))
        shown = self._page(f"{path}/mail?reader=1").text
        self.assertIn(f'{SAMPLE}/document"', shown)
        self._page(f"{SAMPLE}/document")
        dialog = self.env["account.move.send.wizard"].browse(int(path.rpartition("/")[2]))
        dialog.with_user(self.clerk).action_send_and_print()
        mail = self.mails.search([("o2c_delivery_id.address", "=", "alice@example.com")])
        sent = re.sub(r"/pay/[A-Za-z0-9_-]{43}", SAMPLE, mail.body_html)
        self.assertIn(sent.split("<body")[1], shown)

    def test_the_senders_words_are_shown(self):
        path = self._dialog(subject="Hello", body="<p>As agreed by phone.</p>", o2c_also_to="new@example.org")
        page = self._page(f"{path}?reader=3")
        self.assertEqual(self._texts(page, "//dd")[1:3], ["new@example.org", "Hello"])
        self.assertIn("As agreed by phone.", self._page(f"{path}/mail?reader=3").text)

    def test_frames_open_and_run_nothing(self):
        mail = self._page(f"{self._dialog()}/mail")
        policy = mail.headers["Content-Security-Policy"]
        self.assertTrue(policy.endswith("; sandbox"), policy)
        self.assertIn("default-src 'none'", policy)
        self.assertIn("frame-ancestors 'self'", policy)

    @mute_logger("odoo.addons.o2c_portal.models.ir_actions_report")  # style sheets are out of reach in tests
    def test_the_pdf(self):
        path = self._dialog()
        previews = self.env["o2c.invoice.preview"].with_context(force_report_rendering=True)
        name, pdf = previews._paper(previews._of(self.invoice, {}))
        self.assertEqual((name, pdf[:5]), (self.invoice._get_invoice_report_filename(), b"%PDF-"))
        self.assertEqual(set(re.findall(rb"/URI \((\S+/pay\S*)\)", pdf)), {
            f"{self.invoice.get_base_url()}{address}".encode() for address in (SAMPLE, "/pay")
        })
        with patch.object(self.env.registry["o2c.invoice.preview"], "_paper", lambda *_args: (name, pdf)):
            shown = self._page(f"{path}/pdf")
        self.assertEqual((shown.headers["Content-Type"], shown.content), ("application/pdf", pdf))
        self.assertEqual(shown.headers["Content-Security-Policy"], "frame-ancestors 'self'")
        self.assertIn(name, shown.headers["Content-Disposition"])

    def test_the_block_of_the_pdf_asks_by_a_sample(self):
        self.company.write({"o2c_bank_pdf": True})
        self.invoice.partner_bank_id = self.env["res.partner.bank"].create({
            "acc_number": "BE71 0961 2345 6769", "partner_id": self.company.partner_id.id, "allow_out_payment": True,
        })
        before = self._written()
        requests = self.env["o2c.pay.request"].with_context(o2c_preview=True)
        ahead = requests._ahead(self.invoice)
        block, bank = requests._for_pdf(self.invoice, ahead), requests._for_bank(self.invoice, ahead)
        self.assertEqual((block["url"], block["code"]), (f"{self.invoice.get_base_url()}{SAMPLE}", "0000-0000-000"))
        self.assertEqual((block["amount"], bank["amount"]), ("$\N{NO-BREAK SPACE}300.00",) * 2)
        self.assertTrue(bank["reference"])
        self.assertEqual(self._written(), before)
        known = self.env["o2c.remittance"]._for_invoices(self.invoice)[self.invoice.id]
        self.assertEqual(requests._for_bank(self.invoice)["reference"], known.display_name, "the one there is")

    def test_several_documents(self):
        invoices = self.env["account.move"].concat(*(
            self._make_invoice(100 + number, invoice_date=f"2026-01-{20 - number:02}") for number in range(6)
        ))
        path, names = self._dialog(invoices, kind="many"), invoices.sorted("date").mapped("name")
        first, last = self._page(path), self._page(f"{path}?document=5")
        self.assertEqual(self._texts(first, "//h1"), [f"Preview: {names[0]}"])
        self.assertEqual(self._texts(last, "//h1"), [f"Preview: {names[4]}"])
        self.assertEqual(self._texts(first, "//nav"), ["Document 1 of 5 Next"])
        self.assertEqual(self._texts(last, "//nav"), ["Previous Document 5 of 5"])
        self.assertIn(names[4], self._page(f"{path}/mail?document=5").text)
        self._page(f"{path}?document=6", 404)

    def test_who_gets_no_mail(self):
        by_hand = self.env["res.partner"].create({
            "name": "By Hand Ltd", "email": "hand@example.com", "invoice_sending_method": "manual",
        })
        path = self._dialog(self._make_invoice(1, partner=by_hand) | self.invoice, kind="many")
        page = self._page(f"{path}?document=2")
        self.assertEqual(self._texts(page, "//*[@class='o2c-preview-nobody']"), ["Nobody gets this document by email."])

    def test_banners_lead_nowhere_and_are_not_counted(self):
        self.alice.o2c_offers = "agreed"
        banner = self._make_banner(on_mail=True, on_pdf=True, url="https://shop.example.com/spring")
        term = self._make_term((100, 30))
        mail = self._page(f"{self._dialog(self._make_invoice(10, term))}/mail")
        tree = html.fromstring(mail.text)
        self.assertIn("Spring offer", mail.text)
        self.assertEqual({address.partition("://")[2].partition("/")[2] for address in tree.xpath("//a/@href")
                          if address.startswith("http")}, {"pay/preview"})
        self.assertEqual(self._views(banner), [])

    # Nothing of it stays

    def test_looking_writes_nothing(self):
        template = self.env.ref("account.email_template_edi_invoice")
        template.write({"use_default_to": False, "email_cc": "unheard-of@example.com"})  # Odoo makes a contact of it
        paths = [self._dialog(), self._dialog(self.invoice | self._make_invoice(5), kind="many")]
        before = self._written()
        for path in paths:
            for what in ("", "/mail", "/pdf"):
                self._page(path + what)
        self.assertEqual(self._written(), before)

    def test_the_link_of_a_preview_leads_to_a_page_that_says_so(self):
        self.authenticate(None, None)
        page = self._page(SAMPLE)
        self.assertIn("Here nothing can be paid", page.text)

    # A test to oneself

    def _test(self, path, status=303, **form):
        return self._page(f"{path}/test", status, data={"csrf_token": Request.csrf_token(self), **form})

    def test_a_test_goes_to_nobody_else(self):
        self.mails.search([]).unlink()
        path, before = self._dialog(), self._written()
        answer = self._test(path, reader="2")
        self.assertTrue(answer.headers["Location"].endswith(f"{path}?document=1&reader=2&done=test"))
        mail = self.mails.search([])
        after = self._written()
        changed = {model: after[0][model] - count for model, count in before[0].items() if after[0][model] != count}
        self.assertEqual((changed, after[1:]),
                         ({"mail.mail": 1, "mail.message": 1, "ir.attachment": 1}, before[1:]))
        self.assertEqual((mail.subject, mail.email_to), (f"[Test] Facture {self.invoice.name}",
                                                         '"Previewer" <previewer@example.com>'))
        self.assertFalse(mail.model or mail.res_id or mail.recipient_ids or mail.o2c_delivery_id)
        self.assertEqual(mail.reply_to, mail.email_to)
        self.assertIn(SAMPLE, mail.body_html)
        self.assertFalse(re.search(r"/pay/[A-Za-z0-9_-]{43}", mail.body_html + mail.o2c_text))
        self.assertEqual(mail.attachment_ids.mapped("mimetype"), ["application/pdf"])
        text = mail.o2c_text
        with self.mock_mail_gateway(mail_unlink_sent=True):
            self.mails.process_email_queue()
            [sent] = self._mails
        self.assertEqual((sent["email_to"], sent["body_alternative"]),
                         (['"Previewer" <previewer@example.com>'], text))
        self.assertEqual(self._written(), before, "nor does the test itself")

    def test_a_test_of_what_was_sent_before_has_no_working_link_either(self):
        self.env["account.move.send"]._generate_and_send_invoices(self.invoice, sending_methods=["email"])
        frozen = self.invoice.invoice_pdf_report_id
        path = self._dialog()
        self.assertEqual(self._page(f"{path}/pdf").content, frozen.raw)
        self.mails.search([]).unlink()
        self._test(path)
        mail = self.mails.search([])
        self.assertEqual(mail.attachment_ids.mapped("name"), [frozen.name])
        self.assertNotEqual(mail.attachment_ids.raw, frozen.raw)

    def test_the_files_of_a_test_are_those_the_sender_left_in(self):
        own = self.env["ir.attachment"].with_user(self.clerk).create({"name": "terms.txt", "raw": b"Our terms"})
        path = self._dialog()
        dialog = self.env["account.move.send.wizard"].browse(int(path.rpartition("/")[2]))
        [pdf] = dialog.mail_attachments_widget
        manual = {"id": own.id, "name": own.name, "mimetype": "text/plain", "placeholder": False, "manual": True}
        for widget, names in (([pdf, manual], [pdf["name"], "terms.txt"]), ([{**pdf, "skip": True}, manual],
                                                                           ["terms.txt"])):
            dialog.mail_attachments_widget = widget
            self.mails.search([]).unlink()
            self._test(path)
            self.assertEqual(sorted(self.mails.search([]).attachment_ids.mapped("name")), names)
        self.assertTrue(own.exists(), "the test had a copy")
        foreign = self.env["ir.attachment"].create({"name": "secret.txt", "raw": b"Not theirs"})
        dialog.mail_attachments_widget = [{**manual, "id": foreign.id}]
        self._test(path, 404)

    def test_who_has_no_address_gets_no_test(self):
        self.clerk.email = False
        path = self._dialog()
        self.assertFalse(html.fromstring(self._page(path).text).xpath("//form//button"))
        self._test(path, 422)

    @mute_logger("odoo.http")
    def test_a_test_needs_the_visitors_own_click(self):
        path, before = self._dialog(), self.mails.search_count([])
        self._page(f"{path}/test", 400, data={"csrf_token": "bad"})
        self._page(f"{path}/test", 405)
        self.assertEqual(self.mails.search_count([]), before)

    # Who may

    def _refused(self, address, status=404):
        """See that an address is refused, without a word about the document and without a trace."""
        before, mails = self._written(), self.mails.search_count([])
        page = self._page(address, status)
        for words in (self.invoice.name, self.customer.name, "alice@example.com"):
            self.assertNotIn(words, page.text)
        self.assertEqual((self._written(), self.mails.search_count([])), (before, mails))

    def test_only_who_may_send(self):
        path, many = self._dialog(), self._dialog(self.invoice | self._make_invoice(5), kind="many")
        other = self._create_company(name="Other Company")
        users = {
            "colleague": new_test_user(self.env, "colleague", groups="account.group_account_invoice"),
            "reader": new_test_user(self.env, "preview_reader", groups="account.group_account_readonly"),
            "portal": new_test_user(self.env, "preview_portal", groups="base.group_portal"),
        }
        for name, user in users.items():
            self.authenticate(user.login, user.login)
            for address in (path, f"{path}/mail", f"{path}/pdf", many, f"{path}x", "/o2c/send/preview/one/999999999"):
                with self.subTest(user=name, address=address):
                    self._refused(address)
            mails = self.mails.search_count([])
            self._test(path, 404)
            self.assertEqual(self.mails.search_count([]), mails)
        self.authenticate("previewer", "previewer")
        self.clerk.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        for address in (path, f"{path}/mail", f"{path}/pdf", many):
            with self.subTest(user="left the company", address=address):
                self._refused(address)

    def test_a_salesperson_may_not_preview_a_list(self):
        seller = new_test_user(self.env, "previewing_seller", email="s@example.com",
                               groups="sales_team.group_sale_salesman")
        own = self._make_invoice(10, invoice_user_id=seller.id)
        self.authenticate(seller.login, seller.login)
        self._page(self._dialog(own, user=seller))
        both = own | self._make_invoice(11, invoice_user_id=seller.id)
        self._refused(self._dialog(both, user=seller, kind="many"))

    def test_what_is_not_posted_any_more_is_refused(self):
        path = self._dialog()
        self.invoice.button_draft()
        for address in (path, f"{path}/mail", f"{path}/pdf"):
            self._page(address, 422)
        before, mails = self._written(), self.mails.search_count([])
        self._test(path, 422)
        self.assertEqual((self._written(), self.mails.search_count([])), (before, mails))

    def test_numbers_that_are_none(self):
        path = self._dialog()
        for query in ("document=0", "document=2", "reader=0", "reader=9", "reader=x", "reader=-1", "document=%00",
                      "reader=99999999999999999999", "reader=²"):
            with self.subTest(query):
                self._refused(f"{path}?{query}")
