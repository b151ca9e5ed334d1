{
    "name": "Order to Cash Portal",
    "summary": "Pay Now links, instalments, receipts and accounts receivable that runs itself",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "license": "LGPL-3",
    "author": "o2c_portal contributors",
    "depends": [
        "sale",
        "account_payment",
        "portal",
        "utm",
        "link_tracker",
        "digest",
    ],
    "external_dependencies": {"python": ["stripe", "xero-python"]},
    "data": [
        # Who may do what
        "security/o2c_portal_groups.xml",
        "security/ir.model.access.csv",
        "security/o2c_portal_rules.xml",
        # Records the addon works with
        "data/ir_cron_data.xml",
        "data/o2c_order_stage_data.xml",
        # Screens
        "wizard/o2c_payment_term_generate_views.xml",
        "views/account_payment_term_views.xml",
        "views/o2c_portal_menus.xml",
        "views/res_config_settings_views.xml",
        "views/payment_transaction_views.xml",
        "views/o2c_due_item_views.xml",
        "wizard/o2c_pay_link_revoke_views.xml",
        "views/o2c_pay_link_views.xml",
        "views/account_move_views.xml",
        "views/o2c_money_event_views.xml",
        "views/o2c_order_stage_views.xml",
        "views/sale_order_views.xml",
    ],
    "demo": [],
    "assets": {
        "web.assets_backend": [
            "o2c_portal/static/src/backend/**/*",
        ],
    },
    "uninstall_hook": "uninstall_hook",
    "application": True,
    "installable": True,
}
