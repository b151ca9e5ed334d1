"""What a payment is started on: an invoice by its link, or an account, by its owner or by a link. One way to start."""

from datetime import timedelta

from odoo import fields
from odoo.http import request

from ..core import limits, policy
from ..models.o2c_basket import Case
from .payment import payer_key
from .public import Refusal


class InvoiceTill:
    """Takes payments of one invoice from whoever holds its link."""

    bucket = "start_link"
    landing_route = "/pay/return"

    def __init__(self, link):
        self.link = link
        self.env = link.env(su=True)  # the link allows to pay this invoice
        self.case = link.move_id.with_env(self.env)
        self.key = link.id

    def check(self):
        """:raises Refusal: 409 or 410 when nothing can be paid here (any more)"""
        standing = self.env["o2c.pay.page"]._standing(self.link)
        if standing == "paid":
            raise Refusal(409, "already_paid", request.env._("This invoice has been paid."))
        if standing == "gone" and self.link.state != "active":
            raise gone()
        if standing == "gone" or not self.case._o2c_pays_online():
            raise Refusal(409, "not_payable", request.env._("This invoice can no longer be paid online."))

    def instalments(self, ids):
        """Return what may be asked for, in whatever state it is: ``({id: Instalment}, all instalments, ids of what
        can be paid at all)``; see ``check``.

        :raises Refusal: 409 when the payer's page is that of an invoice that was corrected meanwhile
        """
        items = self.case._o2c_instalments()
        if self.link.corrected_move_id and not set(ids) <= {item.line_id for item in items}:
            raise Refusal(
                409, "corrected", request.env._("This invoice was corrected meanwhile. Please reload the page.")
            )
        by_id = {item.line_id: item for item in items}
        return by_id, items, by_id.keys()

    def too_many_declines(self):
        """Say whether payments were declined here so often that somebody may be trying out cards."""
        return self.link._too_many_declines()


class AccountTill:
    """Takes payments over all documents of an account, in one company and currency."""

    def __init__(self, scope, case, link=None):
        self.scope, self.case, self.link = scope, case, link
        self.env = request.env(su=True)["base"].with_company(case.company_id).env  # the scope says what may be paid
        self.bucket = "start_link" if link else "start_account"
        self.key = link.id if link else f"account {payer_key()}"
        self.landing_route = "/pay/return" if link else "/my/billing/result"

    def check(self):
        """:raises Refusal: 410 when the link has ended"""
        if self.link and self.env["o2c.pay.page"]._standing(self.link) == "gone":
            raise gone()

    def instalments(self, ids):
        """Return what may be asked for, in whatever state it is: ``({id: Instalment}, those by which the policy
        judges, ids of what can be paid at all)``."""
        if not ids:
            return {}, (), set()
        policies, case = self.env["o2c.payment.policy"], self.case
        rules = policies._policy_of(case.partner_id, case.company_id)._rules(case.currency_id, case.company_id)
        return self.env["o2c.basket"]._known(self.scope, case, ids, alone=not policy.looks_around(rules))

    def too_many_declines(self):
        """Say whether payments were declined here so often that somebody may be trying out cards."""
        if self.link:
            return self.link._too_many_declines()
        limit = limits.DECLINES_PER_PAYER
        since = fields.Datetime.now() - timedelta(seconds=limit.seconds)
        return limit.count <= self.env["payment.transaction"].search_count([
            ("o2c_payer_key", "=", payer_key()), ("state", "=", "error"), ("last_state_change", ">", since),
        ], limit=limit.count)


def gone():
    """Return the refusal for a link that has ended."""
    return Refusal(410, "gone", request.env._("This link is no longer valid."))


def case_in(scope, group, payer):
    """Return the ``Case`` of a company and currency of a scope.

    :param group: ``(company id, currency id)``
    :param payer: the contact who pays
    :raises Refusal: 404 for a company outside of the scope or no currency
    """
    company_id, currency_id = group
    currency = request.env["res.currency"].sudo().browse(currency_id).exists()  # names of currencies are public
    if company_id not in scope.company_ids or not currency:
        raise Refusal(404, "not_found")
    company = request.env["res.company"].sudo().browse(company_id)  # the scope is in this company
    return Case(company, currency, payer)
