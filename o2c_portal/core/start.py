"""The request that starts a payment: a small JSON envelope of which every field is checked before it is used."""

import json
import re
from dataclasses import dataclass

MAX_BYTES = 16 * 1024
MAX_DEPTH = 4
MAX_INSTALMENTS = 500
MAX_ID = 2**31 - 1
MAX_MINOR = 2**53  # what a browser can hold exactly
FLOWS = ("redirect", "direct", "token")
ENVELOPE = {"id", "jsonrpc", "method", "params"}
FIELDS = {
    "amounts_minor", "csrf_token", "expected_minor", "flow", "installment_ids", "on_account_minor", "payment_method_id",
    "provider_id", "token_id", "tokenization_requested",
}
_IDEMPOTENCY_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)


class BadStart(ValueError):
    """The request is refused: an HTTP ``status`` and a ``code`` a program can read."""

    def __init__(self, status, code):
        super().__init__(code)
        self.status = status
        self.code = code


@dataclass(frozen=True)
class Start:
    """A well-formed wish to pay. ``expected_minor`` is only compared with what the server asks for the rest of it.

    ``amounts_minor`` says what to pay of each instalment, None for all of it; ``on_account_minor`` comes on top.
    """

    provider_id: int
    payment_method_id: int | None
    token_id: int | None
    flow: str
    tokenization_requested: bool
    expected_minor: int
    installment_ids: tuple[int, ...]
    amounts_minor: tuple[int, ...] | None = None
    on_account_minor: int = 0


def read_envelope(raw):
    """Return the params of a JSON-RPC body.

    :param bytes raw: the body as received
    :raises BadStart: 413 when too large, 400 when it is not exactly one JSON object of the expected shape
    """
    if len(raw) > MAX_BYTES:
        raise BadStart(413, "too_large")
    try:
        text = raw.decode()
        if _depth(text) > MAX_DEPTH:
            raise BadStart(400, "malformed")
        body = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
    except BadStart:
        raise
    except (ValueError, RecursionError) as error:
        raise BadStart(400, "malformed") from error
    if not isinstance(body, dict) or not isinstance(body.get("params"), dict):
        raise BadStart(400, "malformed")
    if set(body) - ENVELOPE or set(body["params"]) - FIELDS:
        raise BadStart(400, "unknown_field")
    return body["params"]


def check(params):
    """Return the ``Start`` in ``params``.

    :raises BadStart: 400 for a malformed amount or flow, 422 for ids that cannot be any
    """
    flow = params.get("flow")
    if not isinstance(flow, str) or flow not in FLOWS:
        raise BadStart(400, "bad_flow")
    wish_to_save = params.get("tokenization_requested", False)
    if not isinstance(wish_to_save, bool):
        raise BadStart(400, "bad_tokenization")
    minor, on_account = params.get("expected_minor"), params.get("on_account_minor", 0)
    if not _is_amount(minor) or not (on_account == 0 and _is_int(on_account) or _is_amount(on_account)):
        raise BadStart(400, "bad_amount")
    ids = _identifiers(params.get("installment_ids"), at_least=0 if on_account else 1)
    return Start(
        provider_id=_identifier(params.get("provider_id"), "bad_provider"),
        payment_method_id=_identifier(params.get("payment_method_id"), "bad_payment_method", optional=True),
        token_id=_identifier(params.get("token_id"), "bad_token", optional=True),
        flow=flow,
        tokenization_requested=wish_to_save,
        expected_minor=minor,
        installment_ids=ids,
        amounts_minor=_amounts(params.get("amounts_minor"), ids),
        on_account_minor=on_account,
    )


def check_idempotency_key(key):
    """Return the key, or None when the client sent none.

    :raises BadStart: 400 for anything that is not 8 to 64 harmless characters
    """
    if key is None or _IDEMPOTENCY_KEY.fullmatch(key):
        return key
    raise BadStart(400, "bad_idempotency_key")


def _amounts(values, ids):
    if values is None:
        return None
    if not isinstance(values, list) or len(values) != len(ids) or not all(_is_amount(value) for value in values):
        raise BadStart(400, "bad_amount")
    return tuple(values)


def _identifiers(values, at_least):
    if not isinstance(values, list) or not at_least <= len(values) <= MAX_INSTALMENTS:
        raise BadStart(422, "bad_installments")
    ids = tuple(_identifier(value, "bad_installments") for value in values)
    if len(set(ids)) != len(ids):
        raise BadStart(422, "bad_installments")
    return ids


def _identifier(value, code, optional=False):
    if optional and value is None:
        return None
    if not _is_int(value) or not 0 < value <= MAX_ID:
        raise BadStart(422, code)
    return value


def _is_amount(value):
    return _is_int(value) and 0 < value <= MAX_MINOR


def _is_int(value):
    return isinstance(value, int) and not isinstance(value, bool)


def _unique(pairs):
    keys = [key for key, _value in pairs]
    if len(set(keys)) != len(keys):
        raise BadStart(400, "duplicate_key")
    return dict(pairs)


def _refuse(constant):
    raise BadStart(400, "malformed")


def _depth(text):
    """Return how deep brackets nest outside of strings, without recursion."""
    depth = deepest = 0
    in_string = escaped = False
    for char in text:
        if in_string:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == '"':
                in_string = False
        elif char == '"':
            in_string = True
        elif char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    return deepest
