"""Adds to payment.transaction: money that came is booked, and settles exactly what was chosen."""

from odoo import fields, models
from odoo.fields import Command

from ..core import basket, money


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"  # pylint: disable=consider-merging-classes-inherited  # by concern

    def _post_process(self):
        """Override of account_payment: a draft is left to whoever revises it; the money that came for it is credit."""
        exact_sudo = self.sudo().filtered(lambda tx: tx.state == "done" and tx._o2c_is_exact())
        drafts = exact_sudo.invoice_ids.filtered(lambda move: move.state == "draft")
        transactions = self.with_context(o2c_left_draft_ids=drafts.ids) if drafts else self
        return super(PaymentTransaction, transactions)._post_process()

    def _o2c_is_exact(self):
        """True for a payment of instalments: with allocations, or a part of one that has or had them."""
        source = self._o2c_authorization() or self
        captures = source.child_transaction_ids.filtered(lambda tx: tx.operation == source.operation)
        return bool((source | captures).o2c_allocation_ids)

    def _create_payment(self, **extra_create_values):
        """Override of account_payment: settle exactly what was chosen, on the account of the invoice's customer."""
        self.ensure_one()
        if not self._o2c_is_exact():
            return self._o2c_create_payment_in_order(**extra_create_values)
        self.o2c_allocation_ids._reclaim()  # they may have been given up at the very moment the provider said yes
        claims = self.o2c_allocation_ids._keep_open()
        if followed := self.o2c_allocation_ids._follow_corrections():
            claims |= followed
            self.invoice_ids |= followed.move_id
        values = {**self._o2c_payment_values(claims), **extra_create_values}
        method_line = self.env["account.payment.method.line"].browse(values["payment_method_line_id"])
        # With Odoo's accounting app a payment without an outstanding account would have no entry to settle with.
        payments = self.env["account.payment"].with_context(force_payment_move=not method_line.payment_account_id)
        payment = payments.create(values).with_env(self.env)
        payment.action_post()
        self.payment_id = payment
        self._o2c_settle(claims, payment)
        if given_away := self.invoice_ids.filtered(lambda move: self._o2c_is_of_another(move)):
            self.invoice_ids -= given_away  # once posted they would be settled with this money
        return payment

    def _o2c_create_payment_in_order(self, **extra_create_values):
        """Let Odoo apply a payment that names no instalments, such as an order's: oldest first."""
        source = self.source_transaction_id or self
        if source.invoice_ids:
            extra_create_values.setdefault("partner_id", source.invoice_ids[0].commercial_partner_id.id)
        return super()._create_payment(**extra_create_values)  # pylint: disable=super-method-mismatch

    def _o2c_customer(self):
        """Return whose documents the payment was started for, nobody for one of no document."""
        return (self | self._o2c_authorization()).o2c_customer_id[:1]

    def _o2c_is_of_another(self, move):
        """True for a document that was given to another customer while its payment was under way."""
        customer = self._o2c_customer()
        return bool(customer) and move.commercial_partner_id != customer

    def _o2c_booked_for(self, claims):
        """Return the company, that of the documents whatever branch of the provider's it is, and the customer."""
        invoices = claims.move_id or self.invoice_ids or self.source_transaction_id.invoice_ids
        company = invoices.company_id[:1] or self.provider_id.company_id
        partner = self._o2c_customer() or invoices[:1].commercial_partner_id or self.partner_id.commercial_partner_id
        return company, partner.with_company(company)

    def _o2c_payment_values(self, claims):
        """Return the values of a payment with a receivable item per claim, one for a fee, and one for what is left."""
        self.ensure_one()
        journal = self.provider_id.journal_id
        method_line = journal.inbound_payment_method_line_ids.filtered(
            lambda line: line.payment_provider_id == self.provider_id
        )
        company, partner = self._o2c_booked_for(claims)
        own = self.o2c_allocation_ids.filtered(lambda claim: not self._o2c_is_of_another(claim.move_id))
        receivable = own.move_line_id.account_id[:1] or partner.property_account_receivable_id
        discounts = self._o2c_discount_lines(claims, company)
        lines, left_over = self._o2c_receivable_lines(claims, company, partner, discounts)
        explicit = lines if left_over else lines[1:]  # Odoo itself books the remaining receivable item
        if claims and not left_over:
            receivable = claims[0].move_line_id.account_id
        return {
            "amount": self.amount,
            "payment_type": "inbound",
            "currency_id": self.currency_id.id,
            "partner_id": partner.id,
            "partner_type": "customer",
            "journal_id": journal.id,
            "company_id": company.id,
            "payment_method_line_id": method_line[:1].id,
            "payment_token_id": self.token_id.id,
            "payment_transaction_id": self.id,
            "memo": f"{self.reference} - {self.provider_reference or ''}",
            "destination_account_id": receivable.id,
            "invoice_ids": [Command.set(claims.move_id.ids)],
            "write_off_line_vals": explicit + discounts,
        }

    def _o2c_receivable_lines(self, claims, company, partner, discounts):
        """Return journal item values, one credit on the receivable account per claim and one for the fee, exact in both
        currencies; and whether something of the payment is left beyond them."""
        wanted = [
            (claim.move_id.name, claim.move_line_id.account_id, claim.amount + claim.discount) for claim in claims
        ]
        if self.o2c_fee:
            account = claims[:1].move_line_id.account_id or partner.property_account_receivable_id
            wanted.append((self.env._("Payment fee"), account, self.o2c_fee))
        digits, company_digits = self.currency_id.decimal_places, company.currency_id.decimal_places
        weights = [money.to_minor(amount, digits) for _name, _account, amount in wanted]
        given = self.amount + sum(claims.mapped("discount"))
        left_over = max(money.to_minor(given, digits) - sum(weights), 0)
        # What is shared is what the other side of the entry comes to: whichever item Odoo fills in, it gets its share.
        total = self._o2c_today(self.amount, company) + sum(item["balance"] for item in discounts)
        balances = basket.share(money.to_minor(total, company_digits), weights + [left_over] * bool(left_over))
        return [
            {
                "name": name,
                "account_id": account.id,
                "partner_id": partner.id,
                "currency_id": self.currency_id.id,
                "amount_currency": -amount,
                "balance": -money.to_major(balance, company_digits),
            }
            for (name, account, amount), balance in zip(wanted, balances, strict=False)
        ], bool(left_over)

    def _o2c_today(self, amount, company):
        """Return what an amount is in the company's currency at the rate of today, which is that of the payment."""
        return self.currency_id._convert(amount, company.currency_id, company, fields.Date.context_today(self))

    def _o2c_discount_lines(self, claims, company):
        """Return the journal items that book granted early payment discounts, as Odoo computes them. They come to the
        rate of today, as the receivable items do: what the discount was when invoiced and the drift are booked apart.
        """
        result = []
        for claim in claims.filtered("discount"):
            line = claim.move_line_id
            epd_lines = [{"aml": line, "amount_currency": -line.amount_residual_currency, "balance": -line.balance}]
            values = self.env["account.move"]._get_invoice_counterpart_amls_for_early_payment_discount(
                epd_lines, self._o2c_today(claim.discount, company),
            )
            result += [{**item, "partner_id": line.partner_id.id} for items in values.values() for item in items]
        return result

    def _o2c_settle(self, claims, payment):
        """Reconcile each claimed instalment with its own item of the payment, then report what was left over."""
        credits = payment.move_id.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")
        digits, free, plan = self.currency_id.decimal_places, {}, []
        for item in credits:
            key = item.account_id.id, -money.to_minor(item.amount_currency, digits)
            free.setdefault(key, []).append(item)
        for claim in claims:
            line, wanted = claim.move_line_id, money.to_minor(claim.amount + claim.discount, digits)
            found = free.get((line.account_id.id, wanted))
            if not found:  # money that came is booked, whatever else: it stays credit and makes a task
                claim._release(self.env._("The payment has no item that matches this instalment."))
                continue
            plan.append(found.pop(0) | line)
        if plan:
            self.env["account.move.line"]._reconcile_plan(plan)
        claims._under_way().write({"state": "applied", "reason": False})
        left_over = -sum(credits.mapped("amount_residual_currency")) - self.o2c_on_account - self.o2c_fee
        if self.currency_id.compare_amounts(left_over, 0) > 0 and not self._o2c_awaits_invoice():
            self._o2c_report_left_over(payment, left_over)

    def _o2c_awaits_invoice(self):
        """True for an order's money beyond the invoices there are: Odoo applies it to the order's next one."""
        claims = (self | self._o2c_authorization()).o2c_allocation_ids
        return (self.source_transaction_id or self).sale_order_ids and "released" not in claims.mapped("state")

    def _o2c_report_left_over(self, payment, left_over):
        """Make money that could not be applied visible: a note and a task for whoever minds the customer."""
        reasons = {reason for reason in self.o2c_allocation_ids.mapped("reason") if reason}
        note = self.env._(
            "%(amount)s of this payment could not be applied and is credit of %(customer)s. %(reasons)s "
            "Refund it or apply it to another document.",
            amount=self.currency_id.format(left_over), customer=payment.partner_id.display_name,
            reasons=" ".join(sorted(reasons)) or self.env._("What it was meant for had been settled meanwhile."),
        )
        self._o2c_task(payment, self.env._("Customer credit to deal with"), note)

    def _o2c_task(self, payment, summary, note):
        """Have whoever minds the customer look at a payment: the salesperson only where they may open it."""
        invoices = self.invoice_ids or self.source_transaction_id.invoice_ids
        seller = invoices.invoice_user_id[:1]
        theirs = payment.with_user(seller).with_context(allowed_company_ids=seller.company_ids.ids)
        preferred = [seller] if seller and theirs.has_access("read") else []
        clerk = self.env["res.partner"]._o2c_clerk(payment.company_id, *preferred) or self.env.ref("base.user_admin")
        payment.activity_schedule("mail.mail_activity_data_todo", user_id=clerk.id, note=note, summary=summary)
