"""A customer's own limits as a table."""

from odoo.tests import BaseCase, tagged

from odoo.addons.o2c_portal.core.own_limits import OwnLimit, Use, exceeded, with_order


@tagged("post_install", "-at_install")
class TestOwnLimits(BaseCase):
    def test_what_is_exceeded(self):
        for limit, use, over in (
            (OwnLimit(), Use(10**9, 99), ()),
            (OwnLimit(100, 0), Use(100, 5), ()),
            (OwnLimit(100, 0), Use(101, 5), ("balance",)),
            (OwnLimit(0, 5), Use(101, 5), ()),
            (OwnLimit(0, 5), Use(101, 6), ("invoices",)),
            (OwnLimit(100, 5), Use(101, 6), ("balance", "invoices")),
            (OwnLimit(100, 5), Use(-50, 0), ()),
        ):
            with self.subTest(limit=limit, use=use):
                self.assertEqual(exceeded(limit, use), over)
        self.assertEqual([OwnLimit().is_set, OwnLimit(1).is_set, OwnLimit(0, 1).is_set], [False, True, True])

    def test_an_order_is_one_more_invoice(self):
        self.assertEqual(with_order(Use(-50, 2), 70), Use(20, 3))
