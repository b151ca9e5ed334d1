"""Adds to account.move: its instalments as the ledger has them, and what of them can be paid now."""

from datetime import date

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date, frozendict, str2bool

from ..core import instalments, money, schedule

STATUSES = [
    ("open", "Open"),
    ("due_soon", "Due soon"),
    ("overdue", "Overdue"),
    ("promised", "Promised"),
    ("paid", "Paid"),
]
PAYABLE_MOVE_TYPES = ("out_invoice",)
INSTALMENT_FIELDS = {  # what has to be in the database before instalments are read from it
    "account.move": ("move_type", "currency_id", "date"),
    "account.move.line": (
        "move_id", "display_type", "date", "date_maturity", "amount_currency", "amount_residual_currency",
        "o2c_plan_id",
    ),
    "o2c.payment.allocation": ("move_line_id", "transaction_id", "state"),
    "o2c.payment.plan.item": ("move_line_id", "live", "promised_on"),
    "payment.transaction": ("state",),
}


class AccountMove(models.Model):
    _inherit = "account.move"

    # === INSTALMENTS === #

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
        result = {move: [] for move in self}
        by_id = {move._origin.id: move for move in self}
        for move_id, *facts in self.env.execute_query(self._o2c_instalments_query()):
            line_id, number, count, day, amount, is_open, claimed, promised_on, plan_id = facts
            result[by_id[move_id]].append(instalments.Instalment(
                line_id=line_id, move_id=move_id, number=number, count=count, date_due=day, amount_minor=amount,
                open_minor=is_open, claimed=claimed, promised_on=promised_on, plan_id=plan_id,
            ))
        return result

    def _o2c_instalments_query(self):
        """Return the query for what an ``Instalment`` says. An item is claimed when a payment on its way will settle
        it: a draft does not count, whoever left it may start again, and whoever else tries is told when paying."""
        return SQL("""
            SELECT line.move_id, line.id,
                   row_number() OVER instalment, count(*) OVER (PARTITION BY line.move_id),
                   COALESCE(line.date_maturity, line.date, move.date),
                   round(line.amount_currency * side.sign)::bigint,
                   round(line.amount_residual_currency * side.sign)::bigint,
                   EXISTS (SELECT FROM o2c_payment_allocation claim
                             JOIN payment_transaction tx ON tx.id = claim.transaction_id
                            WHERE claim.move_line_id = line.id AND claim.state = 'live'
                              AND tx.state IN ('pending', 'authorized', 'done')),
                   agreed.promised_on, line.o2c_plan_id
              FROM account_move_line line
              JOIN account_move move ON move.id = line.move_id
              JOIN res_currency currency ON currency.id = move.currency_id
        CROSS JOIN LATERAL (SELECT CASE WHEN move.move_type IN %s THEN 1 ELSE -1 END
                                   * power(10::numeric, currency.decimal_places) AS sign) side
         LEFT JOIN o2c_payment_plan_item agreed ON agreed.move_line_id = line.id AND agreed.live
             WHERE line.move_id = ANY(%s) AND line.display_type = 'payment_term'
            WINDOW instalment AS (PARTITION BY line.move_id ORDER BY line.date_maturity, line.id)
          ORDER BY line.date_maturity, line.id
        """, tuple(self.get_inbound_types()), self.ids, to_flush=[
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

    def _o2c_due_now(self):
        """Return ``(amount in minor units, earliest due date)`` of what should be paid today: everything up to
        today, else the next instalment; ``(0, False)`` when nothing is open."""
        due = instalments.due_now(self._o2c_asked(), fields.Date.context_today(self))
        return sum(item.open_minor for item in due), due[0].date_due if due else False

    # === ONLINE PAYMENT === #

    def _o2c_is_payable_document(self):
        """Say whether the document is of a kind and state that customers may pay online."""
        self.ensure_one()
        return self.state == "posted" and self.move_type in PAYABLE_MOVE_TYPES and self._o2c_pays_online()

    @api.model
    def _o2c_pays_online(self):
        """Say whether the settings let customers pay online."""
        enabled = self.env["ir.config_parameter"].sudo().get_param("account_payment.enable_portal_payment")
        return str2bool(enabled, default=False)

    def _has_to_be_paid(self):
        """Override of account_payment: a payment under way hides only the instalments it pays, not the others."""
        if super()._has_to_be_paid():
            return any(item.payable for item in self._o2c_instalments())
        under_way = self.transaction_ids.filtered(
            lambda tx: tx.state in ("pending", "authorized") and tx.provider_code not in ("none", "custom")
        )
        return bool(
            under_way
            and all(tx.o2c_allocation_ids for tx in under_way)
            and self._o2c_is_payable_document()
            and any(item.payable for item in self._o2c_instalments())
        )

    def _get_invoice_next_payment_values(self, custom_amount=None):
        """Override of account: ask by the plan agreed on, and not again for what a payment under way will settle."""
        values = super()._get_invoice_next_payment_values(custom_amount=custom_amount)
        if not values or values["installment_state"] == "epd":
            return values
        items = self._o2c_asked()
        if not any(item.claimed or item.plan_id for item in items):
            return values
        today = fields.Date.context_today(self)
        payable = instalments.choose(items, "all", today)
        overdue = instalments.choose(items, "overdue", today)
        asked = overdue or instalments.first_of(payable)
        digits = self.currency_id.decimal_places
        ids = {item.line_id for item in payable}
        return {
            **values,
            "amount_due": money.to_major(sum(item.open_minor for item in payable), digits),
            "next_amount_to_pay": custom_amount or money.to_major(sum(item.open_minor for item in asked), digits),
            "installment_state": "overdue" if overdue else "next" if payable else None,
            "next_due_date": asked[0].date_due if asked else values["next_due_date"],
            "next_payment_reference": f"{self.name}-{asked[0].number}" if asked else self.name,
            "not_reconciled_installments": [
                data for data in values["not_reconciled_installments"] if data["line"].id in ids
            ],
            "is_last_installment": len(payable) == 1,
        }

    # === PAY LINKS === #

    o2c_pay_link_ids = fields.One2many(
        "o2c.pay.link", "move_id", "Pay links", groups="o2c_portal.o2c_portal_group_user"
    )
    o2c_pay_link_count = fields.Integer(
        "Active pay links", compute="_compute_o2c_pay_link_count", groups="o2c_portal.o2c_portal_group_user"
    )

    @api.depends("o2c_pay_link_ids.revoked_at", "o2c_pay_link_ids.expires_at")
    def _compute_o2c_pay_link_count(self):
        active = [("revoked_at", "=", False), ("expires_at", ">", fields.Datetime.now())]
        groups = self.env["o2c.pay.link"]._read_group([("move_id", "in", self.ids), *active], ["move_id"], ["__count"])
        counts = {move.id: count for move, count in groups}
        for move in self:
            move.o2c_pay_link_count = counts.get(move.id, 0)

    def _o2c_is_payable(self):
        """Say whether there is something to pay online on this document."""
        self.ensure_one()
        return self._o2c_is_payable_document() and self.currency_id.compare_amounts(self.amount_residual, 0) > 0

    def _o2c_pay_urls(self, channel):
        """Return ``{move_id: Pay Now address}`` of the documents with something to pay; see ``_o2c_pay_url``."""
        links = self.env["o2c.pay.link"]._get_or_create(self.filtered(lambda move: move._o2c_is_payable()), channel)
        return {move_id: link._url() for move_id, link in links.items()}

    def _o2c_pay_url(self, channel):
        """Return the absolute Pay Now address of this document for a channel (email, pdf, print, manual, portal).

        The address stays the same however often it is asked for; ``False`` when nothing is payable online.
        """
        self.ensure_one()
        return self._o2c_pay_urls(channel).get(self.id, False)

    def _o2c_pay_code(self, channel):
        """Return the code that opens the same page as the address of a printed channel (pdf, print), as it is printed;
        ``False`` when nothing is payable online."""
        self.ensure_one()
        links = self.env["o2c.pay.link"]._get_or_create(self.filtered(lambda move: move._o2c_is_payable()), channel)
        return self.id in links and links[self.id]._code()

    def action_o2c_copy_pay_link(self):
        """Put the Pay Now address of this invoice on the user's clipboard.

        :raises AccessError: if the user is not staff or may not read the invoice
        :raises UserError: if there is nothing to pay
        """
        self.ensure_one()
        self.check_access("read")
        if not self.env.user._is_internal():
            raise AccessError(self.env._("Only staff can hand out pay links."))
        url = self._o2c_pay_url("manual")
        if not url:
            raise UserError(self.env._("Nothing is to be paid on %(name)s, so there is no link.", name=self.name))
        return {"type": "ir.actions.client", "tag": "o2c_portal.copy_pay_link", "params": {"url": url}}

    def action_o2c_view_pay_links(self):
        """Open the links of this invoice with their statistics."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("o2c_portal.o2c_pay_link_action"),
            "domain": [("move_id", "in", self.ids)],
            "context": {"create": False},
        }

    # === TERMS === #

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

    def _compute_needed_terms(self):
        """Keep two instalments of one day apart, where Odoo would merge them, and count down payments in."""
        super()._compute_needed_terms()
        for move in self:
            needed = {key: {"o2c_part": 0, **values} for key, values in move.needed_terms.items()}
            if len(move.invoice_payment_term_id.line_ids) > 1 and all("discount_date" in key for key in needed):
                needed = move._o2c_terms_after_down_payments(needed) or move._o2c_terms_apart(needed)
            move.needed_terms = needed

    def _o2c_term_date(self):
        """Return the day the terms count from, as Odoo has it."""
        return self.invoice_date or self.date or fields.Date.context_today(self)

    def _o2c_term_parts(self, needed, ahead=0.0):
        """Return the parts of the term for the totals of ``needed``, enlarged by what was paid ahead."""
        return self.invoice_payment_term_id._compute_terms(
            date_ref=self._o2c_term_date(),
            currency=self.currency_id,
            company=self.company_id,
            tax_amount=0.0,
            tax_amount_currency=0.0,
            untaxed_amount=sum(values["balance"] for values in needed.values()),
            untaxed_amount_currency=sum(values["amount_currency"] for values in needed.values()) + ahead,
            cash_rounding=self.invoice_cash_rounding_id,
            sign=1 if self.is_inbound(include_receipts=True) else -1,
        )["line_ids"]

    def _o2c_terms_apart(self, needed):
        """Return ``needed`` with the parts of one day split again: the first under Odoo's own key, others numbered."""
        if len(needed) >= len(self.invoice_payment_term_id.line_ids):
            return needed
        parts = self._o2c_term_parts(needed)
        apart = {}
        for key, values in needed.items():
            of_day = [part for part in parts if part["date"] == key["date_maturity"]]
            owed = [part for part in of_day if part["foreign_amount"] or part["company_amount"]]
            if len(owed) < 2:
                apart[key] = values
                continue
            for number, part in enumerate(owed, start=1):
                own = {"o2c_part": number} if number > 1 else {}
                apart[frozendict({**key, **own})] = {
                    **values, **own, "balance": part["company_amount"], "amount_currency": part["foreign_amount"],
                }
        return apart

    def _o2c_paid_ahead(self):
        """Return the down payments deducted here (with taxes); 0 on a down payment's own invoice, None without any.

        Only terms with equal parts count them in; all others are Odoo's.
        """
        lines = self.invoice_line_ids.filtered(lambda line: line.display_type == "product")
        down_payments = lines.filtered("is_downpayment")
        if not down_payments or self.move_type != "out_invoice" or not self.invoice_payment_term_id.o2c_has_equal_parts:
            return None
        ahead = -sum(down_payments.mapped("price_total"))
        if ahead > 0:
            return ahead
        return 0 if lines == down_payments else None

    def _o2c_terms_after_down_payments(self, needed):
        """Return ``needed`` as the order's schedule wants it, or None where no down payment changes it.

        A down payment is due at once, and settles the earliest instalments of the invoice it is deducted from.
        """
        ahead = self._o2c_paid_ahead()
        digits, company_digits = self.currency_id.decimal_places, self.company_currency_id.decimal_places
        total = money.to_minor(sum(values["amount_currency"] for values in needed.values()), digits)
        if ahead is None or total <= 0:
            return None
        dates, left = [self._o2c_term_date()], [total]
        if ahead:
            parts = self._o2c_term_parts(needed, ahead)
            dates = [part["date"] for part in parts]
            amounts = [money.to_minor(part["foreign_amount"], digits) for part in parts]
            left = schedule.less(amounts, money.to_minor(ahead, digits))
        balance = money.to_minor(sum(values["balance"] for values in needed.values()), company_digits)
        key, values = next(iter(needed.items()))
        return {
            frozendict({**key, "date_maturity": day}): {
                **values,
                "balance": money.to_major(part_balance, company_digits),
                "amount_currency": money.to_major(amount, digits),
            }
            for day, amount, part_balance in zip(dates, left, schedule.in_proportion(balance, left), strict=True)
            if amount
        }

    # === PLANS === #

    o2c_plan_count = fields.Integer(
        "Plans and promises", compute="_compute_o2c_plan_count", groups="o2c_portal.o2c_portal_group_user",
    )

    def _compute_o2c_plan_count(self):
        items = self.env["o2c.payment.plan.item"].search([("move_id", "in", self.ids)])
        for move in self:
            move.o2c_plan_count = len(items.filtered(lambda item, move=move: item.move_id == move).plan_id)

    def _o2c_plans(self, states):
        """Return the plans over these documents that are in one of the states."""
        return self.env["o2c.payment.plan"].search([
            ("item_ids.move_id", "in", self.ids), ("state", "in", states),
        ]) if self else self.env["o2c.payment.plan"]

    def _o2c_evaluate_plans(self):
        """What is open has changed: see which plans were kept by it, and which were so no longer."""
        self._o2c_plans(["active", "kept"])._evaluate()

    def button_draft(self):
        """A document under revision is a new claim: what was agreed on for the old one ends."""
        posted = self.filtered(lambda move: move.state == "posted")
        plans_sudo = posted.sudo()._o2c_plans(["draft", "proposed", "active"])  # who may revise may end its plans
        for plan_sudo in plans_sudo:
            names = ", ".join((plan_sudo.move_ids & posted.sudo()).mapped("name"))
            plan_sudo._end("cancelled", self.env._("%(documents)s was reset to draft.", documents=names))
            if plan_sudo.kind == "instalments":
                plan_sudo._task(self.env._("%(plan)s must be agreed on anew", plan=plan_sudo.name), plan_sudo.reason)
        return super().button_draft()

    def action_o2c_propose_plan(self):
        """Agree with the customer of these invoices on a plan."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("o2c_portal.o2c_payment_plan_propose_action"),
            "context": {"default_move_ids": self.ids},
        }

    def action_o2c_view_plans(self):
        """Open the plans and promises over this document."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("o2c_portal.o2c_payment_plan_action"),
            "domain": [("item_ids.move_id", "in", self.ids)],
            "context": {"create": False},
        }

    # Orders

    def _o2c_orders(self):
        """Return the sale orders that these documents invoice or credit."""
        return self.invoice_line_ids.sale_line_ids.order_id

    # Email

    def _notify_get_recipients_groups(self, message, model_description, msg_vals=False):
        """Override of mail: the email of an invoice asks its customers to pay; staff that follows it keeps View.

        The address is given to the email's layout only. It is never part of the message that stays in the chatter.
        """
        groups = super()._notify_get_recipients_groups(message, model_description, msg_vals=msg_vals)
        if not self.env.context.get("o2c_invoice_mail") or not self.company_id.o2c_pay_now_mail:
            return groups
        request = self.env["o2c.pay.request"]._for(self, "email")
        if request:
            for name, _matches, data in groups:
                if name in ("portal_customer", "additional_intended_recipient"):
                    data.update(self._o2c_mail_values(request, data.get("button_access", {}).get("url")))
        return groups

    def _o2c_mail_values(self, request, view_url):
        """Return what the layout of the email shows to customers; see ``o2c.pay.request``."""
        subtitles = [self.name, self.env._("%(amount)s due %(date)s", amount=request["amount"], date=request["date"])]
        return {
            "has_button_access": True,
            "button_access": {"url": request["url"], "title": self.env._("Pay Now")},
            "subtitles": subtitles,
            "o2c_pay": {**request, "view_url": view_url},
        }

    def _o2c_pay_request_pdf(self):
        """Return what the PDF shows to get the invoice paid, None when there is nothing to pay online."""
        self.ensure_one()
        return self.env["o2c.pay.request"]._for_pdf(self)

    def _o2c_bank_request_pdf(self):
        """Return what the PDF shows to get the invoice paid by bank transfer, None when that is not to be shown."""
        self.ensure_one()
        return self.env["o2c.pay.request"]._for_bank(self)

    # What the customer told us

    o2c_request_item_ids = fields.One2many("o2c.customer.request.item", "move_id", readonly=True)
    o2c_request_count = fields.Integer(
        "Customer requests", compute="_compute_o2c_request_count", compute_sudo=True,
    )

    @api.depends("o2c_request_item_ids.is_open")
    def _compute_o2c_request_count(self):
        groups = self.env["o2c.customer.request.item"]._read_group(
            [("move_id", "in", self.ids)], ["move_id"], ["__count"]
        )
        counts = {move.id: count for move, count in groups}
        for move in self:
            move.o2c_request_count = counts.get(move.id, 0)

    def action_o2c_view_requests(self):
        """List what the customer asked for or said about this document."""
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("o2c_portal.o2c_customer_request_action"),
            "domain": [("item_ids.move_id", "=", self.id)], "context": {},
        }

    def _get_alerts(self):
        """Override of account: say on the form that the customer has paid, as the customer sees it."""
        alerts = super()._get_alerts()
        items_sudo = self.sudo().o2c_request_item_ids  # what is said here is for all who see the invoice
        item_sudo = items_sudo.filtered(lambda item: item.is_open and item.kind == "already_paid")[:1]
        if item_sudo:
            request = item_sudo.request_id
            words = {
                "date": format_date(self.env, request.paid_on), "reference": request.reference or "–",
                "until": format_date(self.env, item_sudo.pause_until) if item_sudo.pause_until else "–",
            }
            alerts["o2c_already_paid"] = {"level": "info", "message": self.env._(
                "The customer says this was paid on %(date)s, reference %(reference)s. Not chased until %(until)s.",
                **words,
            )}
        return alerts
