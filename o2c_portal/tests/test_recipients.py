"""Who gets the mails about money: chosen contacts, extra addresses, staff; each address once, in its own language."""

from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import html2plaintext, mute_logger

from ..core.recipients import Recipient
from .common import O2cCommon


@tagged("post_install", "-at_install")
class TestRecipients(O2cCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fr_FR")
        cls.company = cls.env.company
        cls.company.partner_id.lang = "en_US"
        cls.customer.write({"is_company": True, "lang": "fr_FR"})
        cls.books = cls.env["res.partner"].create({
            "name": "Books", "email": "Books@Example.com", "parent_id": cls.customer.id, "lang": "en_US",
        })
        cls.seller = new_test_user(cls.env, "seller_of_copies", email="seller@example.com")

    def _for(self, role="invoice", partner=None, documents=None):
        return self.env["o2c.recipients"]._for(partner or self.customer, role, self.company, documents)

    def _addresses(self, *args, **kwargs):
        return [(reader.address, reader.audience) for reader in self._for(*args, **kwargs)]

    def _extra(self, email, **values):
        return self.env["o2c.billing.address"].create({"partner_id": self.customer.id, "email": email, **values})

    def test_nobody_chosen(self):
        self.assertEqual(self._for(), [
            Recipient("payer@example.com", "Payer Ltd", "fr_FR", self.customer.id, "customer"),
        ])
        invoice = self._make_invoice(10, partner=self.books)
        self.assertEqual(self._addresses(documents=invoice), [("books@example.com", "customer")])

    def test_chosen_contacts_and_extra_addresses_each_in_their_language(self):
        self.books.o2c_role_invoice = True
        self._extra("scan@example.net")
        self._extra("us@example.net", lang="en_US")
        self._extra("other@example.net", role_invoice=False, role_statement=True)
        for partner in (self.customer, self.books):
            self.assertEqual(
                {(reader.address, reader.lang, reader.partner_id) for reader in self._for(partner=partner)},
                {("books@example.com", "en_US", self.books.id), ("scan@example.net", "fr_FR", False),
                 ("us@example.net", "en_US", False)},
            )
        self.assertEqual(self._addresses("statement"), [
            ("payer@example.com", "customer"), ("other@example.net", "customer"),
        ])

    def test_two_addresses_in_one_contact(self):
        self.customer.email = "a@example.com, b@example.com"
        self.assertEqual(self._addresses(), [("a@example.com", "customer"), ("b@example.com", "customer")])

    def test_copies_to_staff_by_role(self):
        invoice = self._make_invoice(10, invoice_user_id=self.seller.id)
        clerk = new_test_user(self.env, "clerk_of_copies", email="clerk@example.com")
        self.company.write({
            "o2c_invoice_user_ids": [Command.set(clerk.ids)],
            "o2c_invoice_emails": "Archive@example.com; x@example.com",
        })
        staff = [("clerk@example.com", "staff"), ("archive@example.com", "staff"), ("x@example.com", "staff")]
        payer = ("payer@example.com", "customer")
        self.assertEqual(self._addresses(documents=invoice), [payer, *staff])
        self.assertEqual(self._addresses("reminder", documents=invoice), [payer])
        self.company.o2c_invoice_salesperson = True
        self.assertEqual(self._addresses(documents=invoice), [
            payer, staff[0], ("seller@example.com", "staff"), *staff[1:],
        ])

    def test_an_address_named_twice_is_the_customers(self):
        self._extra("payer@example.com")
        self.company.o2c_invoice_emails = "payer@example.com"
        self.assertEqual([reader.partner_id for reader in self._for()], [self.customer.id])

    def test_bad_addresses_are_refused(self):
        for email in ("x", "a@example.com, b@example.com", "a@example.com\nBcc: b@example.com"):
            with self.subTest(email=email), self.assertRaises(ValidationError):
                self._extra(email)
        for field in ("o2c_invoice_emails", "o2c_reminder_emails", "o2c_statement_emails", "o2c_receipt_emails"):
            with self.subTest(field=field), self.assertRaises(ValidationError):
                self.company[field] = "a@example.com, x"

    @mute_logger("odoo.sql_db")
    def test_one_row_for_an_address(self):
        self._extra("scan@example.net")
        with self.assertRaises(IntegrityError):
            self._extra("SCAN@example.net")

    def test_links_of_an_address_end_with_it(self):
        invoice, other = self._make_invoice(10), self._make_invoice(10)
        links = self.env["o2c.pay.link"].sudo()._for_readers(
            [(invoice, "scan@example.net"), (invoice, "payer@example.com"), (other, "scan@example.net")], "email",
        )
        row = self._extra("scan@example.net")
        row.name = "Scanner"
        self.assertEqual({link.state for link in links.values()}, {"active"})
        row.unlink()
        self.assertEqual([link.state for link in links.values()], ["revoked", "active", "revoked"])
        self.customer.email = "new@example.com"
        self.assertEqual(links[invoice.id, "payer@example.com"].state, "revoked")

    def test_what_ends_the_links_of_an_address(self):
        invoice = self._make_invoice(10)
        row, other = self._extra("scan@example.net"), self.env["res.partner"].create({"name": "Another Ltd"})

        def link():
            [link] = self.env["o2c.pay.link"].sudo()._for_readers([(invoice, row.email)], "email").values()
            return link

        for values, state in (
            ({"role_receipt": True}, "active"), ({"role_invoice": True, "email": "scan@example.net"}, "active"),
            ({"role_invoice": False}, "revoked"), ({"email": "scanner@example.net"}, "revoked"),
            ({"partner_id": other.id}, "revoked"),
        ):
            with self.subTest(values=values):
                mailed = link()
                row.write(values)
                self.assertEqual(mailed.state, state)

    def test_the_history_says_who_else_gets_mails(self):
        def said(partner):
            notes = partner.message_ids.filtered(lambda message: "Extra address" in message.body).sorted("id")
            return [html2plaintext(note.body) for note in notes]

        row, other = self._extra("scan@example.net"), self.env["res.partner"].create({"name": "Another Ltd"})
        row.write({"role_receipt": True, "name": "Scanner"})
        row.name = "The scanner"
        row.write({"email": "new@example.net", "role_invoice": False, "role_receipt": False})
        row.partner_id = other
        row.unlink()
        self.assertEqual(said(self.customer), [
            "Extra address added: scan@example.net (Invoices)",
            "Extra address changed: scan@example.net (Invoices), now scan@example.net (Invoices, Receipts)",
            "Extra address changed: scan@example.net (Invoices, Receipts), now new@example.net (–)",
            "Extra address removed: new@example.net (–)",
        ])
        self.assertEqual(said(other), ["Extra address added: new@example.net (–)",
                                       "Extra address removed: new@example.net (–)"])
