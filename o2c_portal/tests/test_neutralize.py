"""A copy of a database made for testing sends customers nothing."""

from odoo.tests import tagged
from odoo.tools import file_open

from .test_money_event import MoneyEventCase


@tagged("post_install", "-at_install")
class TestNeutralize(MoneyEventCase):

    def _neutralize(self):
        """Run our statements, as Odoo does on a copy."""
        self.env.flush_all()
        with file_open("o2c_portal/data/neutralize.sql") as statements:
            self.env.cr.execute(statements.read())
        self.env.invalidate_all()

    def test_what_waits_is_not_sent(self):
        mails = self.env["mail.mail"].sudo()
        payment = self._pay(self._make_invoice(100))
        self._apply()
        receipts = mails.search([("o2c_delivery_id.res_id", "in", payment.o2c_notice_ids.ids),
                                 ("o2c_delivery_id.kind", "=", "receipt")])
        other = mails.create({"subject": "Not ours", "email_to": "colleague@example.com", "body_html": "Hello"})
        run = self.env["o2c.send.run"]._start(self._make_invoice(100) | self._make_invoice(50))
        self.assertEqual((receipts.mapped("state"), run.state), (["outgoing"], "running"))
        self._neutralize()
        self.assertEqual((receipts.state, run.state, other.state), ("cancel", "stopped", "outgoing"))

    def test_no_job_of_ours_runs(self):
        crons = self.env["ir.cron"].sudo().with_context(active_test=False).browse(
            self.env["ir.model.data"].sudo().search([("module", "=", "o2c_portal"), ("model", "=", "ir.cron")])
            .mapped("res_id"))
        self.assertIn(self.env.ref("o2c_portal.ir_cron_statement_mailing"), crons)
        crons.active = True
        self._neutralize()
        self.assertEqual(crons.mapped("active"), [False] * len(crons))
