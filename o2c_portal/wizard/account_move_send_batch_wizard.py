"""Adds to account.move.send.batch.wizard: it counts without rendering, starts a run that can be watched, and shows the
first documents as they would be sent."""

from odoo import api, models

PREVIEWED = 5


class AccountMoveSendBatchWizard(models.TransientModel):
    _inherit = "account.move.send.batch.wizard"

    def action_send_and_print(self, force_synchronous=False, allow_fallback_pdf=False):
        """Override of account: send in a run, and show how it goes."""
        self.ensure_one()
        if force_synchronous:
            return super().action_send_and_print(force_synchronous, allow_fallback_pdf)
        self._raise_danger_alerts(self.alerts or {})
        return self.env["o2c.send.run"]._start(self.move_ids)._open()

    def action_o2c_preview(self):
        """Show what the readers of the first documents would get, in a window beside this one."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": f"/o2c/send/preview/many/{self.id}", "target": "new"}

    def _o2c_previewed(self):
        """Return the documents to be previewed: those that would be sent first."""
        return self.move_ids.sorted(lambda move: (move.date, move.id))[:PREVIEWED]

    def _o2c_chosen(self):
        """Return what the sender chose, for ``o2c.invoice.preview``: nothing, each customer's own settings hold.

        :raises AccessError: for who may not send many
        """
        self.env["o2c.send.run"]._check_sender()
        return {}

    # The summary only needs to know who can be written to. Odoo writes every email twice to find out.

    @api.model
    def _get_default_mail_partner_ids(self, move, mail_template, mail_lang):
        """Override of account: somebody with an address, whoever else gets it."""
        partner = move.partner_id
        return partner if not partner or partner.email else partner._o2c_named_contacts("invoice").sudo(self.env.su)

    @api.model
    def _o2c_default_also_to(self, move):
        """Override: extra addresses only matter here where there is no contact to write to."""
        return "" if self._get_default_mail_partner_ids(move, None, None) else super()._o2c_default_also_to(move)

    @api.model
    def _o2c_has_reader(self, move):
        """Override: as for emails."""
        return bool(self._get_default_mail_partner_ids(move, None, None)) or super()._o2c_has_reader(move)

    @api.model
    def _o2c_addressed(self, moves, moves_data):
        """Override: read for all documents at once; their data only says whether there is somebody to write to."""
        customers_sudo = moves.sudo().commercial_partner_id  # sudo: as for the readers of each document
        named_sudo = customers_sudo.search([
            ("commercial_partner_id", "in", customers_sudo.ids),
            ("o2c_role_invoice", "=", True), ("email", "!=", False),
        ]).grouped("commercial_partner_id")
        extra = self.env["o2c.recipients"]._extra(customers_sudo, "invoice", moves.company_id[:1])
        return {
            move: (
                named_sudo.get(move.sudo().commercial_partner_id, move.sudo().partner_id),
                [reader.address for reader in extra.get(move.commercial_partner_id.id, ())],
            ) for move in moves
        }

    @api.model
    def _get_default_pdf_report_id(self, move):
        """Override of account: nothing is printed here."""
        return self.env["ir.actions.report"]

    @api.model
    def _get_default_mail_template_id(self, move):
        """Override of account: nothing is written here."""
        return self.env["mail.template"]

    @api.model
    def _get_default_mail_lang(self, move, mail_template):
        """Override of account: nothing is written here."""
        return move.partner_id.lang

    @api.model
    def _get_default_mail_body(self, move, mail_template, mail_lang):
        """Override of account: nothing is written here."""
        return False

    @api.model
    def _get_default_mail_subject(self, move, mail_template, mail_lang):
        """Override of account: nothing is written here."""
        return False

    @api.model
    def _get_default_mail_attachments_widget(self, move, mail_template, **options):
        """Override of account: nothing is attached here."""
        return []
