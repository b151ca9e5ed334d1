"""Tokens of pay links: how they are derived, recognised, hidden and how long they live."""

import base64
import hashlib
import hmac
import re
from datetime import datetime, time, timedelta

TOKEN_LENGTH = 43  # base64url of 32 bytes without padding: 256 bits
CHANNELS = ("email", "pdf", "print", "manual", "portal")
DUE_CHANNELS = ("email", "pdf", "print")  # live relative to the due date, the others relative to today
SHORTEST = timedelta(days=30)
LONGEST_EMAIL = timedelta(days=120)

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_SECRET_IN_TEXT = re.compile(
    r"(/pay/|/my/billing/confirm/)([A-Za-z0-9_-]{43})(?![A-Za-z0-9_-])"
    r"|((?:access_token|payment_token|client_secret)=|/offers/stop/)([^\s&\"'#;]+)"
)


def derive(key, purpose, database, nonce):
    """Return the token of a link: 43 URL-safe characters, always the same for the same arguments.

    :param bytes key: secret of this installation
    :param str purpose: what the token may be used for; a token of one purpose never equals one of another
    :param str database: identity of the database, so that a copy does not share links with its original
    :param str nonce: random text stored with the link
    :raises ValueError: if key or nonce is empty
    """
    if not key or not nonce:
        raise ValueError("a pay link needs a key and a nonce")
    digest = hmac.new(key, "\0".join((purpose, database, nonce)).encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def well_formed(token):
    """Say whether ``token`` has the shape of a token; nothing else may be done with one that has not."""
    return isinstance(token, str) and bool(_TOKEN.fullmatch(token))


def fingerprint(token):
    """Return what is stored of a token; 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def expires_at(channel, due, now, days):
    """Return when a link of ``channel`` made at ``now`` ends.

    Links in documents live ``days`` beyond the due date but at least 30 days from now, those in a mail at most 120;
    links handed out by hand or shown in the portal live ``days`` from now.

    :param date|None due: last due date of the document
    :param datetime now: naive UTC
    """
    if channel not in DUE_CHANNELS or not due:
        return now + timedelta(days=days)
    end = max(datetime.combine(due, time.min) + timedelta(days=days), now + SHORTEST)
    return min(end, now + LONGEST_EMAIL) if channel == "email" else end


def masked(reference):
    """Return the last four characters of a document number, enough to recognise it, too little to learn it."""
    return f"…{reference[-4:]}" if len(reference) > 4 else reference


def hide_secrets(text):
    """Return ``text`` with tokens replaced by a short fingerprint that still tells two of them apart."""

    def hidden(match):
        label, secret = (match[1], match[2]) if match[1] else (match[3], match[4])
        return f"{label}#{fingerprint(secret)[:6]}"

    return _SECRET_IN_TEXT.sub(hidden, text)
