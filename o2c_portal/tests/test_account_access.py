"""Role x route x object: exactly the allowed cells answer, and nothing of others is ever shown."""

import re

from odoo.fields import Command, Date
from odoo.http import Request
from odoo.tests import new_test_user, tagged

from ..core import plans
from .account_common import AccountPageCase
from .pay_common import own_routes
from .test_pay_bad_input import BadInputCase

ADDRESS = "/my/billing"
OK, SEEN, MOVED, LOGIN, HIDDEN, REFUSED = 200, 204, 303, 303, 404, 422
ROLES = ("owner", "colleague", "narrowed", "stranger", "elsewhere", "deactivated", "anonymous", "salesman")
# One row per kind of thing. Narrowed: a colleague who sees documents of their own only, and has none. Elsewhere: a
# contact of the customer, but in another company. Everybody who is logged in has an account of their own to look at.
#           owner  colleague narrowed stranger elsewhere deactivated anonymous salesman
ANYBODY =   (OK,    OK,    OK,      OK,      OK,      LOGIN, LOGIN, OK)  # their own
WHOLE =     (OK,    OK,    HIDDEN,  OK,      OK,      LOGIN, LOGIN, OK)  # their own, but not for the narrowed
DOCUMENT =  (OK,    OK,    HIDDEN,  HIDDEN,  HIDDEN,  LOGIN, LOGIN, HIDDEN)
CONTACT =   (OK,    OK,    HIDDEN,  HIDDEN,  OK,      LOGIN, LOGIN, HIDDEN)  # contacts belong to no company
SEND_OWN =  (MOVED, MOVED, HIDDEN,  MOVED,   MOVED,   LOGIN, LOGIN, MOVED)
SEND =      (MOVED, MOVED, HIDDEN,  HIDDEN,  HIDDEN,  LOGIN, LOGIN, HIDDEN)
SEND_TO =   (MOVED, MOVED, HIDDEN,  HIDDEN,  MOVED,   LOGIN, LOGIN, HIDDEN)
MAILED =    (OK,) * 8  # whoever has the link of the mail
TABLE = {
    ("GET", ""): ANYBODY,
    ("GET", "?group={group}"): ANYBODY,
    ("GET", "?q=INV"): ANYBODY,
    ("GET", "/review?{item}"): DOCUMENT,
    ("GET", "/checkout?{item}"): DOCUMENT,
    ("GET", "/review?{all}"): (OK, OK, REFUSED, OK, HIDDEN, LOGIN, LOGIN, REFUSED),
    ("GET", "/result"): (MOVED,) * 8,
    ("GET", "/credits"): ANYBODY,
    ("GET", "/transfer?reference={reference}"): DOCUMENT,
    ("POST", "/transfer"): SEND,
    ("POST", "/start?group={group}"): (OK, OK, REFUSED, REFUSED, HIDDEN, LOGIN, LOGIN, REFUSED),
    ("POST", "/credits"): SEND,
    ("GET", "/payments"): ANYBODY,
    ("GET", "/payments/{payment}/receipt.pdf"): DOCUMENT,
    ("GET", "/orders"): ANYBODY,
    ("POST", "/offer/portal"): (SEEN, SEEN, SEEN, SEEN, SEEN, LOGIN, LOGIN, SEEN),
    ("GET", "/statement"): ANYBODY,
    ("GET", "/statement?kind=activity&{period}"): (OK, OK, REFUSED, OK, OK, LOGIN, LOGIN, OK),
    ("GET", "/statement.csv"): ANYBODY,
    ("GET", "/statement.csv?kind=activity&{period}"): (OK, OK, REFUSED, OK, OK, LOGIN, LOGIN, OK),
    ("GET", "/statement.xlsx"): ANYBODY,
    ("GET", "/statement.pdf"): ANYBODY,
    ("GET", "/contacts"): ANYBODY,
    ("GET", "/contacts/new"): WHOLE,
    ("POST", "/contacts/add"): SEND_OWN,
    ("POST", "/contacts/save"): SEND_TO,
    ("GET", "/contacts/{contact}/email"): CONTACT,
    ("POST", "/contacts/{contact}/change"): SEND_TO,
    ("GET", "/confirm/{change}"): MAILED,
    ("POST", "/confirm/{change}/answer"): (MOVED,) * 8,
    ("GET", "/limits"): WHOLE,
    ("POST", "/limits/save"): SEND_OWN,
    ("GET", "/help"): ANYBODY,
    ("GET", "/help/copy?invoice={invoice}"): ANYBODY,
    ("POST", "/help/copy/send"): SEND,
    ("GET", "/plans"): ANYBODY,
    ("GET", "/plans/new"): ANYBODY,
    ("GET", "/plans/new?invoices={invoice}"): DOCUMENT,
    ("POST", "/plans/propose"): SEND,
    ("GET", "/plans/{plan}"): DOCUMENT,
    ("POST", "/plans/{plan}/accept"): SEND,
    ("POST", "/plans/{plan}/decline"): SEND,
    ("GET", "/promise/new"): ANYBODY,
    ("GET", "/promise/new?invoices={invoice}"): DOCUMENT,
    ("POST", "/promise/make"): SEND,
}


@tagged("post_install", "-at_install")
class TestAccountAccess(AccountPageCase, BadInputCase):
    """The objects are the customer's: an invoice, a credit note, a payment, a plan we proposed, a contact and its new
    address, a group. The stranger owes 77.77 and has nothing else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        other = cls._create_company(name="Other Company")
        colleague, moved, left = cls.env["res.partner"].create([
            {"name": name, "parent_id": cls.customer.id} for name in ("Colleague", "Moved", "Left")
        ])
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
        cls.open_policy, cls.own_policy = cls.env["o2c.payment.policy"].sudo().create([
            {"name": documents, "documents": documents} for documents in ("all", "own")
        ])
        cls._make_objects()

    @classmethod
    def _make_objects(cls):
        paid = cls._make_invoice(5.0)
        payment = cls.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=paid.ids,
        ).create({})._create_payments()
        agreements = cls.env["o2c.payment.plan"].sudo()
        plan = agreements._prepare(
            agreements._open_items(cls.later_invoice), plans.propose(7000, 2, Date.today(), "months"),
        )
        plan._propose_to_customer()
        change = cls.env["o2c.contact.change"]._ask(cls.contact, "new@example.com", cls.env.company)
        cls.today_invoice.partner_bank_id = cls.env["res.partner.bank"].create({
            "acc_number": "BE71 0961 2345 6769", "partner_id": cls.env.company.partner_id.id, "allow_out_payment": True,
        })
        advice = cls.env["o2c.remittance"].sudo()._advise(
            cls.customer, cls.env.company, cls.today_invoice.currency_id, {cls.line.id: 5000},
        )
        group, today = f"group={cls.group}", Date.to_string(Date.today())
        cls.objects = {
            "period": f"from={today}&to={today}",
            "group": cls.group, "item": f"{group}&choice=selected&item={cls.line.id}", "all": f"{group}&choice=all",
            "payment": payment.move_id.id, "plan": plan.id, "contact": cls.contact.id, "invoice": cls.today_invoice.id,
            "change": change._derive(change.nonce), "reference": advice.reference,
        }

    def _forms(self):
        """Return what is posted where, naming the customer's own things."""
        customer, contact, invoice = self.customer.id, self.contact.id, self.today_invoice.id
        today = Date.to_string(Date.today())
        return {
            "/credits": {"group": self.group, "credit": self.credit.id},
            "/transfer": {"group": self.group, "choice": "selected", "item": self.line.id},
            "/offer/portal": {},
            "/contacts/add": {"name": "Carol", "email": "carol@example.com"},
            "/contacts/save": {"shown": contact, "role": f"{contact}:receipt"},
            "/contacts/{contact}/change": {"email": "newer@example.com"},
            "/confirm/{change}/answer": {"answer": "confirm"},
            "/limits/save": {f"balance_{customer}": "7", f"invoices_{customer}": "7"},
            "/help/copy/send": {"invoice": invoice},
            "/plans/propose": {
                "invoices": invoice, "wish": "own", "consent": "yes", "date_1": today, "amount_1": "50.00",
            },
            "/plans/{plan}/accept": {"consent": "yes"},
            "/plans/{plan}/decline": {},
            "/promise/make": {"invoices": invoice, "day": today, "amount": "50.00"},
        }

    def _as(self, role):
        self.customer.o2c_policy_id = self.own_policy if role == "narrowed" else self.open_policy
        self.deactivated.active = True
        self.env.flush_all()
        if role == "anonymous":
            return self.authenticate(None, None)
        login = {"owner": "payer", "narrowed": "colleague"}.get(role, role)
        self.authenticate(login, login)
        if role == "deactivated":
            self.deactivated.active = False
            self.env.flush_all()
        return None

    def _ask(self, method, path):
        """Ask without following redirects, as the page of a form would: with cookies and a good CSRF token."""
        address = f"{ADDRESS}{path.format(**self.objects)}"
        self.env.flush_all()
        if method == "GET":
            return self.url_open(address, allow_redirects=False)
        csrf = Request.csrf_token(self)
        if path.startswith("/start"):
            params = {**self._wish(self.line), "csrf_token": csrf}
            return self.url_open(address, json={"params": params}, allow_redirects=False)
        return self.url_open(address, data={"csrf_token": csrf, **self._forms()[path]}, allow_redirects=False)

    def _facts(self):
        """Return what others must not change: money, and what is known of the customer and its people."""
        people = (self.customer | self.contact).read([
            "email", "o2c_role_receipt", "o2c_own_balance_limit", "o2c_own_invoice_limit", "child_ids",
        ])
        counts = [self.env[model].sudo().search_count([]) for model in (
            "o2c.payment.plan", "o2c.customer.request", "o2c.contact.change",
        )]
        states = self.env["o2c.payment.plan"].sudo().search([]).mapped("state")
        return self._money(), people, counts, states

    def test_every_route_of_the_account_is_in_the_table(self):
        walked = [(method, path.partition("?")[0]) for method, path in TABLE]
        kinds = {"int": r"\{\w+\}", "string": "[^/]+", "any": r"\w+"}
        for route, methods in own_routes(self.env, ADDRESS).items():
            pattern = re.sub(r"<(\w+)[^>]*>", lambda part: kinds[part[1]], route.removeprefix(ADDRESS))
            for method in methods & {"GET", "POST"}:
                found = [path for verb, path in walked if verb == method and re.fullmatch(pattern, path)]
                self.assertTrue(found, f"{method} {route} is not in the table")

    def test_table(self):
        pdf = b"%PDF-1.4 of nobody"
        self.patch(self.env.registry["o2c.payment.history"], "_receipt_pdf", lambda _self, *_args: pdf)
        self.patch(self.env.registry["o2c.statement.paper"], "_pdf", lambda _self, *_args, **_kwargs: pdf)
        for number, role in enumerate(ROLES):
            self._as(role)
            before = self._facts()
            for (method, path), row in TABLE.items():
                savepoint = self.env.cr.savepoint()
                with self.subTest(role=role, method=method, path=path):
                    response = self._ask(method, path)
                    self.assertEqual(response.status_code, row[number])
                    self.env.invalidate_all()
                    if "{change}" not in path:  # whoever has the link of the mail may answer it
                        self._check_canaries(role, response)
                        self._check_traces(role, method, response, before)
                savepoint.close(rollback=True)
                self.env.invalidate_all()
                self._forget_hits()
                if role == "deactivated":
                    self._as(role)  # the first request ends the session

    def _check_canaries(self, role, response):
        ours, theirs = (self.today_invoice.name, "1,120.00", "Payer Ltd"), ("77.77", "Canary")
        if role not in ("owner", "colleague"):
            self._hides(response, *ours[:2 if role in ("narrowed", "elsewhere") else 3])
        if role != "stranger":
            self._hides(response, *theirs)

    def _check_traces(self, role, method, response, before):
        """Nothing is written on GET, by a refusal, or for whoever has no business with the customer."""
        if role in ("deactivated", "anonymous"):
            self.assertIn("/web/login", response.headers.get("Location", "/web/login"))
        if method == "GET" or response.status_code >= 400 or role not in ("owner", "colleague", "elsewhere"):
            self.assertEqual(self._facts(), before)

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
