"""Whatever can be sent to us can be sent too often, and is refused then."""

from unittest.mock import patch
from urllib.parse import quote

from odoo.fields import Date
from odoo.http import Request
from odoo.tests import tagged

from ..core import plans
from .account_common import AccountPageCase
from .pay_common import own_routes
from .test_pay_bad_input import BadInputCase

BEACONS = ("/pay/<string:token>/seen", "/pay/<string:token>/offer", "/my/billing/offer/<string:place>")

STAFF = "/o2c/send/preview/<any(one,many):kind>/<int:dialog_id>/test"  # customers are refused; see test_send_preview


@tagged("post_install", "-at_install")
class PostCase(AccountPageCase, BadInputCase):

    def _requests(self):
        """Return ``{route: (address, form)}`` of good requests; a wish to pay is posted as JSON."""
        agreements, today = self.env["o2c.payment.plan"].sudo(), Date.to_string(Date.today())
        plan = agreements._prepare(
            agreements._open_items(self.later_invoice), plans.propose(7000, 2, Date.today(), "months"),
        )
        plan._propose_to_customer()
        change = self.env["o2c.contact.change"]._ask(self.contact, "new@example.com", self.env.company)
        token, invoice = change._derive(change.nonce), self.today_invoice.id
        credit, terms = self._terms(self._make_invoice(1.0, move_type="out_refund")), self._terms(self.today_invoice)
        account = self.env["o2c.pay.link"].sudo()._for_account(self.contact, self.env.company, "manual")._token()
        self.today_invoice.partner_bank_id = self.env["res.partner.bank"].create({
            "acc_number": "BE71 0961 2345 6769", "partner_id": self.env.company.partner_id.id,
            "allow_out_payment": True,
        })
        stop = self.env["o2c.banner"]._stop_url("mail", self.contact).rpartition("/")[2]
        dialog = self.env["account.move.send.wizard"].create({"move_id": invoice})
        chosen = {"group": self.group, "choice": "selected", "item": terms.id}
        return {
            "/pay": ("/pay", {"code": "K7QM-2XH9-4TC"}),
            "/pay/<path:anything>": ("/pay/no/such/page", {}),
            "/pay/<string:token>/seen": (f"/pay/{self.token}/seen", {}),
            "/pay/<string:token>/start": (f"/pay/{self.token}/start", self._wish()),
            "/my/billing/start": (f"/my/billing/start?group={self.group}", self._wish(terms)),
            "/pay/<string:token>/offer": (f"/pay/{self.token}/offer", {}),
            "/my/billing/offer/<string:place>": ("/my/billing/offer/portal", {}),
            "/offers/stop/<string:token>": (f"/offers/stop/{stop}", {}),
            "/my/billing/transfer": ("/my/billing/transfer", chosen),
            "/pay/<string:token>/transfer": (f"/pay/{account}/transfer", chosen),
            "/my/billing/credits": ("/my/billing/credits", {"group": self.group, "credit": credit.id}),
            "/my/billing/contacts/save": ("/my/billing/contacts/save", {"shown": self.contact.id}),
            "/my/billing/contacts/add": ("/my/billing/contacts/add", {"name": "A", "email": "a@example.com"}),
            "/my/billing/contacts/<int:contact_id>/change": (
                f"/my/billing/contacts/{self.contact.id}/change", {"email": "b@example.com"}),
            "/my/billing/confirm/<string:token>/answer": (f"/my/billing/confirm/{token}/answer", {"answer": "confirm"}),
            "/my/billing/limits/save": ("/my/billing/limits/save", {f"balance_{self.customer.id}": "5"}),
            "/my/billing/help/<string:kind>/send": ("/my/billing/help/copy/send", {"invoice": invoice}),
            "/my/billing/plans/<int:plan_id>/accept": (f"/my/billing/plans/{plan.id}/accept", {"consent": "yes"}),
            "/my/billing/plans/<int:plan_id>/decline": (f"/my/billing/plans/{plan.id}/decline", {}),
            "/my/billing/plans/propose": ("/my/billing/plans/propose", {
                "invoices": invoice, "wish": "own", "consent": "yes", "date_1": today, "amount_1": "50.00"}),
            STAFF: (f"/o2c/send/preview/one/{dialog.id}/test", {}),
            "/my/billing/promise/make": (
                "/my/billing/promise/make", {"invoices": invoice, "day": today, "amount": "50.00"}),
        }

    def _post(self, address, form):
        csrf = Request.csrf_token(self)
        if "flow" in form:
            return self._get(address, method="POST", json={"params": {**form, "csrf_token": csrf}})
        return self._get(address, method="POST", data={**form, "csrf_token": csrf})


@tagged("post_install", "-at_install")
class TestPostLimits(PostCase):

    def test_every_route_that_takes_something_has_a_limit(self):
        requests = self._requests()
        taking = {route for route, methods in own_routes(self.env).items() if "POST" in methods}
        self.assertEqual(set(requests), taking, "a new route needs a good request here, and a limit")
        self.patch(self.env.registry["o2c.rate.limiter"], "_exceeded", lambda _self, _bucket, _subject: True)
        before, address_before = self._money(), self.contact.email
        for route, (address, form) in requests.items():
            with self.subTest(route=route):
                response = self._post(address, form)
                self.assertEqual(response.status_code, 429, response.text[:300])
                self.assertTrue(response.headers.get("Retry-After"))
        self.assertEqual(self._money(), before)
        self.env.invalidate_all()
        self.assertEqual((self.contact.email, self.env["o2c.customer.request"].sudo().search_count([])),
                         (address_before, 0))
        self.assertEqual(set(self.env["o2c.payment.plan"].sudo().search([]).mapped("state")), {"proposed"})

    def test_the_same_requests_are_taken_otherwise(self):
        """Else the test above would prove nothing: it could have been refused for its form."""
        refused = {"/pay": 422, "/pay/<path:anything>": 404, STAFF: 404, **dict.fromkeys(BEACONS, 204)}
        for route, (address, form) in self._requests().items():
            with self.subTest(route=route):
                savepoint = self.env.cr.savepoint()
                status = self._post(address, form).status_code
                self.assertIn(status, (refused.get(route, 200), refused.get(route, 303)), route)
                savepoint.close(rollback=True)
                self.env.invalidate_all()


HOSTILE = ("\x00", "a\x00b", "%ED%A0%80", "%FF", "x" * 10_000, "9" * 400, "\u202e\U0001f4b3", "%' OR 1=1--")
QUERIES = (  # what is read from addresses, {} being where
    "/pay/{token}?x={}", "/pay/{token}/review?choice={}", "/pay/{token}/review?choice=other&amount={}",
    "/pay/{token}/checkout?choice=other&amount={}", "/pay/{account}?q={}", "/pay/{account}?group={}&choice=all",
    "/pay/{account}/review?group={group}&choice=selected&item={}", "/pay/{account}/transfer?reference={}",
    "/pay/{token}/{}", "/pay/{}/document", "/offers/image/{}", "/offers/stop/{}", "/my/billing/confirm/{}",
    "/my/billing?q={}", "/my/billing?group={}", "/my/billing?choice={}", "/my/billing?sheet={}",
    "/my/billing/review?group={group}&choice={}", "/my/billing/checkout?group={group}&choice=selected&item={}",
    "/my/billing/transfer?reference={}", "/my/billing/credits?item={}", "/my/billing/payments?page={}",
    "/my/billing/orders?page={}", "/my/billing/statement?page={}", "/my/billing/statement?kind={}",
    "/my/billing/statement?kind=activity&from={}&to={}", "/my/billing/statement.csv?kind=activity&from={}",
    "/my/billing/contacts?done={}", "/my/billing/help?invoice={}&done={}", "/my/billing/help/{}",
    "/my/billing/help/copy?invoice={}", "/my/billing/limits?done={}", "/my/billing/plans?page={}",
    "/my/billing/plans/new?invoices={}", "/my/billing/plans/new?invoices={invoice}&wish={}",
    "/my/billing/promise/new?invoices={}",
)
REQUESTED = {  # the kinds of requests and what is typed there
    "already_paid": {"paid_on": "2026-01-01", "how": "transfer", "reference": "R", "amount": "5.00", "number": "",
                     "message": "M"},
    "wrong_contact": {"contact_name": "N", "contact_email": "n@example.com", "message": "M"},
    "po_number": {"po_number": "P", "number": "INV", "message": "M"},
}


@tagged("post_install", "-at_install")
class TestHostileText(PostCase):
    """Text that no database can keep, or far too much of it, is refused or ignored; it is no error of ours."""

    def setUp(self):
        super().setUp()
        self.startPatcher(patch.object(self.env.registry["o2c.rate.limiter"], "_count", lambda *_args: (1, 0, 0.0)))

    @staticmethod
    def _quoted(text):
        return text if text.startswith("%") and " " not in text else quote(text)

    def test_addresses(self):
        account = self.env["o2c.pay.link"].sudo()._for_account(self.contact, self.env.company, "manual")._token()
        known = {"{token}": self.token, "{account}": account, "{group}": self.group,
                 "{invoice}": str(self.today_invoice.id)}
        before = self._money()
        for query in QUERIES:
            address = query
            for name, value in known.items():
                address = address.replace(name, value)
            for text in HOSTILE:
                with self.subTest(query=query, text=text[:9]):
                    self._get(address.replace("{}", self._quoted(text)))
        self.assertEqual(self._money(), before)

    def test_forms(self):
        good = self._requests()
        posts = {  # beacons hold no text, and not more than a kilobyte
            name: (address, form) for name, (address, form) in good.items()
            if "flow" not in form and name not in BEACONS
        }
        posts.update({
            kind: (f"/my/billing/help/{kind}/send", {"invoice": self.today_invoice.id, **form})
            for kind, form in REQUESTED.items()
        })
        for name, (address, form) in posts.items():
            for field in (*form, "unknown"):
                for text in HOSTILE:
                    with self.subTest(name=name, field=field, text=text[:9]):
                        savepoint = self.env.cr.savepoint()
                        self._post(address, {**form, field: text})
                        savepoint.close(rollback=True)
                        self.env.invalidate_all()
