"""Codes printed on invoices: how they are derived, written, read back and checked before anybody looks for them."""

import hashlib
import hmac
import re
import unicodedata

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
BASE = len(ALPHABET)
DATA_LENGTH = 10  # 50 bits; shorter codes can be guessed, see docs/printed-code.md
LENGTH = DATA_LENGTH + 1
LONGEST_INPUT = 64  # what is longer was not typed from paper

_VALUES = {symbol: value for value, symbol in enumerate(ALPHABET)}
_LOOKALIKES = str.maketrans("OIL", "011")
_IGNORED = re.compile(r"[\s\-\u2010-\u2015\u2212._]+")


def check_symbol(data):
    """Return the symbol that makes ``data`` a code (Luhn's algorithm modulo 32).

    It notices every single wrong symbol and every swap of two neighbours, the check symbol included, but one: ``0`` and
    ``Z``, the first and the last of the alphabet, weigh the same in either order.
    """
    total = 0
    for position, symbol in enumerate(reversed(data)):
        value = _VALUES[symbol] * (2 if position % 2 == 0 else 1)
        total += value // BASE + value % BASE
    return ALPHABET[-total % BASE]


def derive(key, database, nonce):
    """Return the code that belongs to a nonce, always the same for the same arguments.

    :param bytes key: secret of this installation
    :param str database: identity of the database, so that a copy does not share codes with its original
    :param str nonce: random text stored with the link
    :raises ValueError: if key or nonce is empty
    """
    if not key or not nonce:
        raise ValueError("a code needs a key and a nonce")
    number = int.from_bytes(_hmac(key, "pay code", database, nonce)[:8], "big") >> (64 - 5 * DATA_LENGTH)
    data = "".join(ALPHABET[number >> 5 * place & BASE - 1] for place in reversed(range(DATA_LENGTH)))
    return data + check_symbol(data)


def fingerprint(key, database, code):
    """Return what is stored of a code. A code is short enough to be tried out, so that its hash needs the key."""
    return _hmac(key, "pay code stored", database, code).hex()


def _hmac(key, *context):
    return hmac.new(key, "\0".join(context).encode(), hashlib.sha256).digest()


def shown(code):
    """Return a code the way it is printed: in groups that can be read out, like ``K7QM-2XH9-4TC``."""
    return "-".join((code[:4], code[4:8], code[8:]))


def parse(text):
    """Return the code somebody typed, ``None`` when it is mistyped.

    Case, spaces and dashes do not matter; O is read as 0, I and L as 1.
    """
    if len(text) > LONGEST_INPUT:
        return None
    code = _IGNORED.sub("", unicodedata.normalize("NFKC", text)).upper().translate(_LOOKALIKES)
    if len(code) != LENGTH or not set(code) <= set(ALPHABET) or check_symbol(code[:-1]) != code[-1]:
        return None
    return code
