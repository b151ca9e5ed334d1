"""The limits a customer sets for itself and its branches, as its own people see and keep them."""

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import format_amount

from ..core import own_limits
from ..core.money import parse, to_major

MOST_BRANCHES = 200
MOST_INVOICES = 9999


class O2cAccountLimits(models.AbstractModel):
    """Customers have no right to write contacts, so everything here works with elevated rights and within a
    ``Scope``. Amounts are in the currency of the company the customer looks at."""

    _name = "o2c.account.limits"
    _description = "Own limits of a customer"

    @api.model
    def _partners(self, scope):
        """Return the customer and its branches: the companies below it."""
        branches = scope.partner.search(
            Domain("parent_id", "child_of", scope.partner.id) & Domain("is_company", "=", True)
            & Domain("id", "!=", scope.partner.id), order="name, id", limit=MOST_BRANCHES,
        )
        return scope.partner | branches

    @api.model
    def _rows(self, scope, company, form=None):
        """Return one row per company of the customer; ``form`` holds what was typed instead of what is stored."""
        partners, currency = self._partners(scope), company.currency_id
        used = partners._o2c_own_use(company.browse(scope.company_ids), currency)
        point = self.env["res.lang"]._get_data(code=self.env.lang).decimal_point
        rows = []
        for partner in partners:
            use, limit = used[partner.id], partner._o2c_own_limit(currency)
            shown = f"{partner.o2c_own_balance_limit:.{currency.decimal_places}f}".replace(".", point)
            rows.append({
                "id": partner.id, "name": partner.name,
                "balance": self._money(use.balance, currency), "invoices": use.invoices,
                "balance_limit": self._money(limit.balance, currency) if limit.balance else "",
                "invoice_limit": limit.invoices,
                "over": own_limits.exceeded(limit, use), "limited": limit.is_set,
                "typed_balance": (form or {}).get(f"balance_{partner.id}", shown if limit.balance else ""),
                "typed_invoices": (form or {}).get(f"invoices_{partner.id}", limit.invoices or ""),
            })
        return rows

    def _money(self, minor, currency):
        return format_amount(self.env, to_major(minor, currency.decimal_places), currency)

    @api.model
    def _save(self, scope, company, form):
        """Write the limits that were typed; return what is wrong with them, then nothing is written.

        A company that is missing in the form keeps its limits; no other than the customer's own is looked for.
        """
        point = self.env["res.lang"]._get_data(code=self.env.lang).decimal_point
        digits, errors, changes = company.currency_id.decimal_places, {}, []
        for partner in self._partners(scope):
            balance, invoices = (form.get(f"{name}_{partner.id}") for name in ("balance", "invoices"))
            if balance is None or invoices is None:
                continue
            values, minor = {}, parse(balance, digits, point) if balance.strip() else 0
            if minor is None:
                errors[f"balance_{partner.id}"] = self.env._(
                    "%(name)s: enter an amount like %(example)s, or nothing.", name=partner.name,
                    example=f"5000{point}00")
            else:
                values["o2c_own_balance_limit"] = to_major(minor, digits)
            text = invoices.strip()
            if not text or (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) <= MOST_INVOICES):
                values["o2c_own_invoice_limit"] = int(text or 0)
            else:
                errors[f"invoices_{partner.id}"] = self.env._(
                    "%(name)s: enter a number up to %(most)s, or nothing.", name=partner.name, most=MOST_INVOICES)
            changes.append((partner, values))
        if not errors:
            for partner, values in changes:
                self._write(partner, values, company.currency_id)
        return errors

    def _write(self, partner, values, currency):
        if all(partner[field] == value for field, value in values.items()):
            return
        partner.write(values)
        limit = partner._o2c_own_limit(currency)
        partner._message_log(body=self.env._(
            "%(who)s set this customer's own limits in the portal: balance %(balance)s, open invoices %(invoices)s",
            who=self.env.user.name, invoices=limit.invoices or self.env._("no limit"),
            balance=self._money(limit.balance, currency) if limit.balance else self.env._("no limit"),
        ))
