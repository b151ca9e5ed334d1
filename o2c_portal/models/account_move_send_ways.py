"""Adds to account.move.send: two more ways to the customer, a notice that the document is online and the print pile."""

from odoo import api, models

from .res_partner_sending import NOTICE, PRINT

NAMES_SHOWN = 5


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"  # pylint: disable=consider-merging-classes-inherited  # by concern

    @api.model
    def _is_applicable_to_move(self, method, move, **move_data):
        """Override of account: a notice needs somebody who reads it, paper somebody it is for."""
        if method == NOTICE:
            return bool(move.partner_id) and self._o2c_has_reader(move)
        if method == PRINT:
            return bool(move.partner_id)
        return super()._is_applicable_to_move(method, move, **move_data)

    @api.model
    def _o2c_has_reader(self, move):
        """Say whether a customer has somebody who gets invoices by email."""
        readers = self.env["o2c.recipients"]._for(move.partner_id, "invoice", move.company_id, move)
        return any(reader.audience == "customer" for reader in readers)

    # Sending

    @api.model
    def _link_invoice_documents(self, invoices_data):
        """Override of account: what only goes to the print pile is not sent as long as it is not printed."""
        waiting = self.env["account.move"].sudo().union(*(
            move for move, data in invoices_data.items()
            if set(data["sending_methods"]) - {"manual"} == {PRINT} and not move.is_move_sent
        ))
        super()._link_invoice_documents(invoices_data)
        waiting.is_move_sent = False

    @api.model
    def _hook_if_success(self, moves_data, from_cron=False):
        """Override of account: after the emails come the notices and the print pile."""
        super()._hook_if_success(moves_data, from_cron=from_cron)
        self._o2c_send_notices({
            move: data for move, data in moves_data.items()
            if NOTICE in data["sending_methods"] and not self._o2c_goes_by("email", move, data)
        })
        self._o2c_put_on_pile({
            move: data for move, data in moves_data.items() if self._o2c_goes_by(PRINT, move, data)
        })

    @api.model
    def _o2c_goes_by(self, method, move, data):
        return method in data["sending_methods"] and self._is_applicable_to_move(method, move, **data)

    @api.model
    def _o2c_send_notices(self, moves_data):
        """Tell readers that documents are online. Who gets the email anyway gets no notice."""
        notices = {}
        for move, data in moves_data.items():
            if self._is_applicable_to_move(NOTICE, move, **data):
                notices[move] = self._o2c_notice_data(move, data)
            elif move.partner_id:
                self.env["o2c.delivery"].sudo()._unreachable("invoice", move, move.partner_id, move.partner_id)
        if notices:
            self.env["o2c.invoice.sending"]._send(notices)

    @api.model
    def _o2c_notice_data(self, move, data):
        """Return the settings of a notice: those of the email that would be sent, in other words and without files. It
        *is* that email where a reader could not open the document otherwise."""
        author = {key: data[key] for key in ("author_user_id", "author_partner_id")}
        email = self._get_default_sending_settings(
            move, sending_methods={"email"}, pdf_report=data["pdf_report"], extra_edis=data["extra_edis"],
            invoice_edi_format=data["invoice_edi_format"], o2c_by_hand=data["o2c_by_hand"], **author,
        )
        if proforma := data.get("proforma_pdf_attachment"):
            email["proforma_pdf_attachment"] = proforma
        if not self.env["o2c.invoice.sending"]._all_can_open(move, email):
            return email
        subject, body = self.env["o2c.invoice.mail"]._notice_texts(move, email["mail_lang"])
        return {**email, "o2c_notice": True, "mail_subject": subject, "mail_body": body}

    @api.model
    def _o2c_put_on_pile(self, moves_data):
        """Put documents on the print pile. What was to be mailed before and did not arrive is no concern any more where
        paper is the only way."""
        if not moves_data:
            return
        self.env["o2c.print.item"].sudo()._add({move: data["author_user_id"] for move, data in moves_data.items()})
        alone = self.env["account.move"].sudo().union(*(
            move for move, data in moves_data.items() if not {"email", NOTICE} & set(data["sending_methods"])
        ))
        if alone:
            self.env["o2c.delivery"].sudo()._replace("invoice", alone, set())

    # Before sending

    @api.model
    def _get_alerts(self, moves, moves_data):
        """Override of account: who has no address for the way chosen."""
        alerts = super()._get_alerts(moves, moves_data)
        printed = moves.filtered(lambda move: PRINT in moves_data[move]["sending_methods"])
        homeless = printed.partner_id.filtered(lambda partner: not (partner.city or partner.zip or partner.street))
        if homeless:
            alerts["o2c_no_postal_address"] = self._o2c_alert(homeless, self.env._(
                "No postal address, the envelope needs one: %(names)s", names=self._o2c_names(homeless),
            ))
        noticed = moves.filtered(
            lambda move: NOTICE in moves_data[move]["sending_methods"]
            and not self._is_applicable_to_move(NOTICE, move, **moves_data[move])
        ).partner_id
        if noticed:
            alerts["o2c_no_reader"] = self._o2c_alert(noticed, self.env._(
                "Nobody to tell that the document is online: %(names)s", names=self._o2c_names(noticed),
            ))
        return alerts

    @api.model
    def _o2c_alert(self, partners, message):
        return {
            "level": "warning", "message": message, "action_text": self.env._("View Partner(s)"),
            "action": partners._get_records_action(name=self.env._("Check addresses")),
        }

    @api.model
    def _o2c_names(self, partners):
        """Return the first names of a list, and that there are more."""
        return ", ".join(partners[:NAMES_SHOWN].mapped("display_name")) + ("…" if len(partners) > NAMES_SHOWN else "")
