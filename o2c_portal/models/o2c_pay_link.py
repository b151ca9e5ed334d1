"""The links by which documents and accounts are paid: made, found, counted, ended."""

import hmac
import os
import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, config

from .. import tokens
from ..core import limits, paycode, paylink

CODE_CHANNELS = ("pdf", "print")  # what ends up on paper
NONCES = 3  # how many are tried before we give up; two codes are alike once in 2^50
USED_FIELDS = (
    "purpose", "move_id", "order_id", "account_id", "partner_id", "company_id", "nonce", "token_hash", "expires_at",
    "revoked_at", "corrected_move_id",
)
EXTEND_AFTER = timedelta(days=1)  # a document rendered all day long does not write its link every time


class O2cPayLink(models.Model):
    """The right to pay one invoice, what is owed on one account, or the deposit of one order, without login, until it
    expires or is revoked.

    What is mailed is each reader's own link, so that one that leaks is known by who it was mailed to, and ended alone.
    Nothing in a row opens a page: the token is derived from the nonce and a key kept outside the table, and only
    its hash is stored. So is the code of links that are printed, which is another way to the same link: who revokes it
    ends both. What is owed is read from the ledger whenever the link is used.
    """

    _name = "o2c.pay.link"
    _description = "Pay link"
    _order = "id desc"
    _check_company_auto = True

    purpose = fields.Selection(
        [("pay", "Pay an invoice"), ("account", "Pay on an account"), ("order", "Pay on an order")],
        required=True, readonly=True, default="pay",
    )
    move_id = fields.Many2one(
        "account.move", "Invoice", readonly=True, index=True, ondelete="cascade", check_company=True
    )
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True, index="btree_not_null")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    channel = fields.Selection(
        [
            ("email", "Email"), ("pdf", "PDF"), ("print", "Print"), ("manual", "Copied by hand"),
            ("portal", "Customer portal"),
        ],
        required=True, readonly=True,
    )
    recipient = fields.Char(
        "Mailed to", readonly=True, index="btree_not_null",
        help="The address this link was mailed to. Each reader has an own one, which can be revoked alone.",
    )
    nonce = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    token_hash = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    code_hash = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    is_current = fields.Boolean(
        "Current link", readonly=True, help="The link shown when the document is rendered again for this channel."
    )
    expires_at = fields.Datetime("Expires on", required=True, readonly=True)
    revoked_at = fields.Datetime("Revoked on", readonly=True)
    revoked_by_id = fields.Many2one("res.users", "Revoked by", readonly=True)
    revoked_reason = fields.Char("Reason", readonly=True)
    opens = fields.Integer("Opened", readonly=True, default=0, aggregator="sum")
    last_open_at = fields.Datetime("Last opened on", readonly=True)
    transaction_ids = fields.One2many("payment.transaction", "o2c_pay_link_id", readonly=True)
    start_count = fields.Integer("Started", compute="_compute_payments", compute_sudo=True)
    paid_count = fields.Integer("Paid", compute="_compute_payments", compute_sudo=True)
    paid_amount = fields.Monetary("Amount paid", compute="_compute_payments", compute_sudo=True)
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id", compute_sudo=True)
    state = fields.Selection(
        [("active", "Active"), ("expired", "Expired"), ("revoked", "Revoked")], compute="_compute_state"
    )

    _token_hash_uniq = models.Constraint("UNIQUE (token_hash)", "This token exists already.")
    _code_hash_uniq = models.Constraint("UNIQUE (code_hash)", "This code exists already.")
    _current_uniq = models.UniqueIndex("(move_id, channel, COALESCE(recipient, '')) WHERE is_current")
    _purpose_names_what_is_paid = models.Constraint(
        """CHECK (purpose = 'pay' AND move_id IS NOT NULL
                  OR purpose = 'account' AND move_id IS NULL AND account_id IS NOT NULL
                  OR purpose = 'order' AND move_id IS NULL AND order_id IS NOT NULL)""",
        "A pay link is for an invoice, for the account of a customer, or for an order.",
    )

    @api.depends("move_id.currency_id", "order_id.currency_id", "company_id.currency_id")
    def _compute_currency_id(self):
        for link in self:
            link.currency_id = link._document().currency_id or link.company_id.currency_id

    @api.depends("expires_at", "revoked_at")
    def _compute_state(self):
        now = fields.Datetime.now()
        for link in self:
            link.state = "revoked" if link.revoked_at else "expired" if link.expires_at <= now else "active"

    @api.depends("transaction_ids.state", "transaction_ids.amount")
    def _compute_payments(self):
        groups = self.env["payment.transaction"]._read_group(
            [("o2c_pay_link_id", "in", self.ids)], ["o2c_pay_link_id", "state"], ["__count", "amount:sum"]
        )
        started, paid = dict.fromkeys(self.ids, 0), {}
        for link, state, count, amount in groups:
            started[link.id] += count
            if state == "done":
                paid[link.id] = (count, amount)
        for link in self:
            link.start_count = started.get(link.id, 0)
            link.paid_count, link.paid_amount = paid.get(link.id, (0, 0.0))

    @api.depends("move_id", "order_id", "partner_id", "channel", "recipient")
    def _compute_display_name(self):
        labels = dict(self._fields["channel"]._description_selection(self.env))
        for link in self:  # sudo: who may see a link may see of which document it is
            name = link.sudo()._document().name or link.partner_id.display_name
            link.display_name = " · ".join(filter(None, [name, labels.get(link.channel), link.recipient]))

    # Making and finding links. Whoever renders a document needs its link, so these work with elevated rights;
    # none of them is reachable by RPC.

    @api.model
    def _get_or_create(self, moves, channel):
        """Return ``{move_id: link}`` of the current links that are nobody's own; see ``_for_readers``."""
        links = self._for_readers([(move, False) for move in moves], channel)
        return {move_id: link for (move_id, _recipient), link in links.items()}

    @api.model
    def _for_readers(self, pairs, channel):
        """Return ``{(move_id, address): link}`` of the current links, made or prolonged as needed, in a fixed number of
        queries.

        Two workers that make the same link at once: one of them gets a serialization failure and is retried by Odoo.

        :param pairs: ``[(move, normalized address)]``, False for a link that is nobody's own
        """
        wanted = {(move.id, recipient): (move, recipient) for move, recipient in pairs}
        links = self._current(wanted, channel)
        # Made with a key that is gone, or before codes were printed: good for who holds them, not to be shown again
        stale = links.filtered(lambda link: not link._token() or (channel in CODE_CHANNELS and not link.code_hash))
        if stale:
            stale.is_current = False
            stale.flush_recordset(["is_current"])
        links -= stale
        links._prolong()
        found = {link._key(): link for link in links}
        for _try in range(NONCES):
            links = self._insert([pair for key, pair in wanted.items() if key not in found], channel)
            found.update((link._key(), link) for link in links)
        return found

    @api.model
    def _current(self, wanted, channel):
        """Return the current links of these ``(move_id, address)``, with elevated rights: who reads a document has no
        access to links."""
        links = self.sudo().search([
            ("move_id", "in", [move_id for move_id, _recipient in wanted]), ("channel", "=", channel),
            ("is_current", "=", True), ("recipient", "in", list({recipient for _move_id, recipient in wanted})),
        ])
        return links.filtered(lambda link: link._key() in wanted)

    def _key(self):
        return self.move_id.id, self.recipient

    @api.model
    def _insert(self, pairs, channel):
        """Return new links. There is none for a pair whose nonce, by chance, gave a code that exists already."""
        if not pairs:
            return self.sudo()
        self.env.cr.execute(SQL(
            """INSERT INTO o2c_pay_link (move_id, purpose, partner_id, company_id, channel, recipient, nonce,
                   token_hash, code_hash, is_current, expires_at, opens, create_uid, write_uid, create_date, write_date)
               VALUES %s ON CONFLICT DO NOTHING""",
            SQL(", ").join(self._row(move, channel, recipient) for move, recipient in pairs),
        ))
        self.env["account.move"].union(*(move for move, _recipient in pairs)).invalidate_recordset(["o2c_pay_link_ids"])
        return self._current({(move.id, recipient) for move, recipient in pairs}, channel)

    @api.model
    def _row(self, move, channel, recipient):
        key, database, now = self._sudo_keys()[0], self._sudo_database(), fields.Datetime.now()
        nonce = secrets.token_urlsafe(32)
        token, code_hash = paylink.derive(key, "pay", database, nonce), None
        if channel in CODE_CHANNELS:
            code_hash = paycode.fingerprint(key, database, paycode.derive(key, database, nonce))
        return SQL(
            "(%s, 'pay', %s, %s, %s, %s, %s, %s, %s, true, %s, 0, %s, %s, %s, %s)",
            move.id, move.partner_id.id or None, move.company_id.id, channel, recipient or None, nonce,
            paylink.fingerprint(token), code_hash, self._expiry(move, channel, now), self.env.uid, self.env.uid,
            now, now,
        )

    def _document(self):
        """Return the invoice or the order a link is for; an empty invoice for the link of an account."""
        return self.move_id or self.order_id or self.move_id

    @api.model
    def _expiry(self, document, channel, now):
        """Return when a link to an invoice or an order ends; a quotation lives to its own date, and beyond."""
        days = document.company_id.sudo()[f"o2c_link_days_{channel if channel in paylink.DUE_CHANNELS else 'manual'}"]
        due = document.validity_date if document._name == "sale.order" else document.invoice_date_due
        return paylink.expires_at(channel, due, now, days)

    def _prolong(self):
        """Let links whose document was rendered again live as long as a new one would."""
        now = fields.Datetime.now()
        for link in self:
            end = self._expiry(link._document(), link.channel, now)
            if end > link.expires_at + EXTEND_AFTER:
                link.expires_at = end

    @api.model
    def _prolong_paper(self, moves):
        """Let the links on PDFs that go out as they were made, not rendered again, live as long as new ones would. None
        is made: it would be on no paper."""
        payable = moves.filtered(lambda move: move._o2c_is_payable())
        self._current({(move.id, False) for move in payable}, "pdf")._prolong()

    @api.model
    def _find(self, token):
        """Return the link of a token in whatever state it is, with elevated rights; empty when there is none."""
        return tokens.find(self.sudo(), token, USED_FIELDS)

    @api.model
    def _find_code(self, code):
        """Return the link of a code, as ``core.paycode.parse`` reads it, in whatever state it is, with elevated rights;
        empty when there is none."""
        database = self._sudo_database()
        digests = [paycode.fingerprint(key, database, code) for key in self._sudo_keys()]
        return self.sudo().search_fetch([("code_hash", "in", digests)], USED_FIELDS, limit=1)

    def _working_key(self):
        """Return the key this link was made with, ``None`` when it is not in use any more."""
        self.ensure_one()
        link, database = self.sudo(), self._sudo_database()  # nonce and hash are nobody's to read
        for key in self._sudo_keys():
            token = paylink.derive(key, link.purpose, database, link.nonce)
            if hmac.compare_digest(paylink.fingerprint(token), link.token_hash):
                return key
        return None

    def _token(self):
        """Return the token of this link, ``False`` when the key it was made with is gone."""
        key, link = self._working_key(), self.sudo()  # the nonce is nobody's to read
        return paylink.derive(key, link.purpose, self._sudo_database(), link.nonce) if key else False

    def _url(self):
        """Return the absolute address of this link, ``False`` when its token cannot be derived any more."""
        token = self._token()
        source = self._document() or self.company_id
        return f"{source.get_base_url().rstrip('/')}/pay/{token}" if token else False

    def _code(self):
        """Return the code of this link as it is printed, ``False`` when it has none."""
        key, link = self._working_key(), self.sudo()  # the nonce is nobody's to read
        if not key or not link.code_hash:
            return False
        return paycode.shown(paycode.derive(key, self._sudo_database(), link.nonce))

    @api.model
    def _sudo_keys(self):
        """Return the secrets tokens and codes are derived from, the one for new links first.

        Environment, else server configuration, else the database's own; then the one that was used before, for as long
        as it is configured, so that what is on paper already stays good.
        """
        key = os.environ.get("O2C_LINK_KEY") or config.get("o2c_link_key")
        key = key or self.env["ir.config_parameter"].sudo().get_param("database.secret")
        before = os.environ.get("O2C_LINK_KEY_BEFORE") or config.get("o2c_link_key_before")
        return [secret.encode() for secret in (key, before) if secret]

    @api.model
    def _sudo_database(self):
        return self.env["ir.config_parameter"].sudo().get_param("database.uuid")

    # Using and ending links

    def _count_open(self):
        """Note that a person looked at the page."""
        self.ensure_one()
        self.env.cr.execute(SQL(
            "UPDATE o2c_pay_link SET opens = opens + 1, last_open_at = %s WHERE id = %s", fields.Datetime.now(), self.id
        ))
        self.invalidate_recordset(["opens", "last_open_at"])

    def _too_many_declines(self):
        """Say whether payments by this link were declined so often that somebody may be trying out cards."""
        self.ensure_one()
        limit = limits.DECLINES_PER_LINK
        since = fields.Datetime.now() - timedelta(seconds=limit.seconds)
        self.env["payment.transaction"].flush_model(["o2c_pay_link_id", "state", "last_state_change"])
        [[declines]] = self.env.execute_query(SQL(  # every start asks
            "SELECT count(*) FROM payment_transaction"
            " WHERE o2c_pay_link_id = %s AND state = 'error' AND last_state_change > %s", self.id, since,
        ))
        return declines >= limit.count

    def _revoke(self, reason):
        """End the links for good, whoever holds them; the reason is kept and noted on invoices and customers.

        :return: the links that were alive until now
        """
        alive = self.sudo().filtered(lambda link: not link.revoked_at)  # callers have checked who may do this
        alive.write({
            "revoked_at": fields.Datetime.now(),
            "revoked_by_id": self.env.uid,
            "revoked_reason": reason,
            "is_current": False,
        })
        for document, links in alive.grouped(lambda link: link._document() or link.account_id).items():
            document._message_log(body=self.env._(
                "Pay links revoked: %(count)s. Reason: %(reason)s", count=len(links), reason=reason
            ))
        return alive

    def action_revoke(self):
        """Ask for the reason, then revoke."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("o2c_portal.o2c_pay_link_revoke_action"),
            "context": {"active_model": self._name, "active_ids": self.ids},
        }
