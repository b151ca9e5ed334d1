"""The requests of a customer as they come from its own pages: what may be asked, and whether it is complete."""

import re

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_amount, format_date

from ..core import typed, uploads
from ..core.money import parse, to_major
from .o2c_customer_request import HOW, KINDS

OFFERED = 40
EARLIEST_DAYS = 730


class O2cAccountRequests(models.AbstractModel):
    """Customers have no access to requests, so everything here works with elevated rights and within a ``Scope``.
    What is refused comes back as ``{field: message}``."""

    _name = "o2c.account.requests"
    _description = "Requests from a customer's own pages"

    @api.model
    def _labels(self, field):
        return dict(self.env["o2c.customer.request"]._fields[field]._description_selection(self.env))

    @api.model
    def _is_kind(self, kind):
        return kind in dict(KINDS)

    # What can be asked about

    @api.model
    def _domain(self, scope, kind):
        """Return the domain of the documents a request can be about: what is open for *already paid*, any otherwise."""
        domain = self.env["o2c.account"]._move_domain(scope)
        if kind == "already_paid":
            domain &= Domain("payment_state", "in", ("not_paid", "partial"))
        return domain & (Domain.TRUE if kind == "copy" else Domain("move_type", "!=", "out_refund"))

    @api.model
    def _offered(self, scope, kind, chosen=()):
        """Return the newest documents to choose from as dicts, those ``chosen`` first, and whether there are more."""
        moves_sudo, domain = self.env["account.move"].sudo(), self._domain(scope, kind)
        first = moves_sudo.search(domain & Domain("id", "in", list(chosen)), limit=OFFERED)
        found = moves_sudo.search(domain & Domain("id", "not in", first.ids), order="invoice_date DESC, id DESC",
                                  limit=OFFERED + 1)
        open_items = self._open_items(first | found, kind)
        rows = [
            {
                "id": move.id, "name": move.name, "chosen": move in first, "asked": move in open_items,
                "date": format_date(self.env, move.invoice_date),
                "amount": format_amount(self.env, move.amount_residual or move.amount_total, move.currency_id),
            }
            for move in (first | found)[:OFFERED]
        ]
        return rows, len(found) > OFFERED

    def _open_items(self, moves, kind):
        items_sudo = self.env["o2c.customer.request.item"].sudo()  # of the customer's own documents
        return items_sudo.search([("move_id", "in", moves.ids), ("kind", "=", kind), ("is_open", "=", True)]).move_id

    @api.model
    def _history(self, scope):
        """Return the customer's latest requests, newest first."""
        domain = Domain("partner_id", "=", scope.partner.id) & Domain("company_id", "in", scope.company_ids)
        if scope.own_only:
            domain &= Domain("contact_id", "=", scope.contact.id)
        labels = self._labels("kind")
        return [
            {
                "kind": labels[request.kind], "state": request.state, "reason": request.reason or "",
                "date": format_date(self.env, request.create_date),
                "documents": ", ".join(request.move_ids.mapped("name")),
                "pause": format_date(self.env, request.pause_until)
                if request.state == "new" and request.pause_until else "",
            }
            for request in self.env["o2c.customer.request"].sudo().search(domain, limit=20)
        ]

    # Whether it is complete

    @api.model
    def _chosen(self, scope, kind, ids, number):
        """Return ``(documents, message)``: those of the numbers chosen and of the one typed, or what is wrong.

        :return: None for a document that is not the customer's
        """
        moves_sudo, domain = self.env["account.move"].sudo(), self._domain(scope, kind)
        moves = moves_sudo.search(domain & Domain("id", "in", list(ids)))
        if set(moves.ids) != set(ids):
            return None, ""
        number = number.strip()
        if number:
            pattern = re.sub(r"([\\%_])", r"\\\1", number)
            good = len(number) <= 64 and number.isprintable()
            typed_one = moves_sudo.search(domain & Domain("name", "=ilike", pattern), limit=1) if good else moves_sudo
            if not typed_one:
                return moves, self.env._("We find no such invoice of yours. Check the number.")
            moves |= typed_one
        return moves, self._wrong_documents(kind, moves)

    def _wrong_documents(self, kind, moves):
        if not moves and kind != "wrong_contact":
            return self.env._("Choose at least one invoice.")
        if len(moves.company_id) > 1:
            return self.env._("Choose invoices of one company at a time.")
        asked = self._open_items(moves, kind)
        if asked:
            return self.env._("We have this request already for %(documents)s.", documents=", ".join(
                asked.mapped("name")))
        return ""

    @api.model
    def _check(self, kind, form, moves):
        """Return ``(values, errors)`` of the fields of a kind."""
        values, errors = getattr(self, f"_check_{kind}")(form, moves)
        message = typed.mask_cards(form.get("message", "").strip())
        if len(message) > 2000:
            errors["message"] = self.env._("Please be shorter: at most 2,000 characters.")
        return {**values, "message": message.replace("\x00", "")}, errors

    def _check_already_paid(self, form, moves):
        errors, today = {}, fields.Date.context_today(self)
        try:
            paid_on = fields.Date.to_date(form.get("paid_on", "")[:10] or None)
        except ValueError:
            paid_on = None
        if not paid_on:
            errors["paid_on"] = self.env._("Enter the day on which you paid.")
        elif not fields.Date.subtract(today, days=EARLIEST_DAYS) <= paid_on <= today:
            errors["paid_on"] = self.env._("Enter a day of the last two years, not after today.")
        if form.get("how") not in dict(HOW):
            errors["how"] = self.env._("Choose how you paid.")
        reference = self._short(form, "reference", errors, optional=True)
        amount, currency = self._amount(form, moves, errors)
        return {
            "paid_on": paid_on, "how": form.get("how"), "reference": typed.mask_cards(reference), "amount": amount,
            "currency_id": currency.id,
        }, errors

    def _amount(self, form, moves, errors):
        """Return ``(amount, currency)``; nothing typed stands for all that is open."""
        currency, text = moves.currency_id[:1], form.get("amount", "").strip()
        if not text or len(moves.currency_id) != 1:
            if text and moves:
                errors["amount"] = self.env._("Leave the amount empty for invoices in several currencies.")
            return sum(moves.mapped("amount_residual")) if len(moves.currency_id) == 1 else 0.0, currency
        point = self.env["res.lang"]._get_data(code=self.env.lang).decimal_point
        minor = parse(text, currency.decimal_places, point) or 0
        if not minor:
            errors["amount"] = self.env._("Enter an amount like %(example)s.", example=f"250{point}00")
        return to_major(minor, currency.decimal_places), currency

    def _check_po_number(self, form, _moves):
        errors = {}
        return {"po_number": self._short(form, "po_number", errors)}, errors

    def _check_wrong_contact(self, form, _moves):
        errors = {}
        name = self._short(form, "contact_name", errors)
        address, problem = self.env["o2c.account.contacts"]._check_address(form.get("contact_email", ""))
        if problem:
            errors["contact_email"] = problem
        return {"contact_name": name, "contact_email": address}, errors

    def _check_copy(self, _form, _moves):
        return {}, {}

    def _short(self, form, name, errors, optional=False):
        text = " ".join(form.get(name, "").split())
        if len(text) > 64 or not text.isprintable():
            errors[name] = self.env._("Use at most 64 characters.")
        elif not text and not optional:
            errors[name] = self.env._("This is needed.")
        return text

    @api.model
    def _files(self, files):
        """Return ``(attachments, message)`` of the files ``[(name, content)]`` that were handed in."""
        if len(files) > uploads.MOST_FILES:
            return [], self.env._("Choose at most %(count)s files.", count=uploads.MOST_FILES)
        found = []
        for number, (name, content) in enumerate(files, start=1):
            kind = uploads.kind(content)
            if kind is None:
                return [], self.env._("Only PDF, JPEG and PNG files can be taken.")
            if len(content) > uploads.MOST_BYTES:
                return [], self.env._("A file may have at most 5 MB.")
            found.append({"name": uploads.safe_name(name, kind[0], number), "raw": content, "mimetype": kind[1]})
        return found, ""

    @api.model
    def _submit(self, scope, company, kind, values, moves, attachments):
        """Record what was found complete."""
        requests_sudo = self.env["o2c.customer.request"].sudo()
        return requests_sudo._make({
            **values, "kind": kind, "partner_id": scope.partner.id, "contact_id": scope.contact.id,
            "company_id": (moves.company_id or company).id,
        }, moves, attachments)
