"""What happens once, around the life of the addon in a database."""

from odoo.tools import SQL


def post_init_hook(env):
    """Give what was there before a start: payments that need no receipt any more, orders on the first stage."""
    _note_earlier_money(env)
    first = env["o2c.order.stage"].search([("company_id", "=", False)], limit=1)
    if first:
        env.cr.execute("UPDATE sale_order SET o2c_stage_id = %s WHERE o2c_stage_id IS NULL", [first.id])


def _note_earlier_money(env):
    """Write down that money which is in the books already needs no receipt: payments, and what bank transactions and
    tills brought customers without one."""
    notice = SQL(
        """INSERT INTO o2c_money_notice (kind, incoming, number, state, payment_id, entry_id, partner_id, company_id,
                                         currency_id, amount, create_date, create_uid)"""
    )
    env.cr.execute(SQL(
        """%s
        SELECT CASE payment_type WHEN 'inbound' THEN 'receipt' ELSE 'refund' END, payment_type = 'inbound', 1, 'before',
               payment.id, NULL, partner.commercial_partner_id, payment.company_id, payment.currency_id, payment.amount,
               now() AT TIME ZONE 'UTC', 1
          FROM account_payment payment JOIN res_partner partner ON partner.id = payment.partner_id
         WHERE payment.state != 'draft' AND payment.partner_type = 'customer' AND %s
            ON CONFLICT DO NOTHING
        """, notice, env["o2c.till"]._closes_none(),
    ))
    env.cr.execute(SQL(
        """%s
        SELECT CASE WHEN sum(line.balance) < 0 THEN 'receipt' ELSE 'refund' END, sum(line.balance) < 0, 1, 'before',
               NULL, line.move_id, partner.commercial_partner_id, line.company_id, min(line.currency_id),
               abs(sum(line.amount_currency)), now() AT TIME ZONE 'UTC', 1
          FROM account_move_line line
          JOIN account_move move ON move.id = line.move_id
          JOIN account_account account ON account.id = line.account_id
          JOIN res_partner partner ON partner.id = line.partner_id
         WHERE account.account_type = 'asset_receivable' AND move.state = 'posted' AND %s AND %s
         GROUP BY line.move_id, partner.commercial_partner_id, line.company_id
            ON CONFLICT DO NOTHING
        """, notice, env["o2c.money.event"]._moves_money(), env["o2c.till"]._is_paid(),
    ))


def uninstall_hook(env):
    """Remove what the ORM does not know to be ours; the books are never touched."""
    # Demo orders and invoices are books as well: Odoo deletes only what still carries our external ids.
    env["ir.model.data"].search([("module", "=", "o2c_portal"), ("name", "=like", "demo\\_%")]).unlink()
    env["ir.config_parameter"].sudo().search([("key", "=like", "o2c.%")]).unlink()
    env.cr.execute("DROP TABLE IF EXISTS o2c_rate_hit")
    _merge_draft_instalments(env)
    env.cr.execute("DROP TYPE IF EXISTS o2c_agreed_piece CASCADE")  # and with it a function and the view of due items


def _merge_draft_instalments(env):
    """Give drafts back the one receivable per day that Odoo alone can keep in step; posted documents stay."""
    lines = env["account.move.line"].search([("o2c_part", ">", 1), ("parent_state", "=", "draft")])
    lines = lines.with_context(skip_invoice_sync=True, check_move_validity=False, dynamic_unlink=True)
    for line in lines:
        first = line.move_id.line_ids.filtered(
            lambda other, line=line: other.term_key and not other.o2c_part and other.date_maturity == line.date_maturity
        )
        first.with_env(line.env).write({
            "balance": first.balance + line.balance,
            "amount_currency": first.amount_currency + line.amount_currency,
        })
    lines.unlink()
