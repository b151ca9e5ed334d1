"""Shared by the tests of statements: an account where everything has happened."""

from odoo.fields import Command, Date

from .common import O2cCommon


class StatementCase(O2cCommon):
    """Dates count back from today, so that periods may end today."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = Date.today()
        cls.company = cls.env.company
        cls.company.email = "seller@example.com"
        cls.service = cls.env["o2c.statement"].sudo()
        cls.term = cls._make_term((30, 0), (70, 30))
        cls.euro = cls.setup_other_currency("EUR", rates=[("1900-01-01", 0.5)])

    @classmethod
    def _ago(cls, days):
        return Date.subtract(cls.today, days=days)

    @classmethod
    def _pay(cls, invoices, amount=None, days=0, **values):
        return cls._register_payment(
            invoices, payment_date=cls._ago(days), **({"amount": amount} if amount else {}), **values,
        )

    @classmethod
    def _pay_on_account(cls, amount, days=0, partner=None):
        payment = cls.env["account.payment"].create({
            "payment_type": "inbound", "partner_type": "customer", "partner_id": (partner or cls.customer).id,
            "amount": amount, "date": cls._ago(days), "memo": "on account",
            "journal_id": cls.company_data["default_journal_bank"].id,
        })
        payment.action_post()
        return payment

    @classmethod
    def _entry(cls, amount, days=0, partner=None, account=None):
        """Post a journal entry made by hand that charges the customer."""
        receivable = account or cls.company_data["default_account_receivable"]
        move = cls.env["account.move"].create({
            "move_type": "entry", "date": cls._ago(days), "ref": "internal remark",
            "line_ids": [
                Command.create({"account_id": receivable.id, "partner_id": (partner or cls.customer).id,
                                "balance": amount}),
                Command.create({"account_id": cls.company_data["default_account_revenue"].id, "balance": -amount}),
            ],
        })
        move.action_post()
        return move

    @classmethod
    def _busy_account(cls, partner=None):
        """Give a customer invoices, instalments, a part payment, a credit note and money that nothing was matched
        with; in two currencies. Return the records by name."""
        partner = partner or cls.customer
        first = cls._make_invoice(1000.0, cls.term, cls._ago(100), partner=partner, ref="PO 77")
        second = cls._make_invoice(250.0, None, cls._ago(50), partner=partner)
        foreign = cls._make_invoice(400.0, None, cls._ago(40), partner=partner, currency_id=cls.euro.id)
        part = cls._pay(first, 450.0, days=60)
        foreign_part = cls._pay(foreign, 150.0, days=20, currency_id=cls.euro.id)
        refund = cls._reverse_invoice(second, post=True, date=cls._ago(10), reason="broken")
        loose = cls._pay_on_account(80.0, days=5, partner=partner)
        return {"first": first, "second": second, "foreign": foreign, "part": part, "foreign_part": foreign_part,
                "refund": refund, "loose": loose}

    def _activity(self, start, end=0, partner=None, companies=None):
        partner = partner or self.customer
        return self.service._data(
            partner, companies or self.company, "activity", self._ago(start), self._ago(end),
        )[partner.id]

    def _open(self, end=0, partner=None, companies=None, **options):
        partner = partner or self.customer
        return self.service._data(
            partner, companies or self.company, "open", None, self._ago(end), **options,
        )[partner.id]

    def _ledger(self, day, partner=None, company=None):
        """Return what the ledger says a customer owes at the end of a day, in minor units by currency."""
        self.env.flush_all()
        self.env.cr.execute("""
            SELECT line.currency_id, sum(line.amount_currency)
              FROM account_move_line line JOIN account_account account ON account.id = line.account_id
             WHERE account.account_type = 'asset_receivable' AND account.non_trade IS NOT TRUE
               AND line.parent_state = 'posted' AND line.partner_id = %s AND line.company_id = %s AND line.date <= %s
             GROUP BY line.currency_id HAVING sum(line.amount_currency) <> 0
        """, [(partner or self.customer).id, (company or self.company).id, day])
        return {currency: round(amount * 100) for currency, amount in self.env.cr.fetchall()}
