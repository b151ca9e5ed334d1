"""The mail of an invoice: one for each reader, with what the sender chose, and nobody left in the dark about it."""

from html.parser import HTMLParser

from freezegun import freeze_time
from lxml import html

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import html2plaintext

from .common import O2cCommon


class Tags(HTMLParser):
    """Collects the names of the elements of a page, as a mail reader meets them."""

    def __init__(self, text):
        super().__init__()
        self.names = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)


@tagged("post_install", "-at_install")
class TestInvoiceReaders(O2cCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.alice, cls.bob = cls._make_readers()
        cls.mails = cls.env["mail.mail"].sudo()
        cls.template = cls.env.ref("account.email_template_edi_invoice")

    def setUp(self):
        super().setUp()
        self.mails.search([]).unlink()

    def _wizard(self, invoice, **values):
        return self.env["account.move.send.wizard"].with_context(
            active_model="account.move", active_ids=invoice.ids,
        ).create({"sending_methods": ["email"], **values})

    def _send(self, invoice, **values):
        """Send by the wizard and return ``{address: queued mail}``."""
        self._wizard(invoice, **values).action_send_and_print()
        return self._queued()

    def _queued(self):
        rows = self.mails.search([("o2c_delivery_id", "!=", False), ("state", "=", "outgoing")])
        return {mail.o2c_delivery_id.address: mail for mail in rows}

    def _links(self, mail):
        return set(html.fromstring(mail.body_html).xpath("//a[contains(@href, '/pay/')]/@href"))

    # Each reader alone

    def test_own_language_and_own_link(self):
        invoice = self._make_invoice(100, partner=self.alice)
        mails = self._send(invoice)
        self.assertEqual(set(mails), {"alice@example.com", "bob@example.com"})
        links = [self._links(mails[address]) for address in sorted(mails)]
        self.assertEqual([len(found) for found in links], [1, 1])
        self.assertFalse(links[0] & links[1])
        english, french = (mails[address] for address in sorted(mails))
        self.assertIn("Here is your", html2plaintext(english.body_html))
        self.assertEqual((french.subject, "Bonjour" in french.body_html), (f"Facture {invoice.name}", True))
        self.assertEqual(french.email_to, '"Bob" <bob@example.com>')
        rows = self.env["o2c.delivery"].sudo().search([("res_id", "=", invoice.id)])
        self.assertEqual({row.link_id.recipient for row in rows}, set(mails))
        self.assertEqual(set(rows.mapped("state")), {"queued"})

    def test_a_leaked_link_is_known_and_ended_alone(self):
        invoice = self._make_invoice(100)
        mails = self._send(invoice)
        leaked = self._links(mails["bob@example.com"]).pop()
        link = self.env["o2c.pay.link"].sudo()._find(leaked.rpartition("/")[2])
        self.assertEqual((link.recipient, link.move_id, link.channel), ("bob@example.com", invoice, "email"))
        link._revoke("Leaked")
        kept = self._links(mails["alice@example.com"]).pop()
        self.assertEqual(self.env["o2c.pay.link"].sudo()._find(kept.rpartition("/")[2]).state, "active")

    def test_sent_again_the_link_stays_and_the_mail_is_another_copy(self):
        invoice = self._make_invoice(100)
        first = self._send(invoice)["bob@example.com"]
        address, message_id, row = self._links(first), first.message_id, first.o2c_delivery_id
        second = self._send(invoice)["bob@example.com"]
        self.assertEqual(self._links(second), address)
        self.assertNotEqual(second.message_id, message_id)
        self.assertEqual((second.o2c_delivery_id, row.copies), (row, 1))
        self.assertEqual((first.state, second.state), ("cancel", "outgoing"), "what still waits gives way to the new")

    def test_the_history_has_one_message_without_a_link(self):
        invoice = self._make_invoice(100)
        before = invoice.message_ids
        mails = self._send(invoice)
        message = invoice.message_ids - before
        self.assertEqual(len(message), 1)
        self.assertNotIn("/pay/", message.body)
        self.assertEqual(message.attachment_ids.mapped("name"), [f"{invoice.name.replace('/', '_')}.pdf"])
        self.assertEqual(set(message.attachment_ids.mapped(lambda file: (file.res_model, file.res_id))),
                         {("mail.message", message.id)})
        self.assertEqual(message.notification_ids.res_partner_id, self.alice | self.bob)
        for mail in mails.values():
            self.assertEqual((mail.references, mail.attachment_ids, mail.auto_delete),
                             (message.message_id, message.attachment_ids, True))
        self.assertFalse(invoice.message_ids & self.mails.search([]).mail_message_id)

    # What the sender chose

    def test_the_senders_words_reach_everybody_as_they_are(self):
        invoice = self._make_invoice(100)
        mails = self._send(invoice, subject="Hello", body="<p>As agreed by phone.</p>")
        self.assertEqual({mail.subject for mail in mails.values()}, {"Hello"})
        for mail in mails.values():
            self.assertIn("As agreed by phone.", mail.body_html)
            self.assertNotIn("Bonjour", mail.body_html)

    def test_the_senders_choice_of_people_counts(self):
        self.env["o2c.billing.address"].create({"partner_id": self.customer.id, "email": "scan@example.net"})
        invoice = self._make_invoice(100)
        wizard = self._wizard(invoice)
        self.assertEqual((wizard.mail_partner_ids, wizard.o2c_also_to), (self.alice | self.bob, "scan@example.net"))
        wizard.mail_partner_ids = [Command.set(self.bob.ids)]
        wizard.o2c_also_to = "New@example.org;scan@example.net"
        wizard.action_send_and_print()
        self.assertEqual(set(self._queued()), {"bob@example.com", "new@example.org", "scan@example.net"})
        with self.assertRaises(UserError):
            self._send(invoice, o2c_also_to="scan@example.net, nobody")

    def test_extra_address_alone(self):
        (self.customer | self.alice | self.bob).email = False
        self.env["o2c.billing.address"].create({"partner_id": self.customer.id, "email": "scan@example.net"})
        self.env["account.move.send"]._generate_and_send_invoices(self._make_invoice(100), sending_methods=["email"])
        self.assertEqual(set(self._queued()), {"scan@example.net"})

    def test_two_addresses_of_one_contact_are_two_readers(self):
        self.bob.email = "bob@example.com, bob@example.net"
        mails = self._send(self._make_invoice(100))
        self.assertEqual(set(mails), {"alice@example.com", "bob@example.com", "bob@example.net"})
        self.assertFalse(self._links(mails["bob@example.com"]) & self._links(mails["bob@example.net"]))

    def test_a_salesperson_sends_an_own_invoice(self):
        seller = new_test_user(self.env, "seller_who_sends", email="s@example.com",
                               groups="sales_team.group_sale_salesman")
        self.company.o2c_invoice_emails = "archive@example.com"
        invoice = self._make_invoice(100, invoice_user_id=seller.id)
        self.env["account.move.send.wizard"].with_user(seller).with_context(
            active_model="account.move", active_ids=invoice.ids,
        ).create({}).action_send_and_print()
        self.assertEqual(set(self._queued()), {"alice@example.com", "bob@example.com", "archive@example.com"})
        self.assertEqual(self._queued()["bob@example.com"].author_id, seller.partner_id)
        self.assertIn(seller.partner_id, invoice.message_partner_ids)

    # Staff

    def test_a_copy_to_staff_has_no_link_and_says_who_got_it(self):
        self.company.o2c_invoice_emails = "archive@example.com"
        mail = self._send(self._make_invoice(100))["archive@example.com"]
        self.assertFalse(self._links(mail))
        self.assertNotIn("/pay/", mail.body_html + mail.o2c_text)
        self.assertIn("It went to: alice@example.com, bob@example.com", " ".join(mail.body_html.split()))
        self.assertFalse(mail.o2c_delivery_id.link_id)

    def test_who_follows_is_not_told_twice(self):
        seller = new_test_user(self.env, "seller_who_follows", email="seller@example.com", notification_type="email",
                               groups="account.group_account_invoice")
        self.company.o2c_invoice_emails = "seller@example.com"
        invoice = self._make_invoice(100)
        invoice.message_subscribe(seller.partner_id.ids)
        self._send(invoice)
        to_seller = self.mails.search([]).filtered(
            lambda mail: "seller@example.com" in (mail.email_to or "") or seller.partner_id in mail.recipient_ids)
        self.assertEqual(len(to_seller), 1)

    # What it looks like

    def test_page_holds_in_any_mail_reader(self):
        invoice = self._make_invoice(1000, self._make_term((30, 0), (70, 30)), ref="PO 7")
        page = self._send(invoice)["alice@example.com"].body_html
        names = Tags(page).names
        self.assertFalse({"script", "img", "form", "iframe", "object", "svg"} & set(names))
        tree = html.fromstring(page)
        self.assertEqual(tree.xpath("/html/@lang"), ["en-US"])
        self.assertTrue(tree.xpath("//title/text()")[0].strip())
        self.assertEqual(len(tree.xpath("//h1")), 1)
        self.assertFalse(tree.xpath("//table[not(@role='presentation') and not(.//th or .//td)]"))
        self.assertIn("<!--[if mso]><v:roundrect", page)
        self.assertEqual(page.count("<!--[if"), page.count("<![endif]-->"))
        self.assertIn("prefers-color-scheme: dark", page)
        self.assertIn("PO 7", page)
        hidden = tree.xpath("//div[contains(@style, 'mso-hide')]")[0]
        self.assertIn("$\N{NO-BREAK SPACE}300.00 due", hidden.text_content())

    def test_invoice_markup(self):
        invoice = self._make_invoice(1000, self._make_term((30, 0), (70, 30)))
        tree = html.fromstring(self._send(invoice)["alice@example.com"].body_html)

        def value(name, attribute="content"):
            return tree.xpath(f"//*[@itemtype='http://schema.org/Invoice']//*[@itemprop='{name}']/@{attribute}")

        self.assertEqual((value("price"), value("priceCurrency")), (["300.00"], [invoice.currency_id.name]))
        self.assertEqual(value("paymentDueDate"), [fields.Date.to_string(fields.Date.today())])
        self.assertEqual(value("paymentStatus", "href"), ["http://schema.org/PaymentDue"])
        self.assertEqual(value("url", "href"), list(self._links(self._queued()["alice@example.com"])))

    def test_plain_text_says_the_same(self):
        invoice = self._make_invoice(1000, self._make_term((30, 0), (70, 30)))
        mail = self._send(invoice)["alice@example.com"]
        text = mail._prepare_outgoing_list()[0]["body_alternative"]
        self.assertEqual(text, mail.o2c_text)
        self.assertIn(f"Pay Now: {self._links(mail).pop()}\n", text)
        self.assertIn("- Instalment 2 of 2, due", text)
        self.assertNotIn("<", text)

    def test_markup_in_names_stays_text(self):
        self.alice.name = self.customer.name = "<b>x</b>"
        mail = self._send(self._make_invoice(100, ref="<img src=x>"))["alice@example.com"]
        self.assertNotIn("<img", mail.body_html)
        self.assertNotIn("<b>x</b>", mail.body_html)

    def test_right_to_left(self):
        self.env["res.lang"]._activate_lang("ar_001")
        self.alice.lang = "ar_001"
        tree = html.fromstring(self._send(self._make_invoice(100))["alice@example.com"].body_html)
        self.assertEqual((tree.get("dir"), tree.get("lang")), ("rtl", "ar-001"))

    # The paper that goes along

    def test_sent_again_the_link_on_the_frozen_pdf_lives_as_long_as_a_new_one(self):
        invoices = self._make_invoice(100) | self._make_invoice(200)
        links = self.env["o2c.pay.link"].sudo()
        papers = links._get_or_create(invoices, "pdf")
        first, second = (papers[invoice.id] for invoice in invoices)
        second._revoke("Test")
        before, later = first.expires_at, fields.Datetime.add(fields.Datetime.now(), days=200)
        with freeze_time(later):
            self.assertEqual(first.state, "expired")
            data = {}
            for move in invoices.sudo():
                data[move] = self.env["account.move.send"]._get_default_sending_settings(
                    move, sending_methods=["email"])
                data[move]["mail_attachments_widget"] = []
            self.env["o2c.invoice.sending"]._send(data)
            links.invalidate_model(["state"])
            self.assertEqual((first.state, second.state), ("active", "revoked"))
            self.assertGreater(first.expires_at, before)
        papers = links.search([("move_id", "in", invoices.ids), ("channel", "=", "pdf")])
        self.assertEqual(papers, first | second, "no link that is on no paper")

    def test_so_does_the_one_on_a_pdf_that_is_downloaded(self):
        for download in (
            lambda move: move._get_invoice_legal_documents("pdf"), lambda move: move._get_invoice_legal_documents_all(),
        ):
            invoice = self._make_invoice(100)
            link = self.env["o2c.pay.link"].sudo()._get_or_create(invoice, "pdf")[invoice.id]
            link.expires_at = fields.Datetime.subtract(fields.Datetime.now(), days=1)
            download(invoice)
            self.assertEqual(link.state, "active")

    # Many at once

    def test_queries_per_invoice(self):
        """A batch costs a fixed part and little for each invoice more."""
        send, sending = self.env["account.move.send"], self.env["o2c.invoice.sending"]

        def count(size):
            moves = self.env["account.move"].union(*(self._make_invoice(100, self._make_term((30, 0), (70, 30)))
                                                     for _index in range(size))).sudo()
            data = {move: send._get_default_sending_settings(move, sending_methods=["email"]) for move in moves}
            for move in data.values():
                move["mail_attachments_widget"] = []
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            sending._send(data)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(1)  # fills the caches
        few, many = count(2), count(12)
        self.assertLessEqual((many - few) / 10, 15, "two readers each")
