"""Whatever can be sent to us can be sent too often, and is refused then."""

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
class TestPostLimits(AccountPageCase, BadInputCase):

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
