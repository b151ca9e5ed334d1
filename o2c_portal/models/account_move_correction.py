"""Adds to account.move: which invoice took the place of a wrong one, and what its readers are told about that."""

# pylint: disable=consider-merging-classes-inherited
from odoo import api, fields, models


class AccountMove(models.Model):
    _inherit = "account.move"

    o2c_corrects_id = fields.Many2one(
        "account.move", "Corrects", copy=False, readonly=True, index="btree_not_null", ondelete="restrict",
        check_company=True, help="The invoice that this one takes the place of.",
    )
    o2c_correction_credit_id = fields.Many2one(
        "account.move", "Credited By", copy=False, readonly=True, index="btree_not_null", ondelete="restrict",
        check_company=True, help="The credit note that cancelled the wrong invoice.",
    )
    o2c_correction_ids = fields.One2many("account.move", "o2c_corrects_id", "Corrections", readonly=True)
    o2c_credited_correction_ids = fields.One2many("account.move", "o2c_correction_credit_id", readonly=True)
    o2c_correction_kinds = fields.Char(
        "Corrected", copy=False, readonly=True, help="What was wrong: technical names, separated by commas.",
    )
    o2c_correction_words = fields.Char(
        "Said to the Customer", copy=False, readonly=True, help="What the sender says about the correction.",
    )
    o2c_corrected_by_id = fields.Many2one("account.move", "Corrected By", compute="_compute_o2c_corrected_by_id")

    _o2c_corrects_once = models.UniqueIndex(
        "(o2c_corrects_id) WHERE o2c_corrects_id IS NOT NULL AND state != 'cancel'",
        "This invoice was corrected already.",
    )

    @api.depends("o2c_correction_ids.state")
    def _compute_o2c_corrected_by_id(self):
        for move in self:
            move.o2c_corrected_by_id = move.o2c_correction_ids.filtered(lambda new: new.state != "cancel")[:1]

    def _o2c_latest(self):
        """Return the invoice that stands in the place of this one by now, itself where it was not corrected."""
        self.ensure_one()
        return self.o2c_corrected_by_id._o2c_latest() if self.o2c_corrected_by_id else self

    def _o2c_cancels_invoice(self):
        """Say whether this credit note cancels the whole of an invoice: what that was for is invoiced again, or still
        to be invoiced. A credit note of a part, or one for an invoice that stays paid, takes something off instead."""
        self.ensure_one()
        old = self.move_type == "out_refund" and self.reversed_entry_id
        return bool(old) and old.payment_state == "reversed" and (
            old.currency_id.compare_amounts(old.amount_total, self.amount_total) == 0
        )

    def _o2c_kinds_text(self, kinds):
        """Return in words what was wrong, such as "price, tax"."""
        words = {
            "price": self.env._("price"),
            "quantity": self.env._("quantity"),
            "tax": self.env._("tax"),
            "text": self.env._("description"),
            "added": self.env._("a missing line"),
            "address": self.env._("name or address"),
            "delivery": self.env._("delivery address"),
            "reference": self.env._("your reference"),
        }
        return ", ".join(words[kind] for kind in kinds)

    def _o2c_correction_text(self):
        """Return what a reader of the document is told about a correction, in the language of the environment; empty
        where there was none."""
        self.ensure_one()
        if new := self.move_type == "out_refund" and self.o2c_credited_correction_ids[:1]:
            return self.env._(
                "This credit note cancels %(old)s. %(new)s takes its place.",
                old=new.o2c_corrects_id.name, new=new.name,
            )
        if not self.o2c_correction_kinds:
            return ""
        old = self.o2c_corrects_id
        kinds = self._o2c_kinds_text(self.o2c_correction_kinds.split(","))
        text = self.env._(
            "This invoice takes the place of %(old)s, which %(credit)s cancels. Corrected: %(kinds)s.",
            old=old.name, credit=self.o2c_correction_credit_id.name, kinds=kinds,
        ) if old else self.env._(
            "This is a corrected copy of %(name)s. Please use it instead of the one you have. Corrected: %(kinds)s.",
            name=self.name, kinds=kinds,
        )
        return " ".join(filter(None, [text, self.o2c_correction_words]))

    def _get_alerts(self):
        """Override of account: say on the form which invoice took the place of this one."""
        alerts = super()._get_alerts()
        if new := self.state == "posted" and self.o2c_corrected_by_id:
            alerts["o2c_corrected"] = {
                "level": "info", "message": self.env._("This invoice was corrected. It is %(new)s now.", new=new.name),
                "action_text": self.env._("Open the corrected invoice"), "action": new._get_records_action(),
            }
        return alerts

    def action_o2c_correct(self):
        """Ask what is wrong with this invoice, to put it right.

        :raises UserError: if it cannot be corrected
        """
        self.ensure_one()
        self.check_access("write")
        self.env["o2c.correction"]._check(self)
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("o2c_portal.o2c_invoice_correction_action"),
            "context": {"default_move_id": self.id},
        }
