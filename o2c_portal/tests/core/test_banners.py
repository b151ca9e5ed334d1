"""Who sees which banner, what the law allows, and how sure the result is."""

from datetime import date, timedelta

from odoo.tests import BaseCase, tagged

from odoo.addons.o2c_portal.core.banner import (
    Group,
    Offer,
    Reader,
    allowed,
    choose,
    compare,
    fits,
    held_out,
    payer,
    wilson,
)

DAY = date(2026, 3, 10)
ALL = frozenset(("pdf", "mail", "pay", "portal"))
HELD_OF_60 = [6, 7, 11, 20, 32, 51]  # of another hash customers would change sides in a running comparison


@tagged("post_install", "-at_install")
class TestBannerRules(BaseCase):
    def test_each_condition_excludes_who_does_not_meet_it(self):
        reader = Reader(
            7, is_company=True, tags=frozenset((1, 2)), industry=3, country=4, lang="fr_FR", channels=frozenset((5,)),
            bought=frozenset((9,)), payer="on_time",
        )
        for expected, changes in [
            (True, {}),
            (False, {"places": frozenset(("mail",))}),
            (True, {"start": DAY, "end": DAY}),
            (False, {"start": DAY + timedelta(1)}),
            (False, {"end": DAY - timedelta(1)}),
            (True, {"kind": "companies"}),
            (False, {"kind": "individuals"}),
            (True, {"payer": "on_time"}),
            (False, {"payer": "late"}),
            (True, {"tags": frozenset((2, 8))}),
            (False, {"tags": frozenset((8,))}),
            (True, {"industries": frozenset((3,))}),
            (False, {"industries": frozenset((4,))}),
            (True, {"countries": frozenset((4,))}),
            (False, {"countries": frozenset((3,))}),
            (True, {"langs": frozenset(("fr_FR", "de_DE"))}),
            (False, {"langs": frozenset(("de_DE",))}),
            (True, {"channels": frozenset((5,))}),
            (False, {"channels": frozenset((6,))}),
            (True, {"needs_purchase": True}),
            (False, {"needs_purchase": True, "id": 8}),
            (False, {"tags": frozenset((2,)), "countries": frozenset((3,))}),
        ]:
            with self.subTest(**changes):
                offer = Offer(**{"id": 9, "places": ALL - {"mail"}, **changes})
                self.assertIs(fits(offer, reader, "portal", DAY), expected)

    def test_the_rule_of_consent(self):
        """Rows: consent, company or not; columns: PDF and mail with other offers, with similar ones, with similar ones
        where companies must agree first, pages."""
        for consent, is_company, expected in [
            ("", True, (True, True, False, True)),
            ("", False, (False, False, False, True)),
            ("could_refuse", True, (True, True, True, True)),
            ("could_refuse", False, (False, True, True, True)),
            ("agreed", True, (True, True, True, True)),
            ("agreed", False, (True, True, True, True)),
            ("refused", True, (False, False, False, False)),
            ("refused", False, (False, False, False, False)),
        ]:
            reader = Reader(1, is_company=is_company, consent=consent)
            for mailed in ("pdf", "mail"):
                for page in ("pay", "portal"):
                    with self.subTest(consent=consent, is_company=is_company, mailed=mailed, page=page):
                        self.assertEqual((
                            allowed(reader, mailed, False, False),
                            allowed(reader, mailed, True, False),
                            allowed(reader, mailed, True, True),
                            allowed(reader, page, False, True),
                        ), expected)

    def test_a_company_that_must_agree_is_no_soft_opt_in_for_other_offers(self):
        reader = Reader(1, is_company=True, consent="could_refuse")
        self.assertFalse(allowed(reader, "mail", False, True))

    def test_priority_goes_first_and_equals_take_turns_by_weight(self):
        first, second, third = (Offer(n, ALL, priority=1, weight=weight) for n, weight in ((1, 1), (2, 2), (3, 1)))
        low = Offer(4, ALL)
        reader, days = Reader(7), [DAY + timedelta(n) for n in range(400)]
        chosen = [choose([low, third, first, second], reader, "mail", day, False) for day in days]
        self.assertEqual(set(chosen), {None})  # an individual who was not asked
        chosen = [choose([low, third, first, second], reader, "portal", day, False).id for day in days]
        self.assertEqual(set(chosen), {1, 2, 3})
        self.assertAlmostEqual(chosen.count(2) / 400, 0.5, delta=0.08)
        again = [choose([second, first, low, third], reader, "pay", day, False).id for day in days]
        self.assertEqual(chosen, again)
        self.assertEqual(choose([low], reader, "portal", DAY, False), low)
        self.assertIsNone(choose([], reader, "portal", DAY, False))

    def test_how_a_customer_pays(self):
        for days, expected in [(None, "new"), (-20, "on_time"), (0, "on_time"), (3, "on_time"), (4, "late")]:
            with self.subTest(days=days):
                self.assertEqual(payer(days), expected)

    def test_the_hold_out_is_its_share_stable_and_nested(self):
        customers = range(20_000)
        tenth = {customer for customer in customers if held_out(1, customer, 10)}
        self.assertAlmostEqual(len(tenth), 2_000, delta=150)
        self.assertEqual(tenth, {customer for customer in customers if held_out(1, customer, 10)})
        self.assertLess(tenth, {customer for customer in customers if held_out(1, customer, 20)})
        self.assertNotEqual(tenth, {customer for customer in customers if held_out(2, customer, 10)})
        self.assertEqual([held_out(1, customer, 0) for customer in range(200)], [False] * 200)
        self.assertEqual(sorted(customer for customer in range(60) if held_out(1, customer, 10)), HELD_OF_60)


@tagged("post_install", "-at_install")
class TestBannerNumbers(BaseCase):
    def test_bounds_as_published(self):
        """The examples of Newcombe's paper, table II, method 10."""
        for shown, held, difference, low, high in [
            ((70, 56), (80, 48), 0.2, 0.0524, 0.3339),
            ((10, 9), (10, 3), 0.6, 0.1705, 0.8090),
            ((7, 6), (7, 2), 0.5714, 0.0582, 0.8062),
            ((56, 5), (29, 0), 0.0893, -0.0381, 0.1926),
            ((10, 0), (20, 0), 0.0, -0.1611, 0.2775),
            ((10, 0), (10, 0), 0.0, -0.2775, 0.2775),
            ((10, 10), (20, 0), 1.0, 0.6791, 1.0),
            ((10, 10), (10, 0), 1.0, 0.6075, 1.0),
        ]:
            with self.subTest(shown=shown, held=held):
                found = compare(Group(*shown), Group(*held))
                self.assertEqual(
                    (round(found.difference, 4), round(found.low, 4), round(found.high, 4)), (difference, low, high)
                )

    def test_verdict(self):
        for shown, held, expected in [
            ((70, 56), (80, 48), "gain"), ((80, 48), (70, 56), "loss"), ((56, 5), (29, 0), "unclear"),
            ((10, 5), (10, 5), "unclear"),
        ]:
            with self.subTest(shown=shown, held=held):
                self.assertEqual(compare(Group(*shown), Group(*held)).verdict, expected)

    def test_nothing_to_compare_with(self):
        self.assertIsNone(compare(Group(10, 5), Group()))
        self.assertIsNone(compare(Group(), Group(10, 5)))

    def test_more_certainty_is_wider(self):
        narrow, wide = (compare(Group(70, 56), Group(80, 48), level) for level in (0.8, 0.99))
        self.assertLess(wide.low, narrow.low)
        self.assertGreater(wide.high, narrow.high)

    def test_one_rate(self):
        """Newcombe's companion paper (1998, 857-872), table I, method 3."""
        for group, bounds in [
            ((263, 81), (0.2553, 0.3662)), ((148, 15), (0.0624, 0.1605)), ((20, 0), (0.0, 0.1611)),
            ((29, 1), (0.0061, 0.1718)),
        ]:
            with self.subTest(group=group):
                self.assertEqual(tuple(round(bound, 4) for bound in wilson(Group(*group))), bounds)
