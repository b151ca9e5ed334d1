"""A statement of account in words: as values of a page, as a table, as a file."""

import functools
import io
from collections.abc import Callable
from typing import NamedTuple

from odoo import api, models
from odoo.tools import format_date
from odoo.tools.misc import format_amount

from ..core import export, statement
from ..core.money import to_major
from ..core.statement import ACTIVITY

MIME = {
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
REPORT = "o2c_portal.o2c_statement_report"
WIDTHS = {"text": 22, "date": 12, "amount": 16, "count": 12}


class Wording(NamedTuple):
    """How statements are worded in one language."""

    words: dict  # {kind of entry: word}
    day: Callable  # of a date
    money: Callable  # of an amount in minor units, a currency and its digits


class O2cStatementPaper(models.AbstractModel):
    """Words a statement in the language of the environment. Trusts its caller, as ``o2c.statement`` does."""

    _name = "o2c.statement.paper"
    _description = "Statement of account, worded"

    # Words

    @api.model
    def _words(self):
        return {
            "invoice": self.env._("Invoice"),
            "sales_receipt": self.env._("Sales receipt"),
            "credit_note": self.env._("Credit note"),
            "payment": self.env._("Payment"),
            "payout": self.env._("Money sent back"),
            "conversion": self.env._("Settled in another currency"),
            "entry": self.env._("Adjustment"),
        }

    @api.model
    def _title(self, period):
        """Return what the statement is about, in one line."""
        if period.kind == ACTIVITY:
            return self.env._("Activity from %(start)s to %(end)s", start=self._day(period.start),
                              end=self._day(period.end))
        return self.env._("Open items as of %(day)s", day=self._day(period.end))

    @api.model
    def _file_name(self, period, extension):
        days = [day.isoformat() for day in (period.start, period.end) if day]
        return f"statement-{'_'.join(days)}.{extension}"

    @api.model
    def _day(self, day):
        return format_date(self.env, day, lang_code=self.env.lang) if day else ""

    # A page, on screen or on paper

    @api.model
    def _wording(self):
        """Return the wording in the language of the environment; it remembers the days and amounts it wrote."""
        def money(minor, currency, digits):
            return format_amount(self.env, to_major(minor, digits), currency)

        return Wording(self._words(), functools.cache(self._day), functools.cache(money))

    @api.model
    def _view(self, slices, period, wording=None):
        """Return what a template needs to show ``core.statement.Slice`` objects.

        :param wording: of the same language, where several statements share it
        """
        wording = wording or self._wording()
        companies = self.env["res.company"].browse({piece.section.company_id for piece in slices}).sudo()
        several = len(companies) > 1  # sudo: names of companies the customer deals with
        return [self._view_section(piece, period, wording, several) for piece in slices]

    @api.model
    def _view_section(self, piece, period, wording, several):
        section = piece.section
        currency = self.env["res.currency"].browse(section.currency_id)
        company = self.env["res.company"].browse(section.company_id).sudo().name

        def money(minor):
            return wording.money(minor, currency, section.digits)

        late = sum(row.entry.open for row in section.rows
                   if row.entry.open > 0 and statement.days_overdue(row.entry.date_due, period.end))
        return {
            "title": f"{company} · {currency.name}" if several else currency.name,
            "begins": piece.begins,
            "ends": piece.ends,
            "brought": money(piece.brought),
            "opening": money(section.opening),
            **({
                "charges": money(section.charges),
                "credits": money(-section.credits),
            } if period.kind == ACTIVITY else {}),
            "closing": money(section.closing),
            "in_favour": section.closing < 0,
            "overdue": money(late) if late else "",
            "rows": [self._view_row(row, period, wording, money) for row in piece.rows],
        }

    @api.model
    def _view_row(self, row, period, wording, money):
        entry = row.entry
        return {
            "kind": entry.kind,
            "word": wording.words[entry.kind],
            "number": entry.number,
            "note": entry.note,
            "part": (entry.part, entry.parts) if entry.parts > 1 else None,
            "move_id": entry.move_id if entry.kind in ("invoice", "credit_note") else 0,
            "day": wording.day(entry.date),
            "due": wording.day(entry.date_due),
            "late": statement.days_overdue(entry.date_due, period.end) if entry.open > 0 else 0,
            "amount": money(entry.amount),
            "credit": entry.amount < 0,
            "open": money(entry.open),
            "balance": money(row.balance),
        }

    # A table

    @api.model
    def _columns(self, kind):
        """Return ``[(heading, type)]`` of the table of a kind of statement."""
        common = [
            (self.env._("Company"), "text"), (self.env._("Currency"), "text"), (self.env._("Date"), "date"),
            (self.env._("Type"), "text"), (self.env._("Document"), "text"), (self.env._("Reference"), "text"),
        ]
        due = (self.env._("Due date"), "date")
        if kind == ACTIVITY:
            return common + [
                due, (self.env._("Charges"), "amount"), (self.env._("Payments and credits"), "amount"),
                (self.env._("Balance"), "amount"),
            ]
        return common + [
            (self.env._("Instalment"), "text"), due, (self.env._("Days overdue"), "count"),
            (self.env._("Amount"), "amount"), (self.env._("Open"), "amount"), (self.env._("Total"), "amount"),
        ]

    @api.model
    def _table_rows(self, sections, period):
        """Yield the rows of the table; amounts are exact decimals, empty cells ``None``."""
        words = self._words()
        for section in sections:
            head = [
                self.env["res.company"].browse(section.company_id).sudo().name,
                self.env["res.currency"].browse(section.currency_id).name,
            ]
            if period.kind == ACTIVITY:
                yield from self._activity_rows(head, section, period, words)
            else:
                yield from self._open_rows(head, section, period, words)

    @api.model
    def _activity_rows(self, head, section, period, words):
        def money(minor):
            return export.amount(minor, section.digits)

        empty = ["", "", None, None, None]
        yield head + [period.start, self.env._("Opening balance"), *empty, money(section.opening)]
        for entry, balance in section.rows:
            yield head + [
                entry.date, words[entry.kind], entry.number, entry.note, entry.date_due,
                money(entry.amount) if entry.amount > 0 else None, money(-entry.amount) if entry.amount < 0 else None,
                money(balance),
            ]
        yield head + [period.end, self.env._("Closing balance"), *empty, money(section.closing)]

    @api.model
    def _open_rows(self, head, section, period, words):
        for entry, total in section.rows:
            yield head + [
                entry.date, words[entry.kind], entry.number, entry.note,
                f"{entry.part}/{entry.parts}" if entry.parts > 1 else "", entry.date_due,
                statement.days_overdue(entry.date_due, period.end) if entry.open > 0 else 0,
                *(export.amount(minor, section.digits) for minor in (entry.amount, entry.open, total)),
            ]

    # Files

    @api.model
    def _csv(self, sections, period):
        header = [heading for heading, _type in self._columns(period.kind)]
        return export.csv_bytes([header, *self._table_rows(sections, period)])

    @api.model
    def _xlsx(self, sections, period):
        import xlsxwriter  # as Odoo does: not every database writes spreadsheets

        file = io.BytesIO()
        with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
            sheet = book.add_worksheet(self.env._("Statement")[:31])
            bold, day = book.add_format({"bold": True, "bottom": 1}), book.add_format({"num_format": "yyyy-mm-dd"})
            columns = self._columns(period.kind)
            for place, (heading, kind) in enumerate(columns):
                sheet.write_string(0, place, heading, bold)
                sheet.set_column(place, place, WIDTHS[kind])
            formats, line = {}, 0
            for section in sections:
                if section.digits not in formats:
                    decimals = f".{'0' * section.digits}" if section.digits else ""
                    formats[section.digits] = book.add_format({"num_format": f"#,##0{decimals}"})
                for row in self._table_rows([section], period):
                    line += 1
                    self._xlsx_row(sheet, line, row, {"date": day, "amount": formats[section.digits]}, columns)
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, max(line, 1), len(columns) - 1)
        return file.getvalue()

    @api.model
    def _xlsx_row(self, sheet, line, row, formats, columns):
        """Write one row: dates and numbers as such, texts as texts whatever they begin with."""
        for place, (value, (_heading, kind)) in enumerate(zip(row, columns, strict=True)):
            if value is None or value == "":
                continue
            if kind == "text":
                sheet.write_string(line, place, value)
            elif kind == "date":
                sheet.write_datetime(line, place, value, formats["date"])
            else:
                sheet.write_number(line, place, value, formats.get(kind))

    @api.model
    def _pdf(self, partner, companies, period, contact=None):
        """Return the statement of one customer on paper, in the customer's language.

        :param contact: keep only open items of documents addressed to this contact
        """
        # sudo: the report reads the ledger; the caller has decided whose
        report = self.env["ir.actions.report"].sudo().with_company(companies[:1]).with_context(o2c_no_print_delay=True)
        return report._render_qweb_pdf(REPORT, res_ids=partner.ids, data={
            "partner_ids": partner.ids, "company_ids": companies.ids, "kind": period.kind,
            "date_from": period.start and period.start.isoformat(), "date_to": period.end.isoformat(),
            "contact_id": contact.id if contact else None,
        })[0]
