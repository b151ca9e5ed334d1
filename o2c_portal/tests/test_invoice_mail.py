"""The email of an invoice asks its customer to pay what is due."""

import re
from datetime import timedelta

from lxml import html

from odoo import fields
from odoo.tests import new_test_user
from odoo.tools import html2plaintext

from odoo.addons.mail.tests.common import MockEmail

from .banner_common import BannerMixin
from .common import O2cCommon

NBSP = "\N{NO-BREAK SPACE}"


class TestInvoiceMail(BannerMixin, O2cCommon, MockEmail):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "mail_notify_force_send": True})
        cls.company = cls.env.company
        cls.term = cls._make_term((30, 0), (70, 30))
        cls.env["mail.mail"].sudo().search([("state", "=", "outgoing")]).cancel()

    def _sent(self, send):
        """Return ``{address: mail}`` of what the mail server is given while ``send`` runs."""
        with self.mock_mail_gateway():
            send()
            self.env["mail.mail"].sudo().process_email_queue()
            return {mail["email_to"][0]: mail for mail in self._mails}

    def _by_wizard(self, invoice):
        wizard = self.env["account.move.send.wizard"].with_context(
            active_model="account.move", active_ids=invoice.ids,
        ).create({"sending_methods": ["email"]})
        return self._sent(wizard.action_send_and_print)

    def _by_cron(self, invoices):
        wizard = self.env["account.move.send.batch.wizard"].with_context(
            active_model="account.move", active_ids=invoices.ids,
        ).create({})
        wizard.action_send_and_print()

        def cron():
            with self.enter_registry_test_mode():
                self.env.ref("o2c_portal.ir_cron_send_run").method_direct_trigger()

        return self._sent(cron)

    def _url(self, invoice, address="payer@example.com"):
        """Return the Pay Now address that was mailed to a reader, as the link has it."""
        link = self.env["o2c.pay.link"].sudo().search([("move_id", "=", invoice.id), ("recipient", "=", address)])
        return link._url()

    def _body(self, mails, address='"Payer Ltd" <payer@example.com>'):
        return mails[address]["body"]

    def test_send_wizard(self):
        invoice = self._make_invoice(1000, self.term, "2026-01-01")
        mails = self._by_wizard(invoice)
        body = self._body(mails)
        self.assertIn(f'href="{self._url(invoice)}"', body)
        text = html2plaintext(body)
        self.assertIn("Pay Now", text)
        self.assertIn(f"${NBSP}1,000.00\ndue since 01/01/2026", re.sub(r"\s*\n\s*", "\n", text))
        self.assertIn("Instalment 1 of 2", text)
        self.assertIn(f"${NBSP}700.00", text)

    def test_amount_due_now_is_the_instalment_and_not_the_total(self):
        invoice = self._make_invoice(1000, self.term)
        text = html2plaintext(self._body(self._by_wizard(invoice)))
        today = fields.Date.today().strftime("%m/%d/%Y")
        self.assertIn(f"${NBSP}300.00\ndue {today}", re.sub(r"\s*\n\s*", "\n", text))
        self.assertNotIn("1,000.00\ndue", re.sub(r"\s*\n\s*", "\n", text))

    def test_one_instalment_needs_no_schedule(self):
        text = html2plaintext(self._body(self._by_wizard(self._make_invoice(100))))
        self.assertIn(f"${NBSP}100.00\ndue", re.sub(r"\s*\n\s*", "\n", text))
        self.assertNotIn("instalment", text.lower())

    def test_batch_and_cron(self):
        other = self.env["res.partner"].create({"name": "Second", "email": "second@example.com"})
        first, second = self._make_invoice(1000, self.term), self._make_invoice(50, partner=other)
        mails = self._by_cron(first | second)
        self.assertIn(f'href="{self._url(first)}"', self._body(mails))
        url = self._url(second, "second@example.com")
        self.assertIn(f'href="{url}"', self._body(mails, '"Second" <second@example.com>'))
        self.assertNotIn(self._url(first), self._body(mails, '"Second" <second@example.com>'))

    def test_the_address_is_not_kept_in_the_chatter(self):
        invoice = self._make_invoice(1000, self.term)
        self._by_wizard(invoice)
        token = self._url(invoice).rsplit("/", 1)[1]
        self.assertTrue(invoice.message_ids)
        for message in invoice.message_ids:
            self.assertNotIn(token, str(message.body))

    def test_staff_that_follows_sees_view_and_no_button(self):
        invoice = self._make_invoice(1000, self.term)
        clerk = new_test_user(
            self.env, "clerk", name="Clerk", email="clerk@example.com", notification_type="email",
            groups="o2c_portal.o2c_portal_group_user",
        )
        invoice.message_subscribe(clerk.partner_id.ids)
        mails = self._by_wizard(invoice)
        body = self._body(mails, '"Clerk" <clerk@example.com>')
        self.assertNotIn("Pay Now", body)
        self.assertNotIn("/pay/", body)
        self.assertIn("View", body)

    def test_no_button_when_nothing_is_payable(self):
        paid = self._make_invoice(100)
        self._register_payment(paid)
        refund = self._make_invoice(100)._reverse_moves()
        refund.invoice_date = fields.Date.today()
        refund.action_post()
        off = self._make_invoice(100)
        for name, move in [("paid", paid), ("credit note", refund), ("switched off", off)]:
            if move == off:
                self.company.o2c_pay_now_mail = False
            with self.subTest(name):
                body = self._body(self._by_wizard(move))
                self.assertNotIn("Pay Now", body)
                self.assertNotIn("/pay/", body)

    def test_other_messages_to_the_customer_do_not_ask_for_money(self):
        invoice = self._make_invoice(100)
        mails = self._sent(lambda: invoice.message_post(
            body="Hello", partner_ids=self.customer.ids, message_type="comment", subtype_xmlid="mail.mt_comment",
        ))
        self.assertNotIn("Pay Now", self._body(mails))

    def test_in_the_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        self.env.flush_all()
        invoice = self._make_invoice(1000, self.term)
        body = self._body(self._by_wizard(invoice))
        self.assertIn(f"${NBSP}300,00", body)
        self.assertIn(fields.Date.today().strftime("%d/%m/%Y"), body)

    def test_a_banner_stands_in_the_frame_of_the_mail_and_can_be_read_in_the_dark(self):
        self._make_banner()
        self.customer.is_company = True
        body = html.fromstring(self._body(self._by_wizard(self._make_invoice(100))))
        [title] = body.xpath("//td[normalize-space()='Spring offer']")
        self.assertIn("o2c-text", title.get("class"))
        self.assertEqual([table.getparent().tag for table in body.xpath("//table") if table.getparent().tag != "td"],
                         ["body"])
        self.assertTrue(title.xpath("ancestor::table[contains(@class, 'o2c-card')]"))

    def test_the_discount_of_an_early_payment_is_offered_as_the_pay_page_charges_it(self):
        term = self.env["account.payment.term"].create({
            "name": "2/10 net 30", "early_discount": True, "discount_percentage": 2, "discount_days": 10,
            "line_ids": [fields.Command.create({"value": "percent", "value_amount": 100, "nb_days": 30})],
        })
        invoice = self._make_invoice(1000, term)
        request = self.env["o2c.pay.request"]._for(invoice, "email")
        self.assertIn("980.00", request["amount"])
        self.assertEqual(request["date"], self.env["o2c.pay.request"]._date(
            invoice, fields.Date.today() + timedelta(days=10),
        ))
