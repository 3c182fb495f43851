"""Kraken Spot as the venue speaks it: what a simulated venue reads and writes. The client's side is `codec`, `entry`
and `answers`.

Requests are read strictly, as the venue does: a parameter that it does not know is refused, and so is a number that is
sent as text. Whether a token is good, an id known and a price in place is for the venue's brain to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from hmac import compare_digest
from typing import Any, Final, TypeVar, cast, get_args, get_type_hints
from urllib.parse import parse_qsl

import attrs

from ..errors import WireError
from ..tolerant_json import UNUSABLE, BadField, exact_json, key_of, read
from ..wire_numbers import is_plausible
from .converter import encode_message, epoch_seconds, rfc3339
from .signing import Credentials
from .wire import (
    AddOrder,
    AmendOrder,
    BatchAdd,
    BatchCancel,
    Call,
    CancelAll,
    CancelAllOrdersAfter,
    CancelOrder,
    EditOrder,
    Frame,
    Params,
    Ping,
    Subscribe,
    Unsubscribe,
)

__all__ = [
    "METHODS",
    "BadRequest",
    "decode_form",
    "decode_json",
    "decode_request",
    "encode",
    "epoch_seconds",
    "proves_call",
    "refusal",
    "rfc3339",
]

T = TypeVar("T")

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

    def __init__(self, text: str, method: str | None = None, req_id: int | None = None) -> None:
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


def decode_request(text: str) -> Call:
    """The request in a text frame. Raises BadRequest."""
    try:
        tree = exact_json(text)
    except UNUSABLE:
        raise BadRequest(MALFORMED) from None
    if not isinstance(tree, dict):
        raise BadRequest(MALFORMED)
    method, req_id = tree.get("method"), tree.get("req_id")
    if not _is_whole(req_id):
        req_id = None
        if "req_id" in tree and tree["req_id"] is not None:
            raise BadRequest(f"{INVALID}:req_id", method if isinstance(method, str) else None)
    if not isinstance(method, str) or method not in METHODS:
        raise BadRequest(UNKNOWN_METHOD, method if isinstance(method, str) else None, req_id)
    try:
        return Call(method=method, params=_params(method, tree), req_id=req_id)
    except BadRequest as problem:
        raise BadRequest(str(problem), method, req_id) from None


def _params(method: str, tree: Mapping[str, object]) -> Params | None:
    cls = METHODS[method]
    allowed = ENVELOPE - {"params"} if cls is Ping else ENVELOPE
    _refuse_unknown(tree, allowed, method)
    if cls is Ping:
        return None
    params = tree.get("params")
    if not isinstance(params, dict):
        raise BadRequest(f"{INVALID}:params")
    return cast(Params, _strict(params, cls, method))


def _refuse_unknown(tree: Mapping[str, object], allowed: frozenset[str], method: str) -> None:
    for name in tree:
        if name not in allowed:
            raise BadRequest(f"Unsupported field: '{name}' for the given msg type: {method}")


@cache
def _types_of(cls: type[Any]) -> Mapping[str, Any]:
    return get_type_hints(cls)


def _strict(raw: object, cls: type[Any], method: str) -> Any:
    """An object of the request as `cls`: every key known, every value of its type, nothing required left out."""
    if not isinstance(raw, dict):
        raise BadRequest(MALFORMED)
    fields = attrs.fields_dict(cls)
    _refuse_unknown(raw, frozenset(fields), method)
    types_of = _types_of(cast(Any, cls))
    values = {}
    for name, attribute in fields.items():
        value = raw.get(name)
        if value is not None:
            values[name] = _value(value, types_of[name], name, method)
        elif attribute.default is attrs.NOTHING:
            raise BadRequest(f"{INVALID}:{name}")
    return cls(**values)


def _value(raw: object, kind: Any, name: str, method: str) -> object:
    (kind,) = (
        (choice for choice in get_args(kind) if choice is not type(None)) if type(None) in get_args(kind) else (kind,)
    )
    if kind is Decimal:
        return _number(raw, name)
    if kind is bool and isinstance(raw, bool):
        return raw
    if kind is int and _is_whole(raw):
        return raw
    if kind is str and isinstance(raw, str) and _is_text(raw):
        return raw
    if isinstance(raw, list) and get_args(kind):
        return [_value(item, get_args(kind)[0], name, method) for item in raw]
    if isinstance(raw, dict) and attrs.has(kind):
        return _strict(raw, kind, method)
    raise BadRequest(f"{INVALID}:{name}")


def _is_whole(raw: object) -> bool:
    return isinstance(raw, int) and not isinstance(raw, bool)


def _is_text(raw: str) -> bool:
    return raw.isprintable()


def _number(raw: object, name: str) -> Decimal:
    """A JSON number. A whole one without a point is taken: clients in languages with one type of numbers send it so."""
    number = Decimal(cast(int, raw)) if _is_whole(raw) else raw
    if not isinstance(number, Decimal) or not is_plausible(number):
        raise BadRequest(f"{name.capitalize()} field must be a number_float")
    return number


# REST


def decode_form(text: str, cls: type[T]) -> T:
    """A url-encoded body as one of the form classes. Raises WireError with the venue's error text."""
    try:
        pairs = dict(parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text)))
    except ValueError:
        raise WireError(INVALID) from None
    return _form({key: value for key, value in pairs.items() if value}, cls)


def decode_json(text: str, cls: type[T]) -> T:
    """A JSON body as one of the form classes. Raises WireError with the venue's error text."""
    try:
        tree = exact_json(text)
    except UNUSABLE:
        raise WireError(INVALID) from None
    if not isinstance(tree, dict):
        raise WireError(INVALID)
    return _form(tree, cls)


def _form(pairs: Mapping[str, object], cls: type[T]) -> T:
    for at in attrs.fields(cast(Any, cls)):
        if at.default is attrs.NOTHING and key_of(at) not in pairs:
            raise WireError(f"{INVALID}:{key_of(at)}")
    try:
        return read(pairs, cls)
    except BadField as problem:
        raise WireError(f"{INVALID}:{problem.name}") from None


def proves_call(credentials: Credentials, *, path: str, nonce: str, post_data: str, api_sign: str) -> bool:
    """True when a call is signed with these credentials. post_data: the body exactly as it came."""
    return compare_digest(credentials.api_sign(path, nonce, post_data).encode(), api_sign.encode())
