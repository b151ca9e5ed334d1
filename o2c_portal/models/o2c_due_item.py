"""Everything customers owe, and everything we owe them: one row per open receivable item of the ledger, and where a
plan is active on one, a row per date the plan asks for some of it."""

from odoo import api, fields, models
from odoo.tools import SQL

from ..core.plans import PIECES_PER_ITEM

PIECES = """
        DROP TYPE IF EXISTS o2c_agreed_piece CASCADE;  -- and with it the function and the view
        CREATE TYPE o2c_agreed_piece AS (
            piece_id integer, payment_id integer, date_due date, amount numeric, residual numeric,
            residual_company numeric, under_way boolean, promised_on date, promised numeric
        );
        CREATE FUNCTION o2c_agreed_pieces(item_id integer) RETURNS SETOF o2c_agreed_piece LANGUAGE plpgsql
        STABLE PARALLEL SAFE ROWS 3 AS $$ BEGIN RETURN QUERY
        SELECT -(item.id * %(per_item)s + piece.number),
               piece.payment,
               COALESCE(piece.day, line.date_maturity, line.date),
               piece.upto - piece.since,
               piece.upto - piece.since,
               CASE WHEN line.amount_residual_currency = 0 THEN line.amount_residual
                    ELSE round(line.amount_residual * piece.upto / line.amount_residual_currency,
                               money.decimal_places)
                       - round(line.amount_residual * piece.since / line.amount_residual_currency,
                               money.decimal_places) END,
               %(under_way)s,
               NULL::date,
               NULL::numeric
          FROM o2c_payment_plan_item item
          JOIN account_move_line line ON line.id = item.move_line_id AND %(open)s
          JOIN res_company company ON company.id = item.company_id
          JOIN res_currency money ON money.id = company.currency_id
    CROSS JOIN LATERAL (
                SELECT LEAST(GREATEST(line.amount_residual_currency - item.beyond, 0), item.covered) AS open,
                       COALESCE(sum(LEAST(GREATEST(next_line.amount_residual_currency - next.beyond, 0),
                                          next.covered)), 0) AS later
                  FROM o2c_payment_plan_item next
                  JOIN account_move_line next_line ON next_line.id = next.move_line_id
                 WHERE next.plan_id = item.plan_id AND (next.sequence, next.id) > (item.sequence, item.id)) own
    CROSS JOIN LATERAL (
                SELECT payment.number, payment.id AS payment, payment.date AS day,
                       own.later + own.open - LEAST(payment.after + payment.amount, own.later + own.open) AS since,
                       own.later + own.open - GREATEST(payment.after, own.later) AS upto
                  FROM o2c_payment_plan_line payment
                 WHERE payment.plan_id = item.plan_id AND own.open > 0
                   AND payment.after < own.later + own.open AND payment.after + payment.amount > own.later
                 UNION ALL
                SELECT 0, NULL, NULL, own.open, line.amount_residual_currency
                 WHERE line.amount_residual_currency <> own.open OR line.amount_residual_currency = 0) piece
         WHERE item.id = item_id AND item.kind = 'instalments'
         UNION ALL
        SELECT line.id,
               NULL,
               COALESCE(line.date_maturity, line.date),
               line.amount_currency,
               line.amount_residual_currency,
               line.amount_residual,
               %(under_way)s,
               item.promised_on,
               LEAST(GREATEST(line.amount_residual_currency - item.beyond, 0), item.covered)
          FROM o2c_payment_plan_item item
          JOIN account_move_line line ON line.id = item.move_line_id AND %(open)s
         WHERE item.id = item_id AND item.kind = 'promise';
        END $$
"""


class O2cDueItem(models.Model):
    _name = "o2c.due.item"
    _description = "Due Item"
    _auto = False
    _order = "date_due, move_line_id.id, id"  # pieces in the order of their items, though their ids count down
    _rec_name = "move_id"
    _depends = {
        "account.move.line": [
            "move_id", "partner_id", "company_id", "currency_id", "account_id", "display_type", "parent_state",
            "date_maturity", "amount_currency", "amount_residual", "amount_residual_currency", "reconciled", "balance",
            "payment_id", "statement_line_id", "invoice_date", "o2c_agreed",
        ],
        "account.account": ["account_type", "non_trade"],
        "o2c.payment.allocation": ["move_line_id", "state", "transaction_id"],
        "payment.transaction": ["state"],
        "o2c.payment.plan.item": [
            "plan_id", "sequence", "move_line_id", "move_id", "partner_id", "company_id", "currency_id", "covered",
            "beyond", "live", "kind", "promised_on",
        ],
        "o2c.payment.plan.line": ["plan_id", "date", "amount", "number", "after"],
    }

    move_line_id = fields.Many2one("account.move.line", "Journal Item", readonly=True)
    move_id = fields.Many2one("account.move", "Document", readonly=True)
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    company_currency_id = fields.Many2one(related="company_id.currency_id", string="Company Currency")
    kind = fields.Selection([
        ("instalment", "Instalment"),
        ("credit_note", "Credit note"),
        ("payment", "Unapplied payment"),
        ("entry", "Journal entry"),
    ], readonly=True)
    date_due = fields.Date(readonly=True)
    amount = fields.Monetary(
        readonly=True, help="What was due in all, negative for credit; for the piece of a plan what is due of it now.",
    )
    residual = fields.Monetary(readonly=True, help="What is still open, negative for credit.")
    residual_company = fields.Monetary(
        "Residual in Company Currency", currency_field="company_currency_id", readonly=True,
    )
    under_way = fields.Boolean("Payment Under Way", readonly=True)
    plan_id = fields.Many2one("o2c.payment.plan", readonly=True, help="The plan that asks for this piece.")
    plan_line_id = fields.Many2one(
        "o2c.payment.plan.line", "Payment of the Plan", readonly=True,
        help="Empty for what an item of a plan owes beyond what was agreed on.",
    )
    promised_on = fields.Date(readonly=True, help="The day the customer promised to pay.")
    promised = fields.Monetary(readonly=True, help="What of it is promised and still open.")
    number = fields.Integer(compute="_compute_number", help="Position among the instalments of the document.")

    def init(self):
        # Our own columns on the journal items may not exist yet while models are initialised one by one.
        self.env.registry.post_init(self._create_view)

    def _create_view(self):
        """For one invoice, planning the query takes longer than running it, so the view is made to be planned quickly.

        It reads no document, which has dozens of indexes to look at: the journal item knows what there is to know. What
        was agreed on is a function with a type of its own, planned once per connection, called for the items concerned
        only, and in a list of columns, which is planned faster than a join. Both halves have the same types, or
        PostgreSQL would not look into them for the rows asked for. The conditions repeat those of Odoo's partial index
        on open items.
        """
        self._know_agreements()
        self.env.cr.execute(self._piece_function())
        self.env.cr.execute(SQL("CREATE OR REPLACE VIEW %s AS (%s)", SQL.identifier(self._table), self._view_query()))

    def _know_agreements(self):
        """Bring databases of earlier versions up to date, where journal items did not know what is agreed on."""
        self.env.cr.execute("DROP FUNCTION IF EXISTS o2c_plan_pieces(integer) CASCADE")  # and the view that called it
        self.env.cr.execute(
            """UPDATE account_move_line line SET o2c_agreed = true
                 FROM o2c_payment_plan_item item
                WHERE item.move_line_id = line.id AND item.live AND line.o2c_agreed IS NOT TRUE"""
        )

    @api.model
    def _view_query(self):
        return SQL("%s UNION ALL %s", self._item_query(), self._piece_query())

    @api.model
    def _item_query(self):
        """Items nothing is agreed on for, of somebody: the takings of a till are in nobody's name.

        Entries of a till have items of the type that instalments have; only those of documents know the day of one.
        """
        return SQL("""
            SELECT line.id,
                   line.id AS move_line_id,
                   line.move_id,
                   line.partner_id,
                   line.company_id,
                   line.currency_id,
                   CASE WHEN line.display_type = 'payment_term' AND line.invoice_date IS NOT NULL
                        THEN CASE WHEN line.balance >= 0 THEN 'instalment' ELSE 'credit_note' END
                        WHEN line.payment_id IS NOT NULL OR line.statement_line_id IS NOT NULL THEN 'payment'
                        ELSE 'entry' END AS kind,
                   COALESCE(line.date_maturity, line.date) AS date_due,
                   line.amount_currency AS amount,
                   line.amount_residual_currency AS residual,
                   line.amount_residual AS residual_company,
                   %(under_way)s AS under_way,
                   NULL::integer AS plan_id,
                   NULL::integer AS plan_line_id,
                   NULL::date AS promised_on,
                   NULL::numeric AS promised
              FROM account_move_line line
              JOIN account_account account ON account.id = line.account_id
                   AND account.account_type = 'asset_receivable' AND account.non_trade IS NOT TRUE
             WHERE line.partner_id IS NOT NULL AND line.o2c_agreed IS NOT TRUE AND %(open)s
        """, open=self._is_open(), under_way=self._under_way())

    @api.model
    def _piece_query(self):
        """Instalments a plan is in force on, one row per piece, and those promised for a day, one row each."""
        return SQL("""
            SELECT (piece).piece_id AS id,
                   move_line_id,
                   move_id,
                   partner_id,
                   company_id,
                   currency_id,
                   'instalment' AS kind,
                   (piece).date_due,
                   (piece).amount,
                   (piece).residual,
                   (piece).residual_company,
                   (piece).under_way,
                   plan_id,
                   (piece).payment_id AS plan_line_id,
                   (piece).promised_on,
                   (piece).promised
              FROM (SELECT item.move_line_id, item.move_id, item.partner_id, item.company_id, item.currency_id,
                           CASE WHEN item.kind = 'instalments' THEN item.plan_id END AS plan_id,
                           o2c_agreed_pieces(item.id) AS piece
                      FROM o2c_payment_plan_item item
                     WHERE item.live) agreed
        """)

    @api.model
    def _piece_function(self):
        """``core.plans.pieces`` of one journal item in SQL, or the item as it is with what is promised of it.

        Counted from the end of the plan, what is open of the item lies at ``later`` to ``later + open``, and a payment
        at ``after`` to ``after + amount``; what they share is the piece, ``since`` to ``upto`` of the item. Number 0 is
        what the item owes beyond the plan. Ids are negative, so many numbers per item of a plan: no other row has them,
        and they stay while the plan is in force.
        """
        return SQL(PIECES, under_way=self._under_way(), open=self._is_open(), per_item=PIECES_PER_ITEM)

    @api.model
    def _under_way(self):
        return SQL("""EXISTS (SELECT FROM o2c_payment_allocation claim
                             JOIN payment_transaction tx ON tx.id = claim.transaction_id
                            WHERE claim.move_line_id = line.id AND claim.state = 'live'
                              AND tx.state IN ('pending', 'authorized', 'done'))""")

    @api.model
    def _is_open(self):
        return SQL("""line.parent_state = 'posted'
               AND line.reconciled IS NOT TRUE
               AND (line.amount_residual <> 0 OR line.amount_residual_currency <> 0)""")

    @api.depends("move_id")
    def _compute_number(self):
        numbers = {
            item.line_id: item.number
            for items in self.filtered(lambda due: due.kind == "instalment").move_id._o2c_instalments_by_move().values()
            for item in items
        }
        for due in self:
            due.number = numbers.get(due.move_line_id.id, 0)

    def action_open_document(self):
        """Open the document the item belongs to."""
        self.ensure_one()
        return self.move_id.get_formview_action()
