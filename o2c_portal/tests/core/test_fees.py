"""A fee is asked for only where it may be, and never more than what the method costs."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from odoo.tests import BaseCase, tagged

from odoo.addons.o2c_portal.core.fees import REGULATED, Payer, Rule, most, pick, price_within, refusal, standing

TODAY = date(2026, 5, 1)
EURO, DOLLAR = 1, 2
RULE = Rule(1, None, EURO, Decimal("1.5"), 25, Decimal("2"), 30, TODAY, frozenset({"US", "DE"}))
FIRM = Payer(True, "US123456", "US")


@tagged("post_install", "-at_install")
class TestWhoIsAsked(BaseCase):

    def test_a_rule_stands_only_with_countries_and_a_cost_declared_lately(self):
        for change, code in [
            ({}, ""),
            ({"countries": frozenset()}, "no_countries"),
            ({"cost_percent": Decimal(0), "cost_fixed_minor": 0}, "no_cost"),
            ({"cost_percent": Decimal(0)}, ""),
            ({"cost_date": None}, "stale_cost"),
            ({"cost_date": TODAY + timedelta(days=1)}, "stale_cost"),
            ({"cost_date": TODAY - timedelta(days=366)}, ""),
            ({"cost_date": TODAY - timedelta(days=367)}, "stale_cost"),
        ]:
            with self.subTest(change=change):
                self.assertEqual(standing(replace(RULE, **change), TODAY), code)
                self.assertEqual(refusal(replace(RULE, **change), FIRM, EURO, TODAY), code)

    def test_only_companies_with_a_vat_number_of_a_listed_country_are_asked(self):
        for change, code in [
            ({}, ""),
            ({"is_company": False}, "consumer"),
            ({"vat": ""}, "no_vat"),
            ({"vat": " / "}, "no_vat"),
            ({"country": "FR"}, "country"),
            ({"country": ""}, "country"),
            ({"country": "DE"}, "regulated"),
        ]:
            with self.subTest(change=change):
                self.assertEqual(refusal(RULE, replace(FIRM, **change), EURO, TODAY), code)

    def test_where_the_law_regulates_fees_a_person_has_to_confirm_the_method(self):
        self.assertEqual(len(REGULATED), 31)
        for country in REGULATED:
            firm, rule = replace(FIRM, country=country), replace(RULE, countries=frozenset({country}))
            consumer, confirmed = replace(firm, is_company=False), replace(rule, unregulated=True)
            with self.subTest(country=country):
                self.assertEqual(refusal(rule, firm, EURO, TODAY), "regulated")
                self.assertEqual(refusal(confirmed, firm, EURO, TODAY), "")
                self.assertEqual(refusal(confirmed, consumer, EURO, TODAY), "consumer")

    def test_a_payment_in_another_currency_costs_nothing(self):
        self.assertEqual(refusal(RULE, FIRM, DOLLAR, TODAY), "currency")

    def test_a_rule_that_names_the_method_comes_first(self):
        card, second = replace(RULE, rule_id=2, method_id=7), replace(RULE, rule_id=3)
        self.assertEqual(pick([RULE, card, second], 7), card)
        self.assertEqual(pick([RULE, card, second], 8), RULE)
        self.assertIsNone(pick([card], 8))
        self.assertIsNone(pick([], 7))


@tagged("post_install", "-at_install")
class TestHowMuch(BaseCase):

    def test_the_fee_is_rounded_down_and_never_more_than_the_cost(self):
        for change, paid, fee in [
            ({}, 100000, 1525),
            ({}, 1, 25),  # 0.015 + 25
            ({}, 133, 26),
            ({"percent": Decimal("9")}, 100000, 2030),  # the cost
            ({"fixed_minor": 9999}, 100000, 2030),
            ({"percent": Decimal(0), "fixed_minor": 0}, 100000, 0),
            ({"fixed_minor": -5000}, 100000, 0),
            ({"percent": Decimal("0.3333"), "fixed_minor": 0}, 2999, 9),
            ({"fixed_minor": 0, "cost_fixed_minor": 0}, 333, 4),  # yen are no different
        ]:
            with self.subTest(change=change, paid=paid):
                self.assertEqual(most(replace(RULE, **change), paid), fee)

    def test_the_price_is_the_highest_whose_total_fits_and_finds_itself_again(self):
        for rate in (0, 5, 7.7, 19, 21, 25, 100):
            def total_of(price, rate=rate):
                return price + round(price * rate / 100)

            for target in (1, 2, 3, 17, 100, 1525, 99999):
                price = price_within(target, total_of)
                with self.subTest(rate=rate, target=target):
                    self.assertLessEqual(total_of(price), target)
                    self.assertGreater(total_of(price + 1), target)
                    self.assertEqual(total_of(price_within(total_of(price), total_of)), total_of(price))

    def test_taxes_that_are_included_or_withheld_leave_the_price(self):
        self.assertEqual(price_within(1525, lambda price: price), 1525)
        self.assertEqual(price_within(1000, lambda price: price * 9 // 10), 1000)

    def test_a_total_too_small_for_any_price_is_no_fee(self):
        self.assertEqual(price_within(1, lambda price: price + 5), 0)
        self.assertEqual(price_within(0, lambda price: price), 0)
