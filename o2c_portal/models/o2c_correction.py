"""Putting a wrong invoice right: a corrected copy of it, or a credit note and a new invoice; its money, its links and
its transfer reference go along, and the customer gets it."""

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..core import corrections, money


class O2cCorrection(models.AbstractModel):
    """Works with the rights of who corrects: reversing, posting and reconciling are Odoo's, with all of its rules."""

    _name = "o2c.correction"
    _description = "Correction of an invoice"

    # What is known

    @api.model
    def _facts(self, move, contact=None, delivery=None):
        """Return what ``core.corrections`` needs to know of an invoice, and of the contacts it is to have."""
        contact, delivery = contact or move.partner_id, delivery or move.partner_shipping_id
        files = set(move._get_fields_to_detach()) - {"invoice_pdf_report_file"}
        position = self.env["account.fiscal.position"].with_company(move.company_id)
        elsewhere = delivery != move.partner_shipping_id and (
            position._get_fiscal_position(contact, delivery=delivery) != move.fiscal_position_id
        )
        return corrections.Facts(
            invoice=move.move_type == "out_invoice" and move.state == "posted",
            corrected=bool(move.o2c_corrected_by_id),
            reversed=move.payment_state == "reversed",
            paying=bool(self._payments_under_way(move)),
            sending=move.is_being_sent,
            same_customer=contact.commercial_partner_id == move.commercial_partner_id,
            electronic=any(move[name] for name in files),
            taxed_elsewhere=bool(elsewhere),
        )

    @api.model
    def _check(self, move):
        """:raises UserError: if the invoice cannot be corrected at this moment"""
        if problem := self._problem(move, self._facts(move), self._document(move)):
            raise UserError(problem)

    @api.model
    def _problem(self, move, facts, document):
        """Return in words why an invoice cannot be corrected to a document, False when it can."""
        reason = corrections.refusal(facts, document.is_empty)
        return reason and {
            "kind": self.env._("Only a posted customer invoice can be corrected."),
            "corrected": self.env._(
                "%(old)s was corrected already: correct %(new)s.", old=move.name, new=move.o2c_corrected_by_id.name,
            ),
            "reversed": self.env._("%(old)s was cancelled by a credit note already.", old=move.name),
            "paying": self.env._(
                "A payment of %(old)s is under way. Correct it when that is done, or was given up.", old=move.name,
            ),
            "sending": self.env._("%(old)s is being sent at this moment. Correct it in a minute.", old=move.name),
            "customer": self.env._(
                "The new contact belongs to another customer. Credit the invoice and make a new one for them: the "
                "payment links of the old one must not lead there.",
            ),
            "empty": self.env._("Nothing is left to invoice. Make a credit note instead."),
        }[reason] or False

    @api.model
    def _receivables(self, move):
        """Return the instalments, the earliest first."""
        return move.line_ids.filtered(lambda line: line.display_type == "payment_term").sorted(
            lambda line: (line.date_maturity or move.date, line.id)
        )

    @api.model
    def _payments_under_way(self, move):
        """Return the claims of payments that are under way, and payments that have no journal entry to move."""
        claims = self.env["o2c.payment.allocation"].sudo().search([  # whoever corrects must not cross a payment
            ("move_line_id", "in", self._receivables(move).ids), ("state", "in", ("live", "captured")),
        ]).filtered(lambda claim: claim.transaction_id.state != "draft" or not claim._is_expired())
        return claims.ids + move.sudo().matched_payment_ids.filtered(
            lambda payment: not payment.move_id and payment.state in ("in_process", "paid")
        ).ids

    # What is done

    @api.model
    def _lock(self, move):
        """Let nobody else correct, pay or settle the invoice before we are through; what was left too long ago by who
        began to pay it is given up.

        :raises UserError: if somebody else is at it
        """
        if not move.try_lock_for_update(allow_referencing=True):
            raise UserError(self.env._(
                "%(old)s is being changed by somebody else at this moment. Look at it again in a minute.",
                old=move.name,
            ))
        claims, lines = self.env["o2c.payment.allocation"].sudo(), self._receivables(move)
        claims._lock_items(lines)
        claims._release_stale_claims(lines, set())
        move.invalidate_recordset()

    @api.model
    def _amend(self, move, document, kinds, words):
        """Change what is no fact of accounting; the document is printed again when it is sent."""
        bodies, before = self._differences(move, document), (move.o2c_correction_kinds or "").split(",")
        move.write({
            "ref": document.reference, "partner_shipping_id": document.delivery, "o2c_correction_words": words,
            "o2c_correction_kinds": ",".join(kind for kind in corrections.KINDS if kind in (*before, *kinds)),
        })
        move._detach_attachments()
        move.invalidate_recordset(["invoice_pdf_report_id", "invoice_pdf_report_file"])
        move._message_log(body=self._told(self.env._("Corrected: %(kinds)s.", kinds=move._o2c_kinds_text(kinds)),
                                          bodies, words))
        return move

    @api.model
    def _reissue(self, move, document, kinds, words, total, keep_dates):
        """Cancel an invoice by a credit note and make the right one; what was paid is moved over.

        :param total: what the user was shown that the new one comes to
        :return: the new invoice
        :raises UserError: if it comes to something else, or Odoo's rules do not allow it (lock dates for example)
        """
        bodies, funds, dates = self._differences(move, document), self._funds(move), self._due_dates(move)
        move._o2c_end_plans(lambda names: self.env._("%(documents)s was corrected.", documents=names))
        credit, new = self._reverse(move, kinds)
        new.write(self._values(move, new, document, keep_dates))
        new.write({
            "o2c_corrects_id": move.id, "o2c_correction_credit_id": credit.id,
            "o2c_correction_kinds": ",".join(kinds), "o2c_correction_words": words,
        })
        new.action_post()
        self._check_total(new, total)
        if keep_dates:
            self._keep_dates(new, dates)
        self._move_funds(funds, new)
        self.env["o2c.pay.link"]._follow(move, new)
        # sudo: references are written by the system alone; a transfer with the old one pays the new invoice
        self.env["o2c.remittance"].sudo().search([("move_id", "=", move.id)]).move_id = new
        self._log(move, credit, new, bodies, words)
        return new

    @api.model
    def _reverse(self, move, kinds):
        """Return Odoo's credit note, posted and matched with the invoice, and a draft of the new invoice."""
        wizard = self.env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=move.ids,
        ).create({
            "journal_id": move.journal_id.id,
            "reason": move.with_context(lang=move.partner_id.lang)._o2c_kinds_text(kinds),
        })
        before = move.reversal_move_ids
        wizard.modify_moves()
        return move.reversal_move_ids - before, wizard.new_move_ids

    @api.model
    def _values(self, move, new, document, keep_dates):
        """Return what the new invoice has from the old one beside what Odoo copies, and what is corrected."""
        values = {
            "ref": document.reference, "invoice_origin": move.invoice_origin,
            "invoice_user_id": move.invoice_user_id.id, "delivery_date": move.delivery_date,
            "taxable_supply_date": move.taxable_supply_date, "partner_id": document.contact,
            "partner_shipping_id": document.delivery, "fiscal_position_id": move.fiscal_position_id.id,
            "partner_bank_id": move.partner_bank_id.id, "narration": move.narration,
            "invoice_payment_term_id": move.invoice_payment_term_id.id,
            "invoice_line_ids": self._line_commands(move, new, document),
        }
        if not move.invoice_payment_term_id:
            today = fields.Date.context_today(move)
            due = move.invoice_date_due or today
            values["invoice_date_due"] = due if keep_dates else corrections.due_again(
                move.invoice_date or move.date, due, today,
            )
        return values

    @api.model
    def _check_total(self, new, total):
        if new.currency_id.compare_amounts(new.amount_total, total):
            raise UserError(self.env._(
                "The new invoice would come to %(found)s instead of %(shown)s. Nothing was changed. Use Odoo's own "
                "credit note for this invoice.",
                found=new.currency_id.format(new.amount_total), shown=new.currency_id.format(total),
            ))

    # Dates and money

    @api.model
    def _due_dates(self, move):
        return [(line.date_maturity, line.discount_date) for line in self._receivables(move)]

    @api.model
    def _keep_dates(self, new, dates):
        """Have the instalments due on the days of the old ones; where there are more or fewer now, they start again."""
        lines = self._receivables(new)
        if not lines or len(lines) != len(dates):
            return
        for line, (due, discount) in zip(lines, dates, strict=True):
            line.write({"date_maturity": due, "discount_date": discount})
        new.invoice_date_due = max(due for due, _discount in dates)

    @api.model
    def _funds(self, move):
        """Return the journal items that pay the invoice, the earliest first; differences of exchange rates do not."""
        receivables = self._receivables(move)
        partials = (receivables.matched_credit_ids | receivables.matched_debit_ids).sorted(
            lambda partial: (partial.max_date, partial.id)
        )
        rates = partials.exchange_move_id
        return (partials.credit_move_id | partials.debit_move_id).filtered(
            lambda line: line not in receivables and line.move_id not in rates
        )

    @api.model
    def _move_funds(self, funds, new):
        """Settle the new invoice with what paid the old one, earliest instalment first; what is left over is credit."""
        named = funds.payment_id.filtered(lambda payment: new.o2c_corrects_id in payment.invoice_ids)
        named.invoice_ids = [Command.unlink(new.o2c_corrects_id.id), Command.link(new.id)]
        lines = self._receivables(new).filtered(lambda line: not line.reconciled)
        if funds and lines:
            (funds | lines).reconcile()

    # What is told

    @api.model
    def _told(self, first, rows, words):
        return Markup("<br/>").join([first, *rows, *([words] if words else [])])

    @api.model
    def _log(self, move, credit, new, rows, words):
        """Tell on the documents what was corrected and where it went."""
        links = {"old": move._get_html_link(), "new": new._get_html_link(), "credit": credit._get_html_link()}
        difference = new.currency_id.format(new.amount_total - move.amount_total)
        told = self.env._("%(new)s takes the place of %(old)s, which %(credit)s cancels. Difference: %(difference)s.",
                          difference=difference, **links)
        (move | credit | new)._message_log_batch(
            bodies=dict.fromkeys((move | credit | new).ids, self._told(told, rows, words))
        )

    @api.model
    def _settlement(self, move, total):
        """Return what becomes of the money when the new invoice comes to ``total``, as ``Settlement``; what is open of
        the same payments counts too."""
        digits = move.currency_id.decimal_places
        paid = money.to_minor(move.amount_total - move.amount_residual, digits)
        spare = -sum(
            item.amount_residual_currency for item in self._funds(move) if item.currency_id == move.currency_id
        )
        return corrections.settle(paid + money.to_minor(max(spare, 0.0), digits), money.to_minor(total, digits))

    @api.model
    def _deducted(self, move):
        """Return what payments of the invoice settled without money, such as a discount for early payment."""
        payments = self._funds(move).payment_id.filtered(lambda payment: payment.currency_id == move.currency_id)
        items = payments.move_id.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        return move.currency_id.round(-sum(items.mapped("amount_currency")) - sum(payments.mapped("amount")))
