"""Counting in windows, and who is one visitor."""

from odoo.tests import BaseCase, tagged

from odoo.addons.o2c_portal.core import limits


@tagged("post_install", "-at_install")
class TestLimits(BaseCase):
    def test_sliding_window(self):
        limit = limits.Limit(10, 600)
        for current, previous, elapsed, expected in [
            (10, 0, 0, False), (11, 0, 0, True), (1, 10, 0, True), (5, 10, 300, False), (6, 10, 300, True),
            (10, 100, 600, False), (10, 100, 900, False),
        ]:
            with self.subTest(current=current, previous=previous, elapsed=elapsed):
                self.assertIs(limits.exceeded(limit, current, previous, elapsed), expected)

    def test_declines_trip_the_breaker_when_they_are_many_and_much(self):
        breaker = limits.Breaker(50, 30, 600)
        for declined, ended, expected in [
            (0, 0, False), (50, 50, False), (51, 51, True), (51, 169, True), (51, 170, False), (51, 5000, False),
            (300, 1000, False), (301, 1000, True),
        ]:
            with self.subTest(declined=declined, ended=ended):
                self.assertIs(breaker.trips(declined, ended), expected)

    def test_networks(self):
        for address, expected in [
            ("203.0.113.77", ("203.0.113.77/32", "203.0.113.0/24")),
            ("2001:db8:1:2:3:4:5:6", ("2001:db8:1:2::/64", "2001:db8:1::/48")),
            ("::ffff:203.0.113.77", ("203.0.113.77/32", "203.0.113.0/24")),
            ("::ffff:198.51.100.7", ("198.51.100.7/32", "198.51.100.0/24")),
        ]:
            with self.subTest(address=address):
                self.assertEqual(limits.networks(address), expected)
        for address in ["", "x", "203.0.113.300", "203.0.113.1/8"]:
            with self.subTest(address=address), self.assertRaises(ValueError):
                limits.networks(address)

    def test_own_networks_are_not_visitors(self):
        for address, expected in [
            ("8.8.8.8", True), ("2a00:1450::1", True), ("127.0.0.1", False), ("10.1.2.3", False), ("::1", False),
            ("192.168.1.1", False), ("fe80::1", False), ("", False), ("unknown", False),
            ("::ffff:8.8.8.8", True), ("::ffff:127.0.0.1", False), ("::ffff:10.1.2.3", False),
        ]:
            with self.subTest(address=address):
                self.assertIs(limits.is_public(address), expected)
