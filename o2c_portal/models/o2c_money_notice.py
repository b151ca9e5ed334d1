"""What customers were told about money: each payment is confirmed once, and once more when it was withdrawn."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core import notices

STATES = [
    ("queued", "Being sent"),
    ("sent", "Sent"),
    ("failed", "Not delivered"),
    ("no_address", "Not sent: no address"),
    ("off", "Not sent: switched off"),
    ("before", "Not sent: too old"),
    ("till", "Not sent: paid at a till, no address"),
]
MONEY_JOURNALS = ("bank", "cash", "credit")
OLD_DAYS = 30  # whoever books the bank statements of last year does not want to write to all who paid then


class O2cMoneyNotice(models.Model):
    """One message about money that came, was sent back or was withdrawn.

    It is about a payment, or about what a customer has in a journal entry that moved money without one: a bank
    transaction that settled documents itself, or a payment at a till. Notices about the same money are numbered: of
    two workers that decide at once one finds its number taken, and starts again.
    """

    _name = "o2c.money.notice"
    _description = "Notice about money"
    _order = "id desc"

    kind = fields.Selection(
        [("receipt", "Receipt"), ("refund", "Refund"), ("reversal", "Withdrawn")], required=True, readonly=True,
    )
    incoming = fields.Boolean(readonly=True, help="Whether the money came from the customer or went there.")
    number = fields.Integer(required=True, readonly=True, default=1)
    payment_id = fields.Many2one("account.payment", readonly=True, index="btree_not_null", ondelete="cascade")
    entry_id = fields.Many2one(
        "account.move", "Bank or till entry", readonly=True, index="btree_not_null", ondelete="cascade",
    )
    partner_id = fields.Many2one("res.partner", "Customer", required=True, readonly=True, index=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    amount = fields.Monetary(readonly=True)
    move_ids = fields.Many2many(
        "account.move", "o2c_money_notice_move_rel", "notice_id", "move_id", "Documents", readonly=True,
        help="What the money had settled when this was told.",
    )
    state = fields.Selection(STATES, required=True, readonly=True, default="queued", index=True)
    note = fields.Char("Details", readonly=True)
    sent_at = fields.Datetime("Sent on", readonly=True)
    copies = fields.Integer(readonly=True, help="How often it was sent again.")

    _payment_uniq = models.UniqueIndex(
        "(payment_id, number) WHERE payment_id IS NOT NULL", "This was told already.",
    )
    _entry_uniq = models.UniqueIndex(
        "(entry_id, partner_id, number) WHERE payment_id IS NULL", "This was told already.",
    )

    @api.depends("payment_id", "entry_id")
    def _compute_display_name(self):
        for notice in self:
            notice.display_name = notice._name_of_money()

    def _name_of_money(self):
        """Return the name under which the money is in the books."""
        return self.payment_id.name or self.entry_id.name or ""

    # What the money did

    def _items(self):
        """Return the receivable items on which the money of this customer is booked."""
        if self.payment_id.move_id:
            return self._receivables(self.payment_id.move_id)
        return self._receivables(self.entry_id, self.partner_id)

    @api.model
    def _receivables(self, entry, partner=None):
        """Return the receivable items of an entry, those of one customer if named."""
        return self.env["o2c.till"]._paid(entry, entry.line_ids.filtered(lambda line: (
            line.account_id.account_type == "asset_receivable"
            and (not partner or line.partner_id.commercial_partner_id == partner)
        )))

    @api.model
    def _settled(self, items):
        """Return ``{journal item: amount}``: what items of some money settle, in the currency of each item."""
        settled = {}
        for partial in items.matched_debit_ids:
            item = partial.debit_move_id
            settled[item] = settled.get(item, 0.0) + partial.debit_amount_currency
        for partial in items.matched_credit_ids:
            item = partial.credit_move_id
            settled[item] = settled.get(item, 0.0) + partial.credit_amount_currency
        return {item: amount for item, amount in settled.items() if not item.currency_id.is_zero(amount)}

    def _documents(self):
        """Return the customer documents the money settles by now, or, where it was withdrawn, had settled."""
        if self.kind == notices.REVERSAL:
            return self.move_ids
        settled = self._settled(self._items())
        moves = self.env["account.move"].browse(sorted({item.move_id.id for item in settled}))
        if not self._items():
            moves = self.payment_id.invoice_ids  # of a payment that has no entry
        return moves.filtered(lambda move: move.is_sale_document(include_receipts=True))

    def _standing(self):
        """Return whether the money stands by now, see ``core.notices``."""
        if self.payment_id:
            return self.payment_id._o2c_standing()
        return self._entry_standing(self.entry_id, self._items())

    @api.model
    def _entry_standing(self, entry, items):
        """Return whether what a customer has in an entry is money that stands.

        It does from when it settles something. Money from the bank that met nothing but money that went back to the
        bank is nobody's payment. At a till only documents are paid: sales without an invoice have their ticket, and
        for what it hands over when it is closed whoever paid was told then.
        """
        if entry.reversal_move_ids.filtered(lambda move: move.state == "posted") or not items:
            return notices.WITHDRAWN
        bank = entry.journal_id.type in MONEY_JOURNALS and not self.env["o2c.till"]._closes(entry.statement_line_id)
        incoming = sum(items.mapped("balance")) < 0
        counts = any(
            item.move_id.is_sale_document(include_receipts=True)
            or (bank and not (incoming and item.move_id.journal_id.type in MONEY_JOURNALS))
            for item in self._settled(items)
        )
        return notices.TRUE if entry.state == "posted" and counts else notices.UNSETTLED

    # Telling it: called by the job, after the money is in the books

    @api.model
    def _tell_payment(self, payment):
        """Tell what is to be told about a payment, unless it was told before."""
        if payment._o2c_concerns_customer():
            self._tell(payment.payment_type == "inbound", payment._o2c_standing(), payment.sudo().o2c_notice_ids, {
                "payment_id": payment.id, "partner_id": payment.partner_id.commercial_partner_id.id,
                "company_id": payment.company_id.id, "amount": payment.amount, "currency_id": payment.currency_id.id,
            })

    @api.model
    def _tell_entry(self, entry):
        """Tell each customer in an entry that moved money what is to be told, unless it was told before."""
        entry = entry.reversed_entry_id or entry
        if entry.origin_payment_id:
            self._tell_payment(entry.origin_payment_id)
        else:
            told = self.search([("entry_id", "=", entry.id)])
            for partner in self._receivables(entry).partner_id.commercial_partner_id | told.partner_id:
                self._tell_customer(entry, partner, told.filtered(lambda notice, who=partner: notice.partner_id == who))

    @api.model
    def _tell_customer(self, entry, partner, told):
        items = self._receivables(entry, partner)
        currency = items[:1].currency_id or told[:1].currency_id
        amount = sum(items.filtered(lambda item: item.currency_id == currency).mapped("amount_currency"))
        incoming = amount < 0 if items else told[:1].incoming
        standing = self._entry_standing(entry, items)
        if not told and standing == notices.TRUE and self._take_over(entry, items, -amount):
            return
        self._tell(incoming, standing, told, {
            "entry_id": entry.id, "partner_id": partner.id, "company_id": entry.company_id.id,
            "amount": abs(amount) or told[:1].amount, "currency_id": currency.id,
        }, silent=entry.date < fields.Date.subtract(fields.Date.context_today(self), days=OLD_DAYS))

    @api.model
    def _take_over(self, entry, items, amount):
        """Say whether this is the money of a payment that has no entry of its own and was confirmed when it was
        registered; each such payment stands for one transaction."""
        moves = entry.union(*(item.move_id for item in self._settled(items)))
        payments = moves.matched_payment_ids.filtered(lambda payment: (
            not payment.move_id and payment.payment_type == "inbound" and payment._o2c_is_posted()
            and payment.currency_id.compare_amounts(payment.amount, amount) == 0
        ))
        found = self.search([("payment_id", "in", payments.ids), ("entry_id", "=", False)], order="id", limit=1)
        found.entry_id = entry
        return bool(found)

    @api.model
    def _tell(self, incoming, standing, told, values, silent=False):
        """Write down and send the next notice about some money, if there is one.

        :param told: the notices about it so far
        :param bool silent: write it down only; a person may send it
        """
        told = told.sorted("number")
        kind = notices.next_notice(incoming, standing, told.mapped("kind"))
        if kind:
            last = told[-1:]
            notice = self.create({
                **values, "kind": kind, "incoming": incoming, "number": last.number + 1, "state": "before",
                "move_ids": [fields.Command.set(last.move_ids.ids)],
            })
            if silent:
                notice.move_ids = notice._documents()
            else:
                notice._send()

    def _judge(self):
        """Say what became of the mails to the customer: not delivered as long as one of them is not there, and why."""
        mailed = self.filtered(lambda notice: notice.state in ("queued", "sent", "failed"))
        for notice, (state, readers) in self.env["o2c.delivery"]._outcomes(mailed).items():
            sent = {"sent_at": max(readers.mapped("sent_at"))} if state == "sent" else {}
            notice.write({"state": state, "note": readers._losses() or readers._to(), **sent})

    def _send(self, again=False):
        self.env["o2c.receipt"]._send(self, again=again)

    # People

    def action_send_again(self):
        """Send notices again, to the people who are to get them now, as things stand now.

        :raises UserError: where it is not true any more
        """
        self.check_access("read")
        for notice in self:
            # who may see the money it is about and change it may tell of it; the rows are written by the system alone
            (notice.payment_id or notice.entry_id).check_access("write")
            expected = notices.WITHDRAWN if notice.kind == notices.REVERSAL else notices.TRUE
            if notice.sudo()._standing() != expected:
                raise UserError(self.env._("%(name)s has changed since this was sent.", name=notice.display_name))
            notice.sudo()._send(again=True)

    def action_print(self):
        """Print notices as they were to be sent today, each in its customer's language."""
        return self.env.ref("o2c_portal.o2c_receipt_report").report_action(self)
