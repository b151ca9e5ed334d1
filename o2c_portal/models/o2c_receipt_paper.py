"""What a receipt, or any other notice about money, says; and the same on paper."""

from odoo import fields, models
from odoo.tools import format_amount, format_date

from ..core import instalments, notices
from ..core.money import to_major

REPORT = "o2c_portal.o2c_receipt_report"


class O2cReceiptPaper(models.AbstractModel):
    _name = "o2c.receipt.paper"
    _description = "Content of a receipt"

    def _content(self, notice, lang):
        """Return what a notice says as things stand now, as texts in ``lang``.

        The number of queries is the same for one document and for hundreds.
        """
        env = notice.with_context(lang=lang).env

        def money(amount, currency):
            return format_amount(env, amount, currency, lang_code=lang)

        notice = notice.with_env(env)
        documents, items = notice._documents(), notice._items()
        stands = notice.kind != notices.REVERSAL
        schedule = documents._o2c_instalments_by_move() if notice.incoming else {}
        open_rows = self._open_rows(env, schedule, lang, money)
        return {
            "kind": notice.kind,
            "incoming": notice.incoming,
            "lang": lang,
            "title": self._title(env, notice),
            "company": notice.company_id,
            "partner": notice.partner_id,
            "customer": notice.partner_id.name or "",
            "amount": money(notice.amount, notice.currency_id),
            "date": format_date(env, (notice.payment_id or notice.entry_id).date, lang_code=lang),
            "today": format_date(env, fields.Date.context_today(notice), lang_code=lang),
            "method": self._method(notice),
            "reference": notice._name_of_money(),
            "paid": self._paid_rows(env, notice, schedule, lang, money) if stands else [],
            "credit": self._credit(notice, items, money) if stands else "",
            "open": [row for row in open_rows if row[2]],
            "settled": [row[0] for row in open_rows if not row[2]],
            "documents": documents,
            "subject_documents": ", ".join(documents.mapped("name")[:3]) + ("…" if len(documents) > 3 else ""),
        }

    def _title(self, env, notice):
        if notice.kind == notices.RECEIPT:
            return env._("Receipt")
        if notice.kind == notices.REFUND:
            return env._("Refund")
        return env._("Payment withdrawn") if notice.incoming else env._("Refund withdrawn")

    def _credit(self, notice, items, money):
        """Return what of money that came settles nothing yet, as text; empty if nothing is left."""
        left = -sum(items.mapped("amount_residual_currency")) if notice.incoming else 0
        return money(left, notice.currency_id) if notice.currency_id.compare_amounts(left, 0) > 0 else ""

    def _paid_rows(self, env, notice, schedule, lang, money):
        """Return ``[(document, instalment, amount)]`` in the order of the instalments; of a refund that settles
        nothing, the online payment it gives back."""
        settled = notice._settled(notice._items())
        source = notice.sudo().payment_id.payment_transaction_id.source_transaction_id.payment_id  # sudo: as _method
        if source and not settled and not notice.incoming:
            label = self._label(env, source.move_id, None, lang)
            return [(source.name, label, money(notice.amount, notice.currency_id))]
        numbers = {item.line_id: item for items in schedule.values() for item in items}
        return [
            (
                line.move_id.name,
                self._label(env, line.move_id, numbers.get(line.id), lang),
                money(amount, line.currency_id),
            )
            for line, amount in sorted(
                settled.items(), key=lambda entry: (entry[0].move_id.id, entry[0].date_maturity or entry[0].date)
            )
        ]

    def _open_rows(self, env, schedule, lang, money):
        """Return ``[(document, open amount, [(instalment, date, amount)])]`` of the documents the money touched."""
        rows = []
        for move, items in schedule.items():
            digits, currency = move.currency_id.decimal_places, move.currency_id
            still = [item for item in instalments.in_order(items) if item.open_minor > 0]
            rows.append((
                move.name,
                money(to_major(sum(item.open_minor for item in still), digits), currency) if still else "",
                [
                    (self._label(env, move, item, lang), format_date(env, item.date_due, lang_code=lang),
                     money(to_major(item.open_minor, digits), currency))
                    for item in still
                ],
            ))
        return rows

    def _label(self, env, move, item, lang):
        """Return what part of a document it is; of a payment, when it was made."""
        if move.move_type == "entry":
            return env._("Payment of %(date)s", date=format_date(env, move.date, lang_code=lang))
        if item is None or item.count < 2:
            return ""
        return env._("Instalment %(number)s of %(count)s", number=item.number, count=item.count)

    def _method(self, notice):
        """Return how the money came or went, in words a customer knows."""
        if notice.payment_id:
            return self._method_of_payment(notice.payment_id)
        return self._method_of_entry(notice.entry_id)

    def _method_of_entry(self, entry):
        """Return how money that is no payment record came, in the language of the entry."""
        if way := self.env["o2c.till"]._way(entry):
            return way
        journal = entry.journal_id
        return entry.env._("Bank transfer") if journal.type == "bank" else journal.name

    def _method_of_payment(self, payment):
        tx = payment.sudo().payment_transaction_id  # sudo: transactions are not readable by all who see payments
        if tx:
            return " ".join(filter(None, [tx.payment_method_id.name, tx.token_id.payment_details]))
        line = payment.payment_method_line_id
        return line.name if line.code != "manual" else payment.journal_id.name

    # On paper

    def _pdf(self, notice, lang):
        """Return a notice as PDF, in ``lang``."""
        # sudo: the report reads the ledger; the caller has decided whose
        report = self.env["ir.actions.report"].sudo().with_company(notice.company_id)
        report = report.with_context(o2c_no_print_delay=True)
        return report._render_qweb_pdf(REPORT, res_ids=notice.ids, data={"lang": lang})[0]

    def _file_name(self, notice, lang):
        """Return the name of a notice as a file, without its extension."""
        title = self._title(notice.with_context(lang=lang).env, notice)
        return f"{title} {notice._name_of_money()}".replace("/", "-")
