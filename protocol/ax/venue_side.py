"""AX as the venue speaks it: what a simulated venue reads and writes. The client's side is `codec`.

Requests are read strictly, as the venue does: a wrong type is refused, an unknown key is ignored.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, TypeVar

import attrs
import msgspec

from ..errors import WireError
from ..wire.numbers import is_plausible
from ..wire.strict import decoder_for
from .converter import LARGEST_U64, encode_message, rfc3339
from .wire import Outbound

__all__ = ["decode_body", "decode_request", "encode", "request_number", "rfc3339"]

T = TypeVar("T")

KINDS: Final = frozenset({"p", "x", "r", "o", "s", "X", "ef", "h"})
UNSIGNED: Final = frozenset({"q", "cid", "quantity"})


@attrs.frozen
class _Numbered:
    rid: int


def encode(obj: object, *, nulls: tuple[str, ...] = ()) -> str:
    """A message or an HTTP body as JSON text: `obj` is a wire class or a dict, and either may hold the other.

    What is None is left out. nulls: keys to write as null instead, e.g. `("r", "txt")` on a rejection; a dot
    reaches into a nested object, e.g. `("res.o",)` at login. Decimals become text without exponent.
    """
    return encode_message(obj, nulls=nulls)


def decode_request(text: str) -> Outbound:
    """The request in a text frame. Raises WireError with the message for error 400."""
    request = _decoded(text, Outbound)
    if request.t not in KINDS:
        raise WireError(f"There is no request kind {request.t[:20]!r}.")
    if request.rid is None and request.t != "h":
        raise WireError("The request number rid is missing.")
    return request


def request_number(text: str) -> int | None:
    """The number of a request that `decode_request` refused, if at least that can be read."""
    try:
        return decoder_for(_Numbered).decode(text).rid
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def decode_body(data: bytes, cls: type[T]) -> T:
    """An HTTP body as `cls`. Raises WireError with the message for status 400."""
    return _decoded(data, cls)


def _decoded(text: str | bytes, cls: type[T]) -> T:
    try:
        body = decoder_for(cls).decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError) as problem:
        raise WireError(f"The request cannot be read: {problem}.") from None
    for name in attrs.fields_dict(cls) if attrs.has(cls) else ():
        value = getattr(body, name)
        if isinstance(value, Decimal) and not is_plausible(value):
            raise WireError(f"The value of {name} is not a usable number.")
        if name in UNSIGNED and value is not None and value > LARGEST_U64:
            raise WireError(f"The value of {name} does not fit an unsigned 64-bit number.")
    return body
