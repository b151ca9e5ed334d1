"""Many invoices on their way to customers: who sends them, how far it is, and the job that does it."""

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..core import sending

FAILURES_SHOWN = 10
SENDER_GROUP = "account.group_account_invoice"


class O2cSendRun(models.Model):
    """Invoices that somebody sent at once. The job takes them in chunks, run by run in turn, and commits each chunk; it
    never writes on the run itself while it works, so that *Stop* is never held up."""

    _name = "o2c.send.run"
    _description = "Bulk Sending of Invoices"
    _order = "id desc"

    user_id = fields.Many2one("res.users", "Sent by", required=True, readonly=True, ondelete="restrict",
                              default=lambda self: self.env.uid)
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    state = fields.Selection(
        [("running", "Being sent"), ("stopped", "Stopped"), ("done", "Done")],
        required=True, default="running", readonly=True, index=True,
    )
    finished_at = fields.Datetime("Finished on", readonly=True)
    item_ids = fields.One2many("o2c.send.item", "run_id", "Documents", readonly=True)
    total_count = fields.Integer("All", compute="_compute_counts")
    waiting_count = fields.Integer("Waiting", compute="_compute_counts")
    sent_count = fields.Integer("Sent", compute="_compute_counts")
    failed_count = fields.Integer("Failed", compute="_compute_counts")
    skipped_count = fields.Integer("Skipped", compute="_compute_counts")

    @api.depends("create_date")
    def _compute_display_name(self):
        for run in self:
            began = fields.Datetime.context_timestamp(run, run.create_date or fields.Datetime.now())
            run.display_name = self.env._("Sending of %(date)s", date=began.strftime("%Y-%m-%d %H:%M"))

    @api.depends("item_ids.state")
    def _compute_counts(self):
        counts = {
            (run.id, state): count
            for run, state, count in self.env["o2c.send.item"]._read_group(
                [("run_id", "in", self.ids)], ["run_id", "state"], ["__count"],
            )
        }
        for run in self:
            found = {state: counts.get((run.id, state), 0) for state in sending.STATES}
            run.total_count = sum(found.values())
            run.waiting_count = found["waiting"] + found["working"]
            run.sent_count, run.failed_count = found["sent"], found["failed"]
            run.skipped_count = found["skipped"]

    # Start

    @api.model
    def _start(self, moves):
        """Write down posted customer documents to be sent in the background, one run for each company, and wake the
        job, the oldest first. A document that another run is about to send is listed as skipped.

        :return: the runs
        """
        self._check_sender()
        moves.check_access("read")
        self.env["account.move.send"]._check_move_constraints(moves)
        runs = self.browse()
        for company, documents in moves.sorted(lambda move: (move.date, move.id)).grouped("company_id").items():
            run = self.sudo().create({"company_id": company.id})  # sudo: rows are written by the system alone
            run.item_ids._add(run, documents)
            runs |= run
        self._wake()
        return runs.sudo(self.env.su)

    def _open(self):
        """Return the action that shows these runs."""
        return self._get_records_action(name=self.env._("Sending invoices"))

    @api.model
    def _wake(self):
        self.env.ref("o2c_portal.ir_cron_send_run").sudo()._trigger()  # sudo: a sender may wake the job, nothing else

    @api.model
    def _check_sender(self):
        if not self.env.su and not self.env.user.has_group(SENDER_GROUP):
            raise AccessError(self.env._("Only who may make invoices may send them."))

    # The job

    @api.model
    def _cron_send(self):
        """Send what waits, a chunk of each run in turn, until nothing is left or the time is up.

        Odoo lets one worker at a time do a job: what is found at work here was left by a worker that was killed.
        """
        items, cron = self.env["o2c.send.item"], self.env["ir.cron"]
        items._take_back()
        seconds = cron._commit_progress(remaining=items._count_waiting())
        while seconds > 0 and (runs := items._waiting_runs()):
            for run in runs:
                chunk = items._claim(run)
                cron._commit_progress()  # known to be at work, whatever happens next
                chunk._send()
                seconds = cron._commit_progress(len(chunk), remaining=items._count_waiting())
                if seconds <= 0:
                    break
        self._finish()

    @api.model
    def _finish(self):
        """Close the runs of which no document is left."""
        running = self.search([("state", "=", "running")])
        over = running.filtered(lambda run: not run.waiting_count)
        over.write({"state": "done", "finished_at": fields.Datetime.now()})

    # People

    def action_stop(self):
        """Send no more than what is being sent at this moment."""
        self._as_sender("running").state = "stopped"

    def action_resume(self):
        """Go on where it was stopped."""
        self._as_sender("stopped").state = "running"
        self._wake()

    def action_retry_failed(self):
        """Send again what failed or had nobody to be sent to; what was taken by a mail server stays as it is."""
        runs = self._as_sender()
        runs.item_ids._retry()
        runs.write({"state": "running", "finished_at": False})
        self._wake()

    def _as_sender(self, *states):
        """Return those of the runs that are in one of the states (any by default), for a user who may decide on it."""
        self.check_access("read")
        self._check_sender()
        # sudo: rows are written by the system alone; a sender may only start, stop and repeat
        return self.sudo().filtered(lambda run: not states or run.state in states)

    def action_open_items(self):
        """Show the documents of a run, those that failed first."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("o2c_portal.o2c_send_item_action")
        return {**action, "domain": [("run_id", "=", self.id)], "context": {"search_default_trouble": 1}}

    @api.readonly
    def get_progress(self):
        """Return what the screen shows while a run is going on; durations in seconds. Of those that are ``waiting``,
        ``working`` are being sent at this moment, and will be though the run is stopped."""
        self.ensure_one()
        self.check_access("read")
        items = self.env["o2c.send.item"]
        pace = sending.pace(*items._worked(self), self.waiting_count)
        failures = items.search(
            [("run_id", "=", self.id), ("state", "in", ("failed", "skipped"))],
            order="state, id", limit=FAILURES_SHOWN,
        )
        return {
            "state": self.state,
            "total": self.total_count, "waiting": self.waiting_count, "sent": self.sent_count,
            "failed": self.failed_count, "skipped": self.skipped_count,
            "working": items.search_count([("run_id", "=", self.id), ("state", "=", "working")]),
            "per_minute": pace.per_minute, "seconds_left": pace.seconds_left,
            "failures": [item._as_failure() for item in failures],
        }
