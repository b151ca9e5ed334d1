"""Keeps tokens of pay links and portal documents out of the server's log."""

import logging

from .core.paylink import hide_secrets

LOGGERS = ("werkzeug", "odoo.http")


class HideSecrets(logging.Filter):
    """Replaces tokens in messages and their arguments by a fingerprint; lets every record through."""

    def filter(self, record):
        if isinstance(record.msg, str):
            record.msg = hide_secrets(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(hide_secrets(arg) if isinstance(arg, str) else arg for arg in record.args)
        return True


def install():
    """Put the filter on the loggers that write addresses, once per process."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(type(present).__name__ == HideSecrets.__name__ for present in logger.filters):
            logger.addFilter(HideSecrets())
