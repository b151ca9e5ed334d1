"""Adds to payment.transaction: exact allocations, claimed when it is made and applied when the money is there."""

from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import SQL, clean_context

from ..core import basket, money

ONLINE_OPERATIONS = ("online_redirect", "online_direct", "online_token")
AT_ONCE = 5  # what is written to more documents than this is written in one go; notes then notify nobody
REFERENCE_LENGTH = 40
PROVIDER_FACTS = {
    "state", "amount", "currency_id", "provider_reference", "operation", "invoice_ids", "sale_order_ids", "payment_id",
}
OUR_FACTS = {  # what a payment pays, by our word
    "o2c_allocation_ids", "source_transaction_id", "child_transaction_ids", "o2c_fee", "o2c_fee_rule_id",
    "o2c_fee_move_id", "o2c_fee_refund_id", "o2c_customer_id",
}


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    o2c_allocation_ids = fields.One2many("o2c.payment.allocation", "transaction_id", "Allocations", readonly=True)
    o2c_pay_link_id = fields.Many2one("o2c.pay.link", "Pay link", readonly=True, index="btree_not_null")
    o2c_start_key = fields.Char("Start request", readonly=True, groups="base.group_system")
    o2c_start_digest = fields.Char("Content of the start request", readonly=True, groups="base.group_system")
    o2c_on_account = fields.Monetary(
        "On account", readonly=True, help="What the payer meant to pay ahead, beyond the documents chosen.",
    )
    o2c_customer_id = fields.Many2one(
        "res.partner", "Paid for", readonly=True, help="Whose documents the payment was started for, whoever pays.",
    )
    o2c_payer_key = fields.Char("Payer", readonly=True, help="Tells attempts of the same payer from those of others.")

    _o2c_start_key_uniq = models.UniqueIndex(
        "(o2c_start_key) WHERE o2c_start_key IS NOT NULL", "This payment has been started already.",
    )

    _o2c_ended_idx = models.Index("(last_state_change) WHERE state IN ('authorized', 'done', 'error')")

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        """Whoever starts an online payment of invoices, by whatever route, pays open instalments and nothing else.

        :raises ValidationError: if the amount is not owed or a document cannot be paid
        :raises PaymentInProgress: if an instalment is being paid by somebody else
        :raises AccessError: if somebody types what the system alone decides
        """
        clean = self.with_context(clean_context(self.env.context))  # what is checked is what is made: no other defaults
        quotes, named = [], []
        for vals in vals_list:
            quotes.append(clean._o2c_admit(vals))
            many = quotes[-1] and len(vals.get("invoice_ids") or ()) > AT_ONCE
            named.append(vals.pop("invoice_ids") if many else None)
        transactions = super(PaymentTransaction, clean).create(vals_list)
        for transaction, quote, invoices in zip(transactions, quotes, named, strict=True):
            if invoices:
                transaction._o2c_name_invoices(invoices)
            if quote and quote.parts:
                self.env["o2c.payment.allocation"]._claim(transaction, quote)
        return transactions

    def _o2c_admit(self, vals):
        """Return the quote that a transaction with these create values has to claim, None if it claims nothing.

        See ``create`` for what is raised.
        """
        quote = vals.pop("o2c_quote", None)  # what our own pages pay; no client can send one
        if vals.get("o2c_allocation_ids") or not self.env.su and (
            OUR_FACTS & vals.keys() or vals.get("state", "draft") != "draft"
        ):
            raise self._o2c_not_by_hand()
        if vals.get("operation") not in ONLINE_OPERATIONS or vals.get("state", "draft") != "draft":
            return None
        if vals.get("amount", 0) <= 0:
            raise ValidationError(self.env._("A payment must be of a positive amount."))
        if self._o2c_is_capture(vals):
            return None
        return self._o2c_check_start(vals, quote if isinstance(quote, basket.Quote) else None)

    def _o2c_name_invoices(self, invoices):
        """Write down in one go which invoices a new transaction pays: row by row, hundreds take too long."""
        field = self._fields["invoice_ids"]
        self.env.cr.execute(SQL(
            "INSERT INTO %s (%s, %s) SELECT %s, unnest(%s)", SQL.identifier(field.relation),
            SQL.identifier(field.column1), SQL.identifier(field.column2), self.id, invoices.ids,
        ))
        self.invalidate_recordset(["invoice_ids"])
        invoices.invalidate_recordset(["transaction_ids"])

    def write(self, vals):
        """Override: what a provider reports is not for users to type; Odoo's own flows write it with elevated rights.

        :raises AccessError: for everybody else
        """
        if not self.env.su and (PROVIDER_FACTS | OUR_FACTS) & vals.keys():
            raise self._o2c_not_by_hand()
        return super().write(vals)

    @api.model
    def _o2c_guard(self, documents, vals):
        """Hold write or create values of invoices or orders to the payments these have: what was paid on them is read
        from there, and Odoo's own flows say so with elevated rights.

        :param documents: those that are written, none where one is made
        :raises AccessError: if somebody else adds a payment or takes one away
        """
        if self.env.su or "transaction_ids" not in vals:
            return
        field = documents._fields["transaction_ids"]
        for document_sudo in documents.sudo() or [documents.sudo()]:  # to compare
            named = field.convert_to_cache(vals["transaction_ids"], document_sudo)
            if set(named) != set(document_sudo.transaction_ids.ids):
                raise self._o2c_not_by_hand()

    def _o2c_not_by_hand(self):
        return AccessError(self.env._(
            "Only payment providers report what became of a payment. Register a payment on the invoice instead."
        ))

    def _o2c_is_capture(self, vals):
        """Say whether create values are of a capture, which is part of what was checked when it was authorized and
        names no document. Only Odoo's own flows make one: see ``create``."""
        source = self.browse(vals.get("source_transaction_id"))
        return bool(source) and not vals.get("invoice_ids") and source.operation == vals["operation"]

    def _o2c_check_start(self, vals, quote=None):
        """Hold a payment that somebody starts, by whatever route, to what is owed and what its customer may do.

        :param quote: what it pays, where our own pages have decided it
        :return: the quote of what it pays, None for what is no document of ours and not on account
        """
        provider_sudo = self.env["payment.provider"].sudo().browse(vals["provider_id"])
        vals["company_id"] = provider_sudo.company_id.id  # as Odoo would fill it in, in a statement of its own
        moves_sudo = self._o2c_documents(vals, "invoice_ids")
        cashier = self.env["o2c.cashier"].sudo()
        if quote and money.to_minor(vals["amount"], quote.digits) != quote.amount_minor:
            raise ValidationError(self.env._("The amount is not that of what is paid."))
        if moves_sudo:
            company, partner = self._o2c_check_invoices(vals, moves_sudo, provider_sudo)
            vals["o2c_customer_id"] = partner.id  # the documents may be changed before the money comes
        else:
            order_sudo = self._o2c_documents(vals, "sale_order_ids")[:1]
            company = order_sudo.company_id or provider_sudo.company_id
            partner = order_sudo.partner_id or self.env["res.partner"].browse(vals.get("partner_id"))
        if moves_sudo and not quote:
            quote = cashier._quote_amount(moves_sudo, vals["amount"])  # from the ledger, whoever pays
            self._o2c_check_repeated(vals, moves_sudo)
        elif not quote and self._o2c_is_on_account(vals, partner, company):
            quote = cashier._quote_on_account(vals)
        if quote:
            cashier._check_policy(quote, partner, company, moves_sudo)
        paid = money.to_major(quote.paid_minor, quote.digits) if quote else vals["amount"]
        cashier._check_method({**vals, "amount": paid}, partner, company)  # as it was offered: before any fee
        return quote

    def _o2c_documents(self, vals, name):
        """Return the documents that create values name, with elevated rights; their commands are read once for all."""
        field = self._fields[name]
        ids = field.convert_to_cache(vals.get(name) or (), self.browse())  # whatever documents ``self`` may have
        documents = self.env[field.comodel_name].browse(ids)
        if name in vals:
            vals[name] = documents
        return documents.sudo()

    @api.model
    def _o2c_document_fields(self):
        """Return fields by which a transaction names what it pays; for other addons to extend."""
        return ("invoice_ids", "sale_order_ids", "pos_order_id", "is_donation")

    def _o2c_is_on_account(self, vals, partner, company):
        """Say whether a payment is for no document, so that the policy has to allow payments on account.

        As long as nobody chose a policy, Odoo's own address for amounts without a document stays open.
        """
        if any(vals.get(name) for name in self._o2c_document_fields()):
            return False
        return vals.get("o2c_on_account") or self.env["o2c.payment.policy"]._is_chosen(partner, company)

    def _o2c_check_invoices(self, vals, moves, provider):
        """Return the company and the customer of documents that one payment covers, without reading hundreds of them.

        :raises ValidationError: if it cannot cover them
        """
        names = ["company_id", "currency_id", "commercial_partner_id"]
        cases = [[moves[name] for name in names]] if len(moves) == 1 else (
            moves._read_group([("id", "in", moves.ids)], names)
        )
        if any(provider.company_id not in company.parent_ids for company, _currency, _partner in cases):
            raise ValidationError(self.env._("This payment provider belongs to another company."))
        if any(currency.id != vals["currency_id"] for _company, currency, _partner in cases):
            raise ValidationError(self.env._("A document is paid in its own currency."))
        if len(cases) != 1:
            raise ValidationError(
                self.env._("One payment can only cover documents of one customer, company and currency.")
            )
        [[company, _currency, partner]] = cases
        return company, partner

    def _o2c_check_repeated(self, vals, moves):
        """An amount alone does not say what it pays: asked for again, it would pay what comes next.

        :raises PaymentInProgress: while the same payer's payment of this amount is out for an answer
        """
        since = fields.Datetime.now() - timedelta(minutes=moves.company_id[:1].o2c_claim_minutes)
        if vals.get("o2c_payer_key") and self.sudo().search_count([  # a yes or no about the payer's own attempt
            ("invoice_ids", "in", moves.ids),
            ("o2c_payer_key", "=", vals["o2c_payer_key"]),
            ("amount", "=", vals["amount"]),
            ("state", "in", ("pending", "authorized", "done")),
            ("is_post_processed", "=", False),
            ("create_date", ">", since),
        ], limit=1):
            raise self.env["o2c.payment.allocation"]._in_progress()

    def _log_sent_message(self):
        """Override of payment: what is begun on our own pages is told on the documents by its outcome only, or every
        abandoned attempt would write on all of them and make its payer wait for it."""
        return super(PaymentTransaction, self.filtered(lambda tx: not tx.sudo().o2c_start_key))._log_sent_message()

    def _log_message_on_linked_documents(self, message):
        """Override of payment: many invoices get their note in one go."""
        super()._log_message_on_linked_documents(message)
        invoices = self.invoice_ids
        if len(invoices) > AT_ONCE:
            automatic = self.env.uid == SUPERUSER_ID or self.env.context.get("payment_backend_action")
            author = self.env.user.partner_id if automatic else self.partner_id
            invoices._message_log_batch(dict.fromkeys(invoices.ids, message), author_id=author.id)

    def _get_invoices_to_notify(self):
        """Override of account_payment: not one by one where they are many."""
        invoices = super()._get_invoices_to_notify()
        return invoices if len(invoices) <= AT_ONCE else invoices.browse()

    def _compute_reference_prefix(self, separator, **values):
        """Override of account_payment: a basket is named after its first document and how many more there are; all
        names would not fit where references are shown and matched."""
        ids = self._fields["invoice_ids"].convert_to_cache(values.get("invoice_ids") or (), self.browse())
        if len(ids) < 2 or values.get("name_next_installment"):
            return super()._compute_reference_prefix(separator, **values)
        first = self.env["account.move"].browse(ids[0])
        first.fetch(["name"])  # and none of its other columns
        return f"{(first.name or '')[:REFERENCE_LENGTH]}+{len(ids) - 1}"

    # === CLAIMS FOLLOW THE STATE === #

    def _update_state(self, allowed_states, target_state, state_message):
        """Override of payment: a failed payment frees its items, a successful one holds on to them."""
        changed = super()._update_state(allowed_states, target_state, state_message)
        claims_sudo = changed.sudo().o2c_allocation_ids
        if target_state in ("cancel", "error"):
            claims_sudo._release(self.env._("The payment was cancelled or failed."))
        elif target_state in ("pending", "authorized", "done"):
            claims_sudo.filtered(lambda claim: claim.transaction_id._o2c_is_spent())._release(
                self.env._("This part was not captured.")
            )
            claims_sudo.filtered(lambda claim: not claim.transaction_id._o2c_is_spent())._reclaim()
        changed.filtered(lambda tx: tx._o2c_is_announced()).sudo().o2c_allocation_ids._release(
            self.env._("Announced by the payer, but not sent yet.")
        )
        if target_state == "done":
            changed.sudo()._o2c_take_claims()
        if target_state == "done" and changed.sudo().o2c_allocation_ids:
            # The payer's browser books the payment; when it was closed, the scheduler does, without racing it.
            soon = fields.Datetime.now() + timedelta(seconds=10)
            self.env.ref("payment.cron_post_process_payment_tx")._trigger(at=soon)
        return changed

    def _o2c_is_spent(self):
        """True for an authorization that was captured or voided in further transactions: those book the money."""
        return self.state == "done" and any(child.state in ("done", "cancel") for child in self.child_transaction_ids)

    def _o2c_authorization(self):
        """Return the transaction this one captures a part or all of, if it does."""
        source = self.source_transaction_id
        return source if source.operation == self.operation else source.browse()

    def _o2c_take_claims(self):
        """Take over what an authorization was for: Odoo captures it, whole or in parts, in further transactions."""
        for capture in self:
            source = capture._o2c_authorization()
            source.o2c_allocation_ids._reclaim()
            rest = source.o2c_allocation_ids._hand_over(capture)
            if source.o2c_on_account:
                ahead = source.o2c_on_account - sum(source.child_transaction_ids.mapped("o2c_on_account"))
                capture.o2c_on_account = min(rest, capture.currency_id.round(ahead))

    def _o2c_is_coming(self):
        """True while a provider that reports on its payments has this one in hand."""
        return self.state in ("pending", "authorized") and self.provider_code not in ("none", "custom")

    def _o2c_is_announced(self):
        """True for a bank transfer and the like, which nobody but the payer makes and no provider ever reports on."""
        return self.state == "pending" and self.provider_code == "custom"
