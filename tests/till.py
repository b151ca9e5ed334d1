"""A till of Odoo's point of sale in a test database, kept by a cashier who has no other rights."""

import datetime
import uuid

from dev.rpc import Client

from .test_crash import wait_until


class Till:
    """Sells goods without tax for any price, paid by ``WAYS``; *Named card* books who paid, *Account* is paid later.

    What is not paid when it is sold the customer pays online, by the code on the till's screen.
    """

    WAYS = ("Cash", "Card", "Named card", "Account")

    def __init__(self, shop, server):
        self.shop, self._office = shop, shop.client
        groups = [self._id("base", "group_user"), self._id("point_of_sale", "group_pos_user")]
        self._office("res.users", "create", {
            "name": "Cashier", "login": "cashier", "password": "cashier", "group_ids": [(6, 0, groups)],
        })
        self.cashier = Client(server.url, server.database, "cashier", "cashier")
        self._methods = self._ways()
        methods = [(6, 0, list(self._methods.values()))]
        self._config = self._office("pos.config", "create", {"name": "Counter", "payment_method_ids": methods})
        self._goods = self._office("product.product", "create", {
            "name": "Goods", "type": "consu", "taxes_id": [(5,)], "available_in_pos": True,
        })
        self.open()

    def _id(self, module, name):
        [[found]] = self.shop.query(f"SELECT res_id FROM ir_model_data WHERE module = '{module}' AND name = '{name}'")
        return int(found)

    def _ways(self):
        """Make the ways to pay and return ``{name: id}``."""
        [bank] = self._office("account.journal", "search", [("type", "=", "bank")], limit=1)
        cash = self._office("account.journal", "create", {"name": "Drawer", "type": "cash", "code": "DRAW"})
        values = {
            "Cash": {"journal_id": cash}, "Card": {"journal_id": bank},
            "Named card": {"journal_id": bank, "split_transactions": True}, "Account": {"split_transactions": True},
            "Online": {"is_online_payment": True},
        }
        ids = self._office("pos.payment.method", "create", [{"name": name, **way} for name, way in values.items()])
        return dict(zip(values, ids, strict=True))

    def open(self):
        """Open a session."""
        self.cashier("pos.config", "open_ui", [self._config])
        [self.session] = self.cashier(
            "pos.session", "search", [("config_id", "=", self._config), ("state", "!=", "closed")],
        )
        self.cashier("pos.session", "set_opening_control", [self.session], 0, "")

    def close(self):
        """Close the session; nothing is missing in the drawer."""
        answer = self.cashier("pos.session", "close_session_from_ui", [self.session])
        assert answer["successful"], answer

    def sell(self, customer, price, change=0, invoice=True, back_from=None, **paid):
        """Sell, or take ``back_from`` an order for a negative price, as the till's screen tells the server.

        :param paid: ``{way: amount}``, a blank of the way's name as ``_``; ``change`` is given back in cash
        :return: the order's id
        """
        key, sold = str(uuid.uuid4()), None
        if back_from:
            [sold] = self.cashier("pos.order.line", "search", [("order_id", "=", back_from)])
        answer = self.cashier("pos.order", "sync_from_ui", [{
            "uuid": key, "name": key, "session_id": self.session, "user_id": self.cashier.uid,
            "partner_id": customer, "to_invoice": invoice, "fiscal_position_id": False, "pricelist_id": False,
            "date_order": f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M:%S}", "is_refund": price < 0,
            "amount_total": price, "amount_paid": sum(paid.values()) - change, "amount_return": -change,
            "amount_tax": 0, "state": "paid" if paid else "draft",
            "lines": [(0, 0, {
                "product_id": self._goods, "price_unit": abs(price), "qty": -1 if price < 0 else 1, "tax_ids": [],
                "price_subtotal": price, "price_subtotal_incl": price, "refunded_orderline_id": sold,
            })],
            "payment_ids": [
                (0, 0, {"amount": amount, "payment_method_id": self._methods[way.replace("_", " ")]})
                for way, amount in paid.items()
            ],
        }])
        return next(order["id"] for order in answer["pos.order"] if order["uuid"] == key)

    def code(self, order):
        """Return the token in the code by which an order is paid online."""
        [[token]] = self.shop.query(f"SELECT access_token FROM pos_order WHERE id = {order}")
        return token

    def invoice(self, order):
        """Return the id of an order's invoice; made now by the office where the order has none yet."""
        self._office("pos.order", "action_pos_order_invoice", [order])
        [[found]] = self.shop.query(f"SELECT account_move FROM pos_order WHERE id = {order}")
        return int(found)

    def told(self, customer):
        """Return ``[(kind, amount, state)]`` of what a customer was told about money, once all of it is."""
        wait_until(lambda: self.shop.query(
            "SELECT 1 FROM o2c_money_event WHERE state = 'pending' UNION ALL SELECT 1 FROM o2c_money_notice"
            " WHERE state = 'queued' UNION ALL SELECT 1 FROM mail_mail WHERE state = 'outgoing'"
        ), [])
        rows = self.shop.query(
            f"SELECT kind, amount, state FROM o2c_money_notice WHERE partner_id = {customer} ORDER BY id"
        )
        return [(kind, float(amount), state) for kind, amount, state in rows]

    def due(self, customer):
        """Return ``[(kind, open amount)]`` of what is due from a customer, in the order of the amounts."""
        rows = self.shop.query(f"SELECT kind, residual FROM o2c_due_item WHERE partner_id = {customer} ORDER BY 2")
        return [(kind, float(residual)) for kind, residual in rows]

    def item(self, customer, balance):
        """Return the id of a customer's open journal item."""
        [[found]] = self.shop.query(
            f"SELECT move_line_id FROM o2c_due_item WHERE partner_id = {customer} AND residual = {balance}"
        )
        return int(found)

    def name_cash_in(self, amount, customer):
        """Book cash that was put into the drawer as a customer's, in the office."""
        [[move, suspense, receivable]] = self.shop.query(
            "SELECT line.move_id, line.id, (SELECT min(account_id) FROM account_move_line"
            " WHERE display_type = 'payment_term' AND parent_state = 'posted' AND invoice_date IS NOT NULL"
            f" AND partner_id = {customer})"
            " FROM account_move_line line JOIN account_bank_statement_line cash ON cash.move_id = line.move_id"
            f" WHERE cash.pos_session_id = {self.session} AND cash.amount = {amount} AND line.balance < 0"
        )
        self._office("account.move", "button_draft", [int(move)])
        self._office("account.move.line", "write", [int(suspense)], {
            "account_id": int(receivable), "partner_id": customer,
        })
        self._office("account.move", "action_post", [int(move)])
