"""Who gets a mail: each address once, in its own language."""

from dataclasses import dataclass
from typing import Literal

Audience = Literal["customer", "staff"]


@dataclass(frozen=True)
class Recipient:
    """One address a mail goes to.

    :ivar address: normalized, what recipients are told apart by
    :ivar lang: code of an installed language
    :ivar partner_id: id of the contact behind the address, False for an address alone
    """

    address: str
    name: str
    lang: str
    partner_id: int | Literal[False]
    audience: Audience


def unique(recipients):
    """Return the recipients in their order, each address once.

    Who is named twice is written to as a customer rather than as staff, and as a contact rather than as an address.
    """
    found = {}
    for recipient in recipients:
        other = found.get(recipient.address)
        if other is None or _rank(recipient) < _rank(other):
            found[recipient.address] = recipient
    return list(found.values())


def _rank(recipient):
    return (recipient.audience != "customer", not recipient.partner_id)
