"""Plans and promises on a customer's own pages: look at them, accept one, make one. Works without JavaScript."""

from datetime import timedelta

from odoo import fields, http
from odoo.http import request

from ..core import plan_form, plans
from ..models.o2c_payment_plan import GRACE_DAYS
from ..models.o2c_payment_plan_life import PlanImpossible
from .account import READ, ROUTE, account_page, account_route, account_scope, count_or_refuse
from .public import Refusal

PER_PAGE = 40
MOST_ROWS = 12
HISTORY = ("kept", "broken", "cancelled")


class O2cAccountPlans(http.Controller):

    # === LOOKING === #

    @http.route("/my/billing/plans", **READ)
    @account_route("GET", "HEAD")
    def o2c_plans(self, page="1", **_query):
        """List what was agreed on: what is in force or waits for an answer first, then the past, page by page."""
        scope, desk = account_scope(), self._desk()
        found = request.env["o2c.payment.plan"].sudo()  # the domain is that of the visitor's own account
        domain = desk._plan_domain(scope)
        running = found.search([*domain, ("state", "not in", HISTORY)], limit=200)
        number = int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1
        count = found.search_count([*domain, ("state", "in", HISTORY)])
        last = max(1, -(-count // PER_PAGE))
        number = min(max(1, number), last)
        past = found.search([*domain, ("state", "in", HISTORY)], limit=PER_PAGE, offset=(number - 1) * PER_PAGE)
        return account_page("account_plans", "plans", {
            "running": [desk._entry(plan) for plan in running],
            "past": [desk._entry(plan) for plan in past],
            "page_number": number,
            "page_last": last,
            "may_propose": bool(desk._open_moves(scope)),
        })

    @http.route("/my/billing/plans/<int:plan_id>", **READ)
    @account_route("GET", "HEAD")
    def o2c_plan(self, plan_id, done="", **_query):
        """Show one plan: what is paid, what comes next, and the buttons of a proposal that waits for the customer."""
        return self._plan_page(self._plan(plan_id), done=done)

    # === ANSWERING A PROPOSAL OF OURS === #

    @http.route("/my/billing/plans/<int:plan_id>/accept", **ROUTE)
    @account_route("POST")
    def o2c_plan_accept(self, plan_id, consent="", **_fields):
        """Accept what staff proposed; who agreed to what, when and from where is kept with it."""
        count_or_refuse("plan_answer", request.env.uid)
        plan = self._proposal(plan_id)
        if consent != "yes":
            error = request.env._("Please tick the box: without your agreement there is no plan.")
            return self._plan_page(plan, error=error, status=422)
        plan.write(self._consent(self._desk()._plan_text(plan.grace_days)))
        self._try(plan._activate)
        plan._task(request.env._("%(plan)s was accepted by the customer", plan=plan.name), "")
        return request.redirect(f"/my/billing/plans/{plan.id}?done=agreed", code=303)

    @http.route("/my/billing/plans/<int:plan_id>/decline", **ROUTE)
    @account_route("POST")
    def o2c_plan_decline(self, plan_id, **_fields):
        """Say no to what staff proposed."""
        count_or_refuse("plan_answer", request.env.uid)
        plan = self._proposal(plan_id)
        plan._end("cancelled", request.env._("Declined by the customer."))
        plan._task(request.env._("%(plan)s was declined by the customer", plan=plan.name), "")
        return request.redirect(f"/my/billing/plans/{plan.id}?done=declined", code=303)

    # === PAYING IN INSTALMENTS === #

    @http.route("/my/billing/plans/new", **READ)
    @account_route("GET", "HEAD")
    def o2c_plan_new(self, wish="", **_query):
        """Offer the plans the policy allows, a form for others, and our nearest one to what was wished for."""
        if "invoices" not in request.httprequest.args:
            return self._choose_page("plans")
        return self._new_page(self._moves(), wish=plan_form.decode(wish) if wish else None)

    @http.route("/my/billing/plans/propose", **ROUTE)
    @account_route("POST")
    def o2c_plan_propose(self, wish="", consent="", **_fields):
        """Judge what the customer wants: agreed on at once, answered by a counter-offer, or left to a clerk."""
        count_or_refuse("plan_wish", request.env.uid)
        moves, desk = self._moves(), self._desk()
        proposal, errors = self._read_wish(moves, wish)
        if consent != "yes":
            errors["consent"] = request.env._("Please tick the box: without your agreement there is no plan.")
        if errors:
            return self._new_page(moves, wish=proposal, own=wish == "own", errors=errors, status=422)
        self._check_free(moves)
        verdict = desk._judge(moves, proposal)
        if isinstance(verdict, plans.Counter):
            return request.redirect(
                f"/my/billing/plans/new?invoices={self._ids(moves)}&wish={plan_form.encode(proposal)}", code=303,
            )
        agreed_to = self._consent(desk._plan_text(GRACE_DAYS))
        if isinstance(verdict, plans.Clerk):
            plan, done = self._try(desk._ask_clerk, moves, proposal, agreed_to, verdict.reason), "sent"
        else:
            plan, done = self._try(desk._agree, moves, proposal, agreed_to), "agreed"
        return request.redirect(f"/my/billing/plans/{plan.id}?done={done}", code=303)

    # === PROMISING === #

    @http.route("/my/billing/promise/new", **READ)
    @account_route("GET", "HEAD")
    def o2c_promise_new(self, **_query):
        """Ask for the day and the amount of a promise."""
        if "invoices" not in request.httprequest.args:
            return self._choose_page("promise")
        return self._promise_page(self._moves())

    @http.route("/my/billing/promise/make", **ROUTE)
    @account_route("POST")
    def o2c_promise_make(self, day="", amount="", **_fields):
        """Record a promise the policy allows."""
        count_or_refuse("plan_wish", request.env.uid)
        moves, desk = self._moves(), self._desk()
        currency, errors = moves.currency_id, {}
        when = plan_form.read_day(day)
        proposal, problems = plan_form.read_rows([(when and day or "2000-01-01", amount)], *self._habits(currency))
        owed = desk._open_minor(moves)
        if when is None:
            errors["day"] = request.env._("Please enter a day.")
        if problems or not proposal or proposal[0].amount > owed:
            errors["amount"] = request.env._(
                "Please enter an amount of at most %(most)s.", most=desk._money(currency, owed),
            )
        if not errors:
            verdict = desk._judge_promise(moves, proposal[0].amount, when)
            errors = self._promise_errors(moves, verdict)
        if errors:
            return self._promise_page(moves, day=day, amount=amount, errors=errors, status=422)
        minor = proposal[0].amount
        promise = self._try(
            desk._promise, moves, when, minor, self._consent(desk._promise_text(currency, minor, when)),
        )
        return request.redirect(f"/my/billing/plans/{promise.id}?done=promised", code=303)

    # === HELPERS === #

    @staticmethod
    def _desk():
        """Return the service with elevated rights; it takes documents of the visitor's scope only."""
        return request.env["o2c.plan.desk"].sudo()

    def _plan(self, plan_id):
        """:raises Refusal: 404 for a plan that does not exist and for one of somebody else"""
        plan = self._desk()._find(account_scope(), plan_id) if plan_id <= plan_form.MAX_ID else None
        if not plan:
            raise Refusal(404, "not_found")
        return plan

    def _proposal(self, plan_id):
        """:raises Refusal: 404, or 409 when there is nothing to answer (any more)"""
        plan = self._plan(plan_id)
        if plan.state != "proposed" or plan.proposed_by != "staff":
            raise Refusal(409, "changed", request.env._("This plan has been decided already."))
        return plan

    def _moves(self):
        """Return the invoices the request names.

        :raises Refusal: 404 unless all are the visitor's own, 409 when nothing is open on them, 422 when one agreement
            cannot cover them
        """
        values = request.httprequest.values.getlist("invoices")
        ids = plan_form.read_ids(values)
        moves = self._desk()._moves(account_scope(), ids) if ids else None
        if not moves:
            raise Refusal(404, "not_found")
        if len(moves.company_id) > 1 or len(moves.currency_id) > 1:
            raise Refusal(422, "mixed", request.env._(
                "These invoices are of different companies or currencies. Please make a plan for each."
            ))
        if not self._desk()._open_minor(moves):
            raise Refusal(409, "nothing_open", request.env._(
                "Nothing is open on these invoices that is not in a plan or being paid already."
            ))
        return moves

    def _check_free(self, moves):
        """:raises Refusal: 409 while a proposal for one of the invoices waits for an answer"""
        if self._desk()._waiting(moves):
            raise Refusal(409, "waiting", request.env._("A plan for these invoices is waiting for an answer already."))

    @staticmethod
    def _try(agree, *args):
        """:raises Refusal: 409 when the ledger has changed meanwhile"""
        try:
            return agree(*args)
        except PlanImpossible as error:
            raise Refusal(409, "changed", str(error)) from error

    def _consent(self, text):
        user = request.env.user
        return self._desk()._consent(user.partner_id, user, request.httprequest.remote_addr, text)

    @staticmethod
    def _habits(currency):
        """Return ``(decimals of the currency, decimal point of the reader's language)``."""
        language = request.env["res.lang"]._get_data(code=request.env.lang)
        return currency.decimal_places, language.decimal_point or "."

    @staticmethod
    def _ids(moves):
        return ",".join(map(str, moves.ids))

    def _read_wish(self, moves, wish):
        """Return ``(proposal, {field: sentence})`` of what was chosen or typed."""
        today, errors = fields.Date.context_today(request.env.user), {}
        if wish == "own":
            proposal, problems = plan_form.read_rows(self._typed(), *self._habits(moves.currency_id))
            sentences = {
                "date": request.env._("Please enter a day."), "amount": request.env._("Please enter an amount."),
            }
            errors = {f"{kind}_{index + 1}": sentences[kind] for index, kind in problems.items()}
        else:
            proposal = plan_form.decode(wish)
        if not errors and not proposal:
            return (), {"wish": request.env._("Please choose a plan, or enter your own.")}
        owed = self._desk()._open_minor(moves)
        flaw = None if errors else plans.flaw(proposal, owed, today)
        if flaw:
            errors["wish"] = {
                "amount": request.env._("Every payment must be more than zero."),
                "past": request.env._("The first payment cannot be in the past."),
                "order": request.env._("Every payment must be on a later day than the one before it."),
                "sum": request.env._(
                    "The payments must add up to %(open)s.", open=self._desk()._money(moves.currency_id, owed),
                ),
            }[flaw]
        return proposal, errors

    @staticmethod
    def _typed():
        form = request.httprequest.form
        return [(form.get(f"date_{row}", ""), form.get(f"amount_{row}", "")) for row in range(1, MOST_ROWS + 1)]

    def _promise_errors(self, moves, verdict):
        """Return ``{field: sentence}`` of a promise the policy does not allow."""
        if not isinstance(verdict, plans.Refuse):
            return {}
        _plans, limits = self._desk()._limits(moves.commercial_partner_id, moves.company_id, moves.currency_id)
        last = fields.Date.context_today(request.env.user) + timedelta(days=limits.max_days)
        return {
            "amount": {"amount": request.env._("Please enter an amount.")},
            "past": {"day": request.env._("Please choose today or a later day.")},
            "late": {"day": request.env._("Please choose a day until %(last)s.", last=self._desk()._day(last))},
            "count": {"day": request.env._(
                "You have %(count)s open promises. Please keep one first, or pay in instalments.",
                count=limits.max_open,
            )},
        }[verdict.reason]

    # === PAGES === #

    def _plan_page(self, plan, done="", error="", status=200):
        return account_page("account_plan", "plans", {
            "plan": self._desk()._details(plan), "done": done, "error": error,
        }, status)

    def _choose_page(self, purpose):
        """Return the list of invoices a plan or a promise can be made for."""
        scope, desk = account_scope(), self._desk()
        items = desk.env["o2c.payment.plan"]._open_items(desk._open_moves(scope)[:100])
        by_move = {}
        for item in items:
            by_move.setdefault(item.move_id, []).append(item)
        moves = desk.env["account.move"].browse(by_move)
        return account_page("account_plan_choose", "plans", {
            "purpose": purpose,
            "rows": [
                {"id": move.id, "name": move.name, "due": desk._day(by_move[move.id][0].date_due),
                 "open": desk._money(move.currency_id, sum(item.open_minor for item in by_move[move.id]))}
                for move in moves
            ],
        })

    def _new_page(self, moves, wish=None, own=False, errors=None, status=200):
        desk, today = self._desk(), fields.Date.context_today(request.env.user)
        case, currency = desk._case(moves), moves.currency_id
        limits, _promises = desk._limits(moves.commercial_partner_id, moves.company_id, currency)
        offers = plans.offers(case["open_minor"], limits, today)
        counter = None
        if wish and not errors and not plans.flaw(wish, case["open_minor"], today):
            verdict = desk._judge(moves, wish)
            counter = verdict.proposal if isinstance(verdict, plans.Counter) else None
        choices = [counter, *(offer for offer in offers if offer != counter)] if counter else offers
        return account_page("account_plan_new", "plans", {
            **case,
            "invoices": self._ids(moves),
            "offered": limits.max_parts >= plans.LEAST_PARTS,
            "countered": bool(counter),
            "wished": desk._payments(currency, wish) if counter else [],
            "offers": [
                {"value": plan_form.encode(offer), "payments": desk._payments(currency, offer), "count": len(offer)}
                for offer in choices
            ],
            "own": own,
            "rows": self._rows(limits, own),
            "today": today.isoformat(),
            "last": (today + timedelta(days=limits.max_days)).isoformat(),
            "chosen": plan_form.encode(wish) if wish and not own and not counter else "",
            "text": desk._plan_text(GRACE_DAYS),
            "errors": errors or {},
        }, status)

    def _rows(self, limits, own):
        """Return the rows of the form for own dates and amounts, with what was typed."""
        typed = self._typed() if own else [("", "")] * MOST_ROWS
        count = max(2, min(limits.max_parts, MOST_ROWS))
        filled = max((index for index, row in enumerate(typed, start=1) if any(row)), default=0)
        return [
            {"number": number, "date": day, "amount": amount}
            for number, (day, amount) in enumerate(typed[:max(count, filled)], start=1)
        ]

    def _promise_page(self, moves, day="", amount="", errors=None, status=200):
        desk, today = self._desk(), fields.Date.context_today(request.env.user)
        _plans, limits = desk._limits(moves.commercial_partner_id, moves.company_id, moves.currency_id)
        last, case = today + timedelta(days=limits.max_days), desk._case(moves)
        return account_page("account_promise_new", "plans", {
            **case,
            "invoices": self._ids(moves),
            "offered": bool(limits.max_days and limits.max_open),
            "today": today.isoformat(),
            "last": last.isoformat(),
            "last_day": desk._day(last),
            "day": day,
            "amount": amount if errors else case["open_typed"],
            "errors": errors or {},
        }, status)
