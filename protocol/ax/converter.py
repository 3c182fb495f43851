"""One cattrs converter for AX, and fast decoders beside it.

Two ways in. The decoders of `protocol.wire.strict` build the wire classes straight from JSON: fast, strict about
types, exact for numbers. `exact_json` with `converter` is the slow way for what they refuse: a value of the wrong
type costs that one field, if it is an optional one, and not the message.

One way out: `encode_message`. Fields that are None are left out, decimals become text without exponent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import attrs
import msgspec

from ..wire.numbers import plain
from ..wire.strict import decoder_for
from ..wire.times import EPOCH, SECOND, second_as_text
from ..wire.tolerant import UNUSABLE, decimal_of, exact_json, text_of, whole_of
from .wire import Count, Id, Outbound, Status

if TYPE_CHECKING:
    import cattrs

__all__ = [
    "LARGEST_U64",
    "converter",
    "encode_message",
    "encode_request",
    "nanoseconds",
    "read_body",
    "renamed",
    "rfc3339",
]

T = TypeVar("T")

LARGEST_U64: Final = 2**64 - 1
_RFC3339: Final = re.compile(r"([0-9-]{10})[Tt]([0-9:]{8})(?:\.([0-9]{1,9}))?([Zz]|[+-][0-9]{2}:[0-9]{2})")


def nanoseconds(timestamp: str) -> int:
    """ns since 1970 of an RFC 3339 timestamp with up to nine fraction digits. Raises ValueError.

    The fraction is read by hand: datetime keeps six digits of it.
    """
    match = _RFC3339.fullmatch(timestamp)
    if match is None:
        raise ValueError(f"{timestamp[:40]!r} is not an RFC 3339 timestamp.")
    day, time, fraction, zone = match.groups()
    offset = "+00:00" if zone in "Zz" else zone
    seconds = (datetime.fromisoformat(f"{day}T{time}{offset}") - EPOCH) // timedelta(seconds=1)
    return seconds * SECOND + int((fraction or "").ljust(9, "0"))


def rfc3339(time: int) -> str:
    """`time`, ns since 1970, as AX writes timestamps: nine fraction digits and Z."""
    seconds, fraction = divmod(time, SECOND)
    return f"{second_as_text(seconds)}.{fraction:09d}Z"


# In


def renamed(raw: Mapping[str, object], aliases: Mapping[str, str]) -> dict[str, object]:
    """`raw` with other spellings of its keys undone. Null counts as missing, so it never hides the other spelling."""
    message = {key: value for key, value in raw.items() if value is not None}
    for alias, name in aliases.items():
        if alias in message:
            message.setdefault(name, message.pop(alias))
    return message


def read_body(body: bytes, cls: type[T]) -> T:
    """An HTTP body as `cls`: the fast way, and where that refuses a value's type, the tolerant one. Raises
    ValueError."""
    try:
        return decoder_for(cls).decode(body)
    except msgspec.ValidationError:
        pass
    except (msgspec.DecodeError, RecursionError):
        raise ValueError("not JSON") from None
    try:
        return converter().structure(exact_json(body.decode()), cls)
    except UNUSABLE as problem:
        raise ValueError(str(problem)) from None


def _id(value: object, _: object) -> str:
    text = text_of(value)
    if not text:
        raise ValueError("an empty id")
    return text


def _count(value: object, _: object) -> int:
    number = whole_of(value)
    if number < 0:
        raise ValueError("a negative count")
    return number


def _yes_or_no(value: object, _: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("not true or false")
    return value


def _status(value: object, _: object) -> Status | str:
    """An object is the status of an order; text belongs to a funding answer."""
    return value if isinstance(value, str) else converter().structure(value, Status)


def _tolerant(cls: type[Any], converter: cattrs.Converter) -> Callable[[object, object], Any]:
    """Builds `cls` from an object. Raises TypeError if it is none, or if a field that must be there is not usable;
    an unusable optional field takes its default."""
    fields = {field.name: field for field in attrs.fields(attrs.resolve_types(cls))}

    def structure(raw: object, _: object) -> Any:
        if not isinstance(raw, dict):
            raise TypeError("not an object")
        values = {}
        for name, field in fields.items():
            value = raw.get(name)
            if value is None:
                continue
            try:
                values[name] = converter.structure(value, cast(Any, field.type))
            except UNUSABLE:
                if field.default is attrs.NOTHING:
                    raise
        return cls(**values)

    return structure


# Out


def _plain_fields(cls: type[Any], converter: cattrs.Converter) -> Callable[[Any], dict[str, Any]]:
    names = tuple(field.name for field in attrs.fields(cls))

    def unstructure(value: Any) -> dict[str, Any]:
        pairs = ((name, getattr(value, name)) for name in names)
        return {name: converter.unstructure(item) for name, item in pairs if item is not None}

    return unstructure


@cache
def converter() -> cattrs.Converter:
    """Made on first use: neither a usual message nor an order needs it.

    str: text, or a number meant as an id; int: whole numbers, also as text or 1.0; a Count
    is not negative and an Id not empty; bool: itself; Decimal: text,
    int, Decimal, never float, plain text on the way out; None is left out of every object."""
    import cattrs

    made = cattrs.Converter(detailed_validation=False, omit_if_default=False)
    made.register_structure_hook(str, text_of)
    made.register_structure_hook(int, whole_of)
    made.register_structure_hook(bool, _yes_or_no)
    made.register_structure_hook(Decimal, decimal_of)
    made.register_structure_hook_func(lambda cls: cls == Id, _id)
    made.register_structure_hook_func(lambda cls: cls == Count, _count)
    made.register_structure_hook(Status | str | None, _status)
    made.register_structure_hook_factory(attrs.has, _tolerant)
    made.register_unstructure_hook(Decimal, plain)
    made.register_unstructure_hook_factory(attrs.has, _plain_fields)
    made.register_unstructure_hook(
        dict, lambda value: {key: made.unstructure(item) for key, item in value.items() if item is not None}
    )
    return made


_ENCODER: Final = msgspec.json.Encoder()
_OUTBOUND_FIELDS: Final = tuple(field.name for field in attrs.fields(Outbound))
_outbound_values: Final = attrgetter(*_OUTBOUND_FIELDS)
_FRAME: Final[Callable[..., Any]] = msgspec.defstruct(
    "Frame", [(name, Any) if name == "t" else (name, Any, None) for name in _OUTBOUND_FIELDS], omit_defaults=True
)
"""A struct with the fields of `Outbound`, in which msgspec itself leaves out what is None."""


def encode_request(request: Outbound) -> str:
    """As `encode_message`, without the detour through the converter: a request waits for this."""
    frame = _FRAME(*_outbound_values(request))
    if request.p is not None:
        frame.p = plain(request.p)
    if request.trigger_price is not None:
        frame.trigger_price = plain(request.trigger_price)
    return _ENCODER.encode(frame).decode()


def encode_message(message: object, *, nulls: Collection[str] = ()) -> str:
    """`message`, a wire class or a dict, as JSON text.

    nulls: keys to write as null where they are None. A dot reaches into a nested object: `res.o`.
    """
    tree = converter().unstructure(message)
    for path in nulls:
        *outer, key = path.split(".")
        target = tree
        for step in outer:
            target = target[step]
        target.setdefault(key, None)
    return _ENCODER.encode(tree).decode()
