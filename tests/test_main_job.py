"""The main job on a real server with a real browser and real mails, exactly as ``./o2c demo --check`` drives it."""

from dev.demo import running
from dev.main_job import MainJob


def test_an_order_is_sold_invoiced_sent_paid_and_moved_on(make_database, tmp_path):
    with running(make_database()) as (server, mails):
        MainJob(server.url, server.database, mails, tmp_path).run()
    assert len(list(tmp_path.glob("*-360.png"))) == 9
