"""Whatever happens to invoices under plans, due items sum to the ledger to the cent, in every currency."""

import random
from datetime import timedelta

from odoo.fields import Date
from odoo.tests import tagged

from ..core import plans
from ..core.money import to_minor
from ..models.o2c_payment_plan_life import PlanImpossible
from .common import O2cCommon

STEPS = 24


@tagged("post_install", "-at_install")
class TestPlanLedger(O2cCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.term = cls._make_term((30, 0), (30, 30), (40, 60))
        cls.today = Date.today()
        cls.plans = cls.env["o2c.payment.plan"].sudo()  # nobody but its own rules writes agreements
        cls.bank = cls.company_data["default_journal_bank"]

    def test_due_items_sum_to_the_ledger(self):
        """Random steps over three invoices; the seed is part of the name of the step that fails."""
        for code, rate in (("JPY", 147.31), ("EUR", 0.9173), ("KWD", 0.3071), (self.env.company.currency_id.name, 1)):
            currency = self.env["res.currency"].with_context(active_test=False).search([("name", "=", code)])
            currency.active = True
            if rate != 1:
                self.env["res.currency.rate"].create([
                    {"currency_id": currency.id, "name": self.today - timedelta(days=days), "rate": rate * factor}
                    for days, factor in ((400, 1), (1, 1.07))
                ])
            for seed in (len(code), ord(code[0])):
                with self.subTest(currency=code, seed=seed):
                    self._walk(currency, random.Random(seed))

    def _walk(self, currency, dice):
        self.dice, self.currency = dice, currency
        self.moves = self.env["account.move"].union(*(
            self._make_invoice(
                dice.randint(2000, 90000) / 10**currency.decimal_places, self.term, currency_id=currency.id,
                invoice_date=self.today - timedelta(days=dice.randint(0, 90)),
            )
            for _number in range(3)
        ))
        self._replan()
        self._check("start")
        for number in range(STEPS):
            step = dice.choice([
                self._pay, self._pay, self._pay, self._pay_line, self._credit, self._unreconcile, self._refund,
                self._replan, self._cancel, self._evaluate, self._promise,
            ])
            step()
            self._check(f"{number} {step.__name__}")

    def _check(self, step):
        self.env.flush_all()
        self.env.invalidate_all()
        rows = self.env["o2c.due.item"].search([("move_id", "in", self.moves.ids)])
        self.assertEqual(len(set(rows.ids)), len(rows), step)
        lines = self.moves.line_ids.filtered(lambda line: line.display_type == "payment_term")
        digits, company_digits = self.currency.decimal_places, self.env.company.currency_id.decimal_places
        for line in lines:
            own = rows.filtered(lambda row, line=line: row.move_line_id == line)
            self.assertEqual(
                (sum(to_minor(row.residual, digits) for row in own),
                 sum(to_minor(row.residual_company, company_digits) for row in own)),
                (to_minor(line.amount_residual_currency, digits), to_minor(line.amount_residual, company_digits)),
                f"{step}: {line.move_id.name}",
            )
        self._check_pieces(rows, step)

    def _check_pieces(self, rows, step):
        """The view and the decision in Python say the same."""
        found = {
            (row.plan_line_id.id or None, row.move_line_id.id, row.date_due, to_minor(row.residual, 3))
            for row in rows if row.plan_id and row.residual
        }
        active = rows.plan_id
        self.assertEqual(set(active.mapped("state")) - {"active"}, set(), step)
        digits = self.currency.decimal_places
        expected = {
            (piece.plan_line, piece.line_id, piece.date, piece.open * 10 ** (3 - digits))
            for plan in active for piece in plans.pieces(*plan._facts())
        }
        self.assertEqual(found, expected, step)
        for move in self.moves:
            asked = sum(item.open_minor for item in move._o2c_asked())
            self.assertEqual(asked, to_minor(move.amount_residual, digits), step)

    # Steps

    def _open_lines(self):
        return self.moves.line_ids.filtered(
            lambda line: line.display_type == "payment_term" and line.amount_residual_currency > 0
        )

    def _money_in(self, minor, kind="inbound"):
        payment = self.env["account.payment"].create({
            "payment_type": kind, "partner_type": "customer", "partner_id": self.customer.id,
            "amount": minor / 10**self.currency.decimal_places, "currency_id": self.currency.id,
            "journal_id": self.bank.id, "date": self.today - timedelta(days=self.dice.choice([0, 3])),
        })
        payment.action_post()
        return payment.move_id.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")

    def _match(self, credit):
        """Let a credit pay as many of the open items, in random order, as it reaches."""
        lines = list(self._open_lines())
        self.dice.shuffle(lines)
        for line in lines[:self.dice.randint(1, 3)]:
            if credit.amount_residual_currency < 0:
                (line | credit).reconcile()

    def _pay(self):
        owed = to_minor(sum(self._open_lines().mapped("amount_residual_currency")), self.currency.decimal_places)
        if owed:
            self._match(self._money_in(self.dice.randint(1, max(1, owed // 3))))

    def _pay_line(self):
        if lines := self._open_lines():
            line = self.dice.choice(lines)
            credit = self._money_in(to_minor(line.amount_residual_currency, self.currency.decimal_places))
            (line | credit).reconcile()

    def _credit(self):
        note = self._make_invoice(
            self.dice.randint(1, 9000) / 10**self.currency.decimal_places, move_type="out_refund",
            currency_id=self.currency.id,
        )
        self._match(note.line_ids.filtered(lambda line: line.display_type == "payment_term"))

    def _partials(self):
        return self.moves.line_ids.matched_credit_ids

    def _unreconcile(self):
        if partials := self._partials():
            self.dice.choice(partials).unlink()

    def _refund(self):
        """Take a payment back from the invoices and send it out again."""
        credits = self._partials().credit_move_id.filtered("payment_id")
        if credits:
            credit = self.dice.choice(credits)
            credit.remove_move_reconcile()
            minor = to_minor(-credit.amount_residual_currency, self.currency.decimal_places)
            (credit | self._money_in(minor, "outbound")).reconcile()

    def _replan(self):
        """Agree anew on some of what is open, in random dates and amounts."""
        free = self.plans._open_items(self.moves)
        old = self.plans.search([
            ("state", "=", "active"), ("kind", "=", "instalments"),
            ("item_ids.move_line_id.move_id", "in", self.moves.ids),
        ])[:1]
        mine = set(old.item_ids.move_line_id.ids)
        items = free + [
            item for found in self.moves._o2c_instalments_by_move().values() for item in found
            if item.line_id in mine and item.open_minor > 0
        ]
        items = self.dice.sample(items, self.dice.randint(1, len(items))) if items else []
        owed = sum(item.open_minor for item in items)
        count = min(self.dice.randint(1, 5), owed)
        if not items:
            return
        cuts = sorted(self.dice.sample(range(1, owed), count - 1))
        payments = [
            plans.Payment(self.today + timedelta(days=20 * index), upto - since)
            for index, (since, upto) in enumerate(zip([0, *cuts], [*cuts, owed], strict=True))
        ]
        self.plans._prepare(items, payments, replaces_id=old.id)._activate()

    def _promise(self):
        if items := self.plans._open_items(self.moves):
            items = self.dice.sample(items, self.dice.randint(1, len(items)))
            owed = sum(item.open_minor for item in items)
            self.plans._promise(items, self.today, self.dice.randint(1, owed))

    def _cancel(self):
        self._plans("active")[:1]._end("cancelled", "Changed their mind.")

    def _evaluate(self):
        self._plans("active", "kept")._evaluate()

    def _plans(self, *states):
        return self.plans.search([
            ("state", "in", states), ("item_ids.move_line_id.move_id", "in", self.moves.ids),
        ])

    # Ends of agreements that come with the ledger

    def test_nothing_is_agreed_on_what_has_changed(self):
        invoice = self._make_invoice(100.0)
        items = self.plans._open_items(invoice)
        draft = self.plans._prepare(items, plans.propose(10000, 2, self.today, "weeks"))
        self._register_payment(invoice, amount=1.0)
        with self.assertRaises(PlanImpossible):
            draft._activate()
        self.assertEqual((draft.state, invoice.line_ids.o2c_plan_item_ids.live), ("draft", False))

    def test_a_new_charge_is_an_item_of_its_own(self):
        invoice = self._make_invoice(100.0)
        items = self.plans._open_items(invoice)
        self.plans._prepare(items, plans.propose(10000, 2, self.today, "weeks"))._activate()
        fee = self._make_invoice(15.0)
        self.env.flush_all()
        rows = self.env["o2c.due.item"].search([("move_id", "in", (invoice | fee).ids)])
        self.assertEqual(
            [(bool(row.plan_id), row.residual) for row in rows.sorted(lambda row: (row.move_id.id, row.date_due))],
            [(True, 50.0), (True, 50.0), (False, 15.0)],
        )
