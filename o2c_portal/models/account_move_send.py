"""Adds to account.move.send: every reader of an invoice gets a mail of its own, and extra addresses get one too; many
PDFs are printed in parts, two at once; a run of sendings learns what became of each document; banners are counted."""

from odoo import api, models
from odoo.tools import split_every

from ..core import sending


class Once:
    """Work that is done the first time it is asked for."""

    def __init__(self, work):
        self._work = work

    def __call__(self):
        work, self._work = self._work, None
        if work:
            work()


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    @api.model
    def _get_default_mail_partner_ids(self, move, mail_template, mail_lang):
        """Override of account: the contacts chosen for invoices take the place of the invoice's own contact."""
        partners = super()._get_default_mail_partner_ids(move, mail_template, mail_lang)
        if not move.partner_id or not move.is_sale_document(include_receipts=True):
            return partners
        chosen = move.partner_id._o2c_named_contacts("invoice")
        return (partners - move.partner_id | chosen.sudo(self.env.su)) if chosen else partners

    @api.model
    def _get_default_sending_settings(self, move, from_cron=False, **custom_settings):
        """Override of account: who else gets the mail, as the sender left it; and whether a person sends this very
        document: it is tried then even where mails came back before."""
        settings = super()._get_default_sending_settings(move, from_cron=from_cron, **custom_settings)
        if "email" in settings["sending_methods"]:
            settings["o2c_also_to"] = (
                custom_settings["o2c_also_to"] if "o2c_also_to" in custom_settings else self._o2c_default_also_to(move)
            )
        settings["o2c_by_hand"] = custom_settings.get("o2c_by_hand", "mail_partner_ids" in custom_settings)
        return settings

    @api.model
    def _o2c_default_also_to(self, move):
        """Return the extra addresses of the customer and of staff who get invoices, as text."""
        if not move.partner_id or not move.is_sale_document(include_receipts=True):
            return ""
        others = self.env["o2c.recipients"]._others(move.partner_id, "invoice", move.company_id, move)
        return ", ".join(dict.fromkeys(other.address for other in others))

    @api.model
    def _is_applicable_to_move(self, method, move, **move_data):
        """Override of account: an extra address is somebody to write to."""
        return super()._is_applicable_to_move(method, move, **move_data) or bool(
            method == "email" and move_data.get("o2c_also_to")
        )

    @api.model
    def _send_mails(self, moves_data):
        """Override of account: customer documents are mailed to each reader alone; others as Odoo does."""
        ours = {
            move: data for move, data in moves_data.items() if move.is_sale_document(include_receipts=True)
        }
        if others := {move: data for move, data in moves_data.items() if move not in ours}:
            super()._send_mails(others)
        if ours:
            self._generate_dynamic_reports(ours)
            self.env["o2c.invoice.sending"]._send(ours)

    @api.model
    def _link_invoice_documents(self, invoices_data):
        """Override of account: here the PDF becomes the one that is sent, with the banner on it."""
        super()._link_invoice_documents(invoices_data)
        made = [move for move, data in invoices_data.items() if data.get("pdf_attachment_values")]
        self.env["o2c.banner"]._count_documents(self.env["account.move"].concat(*made), "pdf")

    # === MANY PDFS === #

    @api.model
    def _prepare_invoice_pdf_report(self, invoices_data):
        """Override of account: print in parts. While one part is printed, the next is written and printed as well."""
        self._o2c_print_parts(list(split_every(sending.part_size(len(invoices_data)), invoices_data)), invoices_data)

    @api.model
    def _o2c_print_parts(self, parts, invoices_data):
        """Print the first of these parts and, beside it, the others.

        The database is only ever used by this thread: a report that waits for its PDF calls back for the next part.
        """
        first, *rest = parts
        others = Once(lambda: self._o2c_print_parts(rest, invoices_data) if rest else None)
        printer = self.with_context(o2c_no_print_delay=True, o2c_meanwhile=others)
        # not by way of our own method: what other addons do before and after it, they do once for all parts
        super(AccountMoveSend, printer)._prepare_invoice_pdf_report(  # pylint: disable=super-method-mismatch
            {move: invoices_data[move] for move in first}
        )
        others()  # where nothing had to be printed

    # === RUNS === #

    @api.model
    def _hook_if_errors(self, moves_data, allow_raising=True):
        """Override of account: a run learns why documents could not be sent."""
        if outcome := self.env.context.get("o2c_send_outcome"):
            outcome.errors.update(
                (move.id, self._format_error_text(data["error"])) for move, data in moves_data.items()
            )
        return super()._hook_if_errors(moves_data, allow_raising=allow_raising)

    @api.model
    def _hook_if_success(self, moves_data, from_cron=False):
        """Override of account: a run learns by which ways the documents go out, and a document that should be mailed
        and has no reader does not pass in silence."""
        open_ways = {
            move: {method for method in data["sending_methods"] if self._is_applicable_to_move(method, move, **data)}
            for move, data in moves_data.items()
        }
        if outcome := self.env.context.get("o2c_send_outcome"):
            outcome.methods.update((move.id, methods) for move, methods in open_ways.items())
        super()._hook_if_success(moves_data, from_cron=from_cron)
        for move, data in moves_data.items():
            by_mail = "email" in data["sending_methods"] and move.is_sale_document(include_receipts=True)
            missed = by_mail and move.partner_id and "email" not in open_ways[move]
            if missed and not self.env["o2c.till"]._handed_over(move):
                self.env["o2c.delivery"].sudo()._unreachable("invoice", move, move.partner_id, move.partner_id)
