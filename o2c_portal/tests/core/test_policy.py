"""What a policy allows, mode by mode."""

from dataclasses import replace
from datetime import date

from odoo.tests import BaseCase, tagged

from odoo.addons.o2c_portal.core.instalments import Instalment
from odoo.addons.o2c_portal.core.policy import (
    MethodRule,
    Policy,
    asked,
    check,
    hidden,
    least,
    looks_around,
    why_hidden,
)

TODAY = date(2026, 3, 10)
# Two invoices: 300 late, 300 and 400 to come; 500 late and being paid, 100 due today
LATE = Instalment(1, 10, 1, 3, date(2026, 3, 1), 300, 300)
NEXT = Instalment(2, 10, 2, 3, date(2026, 4, 1), 300, 300)
LAST = Instalment(3, 10, 3, 3, date(2026, 5, 1), 400, 400)
CLAIMED = Instalment(4, 20, 1, 2, date(2026, 2, 1), 500, 500, claimed=True)
DUE = Instalment(5, 20, 2, 2, TODAY, 100, 100)
ITEMS = [LAST, DUE, LATE, CLAIMED, NEXT]


@tagged("post_install", "-at_install")
class TestPolicy(BaseCase):
    def _codes(self, policy, cases, **kwargs):
        for pays, expected in cases:
            with self.subTest(mode=policy.mode, pays=pays):
                found = check(policy, ITEMS, pays, 0, TODAY, **kwargs)
                self.assertEqual(found and found.code, expected)

    def test_what_is_not_open_is_never_paid(self):
        for mode in ("full", "instalments", "items", "part"):
            self._codes(Policy(mode=mode), [
                ({}, "amount"), ({1: 0}, "amount"), ({1: -1}, "amount"), ({1: 301}, "amount"), ({4: 500}, "amount"),
                ({99: 1}, "amount"), ({1: 300, 2: 300, 3: 400}, None), ({5: 100}, None),
            ])

    def test_full(self):
        self._codes(Policy(mode="full"), [
            ({1: 300}, "full"), ({1: 300, 2: 300}, "full"), ({1: 300, 2: 300, 3: 399}, "full"),
            ({1: 300, 2: 300, 3: 400, 5: 100}, None), ({1: 300, 2: 300, 3: 400, 5: 99}, "full"),
        ])
        self.assertEqual(check(Policy(mode="full"), ITEMS, {2: 300}, 0, TODAY).params, {"minor": 1000})

    def test_instalments_in_their_order(self):
        self._codes(Policy(mode="instalments"), [
            ({1: 300}, None), ({1: 300, 2: 300}, None), ({2: 300}, "earlier"), ({1: 300, 3: 400}, "earlier"),
            ({1: 299}, "whole"), ({5: 100, 1: 300}, None), ({5: 100, 2: 300}, "earlier"),
        ])
        self.assertEqual(check(Policy(mode="instalments"), ITEMS, {3: 400}, 0, TODAY).params, {"line_id": 1})

    def test_items_in_any_order(self):
        self._codes(Policy(mode="items"), [({3: 400}, None), ({3: 399}, "whole"), ({3: 400, 1: 1}, "whole")])

    def test_part_of_the_latest_or_of_any(self):
        cases = [({1: 1}, None), ({1: 300, 2: 1}, None), ({3: 1}, None), ({2: 300, 3: 400, 5: 1}, "one_part")]
        self._codes(Policy(), [*cases, ({1: 1, 2: 300}, "one_part"), ({1: 1, 2: 1}, "one_part")])
        self._codes(Policy(order="payer"), [({1: 1, 2: 300}, None), ({1: 1, 2: 1}, None)])

    def test_some_judge_by_what_is_left_out(self):
        for policy, expected in [
            (Policy(mode="full"), True), (Policy(mode="instalments"), True), (Policy(mode="items"), False),
            (Policy(), False), (Policy(order="payer"), False), (Policy(minimum_kind="overdue"), True),
            (Policy(mode="items", minimum_kind="amount", minimum_minor=5), False),
        ]:
            self.assertIs(looks_around(policy), expected, policy)

    def test_minimum_amount(self):
        policy = Policy(minimum_kind="amount", minimum_minor=250)
        self._codes(policy, [({1: 249}, "minimum"), ({1: 250}, None), ({2: 200, 5: 50}, "one_part"), ({5: 100}, None)])
        self.assertEqual(check(policy, ITEMS, {1: 249}, 0, TODAY).params, {"minor": 250})

    def test_minimum_never_exceeds_what_is_due(self):
        policy = Policy(minimum_kind="amount", minimum_minor=350)
        self._codes(policy, [({1: 299}, "minimum"), ({1: 300}, None), ({3: 300}, None)])
        self.assertEqual(least(policy, [NEXT, LAST], TODAY), 300)

    def test_minimum_percent_of_what_can_be_paid(self):
        self._codes(Policy(minimum_kind="percent", minimum_percent=25), [({1: 249}, "minimum"), ({1: 250}, None)])
        self._codes(Policy(minimum_kind="percent", minimum_percent=33.3), [({5: 33}, "minimum"), ({5: 34}, None)])

    def test_minimum_is_what_is_overdue(self):
        policy = Policy(minimum_kind="overdue", order="payer")
        self._codes(policy, [
            ({1: 299}, "minimum"), ({1: 300}, None), ({3: 299}, "minimum"), ({5: 1}, None), ({5: 1, 1: 298}, "minimum"),
        ])

    def test_less_the_discount_is_in_full(self):
        discounts = {1: 6, 2: 6, 3: 8}
        for mode in ("full", "instalments", "items"):
            self._codes(Policy(mode=mode), [({1: 294, 2: 294, 3: 392}, None)], discounts=discounts)
            self.assertIsNotNone(check(Policy(mode=mode), ITEMS, {1: 293}, 0, TODAY, discounts))
        policy = Policy(minimum_kind="amount", minimum_minor=1000)
        self._codes(policy, [({1: 294, 2: 294, 3: 392}, None), ({1: 293}, "minimum")], discounts=discounts)

    def test_on_account(self):
        allowed = Policy(on_account=True)
        for policy, pays, minor, expected in [
            (Policy(), {}, 5, "on_account"), (Policy(), {5: 100}, 5, "on_account"), (allowed, {}, 5, None),
            (allowed, {5: 100}, 5, None), (allowed, {}, 0, "amount"), (allowed, {5: 100}, -5, "amount"),
            (Policy("full", on_account=True), {1: 300}, 5, "full"),
        ]:
            with self.subTest(policy=policy, pays=pays, minor=minor):
                found = check(policy, ITEMS, pays, minor, TODAY)
                self.assertEqual(found and found.code, expected)

    def test_what_a_plan_says_is_always_payable(self):
        agreed = {1: {100, 200, 300}, 2: {150}}
        for policy in (Policy("full"), Policy("instalments"), Policy("items"), Policy("part", "amount", 250)):
            self._codes(policy, [
                ({1: 100}, None), ({1: 200, 2: 150}, None), ({1: 101, 2: 150}, "minimum" if policy.mode == "part" else
                 "full" if policy.mode == "full" else "whole"), ({3: 400}, None),
            ], allowed_parts=agreed)

    def test_what_a_request_asks_for(self):
        planned = [replace(item, plan_id=7) for item in (LATE, NEXT)]
        for mode, items, expected in [
            ("part", [NEXT, LAST, LATE], [LATE]), ("part", [LAST, NEXT], [NEXT]),
            ("instalments", [LATE, NEXT], [LATE]), ("items", [LATE, NEXT], [LATE]),
            ("full", [NEXT, LAST, LATE], [LATE, NEXT, LAST]), ("full", [LAST, NEXT], [NEXT, LAST]),
            ("full", [replace(LATE, open_minor=0), NEXT], [NEXT]), ("full", [], []),
            ("full", planned, planned[:1]), ("full", [*planned, LAST], planned[:1]),
            ("full", [*planned, DUE, LAST], [planned[0], DUE, LAST]),
        ]:
            with self.subTest(mode=mode, items=items):
                self.assertEqual(asked(Policy(mode), items, TODAY), expected)

    def test_hidden_methods_and_why(self):
        rules = [
            MethodRule("Bank transfer above 5,000.", method_id=1, max_minor=500000),
            MethodRule("Not worth it.", method_id=2, min_minor=1000),
            MethodRule("Not in dollars.", provider_id=7, currency_id=2),
            MethodRule("Ask us.", provider_id=8, method_id=1, category_id=5),
        ]
        for minor, currency, tags, expected in [
            (500000, 1, (), set()), (500001, 1, (), {(None, 1)}), (999, 1, (), {(None, 2)}),
            (2000, 2, (), {(7, None)}), (2000, 1, (5,), {(8, 1)}), (600000, 2, (5,), {(None, 1), (7, None), (8, 1)}),
        ]:
            with self.subTest(minor=minor, currency=currency, tags=tags):
                self.assertEqual(set(hidden(rules, minor, currency, tags)), expected)
        found = hidden(rules, 2000, 2, (5,))
        for provider, method, expected in [
            (7, 3, "Not in dollars."), (8, 1, "Ask us."), (8, 3, None), (9, 1, None), (8, None, None),
        ]:
            self.assertEqual(why_hidden(found, provider, method), expected)
