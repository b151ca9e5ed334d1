"""What a customer has to be told about money that came or went, given what was told before."""

from collections.abc import Sequence
from typing import Literal

Kind = Literal["receipt", "refund", "reversal"]
Standing = Literal["true", "withdrawn", "unsettled"]

RECEIPT, REFUND, REVERSAL = "receipt", "refund", "reversal"
TRUE, WITHDRAWN, UNSETTLED = "true", "withdrawn", "unsettled"


def next_notice(incoming: bool, standing: Standing, told: Sequence[Kind]) -> Kind | None:
    """Return the notice that is missing, or None.

    Money that stands is confirmed once; that it was withdrawn is told once, and only to who was told of it before.
    What stands again after that is confirmed again. While it is unsettled, such as a draft, nothing is said.

    :param incoming: money from the customer, as opposed to money sent to them
    :param told: what was told about this money so far, oldest first
    """
    confirmation = RECEIPT if incoming else REFUND
    confirmed = bool(told) and told[-1] == confirmation
    if standing == TRUE:
        return None if confirmed else confirmation
    if standing == WITHDRAWN and confirmed:
        return REVERSAL
    return None
