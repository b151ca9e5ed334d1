"""Statements of 1,000 customers, against those of the addon partner_statement of the Odoo Community Association.

Both addons are in one database and one process, and are asked in turn for the same: what is open today, what happened
in two months, and the pages that are printed of it.
"""

import contextlib
import datetime
import os
import time

import odoo
from odoo.modules.registry import Registry
from odoo.tools import config

from benchmarks._ledger import customers, multiply
from dev import database, peers
from dev import odoo as runs
from dev.bench import Contest, Limit

CUSTOMERS, OPEN_EACH, PAID_EACH, DAYS = 1_000, 2, 3, 60
PEERS = ("partner_statement", "report_xlsx", "report_xlsx_helper")
OPEN, ACTIVITY = "outstanding", "activity"  # as the peer names them
_KINDS = {OPEN: "open", ACTIVITY: "activity"}


@contextlib.contextmanager
def prepare():
    """Give the contests on a database with 2,000 invoices that are paid in part and 3,000 that are paid."""
    name, addons = database.name(f"test_{os.getpid()}"), peers.install(*PEERS)
    database.copy(database.addon_template(), name)
    try:
        runs.install(name, PEERS[:1], log="peers", addons=addons)
        config.parse_config(["-c", str(runs.config_file(name, addons=addons)), "--log-level=warn"], setup_logging=True)
        with Registry(name).cursor() as cursor:
            env = odoo.api.Environment(cursor, odoo.SUPERUSER_ID, {})
            yield _entries(env, _load(env))
        odoo.sql_db.close_all()
    finally:
        database.drop(name)


def _entries(env, partners):
    ours, theirs = Ours(env, partners), Theirs(env, partners)
    today = odoo.fields.Date.context_today(partners)
    return [
        *_compared(env, ours, theirs, OPEN, (None, today), goal=0.25, html_goal=0.65),
        *_compared(env, ours, theirs, ACTIVITY, (today - datetime.timedelta(days=DAYS), today), 0.03, 0.5),
    ]


def _compared(env, ours, theirs, kind, period, goal, html_goal):
    """Return the entries of a kind of statement; the two sides must agree on what every customer owes."""
    assert ours.balances(kind, *period) == theirs.balances(kind, *period), f"{kind}: the two disagree"
    name = f"statement_{kind}"
    return [
        Contest(name, _timed(ours.data, kind, *period), _timed(theirs.data, kind, *period), goal, PEERS[0]),
        Contest(f"{name}_html", _timed(ours.html, kind, *period), _timed(theirs.html, kind, *period), html_goal,
                PEERS[0]),
        Limit(f"{name}_queries", lambda: _queries(env, ours.data, kind, *period), 8),
    ]


class Ours:
    """Our statements of some customers."""

    def __init__(self, env, partners):
        self.env, self.partners = env, partners

    def data(self, kind, start, end):
        return self.env["o2c.statement"]._data(self.partners, self.env.company, _KINDS[kind], start, end)

    def balances(self, kind, start, end):
        """Return what each customer owes at the end, in minor units."""
        found = self.data(kind, start, end)
        return {partner_id: sum(section.closing for section in sections) for partner_id, sections in found.items()}

    def html(self, kind, start, end):
        values = {"partner_ids": self.partners.ids, "kind": _KINDS[kind], "date_from": start, "date_to": end}
        _render(self.env, "o2c_portal.report_statement", values)


class Theirs:
    """The peer's, without its ageing buckets: we print none."""

    def __init__(self, env, partners):
        self.env, self.partners = env, partners

    def _values(self, kind, start, end):
        return {
            "company_id": self.env.company.id, "partner_ids": self.partners.ids, "date_start": start, "date_end": end,
            "account_type": "asset_receivable", "aging_type": "days", "show_aging_buckets": False,
            "show_only_overdue": False, "filter_non_due_partners": False, "filter_negative_balances": False,
            "excluded_accounts_ids": [], "is_activity": kind == ACTIVITY,
        }

    def data(self, kind, start, end):
        report = self.env[f"report.partner_statement.{kind}_statement"]
        return report._get_report_values([], self._values(kind, start, end))["data"]

    def balances(self, kind, start, end):
        """Return what each customer owes at the end, in minor units."""
        owed = "ending_balance" if kind == ACTIVITY else "amount_due"
        return {
            partner_id: round(100 * sum(
                account["balance_forward"] + account[owed] for account in found["currencies"].values()
            ))
            for partner_id, found in self.data(kind, start, end).items()
        }

    def html(self, kind, start, end):
        _render(self.env, f"partner_statement.{kind}_statement", self._values(kind, start, end))


def _render(env, report, values):
    page, _kind = env["ir.actions.report"]._render_qweb_html(report, values["partner_ids"], values)
    assert page.count(b'class="page"') == CUSTOMERS, f"{report}: not one document for each customer"


def _timed(call, *arguments):
    def side():
        began = time.perf_counter()
        call(*arguments)
        return [time.perf_counter() - began]

    return side


def _queries(env, call, *arguments):
    before = env.cr.sql_log_count
    call(*arguments)
    return env.cr.sql_log_count - before


def _load(env):
    """Multiply an invoice of four instalments whose deposit is paid, and one that is paid; return the customers."""
    partners = customers(env.cr, CUSTOMERS)
    part_paid = env.ref("o2c_portal.demo_invoice_deposit")
    paid = part_paid.copy({"invoice_date": part_paid.invoice_date})
    paid.action_post()
    env["account.payment.register"].with_context(active_model="account.move", active_ids=paid.ids).create({
        "amount": paid.amount_residual, "payment_date": paid.invoice_date,
    }).action_create_payments()
    assert not paid.amount_residual
    env.flush_all()
    for invoice, each in ((part_paid, OPEN_EACH), (paid, PAID_EACH)):
        _multiply(env.cr, invoice, partners[0], each)
    env.cr.execute("ANALYZE account_move, account_move_line, account_partial_reconcile, res_partner")
    return env["res.partner"].browse(partners)


def _multiply(cursor, invoice, first, each):
    """Give each customer copies of an invoice with its payments; every second is older, from before the period."""
    moves = invoice + invoice.line_ids.matched_credit_ids.credit_move_id.move_id
    values = {"count": CUSTOMERS * each, "first": first, "move": moves.ids, "line": moves.line_ids.ids}
    cursor.execute("SELECT (SELECT max(id) FROM account_move), (SELECT max(id) FROM account_move_line)")
    values["last_move"], values["last_line"] = cursor.fetchone()

    def copy_of(kind, column="id"):
        place = f"array_position(%({kind})s, source.{column})"
        return f"%(last_{kind})s + (n - 1) * cardinality(%({kind})s) + {place}"

    def older(*columns):
        return {column: f"source.{column} - n %% 2 * {DAYS}" for column in columns}

    def other(*columns):
        return {column: f"source.{column} * n" for column in columns}

    customer = f"%(first)s + (n - 1) / {each}"
    multiply(cursor, "account_move", {
        "id": copy_of("move"), "name": f"source.name || '/{each}/' || n", "partner_id": customer,
        "commercial_partner_id": customer, "access_token": "null", **older("date"),
    }, "source.id = ANY(%(move)s)", values)
    multiply(cursor, "account_move_line", {
        "id": copy_of("line"), "move_id": copy_of("move", "move_id"), "partner_id": customer,
        **older("date", "date_maturity"), **other("debit", "credit", "balance", "amount_currency", "amount_residual",
                                                  "amount_residual_currency"),
    }, "source.id = ANY(%(line)s)", values)
    multiply(cursor, "account_partial_reconcile", {
        "id": "(SELECT max(id) FROM account_partial_reconcile) + row_number() OVER ()",
        "debit_move_id": copy_of("line", "debit_move_id"), "credit_move_id": copy_of("line", "credit_move_id"),
        **older("max_date"), **other("amount", "debit_amount_currency", "credit_amount_currency"),
    }, "source.debit_move_id = ANY(%(line)s)", values)
