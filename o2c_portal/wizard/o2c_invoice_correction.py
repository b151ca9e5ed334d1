"""Asks what is wrong with an invoice, says what will happen, and has it put right and sent."""

from dataclasses import replace

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command

from ..core import corrections, money

DATES = [("keep", "As on the wrong invoice"), ("restart", "Counted again from today")]


class O2cInvoiceCorrection(models.TransientModel):
    """What is changed here decides what happens; it is shown, with the difference, before anything is done."""

    _name = "o2c.invoice.correction"
    _description = "Correct an Invoice"

    move_id = fields.Many2one("account.move", "Invoice", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="move_id.currency_id")
    commercial_partner_id = fields.Many2one(related="move_id.commercial_partner_id")
    reference = fields.Char("Customer Reference", help="Such as the number of the customer's purchase order.",
                            compute="_compute_reference", store=True, readonly=False)
    partner_id = fields.Many2one(
        "res.partner", "Invoice To", compute="_compute_partner_id", store=True, readonly=False,
        domain="[('id', 'child_of', commercial_partner_id)]",
    )
    partner_shipping_id = fields.Many2one(
        "res.partner", "Delivered To", compute="_compute_partner_shipping_id", store=True, readonly=False,
    )
    restated = fields.Boolean(
        "Name, Address or VAT Number Was Wrong",
        help="Tick this after you have corrected it on the contact: the new invoice shows what is there now.",
    )
    line_ids = fields.One2many("o2c.invoice.correction.line", "wizard_id", "Lines", compute="_compute_line_ids",
                               store=True, readonly=False)
    dates = fields.Selection(DATES, "Due Dates", required=True, default="keep")
    words = fields.Char("What You Say About It", help="One sentence for the customer, in the mail with the correction.")
    send = fields.Boolean("Send It", default=True, help="In the background, the way this customer gets invoices.")
    result_id = fields.Many2one("account.move", readonly=True, help="What was made of it; it is made once.")

    verdict = fields.Selection(
        [("nothing", "Nothing"), ("amend", "Corrected Copy"), ("reissue", "Credit Note and New Invoice")],
        "What Happens", compute="_compute_outcome",
    )
    kinds = fields.Char("Corrected", compute="_compute_outcome")
    problem = fields.Char(compute="_compute_outcome")
    hints = fields.Text(compute="_compute_outcome")
    old_total = fields.Monetary("Until Now", related="move_id.amount_total")
    new_total = fields.Monetary("Corrected Total", compute="_compute_outcome")
    difference = fields.Monetary(compute="_compute_outcome")
    moved = fields.Monetary("Paid Already", compute="_compute_outcome")
    still_open = fields.Monetary("To Be Paid", compute="_compute_outcome")
    left_over = fields.Monetary("Credit of the Customer", compute="_compute_outcome")

    @api.constrains("move_id", "partner_id", "partner_shipping_id")
    def _check_access_to_records(self):
        """Refuse what the user may not see: ids come from the client, and computed fields read with all rights."""
        for wizard in self.sudo(False):  # constraints run with elevated rights
            wizard.move_id.check_access("write")
            (wizard.partner_id | wizard.partner_shipping_id).check_access("read")

    # All starts as it is on the invoice. Each field is computed alone: one that is given leaves the others as they are

    @api.depends("move_id")
    def _compute_reference(self):
        for wizard in self:
            wizard.reference = wizard.move_id.ref

    @api.depends("move_id")
    def _compute_partner_id(self):
        for wizard in self:
            wizard.partner_id = wizard.move_id.partner_id

    @api.depends("move_id")
    def _compute_partner_shipping_id(self):
        for wizard in self:
            wizard.partner_shipping_id = wizard.move_id.partner_shipping_id

    @api.depends("move_id")
    def _compute_line_ids(self):
        for wizard in self:
            wizard.line_ids = [Command.clear(), *(
                Command.create({
                    "move_line_id": line.id, "product_id": line.product_id.id, "name": line.name,
                    "quantity": line.quantity, "price_unit": line.price_unit, "discount": line.discount,
                    "tax_ids": [Command.set(line.tax_ids.ids)],
                })
                for line in self.env["o2c.correction"]._lines(wizard.move_id)
            )]

    def _document(self):
        """Return the invoice as it should be; lines that were taken away are left out."""
        self.ensure_one()
        known = self.env["o2c.correction"]._document(self.move_id).lines
        old = self.line_ids.filtered("move_line_id")
        typed = {line.move_line_id.id: line._line() for line in old}
        return corrections.Document(
            contact=self.partner_id.id, delivery=self.partner_shipping_id.id, reference=self.reference or "",
            lines={key: typed.get(key, replace(line, quantity=0.0)) for key, line in known.items()},
            added=tuple(line._line() for line in self.line_ids - old if line.quantity),
        )

    @api.depends(
        "reference", "partner_id", "partner_shipping_id", "restated", "line_ids.name", "line_ids.quantity",
        "line_ids.price_unit", "line_ids.discount", "line_ids.tax_ids", "line_ids.product_id",
    )
    def _compute_outcome(self):
        service = self.env["o2c.correction"]
        for wizard in self:
            move, document = wizard.move_id, wizard._document()
            facts = service._facts(move, wizard.partner_id, wizard.partner_shipping_id)
            kinds = corrections.changes(service._document(move), document, wizard.restated)
            digits, verdict = move.currency_id.decimal_places, corrections.decide(kinds, facts)
            total = service._total(move, document) if verdict == "reissue" else move.amount_total
            money_of = service._settlement(move, total)
            wizard.verdict, wizard.kinds = verdict, move._o2c_kinds_text(kinds)
            wizard.problem = service._problem(move, facts, document)
            wizard.new_total, wizard.difference = total, total - move.amount_total
            wizard.moved = money.to_major(money_of.moved, digits)
            wizard.still_open = money.to_major(money_of.open, digits)
            wizard.left_over = money.to_major(money_of.left_over, digits)
            wizard.hints = "\n".join(wizard._hints(verdict))

    def _hints(self, verdict):
        """Return what else follows, sentence by sentence."""
        self.ensure_one()
        if verdict != "reissue":
            return []
        plans_sudo = self.move_id.sudo()._o2c_plans(["draft", "proposed", "active"])  # the user may end them
        hints = [self.env._("Payment links and printed codes of %(name)s lead to the new invoice.",
                            name=self.move_id.name)]
        if plans_sudo:
            hints.append(self.env._("%(plans)s ends and must be agreed on anew.",
                                    plans=", ".join(plans_sudo.mapped("name"))))
        if orders := self._orders_with_less():
            hints.append(self.env._(
                "%(orders)s has more to invoice then. If it should not be invoiced, change the order as well.",
                orders=", ".join(orders.mapped("name")),
            ))
        return hints + self._money_hints()

    def _money_hints(self):
        """Return what to look at, for nobody else will: sentence by sentence."""
        move, hints = self.move_id, []
        if drafts := move.reversal_move_ids.filtered(lambda credit: credit.state == "draft"):
            hints.append(self.env._(
                "A credit note over %(name)s waits as a draft (%(drafts)s). Delete it, or all is credited twice.",
                name=move.name, drafts=", ".join(drafts.mapped("display_name")),
            ))
        deducted = self.env["o2c.correction"]._deducted(move)
        if move.currency_id.compare_amounts(deducted, 0) > 0:
            hints.append(self.env._(
                "%(amount)s was deducted when %(name)s was paid, such as a discount for early payment. It stays "
                "deducted: see whether it is right for the new total.",
                amount=move.currency_id.format(deducted), name=move.name,
            ))
        return hints

    def _orders_with_less(self):
        """Return the orders of which less is invoiced than before."""
        wanted = self._document().lines
        lines = self.env["o2c.correction"]._lines(self.move_id)
        return lines.filtered(lambda line: wanted[line.id].quantity < line.quantity).sale_line_ids.order_id

    def action_correct(self):
        """Do what was shown, once, send it, and open the corrected invoice.

        :raises UserError: if nothing was changed, or the invoice cannot be corrected (any more)
        """
        self.ensure_one()
        move = self.move_id
        move.check_access("write")
        if not self.result_id:
            self.env["o2c.correction"]._lock(move)
            self.invalidate_recordset()
            self.result_id = self._correct()
            if self.send:
                credit = move.o2c_corrected_by_id.o2c_correction_credit_id  # none where only a copy is corrected
                self.env["o2c.send.run"]._start(self.result_id | credit)
        return self.result_id._get_records_action()

    def _correct(self):
        """Return the corrected invoice."""
        if self.problem:
            raise UserError(self.problem)
        if self.verdict == "nothing":
            raise UserError(self.env._("Change what is wrong first."))
        service, move, document = self.env["o2c.correction"].with_company(self.move_id.company_id), self.move_id, (
            self._document()
        )
        kinds = corrections.changes(service._document(move), document, self.restated)
        move = move.with_env(service.env)
        if self.verdict == "amend":
            return service._amend(move, document, kinds, self.words)
        return service._reissue(move, document, kinds, self.words, self.new_total, self.dates == "keep")


class O2cInvoiceCorrectionLine(models.TransientModel):
    """A line of the invoice, or one that was forgotten on it."""

    _name = "o2c.invoice.correction.line"
    _description = "Line of an Invoice to Correct"
    _order = "id"

    wizard_id = fields.Many2one("o2c.invoice.correction", required=True, ondelete="cascade")
    move_line_id = fields.Many2one("account.move.line", "Line", ondelete="cascade", help="Empty: the line is added.")
    currency_id = fields.Many2one(related="wizard_id.currency_id")
    company_id = fields.Many2one(related="wizard_id.move_id.company_id")
    was = fields.Char("Until Now", compute="_compute_was")
    product_id = fields.Many2one("product.product", ondelete="cascade")
    name = fields.Text("Description")
    quantity = fields.Float(digits="Product Unit", default=1.0, help="0 leaves the line out.")
    price_unit = fields.Float("Price", min_display_digits="Product Price")  # not rounded, as on invoices
    discount = fields.Float("Discount %", digits="Discount")
    tax_ids = fields.Many2many("account.tax", string="Taxes", context={"active_test": False})

    @api.depends("move_line_id")
    def _compute_was(self):
        service = self.env["o2c.correction"]
        for line in self:
            move = line.move_line_id.move_id
            was = service._document(move).lines.get(line.move_line_id._origin.id)
            line.was = was and service._line_text(move, was)

    @api.onchange("product_id")
    def _onchange_product_id(self):
        """Fill in what Odoo does when this product is entered on the invoice."""
        if self.product_id and not self.move_line_id:
            self.update(self.env["o2c.correction"]._product_values(self.wizard_id.move_id, self.product_id))

    @api.constrains("move_line_id", "product_id", "name", "tax_ids")
    def _check_line(self):
        """Refuse lines of other documents, and what the user may not see: ids come from the client."""
        for line in self.sudo(False):  # constraints run with elevated rights
            if line.move_line_id and line.move_line_id.move_id != line.wizard_id.move_id:
                raise UserError(self.env._("This line belongs to another document."))
            if not line.move_line_id and not (line.name or "").strip():
                raise ValidationError(self.env._("Say what the added line is for."))
            line.product_id.check_access("read")
            line.tax_ids.check_access("read")

    def _line(self):
        return corrections.Line(
            quantity=self.quantity, price=self.price_unit, discount=self.discount,
            taxes=frozenset(self.tax_ids._origin.ids), text=self.name or "", product=self.product_id._origin.id,
        )
