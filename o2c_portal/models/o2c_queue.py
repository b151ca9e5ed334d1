"""Work that waits in rows: taken one after the other, tried again at growing intervals, given up in the end."""

from psycopg2.errors import SerializationFailure

from odoo import api, fields, models


class O2cQueue(models.AbstractModel):
    """Rows of a queue, worked off by a job. A try is counted and committed before anything is attempted, so that a row
    that ends its worker is given up in the end.

    Who inherits it has a ``state``, of which ``parked`` is what was given up, and says in ``_claim_query`` which rows
    are taken together, in ``_run`` what is done with them, and in ``_wait_after`` how long failed ones wait.
    """

    _name = "o2c.queue"
    _description = "Queue of work"

    _waiting = "waiting"  # the state of rows that wait
    _max_tries = 1

    tries = fields.Integer(readonly=True)
    next_at = fields.Datetime("Next try", readonly=True)
    reason = fields.Text(readonly=True)

    @api.model
    def _work_off(self):
        """Run what is due until none is left or the time is up. Every step is committed on its own."""
        cron = self.env["ir.cron"]
        seconds = cron._commit_progress(remaining=self._count_due())
        while seconds > 0 and (rows := self._claim()):
            cron._commit_progress()  # the try counts, whatever happens next
            rows._run()
            seconds = cron._commit_progress(len(rows), remaining=self._count_due())

    @api.model
    def _count_due(self):
        return self.search_count([
            ("state", "=", self._waiting), ("next_at", "<=", fields.Datetime.now()), ("tries", "<", self._max_tries),
        ])

    @api.model
    def _park_killers(self):
        """Give up rows whose last try never came back: their worker was ended every time."""
        self.search([
            ("state", "=", self._waiting), ("next_at", "<=", fields.Datetime.now()), ("tries", ">=", self._max_tries),
        ]).write({"state": "parked", "next_at": False, "reason": self.env._("The server stopped at every try.")})

    @api.model
    def _claim(self):
        """Take the next waiting row, with those that belong to it; other workers leave them alone for the lease.

        Empty when there is none, or when somebody touched the row at this very moment.
        """
        self.flush_model()
        try:
            rows = self.env.execute_query(self._claim_query())
        except SerializationFailure:
            self.env.cr.rollback()
            rows = []
        self.invalidate_model()
        return self.browse(sorted(row[0] for row in rows))

    @api.model
    def _claim_query(self):
        """Return the statement that counts the try, sets the lease and returns the ids."""
        raise NotImplementedError

    def _run(self):
        """Do the work of rows that were taken together and write down how it went; never raises its errors."""
        raise NotImplementedError

    def _wait_after(self, tries):
        """Return how long a row waits after its ``tries``-th try failed, None to give it up."""
        raise NotImplementedError

    def _failed(self, reason):
        """Come back later, or leave the rows to a person after the last try."""
        for row in self:
            wait = row._wait_after(row.tries)
            row.write({
                "reason": reason,
                "state": self._waiting if wait else "parked",
                "next_at": fields.Datetime.now() + wait if wait else False,
            })

    def _start_over(self):
        """Have rows tried again that are not done, from the start; the caller has checked who asks."""
        self.filtered(lambda row: row.state != "done").write({
            "state": self._waiting, "tries": 0, "next_at": fields.Datetime.now(),
        })
