"""What customers tell us about their invoices: already paid, wrong contact, an order number, a copy, please."""

import logging

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import email_normalize

from ..core import pauses

_logger = logging.getLogger(__name__)
KINDS = [
    ("already_paid", "Already paid"), ("wrong_contact", "Wrong contact"),
    ("po_number", "Purchase order number"), ("copy", "Copy of an invoice"),
]
HOW = [
    ("transfer", "Bank transfer"), ("card", "Card"), ("debit", "Direct debit"), ("cheque", "Cheque"), ("cash", "Cash"),
    ("other", "Another way"),
]
MOST_TRIES = 3


class O2cCustomerRequest(models.Model):
    """Some requests solve themselves, the others are the task of a clerk. Whatever is asked, nothing that was posted
    changes but an empty customer reference."""

    _name = "o2c.customer.request"
    _description = "Request of a customer"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _rec_name = "kind"
    _check_company_auto = True

    kind = fields.Selection(KINDS, required=True, readonly=True)
    state = fields.Selection(
        [("new", "Open"), ("done", "Done"), ("rejected", "Rejected")], required=True, default="new", readonly=True,
        tracking=True, group_expand=True,
    )
    partner_id = fields.Many2one("res.partner", "Customer", required=True, readonly=True, index=True)
    contact_id = fields.Many2one("res.partner", "Asked by", required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    item_ids = fields.One2many("o2c.customer.request.item", "request_id", readonly=True)
    move_ids = fields.Many2many("account.move", string="Invoices", compute="_compute_moves", compute_sudo=True)
    pause_until = fields.Date("Not chased until", compute="_compute_moves", compute_sudo=True)
    user_id = fields.Many2one("res.users", "Responsible", domain=[("share", "=", False)], tracking=True)
    message = fields.Text(readonly=True)
    attachment_ids = fields.Many2many("ir.attachment", string="Files", readonly=True, bypass_search_access=True)

    paid_on = fields.Date(readonly=True)
    how = fields.Selection(HOW, "Paid by", readonly=True)
    reference = fields.Char("Payment reference", readonly=True)
    amount = fields.Monetary(readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    po_number = fields.Char("Purchase order number", readonly=True)
    contact_name = fields.Char("Right contact", readonly=True)
    contact_email = fields.Char("Address of the right contact", readonly=True)

    reason = fields.Char(help="The customer reads it in the portal.")
    closed_at = fields.Datetime("Closed on", readonly=True)
    closed_by_id = fields.Many2one("res.users", "Closed by", readonly=True)
    tries = fields.Integer(readonly=True)

    @api.depends("item_ids.move_id", "item_ids.pause_until")
    def _compute_moves(self):
        for request in self:
            request.move_ids = request.item_ids.move_id
            request.pause_until = max(filter(None, request.item_ids.mapped("pause_until")), default=False)

    @api.depends("kind", "partner_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for request in self:
            request.display_name = f"{labels.get(request.kind, '')} · {request.partner_id.name or ''}"

    def write(self, vals):
        """Override: a request that is closed makes room for the next one about the same document."""
        result = super().write(vals)
        if "state" in vals:
            self.item_ids.sudo().is_open = vals["state"] == "new"  # sudo: the rows follow the request
        return result

    # What follows from a request

    @api.model
    def _make(self, values, moves, attachments):
        """Record a request about documents and do what it asks, or give it to a clerk.

        Needs elevated rights. Whoever asks again about the same document meets a unique index.
        """
        request = self.with_context(mail_create_nosubscribe=True, mail_create_nolog=True).create({
            **values, "item_ids": [Command.create({"move_id": move.id, "kind": values["kind"]}) for move in moves],
        })
        if attachments:
            request.attachment_ids = self.env["ir.attachment"].with_context(image_no_postprocess=True).create([
                {**file, "res_model": self._name, "res_id": request.id, "public": False} for file in attachments
            ])
        request.flush_recordset()
        getattr(request, f"_start_{request.kind}")()
        return request

    def _start_already_paid(self):
        today = fields.Date.context_today(self.with_context(tz=self.company_id.partner_id.tz))
        before = self.env["o2c.customer.request.item"].search([
            ("move_id", "in", self.move_ids.ids), ("kind", "=", self.kind), ("request_id", "!=", self.id),
            ("pause_until", "!=", False),
        ]).move_id
        for item in self.item_ids:
            item.pause_until = pauses.pause_until(today, self.company_id.o2c_request_pause_days, item.move_id in before)
        self._tell_documents(self.env._("The customer says that this is paid already."))
        self._task()

    def _start_wrong_contact(self):
        self._task()

    def _start_po_number(self):
        """Write the number where there is none. A document that was sent out already has to be looked at by a clerk:
        its PDF is fixed."""
        free = self.move_ids.filtered(lambda move: not move.ref)
        free.ref = self.po_number
        self._tell_documents(self.env._("Purchase order number from the customer: %(number)s", number=self.po_number))
        if free == self.move_ids and not free.invoice_pdf_report_id:
            self._close("done")
        else:
            self._task()

    def _start_copy(self):
        job = self.env.ref("o2c_portal.ir_cron_invoice_copies", raise_if_not_found=False)
        if job:
            job._trigger()

    def _tell_documents(self, text):
        for move in self.move_ids:
            move._message_log(body=text)

    def _task(self):
        """Give the request to a clerk; where none of Receivables is responsible, the task stands on the document."""
        move = self.move_ids[:1]
        clerk = self.user_id = self.env["res.partner"]._o2c_clerk(
            self.company_id, move.invoice_user_id, self.partner_id.user_id
        )
        if clerk:
            own = clerk.has_group("o2c_portal.o2c_portal_group_user")
            (self if own else move or self.partner_id).activity_schedule(
                "mail.mail_activity_data_todo", user_id=clerk.id, summary=self.display_name, note=self.message or "",
            )

    def _close(self, state, reason=False):
        self.write({
            "state": state, "reason": reason, "closed_at": fields.Datetime.now(), "closed_by_id": self.env.uid,
        })
        self.activity_ids.sudo().unlink()

    # Copies

    @api.model
    def _cron_send_copies(self):
        """Send the copies that were asked for, each request on its own; a clerk gets what cannot be sent."""
        cron = self.env["ir.cron"]
        waiting = [("kind", "=", "copy"), ("state", "=", "new"), ("tries", "<", MOST_TRIES)]
        for request in self.search(waiting, order="id"):
            request.tries += 1
            cron._commit_progress()  # the try counts, whatever happens next
            try:
                with self.env.cr.savepoint():
                    request._send_copies()
            except OperationalError:
                raise
            except Exception:  # noqa: BLE001 - one document that cannot be printed must not hold up the others
                _logger.warning("Copies of request %s could not be sent", request.id, exc_info=True)
                if request.tries >= MOST_TRIES:
                    request._task()
            if not cron._commit_progress(1):
                break

    def _send_copies(self):
        """Queue one mail with the documents to the contact's own address, and to no other."""
        contact = self.contact_id
        address = email_normalize(contact.email or "")
        if not address:
            self.tries = MOST_TRIES
            self._task()
            return
        lang = self.env["res.lang"]._lang_get(contact.lang).code or self.env.lang or "en_US"
        there = self.with_context(lang=lang)
        self.env["o2c.pay.link"]._prolong_paper(self.move_ids)
        names = ", ".join(self.move_ids.mapped("name"))
        self.env["o2c.account.contacts"]._mail(contact, self.company_id, address, "request_copy_mail", {
            "subject": there.env._("Copy of %(documents)s", documents=names), "lang": lang, "documents": names,
        }, [self._pdf(move).id for move in self.move_ids])
        self._tell_documents(self.env._("A copy was sent to %(address)s, as asked for in the portal.", address=address))
        self._close("done")

    def _pdf(self, move):
        """Return the document as it was sent, else as it would be sent; kept with the request, open to nobody else."""
        if move.invoice_pdf_report_id:
            return move.invoice_pdf_report_id
        content, _kind = self.env["ir.actions.report"]._render_qweb_pdf("account.account_invoices", move.ids)
        return self.env["ir.attachment"].create({
            "name": move._get_invoice_report_filename(), "raw": content, "mimetype": "application/pdf",
            "res_model": self._name, "res_id": self.id,
        })

    # Clerks

    def _check_clerk(self):
        if not self.env.user.has_group("o2c_portal.o2c_portal_group_user"):
            raise AccessError(self.env._("Only Receivables users may close the requests of customers."))
        self.check_access("write")
        return self.filtered(lambda request: request.state == "new")

    def action_done(self):
        """Close requests that were dealt with, and tell the customer."""
        for request in self._check_clerk():
            request._close("done", request.reason)
            request._answer()

    def action_reject(self):
        """Close requests that cannot be met, and tell the customer why; a pause ends with it."""
        for request in self._check_clerk():
            if not request.reason:
                raise UserError(self.env._("Write the reason first: the customer reads it."))
            request._close("rejected", request.reason)
            request._answer()

    def action_accept_contact(self):
        """Make the contact the customer named one who receives invoices, and tell the customer."""
        for request in self._check_clerk().filtered("contact_email"):
            customer = request.partner_id.sudo()  # sudo: a clerk of Receivables need not be allowed to write contacts
            known = customer.search([
                ("commercial_partner_id", "=", customer.id), ("email_normalized", "=", request.contact_email),
            ], limit=1)
            contact = known or customer.create({
                "name": request.contact_name, "email": request.contact_email, "parent_id": customer.id,
                "type": "contact", "lang": customer.lang,
            })
            contact.o2c_role_invoice = True
            request.action_done()

    def action_end_pause(self):
        """Let the documents be chased again."""
        self._check_clerk().item_ids.sudo().pause_until = False  # sudo: the rows follow the request

    def _answer(self):
        """Tell the customer how a request ended."""
        address = email_normalize(self.contact_id.email or "")
        if not address:
            return
        lang = self.env["res.lang"]._lang_get(self.contact_id.lang).code or self.env.lang or "en_US"
        there = self.with_context(lang=lang)
        self.env["o2c.account.contacts"]._mail(self.contact_id, self.company_id, address, "request_answer_mail", {
            "subject": there.env._("Your request: %(what)s", what=dict(
                self._fields["kind"]._description_selection(there.env))[self.kind]),
            "lang": lang, "request": there.sudo(), "documents": ", ".join(self.move_ids.mapped("name")),
        })

    # For others

    @api.model
    def _paused_until(self, moves):
        """Return ``{move_id: last day}`` of the documents that are not to be chased now, because their customer said
        that they are paid and nobody has answered yet."""
        items_sudo = self.env["o2c.customer.request.item"].sudo()  # the answer is the same for whoever asks
        groups = items_sudo._read_group([
            ("move_id", "in", moves.ids), ("kind", "=", "already_paid"), ("is_open", "=", True),
            ("pause_until", ">=", fields.Date.context_today(self)),
        ], ["move_id"], ["pause_until:max"])
        return {move.id: day for move, day in groups}


class O2cCustomerRequestItem(models.Model):
    """One document of a request. One open request per kind and document, whoever asks, however often they click."""

    _name = "o2c.customer.request.item"
    _description = "Document of a customer's request"
    _check_company_auto = True

    request_id = fields.Many2one("o2c.customer.request", required=True, index=True, ondelete="cascade")
    move_id = fields.Many2one("account.move", "Invoice", required=True, index=True, ondelete="cascade",
                              check_company=True)
    company_id = fields.Many2one(related="request_id.company_id", store=True)
    kind = fields.Selection(KINDS, required=True)
    is_open = fields.Boolean(default=True)
    pause_until = fields.Date("Not chased until")

    _open_uniq = models.UniqueIndex("(kind, move_id) WHERE is_open")
