"""Adds to o2c.delivery: mails of receipts and statements, which say on their own lists what became of them."""

from odoo import api, models
from odoo.tools import formataddr

from ..core import delivery

TELLING = ("o2c.money.notice", "o2c.statement.mailing")


class O2cDelivery(models.Model):
    _inherit = "o2c.delivery"  # pylint: disable=consider-merging-classes-inherited  # by concern

    @api.model
    def _prepare(self, kind, document, readers, by_hand):
        """Return ``{reader: row}`` of whom one document is to be mailed to now; needs elevated rights. A reader whose
        address is known not to work is held back, unless a person wants it tried.

        :param list readers: ``Recipient`` of each who is to have it and has not got it yet
        """
        if not readers:
            return {}
        found = self._open(kind, [(document, document.partner_id, reader) for reader in readers])
        rows = {reader: found[document.id, reader.address] for reader in readers}
        if not by_hand:
            self.union(*rows.values())._hold_back()
        return {reader: row for reader, row in rows.items() if row.state == "queued"}

    def _told(self):
        """Return the records whose own state says what became of these mails, one recordset for each model; a document
        that is gone is missing."""
        return [
            self.env[model].browse(sorted(set(rows.mapped("res_id")))).exists()
            for model, rows in self.grouped("res_model").items() if model in TELLING
        ]

    def _tell(self):
        """Let receipts and statements say what became of their mails by now."""
        for documents in self._told():
            documents._judge()

    @api.model
    def _outcomes(self, documents):
        """Return ``{document: (state, rows)}`` of what became of the mails to customers, see ``core.delivery.outcome``;
        documents that were not mailed to their customers are missing."""
        rows = self.search([
            ("res_model", "=", documents._name), ("res_id", "in", documents.ids), ("audience", "=", "customer"),
            ("state", "!=", "replaced"),
        ], order="id")
        return {
            documents.browse(res_id): (delivery.outcome(readers.mapped("state")), readers)
            for res_id, readers in rows.grouped("res_id").items()
        }

    def _to(self):
        """Return whom mails are addressed to, as text."""
        return ", ".join(formataddr((row.name or "", row.address)) for row in self)

    def _losses(self):
        """Return which mails are not there, why, and whether they are tried again; empty where none is missing."""
        return "; ".join(row._loss() for row in self if row.state in delivery.UNDELIVERABLE)

    def _loss(self):
        """Return why nothing arrives at an address, and whether that is tried again."""
        facts = {"address": self.address, "reason": self.reason or "–"}
        if self.retry_at:
            return self.env._("%(address)s: %(reason)s. It is tried again.", **facts)
        if self.state == "failed" and self.tries > 1:
            return self.env._("%(address)s: %(reason)s. Given up after %(tries)s tries.", tries=self.tries, **facts)
        return self.env._("%(address)s: %(reason)s", **facts)
