"""Adds to account.move: its instalments as the ledger has them, and what plans ask for instead of them."""

from datetime import date

from odoo import api, fields, models
from odoo.tools import SQL

from ..core import instalments, money, policy

STATUSES = [
    ("open", "Open"),
    ("due_soon", "Due soon"),
    ("overdue", "Overdue"),
    ("promised", "Promised"),
    ("paid", "Paid"),
]
INSTALMENT_FIELDS = {  # what has to be in the database before instalments are read from it
    "account.move": ("move_type",),
    "account.move.line": (
        "move_id", "display_type", "date", "date_maturity", "amount_currency", "amount_residual_currency",
        "currency_id", "o2c_plan_id", "discount_date", "parent_state",
    ),
    "o2c.payment.allocation": ("move_line_id", "transaction_id", "state"),
    "o2c.payment.plan.item": ("move_line_id", "live", "promised_on"),
    "payment.transaction": ("state",),
}


class AccountMove(models.Model):
    _inherit = "account.move"  # pylint: disable=consider-merging-classes-inherited  # by concern

    # === FROM THE LEDGER === #

    def _o2c_instalments(self):
        """Return the instalments of one document as ``core.instalments.Instalment``, by due date, paid ones included.

        Amounts are in minor units of the document's currency, positive when owed in the document's own direction.
        """
        self.ensure_one()
        return self._o2c_instalments_by_move()[self]

    def _o2c_instalments_by_move(self):
        """Return ``{move: [Instalment, ...]}`` for all the moves, in one query: there may be hundreds.

        It works with elevated rights: who may see a document may see its dates.
        """
        found = self._o2c_read_instalments(SQL("line.move_id = ANY(%s)", self.ids)) if self.ids else {}
        return {move: found.get(move_id, []) for move, move_id in zip(self, self._origin._ids, strict=True)}

    @api.model
    def _o2c_read_instalments(self, where):
        """Return ``{document id: [Instalment, ...]}`` of the journal items ``line`` that fulfil a condition; where it
        leaves out some of a document, they are numbered among themselves. See ``_o2c_instalments_by_move``."""
        rows, digits = {}, {}
        for move_id, *facts in self.env.execute_query(self._o2c_instalments_query(where)):
            rows.setdefault(move_id, []).append(facts)
            digits[facts[4]] = 0
        for currency in self.env["res.currency"].browse(digits):
            digits[currency.id] = currency.decimal_places
        return {move_id: self._o2c_as_instalments(move_id, facts, digits) for move_id, facts in rows.items()}

    @api.model
    def _o2c_as_instalments(self, move_id, rows, digits):
        """Return the ``Instalment`` objects of one document.

        :param rows: of ``_o2c_instalments_query``, without the document
        :param dict digits: decimals by currency id
        """
        return [
            instalments.Instalment(
                line_id, move_id, number, len(rows), day, sign * money.to_minor(amount, digits[currency_id]),
                sign * money.to_minor(is_open, digits[currency_id]), claimed, promised_on, plan_id,
                discount_until=discount_until, posted=posted,
            )
            for number, (
                line_id, day, amount, is_open, currency_id, sign, claimed, promised_on, plan_id, discount_until, posted,
            ) in enumerate(rows, 1)
        ]

    @api.model
    def _o2c_instalments_query(self, where):
        """Return the query for what an ``Instalment`` says, of each ``line`` that fulfils a condition. An item is
        claimed when a payment on its way will settle it: a draft does not count, whoever left it may start again, and
        whoever else tries is told when paying.

        Planning it is most of its work for one document: what Python can tell as well is not asked here. For many it is
        reading the answer, so amounts come as what the driver itself can read.
        """
        return SQL("""
            SELECT line.move_id, line.id, COALESCE(line.date_maturity, line.date),
                   line.amount_currency::float8, line.amount_residual_currency::float8, line.currency_id,
                   CASE WHEN move.move_type IN %s THEN 1 ELSE -1 END,
                   EXISTS (SELECT FROM o2c_payment_allocation claim
                             JOIN payment_transaction tx ON tx.id = claim.transaction_id
                            WHERE claim.move_line_id = line.id AND claim.state = 'live'
                              AND tx.state IN ('pending', 'authorized', 'done')),
                   (SELECT agreed.promised_on FROM o2c_payment_plan_item agreed
                     WHERE agreed.move_line_id = line.id AND agreed.live),
                   line.o2c_plan_id, line.discount_date, line.parent_state = 'posted'
              FROM account_move_line line
              JOIN account_move move ON move.id = line.move_id
             WHERE %s AND line.display_type = 'payment_term'
          ORDER BY line.date_maturity, line.id
        """, tuple(self.get_inbound_types()), where, to_flush=[
            self.env[model]._fields[name] for model, names in INSTALMENT_FIELDS.items() for name in names
        ])

    def _o2c_asked(self):
        """Return what one document asks for, and when, as ``Instalment``: its instalments, and for those with an
        active plan the pieces the plan lays over them. What they leave open is the same; what is paid is listed too."""
        self.ensure_one()
        return self._o2c_asked_by_move()[self]

    def _o2c_asked_by_move(self):
        """Return ``{move: [Instalment, ...]}`` of what is asked for; see ``_o2c_asked``."""
        result = self._o2c_instalments_by_move()
        plan_ids = {item.plan_id for items in result.values() for item in items if item.plan_id}
        if not plan_ids:
            return result
        by_line = {item.line_id: item for items in result.values() for item in items if item.plan_id}
        pieces = {}
        for plan_sudo in self.env["o2c.payment.plan"].sudo().browse(plan_ids):  # of documents the caller may see
            pieces.update(plan_sudo._pieces(by_line))
        return {
            move: instalments.in_order([
                piece
                for item in items
                for piece in pieces.get(item.line_id, [item])
            ])
            for move, items in result.items()
        }

    def _o2c_due_now(self, items=None, record=None):
        """Return ``(amount in minor units, earliest due date)`` of what should be paid today: everything up to
        today, else the next instalment; all of it, where the customer's policy lets it be paid as a whole only;
        ``(0, False)`` when nothing is open.

        :param items: what ``_o2c_asked`` returned, and the ``record`` of the policy that applies, where they are known
        """
        if record is None:
            record = self.env["o2c.payment.policy"]._policy_of(self.commercial_partner_id, self.company_id)
        rules = record._rules(self.currency_id, self.company_id)
        due = policy.asked(rules, self._o2c_asked() if items is None else items, fields.Date.context_today(self))
        return sum(item.open_minor for item in due), due[0].date_due if due else False

    # === ON THE DOCUMENT === #

    o2c_instalment_ids = fields.Many2many(
        "account.move.line", string="Instalments", compute="_compute_o2c_instalment_ids",
    )
    o2c_next_due_date = fields.Date("Next Due Date", compute="_compute_o2c_due_status")
    o2c_due_status = fields.Selection(STATUSES, "Due Status", compute="_compute_o2c_due_status")

    @api.depends("line_ids.date_maturity", "line_ids.display_type", "move_type")
    def _compute_o2c_instalment_ids(self):
        for move in self:
            lines = move.line_ids.filtered(lambda line: line.display_type == "payment_term")
            move.o2c_instalment_ids = move.is_sale_document(include_receipts=True) and lines.sorted(
                lambda line: (line.date_maturity or date.max, line._origin.id),
            )

    @api.depends(
        "state", "move_type", "line_ids.amount_residual", "line_ids.date_maturity", "line_ids.o2c_promised_date",
        "line_ids.o2c_plan_id",
    )
    def _compute_o2c_due_status(self):
        """Take the date and the status of what is asked for next; nothing where nothing is owed."""
        today = fields.Date.context_today(self)
        owed = self.filtered(lambda move: move.state == "posted" and move.move_type in ("out_invoice", "out_receipt"))
        items_by_move = owed._o2c_asked_by_move()
        for move in self:
            items = items_by_move.get(move, [])
            item = next((item for item in items if item.open_minor > 0), None) or items[-1] if items else None
            unpaid = item and item.open_minor > 0
            move.o2c_next_due_date = unpaid and item.date_due
            move.o2c_due_status = item and instalments.status(item, today, move.company_id.o2c_due_soon_days)
