"""Bulk sending: every document once, whatever happens in between; one that fails holds up nobody."""

from contextlib import suppress
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import MockEmail
from odoo.addons.o2c_portal.core import sending

from .common import O2cCommon

LOGGER = "odoo.addons.o2c_portal.models.o2c_send_item"
PIPELINE = "_generate_and_send_invoices"


class TestSendRun(O2cCommon, MockEmail):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.runs = cls.env["o2c.send.run"].with_user(SUPERUSER_ID)
        cls.runs.search([]).unlink()
        cls.silent = cls.env["res.partner"].create({"name": "Silent Ltd"})
        cls.invoices = cls.env["account.move"].concat(*(cls._make_invoice(100) for _number in range(5)))

    def _wizard(self, invoices=None):
        invoices = self.invoices if invoices is None else invoices
        return self.env["account.move.send.batch.wizard"].with_context(
            active_model="account.move", active_ids=invoices.ids,
        ).create({})

    def _start(self, invoices=None):
        return self.env["o2c.send.run"]._start(self.invoices if invoices is None else invoices)

    def _cron(self, rollback=None):
        """Run the job in the test's own transaction; what a worker takes back it has not written yet."""
        with patch.object(self.env.registry["ir.cron"], "_commit_progress", lambda *args, **kwargs: float("inf")), \
             patch.object(self.env.cr, "rollback", rollback or (lambda: None)):
            self.runs._cron_send()

    def _break(self, *broken, error=None):
        """Return a patch that makes the pipeline fail before it wrote anything when it meets one of these documents."""
        native = self.env.registry["account.move.send"]._generate_and_send_invoices

        def breaks(model, moves, **options):
            if any(move.id in moves.ids for move in broken):
                raise error or UserError("The layout is broken.")
            return native(model, moves, **options)

        return patch.object(self.env.registry["account.move.send"], PIPELINE, breaks)

    def _states(self, run):
        return {item.move_id: item.state for item in run.item_ids}

    def _written(self, invoices):
        return self.env["mail.mail"].sudo().search([
            ("model", "=", "account.move"), ("res_id", "in", invoices.ids), ("o2c_send_item_id", "!=", False),
        ])

    # Sending

    def test_the_wizard_starts_a_run_and_shows_it(self):
        action = self._wizard().action_send_and_print()
        run = self.env["o2c.send.run"].browse(action["res_id"])
        self.assertEqual((action["res_model"], run.item_ids.move_id, run.user_id, run.state),
                         ("o2c.send.run", self.invoices, self.env.user, "running"))
        self.assertEqual(self.invoices.mapped("is_being_sent"), [True] * 5)
        self.assertFalse(any(self.invoices.mapped("sending_data")), "Odoo's own job leaves them alone")

    def test_every_document_once(self):
        run = self._start()
        self._cron()
        self.assertEqual((run.state, run.sent_count, run.waiting_count, run.total_count), ("done", 5, 0, 5))
        mails = self._written(self.invoices)
        self.assertEqual(sorted(mails.mapped("res_id")), sorted(self.invoices.ids))
        self.assertEqual(mails.o2c_send_item_id, run.item_ids)
        self.assertTrue(all(self.invoices.mapped("invoice_pdf_report_id")))
        self.assertFalse(any(self.invoices.mapped("is_being_sent")))
        self._cron()
        self.assertEqual(self._written(self.invoices), mails)

    def test_who_has_no_address_or_wants_no_mail_is_told_apart(self):
        silent = self._make_invoice(100, partner=self.silent)
        by_hand = self._make_invoice(100, partner=self.env["res.partner"].create({
            "name": "By Hand Ltd", "email": "hand@example.com", "invoice_sending_method": "manual",
        }))
        run = self._start(silent | by_hand)
        self._cron()
        self.assertEqual(run.item_ids.mapped(lambda item: (item.state, item.reason)), [
            ("skipped", "No email address. The PDF was made."),
            ("skipped", "The customer is set to get invoices by hand."),
        ])

    @mute_logger(LOGGER)
    def test_one_that_fails_holds_up_nobody(self):
        run = self._start()
        with self._break(self.invoices[2]):
            self._cron()
        states = self._states(run)
        self.assertEqual(states.pop(self.invoices[2]), "failed")
        self.assertEqual(set(states.values()), {"sent"})
        self.assertEqual(run.item_ids.mapped("together"), [2, 2, 2, 3, 3])
        self.assertEqual(run.item_ids[2].reason, "The layout is broken.")
        self.assertEqual(len(self._written(self.invoices)), 4)

    def test_what_the_pipeline_reports_is_the_reason(self):
        def complain(model, move, data):
            if move == self.invoices[0]:
                data["error"] = {"error_title": "Not accepted", "errors": ["no VAT number"]}

        run = self._start()
        hook = "_hook_invoice_document_before_pdf_report_render"
        with patch.object(self.env.registry["account.move.send"], hook, complain):
            self._cron()
        self.assertEqual((run.item_ids[0].state, run.item_ids[0].reason), ("failed", "Not accepted\n- no VAT number"))
        self.assertEqual((run.sent_count, run.failed_count), (4, 1))

    def test_what_is_not_posted_any_more_is_left_out(self):
        run = self._start()
        self.invoices[0].button_draft()
        self._cron()
        self.assertEqual((run.item_ids[0].state, run.item_ids[0].reason), ("skipped", "It is not posted any more."))
        self.assertEqual(run.sent_count, 4)

    @mute_logger(LOGGER)
    def test_a_conflict_is_tried_again_and_given_up_in_the_end(self):
        run = self._start(self.invoices[0])
        with self._break(self.invoices[0], error=SerializationFailure("concurrent update")):
            self._cron()
        item = run.item_ids
        self.assertEqual((item.state, item.tries, item.reason), ("failed", 3, "concurrent update"))

    # Killed workers

    def _kill(self):
        class Killed(BaseException):
            pass

        with patch.object(self.env.registry["account.move.send"], PIPELINE, side_effect=Killed), suppress(Killed):
            self._cron()

    def test_after_a_kill_they_go_out_one_by_one(self):
        run = self._start()
        self._kill()
        self.assertEqual(run.item_ids.mapped(lambda item: (item.state, item.tries)), [("working", 0)] * 5)
        together, native = [], self.env.registry["account.move.send"]._generate_and_send_invoices

        def listen(model, moves, **options):
            together.append(len(moves))
            return native(model, moves, **options)

        with patch.object(self.env.registry["account.move.send"], PIPELINE, listen):
            self._cron()
        self.assertEqual((together, run.sent_count), ([1] * 5, 5))

    def test_what_kills_every_worker_is_given_up(self):
        run = self._start(self.invoices[0])
        for _kill in range(3):
            self._kill()
        self._cron()
        item = run.item_ids
        self.assertEqual((item.state, item.tries, item.reason), ("failed", 3, "The server stopped at every try."))
        self.assertFalse(self._written(self.invoices))

    # Stop, resume, retry

    def test_stop_and_resume(self):
        run = self._start()
        run.action_stop()
        self._cron()
        self.assertEqual((run.state, run.waiting_count), ("stopped", 5))
        run.action_resume()
        self._cron()
        self.assertEqual((run.state, run.sent_count), ("done", 5))

    def test_stop_takes_effect_between_two_chunks(self):
        run, native = self._start(), self.env.registry["o2c.send.item"]._send

        def stop_after(items):
            run.action_stop()
            self.assertEqual([run.get_progress()[key] for key in ("state", "waiting", "working")], ["stopped", 5, 2])
            native(items)

        with patch.object(sending, "CHUNK", 2), patch.object(self.env.registry["o2c.send.item"], "_send", stop_after):
            self._cron()
        self.assertEqual([run.get_progress()[key] for key in ("sent", "waiting", "working")], [2, 3, 0])
        self.assertEqual(run.state, "stopped")

    def test_runs_take_turns(self):
        order, native = [], self.env.registry["o2c.send.item"]._send

        def listen(items):
            order.append(items.run_id)
            native(items)

        large, small = self._start(self.invoices[:4]), self._start(self.invoices[4])
        with patch.object(sending, "CHUNK", 2), patch.object(self.env.registry["o2c.send.item"], "_send", listen):
            self._cron()
        self.assertEqual(order, [large, small, large])

    @mute_logger(LOGGER)
    def test_only_what_failed_is_sent_again(self):
        run = self._start()
        with self._break(self.invoices[2]):
            self._cron()
        first = self._written(self.invoices)
        run.action_retry_failed()
        self.assertEqual((run.state, run.waiting_count, run.sent_count), ("running", 1, 4))
        self._cron()
        self.assertEqual((run.state, run.sent_count), ("done", 5))
        self.assertEqual((self._written(self.invoices) - first).mapped("res_id"), self.invoices[2].ids)

    def test_the_same_click_twice_sends_once(self):
        first, second = self._start(), self._start()
        self.assertEqual((second.waiting_count, second.skipped_count), (0, 5))
        self.assertEqual(second.item_ids[0].reason, "Another sending is about to send it.")
        self._cron()
        self.assertEqual((first.sent_count, len(self._written(self.invoices))), (5, 5))
        self.assertEqual(second.state, "done")

    # Delivery

    def _queue(self, mails):
        """Hand emails to the mail server as Odoo's queue does."""
        mails.write({"auto_delete": False})
        with self.mock_mail_gateway():
            mails.send()

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_what_the_mail_server_says_is_shown(self):
        bad = self.env["res.partner"].create({"name": "Typo Ltd", "email": "no address"})
        run = self._start(self.invoices[0] | self._make_invoice(100, partner=bad))
        self._cron()
        self._queue(self._written(run.item_ids.move_id))
        good, failed = run.item_ids
        self.assertEqual((good.state, good.delivered, failed.state, failed.delivered), ("sent", 1, "failed", 0))
        self.assertIn("no address", failed.reason)
        bad.email = "typo@example.com"
        run.action_retry_failed()
        self._cron()
        mails = self._written(failed.move_id).filtered(lambda mail: mail.state == "outgoing")
        self.assertIn("typo@example.com", mails.email_to)
        self._queue(mails)
        self.assertEqual((failed.state, failed.delivered, good.delivered), ("sent", 1, 1))

    def test_what_somebody_has_got_is_not_written_again(self):
        run = self._start(self.invoices[0])
        self._cron()
        item, mail = run.item_ids, self._written(self.invoices)
        item.sudo().write({"delivered": 1, "state": "failed"})
        mail.state = "exception"
        run.action_retry_failed()
        self._cron()
        self.assertEqual((mail.state, self._written(self.invoices), item.state), ("outgoing", mail, "failed"))
        self._queue(mail)
        self.assertEqual((item.state, item.delivered), ("sent", 2))

    def _send_to_a_bad_address(self, invoice, bad):
        """Return ``(run, mail)``: of two mails the one whose address has ``bad`` in it, which came back."""
        run = self._start(invoice)
        self._cron()
        stuck, other = self._written(invoice).sorted(lambda mail: bad not in mail.email_to)
        self._queue(other)
        stuck.write({"state": "exception", "failure_reason": "550 5.1.1 unknown"})
        stuck._o2c_note("mail_email_invalid")
        return run, stuck

    def test_what_failed_goes_to_the_address_its_reader_has_by_now(self):
        clerk = self.env["res.partner"].create({
            "name": "Books", "email": "typo@example.com", "parent_id": self.customer.id, "o2c_role_invoice": True,
        })
        self.customer.o2c_role_invoice = True
        invoice = self._make_invoice(100)
        run, stuck = self._send_to_a_bad_address(invoice, "typo")
        old, link = stuck.o2c_delivery_id, stuck.o2c_delivery_id.link_id
        self.assertIn(link._url(), stuck.body_html)
        clerk.email = "books@example.com"
        run.action_retry_failed()
        row = stuck.o2c_delivery_id
        self.assertEqual((stuck.state, stuck.email_to, stuck.message_id),
                         ("outgoing", '"Books" <books@example.com>', row.message_id))
        self.assertEqual((row.address, row.state, row.contact_id, old.state, old.bad_address),
                         ("books@example.com", "queued", clerk, "replaced", True))
        self.assertEqual((link.state, row.link_id.state, row.link_id.recipient),
                         ("revoked", "active", "books@example.com"))
        for text in (stuck.body_html, stuck.o2c_text):
            self.assertIn(row.link_id._url(), text)
            self.assertNotIn(link._token(), text)
        self._queue(stuck)
        self.assertEqual((row.state, run.item_ids.state, len(self._written(invoice))), ("sent", "sent", 2))

    def test_what_failed_goes_nowhere_when_its_reader_is_gone_or_has_it(self):
        self.customer.o2c_role_invoice = True
        twin, left = self.env["res.partner"].create([
            {"name": name, "email": f"{name}@example.com", "parent_id": self.customer.id, "o2c_role_invoice": True}
            for name in ("twin", "left")
        ])
        invoice = self._make_invoice(100)
        run = self._start(invoice)
        self._cron()
        mails = self._written(invoice)
        got = mails.filtered(lambda mail: "payer" in mail.email_to)
        self._queue(got)
        (mails - got).write({"state": "exception", "failure_reason": "550 5.1.1 unknown"})
        (mails - got)._o2c_note("mail_email_invalid")
        twin.email = self.customer.email
        left.active = False
        run.action_retry_failed()
        self.assertEqual((mails - got).mapped("state"), ["cancel"] * 2)
        self.assertEqual((mails - got).o2c_delivery_id.mapped("state"), ["replaced"] * 2)
        self.assertEqual(run.item_ids.state, "sent")

    def test_what_failed_goes_to_a_corrected_extra_address(self):
        extra = self.env["o2c.billing.address"].create({"partner_id": self.customer.id, "email": "scaner@example.com"})
        run, stuck = self._send_to_a_bad_address(self._make_invoice(100), "scaner")
        extra.email = "scanner@example.com"
        run.action_retry_failed()
        self.assertEqual((stuck.state, stuck.email_to), ("outgoing", "scanner@example.com"))
        self.assertIn(stuck.o2c_delivery_id.link_id._url(), stuck.body_html)
        self.assertEqual(stuck.o2c_delivery_id.link_id.state, "active")

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_a_copy_to_staff_does_not_make_it_sent(self):
        self.env.company.o2c_invoice_emails = "staff@example.com"
        bad = self.env["res.partner"].create({"name": "Typo Ltd", "email": "no address"})
        item = self._start(self._make_invoice(100, partner=bad)).item_ids
        self._cron()
        mails = self.env["mail.mail"].sudo().search([("o2c_delivery_id.audience", "=", "staff")])
        self._queue(mails.filtered(lambda mail: mail.res_id == item.move_id.id))
        self.assertEqual((item.state, item.delivered), ("failed", 0))
        self.assertIn("no address", item.reason)

    def test_what_was_sent_by_hand_meanwhile_is_not_sent_again(self):
        invoice = self.invoices[0]
        with self._break(invoice):
            run = self._start(invoice)
            self._cron()
        self.assertEqual(run.item_ids.state, "failed")
        self.env["account.move.send"]._generate_and_send_invoices(invoice, sending_methods=["email"])
        mail = self.env["mail.mail"].sudo().search([("o2c_delivery_id.res_id", "=", invoice.id)])
        run.action_retry_failed()
        self.assertEqual(run.item_ids.state, "failed", "it is on its way")
        self._queue(mail)
        run.action_retry_failed()
        self._cron()
        self.assertEqual(run.item_ids.state, "sent")
        self.assertFalse(self._written(invoice), "no mail by the run")

    # Screen

    def test_progress(self):
        run = self._start(self.invoices | self._make_invoice(100, partner=self.silent))
        progress = run.get_progress()
        self.assertEqual((progress["total"], progress["waiting"], progress["per_minute"]), (6, 6, None))
        self._cron()
        progress = run.get_progress()
        self.assertEqual(
            [progress[key] for key in ("state", "sent", "waiting", "failed", "skipped", "seconds_left")],
            ["done", 5, 0, 0, 1, 0],
        )
        self.assertGreater(progress["per_minute"], 0)
        [failure] = progress["failures"]
        self.assertEqual((failure["customer"], failure["reason"]),
                         ("Silent Ltd", "No email address. The PDF was made."))

    def test_opening_the_wizard_renders_nothing_and_costs_the_same_for_any_number(self):
        many = self.env["account.move"].concat(*(self._make_invoice(100) for _number in range(20)))

        def queries(invoices):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            wizard = self._wizard(invoices)
            wizard.read(["summary_data", "alerts"])
            return self.env.cr.sql_log_count - before

        with patch.object(self.env.registry["mail.template"], "_render_field", side_effect=AssertionError):
            queries(self.invoices[:2])
            few = queries(self.invoices[:2])
            self.assertEqual(queries(many), few)
        self.assertLessEqual(few, 30)

    def test_summary_and_alerts_are_right(self):
        wizard = self._wizard(self.invoices | self._make_invoice(100, partner=self.silent))
        self.assertEqual(wizard.summary_data["email"]["count"], 5)
        self.assertEqual(set(wizard.alerts), {"account_missing_email"})

    # Who may

    def test_who_may_start_and_stop(self):
        clerk = new_test_user(self.env, "sender", groups="account.group_account_invoice")
        reader = new_test_user(self.env, "reader", groups="account.group_account_readonly")
        run = self.env["o2c.send.run"].with_user(clerk)._start(self.invoices)
        run.action_stop()
        for user, ask in [(reader, lambda: run.with_user(reader).action_resume()),
                          (reader, lambda: run.with_user(reader)._start(self.invoices)),
                          (clerk, lambda: run.with_user(clerk).write({"state": "done"}))]:
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                ask()
        self.assertEqual(run.state, "stopped")

    def test_drafts_and_bills_are_refused(self):
        bill = self.init_invoice("in_invoice", partner=self.customer, invoice_date="2026-01-01", post=True, amounts=[9])
        for move in (self._make_invoice(100, post=False), bill):
            with self.assertRaises(UserError):
                self._start(self.invoices | move)
        self.assertFalse(self.runs.search([]))

    def test_companies_are_kept_apart(self):
        other = self._create_company(name="Other Company")
        self.env.user.company_ids += other
        foreign = self.env["account.move"].with_company(other).create({
            "move_type": "out_invoice", "partner_id": self.customer.id, "invoice_date": "2026-01-01",
            "company_id": other.id,
            "invoice_line_ids": [Command.create({"name": "Goods", "price_unit": 10, "tax_ids": []})],
        })
        foreign.action_post()
        runs = self.env["o2c.send.run"].with_context(
            allowed_company_ids=(self.env.company | other).ids,
        )._start(self.invoices | foreign)
        self.assertEqual({run.company_id: run.total_count for run in runs}, {self.env.company: 5, other: 1})
        stranger = new_test_user(self.env, "other_sender", groups="account.group_account_invoice",
                                 company_id=other.id, company_ids=[(6, 0, other.ids)])
        self.assertEqual(self.env["o2c.send.run"].with_user(stranger).search([]).company_id, other)
        self.assertEqual(self.env["o2c.send.item"].with_user(stranger).search([]).move_id, foreign)
