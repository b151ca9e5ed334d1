"""What became of a mail: whether trying again makes sense, and when."""

import re
from datetime import timedelta

BACKOFF = (
    timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=12), timedelta(hours=24),
)
LONGEST_REASON = 200  # characters
UNDELIVERABLE = ("failed", "bounced", "suppressed")
HOPELESS = ("mail_email_invalid", "mail_email_missing", "mail_from_invalid", "mail_from_missing")
# What a mail server says of an address that does not exist: RFC 5321 replies, RFC 3463 enhanced codes
_NO_SUCH_ADDRESS = re.compile(r"\b55[013]\b|\b5\.1\.\d{1,3}\b")
_REFUSED_RECIPIENT = re.compile(r"SMTPRecipientsRefused|\b5\.1\.\d{1,3}\b|user unknown|no such (?:user|mailbox)", re.I)


def is_bad_address(failure_type, reason):
    """Say whether a failure is one of the address: no later try will help until somebody corrects it."""
    if failure_type in ("mail_email_invalid", "mail_email_missing"):
        return True
    reason = reason or ""
    return bool(_NO_SUCH_ADDRESS.search(reason) and _REFUSED_RECIPIENT.search(reason))


def in_short(reason):
    """Return the first line of what a mail server said, no longer than somebody reads; empty for nothing. A number
    alone, as errors of the connection begin with, says nothing: the line after it leads."""
    lines = [line.strip() for line in (reason or "").splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].lstrip("-").isdigit():
        lines = [f"{lines[1]} ({lines[0]})"]
    return lines[0][:LONGEST_REASON] if lines else ""


def next_try(failure_type, reason, tries):
    """Return how long to wait before a mail is tried again, None when it is given up.

    :param int tries: how many tries have failed before this one
    """
    if failure_type in HOPELESS or is_bad_address(failure_type, reason) or tries >= len(BACKOFF):
        return None
    return BACKOFF[tries]


def outcome(states):
    """Return what became of a document, given the states of its mails to the customer: ``failed`` when one of them is
    not there, for that is what must be seen; ``queued`` while one is on its way; else ``sent``."""
    if any(state in UNDELIVERABLE for state in states):
        return "failed"
    return "queued" if "queued" in states else "sent"


def message_id(kind, document, copy, seal, host):
    """Return the Message-ID of one copy of a mail: the same whenever this very mail is made, so that mail readers fold
    a second one into the first.

    :param str seal: what nobody can guess who has not got the mail, or they could say that it came back
    """
    return f"<o2c-{kind}-{document}-{copy}-{seal[:32]}@{host}>"
