"""How often the public pages may be asked, counted over all workers."""

import contextlib
import hashlib
import hmac
import logging
import time

from psycopg2 import Error
from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED

from odoo import api, fields, models
from odoo.sql_db import db_connect
from odoo.tools import SQL, config

from ..core import limits

_logger = logging.getLogger(__name__)
WARN_EVERY = 3600
_warned = {}  # when each of these was last written to the log
BLIND = (
    "Public pages are asked for from an address that is not the visitor's. Limits per address are off until the "
    "server runs with --proxy-mode behind a proxy that sends X-Forwarded-Host."
)
SHARED = (
    "A public page was asked for with X-Forwarded-For, which counts for nothing here. If a proxy sends it, all its "
    "visitors share one limit per address until the server runs with --proxy-mode and the proxy sends X-Forwarded-Host."
)


class O2cRateLimiter(models.AbstractModel):
    """Counts requests over all workers, in a table that is not worth a write-ahead log.

    It counts in a short transaction of its own at READ COMMITTED: in the request's transaction every second
    concurrent hit would fail to serialize, and a refused request would roll its own count back.
    """

    _name = "o2c.rate.limiter"
    _description = "Rate limiter"

    def init(self):
        self.env.cr.execute("""
            CREATE UNLOGGED TABLE IF NOT EXISTS o2c_rate_hit (
                bucket varchar NOT NULL, key varchar NOT NULL, began timestamptz NOT NULL, hits int NOT NULL,
                PRIMARY KEY (bucket, key, began)
            )
        """)

    @api.model
    def _exceeded(self, bucket, subject):
        """Count one hit of ``subject`` in ``bucket`` and say whether it was one too many.

        :raises psycopg2.Error: when it cannot count; the caller decides whether to go on
        """
        limit = limits.LIMITS[bucket]
        current, previous, elapsed = self._count(bucket, self._sudo_key(subject), limit.seconds)
        return limits.exceeded(limit, current, previous, elapsed)

    @api.model
    def _count(self, bucket, key, seconds):
        window = SQL("to_timestamp(floor(extract(epoch FROM clock_timestamp()) / %(s)s) * %(s)s)", s=seconds)
        with db_connect(self.env.cr.dbname).cursor() as cr:
            cr.connection.set_isolation_level(ISOLATION_LEVEL_READ_COMMITTED)
            cr.execute("SET LOCAL statement_timeout = '200ms'")
            cr.execute(SQL(
                """WITH hit AS (
                    INSERT INTO o2c_rate_hit AS old (bucket, key, began, hits)
                    VALUES (%(bucket)s, %(key)s, %(window)s, 1)
                    ON CONFLICT (bucket, key, began) DO UPDATE SET hits = old.hits + 1
                    RETURNING hits, began
                )
                SELECT hit.hits, coalesce(before.hits, 0), extract(epoch FROM clock_timestamp() - hit.began)::float
                  FROM hit
                  LEFT JOIN o2c_rate_hit before ON before.bucket = %(bucket)s AND before.key = %(key)s
                       AND before.began = hit.began - make_interval(secs => %(seconds)s)""",
                bucket=bucket, key=key, window=window, seconds=seconds,
            ))
            return cr.fetchone()

    @api.model
    def _visitor(self, httprequest):
        """Return the visitor's keys ``(host, network)``, ``None`` when our own proxy hides who asks.

        Without proxy_mode every visitor behind a proxy in our own network has the proxy's address: limiting that would
        lock out all. A public address is limited whatever the request claims: no header switches that off.
        """
        headers, address = httprequest.headers, httprequest.remote_addr
        proxied = config["proxy_mode"] and headers.get("X-Forwarded-Host")  # then Odoo has put the visitor's there
        if proxied or limits.is_public(address):
            if not proxied and headers.get("X-Forwarded-For"):
                self._warn(SHARED)
            with contextlib.suppress(ValueError):  # a proxy may send anything
                return limits.networks(address)
        self._warn(BLIND)
        return None

    @api.model
    def _warn(self, message):
        now = time.monotonic()
        if now - _warned.get(message, -WARN_EVERY) >= WARN_EVERY:
            _warned[message] = now
            _logger.warning(message)

    @api.model
    def _sudo_key(self, subject):
        """Return a key from which the subject cannot be read; it changes every day."""
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret")
        message = f"o2c.rate|{fields.Date.today()}|{subject}".encode()
        return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()[:32]

    @api.autovacuum
    def _gc_hits(self):
        self.env.cr.execute("DELETE FROM o2c_rate_hit WHERE began < now() - interval '1 day'")

    @api.model
    def _allows(self, bucket, subject, otherwise):
        """Return whether to go on with a request of ``subject``; ``otherwise`` when it cannot be counted."""
        try:
            return not self._exceeded(bucket, subject)
        except Error:
            _logger.error("Cannot count requests of bucket %s", bucket, exc_info=True)
            return otherwise
