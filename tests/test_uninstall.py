"""Uninstalling leaves the books as they are and nothing of ours behind; installing again works, also where the point of
sale was there first."""

from dev import database as databases
from dev import odoo
from dev.rpc import Client

from .payers import Payer
from .shop import Shop
from .till import Till

BOOKS = (
    "account_move", "account_move_line", "account_partial_reconcile", "account_full_reconcile", "account_payment",
    "payment_transaction", "account_invoice_transaction_rel", "pos_order", "pos_payment", "pos_session",
)
LEFT_BEHIND = {
    "tables and views": "SELECT relname FROM pg_class WHERE relname LIKE 'o2c\\_%' AND relkind IN ('r', 'v', 'm', 'S')",
    "columns": "SELECT attrelid::regclass || '.' || attname FROM pg_attribute WHERE attname LIKE 'o2c\\_%'",
    "functions": "SELECT proname FROM pg_proc WHERE proname LIKE 'o2c\\_%'",
    "external ids": "SELECT name FROM ir_model_data WHERE module = 'o2c_portal'",
    "parameters": "SELECT key FROM ir_config_parameter WHERE key LIKE 'o2c%'",
    "models": "SELECT model FROM ir_model WHERE model LIKE 'o2c.%'",
    "fields": "SELECT model || '.' || name FROM ir_model_fields WHERE name LIKE 'o2c\\_%'",
    "scheduled actions": "SELECT cron_name FROM ir_cron WHERE cron_name LIKE 'Order to Cash%'",
    "views": "SELECT name FROM ir_ui_view WHERE name LIKE '%o2c%' OR key LIKE 'o2c\\_portal.%'",
    "attachments": "SELECT name FROM ir_attachment WHERE res_model LIKE 'o2c.%' OR url LIKE '%o2c_portal%'",
    "terms it cannot read": "SELECT delay_type FROM account_payment_term_line WHERE delay_type LIKE '%o2c%'",
}


def columns(shop):
    """Return Odoo's own columns per table of the books."""
    found = {}
    for table in BOOKS:
        rows = shop.query(
            f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}'"
            " AND column_name NOT LIKE 'o2c\\_%' ORDER BY column_name"
        )
        found[table] = [name for [name] in rows]
    return found


def last_ids(shop, names):
    """Return the highest id of every table of the books that has one."""
    return {
        table: int(shop.query(f"SELECT coalesce(max(id), 0) FROM {table}")[0][0])
        for table, fields in names.items() if "id" in fields
    }


def hashes(shop, names, last=None):
    """Return the hash of every table of the books over the given columns, up to the ``last`` ids if given."""
    result = {}
    for table, fields in names.items():
        row = ", ".join(f'"{name}"' for name in fields)
        rows = f" WHERE id <= {last[table]}" if last and table in last else ""
        result[table] = shop.query(
            f"SELECT md5(coalesce(string_agg(t::text, '' ORDER BY t::text), '')) "
            f"FROM (SELECT {row} FROM {table}{rows}) t"
        )
    return result


def sell_at_a_till(shop, server):
    """Sell in every way, with an invoice and without, and close the till."""
    till = Till(shop, server)
    for way in till.WAYS:
        for invoice in (True, False):
            till.sell(shop.customer, 10, invoice=invoice, **{way.replace(" ", "_"): 10})
    till.close()


def test_uninstall_leaves_the_books_and_nothing_else(start_server, make_database):
    database = make_database(databases.addon_template(after=("point_of_sale",)))
    server = start_server(database, max_cron_threads=0)  # Odoo does not uninstall while a scheduled action runs
    client = Client(server.url, server.database)
    shop = Shop(client, server.database)
    paid, half = shop.invoices(2)
    for invoice, count in ((paid, 2), (half, 1)):
        lines = shop.open_lines(invoice)[:count]
        token = shop.pay_token(invoice)
        payer = Payer(server, shop.provider_id, shop.method_id)
        payer.open_checkout(token)
        _status, reference = payer.start(token, [line for line, _cents in lines], sum(cents for _line, cents in lines))
        payer.finish(reference)
        payer.poll()
    assert [cents for _line, cents in shop.open_lines(half)] == [5000]
    sell_at_a_till(shop, server)
    names = columns(shop)
    before, last = hashes(shop, names), last_ids(shop, names)

    [module] = client("ir.module.module", "search", [("name", "=", "o2c_portal")])
    client("ir.module.module", "button_immediate_uninstall", [module])
    server.stop()

    assert columns(shop) == names
    assert hashes(shop, names) == before
    assert {what: shop.query(sql) for what, sql in LEFT_BEHIND.items()} == dict.fromkeys(LEFT_BEHIND, [])

    odoo.install(server.database, ("o2c_portal",), log="reinstall")
    assert hashes(shop, names, last) == before  # its demo data is new
    told = shop.query(f"SELECT state, count(*) FROM o2c_money_notice WHERE partner_id = {shop.customer} GROUP BY 1")
    assert told == [["before", "5"]], "what was paid before has no receipt"
