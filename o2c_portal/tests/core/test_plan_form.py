"""What the forms for plans say, and what they do not."""

from datetime import date

from odoo.tests import BaseCase, tagged

from ...core import plan_form
from ...core.plans import Payment


@tagged("post_install", "-at_install")
class TestPlanForm(BaseCase):

    def test_ids(self):
        for values, expected in [
            (["1,2", "3", "2"], (1, 2, 3)), (["0"], None), (["-1"], None), ([""], None), (["1,"], None), (["x"], None),
            (["٣"], None), (["99999999999"], None), ([], ()), ([",".join(map(str, range(1, 502)))], None),
        ]:
            with self.subTest(values=values[:1]):
                self.assertEqual(plan_form.read_ids(values), expected)

    def test_a_proposal_survives_its_way_through_a_form(self):
        proposal = (Payment(date(2026, 3, 15), 3000), Payment(date(2026, 4, 15), 1))
        self.assertEqual(plan_form.encode(proposal), "2026-03-15:3000,2026-04-15:1")
        self.assertEqual(plan_form.decode(plan_form.encode(proposal)), proposal)
        for text in ("", "own", "2026-03-15", "2026-02-30:1", "2026-03-15:-1", "2026-03-15:1.5", "2026-3-5:1",
                     ",".join(["2026-03-15:1"] * 121), "2026-03-15:1,"):
            with self.subTest(text=text[:20]):
                self.assertIsNone(plan_form.decode(text))

    def test_rows(self):
        rows = [("2026-03-15", "1.000,50"), ("", ""), ("", "5"), ("2026-03-20", "five"), ("2026-03-21", "0")]
        self.assertEqual(plan_form.read_rows(rows, 2, ","), (
            (Payment(date(2026, 3, 15), 100050),), {2: "date", 3: "amount", 4: "amount"},
        ))
