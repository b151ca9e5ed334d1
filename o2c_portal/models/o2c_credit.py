"""Credit of a customer, applied to what they owe: at once and exactly, or as a wish for a clerk."""

from markupsafe import Markup

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import format_amount

from ..core import money
from ..core.credits import match
from .o2c_basket import UnknownItems


class O2cCredit(models.AbstractModel):
    """Works with elevated rights on what a scope may see."""

    _name = "o2c.credit"
    _description = "Credit of a customer"

    @api.model
    def _apply(self, visit, case, credit_ids, item_ids, payer_key):
        """Settle open items with credit, each as far as it goes, oldest first; nothing else changes.

        Items that somebody is paying are passed over. A credit settles items of its own receivable account only.

        :param credit_ids: due items that are credit notes or unapplied payments
        :param item_ids: due items to settle; none for the oldest
        :param payer_key: who asks; what they began to pay and left is given up
        :return: the ``account.partial.reconcile`` records made, with elevated rights
        :raises UnknownItems: if something is not there to be applied or settled
        :raises PaymentInProgress: if somebody else changes one of the items at this very moment
        """
        credits, items = self._lines(visit, case, credit_ids, item_ids)
        self.env["o2c.payment.allocation"].sudo()._lock_items(credits | items)
        (credits | items).invalidate_recordset(["amount_residual_currency", "reconciled", "parent_state"])
        items = self._free(items, payer_key)
        digits = case.currency_id.decimal_places
        before, plan, total = credits.matched_debit_ids, [], 0
        for account, lines in credits.grouped("account_id").items():
            for found in match(
                self._open(lines, digits, -1),
                self._open(items.filtered(lambda line: line.account_id == account), digits, 1),  # noqa: B023
            ):
                plan.append(credits.browse((found.credit_id, found.item_id)))
                total += found.minor
        if plan:
            self.env["account.move.line"].sudo()._reconcile_plan(plan)
        made = credits.matched_debit_ids - before
        if sum(money.to_minor(partial.credit_amount_currency, digits) for partial in made) != total:
            raise ValueError("the ledger did not apply exactly what was decided")
        self._note(visit, made)
        return made

    @api.model
    def _ask(self, visit, case, credit_ids, item_ids):
        """Make the wish an activity on the customer, where the company lets nobody but clerks apply credit."""
        credits, items = self._lines(visit, case, credit_ids, item_ids)
        customer = visit.scope.partner
        responsible = items.move_id.invoice_user_id[:1] or customer.user_id or self.env.ref("base.user_admin")
        customer.with_company(case.company_id).activity_schedule(
            "mail.mail_activity_data_todo", user_id=responsible.id,
            summary=self.env._("Apply credit as the customer asks"),
            note=self.env._(
                "%(contact)s asks to apply %(credits)s to %(items)s.", contact=visit.payer.display_name,
                credits=", ".join(credits.move_id.mapped("name")),
                items=", ".join(items.move_id.mapped("name")) if item_ids else self.env._("the oldest open items"),
            ),
        )

    @api.model
    def _shown(self, visit, partial_ids):
        """Return the matches of credit and items of the scope among these records, oldest item first."""
        partials = self.env["account.partial.reconcile"].sudo().search([
            ("id", "in", list(partial_ids)),
            ("debit_move_id.partner_id", "=", visit.scope.partner.id),
            ("company_id", "in", visit.scope.company_ids),
        ])
        if visit.scope.own_only:
            own = visit.scope.contact
            partials = partials.filtered(lambda partial: partial.debit_move_id.move_id.partner_id == own)
        return partials

    # === HELPERS === #

    def _lines(self, visit, case, credit_ids, item_ids):
        """Return the journal items ``(credits, items)``, oldest first; for pieces of a plan the item they belong to.

        Credit settles it as far as it goes, as any money does: what the plan asks for first is paid first.
        """
        basket, due = self.env["o2c.basket"], self.env["o2c.due.item"].sudo()
        domain = basket._case_domain(visit.scope, case)
        credits = due.search(basket._credit_domain(visit.scope, case) & Domain("id", "in", list(credit_ids)))
        owed = domain & Domain("residual", ">", 0) & Domain("kind", "=", "instalment")
        if item_ids:
            items = due.search(owed & basket._ids_domain(item_ids))
        else:
            items = due.search(owed & Domain("under_way", "=", False), limit=500)
        missing = set(item_ids) - {*items.ids, *items.move_line_id.ids}
        if not credits or len(credits) != len(set(credit_ids)) or missing:
            raise UnknownItems(self.env._("Some of this is not there any more."))
        return credits.move_line_id, items.move_line_id

    def _free(self, items, payer_key):
        """Return those of the items that nobody is paying."""
        claims = self.env["o2c.payment.allocation"].sudo()._release_stale_claims(items, {payer_key})
        return items - claims.move_line_id

    def _open(self, lines, digits, sign):
        """Return ``[(id, minor)]`` of what is open of posted lines in the direction of ``sign``."""
        found = [
            (line.id, sign * money.to_minor(line.amount_residual_currency, digits))
            for line in lines if line.parent_state == "posted"
        ]
        return [(line_id, minor) for line_id, minor in found if minor > 0]

    def _note(self, visit, partials):
        """Tell on both documents what was done, and by whom."""
        bodies = {}
        for partial in partials:
            credit, item = partial.credit_move_id.move_id, partial.debit_move_id.move_id
            text = self.env._(
                "%(contact)s applied %(amount)s of %(credit)s to %(document)s on the account page.",
                contact=visit.payer.name, credit=credit.name, document=item.name,
                amount=format_amount(self.env, partial.debit_amount_currency, partial.debit_currency_id),
            )
            bodies.setdefault(credit.id, []).append(text)
            bodies.setdefault(item.id, []).append(text)
        moves = self.env["account.move"].sudo().browse(bodies)
        moves._message_log_batch(
            {move_id: Markup("<br/>").join(texts) for move_id, texts in bodies.items()}, author_id=visit.payer.id
        )
