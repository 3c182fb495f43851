"""Kraken Futures as the venue speaks it: what a simulated venue reads and writes. The client's side is `codec`,
`entry` and `answers`.

Requests are read strictly, as the venue does: a value that cannot be used is refused, an unknown key ignored.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Any, Final, TypeVar, cast
from urllib.parse import parse_qsl

import attrs
import msgspec

from ..errors import WireError
from ..fast_decoder import decoder_for
from ..tolerant_json import UNUSABLE, BadField, exact_json, read
from .converter import encode_message, iso
from .signing import Credentials
from .wire import BatchForm, BatchRequest, Frame

__all__ = [
    "MISSING",
    "decode_batch",
    "decode_form",
    "decode_request",
    "encode",
    "iso",
    "proves_call",
    "proves_challenge",
]

T = TypeVar("T")

EVENTS: Final = frozenset({"ping", "challenge", "subscribe", "unsubscribe"})
JSON_ERROR: Final = "Json Error"
BAD_REQUEST: Final = "Bad request"
MISSING: Final = "requiredArgumentMissing"
"""The venue does not say which; an argument that cannot be used it names."""


def encode(message: object) -> str:
    """A frame or an answer as JSON text: a wire class or a dict. Decimals become JSON numbers; what is None is left
    out, but for the fields that the venue shows as null."""
    return encode_message(message)


def decode_request(text: str) -> Frame:
    """The request in a text frame. Raises WireError with the message of the venue's error or alert."""
    try:
        frame = decoder_for(Frame).decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise WireError(JSON_ERROR) from None
    if frame.event not in EVENTS:
        raise WireError(BAD_REQUEST)
    if frame.event == "challenge" and not frame.api_key:
        raise WireError(BAD_REQUEST)
    if frame.event in ("subscribe", "unsubscribe") and not frame.feed:
        raise WireError(BAD_REQUEST)
    return frame


def _pairs(text: str, cls: type[Any]) -> dict[str, object]:
    """A form as one value for each key, and a list where `cls` has one."""
    lists = {at.name for at in attrs.fields(cls) if "list[" in str(at.type)}
    found: dict[str, object] = {}
    for key, value in parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text)):
        name = key.removesuffix("[]")
        if name in lists:
            values = found.setdefault(name, [])
            assert isinstance(values, list)
            values.append(value)
        elif value:
            found[name] = value
    return found


def decode_form(text: str, cls: type[T]) -> T:
    """A url-encoded form or query as one of the form classes. Raises WireError with the venue's error code."""
    try:
        pairs = _pairs(text, cls)
    except ValueError:
        raise WireError("invalidArgument") from None
    for at in attrs.fields(cast(Any, cls)):
        if at.default is attrs.NOTHING and at.name not in pairs:
            raise WireError(MISSING)
    try:
        return read(pairs, cls)
    except BadField as problem:
        raise WireError(f"invalidArgument: {problem.name}") from None


def decode_batch(text: str) -> BatchRequest:
    """The legs in a batchorder body. Raises WireError with the venue's error code."""
    form = decode_form(text, BatchForm)
    try:
        return read(exact_json(form.json), BatchRequest)
    except UNUSABLE:
        raise WireError("Json Parse Error") from None


def proves_call(credentials: Credentials, *, path: str, post_data: str, nonce: str, authent: str) -> bool:
    """True when a call is signed with these credentials. post_data: query or body exactly as it came."""
    return compare_digest(credentials.authent(path, post_data, nonce).encode(), authent.encode())


def proves_challenge(credentials: Credentials, *, message: str, signed: str) -> bool:
    """True when `signed` answers the challenge `message` with these credentials."""
    return compare_digest(credentials.sign_challenge(message).encode(), signed.encode())
