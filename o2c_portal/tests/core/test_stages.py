"""Stage rules as tables: facts in, steps out."""

from odoo.tests import BaseCase, tagged

from odoo.addons.o2c_portal.core.stages import (
    Facts,
    Fired,
    NextPayment,
    Rule,
    Step,
    deposit_missing,
    holds,
    next_payment,
    plan,
    share,
)

NEW, DEPOSIT, BUILD, PAID = 1, 2, 3, 4
RANKS = {NEW: 10, DEPOSIT: 20, BUILD: 30, PAID: 40}
RULES = [Rule(7, "deposit_paid", DEPOSIT), Rule(8, "fully_paid", PAID)]
UNPAID, PART, FULL = Facts(1000, 0, 300), Facts(1000, 300, 300), Facts(1000, 1000, 300)
FIRED_DEPOSIT = Fired(71, 7, NEW, DEPOSIT, True)
FIRED_FULL = Fired(81, 8, DEPOSIT, PAID, True)


@tagged("post_install", "-at_install")
class TestStages(BaseCase):
    def test_which_trigger_holds(self):
        table = [
            # total, paid, deposit -> deposit paid, fully paid
            (1000, 0, 300, False, False),
            (1000, 299, 300, False, False),
            (1000, 300, 300, True, False),
            (1000, 999, 300, True, False),
            (1000, 1000, 300, True, True),
            (1000, 1001, 300, True, True),
            (1000, 500, 0, False, False),
            (1000, 1000, 0, True, True),
            (0, 0, 0, False, False),
            (-50, 0, 0, False, False),
            (0, 10, 0, True, True),
            (1000, -10, 0, False, False),
            (100, 100, 300, True, True),
        ]
        for total, paid, deposit, deposit_paid, fully_paid in table:
            with self.subTest(total=total, paid=paid, deposit=deposit):
                facts = Facts(total, paid, deposit)
                self.assertEqual(holds("deposit_paid", facts), deposit_paid)
                self.assertEqual(holds("fully_paid", facts), fully_paid)

    def test_what_is_missing_of_a_deposit(self):
        table = [
            # total, deposit, paid, on open invoices, on its way -> missing
            (1000, 300, 0, 0, 0, 300),
            (1000, 300, 100, 0, 0, 200),
            (1000, 300, 0, 100, 0, 200),
            (1000, 300, 0, 0, 100, 200),
            (1000, 300, 100, 100, 100, 0),
            (1000, 300, 299, 0, 0, 1),
            (1000, 300, 300, 0, 0, 0),
            (1000, 300, 1000, 0, 0, 0),
            (1000, 300, 0, 1000, 0, 0),
            (1000, 300, -50, 0, 0, 350),
            (200, 300, 0, 0, 0, 200),
            (0, 300, 0, 0, 0, 0),
            (-50, 300, 0, 0, 0, 0),
            (1000, 0, 0, 0, 0, 0),
        ]
        for total, deposit, paid, invoiced, under_way, missing in table:
            with self.subTest(total=total, deposit=deposit, paid=paid, invoiced=invoiced, under_way=under_way):
                self.assertEqual(deposit_missing(Facts(total, paid, deposit), invoiced, under_way), missing)

    def test_an_unknown_trigger_is_refused(self):
        with self.assertRaises(KeyError):
            holds("shipped", FULL)

    def test_plan(self):
        hand_deposit = Fired(72, 7, BUILD, BUILD, False)
        table = [
            ("nothing paid", NEW, [], UNPAID, []),
            ("deposit", NEW, [], PART, [Step(7, NEW, DEPOSIT)]),
            ("deposit again", DEPOSIT, [FIRED_DEPOSIT], PART, []),
            ("all at once", NEW, [], FULL, [Step(7, NEW, DEPOSIT), Step(8, DEPOSIT, PAID)]),
            ("the rest", DEPOSIT, [FIRED_DEPOSIT], FULL, [Step(8, DEPOSIT, PAID)]),
            ("no stage yet", None, [], PART, [Step(7, None, DEPOSIT)]),
            ("moved on by hand, then paid", BUILD, [FIRED_DEPOSIT], FULL, [Step(8, BUILD, PAID)]),
            ("moved back by hand after the deposit", NEW, [FIRED_DEPOSIT], PART, []),
            ("already past the deposit by hand", BUILD, [], PART, [Step(7, BUILD, BUILD)]),
            ("fired without a move", BUILD, [hand_deposit], PART, []),
            ("the deposit bounces", DEPOSIT, [FIRED_DEPOSIT], UNPAID, [Step(7, DEPOSIT, NEW, 71)]),
            ("the rest bounces", PAID, [FIRED_DEPOSIT, FIRED_FULL], PART, [Step(8, PAID, DEPOSIT, 81)]),
            ("everything bounces", PAID, [FIRED_DEPOSIT, FIRED_FULL], UNPAID,
             [Step(8, PAID, DEPOSIT, 81), Step(7, DEPOSIT, NEW, 71)]),
            ("bounces after a move by hand", BUILD, [FIRED_DEPOSIT], UNPAID, [Step(7, BUILD, BUILD, 71)]),
            ("bounces where the rule had not moved it", BUILD, [hand_deposit], UNPAID, [Step(7, BUILD, BUILD, 72)]),
            ("the rule is gone", DEPOSIT, [Fired(9, 99, NEW, DEPOSIT, True)], UNPAID, []),
        ]
        for name, current, fired, facts, steps in table:
            with self.subTest(name):
                self.assertEqual(plan(current, RANKS, RULES, fired, facts), steps)

    def test_only_a_step_to_another_stage_moves(self):
        self.assertTrue(Step(7, NEW, DEPOSIT).moves)
        self.assertFalse(Step(7, BUILD, BUILD).moves)

    def test_share(self):
        for amount, part, whole, expected in [
            (900, 1000, 1000, 900), (100, 1, 3, 33), (900, 0, 1000, 0), (900, 5, 0, 0), (-300, 500, 1000, -150),
        ]:
            with self.subTest(amount=amount, part=part, whole=whole):
                self.assertEqual(share(amount, part, whole), expected)

    def test_the_smallest_payment_that_moves_the_order(self):
        table = [
            # stage, fired, facts, rules -> payment
            (NEW, [], UNPAID, RULES, NextPayment(300, DEPOSIT)),
            (NEW, [], Facts(1000, 120, 300), RULES, NextPayment(180, DEPOSIT)),
            (DEPOSIT, [FIRED_DEPOSIT], PART, RULES, NextPayment(700, PAID)),
            (PAID, [FIRED_DEPOSIT, FIRED_FULL], FULL, RULES, None),
            (NEW, [], UNPAID, RULES[1:], NextPayment(1000, PAID)),
            (BUILD, [], UNPAID, RULES, NextPayment(1000, PAID)),  # the deposit would leave it where it is
            (NEW, [], UNPAID, [], None),
            (None, [], UNPAID, RULES, NextPayment(300, DEPOSIT)),
            (NEW, [], Facts(0, 0, 0), RULES, None),
        ]
        for current, fired, facts, rules, wanted in table:
            with self.subTest(current=current, facts=facts):
                self.assertEqual(next_payment(current, RANKS, rules, fired, facts), wanted)
