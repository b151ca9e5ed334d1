"""What is known of customers when a banner is chosen, in a number of queries that does not grow with them."""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..core import banner as core


class O2cBannerAudience(models.AbstractModel):
    """Reads with elevated rights: the audience is the seller's, readers do not learn of it."""

    _name = "o2c.banner.audience"
    _description = "Audience of Banners"

    @api.model
    def _readers(self, banners, company, partners, place):
        """Return ``{contact id: core.banner.Reader}``, asking only for what these banners look at."""
        contacts_sudo = partners.sudo()
        customers = contacts_sudo.commercial_partner_id
        blocked = self._blocked(contacts_sudo) if place in core.MAILED else set()
        channels = self._channels(banners.team_ids, company, customers)
        bought = self._bought(banners, company, customers)
        late = self._days_late(company, customers) if any(banner.payer != "all" for banner in banners) else {}
        return {
            contact.id: core.Reader(
                key=customer.id, is_company=customer.is_company,
                consent="refused" if contact.id in blocked else contact._o2c_offers_consent(),
                tags=frozenset((*contact.category_id.ids, *customer.category_id.ids)),
                industry=customer.industry_id.id or None,
                country=(contact.country_id or customer.country_id).id or None,
                lang=contact.lang or "",
                channels=frozenset(channels.get(customer, ())),
                bought=frozenset(bought.get(customer, ())),
                payer=core.payer(late.get(customer.id)),
            )
            for contact in contacts_sudo for customer in [contact.commercial_partner_id]
        }

    @api.model
    def _blocked(self, contacts):
        """Return the ids of those who unsubscribed from all mailings."""
        addresses = set(filter(None, contacts.mapped("email_normalized")))
        rows_sudo = self.env["mail.blacklist"].sudo().search_fetch([("email", "in", list(addresses))], ["email"])
        blocked = set(rows_sudo.mapped("email"))
        return {contact.id for contact in contacts if contact.email_normalized in blocked}

    @api.model
    def _channels(self, teams, company, customers):
        """Return ``{customer: sales team ids}`` of their invoices, among these teams."""
        if not teams:
            return {}
        found = {}
        for customer, team in self.env["account.move"].sudo()._read_group([
            ("partner_id", "child_of", customers.ids), ("company_id", "=", company.id), ("state", "=", "posted"),
            ("move_type", "=", "out_invoice"), ("team_id", "in", teams.ids),
        ], ["commercial_partner_id", "team_id"]):
            found.setdefault(customer, set()).add(team.id)
        return found

    @api.model
    def _bought(self, banners, company, customers):
        """Return ``{customer: banner ids}`` of those who were invoiced one of a banner's products."""
        found = {}
        for banner in banners:
            wanted = Domain.OR([
                Domain("product_id.product_tmpl_id", "in", banner.product_ids.ids),
                Domain("product_id.categ_id", "child_of", banner.product_category_ids.ids),
            ]) if banner.product_ids or banner.product_category_ids else Domain.FALSE
            if wanted.is_false():
                continue
            for [customer] in self.env["account.move.line"].sudo()._read_group(Domain.AND([wanted, [
                ("partner_id", "in", customers.ids), ("company_id", "=", company.id),
                ("parent_state", "=", "posted"), ("move_id.move_type", "=", "out_invoice"),
                ("display_type", "=", "product"),
            ]]), ["partner_id"]):
                found.setdefault(customer, set()).add(banner.id)
        return found

    @api.model
    def _days_late(self, company, customers):
        """Return ``{customer id: most days an instalment due in the last twelve months was paid late}``."""
        lines = self.env["account.move.line"]
        lines.flush_model()
        self.env["account.partial.reconcile"].flush_model()
        today = fields.Date.context_today(self)
        return dict(self.env.execute_query(SQL(
            """SELECT line.partner_id,
                      max(CASE WHEN line.reconciled THEN settled.day ELSE %(today)s END - line.date_maturity)
                 FROM account_move_line line
                 JOIN account_move move ON move.id = line.move_id
                 LEFT JOIN LATERAL (
                      SELECT max(part.max_date) AS day FROM account_partial_reconcile part
                       WHERE part.debit_move_id = line.id
                 ) settled ON line.reconciled
                WHERE line.partner_id IN %(customers)s AND line.company_id = %(company)s
                  AND line.display_type = 'payment_term' AND line.parent_state = 'posted'
                  AND move.move_type = 'out_invoice'
                  AND line.date_maturity < %(today)s AND line.date_maturity >= %(since)s
                GROUP BY line.partner_id""",
            today=today, since=fields.Date.subtract(today, years=1), customers=tuple(customers.ids),
            company=company.id,
        )))
