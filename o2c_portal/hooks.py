"""What happens once, around the life of the addon in a database."""


def uninstall_hook(env):
    """Remove what the ORM does not know to be ours; the books are never touched."""
    env["ir.config_parameter"].sudo().search([("key", "=like", "o2c.%")]).unlink()
    env.cr.execute("DROP TABLE IF EXISTS o2c_rate_hit")
