"""The life of a plan: how it is made and put into force, and what becomes of it."""

import logging

from psycopg2 import OperationalError
from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import format_date, format_list, mute_logger
from odoo.tools.misc import format_amount

from ..core import plans
from ..core.money import to_major
from ..core.schedule import MAX_PARTS
from .o2c_payment_plan import OPEN_STATES

_logger = logging.getLogger(__name__)
BATCH = 100


class PlanImpossible(UserError):
    """The ledger has changed, or another agreement covers one of the items: nothing was agreed on."""


class O2cPaymentPlan(models.Model):
    """Works with elevated rights: plans are not for anybody to write; whoever calls has checked who asks."""

    _inherit = "o2c.payment.plan"

    # === MAKING === #

    @api.model
    def _open_items(self, moves):
        """Return the instalments of documents an agreement can cover, the oldest first: open, not being paid at this
        moment, and in no active plan."""
        items = [item for found in moves._o2c_instalments_by_move().values() for item in found]
        return sorted(
            (item for item in items if item.payable and not item.plan_id),
            key=lambda item: (item.date_due, item.move_id, item.line_id),
        )

    @api.model
    def _prepare(self, items, payments, kind="instalments", **values):
        """Return a draft over instalments of one customer, company and currency.

        :param items: ``Instalment`` of the ledger, in the order in which money counts for them
        :param payments: ``core.plans.Payment``; those of a promise may be less than is open
        """
        lines = self.env["account.move.line"].browse([item.line_id for item in items])
        move = lines.move_id[:1]
        digits = move.currency_id.decimal_places
        return self.create({
            "kind": kind,
            "partner_id": move.commercial_partner_id.id,
            "company_id": move.company_id.id,
            "currency_id": move.currency_id.id,
            "user_id": self._responsible(lines.move_id).id,
            "line_ids": [
                Command.create({"date": payment.date, "amount": to_major(payment.amount, digits)})
                for payment in payments
            ],
            "item_ids": [
                Command.create(cover)
                for cover in self._covers(items, lines, sum(payment.amount for payment in payments), digits)
            ],
            **values,
        })

    @api.model
    def _covers(self, items, lines, amount_minor, digits):
        """Return values of the items an amount reaches, and how much of each."""
        for sequence, (item, line) in enumerate(zip(items, lines, strict=True), start=1):
            covered = min(amount_minor, item.open_minor)
            amount_minor -= covered
            if covered:
                yield {
                    "sequence": sequence,
                    "move_line_id": line.id,
                    "move_id": line.move_id.id,
                    "partner_id": line.partner_id.id,
                    "company_id": line.company_id.id,
                    "currency_id": line.currency_id.id,
                    "covered": to_major(covered, digits),
                    "beyond": to_major(item.open_minor - covered, digits),
                    "name": f"{line.move_id.name} {item.number}/{item.count}" if item.count > 1 else line.move_id.name,
                }

    @api.model
    def _responsible(self, moves):
        """Return who minds the documents: their salesperson where that is active staff, else the administrator."""
        users = (moves.invoice_user_id | self.env.ref("base.user_admin")).filtered("active")
        return users.filtered(lambda user: not user.share)[:1]

    @api.model
    def _promise(self, items, day, amount_minor=None, **values):
        """Return an active promise to pay instalments on a day, all they owe unless an amount is given."""
        amount = amount_minor or sum(item.open_minor for item in items)
        plan = self._prepare(items, [plans.Payment(day, amount)], kind="promise", **values)
        plan._activate()
        return plan

    def _activate(self):
        """Put a plan into force; it takes the place of the plan it replaces and of promises on the same items.

        :raises PlanImpossible: if an item is no longer open as agreed, or another plan is active on it
        """
        self.ensure_one()
        if self.state not in ("draft", "proposed"):
            raise PlanImpossible(self.env._("%(plan)s has been decided already.", plan=self.name))
        lines = self.item_ids.move_line_id
        if lines.try_lock_for_update(allow_referencing=True) != lines:
            raise PlanImpossible(self.env._("One of the items is being paid at this moment. Please try again."))
        lines.invalidate_recordset(["amount_residual_currency", "parent_state"])
        others = self.search([("item_ids.move_line_id", "in", lines.ids), ("state", "=", "active")])
        superseded = others.filtered(lambda plan: plan.kind == "promise" or plan == self.replaces_id)
        superseded._end("cancelled", self.env._("Replaced by %(plan)s.", plan=self.name))
        self._check_agreement()
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                self._enter("active")
        except UniqueViolation as error:
            raise PlanImpossible(self.env._("Another plan is active on one of these items.")) from error
        self._tell_agreed()

    def _check_agreement(self):
        """:raises PlanImpossible: if the ledger does not owe exactly what was agreed on, or it is no schedule"""
        lines, items = self._facts()
        if not self._is_ours() or len(self.item_ids.move_line_id) != len(items):
            raise PlanImpossible(
                self.env._("A plan covers open instalments of one customer, company and currency."),
            )
        if any(item.residual != item.covered + item.beyond for item in items):
            raise PlanImpossible(self.env._("What is open has changed meanwhile. Please make the plan again."))
        if not 0 < len(lines) <= MAX_PARTS or (self.kind == "promise" and len(lines) > 1):
            raise PlanImpossible(self.env._("A plan has 1 to %(most)s payments, a promise one.", most=MAX_PARTS))
        dates = [line.date for line in lines]
        if sorted(set(dates)) != dates:
            raise PlanImpossible(self.env._("Every payment must be later than the one before it."))
        if sum(line.amount for line in lines) != sum(item.covered for item in items):
            raise PlanImpossible(self.env._("The payments must sum to exactly what the plan covers."))

    def _is_ours(self):
        """Say whether everything covered is an open instalment of the plan's customer, company and currency."""
        lines = self.item_ids.move_line_id
        moves = lines.move_id
        return (
            moves.commercial_partner_id == self.partner_id
            and moves.company_id == self.company_id
            and moves.currency_id == self.currency_id
            and all(line.display_type == "payment_term" and line.parent_state == "posted" for line in lines)
            and all(move.move_type in ("out_invoice", "out_receipt") for move in moves)
        )

    def _propose_to_customer(self):
        """Send a draft to the customer, who accepts it on their own pages."""
        self.ensure_one()
        self.write({"state": "proposed"})
        body = self.env["ir.qweb"]._render("o2c_portal.plan_proposal_mail", {
            "plan": self, "url": f"{self.get_base_url()}/my/billing/plans/{self.id}", "rows": self._rows(),
        })
        self._write_to_customer(self.env._("A payment plan for you: %(plan)s", plan=self.name), body)

    # === WHAT BECOMES OF IT === #

    def _end(self, state, reason):
        """Close plans; what they covered is due by its own dates again."""
        for plan in self:
            plan._enter(state, reason)
            plan._tell(self.env._("%(plan)s: %(reason)s", plan=plan.name, reason=reason))

    def _enter(self, state, reason=False):
        """Take a state, and let the covered journal items know whether a plan or promise is in force on them."""
        ended = state in ("kept", "broken", "cancelled")
        self.write({"state": state, "reason": reason, "ended_on": ended and self._today()})
        self.item_ids.flush_recordset(["live"])  # the unique index must see it: one plan may follow another at once
        self.item_ids.move_line_id.o2c_agreed = state == "active"
        if self.kind == "instalments":
            self.item_ids.move_line_id.o2c_plan_id = state == "active" and self

    def _evaluate(self):
        """Take the state the ledger and the calendar say. Every change is told, and a broken plan makes a task.

        A kept plan whose payment was taken back is in force again, unless something else was agreed on meanwhile.
        """
        for plan in self:
            lines, items = plan._facts()
            state = plans.state(lines, plans.paid(items), plan._today(), plan.grace_days)
            if state == plan.state:
                continue
            if state == "kept":
                plan._end("kept", self.env._("All payments arrived."))
            elif state == "broken":
                plan._break()
            else:
                plan._reopen()

    def _break(self):
        late = next(line for line in self._instalments() if line.open_minor)
        self._end("broken", self.env._(
            "%(amount)s due on %(date)s did not arrive in time.",
            amount=self._money(late.open_minor), date=format_date(self.env, late.date_due),
        ))
        self._task(self.env._("%(plan)s was not kept", plan=self.name), self.reason)

    def _reopen(self):
        lines = self.item_ids.move_line_id
        if self.env["o2c.payment.plan.item"].search_count([("move_line_id", "in", lines.ids), ("live", "=", True)]):
            return
        self._enter("active")
        self._tell(self.env._("%(plan)s is in force again: a payment was taken back.", plan=self.name))

    @api.model
    def _cron_evaluate(self):
        """Find the plans that were kept or broken, a hundred per commit; one that fails does not hold up the others."""
        ids = self.search([("state", "=", "active")], order="id").ids
        for start in range(0, len(ids), BATCH):
            for plan in self.browse(ids[start:start + BATCH]).try_lock_for_update():
                plan._evaluate_apart()
            if not self.env["ir.cron"]._commit_progress(BATCH, remaining=max(0, len(ids) - start - BATCH)):
                break

    def _evaluate_apart(self):
        try:
            with self.env.cr.savepoint():
                self._evaluate()
        except OperationalError:
            raise
        except Exception:  # noqa: BLE001 - the next night tries again
            _logger.exception("Plan %s could not be evaluated", self.id)

    # === STAFF === #

    def action_activate(self):
        """Accept what a customer proposed, or put a proposal of our own into force as agreed on the phone."""
        for plan in self._for_staff():
            answer = plan.state == "proposed" and plan.proposed_by == "customer"
            plan._activate()
            plan.activity_unlink(["mail.mail_activity_data_todo"])
            if answer:
                plan._write_to_customer(
                    self.env._("Your plan %(plan)s was accepted", plan=plan.name),
                    self.env._("We agree to your plan. Please pay by the dates you proposed."),
                )

    def action_cancel(self):
        """End or decline plans; what they cover is due by its own dates."""
        for plan in self._for_staff().filtered(lambda plan: plan.state in OPEN_STATES):
            answer = plan.state == "proposed" and plan.proposed_by == "customer"
            plan._end("cancelled", self.env._("Cancelled by %(user)s.", user=self.env.user.name))
            plan.activity_unlink(["mail.mail_activity_data_todo"])
            if answer:
                plan._write_to_customer(
                    self.env._("Your plan %(plan)s was not accepted", plan=plan.name),
                    self.env._("We cannot agree to this plan. Please contact us, or propose another one."),
                )

    def action_replace(self):
        """Agree anew on what this plan left open."""
        self._for_staff()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("o2c_portal.o2c_payment_plan_propose_action"),
            "context": {"default_replaces_id": self.id},
        }

    def action_view_invoices(self):
        """Open the documents the plan covers."""
        return self.move_ids._get_records_action(name=self.env._("Invoices"))

    def _for_staff(self):
        """Return the plans with elevated rights, for users who may manage receivables and may see these plans.

        :raises AccessError: for everybody else
        """
        self.check_access("read")
        if not self.env.user.has_group("o2c_portal.o2c_portal_group_user"):
            raise AccessError(self.env._("Only Receivables users agree on plans."))
        return self.sudo()

    # === WORDS === #

    def _today(self):
        return fields.Date.context_today(self.with_context(tz=self.company_id.partner_id.tz or self.env.user.tz))

    def _money(self, minor):
        return format_amount(self.env, to_major(minor, self.currency_id.decimal_places), self.currency_id)

    def _rows(self):
        """Return ``[(date, amount), ...]`` of the payments in words."""
        return [
            (format_date(self.env, line.date, date_format="medium"), self.currency_id.format(line.amount))
            for line in self.line_ids.sorted("date")
        ]

    def _tell_agreed(self):
        """Note on the documents what was agreed on for them."""
        lines = self.line_ids.sorted("date")
        date = format_date(self.env, lines[-1:].date)
        for move in self.move_ids:
            numbers = format_list(
                self.env, self.item_ids.filtered(lambda item, move=move: item.move_id == move).mapped(
                    "move_line_id.o2c_number_of"
                ),
            )
            if self.kind == "promise":
                words = self.env._(
                    "The customer promised to pay instalment %(instalment)s on %(date)s.",
                    instalment=numbers, date=date,
                )
            else:
                words = self.env._(
                    "%(plan)s was agreed on for instalment %(instalment)s: %(count)s payments until %(date)s.",
                    plan=self.name, instalment=numbers, count=len(lines), date=date,
                )
            move.message_post(body=words)
        self.message_post(body=self.env._("In force."))

    def _tell(self, text):
        """Note on the plan and on the documents it covers what happened to it."""
        for record in (self, *self.move_ids):
            record.message_post(body=text)

    def _task(self, summary, note):
        """Make a task for whoever is responsible."""
        user = self.user_id if self.user_id.active else self._responsible(self.move_ids)
        self.activity_schedule("mail.mail_activity_data_todo", user_id=user.id, summary=summary, note=note)

    def _write_to_customer(self, subject, body):
        """Send a message to whoever agreed to the plan, else to whom the invoices are addressed."""
        self.message_post(
            subject=subject, body=body, message_type="comment", subtype_xmlid="mail.mt_comment",
            partner_ids=(self.consent_partner_id or self.move_ids.partner_id or self.partner_id).ids,
        )
