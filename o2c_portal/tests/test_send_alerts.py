"""Who is about to send is told beforehand whom mail is known not to reach, why, and what to do."""

from odoo.tests import new_test_user, tagged

from .common import O2cCommon

KEY = "o2c_bad_address"


@tagged("post_install", "-at_install")
class TestSendAlerts(O2cCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls._make_invoice(100)
        cls.older = cls._make_invoice(50)

    def _dialog(self, invoices=None, user=None, **values):
        invoices = self.invoice if invoices is None else invoices
        model = "account.move.send.wizard" if len(invoices) == 1 else "account.move.send.batch.wizard"
        return self.env[model].with_user(user or self.env.user).with_context(
            active_model="account.move", active_ids=invoices.ids,
        ).create(values)

    def _message(self, *args, **kwargs):
        """Return the warning of a dialog, None when it has none; it never keeps from sending."""
        alert = (self._dialog(*args, **kwargs).alerts or {}).get(KEY)
        if alert:
            self.assertEqual(alert["level"], "warning")
        return alert and alert["message"]

    def _lost(self, address="payer@example.com", invoice=None, **values):
        """Write down a mail that did not arrive."""
        invoice = invoice or self.older
        return self.env["o2c.delivery"].sudo().create({
            "kind": "invoice", "res_model": "account.move", "res_id": invoice.id, "document": invoice.name,
            "company_id": invoice.company_id.id, "address": address, "audience": "customer", "state": "bounced",
            "bad_address": True, "reason": "550 User unknown", **values,
        })

    # One document

    def test_nothing_known_against_it(self):
        self._lost("somebody.else@example.com")
        self._lost(bad_address=False, state="failed", reason="mail server away")
        self.assertIsNone(self._message())

    def test_an_address_that_does_not_work(self):
        self._lost()
        self.assertEqual(self._message(), "\n".join([
            "Mail does not reach:", "• Payer Ltd (payer@example.com: 550 User unknown)",
            "Correct the address or take it out. What you send from here is tried all the same.",
        ]))
        self.assertIsNone(self._message(sending_methods=["manual"]), "no mail, no warning")

    def test_the_newest_reason_counts(self):
        self._lost(reason="old")
        self._lost(invoice=self._make_invoice(1), reason="new")
        self.assertIn("(payer@example.com: new)", self._message())

    def test_what_is_typed_and_taken_out_counts_at_once(self):
        self._lost("scan@example.net")
        dialog = self._dialog()
        self.assertNotIn(KEY, dialog.alerts or {})
        dialog.o2c_also_to = "Scan@example.net, good@example.net"
        self.assertIn("• scan@example.net (550 User unknown)", dialog.alerts[KEY]["message"])
        dialog.o2c_also_to = False
        self.assertNotIn(KEY, dialog.alerts or {})
        self._lost()
        dialog.invalidate_recordset(["alerts"])
        self.assertIn(KEY, dialog.alerts)
        dialog.mail_partner_ids = self.env["res.partner"].create({"name": "Good", "email": "good@example.com"})
        self.assertNotIn(KEY, dialog.alerts or {})

    def test_a_notice_is_a_mail_as_well(self):
        self._lost()
        self.assertIn("• Payer Ltd (payer@example.com: 550", self._message(sending_methods=["o2c_portal_notice"]))
        self.assertIsNone(self._message(sending_methods=["o2c_print"]))
        self.env["o2c.billing.address"].create({"partner_id": self.customer.id, "email": "scan@example.net"})
        self._lost("scan@example.net")
        self.customer.email = "new@example.com"
        message = self._message(sending_methods=["o2c_portal_notice"])
        self.assertNotIn("Payer Ltd", message)
        self.assertIn("• scan@example.net (550 User unknown)", message, "who would get the email")

    def test_who_gets_the_email_gets_no_notice(self):
        self._lost()
        good = self.env["res.partner"].create({"name": "Good", "email": "good@example.com"})
        both = {"sending_methods": ["email", "o2c_portal_notice"]}
        self.assertIsNone(self._message(**both, mail_partner_ids=good.ids))
        self.assertIn("• Payer Ltd", self._message(**both))

    def test_a_notice_sent_from_here_is_tried_all_the_same(self):
        self._lost()
        self._dialog(sending_methods=["o2c_portal_notice"]).action_send_and_print()
        row = self.env["o2c.delivery"].sudo().search([
            ("res_model", "=", "account.move"), ("res_id", "=", self.invoice.id),
        ])
        self.assertEqual((row.channel, row.state), ("notice", "queued"))

    def test_what_odoo_knows(self):
        self.customer.message_bounce = 3
        self.assertIn("• Payer Ltd (payer@example.com: mails came back (3))", self._message())
        self.customer.email = "new@example.com"
        self.assertIsNone(self._message(), "nothing is known of the new one")

    def test_what_is_no_address(self):
        self.customer.email = "no address"
        self.assertIn("• Payer Ltd (no address is not an email address)", self._message())

    def test_another_companys_mails_do_not_count(self):
        self._lost(company_id=self._create_company(name="Other Company").id)
        self.assertIsNone(self._message())

    def test_a_salesperson_is_warned_too(self):
        seller = new_test_user(self.env, "warned_seller", groups="sales_team.group_sale_salesman")
        self._lost()
        own = self._make_invoice(10, invoice_user_id=seller.id)
        self.assertIn("550 User unknown", self._message(own, user=seller))

    # Many

    def _many(self, count):
        """Return invoices of as many customers, mails to whom came back."""
        partners = self.env["res.partner"].create([
            {"name": f"Customer {number}", "email": f"c{number}@example.com"} for number in range(count)
        ])
        invoices = self.env["account.move"].concat(*(self._make_invoice(10, partner=partner) for partner in partners))
        for partner, invoice in zip(partners, invoices, strict=True):
            self._lost(partner.email, invoice)
        return invoices

    def test_of_many_how_many_and_the_first_few(self):
        invoices = self._many(5) | self.invoice
        alert = self._dialog(invoices).alerts[KEY]
        self.assertEqual(alert["message"], "\n".join([
            "Readers whom mail does not reach: 5",
            *(f"• Customer {number} (c{number}@example.com: 550 User unknown)" for number in range(3)),
            "and 2 more",
            "Correct the addresses first: what is sent from a list may be held back from them.",
        ]))
        self.assertEqual(alert["action"]["domain"], [["id", "in", invoices.partner_id[:5].ids]])

    def test_the_readers_of_many_are_those_who_will_get_it(self):
        self.env["o2c.billing.address"].create({"partner_id": self.customer.id, "email": "scan@example.net"})
        chosen = self.env["res.partner"].create({
            "name": "Chosen", "email": "chosen@example.com", "parent_id": self.customer.id, "o2c_role_invoice": True,
        })
        self._lost()
        self.assertIsNone(self._message(self.invoice | self.older), "the customer itself gets no mail")
        self._lost("scan@example.net")
        self._lost("chosen@example.com")
        message = self._message(self.invoice | self.older)
        self.assertIn(f"Readers whom mail does not reach: 2\n• {chosen.display_name} (chosen@example.com", message)
        self.assertIn("• scan@example.net (550 User unknown)", message)

    def test_notices_among_many(self):
        self._lost()
        self.customer.invoice_sending_method = "o2c_portal_notice"
        self.assertIn("Readers whom mail does not reach: 1\n• Payer Ltd", self._message(self.invoice | self.older))

    def test_as_many_queries_for_any_number(self):
        few, many = self._many(2), self._many(12)

        def queries(invoices):
            dialog = self._dialog(invoices)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertIn(KEY, dialog.alerts)
            return self.env.cr.sql_log_count - before

        queries(few)
        self.assertEqual(queries(many), queries(few))
