"""JSON and forms to wire classes and back, for Kraken Futures.

In, the fast way: `decoder_for` gives msgspec decoders, strict about types and exact for numbers. In, the tolerant way,
for what they refuse: `read` builds the same classes from parsed JSON. There an unusable value costs that one field, an
unusable element of an array that one element, and never its neighbours (spec E.19).

Out: `encode_message` writes decimals as JSON numbers, as the venue does; `encode_form` writes plain text. Fields that
are None are left out, but for those that the wire shows as null.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from json import JSONDecoder
from typing import Any, Final, TypeVar, Union, cast, get_args, get_origin, get_type_hints
from urllib.parse import quote

import attrs
import msgspec

from .. import wire_times
from ..fast_decoder import fast_decoder
from ..values import NO_TIME, exact
from ..wire_numbers import is_plausible, plain
from ..wire_times import LATEST, SECOND, second_as_text
from .wire import SHOWN

__all__ = [
    "BEGINNING",
    "BadField",
    "MILLISECOND",
    "NOT_STRICT",
    "UNUSABLE",
    "decoder_for",
    "encode_form",
    "encode_message",
    "exact_json",
    "iso",
    "milliseconds",
    "nanoseconds",
    "read",
    "read_body",
    "time_of",
    "tree_of",
]

T = TypeVar("T")

MILLISECOND: Final = 1_000_000
LATEST_MS: Final = LATEST * 1000
BEGINNING: Final = 200
"""How much of an unreadable message is kept, in characters."""


class BadField(ValueError):
    """One field of an object cannot be used; `name` says which."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The value of {name} cannot be used.")
        self.name = name


UNUSABLE: Final = (TypeError, ValueError, ArithmeticError, RecursionError)
"""What the tolerant way raises for a value that it cannot use."""
NOT_STRICT: Final = (msgspec.MsgspecError, ValueError, RecursionError)
"""What the fast way raises for what it refuses."""


# Times


def nanoseconds(timestamp: str) -> int:
    """ns since 1970 of an ISO 8601 timestamp that ends in Z. Raises ValueError, also for what lies beyond every time
    that can be meant."""
    time = wire_times.nanoseconds(timestamp)
    if time >= LATEST * SECOND:
        raise ValueError(f"{timestamp[:40]!r} lies beyond every time that can be meant.")
    return time


def time_of(*timestamps: str | None) -> int:
    """ns since 1970 of the first of these that is a time; NO_TIME if none is."""
    return wire_times.time_of(*timestamps, read=nanoseconds)


def milliseconds(*times: int | None) -> int:
    """ns since 1970 of the first of these, in ms since 1970, that is a time; NO_TIME if none is."""
    return next((time * MILLISECOND for time in times if time is not None and 0 < time < LATEST_MS), NO_TIME)


def iso(time: int) -> str:
    """`time`, ns since 1970, as the venue writes it: whole milliseconds, rounded down, and Z."""
    seconds, fraction = divmod(time, SECOND)
    return f"{second_as_text(seconds)}.{fraction // MILLISECOND:03d}Z"


# In, the fast way


@cache
def _decoder(cls: type[Any]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(cls)


def decoder_for(cls: type[T]) -> msgspec.json.Decoder[T]:
    """The strict decoder of one wire class."""
    return cast("msgspec.json.Decoder[T]", _decoder(cast(Any, cls)))


# In, the tolerant way


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON.")


_JSON: Final = JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant)


def exact_json(text: str) -> object:
    """Any JSON, numbers with a point as Decimal. Raises ValueError, or RecursionError for nesting beyond reason."""
    return _JSON.decode(text)


Reader = Callable[[object, list[object] | None], Any]
"""Reads one value. The list takes the elements that were left out of arrays; None: leave nothing out, raise."""


def _text(raw: object, _: object) -> str:
    if isinstance(raw, str):
        raw.encode()  # half a surrogate pair is no text: it could be neither stored nor printed later
        return raw
    if isinstance(raw, int) and not isinstance(raw, bool):
        return str(raw)  # an id sent as a number is still an id
    raise TypeError("not text")


def _decimal(raw: object, _: object) -> Decimal:
    number = exact(raw)
    if not is_plausible(number):
        raise ValueError("not a plausible number")
    return number


def _whole(raw: object, _: object) -> int:
    number = _decimal(raw, None)
    if number != number.to_integral_value():
        raise ValueError("not a whole number")
    return int(number)


def _yes_or_no(raw: object, _: object) -> bool:
    if isinstance(raw, bool):
        return raw
    if raw in ("true", "false"):
        return raw == "true"
    raise TypeError("neither true nor false")


def _anything(raw: object, _: object) -> object:
    return raw


_SCALARS: Final[Mapping[Any, Reader]] = {
    str: _text,
    int: _whole,
    bool: _yes_or_no,
    Decimal: _decimal,
    Any: _anything,
}


def _list_reader(element: Reader) -> Reader:
    def elements(raw: object, skipped: list[object] | None) -> list[Any]:
        if not isinstance(raw, list):
            raise TypeError("not an array")
        found = []
        for item in raw:
            try:
                found.append(element(item, skipped))
            except UNUSABLE:
                if skipped is None:
                    raise
                skipped.append(item)
        return found

    return elements


def _class_reader(cls: type[Any]) -> Reader:
    plan: list[tuple[str, Reader, bool]] = []  # made at first use, for a class may hold itself

    def structure(raw: object, skipped: list[object] | None) -> Any:
        if not isinstance(raw, Mapping):
            raise TypeError("not an object")
        if not plan:
            types_of = get_type_hints(cls)
            plan.extend((at.name, _reader(types_of[at.name]), at.default is attrs.NOTHING) for at in attrs.fields(cls))
        values = {}
        for name, reader, required in plan:
            value = raw.get(name)
            if value is None:
                continue
            try:
                values[name] = reader(value, skipped)
            except UNUSABLE as problem:
                if required or skipped is None:
                    raise BadField(name) from problem
        return cls(**values)

    return structure


@cache
def _reader(kind: Any) -> Reader:
    if kind in _SCALARS:
        return _SCALARS[kind]
    if get_origin(kind) in (Union, types.UnionType):
        (kind,) = (choice for choice in get_args(kind) if choice is not type(None))
        return _reader(kind)
    if get_origin(kind) is list:
        return _list_reader(_reader(get_args(kind)[0]))
    return _class_reader(kind)


def read(raw: object, cls: type[T], skipped: list[object] | None = None) -> T:
    """`raw`, parsed JSON or the pairs of a form, as `cls`. Raises one of UNUSABLE.

    skipped: takes the elements of arrays that were left out, and an unusable optional field takes its default; without
    it everything must be usable.
    """
    return cast(T, _reader(cast(Any, cls))(raw, skipped))


@cache
def _fast(cls: type[Any]) -> msgspec.json.Decoder[Any]:
    return fast_decoder(cls)


def read_body(body: str | bytes, cls: type[T]) -> tuple[T, list[object]]:
    """A body or frame as `cls`, and what had to be left out of its arrays: the fast way, else the tolerant one.

    Raises ValueError when it is not a JSON object."""
    try:
        return _fast(cast(Any, cls)).decode(body), []
    except NOT_STRICT:
        pass
    skipped: list[object] = []
    try:
        text = body if isinstance(body, str) else body.decode()
        return read(exact_json(text), cls, skipped), skipped
    except UNUSABLE as problem:
        raise ValueError(str(problem)) from None


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
