"""A customer limits itself, and a parent its branches."""

from odoo.tests import tagged

from .people_common import AccountCase
from .policy_common import PolicyMixin

LIMITS = "/my/billing/limits"


@tagged("post_install", "-at_install")
class TestAccountLimits(PolicyMixin, AccountCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.branch = cls.env["res.partner"].create({
            "name": "Branch", "is_company": True, "parent_id": cls.customer.id,
        })
        cls._make_invoice(1000)
        cls._make_invoice(500)
        cls._make_invoice(200, partner=cls.branch)

    def setUp(self):
        super().setUp()
        self._login(self.alice)

    def _form(self, *rows):
        """Return the form with ``(partner, balance, invoices)`` typed."""
        return {f"{name}_{partner.id}": text for partner, balance, invoices in rows
                for name, text in (("balance", balance), ("invoices", invoices))}

    def _limits(self, partner):
        return partner.o2c_own_balance_limit, partner.o2c_own_invoice_limit

    def test_set_and_shown(self):
        response = self._post(f"{LIMITS}/save", self._form((self.customer, "1,200.50", "2"), (self.branch, "", "3")))
        self.assertEqual(response.headers["Location"], f"{LIMITS}?done=saved")
        self.assertEqual([self._limits(self.customer), self._limits(self.branch)], [(1200.5, 2), (0, 3)])
        entries = self._texts(self._get(LIMITS), "//ul[contains(@class,'o2c-entries')]/li")
        self.assertIn("Over the limit Now: $ 1,500.00 of $ 1,200.50 · open invoices: 2 of 2", entries[0])
        self.assertIn("Within the limit Now: $ 200.00 · open invoices: 1 of 3", entries[1])
        partner = self.customer
        self.assertEqual((partner.o2c_own_limit_state, partner.o2c_own_balance, partner.o2c_own_invoices),
                         ("over", 1500, 2))
        self.assertEqual((self.branch.o2c_own_limit_state, self.stranger.o2c_own_limit_state), ("within", "none"))
        self.assertIn("Alice set", partner.message_ids[0].body)
        self._post(f"{LIMITS}/save", self._form((self.customer, "", ""), (self.branch, "", "")))
        self.assertEqual([self._limits(self.customer), self._limits(self.branch)], [(0, 0), (0, 0)])

    def test_a_branch_does_not_limit_its_parent(self):
        worker = self._make_portal_user("worker", self.branch)
        self._login(worker)
        self.assertNotIn("Payer Ltd", self._texts(self._get(LIMITS), "//li//h2"))
        self._post(f"{LIMITS}/save", self._form((self.customer, "1", "1"), (self.branch, "50", "")))
        self.assertEqual([self._limits(self.customer), self._limits(self.branch)], [(0, 0), (50, 0)])

    def test_nobody_elses(self):
        self._login(self.mallory)
        page = self._get(LIMITS)
        self.assertEqual(self._texts(page, "//li//h2"), ["Strange Ltd"])
        self._post(f"{LIMITS}/save", self._form((self.customer, "1", "1"), (self.alice.partner_id, "1", "1")))
        self.assertEqual(self._limits(self.customer), (0, 0))

    def test_bad_values_write_nothing(self):
        for balance, invoices, wrong in (
            ("x", "", ["balance"]), ("-1", "", ["balance"]), ("1e3", "", ["balance"]), ("NaN", "2", ["balance"]),
            ("9" * 21, "", ["balance"]), ("", "x", ["invoices"]), ("", "-1", ["invoices"]), ("", "1.5", ["invoices"]),
            ("", "10000", ["invoices"]), ("", "9" * 30, ["invoices"]), ("", "²", ["invoices"]),
            ("1.005", "x", ["balance", "invoices"]),
        ):
            with self.subTest(balance=balance, invoices=invoices):
                self._forget_hits()
                form = self._form((self.branch, "7", "7"), (self.customer, balance, invoices))
                page = self._post(f"{LIMITS}/save", form, 422)
                self.assertEqual(
                    sorted(self._tree(page).xpath("//div[@role='alert']//a/@href")),
                    [f"#o2c-{name}_{self.customer.id}" for name in wrong],
                )
                self.assertEqual(
                    self._tree(page).xpath(f"//input[@name='balance_{self.customer.id}']/@value"), [balance],
                )
        self.assertEqual([self._limits(self.customer), self._limits(self.branch)], [(0, 0), (0, 0)])

    def test_empty_and_unknown_fields(self):
        self._post(f"{LIMITS}/save", {"o2c_own_balance_limit": "5", f"balance_{self.customer.id}": "5", "active": ""})
        self.assertEqual(self._limits(self.customer), (0, 0))

    def test_a_german_reader_types_a_comma(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.alice.sudo().lang = "de_DE"
        self._post(f"{LIMITS}/save", self._form((self.customer, "1.200,50", "2")))
        self.assertEqual(self._limits(self.customer), (1200.5, 2))
        page = self._get(LIMITS)
        self.assertEqual(self._tree(page).xpath(f"//input[@name='balance_{self.customer.id}']/@value"), ["1200,50"])

    def test_whoever_sees_their_own_documents_sees_and_sets_no_limits(self):
        self.assertIn(f'href="{LIMITS}"', self._get("/my/billing/contacts").text)
        self._policy(self.customer, documents="own")
        self._get(LIMITS, 404)
        self.assertNotIn(f'href="{LIMITS}"', self._get("/my/billing/contacts").text)
        self._post(f"{LIMITS}/save", self._form((self.customer, "1", "1"), (self.branch, "1", "1")), 404)
        self.assertEqual([self._limits(self.customer), self._limits(self.branch)], [(0, 0), (0, 0)])
