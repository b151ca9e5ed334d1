"""A contact who shall see only what is addressed to it sees nothing else, whatever way it asks."""

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..models.ir_rule import KEY
from .common import O2cCommon
from .policy_common import PolicyMixin


@tagged("post_install", "-at_install")
class TestOwnDocuments(PolicyMixin, O2cCommon, HttpCase):
    """``pia`` is a contact of the customer; each of the two has an invoice and an order."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contact = cls.env["res.partner"].create({"name": "Pia", "parent_id": cls.customer.id})
        cls.pia = new_test_user(cls.env, "pia", groups="base.group_portal", partner_id=cls.contact.id)
        cls.owner = new_test_user(cls.env, "owner", groups="base.group_portal", partner_id=cls.customer.id)
        cls.mine, cls.theirs = (cls._make_invoice(10, partner=partner) for partner in (cls.contact, cls.customer))
        cls.my_order, cls.their_order = cls.env["sale.order"].sudo().create([
            {"partner_id": partner.id, "order_line": [Command.create({"product_id": cls.product.id})]}
            for partner in (cls.contact, cls.customer)
        ])
        (cls.my_order | cls.their_order).action_confirm()
        cls.both = {
            "account.move": cls.mine | cls.theirs,
            "account.move.line": cls.mine.line_ids | cls.theirs.line_ids,
            "sale.order": cls.my_order | cls.their_order,
            "sale.order.line": cls.my_order.order_line | cls.their_order.order_line,
        }

    def _seen(self, user=None, model="account.move"):
        """Return which of the documents a user finds, having forgotten what was read for others."""
        self.env.invalidate_all()
        domain = [("id", "in", self.both[model].ids)]
        return self.env[model].with_user(user or self.pia).search(domain).sudo()

    def test_nothing_else_is_found_read_or_counted(self):
        own = {
            "account.move": self.mine, "account.move.line": self.mine.line_ids,
            "sale.order": self.my_order, "sale.order.line": self.my_order.order_line,
        }
        for model, both in self.both.items():
            self.assertEqual(self._seen(model=model), both, model)
        self._policy(self.customer, documents="own")
        for model, both in self.both.items():
            with self.subTest(model=model):
                self.assertEqual(self._seen(model=model), own[model])
                records = both.with_user(self.pia).with_context(active_test=False)
                self.assertEqual(records.search_count([("id", "in", both.ids)]), len(own[model]))
                (count,), = records._read_group([("id", "in", both.ids)], aggregates=["__count"])
                self.assertEqual(count, len(own[model]))
                self.assertEqual(records._filtered_access("read").sudo(), own[model])
                with self.assertRaises(AccessError):
                    (both - own[model])[:1].with_user(self.pia).read(["display_name"])
                self.assertEqual(self._seen(self.owner, model), both, "the customer's own login sees all")

    def test_messages_are_as_closed_as_their_document(self):
        messages = [
            move.message_post(body="Thank you", subtype_xmlid="mail.mt_comment", message_type="comment")
            for move in (self.mine, self.theirs)
        ]

        def readable():
            return [message.with_user(self.pia).has_access("read") for message in messages]

        self.assertEqual(readable(), [True, True])
        self._policy(self.customer, documents="own")
        self.assertEqual(readable(), [True, False])

    def test_payments_are_nobody_s_to_read(self):
        for model in ("payment.transaction", "account.payment", "account.partial.reconcile"):
            self.assertFalse(self.env[model].with_user(self.pia).has_access("read"), model)

    def test_it_follows_the_policy_at_once_wherever_that_changes(self):
        own = self._policy(documents="own")  # the default of the company
        self.assertEqual(self._seen(), self.mine)
        own.sudo().documents = "all"
        self.assertEqual(self._seen(), self.mine | self.theirs)
        own.sudo().documents = "own"
        self.assertEqual(self._seen(), self.mine)
        own.sudo().active = False
        self.assertEqual(self._seen(), self.mine | self.theirs)
        own.sudo().active = True
        tag = self.env["res.partner.category"].create({"name": "Open"})
        tag.o2c_policy_id = own.sudo().copy({"documents": "all"})
        self.customer.category_id = tag
        self.assertEqual(self._seen(), self.mine | self.theirs)
        self.customer.category_id = False
        self.assertEqual(self._seen(), self.mine)
        self.customer.o2c_policy_id = tag.o2c_policy_id
        self.assertEqual(self._seen(), self.mine | self.theirs)
        self.customer.o2c_policy_id = False
        self.assertEqual(self._seen(), self.mine)
        self.env.company.o2c_policy_id = False
        self.env.ref("o2c_portal.payment_policy_built_in").sudo().documents = "own"
        self.assertEqual(self._seen(), self.mine)
        self.contact.parent_id = False  # its own customer now
        self.assertEqual(self._seen(), self.mine)
        self.pia.sudo().partner_id = self.customer
        self.assertEqual(self._seen(), self.theirs)

    def test_a_client_cannot_choose_what_is_remembered(self):
        everything = self.mine | self.theirs
        known = [self.customer.id, self.contact.id], [self.customer.id, False], False, self.contact.id
        contexts = [{}, *({KEY: value} for value in known), {"allowed_company_ids": self.env.companies.ids}]
        for documents, expected in (("all", everything), ("own", self.mine), ("all", everything), ("own", self.mine)):
            self._policy(self.customer, documents=documents)
            for context in contexts:
                with self.subTest(documents=documents, context=context):
                    moves = self.env["account.move"].with_user(self.pia).with_context(**context)
                    self.assertEqual(moves.search([("id", "in", everything.ids)]).sudo(), expected)

    def test_staff_see_what_they_saw_and_are_not_asked_about_policies(self):
        groups = "o2c_portal.o2c_portal_group_user,sales_team.group_sale_manager"
        clerk = new_test_user(self.env, "clerk", groups=groups)
        clerk.partner_id.parent_id = self.customer
        rules = self.env["ir.rule"].with_user(clerk)
        before = [rules._compute_domain(model) for model in self.both]
        self._policy(self.customer, documents="own")
        for model, both in self.both.items():
            self.assertEqual(self._seen(clerk, model), both, model)
        self.env.invalidate_all()
        with self.assertQueryCount(0):
            after = [rules._compute_domain(model) for model in self.both]
        self.assertEqual(after, before)

    def test_what_a_request_asks_for_first_is_enough(self):
        self._policy(self.customer, documents="own")
        rules = self.env["ir.rule"].with_user(self.pia)
        for model in self.both:  # whatever process this is, it has met this user before
            rules._compute_domain(model)
        self.env.invalidate_all()
        rules._compute_domain("account.move")
        with self.assertQueryCount(0):
            for model in self.both:
                rules._compute_domain(model)

    def test_programs_that_log_in_as_the_contact(self):
        self._policy(self.customer, documents="own")
        self.authenticate("pia", "pia")
        found = self.make_jsonrpc_request("/web/dataset/call_kw/account.move/search_read", {
            "model": "account.move", "method": "search_read", "args": [[["id", "in", self.both["account.move"].ids]]],
            "kwargs": {"fields": ["name"]},
        })
        self.assertEqual([row["name"] for row in found], [self.mine.name])

    def test_odoo_s_own_lists_counters_and_pages(self):
        self._policy(self.customer, documents="own")
        self.authenticate("pia", "pia")
        for path, own, other in (
            ("/my/invoices", self.mine, self.theirs), ("/my/orders", self.my_order, self.their_order),
        ):
            with self.subTest(path=path), mute_logger("odoo.http"):
                listed = self.url_open(path).text
                self.assertIn(own.name, listed)
                self.assertNotIn(other.name, listed)
                self.assertEqual(self.url_open(f"{path}/{own.id}").status_code, 200)
                away = self.url_open(f"{path}/{other.id}", allow_redirects=False)
                self.assertEqual((away.status_code, away.headers["Location"]), (303, "/my"))
                self.assertEqual(self.url_open(other.get_portal_url(), allow_redirects=False).status_code, 200)
        lone = self.contact.create({"name": "Lone", "parent_id": self.customer.id})
        new_test_user(self.env, "lone", groups="base.group_portal", partner_id=lone.id)
        for login, expected in (("pia", 1), ("lone", 0)):
            self.authenticate(login, login)
            counters = self.make_jsonrpc_request("/my/counters", {"counters": ["invoice_count", "order_count"]})
            self.assertEqual((counters["invoice_count"], counters["order_count"]), (expected, expected))

    def test_a_printed_invoice_is_read_first(self):
        self._policy(self.customer, documents="own")
        self.authenticate("pia", "pia")
        with mute_logger("odoo.http", "odoo.addons.web.controllers.report"):
            answer = self.url_open(f"/report/html/account.report_invoice/{self.theirs.id}")
        self.assertNotIn(self.theirs.name, answer.text)
