"""What happens to a wrong invoice: every kind of mistake, every reason to refuse, and where its money goes."""

from dataclasses import replace
from datetime import date

from odoo.tests import BaseCase, tagged

from odoo.addons.o2c_portal.core.corrections import (
    KINDS,
    Document,
    Facts,
    Line,
    Settlement,
    changes,
    decide,
    due_again,
    refusal,
    settle,
)

LINE = Line(quantity=2, price=100.0, discount=0, taxes=frozenset({7}), text="Goods")
OLD = Document(contact=1, delivery=1, reference="PO 1", lines={10: LINE, 11: LINE})


def changed(document=OLD, **line):
    """Return the document with its second line changed."""
    return replace(document, lines={**document.lines, 11: replace(LINE, **line)})


MISTAKES = [
    (OLD, ()),
    (changed(price=90.0), ("price",)),
    (changed(discount=5), ("price",)),
    (changed(price=100.0000001), ()),
    (changed(quantity=3), ("quantity",)),
    (changed(quantity=0), ("quantity",)),
    (changed(quantity=0, price=1, text="Other"), ("quantity",)),  # a line that is left out is only that
    (changed(taxes=frozenset()), ("tax",)),
    (changed(text="Services"), ("text",)),
    (changed(text=" Goods "), ()),
    (replace(OLD, added=(LINE,)), ("added",)),
    (replace(OLD, contact=2), ("address",)),
    (replace(OLD, delivery=2), ("delivery",)),
    (replace(OLD, reference="PO 2"), ("reference",)),
    (replace(OLD, reference="PO 1 "), ()),
    (replace(changed(price=1, quantity=1, taxes=frozenset(), text=""), added=(LINE,), contact=2, delivery=2,
             reference=""), KINDS),
]
DECISIONS = [
    ((), Facts(), "nothing"),
    (("reference",), Facts(), "amend"),
    (("delivery",), Facts(), "amend"),
    (("delivery", "reference"), Facts(), "amend"),
    (("reference",), Facts(taxed_elsewhere=True), "amend"),
    (("delivery",), Facts(taxed_elsewhere=True), "reissue"),
    (("reference",), Facts(electronic=True), "reissue"),
    ((), Facts(electronic=True), "nothing"),
    (("price", "reference"), Facts(), "reissue"),
    *(((kind,), Facts(), "reissue") for kind in ("price", "quantity", "tax", "text", "added", "address")),
]
REFUSALS = [
    (Facts(), None),
    (Facts(invoice=False, corrected=True), "kind"),
    (Facts(corrected=True, reversed=True), "corrected"),
    (Facts(reversed=True), "reversed"),
    (Facts(paying=True, sending=True), "paying"),
    (Facts(sending=True), "sending"),
    (Facts(same_customer=False), "customer"),
]


@tagged("-at_install", "post_install")
class TestCorrectionRules(BaseCase):
    def test_mistakes_are_recognised(self):
        for new, expected in MISTAKES:
            with self.subTest(expected=expected, new=new):
                self.assertEqual(changes(OLD, new), expected)

    def test_a_contact_whose_address_was_wrong_is_a_mistake_though_it_is_the_same_contact(self):
        self.assertEqual(changes(OLD, OLD, restated=True), ("address",))

    def test_what_happens(self):
        for kinds, facts, expected in DECISIONS:
            with self.subTest(kinds=kinds, facts=facts):
                self.assertEqual(decide(kinds, facts), expected)

    def test_why_not(self):
        for facts, expected in REFUSALS:
            with self.subTest(expected=expected):
                self.assertEqual(refusal(facts), expected)

    def test_an_invoice_without_lines_is_no_correction(self):
        nothing = replace(OLD, lines={10: replace(LINE, quantity=0)})
        for document, empty in [
            (nothing, True), (changed(quantity=0), False), (replace(nothing, added=(LINE,)), False),
            (replace(OLD, lines={10: replace(LINE, quantity=-1)}), False),
        ]:
            with self.subTest(document=document):
                self.assertEqual(document.is_empty, empty)
                self.assertEqual(refusal(Facts(), document.is_empty), "empty" if empty else None)

    def test_money_goes_to_the_new_invoice_and_the_rest_is_credit(self):
        self.assertEqual(settle(0, 900), Settlement(0, 900, 0))
        self.assertEqual(settle(400, 900), Settlement(400, 500, 0))
        self.assertEqual(settle(900, 900), Settlement(900, 0, 0))
        self.assertEqual(settle(1000, 900), Settlement(900, 0, 100))
        self.assertEqual(settle(1000, 0), Settlement(0, 0, 1000))

    def test_a_due_date_starts_again_as_many_days_later(self):
        today = date(2026, 3, 10)
        self.assertEqual(due_again(date(2026, 1, 1), date(2026, 1, 15), today), date(2026, 3, 24))
        self.assertEqual(due_again(date(2026, 1, 1), date(2026, 1, 1), today), today)
        self.assertEqual(due_again(date(2026, 1, 1), date(2025, 12, 1), today), today)
