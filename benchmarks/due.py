"""The due-item view over 100,000 open items, against the query one would write by hand for the same question.

Asked are what a report asks (everything, by customer), a customer's account, and one invoice. Both sides answer the
same: what is open in the ledger, and where a plan is in force what the plan asks for instead.
"""

import contextlib
import os
import time

import psycopg2

from benchmarks._ledger import customers, multiply
from dev import database, postgres
from dev.bench import Contest

INVOICES, PARTS = 25_000, 4
LEDGER = """
    FROM account_move_line line
    JOIN account_account account ON account.id = line.account_id
   WHERE account.account_type = 'asset_receivable' AND account.non_trade IS NOT TRUE
     AND line.parent_state = 'posted' AND line.reconciled IS NOT TRUE
     AND (line.amount_residual <> 0 OR line.amount_residual_currency <> 0) AND line.o2c_agreed IS NOT TRUE
"""
AGREED = """
    FROM (SELECT item.partner_id, item.currency_id, item.move_id, o2c_agreed_pieces(item.id) AS piece
            FROM o2c_payment_plan_item item WHERE item.live) agreed
"""
UNDER_WAY = """
    EXISTS (SELECT FROM o2c_payment_allocation claim JOIN payment_transaction tx ON tx.id = claim.transaction_id
    WHERE claim.move_line_id = line.id AND claim.state = 'live' AND tx.state IN ('pending', 'authorized', 'done'))
"""
QUESTIONS = {  # name: (from the view, by hand, repetitions per round)
    "due_all_by_customer": (
        "SELECT partner_id, currency_id, sum(residual), min(date_due) FROM o2c_due_item GROUP BY 1, 2",
        "SELECT partner_id, currency_id, sum(residual), min(day) FROM ("
        " SELECT line.partner_id, line.currency_id, line.amount_residual_currency AS residual,"
        f" COALESCE(line.date_maturity, line.date) AS day {LEDGER}"
        f" UNION ALL SELECT partner_id, currency_id, (piece).residual, (piece).date_due {AGREED}) item GROUP BY 1, 2",
        5,
    ),
    "due_one_customer": (
        "SELECT id, date_due, residual, under_way FROM o2c_due_item WHERE partner_id = %(partner)s",
        "SELECT line.id, COALESCE(line.date_maturity, line.date), line.amount_residual_currency,"
        f" {UNDER_WAY} {LEDGER} AND line.partner_id = %(partner)s"
        " UNION ALL SELECT (piece).piece_id, (piece).date_due, (piece).residual, (piece).under_way"
        f" {AGREED} WHERE partner_id = %(partner)s",
        30,
    ),
    "due_one_invoice": (
        "SELECT id, date_due, residual FROM o2c_due_item WHERE move_id = %(move)s ORDER BY date_due, id",
        "SELECT line.id, COALESCE(line.date_maturity, line.date), line.amount_residual_currency"
        f" {LEDGER} AND line.move_id = %(move)s"
        f" UNION ALL SELECT (piece).piece_id, (piece).date_due, (piece).residual {AGREED} WHERE move_id = %(move)s"
        " ORDER BY 2, 1",
        100,
    ),
}


@contextlib.contextmanager
def prepare():
    """Give the contests on a database with 100,000 open items of 500 customers."""
    name = database.name(f"test_{os.getpid()}")
    database.copy(database.addon_template(), name)
    try:
        connection = psycopg2.connect(dbname=name, **_connection())
        connection.autocommit = True
        with connection.cursor() as cursor:
            known = _load(cursor)
            yield [_contest(cursor, question, known) for question in QUESTIONS]
        connection.close()
    finally:
        database.drop(name)


def _connection():
    settings = postgres.environment()
    keys = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user", "PGPASSWORD": "password"}
    return {keys[key]: value for key, value in settings.items() if key in keys}


def _contest(cursor, question, known):
    view, hand, times = QUESTIONS[question]

    def asking(sql):
        def side():
            return [_seconds(cursor, sql, known) for _ in range(times)]

        return side

    rows = []
    for sql in (view, hand):
        cursor.execute(sql, known)
        rows.append(sorted(cursor.fetchall()))
    assert rows[0] == rows[1], f"{question}: view and query by hand disagree"
    assert rows[0], f"{question}: no rows"
    return Contest(question, asking(view), asking(hand), 1.5, other_name="by hand")


def _seconds(cursor, sql, values):
    began = time.perf_counter()
    cursor.execute(sql, values)
    cursor.fetchall()
    return time.perf_counter() - began


def _load(cursor):
    """Multiply a posted invoice of four parts into 25,000 of 500 customers; return which ones to ask for."""
    cursor.execute("SELECT res_id FROM ir_model_data WHERE module = 'o2c_portal' AND name = 'demo_invoice'")
    [source] = cursor.fetchone()
    partners = customers(cursor, 500)
    values = {"source": source, "count": INVOICES, "first": partners[0]}
    cursor.execute("SELECT max(id) + 1 FROM account_move")
    [values["base"]] = cursor.fetchone()
    moves = {
        "id": "%(base)s + n",
        "name": "'BENCH/' || n",
        "partner_id": "%(first)s + n %% 500",
        "commercial_partner_id": "%(first)s + n %% 500",
        "access_token": "null",
        "payment_reference": "'BENCH/' || n",
    }
    lines = {
        "id": "(SELECT max(id) FROM account_move_line) + row_number() OVER ()",
        "move_id": "%(base)s + n",
        "move_name": "'BENCH/' || n",
        "partner_id": "%(first)s + n %% 500",
    }
    multiply(cursor, "account_move", moves, "source.id = %(source)s", values)
    multiply(cursor, "account_move_line", lines, "source.move_id = %(source)s", values)
    cursor.execute(
        "VACUUM ANALYZE account_move, account_move_line, res_partner, o2c_payment_allocation, payment_transaction"
    )
    cursor.execute("SELECT count(*) FROM o2c_due_item")
    assert cursor.fetchone()[0] >= INVOICES * PARTS
    return {"partner": partners[7], "move": values["base"] + 7}
