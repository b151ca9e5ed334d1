"""The limiter: over workers, by visitor, and never in the way of the database."""

import logging
import uuid
from unittest.mock import Mock, patch

from odoo.sql_db import db_connect
from odoo.tests import TransactionCase, tagged
from odoo.tools import config, mute_logger

from ..core.limits import Limit
from ..logs import HideSecrets, install


@tagged("post_install", "-at_install")
class TestRateLimiter(TransactionCase):
    def setUp(self):
        super().setUp()
        self.limiter = self.env["o2c.rate.limiter"]
        self.subject = str(uuid.uuid4())
        key = self.limiter._sudo_key(self.subject)
        self.addCleanup(self._forget, key)
        self.startPatcher(patch.dict("odoo.addons.o2c_portal.core.limits.LIMITS", {"test": Limit(3, 3600)}))

    def _forget(self, key):
        with db_connect(self.env.cr.dbname).cursor() as cr:
            cr.execute("DELETE FROM o2c_rate_hit WHERE key = %s", [key])

    def test_counts_and_stops(self):
        self.assertEqual(
            [self.limiter._exceeded("test", self.subject) for _i in range(5)], [False, False, False, True, True]
        )
        self.assertIs(self.limiter._exceeded("test", f"{self.subject} other"), False)
        self._forget(self.limiter._sudo_key(f"{self.subject} other"))

    def test_what_was_counted_survives_a_rollback(self):
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self.limiter._exceeded("test", self.subject)
            raise ZeroDivisionError
        with db_connect(self.env.cr.dbname).cursor() as cr:
            cr.execute("SELECT hits FROM o2c_rate_hit WHERE key = %s", [self.limiter._sudo_key(self.subject)])
            self.assertEqual(cr.fetchall(), [(1,)])

    def test_table_is_not_logged_and_holds_no_address(self):
        self.env.cr.execute("SELECT relpersistence FROM pg_class WHERE relname = 'o2c_rate_hit'")
        self.assertEqual(self.env.cr.fetchone(), ("u",))
        self.assertNotIn("203.0.113", self.limiter._sudo_key("203.0.113.0/24"))

    def test_visitor(self):
        direct = Mock(remote_addr="8.8.8.8", headers={})
        self.assertEqual(self.limiter._visitor(direct), ("8.8.8.8/32", "8.8.8.0/24"))
        for address, headers in [("127.0.0.1", {}), ("10.0.0.1", {"X-Forwarded-For": "8.8.8.8"})]:
            with self.subTest(address=address):
                self.assertIsNone(self.limiter._visitor(Mock(remote_addr=address, headers=headers)))
        with patch.dict(config.options, {"proxy_mode": True}):
            behind = Mock(remote_addr="10.0.0.1", headers={"X-Forwarded-Host": "example.com"})
            self.assertEqual(self.limiter._visitor(behind), ("10.0.0.1/32", "10.0.0.0/24"))
            broken = Mock(remote_addr="unknown", headers={"X-Forwarded-Host": "example.com"})
            self.assertIsNone(self.limiter._visitor(broken))

    @mute_logger("odoo.addons.o2c_portal.models.o2c_rate_limiter")
    def test_no_header_of_a_visitor_switches_the_limits_off(self):
        for proxy_mode in (False, True):
            with self.subTest(proxy_mode=proxy_mode), patch.dict(config.options, {"proxy_mode": proxy_mode}):
                claims = Mock(remote_addr="8.8.8.8", headers={"X-Forwarded-For": "1.1.1.1"})
                self.assertEqual(self.limiter._visitor(claims), ("8.8.8.8/32", "8.8.8.0/24"))

    def test_a_proxy_nobody_was_told_of_is_reported_once_an_hour(self):
        claims = Mock(remote_addr="8.8.8.8", headers={"X-Forwarded-For": "1.1.1.1"})
        module = "odoo.addons.o2c_portal.models.o2c_rate_limiter"
        with patch.dict(f"{module}._warned", clear=True), self.assertLogs(module, "WARNING") as log:
            self.limiter._visitor(claims)
            self.limiter._visitor(claims)
        self.assertEqual(len(log.output), 1)
        self.assertIn("--proxy-mode", log.output[0])


@tagged("post_install", "-at_install")
class TestLogs(TransactionCase):
    def test_server_log_holds_no_token(self):
        token = "k" * 43
        for message, args in [
            ('%s "%s" %s', ("127.0.0.1", f"GET /pay/{token} HTTP/1.1", 200)),
            (f"GET /my/invoices/1?access_token={token}", ()),
        ]:
            record = logging.LogRecord("werkzeug", logging.INFO, "", 0, message, args, None)
            with self.subTest(message=message):
                self.assertIs(HideSecrets().filter(record), True)
                self.assertNotIn(token, record.getMessage())
                self.assertIn("GET /", record.getMessage())

    def test_filter_is_installed_once(self):
        install()
        for name in ("werkzeug", "odoo.http"):
            self.assertEqual(sum(isinstance(f, HideSecrets) for f in logging.getLogger(name).filters), 1)
