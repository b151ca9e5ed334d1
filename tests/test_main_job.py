"""The main job on a real server with a real browser and real mails, exactly as ``./o2c demo --check`` drives it."""

import pytest

from dev import job, main_job
from dev.bulk_job import BulkJob
from dev.demo import running
from dev.main_job import MainJob


def test_an_order_is_sold_invoiced_sent_paid_and_moved_on(make_database, tmp_path):
    with running(make_database()) as (server, mails):
        MainJob(server.url, server.database, mails, tmp_path).run()
    assert len(list(tmp_path.glob("*-360.png"))) == 9


def test_fifty_invoices_are_sent_and_two_that_cannot_are_told_apart(make_database):
    with running(make_database()) as (server, mails):
        BulkJob(server.url, server.database, mails).run()


def test_a_step_that_fails_says_so_before_anything_else_can_fail(capsys):
    def step():
        raise AssertionError("the page does not show the deposit")

    def camera():
        print("click")
        raise OSError("the browser is gone")

    with pytest.raises(job.StepFailed, match="^open from mail$") as failed:
        job.do("open from mail", step, camera)
    assert capsys.readouterr().out == "FAIL open from mail the page does not show the deposit\nclick\n"
    assert str(failed.value.__cause__) == "the page does not show the deposit"


@pytest.mark.parametrize(("error", "line"), [
    (job.StepFailed("told already"), ""),
    (ConnectionRefusedError("nobody answers"), "FAIL    nobody answers\n"),
    (AssertionError(), "FAIL    AssertionError()\n"),
])  # fmt: skip
def test_what_fails_outside_of_a_step_is_told_too(monkeypatch, capsys, error, line):
    def login(*_arguments):
        raise error

    monkeypatch.setattr(main_job, "Client", login)
    assert main_job.main("http://127.0.0.1:1", "none", "http://127.0.0.1:1") == 1
    out, last = capsys.readouterr().out.rsplit("The main job failed", 1)
    assert out == line
    assert "screenshots" in last


def test_the_mail_and_the_schedule_are_read_part_by_part():
    row = "<tr><td>{} of 2</td><td><span>{}</span></td><td><span>$&nbsp;<b>{}</b></span></td></tr>"
    table = row.format(1, "11/22/2026", "3,000.00") + row.format(2, "12/22/2026", "7,000.01")
    assert [(day, str(amount)) for day, amount in main_job._schedule_in(f"{table}<p>for 11/22/2026.</p>")] == [
        ("2026-11-22", "3000.00"), ("2026-12-22", "7000.01"),
    ]  # fmt: skip
    mail = "<p>total 10,000.01</p><p>$&nbsp;3,000.00</p><p>due 11/22/2026</p><a>Pay Now</a><p>1 of 2 3,000.00</p>"
    assert [str(amount) for amount in main_job._due_now_in(mail)] == ["3000.00"]
