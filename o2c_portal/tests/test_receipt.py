"""Every payment of a customer is confirmed once, to whom it concerns."""

from contextlib import contextmanager
from unittest.mock import patch

from lxml import html

from odoo import SUPERUSER_ID, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import MockEmail

from ..hooks import _note_earlier_money
from .test_money_event import MoneyEventCase

NBSP = "\N{NO-BREAK SPACE}"


class TestReceipt(MoneyEventCase, MockEmail):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.company.email = "seller@example.com"
        cls.term = cls._make_term((30, 0), (35, 30), (35, 60))
        cls.env["mail.mail"].sudo().search([("state", "=", "outgoing")]).cancel()

    def _receipts(self, payments):
        return self.env["mail.mail"].sudo().search([
            ("o2c_delivery_id.kind", "=", "receipt"), ("o2c_delivery_id.res_id", "in", payments.o2c_notice_ids.ids),
        ], order="id")

    def _content(self, payment):
        """Return what the latest notice about a payment says, once the job has told it."""
        self._apply()
        return self.env["o2c.receipt.paper"]._content(payment.o2c_notice_ids.sorted("number")[-1:], "en_US")

    @contextmanager
    def _smtp_down(self):
        server = self.env.registry["ir.mail_server"]
        with patch.object(server, "_connect__", side_effect=ConnectionRefusedError("Connection refused")), \
             mute_logger("odoo.addons.mail.models.mail_mail"):
            yield

    def _send_queue(self):
        """Send what is queued, as Odoo's mail job does; return what the mail server was given."""
        with self.mock_mail_gateway():
            self.env["mail.mail"].with_user(SUPERUSER_ID).process_email_queue()
            return list(self._mails)

    def test_a_payment_by_hand_is_confirmed_once(self):
        invoice = self._make_invoice(1000, self.term, "2026-01-01")
        payment = self._pay(invoice, 300)
        self.assertFalse(self._receipts(payment), "never inside the payment's own transaction")
        self._apply()
        mail = self._receipts(payment)
        self.assertEqual(mail.email_to, '"Payer Ltd" <payer@example.com>')
        self.assertEqual(mail.subject, f"Receipt: ${NBSP}300.00 to {self.company.name} ({invoice.name})")
        self.assertEqual((mail.state, payment.o2c_receipt_state), ("outgoing", "queued"))
        sent = self._send_queue()
        self.assertEqual([message["email_to"] for message in sent], [['"Payer Ltd" <payer@example.com>']])
        self.assertEqual(payment.o2c_receipt_state, "sent")
        self.assertTrue(payment.o2c_receipt_sent_at)
        self._apply()
        self.events._record_payments(payment, "payment_received")
        self._apply()
        self.assertEqual(self._receipts(payment), mail)
        self.assertEqual(self._send_queue(), [])

    def test_what_it_says(self):
        invoice = self._make_invoice(1000, self.term, "2026-01-01")
        payment = self._pay(invoice, 400)
        content = self._content(payment)
        self.assertEqual(content["paid"], [
            (invoice.name, "Instalment 1 of 3", f"${NBSP}300.00"),
            (invoice.name, "Instalment 2 of 3", f"${NBSP}100.00"),
        ])
        self.assertEqual(content["open"], [(invoice.name, f"${NBSP}600.00", [
            ("Instalment 2 of 3", "01/31/2026", f"${NBSP}250.00"),
            ("Instalment 3 of 3", "03/02/2026", f"${NBSP}350.00"),
        ])])
        self.assertEqual(
            [content[key] for key in ("amount", "method", "credit", "reference")],
            [f"${NBSP}400.00", payment.journal_id.name, "", payment.name],
        )

    def test_several_invoices_in_one_payment(self):
        invoices = self._make_invoice(100) | self._make_invoice(50)
        payment = self._pay(invoices)
        self._apply()
        content = self._content(payment)
        self.assertEqual(content["paid"], [
            (invoices[0].name, "", f"${NBSP}100.00"), (invoices[1].name, "", f"${NBSP}50.00"),
        ])
        self.assertEqual((content["open"], content["settled"]), ([], invoices.mapped("name")))
        self.assertEqual(len(self._receipts(payment)), 1)

    def test_several_payments_in_one_wizard_have_a_receipt_each(self):
        other = self.env["res.partner"].create({"name": "Second", "email": "second@example.com"})
        invoices = self._make_invoice(100) | self._make_invoice(50, partner=other)
        payments = self._pay(invoices)
        self.assertEqual(len(payments), 2)
        self._apply()
        self.assertEqual(
            self._receipts(payments).mapped("email_to"),
            ['"Payer Ltd" <payer@example.com>', '"Second" <second@example.com>'],
        )

    def test_a_payment_on_account_is_credit(self):
        payment = self.env["account.payment"].create({
            "payment_type": "inbound", "partner_type": "customer", "partner_id": self.customer.id, "amount": 70,
        })
        payment.action_post()
        self._apply()
        mail = self._receipts(payment)
        self.assertIn("Kept as credit on your account", mail.body_html)
        self.assertEqual(mail.subject, f"Receipt: ${NBSP}70.00 to {self.company.name}")

    def test_another_currency(self):
        euro = self.env.ref("base.EUR")
        invoice = self._make_invoice(100, currency_id=euro.id)
        payment = self._pay(invoice, 60, currency_id=euro.id)
        content = self._content(payment)
        self.assertEqual(content["amount"], f"60.00{NBSP}€")
        self.assertEqual(content["paid"], [(invoice.name, "", f"60.00{NBSP}€")])
        self.assertEqual(content["open"][0][1], f"40.00{NBSP}€")

    def test_online_payment_goes_to_its_payer_with_the_method(self):
        invoice = self._make_invoice(100)
        colleague = self.env["res.partner"].create({
            "name": "Buyer", "email": "buyer@example.com", "parent_id": self.customer.id,
        })
        tx = self._create_transaction(
            "direct", amount=100, currency_id=invoice.currency_id.id, partner_id=colleague.id,
            invoice_ids=[fields.Command.set(invoice.ids)], reference="T-1", state="done",
        )
        tx._post_process()
        self._apply()
        mail = self._receipts(tx.payment_id)
        self.assertEqual(mail.email_to, '"Buyer" <buyer@example.com>')
        self.assertEqual(self._content(tx.payment_id)["method"], tx.payment_method_id.name)

    def test_billing_contact(self):
        self.env["res.partner"].create({
            "name": "Books", "type": "invoice", "email": "books@example.com", "parent_id": self.customer.id,
        })
        payment = self._pay(self._make_invoice(100) | self._make_invoice(20))
        self._apply()
        self.assertEqual(self._receipts(payment).email_to, self.customer.email_formatted, "the contact on the invoices")
        payment = self.env["account.payment"].create({
            "payment_type": "inbound", "partner_type": "customer", "partner_id": self.customer.id, "amount": 7,
        })
        payment.action_post()
        self._apply()
        self.assertEqual(self._receipts(payment).email_to, '"Books" <books@example.com>')

    def test_staff_is_told_once_each_in_their_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        seller = new_test_user(self.env, "seller", name="Seller", email="sales@example.com", lang="fr_FR",
                               groups="sales_team.group_sale_salesman")
        clerk = new_test_user(self.env, "clerk", name="Clerk", email="clerk@example.com",
                              groups="o2c_portal.o2c_portal_group_user")
        self.company.write({
            "o2c_receipt_salesperson": True, "o2c_receipt_user_ids": [fields.Command.set(clerk.ids)],
            "o2c_receipt_emails": "clerk@example.com, stock@example.com",
        })
        payment = self._pay(self._make_invoice(100, invoice_user_id=seller.id))
        self._apply()
        mails = self._receipts(payment)
        self.assertEqual(mails.filtered(lambda mail: mail.o2c_delivery_id.audience == "staff").mapped("email_to"),
                         ['"Clerk" <clerk@example.com>', '"Seller" <sales@example.com>', "stock@example.com"])
        self.assertEqual(len(mails), 4)
        self.assertEqual(len(set(mails.mapped("message_id"))), 4)
        french = mails.filtered(lambda mail: mail.o2c_delivery_id.contact_id == seller.partner_id)
        self.assertIn('lang="fr-FR"', french.body_html)
        self.assertIn(f"${NBSP}100,00", french.body_html)
        self.assertIn("Payer Ltd", french.subject)
        self.assertEqual(payment.message_ids.filtered(lambda m: "has paid" in (m.body or "")).ids, [])

    def test_what_gets_no_receipt(self):
        supplier = {"partner_type": "supplier"}
        table = [
            ("sent to a vendor", {"payment_type": "outbound", **supplier}, True),
            ("from nobody, as a till hands it over", {"payment_type": "inbound", "partner_id": False}, True),
            ("from a vendor", {"payment_type": "inbound", **supplier}, True),
            ("a draft", {"payment_type": "inbound"}, False),
            ("nothing", {"payment_type": "inbound", "amount": 0}, True),
        ]
        for name, values, post in table:
            with self.subTest(name):
                payment = self.env["account.payment"].create({
                    "partner_type": "customer", "partner_id": self.customer.id, "amount": 9, **values,
                })
                if post:
                    payment.action_post()
                payment._o2c_send_receipt()
                self._apply()
                with self.assertRaises(UserError):
                    payment.action_o2c_send_receipt()
                self.assertFalse(self._receipts(payment))
                self.assertFalse(payment.o2c_receipt_state)

    def test_cancelled_before_the_job_ran(self):
        payment = self._pay(self._make_invoice(100))
        payment.action_draft()
        payment.action_cancel()
        self._apply()
        self.assertFalse(self._receipts(payment))
        self.assertFalse(payment.o2c_receipt_state)

    def test_unreconciled_and_reconciled_again(self):
        invoice = self._make_invoice(100)
        payment = self._pay(invoice)
        self._apply()
        payment.move_id.line_ids.remove_move_reconcile()
        (payment.move_id.line_ids | invoice.line_ids).filtered(
            lambda line: line.account_type == "asset_receivable"
        ).reconcile()
        self._apply()
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(len(self._receipts(payment)), 1)

    def test_back_to_draft_and_posted_again(self):
        payment = self._pay(self._make_invoice(100))
        self._apply()
        payment.action_draft()
        payment.action_post()
        self._apply()
        self.assertEqual(len(self._receipts(payment)), 1)

    def test_payments_from_before_the_installation(self):
        payment = self._pay(self._make_invoice(100))
        self._waiting().unlink()
        _note_earlier_money(self.env)
        self.assertEqual((payment.o2c_receipt_state, payment.o2c_notice_ids.amount), ("before", 100))
        self.events._record_payments(payment, "payment_received")
        self._apply()
        self.assertFalse(self._receipts(payment))
        payment.action_o2c_send_receipt()
        self.assertEqual(len(self._receipts(payment)), 1, "but a person may send one")

    def test_switched_off(self):
        self.company.o2c_receipt_customer = False
        self.company.o2c_receipt_emails = "stock@example.com"
        payment = self._pay(self._make_invoice(100))
        self._apply()
        self.assertEqual(payment.o2c_receipt_state, "off")
        self.assertEqual(self._receipts(payment).mapped("email_to"), ["stock@example.com"])
        self.company.o2c_receipt_customer = True
        self.events._record_payments(payment, "payment_received")
        self._apply()
        self.assertEqual(len(self._receipts(payment)), 1, "what was decided is not decided again")

    def test_no_address_is_said(self):
        self.customer.email = False
        payment = self._pay(self._make_invoice(100))
        self._apply()
        self.assertEqual((payment.o2c_receipt_state, payment.o2c_receipt_note),
                         ("no_address", "Payer Ltd has no email address."))
        self.assertIn(payment, payment.search([("o2c_receipt_state", "in", ["failed", "no_address"])]))
        self.assertNotIn(payment, payment.search([("o2c_receipt_state", "=", "failed")]))
        self.assertFalse(self._receipts(payment))

    def test_sent_again_by_hand_is_another_message(self):
        payment = self._pay(self._make_invoice(100))
        self._apply()
        payment.action_o2c_send_receipt()
        first, second = self._receipts(payment)
        self.assertEqual(first.email_to, second.email_to)
        self.assertNotEqual(first.message_id, second.message_id)

    def test_mail_server_away(self):
        payment = self._pay(self._make_invoice(100))
        self._apply()
        mail = self._receipts(payment)
        message_id = mail.message_id
        retry = self.env["mail.mail"].with_user(SUPERUSER_ID)
        for tries in range(1, 7):
            with self.mock_mail_gateway(), self._smtp_down():
                retry.process_email_queue()
            self.assertEqual((mail.state, mail.o2c_delivery_id.tries, payment.o2c_receipt_state),
                             ("exception", tries, "failed"))
            self.assertIn("Connection refused", payment.o2c_receipt_note)
            retry._cron_o2c_retry_receipts()
            self.assertEqual(mail.state, "exception", "not before its time")
            if tries < 6:
                mail.o2c_retry_at = fields.Datetime.now()
                retry._cron_o2c_retry_receipts()
                self.assertEqual(mail.state, "outgoing")
        self.assertFalse(mail.o2c_retry_at)
        self.assertIn("Given up after 6 tries", payment.o2c_receipt_note)
        mail.mark_outgoing()
        sent = self._send_queue()
        self.assertEqual([message["message_id"] for message in sent], [message_id])
        self.assertEqual(payment.o2c_receipt_state, "sent")

    def test_a_failing_receipt_does_not_hold_up_the_stage_nor_the_payment(self):
        invoice = self._make_invoice(100)
        payment = self._pay(invoice)
        self._waiting("residual_changed").unlink()
        event = self._waiting()
        with patch.object(self.env.registry["o2c.receipt.paper"], "_content", side_effect=ValueError("broken")), \
             patch.object(self.env.registry["sale.order"], "_o2c_evaluate_stages", autospec=True) as stages, \
             self.assertLogs("odoo.addons.o2c_portal.models.o2c_money_event", "WARNING"):
            self._apply()
        self.assertEqual(stages.call_count, 1)
        self.assertEqual(set(event.mapped("reason")), {"Receipt: broken"})
        self.assertFalse(payment.o2c_receipt_state, "the decision is undone with the failure")
        self.assertEqual(invoice.amount_residual, 0)
        event.next_at = fields.Datetime.now()
        self._apply()
        self.assertEqual(len(self._receipts(payment)), 1)

    def test_sixty_payments(self):
        invoices = self.env["account.move"].union(*(self._make_invoice(10) for _number in range(60)))
        payments = self._pay(invoices, group_payment=False)
        self.assertEqual(len(payments), 60)
        self._apply()
        self.assertEqual(len(self._receipts(payments)), 60)
        self.assertFalse(self._waiting())

    def test_settings_refuse_what_is_no_address(self):
        for text in ("nobody", "a@example.com, nobody", "a@b@c"):
            with self.subTest(text), self.assertRaises(ValidationError):
                self.company.o2c_receipt_emails = text
        self.company.o2c_receipt_emails = "a@example.com; b@example.com,"

    def test_who_may_send_again(self):
        payment = self._pay(self._make_invoice(100))
        for groups in ("base.group_portal", "sales_team.group_sale_manager"):
            user = new_test_user(self.env, groups.replace(".", "_"), groups=groups)
            with self.assertRaises(AccessError):
                payment.with_user(user).action_o2c_send_receipt()
        self.assertFalse(self._receipts(payment))
        clerk = new_test_user(self.env, "clerk", groups="account.group_account_invoice")
        payment.with_user(clerk).action_o2c_send_receipt()
        self.assertEqual(len(self._receipts(payment)), 1)

    def test_the_body_is_readable_on_a_phone_and_without_images(self):
        payment = self._pay(self._make_invoice(100))
        self._apply()
        body = self._receipts(payment).body_html
        self.assertNotIn("<img", body)
        self.assertIn("max-width: 560px", body)
        self.assertIn("Thank you, your payment has arrived", body)
        self.assertNotIn("/pay/", body)
        self.assertIn("prefers-color-scheme: dark", body)

    def test_the_plain_text_says_the_same(self):
        payment = self._pay(self._make_invoice(100))
        self._apply()
        mail = self._receipts(payment)
        text = mail._prepare_outgoing_list()[0]["body_alternative"]
        self.assertIn(f"{self.company.name}\n\nThank you, your payment has arrived\n", text)
        self.assertNotIn("*\n", text.replace(f"*{self.company.name}*", ""))
        self.assertNotIn("\n\n\n", text)

    def test_it_is_read_from_the_right_where_the_language_is(self):
        self.env["res.lang"]._activate_lang("ar_001")
        self.customer.lang = "ar_001"
        payment = self._pay(self._make_invoice(100))
        self._apply()
        tree = html.fromstring(self._receipts(payment).body_html)
        self.assertEqual((tree.get("lang"), tree.get("dir")), ("ar-001", "rtl"))
        self.assertEqual({cell.get("align") for cell in tree.xpath("//th")}, {"right"})
        self.assertEqual(tree.xpath("//td[contains(., '100')]/@align")[-1], "left")
