"""Stops payments by visitors nobody knows while so many are declined that somebody seems to be trying out cards."""

import logging
from datetime import timedelta

from psycopg2 import Error

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..core import limits

_logger = logging.getLogger(__name__)


class TooManyDeclines(ValidationError):
    """Nobody who is not logged in can start a payment at the moment."""


class O2cDeclineBreaker(models.AbstractModel):
    """Counts over all links, payers and routes: who tries out cards has many links. Works with elevated rights."""

    _name = "o2c.decline.breaker"
    _description = "Breaker for declined payments"

    @api.model
    def _is_tripped(self):
        """Say whether payments are stopped; whoever finds them stopped first tells staff."""
        declined, ended = self._count()
        if not limits.DECLINES_OF_ALL.trips(declined, ended):
            return False
        self._alert(declined, ended)
        return True

    @api.model
    def _count(self):
        """Return how many online payments were declined lately, and how many came to an end.

        Every start by somebody who is not logged in asks; an index holds the few rows that matter.
        """
        since = fields.Datetime.now() - timedelta(seconds=limits.DECLINES_OF_ALL.seconds)
        self.env["payment.transaction"].flush_model(["state", "last_state_change", "operation"])
        [counts] = self.env.execute_query(SQL(
            """SELECT count(*) FILTER (WHERE state = 'error'), count(*) FROM payment_transaction
                WHERE state IN ('authorized', 'done', 'error') AND last_state_change > %s
                  AND operation IN ('online_redirect', 'online_direct', 'online_token')""", since,
        ))
        return counts

    @api.model
    def _alert(self, declined, ended):
        """Tell staff, once in a window, in a transaction of its own: the request that finds out is rolled back."""
        try:
            times, _before, _elapsed = self.env["o2c.rate.limiter"]._count(
                "declines_of_all", "all", limits.DECLINES_OF_ALL.seconds,
            )
        except Error:
            times = 1  # said too often rather than never
        if times > 1:
            return
        _logger.error("%s of %s online payments were declined lately: visitors cannot pay for now", declined, ended)
        with self.env.registry.cursor() as cr:
            self.with_env(self.env(cr=cr, su=True))._give_task(declined, ended)

    @api.model
    def _give_task(self, declined, ended):
        """Give a clerk of the company the task to look at it, unless there is one already."""
        company = self.env.company
        clerk = self.env["res.partner"]._o2c_clerk(company)
        if not clerk:
            return
        env = self.with_context(lang=clerk.lang).env
        summary, target = env._("Many online payments are declined"), company.partner_id.with_env(env)
        if summary in target.activity_ids.mapped("summary"):
            return
        target.activity_schedule(
            "mail.mail_activity_data_todo", user_id=clerk.id, summary=summary,
            note=env._(
                "%(declined)s of %(ended)s online payments of the last ten minutes were declined: somebody may be "
                "trying out cards. Until it calms down, only customers who are logged in can pay.",
                declined=declined, ended=ended,
            ),
        )
