"""Bank transfers from the account pages: a reference for exactly what was chosen, and where the money is to go."""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_amount, format_date

from ..core import money, paging, remittance

LONGEST = 40  # characters of a reference in an address, spaces included


class O2cTransferDesk(models.AbstractModel):
    """Works with elevated rights on what is in the scope of a ``Visit``."""

    _name = "o2c.transfer.desk"
    _description = "Bank transfers from the account pages"

    @api.model
    def _offers(self, case, move_ids):
        """Say whether what is open on some documents can be paid by bank transfer: there is an account to send it to,
        and the company shows it to its customers."""
        return bool(case.company_id.o2c_bank_pdf and self._bank_account(self.env["account.move"].browse(move_ids)))

    @api.model
    def _bank_account(self, moves):
        """Return the account that transfers for some documents go to: the one the newest of them names."""
        return moves.filtered("partner_bank_id").sorted("id")[-1:].partner_bank_id

    @api.model
    def _advice(self, visit, case, wanted):
        """Return the reference for exactly what was chosen; see ``o2c.remittance._advise``.

        :param wanted: ``Wanted`` of ``o2c.basket``, with a quote and nothing on account
        :raises ValidationError: if some of it is not open any more
        """
        settled = {part.item.line_id: part.pay_minor + part.discount_minor for part in wanted.quote.parts}
        return self.env["o2c.remittance"]._advise(visit.scope.partner, case.company_id, case.currency_id, {
            due_id: settled[due_id] if due_id > 0 else item.open_minor for due_id, item in wanted.asked.items()
        })

    @api.model
    def _find(self, visit, reference):
        """Return the reference of a basket by its text; empty for what is none, or not of the visitor's account."""
        reference = remittance.compact(reference[:LONGEST])
        if not remittance.is_reference(reference):  # whatever else an address may hold
            return self.env["o2c.remittance"]
        domain = Domain([
            ("reference", "=", reference), ("move_id", "=", False),
            ("partner_id", "=", visit.scope.partner.id), ("company_id", "in", visit.scope.company_ids),
        ])
        found = self.env["o2c.remittance"].search(domain, limit=1)
        foreign = visit.scope.own_only and found.line_ids.move_id.partner_id - visit.scope.contact
        return found.browse() if foreign else found

    @api.model
    def _shown(self, visit, advice, sheet=1):
        """Return what the page with the instructions says, with a sheet of what it pays; ``standing`` is ``open``,
        ``paid``, or ``changed`` where what the reference is for is no longer open as it was."""
        page, open_by_line = self.env["o2c.basket.page"], advice._open()
        account = self._bank_account(advice.line_ids.move_id)
        standing = "paid" if advice.state == "applied" else "changed"
        values = {"creditor": page._creditor(advice.company_id), "standing": standing}
        if advice.state != "open" or not account or not advice._is_intact(open_by_line):
            return values
        items = advice._items(open_by_line, fields.Date.context_today(self))
        discount = sum(item.discount_minor for item in items)
        asked = sum(item.open_minor for item in items) - discount
        return {
            **values,
            **self.env["o2c.pay.request"]._transfer(account, asked, advice, visit.payer),
            **self._discount(advice, items, discount),
            **self._rows(visit, advice, sheet),
            "standing": "open",
        }

    def _rows(self, visit, advice, sheet):
        """Return a sheet of what a reference pays, and the addresses of those around it."""
        words, page = self.env["o2c.basket.page"], paging.page(sheet, len(advice.line_ids))
        here = ("reference", advice.reference)
        return {
            "rows": [
                {**words._document(visit, advice, line.move_id),
                 "amount": format_amount(self.env, line.amount, advice.currency_id)}
                for line in advice.line_ids[page.offset:page.offset + paging.PER_PAGE]
            ],
            "pager": words._pager(page, lambda number: visit.url("/transfer", [here, ("sheet", str(number))])),
        }

    def _discount(self, advice, items, minor):
        """Return the early payment discount that was taken off in words, and until when it is granted."""
        currency = advice.currency_id
        lines = advice.line_ids.move_line_id.browse(item.line_id for item in items if item.discount_minor)
        return {
            "discount": format_amount(self.env, money.to_major(minor, currency.decimal_places), currency),
            "discount_until": format_date(self.env, min(lines.mapped("discount_date"))),
        } if minor else {"discount": "", "discount_until": ""}
