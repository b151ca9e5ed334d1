"""The statement of account on paper."""

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..core import statement


class O2cStatementReport(models.AbstractModel):
    _name = "report.o2c_portal.report_statement"
    _description = "Statement of account on paper"

    @api.model
    def _get_report_values(self, docids, data=None):
        """Return one document per customer and company they have something with, each in the customer's language.

        Printed from the *Print* menu: what is open today with the current company. Anybody may ask for any report by
        its address, so this is where staff is told from others.
        """
        data = data or {}
        partners = self._partners(data.get("partner_ids") or docids)
        companies = self._companies(data.get("company_ids"))
        period = statement.Period(
            data.get("kind") or statement.OPEN, fields.Date.to_date(data.get("date_from")),
            fields.Date.to_date(data.get("date_to")) or fields.Date.context_today(self),
        )
        sections = self.env["o2c.statement"].sudo()._data(  # sudo: allowed above
            partners, companies, period.kind, period.start, period.end,
            contact=self.env["res.partner"].browse(data.get("contact_id")),
        )
        wordings = {}
        documents = [
            document for partner in partners
            for document in self._documents(partner, companies, sections, period, wordings)
        ]
        return {"doc_ids": partners.ids, "doc_model": "res.partner", "docs": partners, "documents": documents}

    def _partners(self, ids):
        partners = self.env["res.partner"].browse(ids).exists()
        if not self.env.su:
            if not self.env.user.has_group("o2c_portal.o2c_portal_group_user"):
                raise AccessError(self.env._("Only Receivables users may print statements of account."))
            partners.check_access("read")
        return partners.commercial_partner_id

    def _companies(self, ids):
        if self.env.su:
            return self.env["res.company"].browse(ids) or self.env.company
        return self.env.companies.filtered(lambda company: company.id in (ids or self.env.company.ids))

    def _documents(self, partner, companies, sections, period, wordings):
        """Return the values of the documents of one customer: a company without anything to say keeps silent, but a
        customer gets at least one document.

        :param dict wordings: those of the languages met so far
        """
        lang = partner.lang or self.env.lang
        partner = partner.with_context(lang=lang)
        paper = partner.env["o2c.statement.paper"].sudo()  # sudo: allowed by the caller
        wording = wordings[lang] = wordings.get(lang) or paper._wording()
        found = {section.company_id for section in sections[partner.id]}
        for company in companies.filtered(lambda company: company.id in found) or companies[:1]:
            own = [section for section in sections[partner.id] if section.company_id == company.id]
            yield {
                "partner": partner,
                "company": company.with_context(lang=lang).sudo(),  # sudo: the letterhead
                "lang": lang,
                "kind": period.kind,
                "title": paper._title(period),
                "sections": paper._view(statement.whole(own), period, wording),
            }
