"""The language and the policy of public pages."""

from odoo.tests import BaseCase, tagged

from odoo.addons.o2c_portal.core import public_surface


@tagged("post_install", "-at_install")
class TestPublicSurface(BaseCase):
    def test_language(self):
        installed = ["en_US", "fr_BE", "ar_001"]
        for accepted, customer, expected in [
            ([], None, "en_US"), ([], "fr_BE", "fr_BE"), ([], "xx_XX", "en_US"), (["fr"], None, "fr_BE"),
            (["FR-be"], None, "fr_BE"), (["de", "ar-EG"], "fr_BE", "ar_001"), (["en", "fr"], "fr_BE", "fr_BE"),
            (["de"], "fr_BE", "fr_BE"), (["de"], None, "en_US"), (["*"], "fr_BE", "fr_BE"), ([""], "fr_BE", "fr_BE"),
            (["en"], "fr_BE", "en_US"),
        ]:
            with self.subTest(accepted=accepted, customer=customer):
                self.assertEqual(public_surface.pick_language(accepted, customer, installed, "en_US"), expected)

    def test_checkout_policy_opens_only_what_the_providers_need(self):
        demo = public_surface.checkout_policy("N", ["demo"])
        self.assertIn("script-src 'self' 'nonce-N'", demo)
        self.assertIn("frame-src 'self';", demo)
        both = public_surface.checkout_policy("N", ["stripe", "demo"])
        self.assertIn("frame-src 'self' https://*.stripe.com;", both)
        unknown = public_surface.checkout_policy("N", ["something_new"])
        self.assertIn("frame-src 'self' https:;", unknown)
        for policy in (demo, both, unknown, public_surface.locked_policy()):
            for rule in ["frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'"]:
                self.assertIn(rule, policy)
            self.assertNotIn("script-src 'self' 'unsafe-inline'", policy)
