"""JSON and forms to wire classes and back, for Kraken Futures.

In: `read_body`, the fast way of `protocol.wire.strict`, and for what that refuses the tolerant one of
`protocol.wire.tolerant`.

Out: `encode_message` writes decimals as JSON numbers, as the venue does; `encode_form` writes plain text. Fields that
are None are left out, but for those that the wire shows as null.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from typing import Any, Final, TypeVar, cast
from urllib.parse import quote

import attrs
import msgspec

from ..values import NO_TIME
from ..wire import times
from ..wire.numbers import plain
from ..wire.strict import NOT_STRICT, fast_decoder
from ..wire.times import LATEST, SECOND, second_as_text
from ..wire.tolerant import read_json
from .wire import SHOWN

__all__ = [
    "MILLISECOND",
    "encode_form",
    "encode_message",
    "iso",
    "milliseconds",
    "nanoseconds",
    "read_body",
    "time_of",
    "tree_of",
]

T = TypeVar("T")

MILLISECOND: Final = 1_000_000
LATEST_MS: Final = LATEST * 1000

# Times


def nanoseconds(timestamp: str) -> int:
    """ns since 1970 of an RFC 3339 timestamp, in Z or with an offset, of any precision. Raises ValueError, also for
    what lies beyond every time that can be meant."""
    time = times.nanoseconds(timestamp)
    if time >= LATEST * SECOND:
        raise ValueError(f"{timestamp[:40]!r} lies beyond every time that can be meant.")
    return time


def time_of(*timestamps: str | None) -> int:
    """ns since 1970 of the first of these that is a time; NO_TIME if none is."""
    return times.time_of(*timestamps, read=nanoseconds)


def milliseconds(*times: int | None) -> int:
    """ns since 1970 of the first of these, in ms since 1970, that is a time; NO_TIME if none is."""
    for time in times:
        if time is not None and 0 < time < LATEST_MS:
            return time * MILLISECOND
    return NO_TIME


def iso(time: int) -> str:
    """`time`, ns since 1970, as the venue writes it: whole milliseconds, rounded down, and Z."""
    seconds, fraction = divmod(time, SECOND)
    return f"{second_as_text(seconds)}.{fraction // MILLISECOND:03d}Z"


# In


@cache
def _fast(cls: type[Any]) -> msgspec.json.Decoder[Any]:
    return fast_decoder(cls)


def read_body(body: str | bytes, cls: type[T]) -> tuple[T, list[object]]:
    """A body or frame as `cls`, and what had to be left out of its arrays: the fast way, else the tolerant one.

    Raises ValueError when it is not a JSON object."""
    try:
        return _fast(cast(Any, cls)).decode(body), []
    except NOT_STRICT:
        return read_json(body, cls)


# Out


@cache
def _shown(cls: type[Any]) -> tuple[tuple[str, bool], ...]:
    return tuple((at.name, at.metadata == SHOWN) for at in attrs.fields(cls))


def tree_of(value: object) -> Any:
    """`value` as what the JSON encoder takes: wire classes as dicts without what is None."""
    if isinstance(value, dict):
        return {key: tree_of(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [tree_of(item) for item in value]
    if isinstance(value, Decimal):
        return msgspec.Raw(plain(value).encode())  # msgspec itself would write small numbers with an exponent
    if not attrs.has(type(value)):
        return value
    pairs = ((name, getattr(value, name), shown) for name, shown in _shown(cast(Any, type(value))))
    return {name: tree_of(item) for name, item, shown in pairs if shown or item is not None}


_ENCODER: Final = msgspec.json.Encoder()


def encode_message(message: object) -> str:
    """A wire class or a dict as compact JSON text."""
    return _ENCODER.encode(tree_of(message)).decode()


def encode_form(form: object) -> str:
    """A form class as url-encoded text, exactly as it is signed and sent. An array repeats its key."""
    pairs: list[str] = []
    for name, _ in _shown(cast(Any, type(form))):
        value = getattr(form, name)
        if value is None:
            continue
        for item in value if isinstance(value, list) else (value,):
            pairs.append(f"{name}={_form_text(item)}")
    return "&".join(pairs)


_UNRESERVED: Final = re.compile(r"[A-Za-z0-9_.~-]*")


def _form_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = plain(value) if isinstance(value, Decimal) else str(value)
    return text if _UNRESERVED.fullmatch(text) else quote(text, safe="")
