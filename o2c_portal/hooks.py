"""What happens once, around the life of the addon in a database."""


def post_init_hook(env):
    """Give what was there before a start: payments that need no receipt any more, orders on the first stage."""
    env.cr.execute("UPDATE account_payment SET o2c_receipt_state = 'before' WHERE state != 'draft'")
    first = env["o2c.order.stage"].search([("company_id", "=", False)], limit=1)
    if first:
        env.cr.execute("UPDATE sale_order SET o2c_stage_id = %s WHERE o2c_stage_id IS NULL", [first.id])


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
