"""Which policy applies, what it says, and that its limits make sense."""

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from ..core.policy import Policy, Violation
from ..core.risk import Facts
from .common import O2cCommon
from .policy_common import PolicyMixin


@tagged("post_install", "-at_install")
class TestPaymentPolicy(PolicyMixin, O2cCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids += cls.env.ref("o2c_portal.o2c_portal_group_manager")
        cls.policies = cls.env["o2c.payment.policy"]
        cls.built_in = cls.env.ref("o2c_portal.payment_policy_built_in")
        cls.own, cls.early, cls.late, cls.default = cls.policies.create([
            {"name": name, "sequence": sequence} for name, sequence in
            [("Own", 99), ("Early tag", 1), ("Late tag", 2), ("Default", 50)]
        ])
        cls.early_tag, cls.late_tag = cls.env["res.partner.category"].create([
            {"name": "Early", "o2c_policy_id": cls.early.id}, {"name": "Late", "o2c_policy_id": cls.late.id},
        ])

    def _resolved(self, partner=None, company=None):
        policy, why = self.policies._resolve(partner or self.customer, company or self.env.company)
        return policy.sudo(False), why

    # Which one

    def test_customer_then_tag_then_company_then_built_in(self):
        steps = [
            (lambda: None, self.built_in, "built-in"),
            (lambda: self.env.company.write({"o2c_policy_id": self.default.id}), self.default, self.env.company.name),
            (lambda: self.customer.write({"category_id": [Command.link(self.late_tag.id)]}), self.late, "tag Late"),
            (lambda: self.customer.write({"category_id": [Command.link(self.early_tag.id)]}), self.early, "tag Early"),
            (lambda: self.customer.write({"o2c_policy_id": self.own.id}), self.own, "Payer Ltd"),
        ]
        for step, expected, why in steps:
            step()
            self.assertEqual(self._resolved()[0], expected)
            self.assertIn(why, self._resolved()[1])
            self.customer.invalidate_recordset()
            self.assertEqual(self.customer.o2c_policy_used_id, expected)
            self.assertEqual(self.customer.o2c_policy_why, self._resolved()[1])

    def test_contacts_are_subject_to_their_companys_policy(self):
        contact = self.env["res.partner"].create({"name": "Branch", "parent_id": self.customer.id})
        self.customer.o2c_policy_id = self.own
        contact.o2c_policy_id = self.late
        self.assertEqual(self._resolved(contact)[0], self.own)

    def test_nobody_in_particular_gets_the_default(self):
        resolved = self.policies._resolve(self.env["res.partner"], self.env.company)[0]
        self.assertEqual(resolved.sudo(False), self.built_in)

    def test_archived_and_foreign_policies_are_passed_over(self):
        other = self._create_company(name="Other Company")
        self.customer.o2c_policy_id = self.own
        self.customer.category_id = self.late_tag
        self.own.active = False
        self.assertEqual(self._resolved()[0], self.late)
        self.late.company_id = other
        self.assertEqual(self._resolved()[0], self.built_in)
        self.assertEqual(self._resolved(company=other)[0], self.late)

    def test_a_tag_counts_from_the_moment_it_names_a_policy(self):
        """Whether any tag does is remembered."""
        (self.early_tag | self.late_tag).o2c_policy_id = False
        tag = self.env["res.partner.category"].create({
            "name": "Rested", "o2c_policy_id": self.late.id, "active": False,
        })
        self.customer.category_id = tag
        self.assertEqual(self._resolved()[0], self.built_in)
        tag.active = True
        self.customer.invalidate_recordset()
        self.assertEqual(self._resolved()[0], self.late)
        tag.o2c_policy_id = False
        self.assertEqual(self._resolved()[0], self.built_in)
        self.env["res.partner.category"].with_context(default_o2c_policy_id=self.early.id).create({
            "name": "By default", "partner_ids": [Command.link(self.customer.id)],
        })
        self.customer.invalidate_recordset()
        self.assertEqual(self._resolved()[0], self.early)

    def test_the_customers_own_choice_is_per_company(self):
        other = self._create_company(name="Other Company")
        self.customer.o2c_policy_id = self.own
        self.assertEqual(self._resolved(company=other)[0], self.built_in)

    def test_branches_use_the_policies_of_their_parents(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.env.company.id})
        self.late.company_id = self.env.company
        self.customer.category_id = self.late_tag
        self.assertEqual(self._resolved(company=branch)[0], self.late)

    def test_queries_do_not_grow_with_the_customers(self):
        customers = self.env["res.partner"].create([
            {"name": f"Customer {number}", "category_id": [Command.link(self.early_tag.id)] if number % 2 else False}
            for number in range(40)
        ])
        customers[:10].o2c_policy_id = self.own
        counts = []
        for some in (customers[9:12], customers):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.policies._resolve_many(some, self.env.company)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])
        self.assertLessEqual(counts[1], 8)

    def test_the_customers_of_a_policy_are_those_it_is_resolved_for(self):
        tags = [self.early_tag, self.late_tag, self.early_tag + self.late_tag, self.env["res.partner.category"]]
        customers = self.env["res.partner"].create([
            {"name": f"{index} {own.name}", "customer_rank": 1, "category_id": tag.ids, "o2c_policy_id": own.id}
            for index, tag in enumerate(tags)
            for own in (self.own, self.early, self.default, self.policies)
        ])
        self.env.company.o2c_policy_id = self.default
        for archived in (self.policies, self.early, self.default):
            archived.active = False
            resolved = self.policies._resolve_many(customers, self.env.company)
            for policy in self.policies.with_context(active_test=False).search([]):
                with self.subTest(policy=policy.name, archived=archived.name):
                    self.assertEqual(
                        set(customers.filtered_domain(policy._customer_domain())),
                        {customer for customer in customers if resolved[customer.id][0] == policy},
                    )
                    policy.invalidate_recordset()
                    domain = policy._customer_domain()
                    self.assertEqual(policy.customer_count, self.env["res.partner"].search_count(domain))
                    self.assertEqual(policy.action_view_customers()["domain"], list(domain))

    # What it says

    def test_amounts_are_compared_in_the_currency_that_is_paid(self):
        policy = self._policy(minimum_kind="amount", minimum_amount=100.0, plan_smallest_amount=50.0)
        foreign = self.env["res.currency"].create({
            "name": "TST", "symbol": "T", "rounding": 0.001,
            "rate_ids": [Command.create({"rate": 2.0, "name": "2020-01-01"})],
        })
        rules = policy._rules(foreign, self.env.company)
        self.assertEqual((rules.minimum_minor, rules.plans.smallest_minor), (200_000, 100_000))
        self.assertEqual(policy._rules(self.env.company.currency_id, self.env.company).minimum_minor, 10_000)

    def test_the_built_in_policy_is_what_odoo_allows(self):
        rules = self.built_in._rules(self.env.company.currency_id, self.env.company)
        self.assertEqual((rules.mode, rules.minimum_kind, rules.order), ("part", "none", "oldest"))
        self.assertFalse(rules.on_account)
        self.assertEqual((rules.promises.max_days, rules.promises.max_open), (14, 1))
        self.assertEqual((rules.plans.max_parts, rules.plans.max_days, rules.plans.worst_band), (3, 90, "fair"))
        self.assertEqual(rules.plans.approval_above_minor, 500_000)
        self.built_in.plan_approval_amount = 0
        rules = self.built_in._rules(self.env.company.currency_id, self.env.company)
        self.assertIsNone(rules.plans.approval_above_minor)

    def test_every_violation_has_a_sentence(self):
        line = self._make_invoice(100).line_ids.filtered(lambda line: line.display_type == "payment_term")
        for code in ("amount", "on_account", "full", "whole", "earlier", "one_part", "minimum"):
            params = {"line_id": line.id, "minor": 12345}
            self.assertTrue(self.policies._in_words(Violation(code, params), self.env.company.currency_id))

    def test_a_risk_band_comes_with_its_reason(self):
        self.assertEqual(self.policies._band_in_words(Facts(70, 0))[0], "poor")
        self.assertIn("70 days", self.policies._band_in_words(Facts(70, 0))[1])
        self.assertIn("no promise was broken", self.policies._band_in_words(Facts())[1])

    def test_summary_says_it_in_words(self):
        for values, words in [
            ({"mode": "full"}, "as a whole"), ({"mode": "instalments"}, "oldest of an invoice first"),
            ({"mode": "items"}, "any order"), ({"minimum_kind": "percent", "minimum_percent": 25}, "25 %"),
            ({"minimum_kind": "amount", "minimum_amount": 100}, "100.00"), ({"minimum_kind": "overdue"}, "overdue"),
            ({"order": "payer"}, "what the payer says"), ({"on_account": True}, "on account"),
        ]:
            with self.subTest(values=values):
                self.assertIn(words, self._policy(**values).summary)
        self.assertEqual({Policy().mode, Policy().order}, {"part", "oldest"})

    # Limits that make sense

    def test_errors_name_the_value_and_the_way_out(self):
        for values, words in [
            ({"minimum_kind": "percent", "minimum_percent": 150}, ["150", "at most 100"]),
            ({"minimum_kind": "percent"}, ["Smallest Share", "at least"]),
            ({"minimum_kind": "amount"}, ["smallest amount", "0.00", "No minimum"]),
            ({"promise_max_days": -1}, ["Promise at Most", "-1", "at least 0"]),
            ({"plan_first_percent": 101}, ["First Part", "101", "at most 100"]),
        ]:
            with self.subTest(values=values), self.assertRaises(ValidationError) as caught:
                self._policy(**values)
            for word in words:
                self.assertIn(word, str(caught.exception))

    def test_method_lines_that_say_nothing_are_refused(self):
        for values, words in [
            ({}, "neither a provider nor a method"),
            ({"provider_id": self.dummy_provider.id, "min_amount": 10, "max_amount": 5}, "Exchange"),
            ({"provider_id": self.dummy_provider.id, "max_amount": -5}, "negative"),
        ]:
            with self.subTest(values=values), self.assertRaisesRegex(ValidationError, words):
                self._policy(method_ids=[Command.create({"reason": "Because.", **values})])

    def test_the_built_in_policy_stays(self):
        with self.assertRaisesRegex(ValidationError, "cannot be archived"):
            self.built_in.active = False
        with self.assertRaisesRegex(UserError, "cannot be deleted"):
            self.built_in.unlink()

    # Documents

    def test_contacts_see_all_or_their_own_documents(self):
        contact = self.env["res.partner"].create({"name": "Colleague", "parent_id": self.customer.id})
        user = new_test_user(self.env, "colleague_scope", groups="base.group_portal", partner_id=contact.id)
        owner = new_test_user(self.env, "owner_scope", groups="base.group_portal", partner_id=self.customer.id)
        mine, theirs = self._make_invoice(10, partner=contact), self._make_invoice(20)
        account = self.env["o2c.account"]
        for documents, seen in [("all", mine + theirs), ("own", mine)]:
            self._policy(self.customer, documents=documents)
            moves = self.env["account.move"].search(account._move_domain(account._scope(user)))
            self.assertEqual(moves & (mine + theirs), seen)
            self.assertFalse(account._scope(owner).own_only)
