"""What the form of the account page says, and what it cannot say."""

from dataclasses import replace
from datetime import date

from odoo.tests import BaseCase, tagged

from odoo.addons.o2c_portal.core import selection
from odoo.addons.o2c_portal.core.instalments import Instalment


def item(line_id, minor):
    return Instalment(line_id, 1, 1, 1, date(2026, 1, 1), minor, minor)


@tagged("post_install", "-at_install")
class TestSelection(BaseCase):
    def test_reads_what_it_writes(self):
        pairs = [
            ("group", "1-2"), ("choice", "selected"), ("item", "7"), ("item", "9"), ("amount_9", "1,5"),
            ("on_account", "20"), ("q", "INV"), ("page", "3"),
        ]
        found = selection.read(pairs)
        self.assertEqual((found.group, found.ids, found.amounts), ((1, 2), (7, 9), {9: "1,5"}))
        self.assertEqual(found.pairs(), pairs)
        self.assertEqual(found.pairs(page=1), pairs[:-1])

    def test_says_nothing_by_default_and_ignores_what_it_does_not_know(self):
        self.assertEqual(selection.read([("amount", "1"), ("amount_8", "5"), ("state", "x")]), selection.Selection())

    def test_pieces_of_plans_have_negative_numbers(self):
        found = selection.read([("item", "-257"), ("item", "7"), ("item", "-257")])
        self.assertEqual(found.ids, (-257, 7))
        self.assertEqual(selection.read(found.pairs()), found)
        piece = replace(item(7, 1000), plan_id=1)
        chosen = selection.Selection(choice="selected", ids=(7,), amounts={7: "5.00"})
        self.assertEqual(selection.amounts(chosen, [piece], 2, "."), ([None], {}), "the plan says what to pay")

    def test_an_item_is_chosen_once(self):
        self.assertEqual(selection.read([("item", "7"), ("item", "7")]).ids, (7,))

    def test_what_the_form_cannot_say_is_refused(self):
        for name, value in [
            ("item", ""), ("item", "0"), ("item", "-0"), ("item", "--1"), ("item", "-2147483648"),
            ("item", "1.0"), ("item", "1e3"), ("item", "x"),
            ("item", "2147483648"), ("item", "9" * 30), ("item", "٣"), ("item", "1 OR 1=1"), ("item", "01"),
            ("group", "1"), ("group", "1-"), ("group", "1-2-3"), ("group", "0-1"), ("group", "a-b"), ("group", "1_2"),
            ("choice", "everything"), ("choice", "next"),
        ]:
            with self.subTest(name=name, value=value), self.assertRaises(selection.BadSelection):
                selection.read([(name, value)])
        with self.assertRaises(selection.BadSelection):
            selection.read([("item", str(number)) for number in range(1, 502)])

    def test_an_odd_page_is_the_first(self):
        for value in ("", "0", "-1", "x", "1.5", "٣"):
            self.assertEqual(selection.read([("page", value)]).page, 1)

    def test_amounts_of_chosen_items(self):
        chosen = selection.Selection(choice="selected", ids=(1, 2, 3, 4), amounts={
            1: "5.00", 2: "10.00", 3: "10.01", 4: "five",
        })
        wanted, errors = selection.amounts(chosen, [item(line_id, 1000) for line_id in (1, 2, 3, 4)], 2, ".")
        self.assertEqual(wanted[:2], [500, None])
        self.assertEqual(errors, {3: "too_much", 4: "malformed"})

    def test_amounts_count_for_chosen_items_only(self):
        every = selection.Selection(choice="all", ids=(1,), amounts={1: "5.00"})
        self.assertEqual(selection.amounts(every, [item(1, 1000)], 2, "."), ([None], {}))
