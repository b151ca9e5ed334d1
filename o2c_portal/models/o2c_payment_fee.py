"""A fee for a payment method: off by default, for companies only, and never more than what the method costs."""

from dataclasses import replace
from decimal import Decimal

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.tools.misc import format_amount

from ..core import fees, money

ANNOUNCED = "custom"  # transfers that payers make by themselves, of whatever amount


class O2cPaymentFee(models.Model):
    _name = "o2c.payment.fee"
    _description = "Payment Method Fee"
    _order = "sequence, id"

    active = fields.Boolean(default=False, help="Off until a person has checked that the law allows this fee.")
    sequence = fields.Integer(default=10)
    provider_id = fields.Many2one(
        "payment.provider", required=True, index=True, ondelete="restrict", domain=[("code", "!=", ANNOUNCED)],
    )
    payment_method_id = fields.Many2one(
        "payment.method", ondelete="restrict",
        domain="[('is_primary', '=', True), ('provider_ids', 'in', provider_id)]",
        help="Empty for all methods of the provider that no other fee names.",
    )
    company_id = fields.Many2one(related="provider_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(
        "res.currency", required=True, default=lambda self: self.env.company.currency_id,
        help="Payments in other currencies cost nothing.",
    )
    product_id = fields.Many2one(
        "product.product", required=True, ondelete="restrict", domain=[("type", "=", "service")],
        help="What the fee is invoiced as. Its taxes are part of the fee.",
    )
    percent = fields.Float("Share", digits=(16, 4), help="Of what is paid, in percent; taxes included.")
    fixed = fields.Monetary("Fixed Part", help="Added to the share; taxes included.")
    cost_percent = fields.Float("Cost: Share", digits=(16, 4), help="What the provider charges you, in percent.")
    cost_fixed = fields.Monetary("Cost: Fixed Part")
    cost_date = fields.Date(
        "Cost Checked On",
        help="The cost is good for a year from this day; after that nobody is asked until it is confirmed.",
    )
    cost_source = fields.Char("Source of the Cost", help="Such as the contract or statement of the provider.")
    country_ids = fields.Many2many(
        "res.country", string="Customers From", help="Empty: nobody. Add countries whose law you have checked.",
    )
    unregulated = fields.Boolean(
        "Neither Consumer Cards nor SEPA",
        help="In the European Economic Area and the United Kingdom no fee may be asked for consumer cards, transfers "
             "and direct debits. Tick this only if the provider takes nothing of that kind by this method.",
    )
    says = fields.Char("In Words", compute="_compute_says")
    try_partner_id = fields.Many2one("res.partner", "Customer", store=False)
    try_amount = fields.Monetary("Payment", store=False, default=100.0)
    try_says = fields.Char("Pays", compute="_compute_try_says")

    _not_negative = models.Constraint(
        "CHECK(percent >= 0 AND fixed >= 0 AND cost_percent >= 0 AND cost_fixed >= 0)", "Enter no negative amounts.",
    )

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()  # of ``_rule_ids``
        return super().create(vals_list)

    def write(self, vals):
        self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    @api.depends("provider_id", "payment_method_id")
    def _compute_display_name(self):
        for fee in self:
            fee.display_name = " – ".join(filter(None, [fee.provider_id.name, fee.payment_method_id.name]))

    @api.constrains("product_id", "provider_id")
    def _check_product_company(self):
        for fee in self:
            if fee.product_id.company_id not in (fee.company_id.browse(), *fee.company_id.parent_ids):
                raise ValidationError(self.env._("The product belongs to another company than the provider."))

    @api.constrains("active", "cost_source")
    def _check_source(self):
        if any(fee.active and not (fee.cost_source or "").strip() for fee in self):
            raise ValidationError(self.env._("Say where the cost comes from before you ask for a fee."))

    # === WHETHER AND HOW MUCH === #

    @api.model
    @tools.ormcache("provider_id")
    def _rule_ids(self, provider_id):
        """Return the ids of the active fees of a provider, in order."""
        active_sudo = self.sudo().with_context(active_test=True)  # which there are, whoever pays
        return active_sudo.search([("provider_id", "=", provider_id)])._ids

    @api.model
    def _charge(self, quote, partner, provider, method):
        """Return the quote with the fee for a method, the same one where there is none.

        :param quote: the ``core.basket.Quote`` without a fee
        :param partner: the customer's contact who pays, and gets the invoice over the fee
        :param method: of which nothing need be true, as of the provider
        """
        ids = self._rule_ids(provider.id)
        if not ids:
            return quote
        rules = {record._rule(): record for record in self.browse(ids)}
        rule = fees.pick(rules, method.exists()._o2c_primary().id)
        if not rule or rules[rule]._refusal(partner, quote.currency_id):
            return quote
        fee_minor = rules[rule]._price(partner, fees.most(rule, quote.paid_minor))[1]
        return replace(quote, fee_minor=fee_minor, fee_rule_id=rule.rule_id) if fee_minor > 0 else quote

    @api.model
    def _offers(self, quote, partner, providers, methods, tokens):
        """Return what the ways to pay that cost a fee come to: ``{"method-<id>" or "token-<id>": quote}``."""
        if not any(self._rule_ids(provider.id) for provider in providers):
            return {}
        found = {
            f"method-{method.id}": self._charge(quote, partner, (method.provider_ids & providers)[:1], method)
            for method in methods  # with the provider that Odoo's form takes
        } | {
            f"token-{token.id}": self._charge(quote, partner, token.provider_id, token.payment_method_id)
            for token in tokens
        }
        return {key: charged for key, charged in found.items() if charged.fee_minor}

    def _rule(self):
        self.ensure_one()
        digits = self.currency_id.decimal_places
        return fees.Rule(
            rule_id=self.id,
            method_id=self.payment_method_id.id or None,
            currency_id=self.currency_id.id,
            percent=Decimal(str(self.percent)),
            fixed_minor=money.to_minor(self.fixed, digits),
            cost_percent=Decimal(str(self.cost_percent)),
            cost_fixed_minor=money.to_minor(self.cost_fixed, digits),
            cost_date=self.cost_date or None,
            countries=frozenset(self.country_ids.mapped("code")),
            unregulated=self.unregulated,
        )

    def _standing(self):
        """Return why the fee is asked of nobody at all, ``""`` where it is."""
        if not self.active:
            return "off"
        if self.provider_id.code == ANNOUNCED:
            return "announced"
        if self.provider_id.capture_manually:
            return "capture"
        return fees.standing(self._rule(), fields.Date.context_today(self))

    def _refusal(self, partner, currency_id):
        """Return why a customer is asked for no fee, ``""`` where it is; see ``_in_words``."""
        customer = partner.commercial_partner_id
        payer = fees.Payer(customer.is_company, customer.vat or "", customer.country_id.code or "")
        today = fields.Date.context_today(self)
        return self._standing() or fees.refusal(self._rule(), payer, currency_id, today)

    # === TAXES === #

    def _taxes(self, partner):
        """Return ``(fiscal position, taxes)`` of the fee for a customer, as Odoo decides them."""
        company = self.company_id
        position = self.env["account.fiscal.position"].with_company(company)._get_fiscal_position(partner)
        taxes = self.product_id.taxes_id.filtered_domain(self.env["account.tax"]._check_company_domain(company))
        return position, position.map_tax(taxes._filter_taxes_by_company(company))

    def _price(self, partner, total_minor):
        """Return ``(price, total)``, both in minor units, of an invoice over at most ``total_minor``, taxes included; a
        total that was found once is found again as long as the taxes stay."""
        tax_model, currency, company = self.env["account.tax"], self.currency_id, self.company_id
        taxes, digits = self._taxes(partner)[1], currency.decimal_places

        def total_of(price_minor):
            line = tax_model._prepare_base_line_for_taxes_computation(
                None, partner_id=partner, currency_id=currency, product_id=self.product_id, tax_ids=taxes,
                price_unit=money.to_major(price_minor, digits), quantity=1.0,
            )
            tax_model._add_tax_details_in_base_lines([line], company)
            tax_model._round_base_lines_tax_details([line], company)
            summary = tax_model._get_tax_totals_summary([line], currency, company)
            return money.to_minor(summary["total_amount_currency"], digits)

        price = fees.price_within(total_minor, total_of)
        return (price, total_of(price)) if price > 0 else (0, 0)

    # === IN WORDS === #

    @api.depends(
        "active", "provider_id", "currency_id", "percent", "fixed", "cost_percent", "cost_fixed", "cost_date",
        "country_ids",
    )
    def _compute_says(self):
        for fee in self:
            fee.says = fee._in_words(fee._standing()) or self.env._("Asked of companies with a VAT number.")

    @api.depends(
        "says", "unregulated", "payment_method_id", "product_id", "try_partner_id", "try_amount",
    )
    def _compute_try_says(self):
        for fee in self:
            fee.try_says = fee._try() if fee.try_partner_id and fee.product_id and fee.provider_id else False

    def _try(self):
        """Return what a customer would pay by this fee, or why nothing."""
        refusal = self._refusal(self.try_partner_id, self.currency_id.id)
        if refusal:
            return self._in_words(refusal)
        digits = self.currency_id.decimal_places
        paid = money.to_minor(self.try_amount, digits)
        fee = money.to_major(self._price(self.try_partner_id, fees.most(self._rule(), paid))[1], digits)
        return self.env._("A fee of %(amount)s", amount=format_amount(self.env, fee, self.currency_id))

    def _in_words(self, refusal):
        """Return the sentence for a reason why no fee is asked, ``""`` for none."""
        return {
            "off": self.env._("Nobody pays it: it is switched off."),
            "announced": self.env._("Nobody pays it: payers make these transfers themselves, without a fee."),
            "capture": self.env._("Nobody pays it: payments of this provider are captured by hand."),
            "no_countries": self.env._("Nobody pays it: no country is chosen."),
            "no_cost": self.env._("Nobody pays it: what the method costs is not declared."),
            "stale_cost": self.env._("Nobody pays it: the cost was not checked in the last twelve months."),
            "consumer": self.env._("No fee: the customer is not a company."),
            "no_vat": self.env._("No fee: the customer has no VAT number."),
            "country": self.env._("No fee: the customer's country is not in the list."),
            "regulated": self.env._(
                "No fee: the customer's country allows none for consumer cards, transfers and direct debits, and it "
                "was not confirmed that the method is none of them."
            ),
            "currency": self.env._("No fee: the payment is in another currency."),
        }.get(refusal, "")
