"""Adds to res.config.settings: the page Order to Cash."""

from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    o2c_claim_minutes = fields.Integer(related="company_id.o2c_claim_minutes", readonly=False)

    # Terms
    o2c_due_soon_days = fields.Integer(related="company_id.o2c_due_soon_days", readonly=False)
    o2c_prepay_first = fields.Boolean(related="company_id.o2c_prepay_first", readonly=False)

    # Pay links
    o2c_link_days_email = fields.Integer(related="company_id.o2c_link_days_email", readonly=False)
    o2c_link_days_pdf = fields.Integer(related="company_id.o2c_link_days_pdf", readonly=False)
    o2c_link_days_print = fields.Integer(related="company_id.o2c_link_days_print", readonly=False)
    o2c_link_days_manual = fields.Integer(related="company_id.o2c_link_days_manual", readonly=False)
    o2c_link_show_number = fields.Boolean(related="company_id.o2c_link_show_number", readonly=False)
