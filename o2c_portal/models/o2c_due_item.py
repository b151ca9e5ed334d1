"""Everything customers owe, and everything we owe them: one row per open receivable item of the ledger."""

from odoo import api, fields, models
from odoo.tools import SQL


class O2cDueItem(models.Model):
    _name = "o2c.due.item"
    _description = "Due Item"
    _auto = False
    _order = "date_due, id"
    _rec_name = "move_id"
    _depends = {
        "account.move.line": [
            "move_id", "partner_id", "company_id", "currency_id", "account_id", "display_type", "parent_state",
            "date_maturity", "amount_currency", "amount_residual", "amount_residual_currency", "reconciled",
        ],
        "account.move": ["move_type", "origin_payment_id", "statement_line_id"],
        "account.account": ["account_type", "non_trade"],
        "o2c.payment.allocation": ["move_line_id", "state", "transaction_id"],
        "payment.transaction": ["state"],
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
    amount = fields.Monetary(readonly=True, help="What was due in all, negative for credit.")
    residual = fields.Monetary(readonly=True, help="What is still open, negative for credit.")
    residual_company = fields.Monetary(
        "Residual in Company Currency", currency_field="company_currency_id", readonly=True,
    )
    under_way = fields.Boolean("Payment Under Way", readonly=True)
    number = fields.Integer(compute="_compute_number", help="Position among the instalments of the document.")

    def init(self):
        # Our own columns on the journal items may not exist yet while models are initialised one by one.
        self.env.registry.post_init(self._create_view)

    def _create_view(self):
        """The view joins the document outside, so that questions which do not name it never read it.

        The conditions repeat those of Odoo's partial index on open items, which is what makes it fast.
        """
        self.env.cr.execute(SQL("CREATE OR REPLACE VIEW %s AS (%s)", SQL.identifier(self._table), self._view_query()))

    @api.model
    def _view_query(self):
        return SQL("""
            SELECT line.id,
                   line.id AS move_line_id,
                   line.move_id,
                   line.partner_id,
                   line.company_id,
                   line.currency_id,
                   CASE WHEN line.display_type = 'payment_term' AND move.move_type IN ('out_invoice', 'out_receipt')
                             THEN 'instalment'
                        WHEN line.display_type = 'payment_term' THEN 'credit_note'
                        WHEN move.origin_payment_id IS NOT NULL OR move.statement_line_id IS NOT NULL THEN 'payment'
                        ELSE 'entry' END AS kind,
                   COALESCE(line.date_maturity, line.date) AS date_due,
                   line.amount_currency AS amount,
                   line.amount_residual_currency AS residual,
                   line.amount_residual AS residual_company,
                   EXISTS (SELECT FROM o2c_payment_allocation claim
                             JOIN payment_transaction tx ON tx.id = claim.transaction_id
                            WHERE claim.move_line_id = line.id AND claim.state = 'live'
                              AND tx.state IN ('pending', 'authorized', 'done')) AS under_way
              FROM account_move_line line
              JOIN account_account account ON account.id = line.account_id
                   AND account.account_type = 'asset_receivable' AND account.non_trade IS NOT TRUE
         LEFT JOIN account_move move ON move.id = line.move_id
             WHERE line.parent_state = 'posted'
               AND line.reconciled IS NOT TRUE
               AND (line.amount_residual <> 0 OR line.amount_residual_currency <> 0)
        """)

    @api.depends("move_id")
    def _compute_number(self):
        numbers = {
            item.line_id: item.number
            for items in self.filtered(lambda due: due.kind == "instalment").move_id._o2c_instalments_by_move().values()
            for item in items
        }
        for due in self:
            due.number = numbers.get(due.id, 0)

    def action_open_document(self):
        """Open the document the item belongs to."""
        self.ensure_one()
        return self.move_id.get_formview_action()
