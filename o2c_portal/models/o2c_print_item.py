"""One document to be sent on paper: from the day it is put on the pile to the day somebody says that it is printed."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

LIVE = ("waiting", "open")
CLERK_GROUP = "o2c_portal.o2c_portal_group_user"
MOST = 500  # documents in one file: what a printer and its tray can take


class O2cPrintItem(models.Model):
    """A document waits, is part of a file that is being printed, and is printed or left out, with the reason."""

    _name = "o2c.print.item"
    _description = "Document to Print"
    _order = "sequence, id"
    _rec_name = "move_id"

    move_id = fields.Many2one("account.move", "Document", required=True, readonly=True, index=True,
                              ondelete="cascade")
    partner_id = fields.Many2one(related="move_id.partner_id", string="Customer")
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    user_id = fields.Many2one("res.users", "Sent by", readonly=True, ondelete="set null")
    pile_id = fields.Many2one("o2c.print.pile", readonly=True, index="btree_not_null", ondelete="cascade")
    state = fields.Selection(
        [("waiting", "To print"), ("open", "Being printed"), ("printed", "Printed"), ("dropped", "Left out")],
        required=True, default="waiting", readonly=True, index=True,
    )
    reason = fields.Char(readonly=True)
    sequence = fields.Integer("Place", readonly=True, help="Where it is in the printed file.")
    pages = fields.Integer(readonly=True)
    file_id = fields.Many2one("ir.attachment", readonly=True, ondelete="set null",
                              help="What was printed: a document that has another PDF since must be printed again.")
    done_at = fields.Datetime("Done on", readonly=True)

    _one_live = models.UniqueIndex(
        "(move_id) WHERE state IN ('waiting', 'open')", "This document is on the print pile already.",
    )

    @api.model
    def _add(self, senders):
        """Put documents on the pile, each once, and say so in their history. Needs elevated rights.

        :param dict senders: ``{document: id of the user who sends it}``
        """
        moves = self.env["account.move"].sudo().union(*senders)
        fresh = moves - self.search([("move_id", "in", moves.ids), ("state", "in", LIVE)]).move_id
        self.create([
            {"move_id": move.id, "company_id": move.company_id.id, "user_id": senders[move]} for move in fresh
        ])
        note = self.env._("Put on the print pile.")
        fresh._message_log_batch(bodies={move.id: note for move in fresh})

    # People

    def action_print(self):
        """Make one file of these documents, of all that wait when none is chosen, and show it. Two people never get
        the same document.

        :raises UserError: if nothing is left to print
        """
        self._check_clerk()
        chosen = self or self.search([("state", "=", "waiting"), ("company_id", "in", self.env.companies.ids)])
        chosen.check_access("read")
        # sudo: rows are written by the system alone; what a colleague is about to print is left to the colleague
        items = chosen.sudo().try_lock_for_update().filtered(lambda item: item.state == "waiting")
        items = items._drop_unfit()
        if not items:
            return self._nothing_left()
        piles = self.env["o2c.print.pile"]
        for company, documents in items.grouped("company_id").items():
            piles |= piles._make(company, documents)
        return piles.sudo(self.env.su)._open()

    def _nothing_left(self):
        """Return what the screen shows to whom a colleague was quicker than, or whose documents were all left out."""
        return {
            "type": "ir.actions.client", "tag": "display_notification",
            "params": {
                "type": "warning",
                "message": self.env._("Nothing is left to print. A colleague may be printing it."),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_leave_out(self):
        """Take documents off the pile: they will not be printed."""
        self._check_clerk()
        self.check_access("read")
        items = self.sudo().try_lock_for_update().filtered(lambda item: item.state == "waiting")  # sudo: as above
        if not items:
            raise UserError(self.env._("Only what waits can be left out."))
        items._drop(self.env._("Left out by %(name)s.", name=self.env.user.name))

    def _check_clerk(self):
        if not self.env.su and not self.env.user.has_group(CLERK_GROUP):
            raise AccessError(self.env._("Only Receivables users may print what is sent on paper."))

    # What became of it

    def _drop_unfit(self):
        """Leave out what cannot be sent any more, and return the others."""
        gone = self.filtered(lambda item: item.move_id.state != "posted")
        gone._drop(self.env._("It is not posted any more."))
        changed = (self - gone).filtered(lambda item: not item._is_current())
        changed._drop(self.env._("It was changed since. Send it again."))
        return self - gone - changed

    def _is_current(self):
        """Say whether the PDF of the document is there, and is the one that was printed if one was."""
        file = self.move_id.invoice_pdf_report_id
        return bool(file) and (self.state == "waiting" or file == self.file_id)

    def _drop(self, reason):
        """Leave documents out, for a reason that stays with them and in their history."""
        self.write({"state": "dropped", "reason": reason, "done_at": fields.Datetime.now()})
        note = self.env._("Left out of the print pile: %(reason)s", reason=reason)
        self.move_id._message_log_batch(bodies={move.id: note for move in self.move_id})

    def _printed(self):
        """Note that the documents are on their way to the customers."""
        moves = self.move_id
        self.write({"state": "printed", "done_at": fields.Datetime.now()})
        # nothing of the books changes, so that Odoo need not look whether taxes and dues still fit
        moves.with_context(skip_invoice_sync=True).is_move_sent = True
        self.env["o2c.delivery"]._by_post(moves)
        note = self.env._("Printed, to be sent by post.")
        moves._message_log_batch(bodies={move.id: note for move in moves})
