"""What Odoo's point of sale, where it is installed, knows of money and documents."""

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL


class O2cTill(models.AbstractModel):
    """Needs no right of its user at the till; without that app there is no till, and nothing was paid at one."""

    _name = "o2c.till"
    _description = "The point of sale, for receivables"

    @api.model
    def _is_there(self):
        return "pos_payment_ids" in self.env["account.move"]._fields

    @api.model
    def _books_payment(self):
        """Return the condition for a ``move`` to be the entry of what a customer paid at a till for an invoice."""
        if not self._is_there():
            return SQL("FALSE")
        self.env["pos.payment"].flush_model(["account_move_id"])  # it may have been told of its entry just now
        return SQL("EXISTS (SELECT FROM pos_payment WHERE pos_payment.account_move_id = move.id)")

    @api.model
    def _paid(self, entry, items):
        """Return those of a customer's items in an entry on which the money is booked: where a sale is invoiced after
        its till was closed, the customer's account can be on both sides."""
        paid = sum(entry.sudo().pos_payment_ids.mapped("amount")) if self._is_there() else 0
        return items.filtered(lambda item: item.balance * paid < 0) if paid else items

    @api.model
    def _is_paid(self):
        """Return ``_paid`` as a condition for a receivable ``line``."""
        if not self._is_there():
            return SQL("TRUE")
        return SQL("""COALESCE(
            line.balance * (SELECT sum(amount) FROM pos_payment WHERE account_move_id = line.move_id) < 0, TRUE)""")

    @api.model
    def _way(self, entry):
        """Return how was paid at a till, in the words of the till; empty for other entries."""
        return ", ".join(entry.sudo().pos_payment_ids.payment_method_id.mapped("name")) if self._is_there() else ""

    @api.model
    def _closes(self, record):
        """Say whether a payment or bank transaction belongs to a session of a till, as what it hands over does."""
        return "pos_session_id" in record._fields and bool(record.sudo().pos_session_id)

    @api.model
    def _closes_none(self):
        """Return the condition for a ``payment`` to be one that ``_closes`` is not true of."""
        return SQL("payment.pos_session_id IS NULL") if self._is_there() else SQL("TRUE")

    @api.model
    def _closings(self):
        """Return the domain of the entries that ``_closes`` is true of."""
        return Domain("origin_payment_id.pos_session_id", "!=", False) | Domain(
            "statement_line_id.pos_session_id", "!=", False
        )

    @api.model
    def _takings(self):
        """Return the domain of due items that are payments of a session: credit by the books until the till is closed,
        while the sale may have been settled already by what the till booked."""
        if not self._is_there():
            return Domain.FALSE
        return Domain("move_line_id.payment_id.pos_session_id", "!=", False)

    @api.model
    def _handed_over(self, move):
        """Say whether a document was made at a till, where its customer stood, and nothing of it is open."""
        return self._is_there() and bool(move.sudo().pos_order_ids) and move.currency_id.is_zero(move.amount_residual)
