"""Adds to res.partner: policy and agreements, who gets which mails, limits of its own, links to its account."""

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import email_normalize_all

from ..core import own_limits
from ..core.money import to_major, to_minor

ROLES = ("invoice", "reminder", "receipt", "statement")


class ResPartner(models.Model):
    _inherit = "res.partner"

    # === PAYMENT POLICY === #

    o2c_policy_id = fields.Many2one(
        "o2c.payment.policy", "Own Payment Policy", company_dependent=True, groups="o2c_portal.o2c_portal_group_user",
        help="What this customer may do on its account; empty for the policy of its tags or of the company.",
    )
    o2c_policy_used_id = fields.Many2one(
        "o2c.payment.policy", "Payment Policy", compute="_compute_o2c_policy_used",
        groups="o2c_portal.o2c_portal_group_user",
    )
    o2c_policy_why = fields.Char(
        "Why This Policy", compute="_compute_o2c_policy_used", groups="o2c_portal.o2c_portal_group_user",
    )

    @api.depends("o2c_policy_id", "category_id.o2c_policy_id", "commercial_partner_id")
    @api.depends_context("company", "lang")
    def _compute_o2c_policy_used(self):
        resolved = self.env["o2c.payment.policy"]._resolve_many(self, self.env.company)
        for partner in self:
            found, why = resolved.get(partner.commercial_partner_id.id, (False, ""))
            partner.o2c_policy_used_id, partner.o2c_policy_why = found and found.sudo(False), why

    # === STATEMENTS === #

    o2c_statement_address = fields.Char(
        "Statements Go To", compute="_compute_o2c_statement_address", groups="o2c_portal.o2c_portal_group_user",
    )

    o2c_statement_undeliverable = fields.Char(
        "Mails Do Not Arrive There", compute="_compute_o2c_statement_address",
        groups="o2c_portal.o2c_portal_group_user",
    )

    @api.depends("email", "commercial_partner_id.email", "child_ids.email", "child_ids.type")
    def _compute_o2c_statement_address(self):
        company, found = self.env.company, {}
        for partner in self:
            readers = self.env["o2c.recipients"]._for(partner, "statement", company)
            found[partner] = [reader.address for reader in readers if reader.audience == "customer"]
        # sudo: a field of those who may read deliveries
        bad = self.env["o2c.delivery"].sudo()._known_bad([part for parts in found.values() for part in parts], company)
        for partner, addresses in found.items():
            lost = [bad[company.id, address] for address in addresses if (company.id, address) in bad]
            partner.o2c_statement_address = ", ".join(addresses)
            partner.o2c_statement_undeliverable = "; ".join(row._loss() for row in lost)

    # === PLANS === #

    o2c_plan_count = fields.Integer(
        "Plans and promises", compute="_compute_o2c_plan_count", groups="o2c_portal.o2c_portal_group_user",
    )

    def _compute_o2c_plan_count(self):
        groups = self.env["o2c.payment.plan"]._read_group(
            [("partner_id", "in", self.commercial_partner_id.ids)], ["partner_id"], ["__count"],
        )
        counts = {partner.id: count for partner, count in groups}
        for partner in self:
            partner.o2c_plan_count = counts.get(partner.commercial_partner_id.id, 0)

    def action_o2c_view_plans(self):
        """Open the plans and promises of this customer."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("o2c_portal.o2c_payment_plan_action"),
            "domain": [("partner_id", "in", self.commercial_partner_id.ids)],
            "context": {"create": False},
        }

    # === PAY LINKS === #

    def write(self, vals):
        """Override: whoever gets the mails of an archived or changed address must not keep the way to pay by link;
        what Odoo counted against an address does not count against the next."""
        if "email" not in vals and "active" not in vals:
            return super().write(vals)
        left = self.filtered(lambda partner: partner.active and not vals.get("active", True))
        moved = self.filtered(lambda partner: partner.email and "email" in vals and partner.email != vals["email"])
        addresses = {partner: email_normalize_all(partner.email) for partner in left | moved}
        result = super().write(vals)
        moved.filtered("message_bounce").message_bounce = 0  # it was mail to the old address that came back
        for partners, reason in (
            (left, self.env._("The contact was archived.")),
            (moved - left, self.env._("The email address of the contact was changed.")),
        ):
            partners._o2c_revoke_mail_links(reason, [part for partner in partners for part in addresses[partner]])
        return result

    def _o2c_revoke_mail_links(self, reason, addresses):
        """End the links mailed to these addresses of the contacts, the mailed links of their documents that are
        nobody's own, and all links to an account they were made for."""
        if self:
            self.env["o2c.pay.link"].sudo().search([  # whoever may change a contact has this effect, seen or not
                ("partner_id", "in", self.ids), ("revoked_at", "=", False), ("recipient", "=", False),
                "|", ("channel", "=", "email"), ("purpose", "=", "account"),
            ])._revoke(reason)
            self._o2c_revoke_reader_links(reason, addresses)

    def _o2c_revoke_reader_links(self, reason, addresses):
        """End the links that were mailed to these normalized addresses for the customers of these contacts."""
        if addresses:
            self.env["o2c.pay.link"].sudo().search([  # sudo: as above
                ("recipient", "in", addresses), ("revoked_at", "=", False),
                ("partner_id.commercial_partner_id", "in", self.commercial_partner_id.ids),
            ])._revoke(reason)

    # === ROLES === #

    o2c_role_invoice = fields.Boolean("Receives invoices", help="The customer's invoices go to this contact by email.")
    o2c_role_reminder = fields.Boolean("Receives reminders", help="Reminders of what is due go to this contact.")
    o2c_role_receipt = fields.Boolean("Receives receipts", help="A receipt of every payment goes to this contact.")
    o2c_role_statement = fields.Boolean("Receives statements", help="Statements of account go to this contact.")
    o2c_address_ids = fields.One2many(
        "o2c.billing.address", "partner_id", "Extra addresses", groups="o2c_portal.o2c_portal_group_user",
    )

    o2c_undeliverable = fields.Char(
        "Mails Do Not Arrive", compute="_compute_o2c_undeliverable", groups="o2c_portal.o2c_portal_group_user",
    )

    @api.depends("email")
    def _compute_o2c_undeliverable(self):
        addresses = {partner: email_normalize_all(partner.email) for partner in self}
        why = self.env["o2c.delivery"]._why_bad([part for parts in addresses.values() for part in parts])
        for partner in self:
            partner.o2c_undeliverable = ", ".join(why[part] for part in addresses[partner] if part in why)

    def _o2c_named_contacts(self, role):
        """Return the contacts of a customer who were chosen for a role and have an address; empty when none was."""
        self.ensure_one()
        return self.sudo().search([  # sudo: a role counts whoever asks, a salesperson or the mail queue
            ("commercial_partner_id", "=", self.commercial_partner_id.id),
            (f"o2c_role_{role}", "=", True), ("email", "!=", False),
        ])

    def _o2c_role_contacts(self, role):
        """Return who of a customer gets the mails of a role: the contacts chosen for it, else the invoice address, else
        the customer; with elevated rights, and empty where nobody has an address.

        :param str role: one of ``ROLES``
        """
        return self._o2c_named_contacts(role) or self._o2c_fallback_contact()

    def _o2c_fallback_contact(self):
        """Return who gets the mails of a role that nobody of a customer was chosen for; see ``_o2c_role_contacts``."""
        self.ensure_one()
        customer = self.commercial_partner_id.sudo()  # sudo: as above
        invoice = customer.browse(customer.address_get(["invoice"])["invoice"])
        return invoice.filtered("email") or customer.filtered("email")

    # === OWN LIMITS === #

    o2c_own_balance_limit = fields.Monetary(
        "Own limit: balance", help="The customer does not want to owe more; set by the customer. 0 is no limit.",
    )
    o2c_own_invoice_limit = fields.Integer(
        "Own limit: open invoices", help="The customer does not want more open invoices; set by the customer. "
                                         "0 is no limit.",
    )
    o2c_own_balance = fields.Monetary("Owes now", compute="_compute_o2c_own_limit_state", compute_sudo=True)
    o2c_own_invoices = fields.Integer("Open invoices now", compute="_compute_o2c_own_limit_state", compute_sudo=True)
    o2c_own_limit_state = fields.Selection(
        [("none", "No limit"), ("within", "Within"), ("over", "Over the limit")], string="Own limits",
        compute="_compute_o2c_own_limit_state", compute_sudo=True,
    )

    def _o2c_own_use(self, companies, currency):
        """Return ``{id: Use}``: what customers owe now to those of ``companies`` that keep their books in ``currency``.

        Needs access to due items; one query for any number of customers.
        """
        companies = companies.sudo().filtered(lambda company: company.currency_id == currency)
        items = self.env["o2c.due.item"]
        domain = [("partner_id", "in", self.ids), ("company_id", "in", companies.ids)]
        balances = dict(items._read_group(domain, ["partner_id"], ["residual_company:sum"]))
        counts = dict(items._read_group(
            [*domain, ("kind", "=", "instalment"), ("residual", ">", 0)], ["partner_id"], ["move_id:count_distinct"],
        ))
        return {
            partner.id: own_limits.Use(
                to_minor(balances.get(partner, 0.0), currency.decimal_places), counts.get(partner, 0),
            )
            for partner in self
        }

    def _o2c_own_limit(self, currency):
        return own_limits.OwnLimit(
            to_minor(self.o2c_own_balance_limit, currency.decimal_places), self.o2c_own_invoice_limit,
        )

    @api.depends("o2c_own_balance_limit", "o2c_own_invoice_limit")
    @api.depends_context("allowed_company_ids")
    def _compute_o2c_own_limit_state(self):
        currency = self.env.company.currency_id
        used = self._o2c_own_use(self.env.companies, currency)
        for partner in self:
            use, limit = used[partner.id], partner._o2c_own_limit(currency)
            partner.o2c_own_balance = to_major(use.balance, currency.decimal_places)
            partner.o2c_own_invoices = use.invoices
            over = own_limits.exceeded(limit, use)
            partner.o2c_own_limit_state = "over" if over else "within" if limit.is_set else "none"

    # === OFFERS === #

    o2c_offers = fields.Selection(
        [("agreed", "Agreed"), ("could_refuse", "Could refuse, did not"), ("refused", "Refused")], "Offers by Email",
        tracking=True, copy=False,
        help="Agreed: asked for offers, or ticked a box that was empty before. Could refuse, did not: gave the address "
             "when buying and was offered to refuse; enough for offers of your own, similar products. Refused: gets "
             "no offers, not even on pages. Empty: not known; companies get offers, individuals do not.",
    )

    def _o2c_offers_consent(self):
        """Return what a contact said about offers; what was said for its company counts for it too, and a refusal of
        either wins."""
        self.ensure_one()
        said = {self.o2c_offers, self.commercial_partner_id.o2c_offers}
        return next((answer for answer in ("refused", "agreed", "could_refuse") if answer in said), "")

    def _o2c_refuse_offers(self):
        """Note that a contact wants no more offers, with a line in its history; nothing if that is known."""
        for partner in self.filtered(lambda partner: partner.o2c_offers != "refused"):
            partner.o2c_offers = "refused"
            partner.message_post(body=self.env._("Wants no more offers: used the link below one."))

    # === STAFF === #

    @api.model
    def _o2c_clerk(self, company, *preferred):
        """Return the user whom a task from a customer goes to: who is set in the company, else the first of
        ``preferred`` who is staff, else somebody of Receivables; empty when there is nobody."""
        for user in (company.sudo().o2c_request_user_id, *preferred):
            if user and user.active and not user.share and company in user.sudo().company_ids:
                return user
        group = self.env.ref("o2c_portal.o2c_portal_group_user").sudo()
        staff = group.all_user_ids.filtered(
            lambda user: user.active and not user.share and company in user.company_ids and user.id != 1
        )
        return staff.sorted("id")[:1]

    def _o2c_is_account_of(self, user):
        """Say whether documents of this contact are on the account a logged-in user sees."""
        return not user._is_public() and self.commercial_partner_id == user.sudo().partner_id.commercial_partner_id

    def _o2c_account_url(self, channel):
        """Return the absolute address by which this contact pays what its customer owes the current company.

        :param str channel: ``email``, or ``manual`` when staff hand it out
        """
        self.ensure_one()
        return self.env["o2c.pay.link"]._for_account(self, self.env.company, channel)._url()

    def action_o2c_copy_account_link(self):
        """Put the address of the customer's account on the user's clipboard.

        :raises AccessError: if the user does not work with receivables or may not read the customer
        """
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group("o2c_portal.o2c_portal_group_user"):
            raise AccessError(self.env._("Only staff that works with receivables can hand out account links."))
        url = self._o2c_account_url("manual")
        return {"type": "ir.actions.client", "tag": "o2c_portal.copy_pay_link", "params": {"url": url}}
