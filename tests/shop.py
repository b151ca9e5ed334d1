"""A seller's side of a test database: invoices with Pay Now links, and what the ledger says about them."""

from dev import postgres


class Shop:
    """Invoices of one customer, made over RPC; questions to the ledger are asked in SQL."""

    def __init__(self, client, database):
        self.client, self.database = client, database
        self.customer = client("res.partner", "create", {"name": "Payer Ltd", "email": "payer@example.com"})
        [provider] = client("payment.provider", "search_read", [("code", "=", "demo")], ["payment_method_ids"], limit=1)
        client("payment.provider", "write", [provider["id"]], {"state": "test", "is_published": True})
        [method] = client("payment.method", "search", [("code", "=", "demo")], limit=1)
        self.provider_id, self.method_id = provider["id"], method
        [self.term] = client("account.payment.term", "create", [{
            "name": "Half now, half later",
            "line_ids": [
                (0, 0, {"value": "percent", "value_amount": 50, "delay_type": "days_after", "nb_days": days})
                for days in (0, 30)
            ],
        }])

    def invoices(self, count, total=100.0):
        """Return the ids of ``count`` posted invoices, two instalments each."""
        ids = self.client("account.move", "create", [{
            "move_type": "out_invoice", "partner_id": self.customer, "invoice_payment_term_id": self.term,
            "invoice_line_ids": [(0, 0, {"name": "Goods", "quantity": 1, "price_unit": total, "tax_ids": [(5,)]})],
        }] * count)
        self.client("account.move", "action_post", ids)
        return ids

    def portal_user(self, login, partner_id=None):
        """Give a contact of the customer, a new one by default, a login to the portal; the password is the login."""
        [group] = self.query("SELECT res_id FROM ir_model_data WHERE module = 'base' AND name = 'group_portal'")
        partner_id = partner_id or self.client("res.partner", "create", {
            "name": login, "email": f"{login}@example.com", "parent_id": self.customer,
        })
        self.client("res.users", "create", {
            "name": login, "login": login, "password": login, "partner_id": partner_id,
            "group_ids": [(6, 0, [int(group[0])])],
        })
        return partner_id

    def account_token(self, partner_id):
        """Return the token of a link to the account of a contact, as staff copy it."""
        action = self.client("res.partner", "action_o2c_copy_account_link", [partner_id])
        return action["params"]["url"].rsplit("/", 1)[1]

    def account_group(self, invoice_id):
        """Return the company and currency of an invoice, as the account page names them."""
        [[company, currency]] = self.query(f"SELECT company_id, currency_id FROM account_move WHERE id = {invoice_id}")
        return f"{company}-{currency}"

    def pay_token(self, invoice_id):
        """Return the token of the invoice's Pay Now link, as staff copy it."""
        action = self.client("account.move", "action_o2c_copy_pay_link", [invoice_id])
        return action["params"]["url"].rsplit("/", 1)[1]

    def access_token(self, invoice_id):
        """Return the token of the invoice's own portal page."""
        return self.client("account.move", "get_portal_url", [invoice_id]).split("access_token=")[1].split("&")[0]

    def open_lines(self, invoice_id):
        """Return ``[(journal item id, open amount in cents)]`` of an invoice."""
        rows = self.query(
            "SELECT id, round(amount_residual_currency * 100) FROM account_move_line"
            f" WHERE move_id = {invoice_id} AND display_type = 'payment_term' AND amount_residual <> 0"
            " ORDER BY date_maturity, id"
        )
        return [(int(line), int(float(cents))) for line, cents in rows]

    def captured(self, invoice_id):
        """Return what providers reported as paid for an invoice, in cents."""
        return self._cents(
            "SELECT coalesce(sum(tx.amount), 0) FROM payment_transaction tx"
            " JOIN account_invoice_transaction_rel rel ON rel.transaction_id = tx.id"
            f" WHERE rel.invoice_id = {invoice_id} AND tx.state IN ('done', 'pending', 'authorized')"
        )

    def applied(self, invoice_ids):
        """Return what payments settled of invoices, in cents."""
        return self._cents(
            "SELECT coalesce(sum(claim.amount), 0) FROM o2c_payment_allocation claim"
            " JOIN account_move_line line ON line.id = claim.move_line_id"
            f" WHERE line.move_id IN ({','.join(map(str, invoice_ids))}) AND claim.state = 'applied'"
        )

    def unapplied(self):
        """Return what payments of the customer left over that is not applied to a document, in cents."""
        return self._cents(
            f"SELECT coalesce(-sum(residual), 0) FROM o2c_due_item WHERE partner_id = {self.customer} AND residual < 0"
        )

    def _cents(self, sql):
        """Return the one amount a query answers, in cents."""
        [[amount]] = self.query(sql)
        return round(float(amount) * 100)

    def query(self, sql):
        """Return the rows of a query, all values as text."""
        out = postgres.query(sql, self.database)
        return [line.split("|") for line in out.splitlines()]
