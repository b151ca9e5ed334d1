"""Every fact about money is told once."""

from odoo.tests import BaseCase, tagged

from ...core.notices import RECEIPT, REFUND, REVERSAL, TRUE, UNSETTLED, WITHDRAWN, next_notice


@tagged("post_install", "-at_install")
class TestNextNotice(BaseCase):
    def test_table(self):
        for incoming, standing, told, expected in [
            (True, TRUE, [], RECEIPT),
            (True, TRUE, [RECEIPT], None),
            (True, TRUE, [RECEIPT, REVERSAL], RECEIPT),
            (True, TRUE, [RECEIPT, REVERSAL, RECEIPT], None),
            (True, WITHDRAWN, [], None),
            (True, WITHDRAWN, [RECEIPT], REVERSAL),
            (True, WITHDRAWN, [RECEIPT, REVERSAL], None),
            (True, WITHDRAWN, [RECEIPT, REVERSAL, RECEIPT], REVERSAL),
            (True, UNSETTLED, [], None),
            (True, UNSETTLED, [RECEIPT], None),
            (False, TRUE, [], REFUND),
            (False, TRUE, [REFUND], None),
            (False, TRUE, [REFUND, REVERSAL], REFUND),
            (False, WITHDRAWN, [REFUND], REVERSAL),
            (False, WITHDRAWN, [], None),
            (False, UNSETTLED, [REFUND], None),
        ]:
            with self.subTest(incoming=incoming, standing=standing, told=told):
                self.assertEqual(next_notice(incoming, standing, told), expected)

    def test_whatever_happens_the_same_is_never_told_twice_in_a_row(self):
        told = []
        for standing in (TRUE, TRUE, UNSETTLED, TRUE, WITHDRAWN, WITHDRAWN, UNSETTLED, TRUE, WITHDRAWN):
            kind = next_notice(True, standing, told)
            told += [kind] if kind else []
        self.assertEqual(told, [RECEIPT, REVERSAL, RECEIPT, REVERSAL])
