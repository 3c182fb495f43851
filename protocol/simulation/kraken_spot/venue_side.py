"""How a simulated Kraken Spot reads requests over the socket, and how it writes.

Requests are read strictly, as the venue does: a parameter that it does not know is refused, and so is a number that is
sent as text. Whether a token is good, an id known and a price in place is for the venue's brain to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from hmac import compare_digest
from types import NoneType
from typing import Any, Final, cast, get_args, get_origin, get_type_hints

import attrs
from attrs import frozen

from ...errors import WireError
from ...kraken_spot.converter import encode_message, epoch_seconds, rfc3339
from ...kraken_spot.signing import Credentials
from ...wire.numbers import is_plausible
from ...wire.tolerant import UNUSABLE, exact_json
from .messages import Frame
from .parameters import (
    AddOrder,
    AmendOrder,
    BatchAdd,
    BatchCancel,
    CancelAll,
    CancelAllOrdersAfter,
    CancelOrder,
    EditOrder,
    Params,
    Ping,
    Request,
    Subscribe,
    Unsubscribe,
)

__all__ = [
    "METHODS",
    "BadRequest",
    "decode_request",
    "encode",
    "epoch_seconds",
    "proves_call",
    "refusal",
    "rfc3339",
]

METHODS: Final[Mapping[str, type[Any]]] = {
    "add_order": AddOrder,
    "amend_order": AmendOrder,
    "batch_add": BatchAdd,
    "batch_cancel": BatchCancel,
    "cancel_all": CancelAll,
    "cancel_all_orders_after": CancelAllOrdersAfter,
    "cancel_order": CancelOrder,
    "edit_order": EditOrder,
    "ping": Ping,
    "subscribe": Subscribe,
    "unsubscribe": Unsubscribe,
}
"""What the params of a method are."""

ENVELOPE: Final = frozenset({"method", "params", "req_id"})
MALFORMED: Final = "Malformed request"
UNKNOWN_METHOD: Final = "Unsupported event"
INVALID: Final = "EGeneral:Invalid arguments"


class BadRequest(WireError):
    """A request that the venue refuses as it stands. args[0] is the venue's error text; method, req_id: what its answer
    must echo, None where not even that can be read."""

    def __init__(self, text: str, method: str | None = None, req_id: int | str | None = None) -> None:
        super().__init__(text)
        self.method = method
        self.req_id = req_id


def encode(message: object) -> str:
    """A frame or an answer as JSON text: a wire class or a dict. Decimals become JSON numbers with a point, or what
    their field says; what is None is left out, but for the fields that the venue shows as null."""
    return encode_message(message)


def refusal(problem: BadRequest, *, time_in: int, time_out: int) -> str:
    """The frame that refuses a request. Times: ns since 1970."""
    frame = Frame(
        method=problem.method,
        req_id=problem.req_id,
        error=str(problem),
        success=False,
        time_in=rfc3339(time_in),
        time_out=rfc3339(time_out),
    )
    return encode_message(frame)


# The socket


def decode_request(text: str, *, whole_numbers: bool = True) -> Request:
    """The request in a text frame. whole_numbers: amounts and prices without a point are taken. Raises BadRequest."""
    try:
        tree = exact_json(text)
    except UNUSABLE:
        raise BadRequest(MALFORMED) from None
    if not isinstance(tree, dict):
        raise BadRequest(MALFORMED)
    method, req_id = _method(tree), _req_id(tree)
    if method is None or method not in METHODS:
        raise BadRequest(UNKNOWN_METHOD, method, req_id)
    try:
        return Request(method=method, params=_params(method, tree, whole_numbers), req_id=req_id)
    except BadRequest as problem:
        raise BadRequest(str(problem), method, req_id) from None


def _method(tree: Mapping[str, object]) -> str | None:
    method = tree.get("method")
    return method if isinstance(method, str) else None


def _req_id(tree: Mapping[str, object]) -> int | str | None:
    """A number; text is echoed, too, though clients cannot rely on it. Raises BadRequest for anything else."""
    req_id = tree.get("req_id")
    if req_id is None or _is_whole(req_id) or (isinstance(req_id, str) and _is_text(req_id)):
        return cast("int | str | None", req_id)
    raise BadRequest(f"{INVALID}:req_id", _method(tree))


def _params(method: str, tree: Mapping[str, object], whole_numbers: bool) -> Params | None:
    cls = METHODS[method]
    allowed = ENVELOPE - {"params"} if cls is Ping else ENVELOPE
    _refuse_unknown(tree, allowed, method)
    if cls is Ping:
        return None
    params = tree.get("params")
    if not isinstance(params, dict):
        raise BadRequest(f"{INVALID}:params")
    return cast(Params, _strict(params, cls, Reading(method, whole_numbers)))


def _refuse_unknown(tree: Mapping[str, object], allowed: frozenset[str], method: str) -> None:
    for name in tree:
        if name not in allowed:
            raise BadRequest(f"Unsupported field: '{name}' for the given msg type: {method}")


@cache
def _types_of(cls: type[Any]) -> Mapping[str, Any]:
    return get_type_hints(cls)


@frozen
class Reading:
    """method: whose params are read; whole_numbers: see `decode_request`."""

    method: str
    whole_numbers: bool


def _strict(raw: object, cls: type[Any], reading: Reading) -> Any:
    """An object of the request as `cls`: every key known, every value of its type, nothing required left out."""
    if not isinstance(raw, dict):
        raise BadRequest(MALFORMED)
    fields = attrs.fields_dict(cls)
    _refuse_unknown(raw, frozenset(fields), reading.method)
    types_of = _types_of(cast(Any, cls))
    values = {}
    for name, attribute in fields.items():
        value = raw.get(name)
        if value is not None:
            values[name] = _value(value, types_of[name], name, reading)
        elif attribute.default is attrs.NOTHING:
            raise BadRequest(f"{INVALID}:{name}")
    return cls(**values)


def _value(raw: object, kind: Any, name: str, reading: Reading) -> object:
    choices = [choice for choice in get_args(kind) if choice is not NoneType] if NoneType in get_args(kind) else [kind]
    for choice in choices:
        if choice is Decimal:
            return _number(raw, name, reading)
        if choice is bool and isinstance(raw, bool):
            return raw
        if choice is int and _is_whole(raw):
            return raw
        if choice is str and isinstance(raw, str) and _is_text(raw):
            return raw
        if get_origin(choice) is list and isinstance(raw, list):
            return [_value(item, get_args(choice)[0], name, reading) for item in raw]
        if attrs.has(choice) and isinstance(raw, dict):
            return _strict(raw, choice, reading)
    raise BadRequest(f"{INVALID}:{name}")


def _is_whole(raw: object) -> bool:
    return isinstance(raw, int) and not isinstance(raw, bool)


def _is_text(raw: str) -> bool:
    return raw.isprintable()


def _number(raw: object, name: str, reading: Reading) -> Decimal:
    """A JSON number. A whole one without a point is taken unless the reading says otherwise: clients in languages with
    one type of numbers send it so."""
    number = Decimal(cast(int, raw)) if _is_whole(raw) and reading.whole_numbers else raw
    if not isinstance(number, Decimal) or not is_plausible(number):
        raise BadRequest(f"{name.capitalize()} field must be a number_float")
    return number


# REST


def proves_call(credentials: Credentials, *, path: str, nonce: str, post_data: str, api_sign: str) -> bool:
    """True when a call is signed with these credentials. post_data: the body exactly as it came."""
    return compare_digest(credentials.api_sign(path, nonce, post_data).encode(), api_sign.encode())
