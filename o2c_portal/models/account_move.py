"""Adds to account.move: what can be paid online, by which link, what was agreed on and what its customer told us."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date, str2bool

from ..core import instalments, money

PAYABLE_MOVE_TYPES = ("out_invoice",)


class AccountMove(models.Model):
    _inherit = "account.move"

    # === ONLINE PAYMENT === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override: which payments a document has is not for users to type; see ``_o2c_guard``."""
        for vals in vals_list:
            self.env["payment.transaction"]._o2c_guard(self.browse(), vals)
        return super().create(vals_list)

    def write(self, vals):
        """Override: as for a new document."""
        self.env["payment.transaction"]._o2c_guard(self, vals)
        return super().write(vals)

    def action_post(self):
        """Override: what somebody revises is not posted because money for it comes; see ``_post_process``."""
        left = self.browse(self.env.context.get("o2c_left_draft_ids", ()))
        return super(AccountMove, self - left).action_post()

    def _o2c_is_payable_document(self):
        """Say whether the document is of a kind and state that customers may pay online."""
        return self._o2c_asks_for_money() and self._o2c_pays_online()

    def _o2c_asks_for_money(self):
        """Say whether the document is of a kind and state that customers pay, online or not."""
        self.ensure_one()
        return self.state == "posted" and self.move_type in PAYABLE_MOVE_TYPES

    @api.model
    def _o2c_pays_online(self):
        """Say whether the settings let customers pay online."""
        enabled = self.env["ir.config_parameter"].sudo().get_param("account_payment.enable_portal_payment")
        return str2bool(enabled, default=False)

    def _has_to_be_paid(self):
        """Override of account_payment: a payment under way hides only the instalments it pays, not the others."""
        if super()._has_to_be_paid():
            return any(item.payable for item in self._o2c_instalments())
        under_way = self.transaction_ids.filtered(lambda tx: tx._o2c_is_coming())
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
        link = self._o2c_pay_link(channel)
        return bool(link) and link._code()

    def _o2c_pay_link(self, channel):
        """Return the current link of this document for a channel, empty when nothing is payable online."""
        self.ensure_one()
        links = self.env["o2c.pay.link"]._get_or_create(self.filtered(lambda move: move._o2c_is_payable()), channel)
        return links.get(self.id, self.env["o2c.pay.link"])

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

    # === SENDING === #

    def _generate_and_send(self, *args, **settings):
        """Override of account: here a program sends, that of a till for one, and no person has chosen the readers."""
        programmed = self.with_context(o2c_by_program=True)
        return super(AccountMove, programmed)._generate_and_send(*args, **settings)

    def _compute_is_being_sent(self):
        """Override of account: what waits in a bulk sending is being sent."""
        super()._compute_is_being_sent()
        waiting = self.env["o2c.send.item"].sudo().search_fetch(  # sudo: whoever sees the document may know
            [("move_id", "in", self.ids), ("state", "in", ("waiting", "working"))], ["move_id"],
        )
        waiting.move_id.with_env(self.env).is_being_sent = True

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
        self.filtered(lambda move: move.state == "posted")._o2c_end_plans(
            lambda names: self.env._("%(documents)s was reset to draft.", documents=names)
        )
        return super().button_draft()

    def _o2c_end_plans(self, reason):
        """End what was agreed on for these documents; a plan is a task then, to be agreed on anew.

        :param reason: a function that returns it for the names of the documents
        """
        documents_sudo = self.sudo()  # who may revise a document may end its plans
        for plan_sudo in documents_sudo._o2c_plans(["draft", "proposed", "active"]):
            plan_sudo._end("cancelled", reason(", ".join((plan_sudo.move_ids & documents_sudo).mapped("name"))))
            if plan_sudo.kind == "instalments":
                plan_sudo._task(self.env._("%(plan)s must be agreed on anew", plan=plan_sudo.name), plan_sudo.reason)

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

    # === PRINT === #

    def _o2c_pay_request_pdf(self, ahead=None):
        """Return what the PDF shows to get the invoice paid, None when there is nothing to pay online."""
        self.ensure_one()
        return self.env["o2c.pay.request"]._for_pdf(self, ahead)

    def _o2c_bank_request_pdf(self, ahead=None):
        """Return what the PDF shows to get the invoice paid by bank transfer, None when that is not to be shown."""
        self.ensure_one()
        return self.env["o2c.pay.request"]._for_bank(self, ahead)

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
        if self.env.user.share:
            return alerts
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
