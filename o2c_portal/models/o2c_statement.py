"""Statements of account, read from the ledger: open items, or activity with the balance brought forward."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

from ..core import statement
from ..core.statement import ACTIVITY, Entry


def _minor(amount):
    """Return the SQL of an amount in minor units of the ``currency`` that is joined beside it."""
    return SQL("round(%s * 10::numeric ^ currency.decimal_places)::bigint", amount)


class O2cStatement(models.AbstractModel):
    """Reads the statements of any number of customers with the same few queries.

    Trusts its caller: who may see a customer's account is decided before.
    """

    _name = "o2c.statement"
    _description = "Statement of account"

    @api.model
    def _data(self, partners, companies, kind, date_from, date_to, contact=None):
        """Return ``{customer id: [core.statement.Section, ...]}``, by company and currency.

        Activity closes with what the ledger says the customer owed at the end of ``date_to``. Open items of today are
        the rows of ``o2c.due.item``; those of a past day count what was matched up to that day, as Odoo does.

        :param partners: commercial partners
        :param contact: keep only open items of documents addressed to this contact
        """
        self.env.flush_all()
        self.env.cr.execute("SET LOCAL jit = off")  # costs more than it gives here
        whose = SQL("partner_id = ANY(%s) AND company_id = ANY(%s)", list(partners.ids), list(companies.ids))
        if kind == ACTIVITY:
            sections = self._activity(self._ledger(whose, date_to), date_from, date_to)
        elif date_to >= fields.Date.context_today(self):
            sections = self._open_items(self._open_now(whose), contact)
        else:
            sections = self._open_items(self._open_then(self._ledger(whose, date_to), date_to), contact)
        return {partner_id: sections.get(partner_id, []) for partner_id in partners.ids}

    @api.model
    def _ledger(self, whose, date_to):
        """Return the query of the posted items up to a day, on the accounts of trade receivables only."""
        return SQL(
            """SELECT id, partner_id, company_id, currency_id, move_id, date, display_type, amount_currency,
                      COALESCE(date_maturity, date) AS date_due
                 FROM account_move_line
                WHERE account_id IN (SELECT id FROM account_account
                                      WHERE account_type = 'asset_receivable' AND non_trade IS NOT TRUE)
                  AND parent_state = 'posted' AND date <= %s AND %s""",
            date_to, whose,
        )

    # Activity

    @api.model
    def _activity(self, ledger, date_from, date_to):
        opening, entries, digits = defaultdict(int), defaultdict(list), {}
        for *account, places, amount in self.env.execute_query(self._opening_query(ledger, date_from)):
            digits[account[-1]] = places
            opening[tuple(account)] = amount
        for query in (self._documents_query(ledger, date_from), self._conversions_query(ledger, date_to)):
            for account, places, entry in self._entries(query):
                digits[account[-1]] = places
                if entry.date < date_from:
                    opening[account] += entry.amount
                else:
                    entries[account].append(entry)
        sections = defaultdict(list)
        for account in sorted({*entries, *(key for key, amount in opening.items() if amount)}):
            partner_id, company_id, currency_id = account
            found = sorted(entries[account], key=lambda entry: (entry.date, entry.kind == "conversion", entry.move_id))
            key = company_id, currency_id, digits[currency_id]
            sections[partner_id].append(statement.activity(key, opening[account], found))
        return sections

    @api.model
    def _opening_query(self, ledger, date_from):
        return SQL(
            """SELECT item.partner_id, item.company_id, item.currency_id, currency.decimal_places, %s
                 FROM (%s) item
                 JOIN res_currency currency ON currency.id = item.currency_id
                WHERE item.date < %s
                GROUP BY item.partner_id, item.company_id, item.currency_id, currency.decimal_places""",
            _minor(SQL("sum(item.amount_currency)")), ledger, date_from,
        )

    @api.model
    def _documents_query(self, ledger, date_from):
        """Return the query of the documents posted since a day: one row for each document and currency."""
        return self._described(SQL(
            """SELECT partner_id, company_id, currency_id, move_id, max(date_due) AS date_due,
                      sum(amount_currency) AS amount, 0 AS open, 0 AS part, 0 AS parts, 0 AS line_id
                 FROM (%s) line
                WHERE date >= %s
                GROUP BY partner_id, company_id, currency_id, move_id
               HAVING sum(amount_currency) <> 0""",
            ledger, date_from,
        ))

    @api.model
    def _conversions_query(self, ledger, date_to):
        """Return the query of what was settled in another currency.

        An invoice in dollars that was paid in euros owes nothing, yet the ledger keeps the dollars and the euros:
        each side gets an entry that takes out what was matched with the other currency.
        """
        return SQL(
            """WITH item AS (%(ledger)s), settled AS (
                   SELECT item.partner_id, item.company_id, item.currency_id, part.max_date, other.move_id,
                          -part.debit_amount_currency AS amount
                     FROM item
                     JOIN account_partial_reconcile part ON part.debit_move_id = item.id
                     JOIN account_move_line other ON other.id = part.credit_move_id
                    WHERE part.debit_currency_id <> part.credit_currency_id AND part.max_date <= %(date_to)s
                    UNION ALL
                   SELECT item.partner_id, item.company_id, item.currency_id, part.max_date, other.move_id,
                          part.credit_amount_currency
                     FROM item
                     JOIN account_partial_reconcile part ON part.credit_move_id = item.id
                     JOIN account_move_line other ON other.id = part.debit_move_id
                    WHERE part.debit_currency_id <> part.credit_currency_id AND part.max_date <= %(date_to)s
               )
               SELECT settled.partner_id, settled.company_id, settled.currency_id, currency.decimal_places,
                      settled.max_date, 'conversion', move.name, NULL, NULL::date, %(amount)s, 0, 0, 0, 0
                 FROM settled
                 JOIN res_currency currency ON currency.id = settled.currency_id
                 JOIN account_move move ON move.id = settled.move_id""",
            ledger=ledger, date_to=date_to, amount=_minor(SQL("settled.amount")),
        )

    # Open items

    @api.model
    def _open_items(self, items, contact):
        entries = defaultdict(list)
        for account, places, entry in self._entries(self._described(self._numbered(items), contact)):
            entries[account, places].append(entry)
        sections = defaultdict(list)
        for (partner_id, *account), places in sorted(entries):
            found = entries[(partner_id, *account), places]
            sections[partner_id].append(statement.open_items((*account, places), found))
        return sections

    @api.model
    def _open_now(self, whose):
        return SQL(
            """SELECT move_line_id AS line_id, partner_id, company_id, currency_id, move_id, date_due, amount,
                      residual AS open
                 FROM o2c_due_item
                WHERE residual <> 0 AND %s""",
            whose,
        )

    @api.model
    def _open_then(self, ledger, date_to):
        """Return the query of what was open at the end of a past day: what was matched later was open then."""
        return SQL(
            """WITH line AS (%(ledger)s), matched AS (
                   SELECT line.id, part.debit_amount_currency AS amount
                     FROM line JOIN account_partial_reconcile part ON part.debit_move_id = line.id
                    WHERE part.max_date <= %(date_to)s
                    UNION ALL
                   SELECT line.id, -part.credit_amount_currency
                     FROM line JOIN account_partial_reconcile part ON part.credit_move_id = line.id
                    WHERE part.max_date <= %(date_to)s
               ), settled AS (SELECT id, sum(amount) AS amount FROM matched GROUP BY id)
               SELECT line.id AS line_id, line.partner_id, line.company_id, line.currency_id, line.move_id,
                      line.date_due, line.amount_currency AS amount,
                      line.amount_currency - COALESCE(settled.amount, 0) AS open
                 FROM line LEFT JOIN settled ON settled.id = line.id
                WHERE line.amount_currency <> COALESCE(settled.amount, 0)""",
            ledger=ledger, date_to=date_to,
        )

    @api.model
    def _numbered(self, items):
        """Add to a query of open items which instalment of its document each one is."""
        return SQL(
            """WITH due AS (%s), term AS (
                   SELECT id, row_number() OVER (PARTITION BY move_id ORDER BY date_maturity, id) AS part,
                          count(*) OVER (PARTITION BY move_id) AS parts
                     FROM account_move_line
                    WHERE display_type = 'payment_term' AND move_id IN (SELECT move_id FROM due)
               )
               SELECT due.*, COALESCE(term.part, 0) AS part, COALESCE(term.parts, 0) AS parts
                 FROM due LEFT JOIN term ON term.id = due.line_id""",
            items,
        )

    # Both

    @api.model
    def _described(self, items, contact=None):
        """Add to a query of items what a reader knows their documents by.

        Notes of journal entries made by hand are the bookkeeper's own and stay inside.
        """
        return SQL(
            """WITH item AS (%(items)s)
               SELECT item.partner_id, item.company_id, item.currency_id, currency.decimal_places, move.date,
                      CASE WHEN move.move_type = 'out_invoice' THEN 'invoice'
                           WHEN move.move_type = 'out_refund' THEN 'credit_note'
                           WHEN move.move_type = 'out_receipt' THEN 'sales_receipt'
                           WHEN move.origin_payment_id IS NULL AND move.statement_line_id IS NULL THEN 'entry'
                           WHEN item.amount > 0 THEN 'payout'
                           ELSE 'payment' END,
                      COALESCE(payment.name, move.name),
                      CASE WHEN move.move_type IN ('out_invoice', 'out_refund', 'out_receipt') THEN move.ref
                           ELSE COALESCE(payment.memo, bank.payment_ref) END,
                      CASE WHEN move.move_type IN ('out_invoice', 'out_receipt') THEN item.date_due END,
                      %(amount)s, %(open)s, item.part, item.parts, move.id
                 FROM item
                 JOIN res_currency currency ON currency.id = item.currency_id
                 JOIN account_move move ON move.id = item.move_id
            LEFT JOIN account_payment payment ON payment.id = move.origin_payment_id
            LEFT JOIN account_bank_statement_line bank ON bank.id = move.statement_line_id
                WHERE %(wanted)s
                ORDER BY item.date_due, item.line_id""",
            items=items, amount=_minor(SQL("item.amount")), open=_minor(SQL("item.open")),
            wanted=SQL("move.partner_id = %s", contact.id) if contact else SQL("TRUE"),
        )

    @api.model
    def _entries(self, query):
        """Yield ``((customer, company, currency), digits, entry)`` for the rows of a query."""
        for *account, places, day, kind, number, note, due, amount, left, part, parts, move in (
            self.env.execute_query(query)
        ):
            entry = Entry(day, kind, number or "", note or "", due, amount, left, part, parts, move)
            yield tuple(account), places, entry
