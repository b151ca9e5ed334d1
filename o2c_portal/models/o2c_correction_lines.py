"""Adds to o2c.correction: the lines of a wrong invoice, what they should be, and what that comes to."""

from odoo import api, fields, models
from odoo.fields import Command

from ..core import corrections


class O2cCorrection(models.AbstractModel):
    _inherit = "o2c.correction"  # pylint: disable=consider-merging-classes-inherited  # by concern

    @api.model
    def _document(self, move):
        """Return an invoice as ``core.corrections.Document``."""
        return corrections.Document(
            contact=move.partner_id.id, delivery=move.partner_shipping_id.id, reference=move.ref or "",
            lines={line.id: corrections.Line(
                quantity=line.quantity, price=line.price_unit, discount=line.discount,
                taxes=frozenset(line.tax_ids.ids), text=line.name or "", product=line.product_id.id,
            ) for line in self._lines(move)},
        )

    @api.model
    def _lines(self, move):
        """Return the lines that can be wrong: those with an amount."""
        return move.invoice_line_ids.filtered(lambda line: line.display_type == "product")

    @api.model
    def _total(self, move, document):
        """Return what an invoice comes to with the lines of another document, as Odoo's tax computation has it."""
        tax = self.env["account.tax"]
        rows = [{
            **move._prepare_product_base_line_for_taxes_computation(line), **self._tax_values(document.lines[line.id]),
        } for line in self._lines(move)]
        rows += [tax._prepare_base_line_for_taxes_computation(
            None, partner_id=move.partner_id, currency_id=move.currency_id, sign=move.direction_sign,
            product_id=self.env["product.product"].browse(line.product), **self._tax_values(line),
        ) for line in document.added]
        tax._add_tax_details_in_base_lines(rows, move.company_id)
        tax._round_base_lines_tax_details(rows, move.company_id)
        return tax._get_tax_totals_summary(
            rows, move.currency_id, move.company_id, cash_rounding=move.invoice_cash_rounding_id,
        )["total_amount_currency"]

    @api.model
    def _tax_values(self, line):
        """Return what the taxes of a line are computed from."""
        return {
            "price_unit": line.price, "quantity": line.quantity, "discount": line.discount,
            "tax_ids": self.env["account.tax"].browse(sorted(line.taxes)),
        }

    @api.model
    def _line_commands(self, move, new, document):
        """Return the commands that put right the lines of the copy, which are in the order of the old ones, and add
        what was forgotten: as a line that somebody enters on an invoice, of no order."""
        commands, pairs = [], zip(self._lines(move).sorted("id"), self._lines(new).sorted("id"), strict=True)
        known = self._document(move).lines
        for old, line in pairs:
            was, wanted = known[old.id], document.lines[old.id]
            if not round(wanted.quantity, corrections.DIGITS):
                commands.append(Command.delete(line.id))
            elif was != wanted:
                commands.append(Command.update(line.id, self._line_values(wanted)))
        return commands + [
            Command.create({"product_id": line.product, **self._line_values(line)}) for line in document.added
        ]

    @api.model
    def _line_values(self, line):
        return {
            "quantity": line.quantity, "price_unit": line.price, "discount": line.discount,
            "tax_ids": [Command.set(sorted(line.taxes))], "name": line.text,
        }

    @api.model
    def _product_values(self, move, product):
        """Return the description, price and taxes that Odoo gives a product on an invoice like this one, made today."""
        company, position = move.company_id, move.fiscal_position_id
        told, taxes = product.with_context(lang=move.partner_id.lang), self.env["account.tax"]
        own = product.taxes_id.filtered_domain(taxes._check_company_domain(company))._filter_taxes_by_company(company)
        return {
            "name": "\n".join(filter(None, [told.display_name, told.description_sale])),
            "price_unit": product.with_company(company)._get_tax_included_unit_price(
                company, move.currency_id, fields.Date.context_today(move), "sale", fiscal_position=position,
            ),
            "tax_ids": position.map_tax(own),
        }

    @api.model
    def _differences(self, move, document):
        """Return ``[text]``: what was wrong and what is right, line by line."""
        was, contacts, rows = self._document(move), self.env["res.partner"], []
        for line in self._lines(move):
            old, new = was.lines[line.id], document.lines[line.id]
            if old != new:
                rows.append(f"{old.text}: {self._line_text(move, old)} → {self._line_text(move, new)}")
        rows += [f"{line.text}: – → {self._line_text(move, line)}" for line in document.added]
        for old, new in ((was.contact, document.contact), (was.delivery, document.delivery)):
            if old != new:
                rows.append(f"{contacts.browse(old).display_name} → {contacts.browse(new).display_name}")
        if was.reference != document.reference:
            rows.append(f"{was.reference or '–'} → {document.reference or '–'}")
        return rows

    @api.model
    def _line_text(self, move, line):
        taxes = ", ".join(self.env["account.tax"].browse(sorted(line.taxes)).mapped("name"))
        rounded = move.currency_id.round(line.price)
        exact = round(line.price - rounded, corrections.DIGITS)  # prices per unit may have more decimals
        price = f"{line.price:.10g} {move.currency_id.name}" if exact else move.currency_id.format(rounded)
        parts = [f"{line.quantity:g} × {price}"]
        parts += [f"-{line.discount:g} %"] if line.discount else []
        return " ".join([*parts, *([f"({taxes})"] if taxes else [])])
