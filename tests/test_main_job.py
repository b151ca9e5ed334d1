"""The main job on a real server with a real browser and real mails, exactly as ``./o2c demo --check`` drives it."""

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
