"""Role x route x object: exactly the allowed cells answer, and nothing of others is ever shown."""

from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .account_common import AccountPageCase
from .test_pay_bad_input import BadInputCase

OK, LOGIN, HIDDEN, REFUSED = 200, 303, 404, 422
ROLES = ("owner", "colleague", "stranger", "elsewhere", "deactivated", "anonymous", "salesman")
#                                       owner  colleague stranger elsewhere deactivated anonymous salesman
TABLE = {
    ("GET", ""):                         (OK, OK, OK, OK, LOGIN, LOGIN, OK),
    ("GET", "?group={group}"):           (OK, OK, OK, OK, LOGIN, LOGIN, OK),
    ("GET", "?q=INV"):                (OK, OK, OK, OK, LOGIN, LOGIN, OK),
    ("GET", "/review?{item}"):           (OK, OK, HIDDEN, HIDDEN, LOGIN, LOGIN, HIDDEN),
    ("GET", "/checkout?{item}"):         (OK, OK, HIDDEN, HIDDEN, LOGIN, LOGIN, HIDDEN),
    ("GET", "/review?{all}"):            (OK, OK, OK, HIDDEN, LOGIN, LOGIN, REFUSED),
    ("GET", "/result"):                  (303, 303, 303, 303, LOGIN, LOGIN, 303),
    ("GET", "/credits"):                 (OK, OK, OK, OK, LOGIN, LOGIN, OK),
    ("POST", "/start?group={group}"):    (OK, OK, REFUSED, HIDDEN, LOGIN, LOGIN, REFUSED),
    ("POST", "/credits"):                (303, 303, HIDDEN, HIDDEN, LOGIN, LOGIN, HIDDEN),
}


@tagged("post_install", "-at_install")
class TestAccountAccess(AccountPageCase, BadInputCase):
    """The objects are the customer's: an invoice, a credit note, a group. The stranger owes 77.77 and has no credit."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        other = cls._create_company(name="Other Company")
        colleague = cls.env["res.partner"].create({"name": "Colleague", "parent_id": cls.customer.id})
        moved = cls.env["res.partner"].create({"name": "Moved", "parent_id": cls.customer.id})
        left = cls.env["res.partner"].create({"name": "Left", "parent_id": cls.customer.id})
        cls.stranger.name = "Canary Stranger"
        new_test_user(cls.env, "colleague", groups="base.group_portal", partner_id=colleague.id)
        new_test_user(cls.env, "stranger", groups="base.group_portal", partner_id=cls.stranger.id)
        new_test_user(  # a contact of the customer, but a customer of the other company
            cls.env, "elsewhere", groups="base.group_portal", partner_id=moved.id, company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        new_test_user(cls.env, "salesman", groups="sales_team.group_sale_salesman")
        cls.deactivated = new_test_user(cls.env, "deactivated", groups="base.group_portal", partner_id=left.id)
        cls.line = cls._terms(cls.today_invoice)
        cls.credit = cls._terms(cls._make_invoice(1.0, move_type="out_refund"))

    def _as(self, role):
        self.deactivated.active = True
        self.env.flush_all()
        if role == "anonymous":
            return self.authenticate(None, None)
        login = "payer" if role == "owner" else role
        self.authenticate(login, login)
        if role == "deactivated":
            self.deactivated.active = False
            self.env.flush_all()
        return None

    def _ask(self, method, path):
        """Ask without following redirects; cookies and, where there is a page to take it from, a CSRF token."""
        group = f"group={self.group}"
        path = path.format(
            group=self.group, item=f"{group}&choice=selected&item={self.line.id}", all=f"{group}&choice=all",
        )
        self.env.flush_all()
        if method == "GET":
            return self.url_open(f"/my/billing{path}", allow_redirects=False)
        csrf = self._any_csrf()
        if path == "/credits":
            data = {"csrf_token": csrf, "group": self.group, "credit": self.credit.id}
            return self.url_open(f"/my/billing{path}", data=data, allow_redirects=False)
        params = {**self._wish(self.line), "csrf_token": csrf}
        return self.url_open(f"/my/billing{path}", json={"params": params}, allow_redirects=False)

    def _any_csrf(self):
        """Return a good CSRF token of the session, as any page of it holds one."""
        token = self.url_open("/web/login").text.partition('csrf_token: "')[2].partition('"')[0]
        return token or self.csrf_token()

    def test_table(self):
        for (method, path), row in TABLE.items():
            for role, expected in zip(ROLES, row, strict=True):
                self._as(role)
                before = self._money() if expected >= 400 or expected == LOGIN and method == "GET" else None
                with self.subTest(role=role, method=method, path=path):
                    response = self._ask(method, path)
                    self.assertEqual(response.status_code, expected)
                    if role in ("deactivated", "anonymous"):
                        self.assertIn("/web/login", response.headers.get("Location", "/web/login"))
                    self._check_canaries(role, response)
                    if before:
                        self.assertEqual(self._money(), before)
                self._undo()

    def _check_canaries(self, role, response):
        ours, theirs = (self.today_invoice.name, "Payer Ltd", "1,120.00"), ("77.77", "Canary")
        if role not in ("owner", "colleague"):
            self._hides(response, *(ours if role != "elsewhere" else ours[::2]))
        if role != "stranger":
            self._hides(response, *theirs)

    def _undo(self):
        """Give up what a start has claimed and what credit has settled, for the next cell."""
        self.env.invalidate_all()
        self.env["payment.transaction"].sudo().search([("invoice_ids", "in", self.today_invoice.ids)])._set_canceled()
        self.credit.remove_move_reconcile()
        self._forget_hits()

    def test_documents_of_a_company_the_user_is_not_in_are_not_there(self):
        self._as("elsewhere")
        page = self._account()
        self._shows(page, "Nothing to pay")
        self._hides(page, self.today_invoice.name)

    def test_contacts_who_see_their_own_documents_only(self):
        own = self._make_invoice(12.0, partner=self.contact)
        self._policy(self.customer, documents="own")
        page = self._account()
        self._shows(page, own.name)
        self._hides(page, self.today_invoice.name)
        self.assertEqual(self._account(f"/review{self._selected(self.line)}").status_code, 404)
        self.assertEqual(self._code(self._account_start(self._wish(self.line))), (422, "bad_installments"))
