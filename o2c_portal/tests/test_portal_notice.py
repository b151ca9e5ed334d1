"""The portal notice: a short mail says that the document is online, to those who get invoices."""

from lxml import html

from odoo.tests import HttpCase, new_test_user, tagged

from .common import O2cCommon


@tagged("post_install", "-at_install")
class TestPortalNotice(O2cCommon, HttpCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fr_FR")
        cls.customer.write({"is_company": True, "lang": "en_US", "invoice_sending_method": "o2c_portal_notice"})
        cls.mails = cls.env["mail.mail"].sudo()
        cls.mails.search([]).unlink()

    def _send(self, *invoices, **settings):
        """Send invoices the way their customers are set to and return ``{address: queued mail}``."""
        moves = self.env["account.move"].concat(*invoices)
        self.env["account.move.send"]._generate_and_send_invoices(moves, **settings)
        rows = self.mails.search([("o2c_delivery_id", "!=", False), ("state", "=", "outgoing")])
        return {mail.o2c_delivery_id.address: mail for mail in rows}

    def _links(self, mail):
        return set(html.fromstring(mail.body_html).xpath("//a/@href"))

    def _rows(self, invoice):
        return self.env["o2c.delivery"].sudo().search([("res_id", "=", invoice.id)])

    def test_short_without_files(self):
        term = self._make_term((30, 0), (70, 30))
        invoice = self._make_invoice(1000, term, ref="PO 77")
        [mail] = self._send(invoice).values()
        row = self._rows(invoice)
        text = html.fromstring(mail.body_html).text_content()
        self.assertEqual((row.channel, row.state, row.address), ("notice", "queued", "payer@example.com"))
        self.assertEqual((mail.subject, mail.attachment_ids),
                         (f"Invoice {invoice.name} of {self.env.company.name} is online", mail.attachment_ids.browse()))
        self.assertIn("It is not attached to this mail.", text)
        for part, shown in (("300.00", True), ("700.00", False), ("1,000.00", False), ("PO 77", False)):
            for place in (text, mail.o2c_text):
                self.assertEqual(part in place, shown, (part, place))
        token_url = row.link_id._url()
        self.assertTrue({token_url, f"{token_url}/document"} <= self._links(mail))
        self.assertIn(f"{token_url}/document", mail.o2c_text)
        message = invoice.message_ids[0]
        self.assertIn("is online", message.subject)
        self.assertFalse(message.attachment_ids)
        self.assertTrue(invoice.invoice_pdf_report_id, "it is there to be looked at")
        self.assertTrue(invoice.is_move_sent)

    def test_who_gets_invoices_gets_it_each_in_the_own_language(self):
        alice, bob = self.env["res.partner"].create([
            {"name": name, "email": f"{name}@example.com", "parent_id": self.customer.id, "lang": lang,
             "o2c_role_invoice": True}
            for name, lang in (("alice", "en_US"), ("bob", "fr_FR"))
        ])
        self.env["o2c.billing.address"].create({"partner_id": self.customer.id, "email": "scan@example.com"})
        mails = self._send(self._make_invoice(100))
        self.assertEqual(set(mails), {alice.email, bob.email, "scan@example.com"})
        self.assertEqual(len({frozenset(self._links(mail)) for mail in mails.values()}), 3, "each has an own link")
        self.assertIn('lang="fr-FR"', mails[bob.email].body_html)

    def test_who_gets_the_email_anyway_gets_no_notice(self):
        invoice = self._make_invoice(100)
        [mail] = self._send(invoice, sending_methods=["email", "o2c_portal_notice"]).values()
        self.assertTrue(mail.attachment_ids)
        self.assertEqual(self._rows(invoice).channel, "email")

    def test_what_cannot_be_opened_otherwise_is_mailed(self):
        """A credit note has no pay link: who cannot log in gets the file, who can gets the notice."""
        credit = self._make_invoice(100, move_type="out_refund")
        [mail] = self._send(credit).values()
        self.assertTrue(mail.attachment_ids)
        self.assertEqual(self._rows(credit).channel, "email")
        mail.unlink()
        new_test_user(self.env, "payer", groups="base.group_portal", partner_id=self.customer.id,
                      email=self.customer.email)
        [mail] = self._send(credit).values()
        self.assertFalse(mail.attachment_ids)
        self.assertIn("/mail/view", mail.o2c_text)
        self.assertEqual(self._rows(credit).channel, "notice")

    def test_nobody_to_tell_becomes_a_task(self):
        self.customer.email = False
        invoice = self._make_invoice(100)
        self.assertFalse(self._send(invoice))
        self.assertEqual((self._rows(invoice).state, self._rows(invoice).bad_address), ("suppressed", True))
        wizard = self.env["account.move.send.wizard"].with_context(
            active_model="account.move", active_ids=invoice.ids,
        ).create({"sending_methods": ["o2c_portal_notice"]})
        self.assertIn("Payer Ltd", wizard.alerts["o2c_no_reader"]["message"])

    def test_a_bulk_sending_counts_notices_without_asking_more(self):
        def queries(count):
            moves = self.env["account.move"].concat(*(self._make_invoice(100) for _number in range(count)))
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            wizard = self.env["account.move.send.batch.wizard"].with_context(
                active_model="account.move", active_ids=moves.ids,
            ).create({})
            self.assertEqual(wizard.summary_data["o2c_portal_notice"]["count"], count)
            self.assertFalse(wizard.alerts)
            return self.env.cr.sql_log_count - before

        queries(1)
        self.assertEqual(queries(12), queries(2))

    def test_the_customer_who_saves_an_address_keeps_the_way(self):
        new_test_user(self.env, "payer", groups="base.group_portal", partner_id=self.customer.id)
        self.authenticate("payer", "payer")
        for way, label in (("o2c_portal_notice", "by Portal, with a short email"),
                           ("o2c_print", "on Paper, printed by us")):
            self.customer.invoice_sending_method = way
            page = html.fromstring(self._open("/my/account").content)
            [chosen] = page.xpath("//select[@name='invoice_sending_method']/option[@selected]")
            with self.subTest(way):
                self.assertEqual((chosen.get("value"), chosen.text.strip()), (way, label))

    # The document behind a link

    def _open(self, url, **options):
        return self.url_open(url.partition(self.env.company.get_base_url())[2] or url, **options)

    def test_the_link_of_a_reader_opens_the_document(self):
        invoice = self._make_invoice(100)
        self._send(invoice)
        invoice.invoice_pdf_report_id.raw = b"%PDF-1.7 the very one"
        link = self._rows(invoice).link_id
        page = self._open(f"/pay/{link._token()}/document")
        self.assertEqual((page.status_code, page.content), (200, b"%PDF-1.7 the very one"))
        self.assertEqual(page.headers["Content-Type"], "application/pdf")
        self.assertIn("attachment", page.headers["Content-Disposition"])
        self.assertEqual(page.headers["Cache-Control"], "no-store")

    def test_no_other_link_does(self):
        invoice = self._make_invoice(100)
        self._send(invoice)
        links = self.env["o2c.pay.link"]
        copied = links._get_or_create(invoice, "manual")[invoice.id]
        printed = links._get_or_create(invoice, "pdf")[invoice.id]
        account = links._for_account(self.customer, self.env.company, "email")
        ended = self._rows(invoice).link_id
        ended._revoke("Leaked")
        for link, status in ((copied, 404), (printed, 404), (account, 404), (ended, 410)):
            with self.subTest(link=link.channel, purpose=link.purpose):
                self.assertEqual(self._open(f"/pay/{link._token()}/document").status_code, status)
        self.assertEqual(self._open("/pay/nothing/document").status_code, 404)
        fresh = self._make_invoice(100)
        unsent = links._for_readers([(fresh, "payer@example.com")], "email")[fresh.id, "payer@example.com"]
        self.assertEqual(self._open(f"/pay/{unsent._token()}/document").status_code, 404, "no file, and none is made")
        self.assertFalse(fresh.invoice_pdf_report_id)
        self.assertEqual(self._open(f"/pay/{unsent._token()}/document", method="POST").status_code, 405)
