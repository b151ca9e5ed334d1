"""Who may do what with our models: one table, and proof that a refused attempt leaves no trace."""

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import O2cCommon

R, RWCU = "r", "rwcu"
OPERATIONS = {"r": "read", "w": "write", "c": "create", "u": "unlink"}
USERS = {
    "portal": "base.group_portal",
    "internal": "base.group_user",
    "salesman": "sales_team.group_sale_salesman",
    "invoicing": "account.group_account_invoice",
    "clerk": "o2c_portal.o2c_portal_group_user",
    "manager": "o2c_portal.o2c_portal_group_manager",
}
#                        portal internal salesman invoicing clerk manager
TABLE = {
    "o2c.banner":             ("", "", "", "", R, RWCU),
    "o2c.banner.reach":       ("", "", "", "", R, R),
    "o2c.banner.view":        ("", "", "", "", R, R),
    "o2c.billing.address":    ("", "", "", "", RWCU, RWCU),
    "o2c.contact.change":     ("", "", "", "", R, R),
    "o2c.customer.request":   ("", "", "", "", "rw", "rw"),
    "o2c.customer.request.item": ("", "", "", "", R, R),
    "o2c.delivery":           ("", "", "", "", R, R),
    "o2c.due.item":           ("", "", "", "", R, R),
    "o2c.instalment.promise": ("", "", "", "", RWCU, RWCU),
    "o2c.invoice.attempt":    ("", "", "", "", R, R),
    "o2c.invoice.correction": ("", "", "", "", RWCU, RWCU),
    "o2c.invoice.correction.line": ("", "", "", "", RWCU, RWCU),
    "o2c.money.event":        ("", "", "", "", R, R),
    "o2c.money.notice":       ("", "", "", R, R, R),
    "o2c.order.stage":        ("", "", R, R, R, RWCU),
    "o2c.pay.link":           ("", "", "", "", R, R),
    "o2c.pay.link.revoke":    ("", "", "", "", RWCU, RWCU),
    "o2c.payment.allocation": ("", "", "", R, R, R),
    "o2c.payment.plan":       ("", "", "", "", R, R),
    "o2c.payment.plan.item":  ("", "", "", "", R, R),
    "o2c.payment.plan.line":  ("", "", "", "", R, R),
    "o2c.payment.plan.propose": ("", "", "", "", RWCU, RWCU),
    "o2c.payment.plan.propose.line": ("", "", "", "", RWCU, RWCU),
    "o2c.payment.fee":        ("", "", "", "", R, RWCU),
    "o2c.payment.policy":     ("", "", "", "", R, RWCU),
    "o2c.payment.policy.method": ("", "", "", "", R, RWCU),
    "o2c.payment.term.generate": ("", "", "", "", "", ""),  # account managers configure terms
    "o2c.print.item":         ("", "", "", "", R, R),
    "o2c.print.pile":         ("", "", "", "", R, R),
    "o2c.remittance":         ("", "", "", "", R, R),
    "o2c.remittance.line":    ("", "", "", "", R, R),
    "o2c.send.item":          ("", "", "", R, R, R),
    "o2c.send.run":           ("", "", "", R, R, R),
    "o2c.stage.log":          ("", "", R, R, R, R),
    "o2c.stage.rule":         ("", "", R, "", R, RWCU),
    "o2c.statement.mailing":  ("", "", "", "", R, R),
    "o2c.statement.send":     ("", "", "", "", RWCU, RWCU),
}


@tagged("post_install", "-at_install")
class TestAccess(O2cCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {name: new_test_user(cls.env, f"access_{name}", groups=group) for name, group in USERS.items()}

    def test_every_model_of_ours_is_in_the_table(self):
        models = self.env["ir.model"].sudo().search([("model", "=like", "o2c.%"), ("abstract", "=", False)])
        self.assertEqual(set(models.mapped("model")), set(TABLE))

    def test_table(self):
        for model, row in TABLE.items():
            for (name, user), allowed in zip(self.users.items(), row, strict=True):
                records = self.env[model].with_user(user)
                found = "".join(letter for letter, verb in OPERATIONS.items() if records.has_access(verb))
                with self.subTest(model=model, user=name):
                    self.assertEqual(found, allowed)

    def test_every_stored_model_keeps_companies_apart(self):
        guarded = self.env["ir.rule"].sudo().search([("global", "=", True)]).model_id.mapped("model")
        for model in TABLE:
            if not self.env[model]._transient:
                with self.subTest(model=model):
                    self.assertIn(model, guarded)

    def test_rows_of_another_company_do_not_exist(self):
        other = self._create_company(name="Other Company")
        stranger = new_test_user(
            self.env, "stranger", groups=USERS["manager"], company_id=other.id, company_ids=[(6, 0, other.ids)],
        )
        invoice = self._make_invoice(1000, self._make_term((50, 0), (50, 30)))
        invoice.action_o2c_copy_pay_link()
        self.env.flush_all()
        for model, field in (("o2c.due.item", "move_id"), ("o2c.pay.link", "move_id")):
            with self.subTest(model=model):
                domain = [(field, "=", invoice.id)]
                self.assertTrue(self.env[model].search_count(domain))
                self.assertEqual(self.env[model].with_user(stranger).search_count(domain), 0)

    def test_a_refused_attempt_leaves_no_trace(self):
        invoice = self._make_invoice(1000)
        links = self.env["o2c.pay.link"].sudo().search_count([])
        for name in ("portal", "internal"):
            with self.subTest(user=name), self.assertRaises(AccessError):
                invoice.with_user(self.users[name]).action_o2c_copy_pay_link()
        self.assertEqual(self.env["o2c.pay.link"].sudo().search_count([]), links)
