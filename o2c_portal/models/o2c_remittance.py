"""References that customers put on bank transfers, and what each of them stands for."""

import secrets
from dataclasses import replace

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..core import instalments, money, remittance

BODIES = 3  # how many are tried before we give up; two references are alike once in 10^12


class O2cRemittance(models.Model):
    """A remittance advice: what a transfer with this reference pays.

    One for an invoice stands for all that is open on it, oldest first, read from the ledger when the money comes. One
    for a basket stands for exactly its lines, once.
    """

    _name = "o2c.remittance"
    _description = "Transfer reference"
    _order = "id desc"
    _rec_name = "reference"
    _check_company_auto = True

    reference = fields.Char(required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    partner_id = fields.Many2one("res.partner", "Customer", required=True, readonly=True, index=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    move_id = fields.Many2one(
        "account.move", "Invoice", readonly=True, ondelete="cascade", check_company=True,
        help="The reference stands for whatever is open on this invoice; without one, for the lines below.",
    )
    line_ids = fields.One2many("o2c.remittance.line", "remittance_id", "Basket", readonly=True)
    amount = fields.Monetary("To transfer", compute="_compute_amount", help="What is open of it today.")
    state = fields.Selection(
        [("open", "Open"), ("applied", "Paid"), ("cancelled", "Cancelled")],
        required=True, readonly=True, default="open",
    )
    bank_line_ids = fields.One2many("account.bank.statement.line", "o2c_remittance_id", "Bank transfers", readonly=True)

    _reference_uniq = models.Constraint("UNIQUE (company_id, reference)", "This reference exists already.")
    _move_uniq = models.Constraint("UNIQUE (move_id)", "This invoice has a reference already.")
    _reference_idx = models.Index("(reference)")

    @api.depends("move_id", "line_ids.amount")
    def _compute_amount(self):
        for advice in self:
            open_minor = sum(item.open_minor for item in advice._items(advice._open()))
            advice.amount = money.to_major(open_minor, advice.currency_id.decimal_places)

    @api.depends("reference")
    def _compute_display_name(self):
        for advice in self:
            advice.display_name = remittance.shown(advice.reference or "")

    # Giving out references. Whoever prints an invoice or pays a basket needs one, so these work with elevated rights;
    # none of them is reachable by RPC.

    @api.model
    def _for_invoices(self, moves):
        """Return ``{move_id: reference advice}``, made as needed, in a fixed number of queries; it stays the same.

        Two workers that make the same at once: one of them gets a serialization failure and is retried by Odoo.
        """
        found = self.sudo().search([("move_id", "in", moves.ids)])  # the reader of an invoice has no access to these
        own = self._own_references(moves - found.move_id)
        for _try in range(BODIES):
            missing = moves - found.move_id
            if not missing:
                break
            self._insert([(move, own.pop(move.id, None) or self._new_reference()) for move in missing])
            found |= self.sudo().search([("move_id", "in", missing.ids)])
        return {advice.move_id.id: advice for advice in found}

    @api.model
    def _samples(self, moves):
        """Return ``{move_id: reference advice}`` for a preview: where there is none yet, one that is not kept, with the
        document's own reference or with nothing but zeros."""
        found = self.sudo().search([("move_id", "in", moves.ids)])  # as above
        missing = moves - found.move_id
        own, zeros = self._own_references(missing), remittance.reference_of("0" * remittance.BODY_LENGTH)
        made_up = {
            move.id: self.sudo().new({
                "reference": own.get(move.id, zeros), "currency_id": move.currency_id.id, "state": "open",
            }) for move in missing
        }
        return {**made_up, **{advice.move_id.id: advice for advice in found}}

    @api.model
    def _own_references(self, moves):
        """Return ``{move_id: reference}`` of invoices that have a good one of their own, on no other document."""
        own = {}
        for move in moves:
            reference = remittance.compact(move.payment_reference)
            if remittance.is_reference(reference) and move.journal_id.invoice_reference_type == "invoice":
                own[move.id] = reference
        if not own:
            return own
        texts = moves.mapped("payment_reference")
        groups = self.env["account.move"].sudo()._read_group(  # a count, whoever prints
            [("company_id", "in", moves.company_id.ids), ("payment_reference", "in", texts)],
            ["company_id", "payment_reference"], ["__count"],
        )
        shared = {(company, text) for company, text, count in groups if count > 1}
        return {
            move.id: own[move.id] for move in moves
            if move.id in own and (move.company_id, move.payment_reference) not in shared
        }

    @api.model
    def _new_reference(self):
        digits = remittance.BODY_LENGTH
        return remittance.reference_of(f"{secrets.randbelow(10**digits):0{digits}}")

    @api.model
    def _insert(self, rows):
        now, uid = fields.Datetime.now(), self.env.uid
        self.env.cr.execute(SQL(
            """INSERT INTO o2c_remittance (reference, move_id, company_id, partner_id, currency_id, state,
                   create_uid, write_uid, create_date, write_date)
               VALUES %s ON CONFLICT DO NOTHING""",
            SQL(", ").join(
                SQL("(%s, %s, %s, %s, %s, 'open', %s, %s, %s, %s)", reference, move.id, move.company_id.id,
                    move.commercial_partner_id.id, move.currency_id.id, uid, uid, now, now)
                for move, reference in rows
            ),
        ))

    @api.model
    def _advise(self, partner, company, currency, amounts):
        """Return the reference by which a customer pays exactly ``amounts`` = ``{due item id: minor}`` by transfer.

        The same basket asked for again has the same reference until it is paid. Ids of due items are those of journal
        items; pieces of a plan have negative ones.

        :raises ValidationError: if an item is not the customer's, not of this company and currency, or less is open
        """
        digits = currency.decimal_places
        due = self.env["o2c.due.item"].sudo().search([  # of the customer, whoever asks
            ("id", "in", list(amounts)), ("partner_id", "=", partner.commercial_partner_id.id),
            ("company_id", "=", company.id), ("currency_id", "=", currency.id),
        ])
        if not amounts or len(due) != len(amounts) or not all(
            0 < amounts[item.id] <= money.to_minor(item.residual, digits) for item in due
        ):
            raise ValidationError(self.env._("Some of this is not open any more. Please choose again."))
        wish = {(item.move_line_id.id, item.plan_line_id.id): amounts[item.id] for item in due}
        same = self.sudo().search([
            ("company_id", "=", company.id), ("state", "=", "open"), ("move_id", "=", False),
            ("line_ids.move_line_id", "=", due[0].move_line_id.id),
        ]).filtered(lambda advice: advice._wish() == wish)
        return same[:1] or self.sudo().create({
            "reference": self._new_reference(), "company_id": company.id, "currency_id": currency.id,
            "partner_id": partner.commercial_partner_id.id,
            "line_ids": [fields.Command.create({
                "move_line_id": line_id, "plan_line_id": payment_id, "amount": money.to_major(minor, digits),
            }) for (line_id, payment_id), minor in wish.items()],
        })

    def _wish(self):
        """Return ``{(journal item id, id of the payment of a plan or False): minor}`` of the lines of a basket."""
        digits = self.currency_id.decimal_places
        return {
            (line.move_line_id.id, line.plan_line_id.id): money.to_minor(line.amount, digits) for line in self.line_ids
        }

    def _basket(self):
        """Return ``{journal item id: minor}`` of a basket, pieces of one item taken together."""
        basket = {}
        for (line_id, _payment_id), minor in self._wish().items():
            basket[line_id] = basket.get(line_id, 0) + minor
        return basket

    # What a reference stands for

    def _receivables(self):
        """Return the journal items the references stand for, settled ones included, oldest first."""
        lines = self.move_id.line_ids.filtered(lambda line: line.display_type == "payment_term")
        return (lines | self.line_ids.move_line_id).sorted(lambda line: (line.date_maturity or line.date, line.id))

    def _open(self):
        """Return ``{journal item id: open minor units}`` of everything the references stand for."""
        return {
            line.id: money.to_minor(line.amount_residual_currency, line.currency_id.decimal_places)
            for line in self._receivables()
        }

    def _is_intact(self, open_by_line):
        """Say whether all of a basket is as open as it was; what an invoice owes may have changed since.

        A piece of a plan in force has to be open itself: what is open beside it is asked for on other days.
        """
        if not all(open_by_line[line_id] >= minor for line_id, minor in self._basket().items()):
            return False
        planned = self.line_ids.filtered(lambda line: line.plan_line_id.plan_id.state == "active")
        pieces, wish = self._pieces(open_by_line) if planned else {}, self._wish()
        return all(
            pieces.get((line.move_line_id.id, line.plan_line_id.id), 0)
            >= wish[line.move_line_id.id, line.plan_line_id.id]
            for line in planned
        )

    def _items(self, open_by_line, day=None):
        """Return what can be paid of it as ``core.remittance.Item``, oldest first: by the plan, where an invoice is
        paid by one.

        :param dict open_by_line: what is open, see ``_open``
        :param date day: when the money came, for early payment discounts
        """
        self.ensure_one()
        lines, basket = self._receivables(), self._basket()
        if self.move_id and self.move_id.state != "posted":
            return []
        if self.move_id and lines.o2c_plan_id:
            return [
                remittance.Item(line_id, minor) for (line_id, _payment_id), minor in self._pieces(open_by_line).items()
            ]
        items = [
            remittance.Item(line.id, min(open_by_line[line.id], basket.get(line.id, open_by_line[line.id])))
            for line in lines if open_by_line[line.id] > 0
        ]
        discounts = self.env["o2c.cashier"].sudo()._granted(lines, day) if day else {}
        return [
            replace(item, discount_minor=discounts[item.line_id])
            if item.line_id in discounts and item.open_minor == open_by_line[item.line_id] else item
            for item in items
        ]

    def _pieces(self, open_by_line):
        """Return what is asked for of the journal items, by date: ``{(journal item id, id of the payment of a plan or
        False): minor}``. What transfers of this very run pay, they pay of the first pieces."""
        by_move = self._receivables().move_id._o2c_asked_by_move()
        asked = instalments.in_order([
            item for items in by_move.values() for item in items if item.line_id in open_by_line
        ])
        taken = {item.line_id: -open_by_line[item.line_id] for item in asked}
        for item in asked:
            taken[item.line_id] += item.open_minor
        pieces = {}
        for item in asked:
            minor = item.open_minor - min(taken[item.line_id], item.open_minor)
            taken[item.line_id] -= item.open_minor - minor
            if minor:
                pieces[item.line_id, item.plan_line or False] = minor
        return pieces

    def action_cancel(self):
        """Take references back: transfers that carry them are shown to staff and not applied.

        Whoever opens the list may do so: they are staff of receivables.
        """
        self.check_access("read")
        self.filtered(lambda advice: advice.state == "open").sudo().state = "cancelled"

    def action_reopen(self):
        """Accept cancelled references again."""
        self.check_access("read")
        self.filtered(lambda advice: advice.state == "cancelled").sudo().state = "open"


class O2cRemittanceLine(models.Model):
    _name = "o2c.remittance.line"
    _description = "Item of a transfer reference"
    _order = "id"

    remittance_id = fields.Many2one("o2c.remittance", required=True, readonly=True, index=True, ondelete="cascade")
    move_line_id = fields.Many2one(
        "account.move.line", "Item", required=True, readonly=True, index=True, ondelete="cascade"
    )
    plan_line_id = fields.Many2one(
        "o2c.payment.plan.line", "Payment of a Plan", readonly=True, ondelete="set null", index="btree_not_null",
    )
    move_id = fields.Many2one(related="move_line_id.move_id", string="Document")
    date_maturity = fields.Date(related="move_line_id.date_maturity")
    company_id = fields.Many2one(related="remittance_id.company_id", store=True)
    currency_id = fields.Many2one(related="remittance_id.currency_id")
    amount = fields.Monetary(required=True, readonly=True)
