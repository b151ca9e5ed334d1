"""Links: one per document and channel, stable, revocable, useless without the key."""

import os
from datetime import timedelta
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..core import paylink
from .pay_common import PayLinkCase


@tagged("post_install", "-at_install")
class TestPayLink(PayLinkCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = cls._make_user("clerk", "o2c_portal.o2c_portal_group_user")

    @classmethod
    def _make_user(cls, login, group, companies=None):
        companies = companies or cls.env.company
        return cls.env["res.users"].create({
            "name": login, "login": login, "group_ids": [Command.set([cls.env.ref(group).id])],
            "company_id": companies[0].id, "company_ids": [Command.set(companies.ids)],
        })

    def _token(self, url):
        return url.rpartition("/pay/")[2]

    # The address

    def test_address_is_absolute_stable_and_one_per_channel(self):
        urls = [self.invoice._o2c_pay_url(channel) for channel in paylink.CHANNELS]
        self.assertEqual(urls, [self.invoice._o2c_pay_url(channel) for channel in paylink.CHANNELS])
        self.assertEqual(len(set(urls)), 5)
        base = self.invoice.get_base_url()
        for url in urls:
            self.assertTrue(url.startswith(f"{base}/pay/"))
            self.assertTrue(paylink.well_formed(self._token(url)))
        self.assertEqual(self.links.search_count([("move_id", "=", self.invoice.id)]), 5)

    def test_nothing_to_pay_has_no_address(self):
        draft = self._make_invoice(10.0, post=False)
        bill = self._make_invoice(10.0, move_type="in_invoice")
        paid = self._make_invoice(10.0)
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=paid.ids
        ).create({})._create_payments()
        refund = self._make_invoice(10.0, move_type="out_refund")
        for move in draft + bill + paid + refund:
            with self.subTest(move=move.name):
                self.assertIs(move._o2c_pay_url("email"), False)
        self.assertFalse(self.links.search([("move_id", "in", (draft + bill + paid + refund).ids)]))

    def test_only_the_hash_is_stored(self):
        token = self._token(self.invoice._o2c_pay_url("email"))
        row = self._stored()
        self.assertNotIn(token, row)
        self.assertIn(paylink.fingerprint(token), row)

    def test_secret_columns_are_nobodys_to_read(self):
        link = self._link("email").with_user(self.env.ref("base.user_admin"))
        for name in ["nonce", "token_hash", "code_hash"]:
            with self.subTest(field=name), self.assertRaises(AccessError):
                link.read([name])

    def test_find(self):
        token = self._token(self.invoice._o2c_pay_url("email"))
        link = self.links._find(token)
        self.assertEqual((link.move_id, link.channel, link.company_id), (self.invoice, "email", self.env.company))
        flipped = ("B" if token[0] == "A" else "A") + token[1:]
        for wrong in [flipped, token.swapcase(), token[:-1], token + "A", "", None, "é" * 43]:
            with self.subTest(token=wrong):
                self.assertFalse(self.links._find(wrong))

    def test_batch_takes_the_same_number_of_queries_for_two_and_for_ten(self):
        def count(invoices):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(len(invoices._o2c_pay_urls("email")), len(invoices))
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        few = self._make_invoice() + self._make_invoice()
        many = self.env["account.move"].union(*(self._make_invoice() for _i in range(10)))
        count(self._make_invoice())  # fills the caches of parameters and access rights
        made = [count(few), count(many)]
        self.assertEqual(made[0], made[1])
        again = [count(few), count(many)]
        self.assertEqual(again[0], again[1])
        self.assertLess(again[0], made[0])

    # Life

    def test_expiry_follows_the_company_settings_and_is_extended_when_rendered_again(self):
        self.env.company.o2c_link_days_email = 60
        now = fields.Datetime.now()
        self.invoice.invoice_date_due = now.date() + timedelta(days=10)
        link = self._link("email")
        self.assertEqual(link.expires_at.date(), now.date() + timedelta(days=70))
        link.expires_at = now - timedelta(days=3)
        self.assertEqual(link.state, "expired")
        self.assertEqual(self._link("email"), link)
        self.assertEqual((link.state, link.expires_at.date()), ("active", now.date() + timedelta(days=70)))

    def test_revoked_link_stays_revoked_and_the_next_rendering_makes_another(self):
        first = self._link("email")
        first._revoke("Person left")
        self.assertEqual((first.state, first.revoked_by_id, first.revoked_reason, first.is_current),
                         ("revoked", self.env.user, "Person left", False))
        second = self._link("email")
        self.assertNotEqual(second, first)
        self.assertEqual((first.state, second.state), ("revoked", "active"))
        self.assertIn("Person left", self.invoice.message_ids[0].body)

    def test_new_key_makes_a_new_link_and_keeps_the_old_one_valid(self):
        old_url = self.invoice._o2c_pay_url("pdf")
        with patch.dict(os.environ, {"O2C_LINK_KEY": "another key"}):
            new_url = self.invoice._o2c_pay_url("pdf")
            self.assertNotEqual(new_url, old_url)
            self.assertEqual(self.invoice._o2c_pay_url("pdf"), new_url)
            old, new = (self.links._find(self._token(url)) for url in (old_url, new_url))
        self.assertEqual((old.state, old.is_current, new.state, new.is_current), ("active", False, "active", True))

    def test_database_refuses_a_second_current_link(self):
        link = self._link("email")
        columns = "move_id, purpose, company_id, channel, nonce, is_current, expires_at"
        copy = f"INSERT INTO o2c_pay_link (token_hash, {columns}) SELECT 'x', {columns} FROM o2c_pay_link WHERE id = %s"
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.env.cr.execute(copy, [link.id])

    def test_opens_are_counted(self):
        link = self._link("email")
        link._count_open()
        link._count_open()
        self.assertEqual((link.opens, bool(link.last_open_at)), (2, True))

    def test_statistics_come_from_the_transactions(self):
        link = self._link("email")
        for reference, state in [("a", "draft"), ("b", "error"), ("c", "done")]:
            self._create_transaction("direct", reference=reference, state=state, amount=25.0, o2c_pay_link_id=link.id)
        self.assertEqual((link.start_count, link.paid_count, link.paid_amount), (3, 1, 25.0))

    # Staff

    def test_clerk_copies_a_link_with_the_manual_channel(self):
        action = self.invoice.with_user(self.clerk).action_o2c_copy_pay_link()
        self.assertEqual(action["params"]["url"], self.invoice._o2c_pay_url("manual"))

    def test_copy_is_refused_when_nothing_is_to_be_paid_and_to_outsiders(self):
        draft = self._make_invoice(10.0, post=False)
        with self.assertRaises(UserError):
            draft.with_user(self.clerk).action_o2c_copy_pay_link()
        portal = self._create_new_portal_user(login="portal_of_payer", partner_id=self.customer.id)
        with self.assertRaises(AccessError):
            self.invoice.with_user(portal).action_o2c_copy_pay_link()
        self.assertFalse(self.links.search([("move_id", "in", (draft + self.invoice).ids)]))

    def test_revoke_by_invoice_and_by_customer(self):
        other = self._make_invoice(10.0, partner=self.env["res.partner"].create({"name": "Other"}))
        second = self._make_invoice(10.0)
        mine = [self._link("email"), self._link("pdf"), self._link("email", second)]
        foreign = self._link("email", other)
        self._revoke_from("account.move", self.invoice.ids)
        self.assertEqual([link.state for link in mine], ["revoked", "revoked", "active"])
        self._revoke_from("res.partner", self.customer.ids)
        self.assertEqual([link.state for link in mine], ["revoked"] * 3)
        self.assertEqual(foreign.state, "active")
        self.assertEqual(mine[2].revoked_by_id, self.clerk)

    def test_the_link_on_the_pdf_of_a_mail_ends_with_the_readers_own(self):
        pairs = [(self.invoice, "left@example.com"), (self.invoice, "stays@example.com")]
        stays = self.links._for_readers(pairs, "email")[self.invoice.id, "stays@example.com"]
        for values, state in (({"pdf_too": False}, "active"), ({}, "revoked")):
            with self.subTest(values=values):
                left = self.links._for_readers(pairs[:1], "email")[self.invoice.id, "left@example.com"]
                pdf, paper = self._link("pdf"), self._link("print")
                wizard = self.env["o2c.pay.link.revoke"].with_user(self.clerk).with_context(
                    active_model="o2c.pay.link", active_ids=left.ids,
                ).create({"reason": "Left", **values})
                self.assertEqual(wizard.pdf_link_ids, pdf)
                wizard.action_revoke()
                self.assertEqual([link.state for link in (left, pdf, stays, paper)],
                                 ["revoked", state, "active", "active"])
        self.assertNotEqual(self._link("pdf"), pdf, "a PDF made anew has a new one")

    def test_a_link_that_was_mailed_to_nobody_leaves_the_pdf_alone(self):
        manual, pdf = self._link("manual"), self._link("pdf")
        self._revoke_from("o2c.pay.link", manual.ids)
        self.assertEqual((manual.state, pdf.state), ("revoked", "active"))

    def _revoke_from(self, model, ids):
        wizard = self.env["o2c.pay.link.revoke"].with_user(self.clerk).with_context(active_model=model, active_ids=ids)
        wizard.create({"reason": "Test"}).action_revoke()

    def test_links_of_other_companies_are_out_of_reach(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = self._make_user("stranger", "o2c_portal.o2c_portal_group_user", elsewhere)
        link = self._link("email")
        self.assertFalse(self.links.with_user(stranger).search([("move_id", "=", self.invoice.id)]))
        with self.assertRaises(AccessError):
            link.with_user(stranger).read(["opens"])
        with self.assertRaises(AccessError):
            self.env["o2c.pay.link.revoke"].with_user(stranger).create(
                {"reason": "x", "link_ids": [Command.set(link.ids)]}
            ).action_revoke()
        self.assertEqual(link.state, "active")

    def test_nobody_writes_links_and_salespeople_do_not_read_them(self):
        link = self._link("email")
        seller = self._make_user("seller", "sales_team.group_sale_salesman")
        with self.assertRaises(AccessError):
            link.with_user(self.clerk).write({"opens": 5})
        with self.assertRaises(AccessError):
            link.with_user(self.clerk).unlink()
        with self.assertRaises(AccessError):
            link.with_user(seller).read(["opens"])

    def test_mail_links_end_when_the_contact_leaves_or_gets_another_address(self):
        for change in [{"email": "other@example.com"}, {"active": False}]:
            with self.subTest(change=change):
                mail, pdf = self._link("email"), self._link("pdf")
                self.customer.write({"comment": "x", "email": self.customer.email})
                self.assertEqual((mail.state, pdf.state), ("active", "active"))
                self.customer.write(change)
                self.assertEqual((mail.state, pdf.state), ("revoked", "active"))
                self.assertTrue(mail.revoked_reason)
