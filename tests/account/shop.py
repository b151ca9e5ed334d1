"""A seller with customers who log in to their account."""

from tests.shop import Shop


class AccountShop(Shop):
    """Customers with a login each, so that no test meets the documents of another."""

    def __init__(self, client, database, url):
        super().__init__(client, database)
        self.url, self._count = url, 0
        client("ir.config_parameter", "set_param", "web.base.url", url)
        client("payment.provider", "write", [self.provider_id], {"allow_tokenization": True})
        [self.portal] = client("ir.model.data", "search_read", [("name", "=", "group_portal")], ["res_id"], limit=1)

    def customer_with_login(self):
        """Return a new customer, a company with one contact who may log in."""
        self._count += 1
        return Customer(self, self._count)

    def today(self, days=0):
        [[day]] = self.query(f"SELECT (now() AT TIME ZONE 'UTC')::date + {days}")
        return day

    def euro(self):
        """Return the id of the euro, in use."""
        [euro] = self.client("res.currency", "search", [("name", "=", "EUR")], context={"active_test": False})
        self.client("res.currency", "write", [euro], {"active": True})
        return euro

    def second_company(self):
        """Return the id of another company of the seller's, with books of its own."""
        company = self.client("res.company", "create", {"name": "Second Seller"})
        self.client("account.chart.template", "try_loading", [], "generic_coa", company)
        return company


class Login:
    """A contact of a company who may log in; the password is the address."""

    def __init__(self, shop, name, email, company):
        self.shop, self.client, self.email, self.cookies = shop, shop.client, email, []
        self.contact = self.client("res.partner", "create", {
            "name": name, "parent_id": company, "email": email, "type": "invoice",
        })
        self.user = self.client("res.users", "create", {
            "login": email, "password": email, "partner_id": self.contact,
            "group_ids": [(6, 0, [shop.portal["res_id"]])],
        }, context={"no_reset_password": True})


class Customer(Login):
    """One company with its first contact."""

    def __init__(self, shop, number):
        self.number_of_customer, self.name = number, f"Payer {number} Ltd"
        self.id = shop.client("res.partner", "create", {"name": self.name, "is_company": True})
        super().__init__(shop, f"Ann Payer {number}", f"ann{number}@payer.example", self.id)

    def colleague(self):
        """Return another contact of the company who may log in."""
        number = self.number_of_customer
        return Login(self.shop, f"Bob Payer {number}", f"bob{number}@payer.example", self.id)

    def branch(self):
        """Return the id of a company below this one."""
        return self.client("res.partner", "create", {
            "name": f"{self.name} North", "parent_id": self.id, "is_company": True,
        })

    def policy(self, **values):
        """Give the customer a payment policy of its own."""
        policy = self.client("o2c.payment.policy", "create", {"name": self.name, **values})
        self.client("res.partner", "write", [self.id], {"o2c_policy_id": policy})

    def invoice(self, total, days=0, instalments=True, **values):
        """Return the id of a posted invoice of that many days ago, in two halves unless told otherwise."""
        return self.invoices([total], days, instalments, **values)[0]

    def invoices(self, totals, days=0, instalments=False, **values):
        """Return the ids of posted invoices, one over each amount."""
        term = self.shop.term if instalments else False
        return self._post("out_invoice", totals, days, invoice_payment_term_id=term, **values)

    def credit_note(self, total):
        return self._post("out_refund", [total], 0, invoice_payment_term_id=False)[0]

    def _post(self, kind, totals, days, company=None, **values):
        context = {"allowed_company_ids": [company]} if company else {}
        moves = self.client("account.move", "create", [{
            "move_type": kind, "partner_id": self.contact, "invoice_date": self.shop.today(-days),
            "invoice_line_ids": [(0, 0, {"name": "Goods", "quantity": 1, "price_unit": total, "tax_ids": [(5,)]})],
            **values,
        } for total in totals], context=context)
        self.client("account.move", "action_post", moves, context=context)
        return moves

    def order(self, total):
        """Return the id of a confirmed order."""
        [product] = self.client("product.product", "search", [("sale_ok", "=", True)], limit=1)
        order = self.client("sale.order", "create", {
            "partner_id": self.id, "payment_term_id": self.shop.term,
            "order_line": [(0, 0, {"product_id": product, "price_unit": total, "tax_ids": [(5,)]})],
        })
        self.client("sale.order", "action_confirm", [order])
        return order

    def number(self, record, model="account.move"):
        return self.numbers([record], model)[0]

    def numbers(self, records, model="account.move"):
        return [found["name"] for found in self.client(model, "read", list(records), ["name"])]

    def open_cents(self, *moves):
        """Return what is open on documents, as the ledger says."""
        return [sum(cents for _line, cents in self.shop.open_lines(move)) for move in moves]

    def requests(self, *fields):
        """Return what the customer has told us, newest first."""
        return self.client("o2c.customer.request", "search_read", [("partner_id", "=", self.id)], list(fields))
