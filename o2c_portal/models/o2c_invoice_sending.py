"""Mailing invoices: one message for the history of each document, one mail for each of its readers, all in batches."""

from odoo import api, models
from odoo.tools import SQL

from ..core.recipients import unique


class O2cInvoiceSending(models.AbstractModel):
    """Takes the place of Odoo's way of sending the mails of invoices, inside its pipeline.

    Needs documents with elevated rights, as the pipeline has them. Nothing is sent here: mails go to Odoo's queue, in
    the transaction that writes down whom they are for.
    """

    _name = "o2c.invoice.sending"
    _description = "Mailing of invoices"

    @api.model
    def _send(self, moves_data):
        """Mail documents to their readers.

        :param dict moves_data: ``{move: settings}`` of ``account.move.send``, documents generated
        """
        moves = self.env["account.move"].sudo().union(*moves_data)
        followers = self._followers(moves)
        messages = self._post(moves_data)
        people = {move: self._people(move, moves_data[move], followers[move]) for move in messages}
        readers = {move: self._readers(move, moves_data[move], people[move]) for move in messages}
        self.env["o2c.delivery"].sudo()._replace(
            "invoice", moves, {(move.id, reader.address) for move in messages for reader in readers[move]},
        )
        self._note_mute(people)
        self._mail(messages, readers, moves_data)
        for move, message in messages.items():
            self._tell_colleagues(move, message, readers[move], followers[move])

    # Who

    def _followers(self, moves):
        """Return ``{move: partners}`` of who follows what is said to customers."""
        rows_sudo = self.env["mail.followers"].sudo().search([
            ("res_model", "=", "account.move"), ("res_id", "in", moves.ids),
            ("subtype_ids", "in", self.env.ref("mail.mt_comment").ids),
        ])
        found = rows_sudo.grouped("res_id")
        return {move: found.get(move.id, rows_sudo.browse()).partner_id for move in moves}

    def _people(self, move, data, followers):
        """Return the contacts who get a document: those the sender chose, and others outside who follow it. Colleagues
        are told as Odoo tells them, unless they are the customer."""
        chosen = followers.browse(data["mail_partner_ids"] or [])
        people = chosen | (followers - move.partner_id).filtered("partner_share")
        return people.filtered(lambda partner: partner.partner_share or self._is_customer(partner, move))

    def _readers(self, move, data, people):
        """Return the ``Recipient`` list of one document: people, and the addresses the sender left in or typed."""
        recipients, company = self.env["o2c.recipients"], move.company_id
        return unique([
            *(found for partner in people for found in recipients._of_contact(partner, company)),
            *recipients._typed(data.get("o2c_also_to"), move.partner_id, "invoice", company, move, data["mail_lang"]),
        ])

    def _note_mute(self, people):
        """Note the people nobody can write to."""
        for move, contacts in people.items():
            if mute := self.env["o2c.recipients"]._mute(contacts):
                self.env["o2c.delivery"].sudo()._unreachable("invoice", move, move.partner_id, mute)

    @api.model
    def _all_can_open(self, move, data):
        """Say whether everybody who would get the email of a document can see it without that: by the own pay link, or
        by logging in."""
        if self._payable(move):  # then the mail has one
            return True
        people = self.env["res.partner"].sudo().browse(data["mail_partner_ids"])
        others = self.env["o2c.recipients"]._typed(
            data["o2c_also_to"], move.partner_id, "invoice", move.company_id, move, data["mail_lang"],
        )
        return all(person.user_ids for person in people) and all(other.audience == "staff" for other in others)

    def _is_customer(self, partner, move):
        return partner.commercial_partner_id == move.commercial_partner_id

    # What stays in the history

    def _post(self, moves_data):
        """Write the message each document keeps, attachments included, and return ``{move: message}``.

        It holds no payment address, and nobody is told of it yet.
        """
        params = {move: found for move, data in moves_data.items() if (found := self._params(move, data))}
        attachments = self._attachments(params, moves_data)
        authors = self._authors({move: moves_data[move] for move in params})
        messages = self.env["account.move"].sudo()._message_create([
            self._message_values(move, params[move], moves_data[move], authors[move], attachments[move])
            for move in params
        ])
        found = dict(zip(params, messages, strict=True))
        self._keep_attachments(found)
        self._follow(found)
        return found

    def _params(self, move, data):
        """Return what Odoo sends with a document; a notice has none of its files."""
        params = self.env["account.move.send"]._get_mail_params(move, data)
        return {**params, "attachments": []} if params and data.get("o2c_notice") else params

    def _attachments(self, params, moves_data):
        """Return ``{move: attachments}``, copies made for the message, as Odoo makes them."""
        files = []
        for move, values in params.items():
            proforma = moves_data[move].get("proforma_pdf_attachment")
            files += [(move, name, raw) for name, raw in values["attachments"]]
            files += [(move, proforma.name, proforma.raw)] if proforma else []
        # sudo: who may send a document may send its files
        rows_sudo = self.env["ir.attachment"].sudo().create([
            {"name": name, "raw": raw, "description": name, "res_model": "mail.message", "res_id": 0}
            for _move, name, raw in files
        ])
        found = dict.fromkeys(params, rows_sudo.browse())
        for (move, _name, _raw), row_sudo in zip(files, rows_sudo, strict=True):
            found[move] |= row_sudo
        return found

    def _authors(self, moves_data):
        """Return ``{move: (author id, sender)}``: who the template says, else who sends."""
        senders, seen, found = self._senders(moves_data), {}, {}
        for move, data in moves_data.items():
            key = (senders.get(move.id) or False, data["author_partner_id"])
            if key not in seen:
                sender, author = key
                seen[key] = move._message_compute_author(None if sender else author, sender or None)
            found[move] = seen[key]
        return found

    def _senders(self, moves_data):
        """Return ``{move_id: address}`` of the senders the templates name, each template rendered once."""
        groups, found = {}, {}
        for move, data in moves_data.items():
            groups.setdefault((data["mail_template"], data["mail_lang"]), []).append(move.id)
        for (template, lang), ids in groups.items():
            if template:
                found.update(template.sudo().with_context(lang=lang)._render_field("email_from", ids))
        return found

    def _message_values(self, move, params, data, author, attachments):
        author_id, sender = author
        template = data["mail_template"]
        return {
            "model": move._name, "res_id": move.id, "author_id": author_id, "email_from": sender,
            "subject": params["subject"], "body": params["body"], "partner_ids": params["partner_ids"],
            "message_type": "comment", "subtype_id": self.env.ref("mail.mt_comment").id,
            "attachment_ids": [(4, attachment.id) for attachment in attachments],
            "reply_to": move._notify_get_reply_to(default=sender, author_id=author_id)[move.id],
            "record_company_id": move.company_id.id,
            "record_alias_domain_id": move._mail_get_alias_domains(default_company=move.company_id)[move.id].id,
            "mail_server_id": template.mail_server_id.id, "email_add_signature": not template,
            "email_layout_xmlid": self.env["account.move.send"]._get_mail_layout(),
        }

    def _keep_attachments(self, messages):
        """Let the files belong to their messages, so that they are not taken for files of the invoices."""
        pairs = [(file.id, message.id) for message in messages.values() for file in message.attachment_ids]
        if not pairs:
            return
        self.env.flush_all()
        self.env.cr.execute(SQL(
            "UPDATE ir_attachment file SET res_id = pair.message FROM (VALUES %s) AS pair(id, message) "
            "WHERE file.id = pair.id", SQL(", ").join(SQL("(%s, %s)", *pair) for pair in pairs),
        ))
        self.env["ir.attachment"].browse([pair[0] for pair in pairs]).invalidate_recordset(["res_id"])

    def _follow(self, messages):
        """Have the senders follow their documents, as after any message of theirs, to get the answers."""
        for author, found in self.env["mail.message"].union(*messages.values()).grouped("author_id").items():
            real = self.env["account.move"]._message_compute_real_author(author.id)
            if real and not real.partner_share:
                self.env["account.move"].sudo().browse(found.mapped("res_id"))._message_subscribe(real.ids)

    # The mails

    def _mail(self, messages, readers, moves_data):
        """Queue one mail for every reader, each with a pay link of its own."""
        wanted = [(move, move.partner_id, reader) for move in messages for reader in readers[move]]
        if not wanted:
            return
        links, asked = self._pay_links(readers)
        rows = self.env["o2c.delivery"].sudo()._open("invoice", wanted)
        self.env["o2c.delivery"].sudo().union(*(
            row for row in rows.values() if not moves_data[row._document()].get("o2c_by_hand")
        ))._hold_back()
        for key, row in rows.items():
            row.link_id = links.get(key)
            row.channel = "notice" if moves_data[row._document()].get("o2c_notice") else "email"
        mailed = [
            (move, reader) for move, _customer, reader in wanted if rows[move.id, reader.address].state == "queued"
        ]
        banners, values = self._banners(mailed), []
        for move, reader in mailed:
            link, banner = links.get((move.id, reader.address)), banners.get((move.id, reader.partner_id))
            url = link._url() if link else ""
            pages = self._pages(move, reader, moves_data[move], asked.get(move, ()), url, readers[move], banner)
            values.append({**rows[move.id, reader.address]._mail_values(), **self._envelope(messages[move]), **pages})
        mails = self.env["mail.mail"].sudo().create(values)
        self._show_in_history(mails, messages)
        mails._o2c_queue()

    def _pay_links(self, readers):
        """Return ``{(move_id, address): link}`` of customers, and ``{move: [Instalment]}`` of what is asked for. The
        link on the PDF that goes along lives on with them."""
        moves = self.env["account.move"].sudo().union(*readers)
        self.env["o2c.pay.link"]._prolong_paper(moves)
        payable = self._payable(moves)
        links = self.env["o2c.pay.link"]._for_readers([
            (move, reader.address) for move in payable for reader in readers[move] if reader.audience == "customer"
        ], "email")
        return links, payable._o2c_asked_by_move()

    def _payable(self, moves):
        """Return the documents whose mails ask for a payment."""
        return moves.filtered(lambda move: move.company_id.o2c_pay_now_mail and move._o2c_is_payable())

    def _banners(self, wanted):
        """Return ``{(move_id, contact_id): banner}`` of what the contacts of customers are shown, and count it."""
        people = self._people_shown_banners(wanted)
        banners = self.env["o2c.banner"].sudo()  # sudo: who sends an invoice need not know what rides along
        banners._count_readers(people, "mail")
        return banners._pick_for_readers(people, "mail")

    def _people_shown_banners(self, wanted):
        """Return ``{move: contacts}`` of the customers among readers, given as ``[(move, Recipient)]``."""
        contacts = {}
        for move, reader in wanted:
            if reader.audience == "customer" and reader.partner_id:
                contacts.setdefault(move, set()).add(reader.partner_id)
        return {move: self.env["res.partner"].sudo().browse(ids) for move, ids in contacts.items()}

    def _pages(self, move, reader, data, asked, url, readers, banner):
        """Return subject, HTML and plain text of the mail for one reader, who pays at ``url``."""
        letter, notice = self.env["o2c.invoice.mail"], data.get("o2c_notice")
        subject, message = letter._notice_texts(move, reader.lang) if notice else letter._texts(move, data, reader.lang)
        customers = [other.address for other in readers if other.audience == "customer"]
        html, text = letter._write(move, reader, subject, message, asked, url, customers, banner, notice)
        return {"subject": subject, "body_html": html, "o2c_text": text, "body": ""}

    def _envelope(self, message):
        """Return what the mails have from the message in the history; answers to them find it by ``references``."""
        return {
            "author_id": message.author_id.id, "email_from": message.email_from, "reply_to": message.reply_to,
            "references": message.message_id, "mail_server_id": message.mail_server_id.id,
            "record_alias_domain_id": message.record_alias_domain_id.id,
            "record_company_id": message.record_company_id.id,
            "attachment_ids": [(4, attachment.id) for attachment in message.attachment_ids],
        }

    def _show_in_history(self, mails, messages):
        """Let the message in the history show whom it was mailed to, and how that went."""
        by_document, seen, values = {move.id: message for move, message in messages.items()}, set(), []
        for mail in mails:
            message, row = by_document[mail.res_id], mail.o2c_delivery_id
            contact = row.contact_id.id if (message.id, row.contact_id.id) not in seen else False
            seen.add((message.id, contact))  # one line for each contact; a second address of one stands alone
            values.append({
                "mail_message_id": message.id, "mail_mail_id": mail.id, "is_read": True,
                "author_id": mail.author_id.id, "notification_type": "email", "notification_status": "ready",
                "res_partner_id": contact, "mail_email_address": not contact and row.address,
            })
        self.env["mail.notification"].sudo().create(values)

    def _tell_colleagues(self, move, message, readers, followers):
        """Tell colleagues who follow a document, or were chosen, as Odoo does for any message: in their inbox or by
        mail, without a pay link."""
        mailed = {reader.address for reader in readers}
        people = (followers | message.partner_ids) - message.author_id
        if any(not partner.partner_share and partner.email_normalized not in mailed for partner in people):
            move.with_context(o2c_mailed=mailed, email_notification_allow_footer=True)._notify_thread(
                message, model_description=move.type_name, mail_auto_delete=True, notify_author_mention=True,
                force_send=False,
            )
