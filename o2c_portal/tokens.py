"""Records that are opened by a secret token, of which only the hash is stored."""

import hmac

from .core import paylink


def find(records_sudo, token, fields_used=()):
    """Return the record of a token in whatever state it is; empty when there is none.

    A miss compares as much as a hit, so how long the answer takes says nothing about what is stored.

    :param records_sudo: recordset of the model with the field ``token_hash``, with elevated rights
    :param token: what a visitor brought, of any type
    :param fields_used: fields that are read of it next
    """
    nothing = records_sudo.browse()
    if not paylink.well_formed(token):
        return nothing
    digest = paylink.fingerprint(token)
    found = records_sudo.search_fetch([("token_hash", "=", digest)], fields_used, limit=1)
    stored = found.token_hash if found else "0" * len(digest)
    return found if hmac.compare_digest(stored, digest) else nothing
