"""Statements by mail: to everybody who has an address, once, whatever happens in between."""

import re
from contextlib import suppress
from unittest.mock import patch

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, UserError
from odoo.fields import Date
from odoo.tests import Form, new_test_user
from odoo.tools import email_normalize, mute_logger

from odoo.addons.mail.tests.common import MockEmail

from .statement_common import StatementCase


class TestStatementSend(StatementCase, MockEmail):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mailings = cls.env["o2c.statement.mailing"].with_user(SUPERUSER_ID)
        cls.mailings.search([]).unlink()
        cls.env["mail.mail"].sudo().search([("state", "=", "outgoing")]).cancel()
        cls.silent = cls.env["res.partner"].create({"name": "Silent Ltd"})
        cls.settled = cls.env["res.partner"].create({"name": "Settled Ltd", "email": "settled@example.com"})
        cls.french = cls.env["res.partner"].create({"name": "Client SA", "email": "client@example.com"})
        for partner in (cls.customer, cls.silent, cls.french):
            cls._make_invoice(100.0, None, cls._ago(30), partner=partner)
        cls.everybody = cls.customer | cls.silent | cls.settled | cls.french

    def _wizard(self, partners=None, **values):
        partners = self.everybody if partners is None else partners
        return self.env["o2c.statement.send"].with_context(
            active_model="res.partner", active_ids=partners.ids,
        ).create(values)

    def _run(self):
        """Run the job as its cron does, in the test's own transaction."""
        with patch.object(self.env.registry["ir.cron"], "_commit_progress", lambda *args, **kwargs: float("inf")):
            self.mailings._cron_send()

    def _states(self):
        return {row.partner_id: row.state for row in self.mailings.search([])}

    def _queue(self):
        return self.env["mail.mail"].sudo().search([("o2c_delivery_id.kind", "=", "statement")], order="id")

    def test_preview_says_who_gets_one(self):
        contact = self.env["res.partner"].create({"name": "Desk", "parent_id": self.silent.id})
        wizard = self._wizard(self.customer | contact | self.settled | self.french)
        self.assertEqual(wizard.partner_ids, self.everybody)
        self.assertEqual(
            (wizard.ready_ids, wizard.missing_ids, wizard.empty_ids),
            (self.customer | self.french, self.silent, self.settled),
        )
        wizard.skip_empty = False
        self.assertEqual(wizard.ready_ids, self.customer | self.settled | self.french)

    def test_preview_before_anything_is_saved(self):
        form = Form(self.env["o2c.statement.send"].with_context(
            active_model="res.partner", active_ids=self.everybody.ids,
        ))
        form.kind = "activity"
        form.preset = "last_month"
        self.assertEqual((form.date_from.day, form.date_to), (1, Date.subtract(self.today.replace(day=1), days=1)))
        form.preset = "last_year"
        self.assertEqual([len(found) for found in (form.ready_ids, form.missing_ids, form.empty_ids)], [2, 1, 1])
        form.date_from = self._ago(-5)
        self.assertIn("starts after", form.problem)

    def test_one_mail_per_customer_queued(self):
        with self.mock_mail_gateway():
            action = self._wizard().action_send()
            self.assertEqual(self._states(), {
                self.customer: "queued", self.french: "queued", self.silent: "no_address",
            })
            self.assertFalse(self._queue(), "never inside the clerk's own request")
            self._run()
            self.assertEqual(self._mails, [], "queued, never sent on the spot")
        self.assertEqual(action["params"]["message"],
                         "Statements on their way: 2. Without an email address: 1 (Silent Ltd).")
        self.assertEqual(action["params"]["next"]["domain"], [("id", "in", self.mailings.search([], order="id").ids)])
        mails = self._queue()
        self.assertEqual(mails.mapped("email_to"),
                         ['"Payer Ltd" <payer@example.com>', '"Client SA" <client@example.com>'])
        self.assertEqual(set(mails.mapped("state")), {"outgoing"})
        for mail in mails:
            self.assertEqual(len(mail.attachment_ids), 1)
            self.assertRegex(mail.attachment_ids.name, r"^statement-\d{4}-\d\d-\d\d\.pdf$")
            self.assertEqual(mail.attachment_ids.res_model, "o2c.statement.mailing")
            self.assertIn("100.00", mail.body_html)
            self.assertIn(f"Sent to {mail.o2c_delivery_id.partner_id.email}.", mail.body)
            self.assertNotIn("100.00", mail.body, "the note in the history tells no amounts")

    def test_it_reports_when_the_mail_has_gone(self):
        self._wizard(self.customer).action_send()
        self._run()
        self.assertEqual(self._states(), {self.customer: "mailed"})
        with self.mock_mail_gateway():
            self.env["mail.mail"].with_user(SUPERUSER_ID).process_email_queue()
        row = self.mailings.search([])
        self.assertEqual((row.state, row.address), ("sent", '"Payer Ltd" <payer@example.com>'))
        self.assertTrue(row.sent_at)
        self._run()
        self.assertEqual(len(self._queue()), 1)

    def test_every_reader_gets_one_in_its_language_with_its_own_way_to_pay(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        desk = self.env["res.partner"].create({
            "name": "Desk", "email": "desk@example.com", "parent_id": self.customer.id, "lang": "fr_FR",
            "o2c_role_statement": True,
        })
        self.customer.o2c_role_statement = True
        self.env["o2c.billing.address"].create({
            "partner_id": self.customer.id, "email": "scan@example.net", "role_statement": True,
        })
        self.company.o2c_statement_emails = "archive@example.com"
        self._wizard(self.customer).action_send()
        self._run()
        mails = {email_normalize(mail.email_to): mail for mail in self._queue()}
        self.assertEqual(set(mails), {"payer@example.com", "desk@example.com", "scan@example.net",
                                      "archive@example.com"})
        self.assertIn('lang="fr-FR"', mails["desk@example.com"].body_html)
        tokens = {address: re.findall(r"/pay/([\w-]{43})", mail.body_html) for address, mail in mails.items()}
        self.assertEqual([len(tokens[address]) for address in sorted(mails)], [0, 1, 1, 0])
        link = self.env["o2c.pay.link"].sudo()._find(tokens["desk@example.com"][0])
        self.assertEqual((link.purpose, link.partner_id), ("account", desk))
        self.assertEqual(len(self.customer.message_ids & self._queue().mail_message_id), 1, "one note")

    def test_one_reader_fails_and_gets_it_alone_the_next_time(self):
        self.env["res.partner"].create([
            {"name": name, "email": f"{name}@example.com", "parent_id": self.customer.id, "o2c_role_statement": True}
            for name in ("one", "two")
        ])
        self._wizard(self.customer).action_send()
        self._run()
        row, mails = self.mailings.search([]), self._queue()
        for mail, state in zip(mails, ("exception", "sent"), strict=True):
            mail.write({"state": state, "failure_reason": state == "exception" and "refused"})
            mail._o2c_note("unknown")
        self.assertEqual((row.state, row.reason), ("failed", "one@example.com: refused. It is tried again."))
        self.assertFalse(mails[1].body_html, "the way to pay is not kept")
        row.with_user(self.env.user).action_retry()
        self._run()
        self.assertEqual((self._queue() - mails).mapped("email_to"), mails[0].mapped("email_to"))

    def test_a_mail_that_fails_is_shown_and_sent_again_on_request(self):
        self._wizard(self.customer).action_send()
        self._run()
        server = self.env.registry["ir.mail_server"]
        with patch.object(server, "_connect__", side_effect=ConnectionRefusedError("refused")), \
             mute_logger("odoo.addons.mail.models.mail_mail"):
            self.env["mail.mail"].with_user(SUPERUSER_ID).process_email_queue()
        row = self.mailings.search([])
        self.assertEqual(row.state, "failed")
        self.assertTrue(row.reason)
        row.with_user(self.env.user).action_retry()
        self._run()
        self.assertEqual((row.state, len(self._queue()), self._queue()[0].state), ("mailed", 2, "cancel"))

    def test_an_address_added_later(self):
        self._wizard(self.silent).action_send()
        row = self.mailings.search([])
        self.assertEqual(row.state, "no_address")
        self.silent.email = "silent@example.com"
        row.with_user(self.env.user).action_retry()
        self._run()
        self.assertEqual((row.state, row.address), ("mailed", '"Silent Ltd" <silent@example.com>'))

    def test_one_that_cannot_be_made_does_not_hold_up_the_others(self):
        self._wizard().action_send()
        broken, original = self.customer, type(self.mailings)._mail_values

        def fail(row, recipients):
            if row.partner_id == broken:
                raise ValueError("no paper")
            return original(row, recipients)

        with patch.object(self.env.registry["o2c.statement.mailing"], "_mail_values", fail), \
             mute_logger("odoo.addons.o2c_portal.models.o2c_statement_mailing"):
            self._run()
        self.assertEqual(self._states(), {broken: "failed", self.french: "mailed", self.silent: "no_address"})
        row = self.mailings.search([("partner_id", "=", broken.id)])
        self.assertEqual((row.reason, row.tries), ("no paper", 3))

    def test_a_row_that_kills_its_worker_is_given_up(self):
        self._wizard(self.customer).action_send()
        row = self.mailings.search([])

        class Killed(BaseException):
            pass

        for _kill in range(3):  # no assertRaises: it would take the committed try back
            with patch.object(self.env.registry["o2c.statement.mailing"], "_write_mail", side_effect=Killed), \
                 suppress(Killed):
                self._run()
        self.assertEqual((row.state, row.tries), ("queued", 3))
        self._run()
        self.assertEqual((row.state, len(self._queue())), ("failed", 0))

    def test_the_same_click_twice_sends_once(self):
        self._wizard(self.customer).action_send()
        self._wizard(self.customer).action_send()
        self.assertEqual(len(self.mailings.search([])), 1)
        self._run()
        self._wizard(self.customer).action_send()
        self.assertEqual(len(self.mailings.search([])), 2, "a later wish is a wish of its own")

    def test_mail_speaks_the_customers_language_and_the_note_is_on_the_customer(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.french.lang = "fr_FR"
        self._make_invoice(1234.5, None, self._ago(20), partner=self.french)
        self._wizard(self.french).action_send()
        self._run()
        mail = self._queue()
        self.assertIn('lang="fr-FR"', mail.body_html)
        self.assertRegex(mail.body_html, r"1.334,50")
        self.assertEqual((mail.model, mail.res_id), ("res.partner", self.french.id))
        self.assertIn(mail.mail_message_id, self.french.message_ids)

    def test_invoice_address_when_the_customer_has_none(self):
        desk = self.env["res.partner"].create({
            "name": "Accounts", "type": "invoice", "parent_id": self.silent.id, "email": "accounts@example.com",
        })
        self.assertEqual(self.silent._o2c_role_contacts("statement"), desk)
        self.assertEqual(desk._o2c_role_contacts("statement"), desk)
        self.assertEqual(self.customer._o2c_role_contacts("statement"), self.customer)

    def test_what_cannot_be_sent_is_refused_in_words(self):
        for values, words in [
            ({"kind": "activity", "date_to": self.today}, "Enter both days"),
            ({"kind": "activity", "date_from": self._ago(900)}, "24 months"),
            ({"kind": "activity", "date_from": self.today, "date_to": self._ago(1)}, "starts after its end"),
            ({"date_to": self._ago(-1)}, "in the future"),
        ]:
            wizard = self._wizard(**values)
            with self.subTest(values=values), self.assertRaisesRegex(UserError, words):
                wizard.action_send()
        with self.assertRaisesRegex(UserError, "anything to show"):
            self._wizard(self.settled).action_send()

    def test_print(self):
        action = self._wizard(self.customer | self.silent, kind="activity", date_from=self._ago(60)).action_print()
        data = action.get("context", {}).get("report_action", action)["data"]
        self.assertEqual(data["partner_ids"], (self.customer | self.silent).ids)
        self.assertEqual((data["date_from"], data["date_to"]), (str(self._ago(60)), str(self.today)))

    def test_only_receivables_users_of_the_company(self):
        sales = new_test_user(self.env, "send_sales", groups="sales_team.group_sale_salesman")
        with self.assertRaises(AccessError):
            self._wizard().with_user(sales).action_send()
        other = self._create_company(name="Elsewhere")
        clerk = new_test_user(self.env, "send_clerk", groups="o2c_portal.o2c_portal_group_user",
                              company_id=other.id, company_ids=[(6, 0, other.ids)])
        wizard = self.env["o2c.statement.send"].with_user(clerk).create({
            "partner_ids": [(6, 0, self.customer.ids)], "skip_empty": False,
        })
        self.assertEqual(wizard.company_id, other)
        wizard.sudo().company_id = self.company
        with self.assertRaisesRegex(UserError, "Switch to"):
            wizard.action_send()
        self._wizard().action_send()
        self.assertEqual(self.env["o2c.statement.mailing"].with_user(clerk).search_count([]), 0)
        with self.assertRaises(AccessError):
            self.mailings.search([])[:1].with_user(clerk).action_retry()
