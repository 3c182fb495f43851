"""JSON and forms to wire classes and back, for Kraken Spot.

In: `read_body`, the fast way of `protocol.wire.strict`, and for what that refuses the tolerant one of
`protocol.wire.tolerant`.

Out: `encode_message` writes decimals as JSON numbers with a point, for the venue refuses others ("field must be a
number_float", spec A.12); a field's metadata may say otherwise. `encode_form` writes plain text. Fields that are None
are left out, but for those that the wire shows as null.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Any, Final, TypeVar, cast
from urllib.parse import urlencode

import attrs
import msgspec

from ..values import NO_TIME
from ..wire.numbers import is_plausible, plain
from ..wire.strict import NOT_STRICT, decoder_for
from ..wire.times import LATEST, SECOND, second_as_text
from ..wire.tolerant import key_of, read_json
from .wire import BARE, SHOWN, TEXT

__all__ = [
    "encode_form",
    "encode_message",
    "epoch_seconds",
    "read_body",
    "rfc3339",
    "time_of_seconds",
    "tree_of",
    "with_point",
]

T = TypeVar("T")

# Numbers


def with_point(number: Decimal) -> str:
    """`number` without exponent, with its trailing zeros, and with a point in any case. Never rounds."""
    text = format(number, "f")
    return text if "." in text else f"{text}.0"


# Times


def rfc3339(time: int, places: int = 6) -> str:
    """`time`, ns since 1970, as the venue writes it. places: digits of the fraction, 0 to 9; the rest is cut off."""
    seconds, fraction = divmod(time, SECOND)
    text = second_as_text(seconds)
    return f"{text}.{fraction:09d}"[: len(text) + 1 + places] + "Z" if places else f"{text}Z"


def time_of_seconds(*times: Decimal | None) -> int:
    """ns since 1970 of the first of these, in seconds since 1970, that is a time; NO_TIME if none is."""
    for time in times:
        if time is not None and is_plausible(time) and 0 < time < LATEST:
            return int(time * SECOND)
    return NO_TIME


def epoch_seconds(time: int) -> Decimal:
    """`time`, ns since 1970, in seconds: exact."""
    return Decimal(time).scaleb(-9)


# In


def read_body(body: str | bytes, cls: type[T]) -> tuple[T, list[object]]:
    """A body or frame as `cls`, and what had to be left out of its arrays: the fast way, else the tolerant one.

    Raises ValueError when it is not a JSON object."""
    try:
        return decoder_for(cls).decode(body), []
    except NOT_STRICT:
        return read_json(body, cls)


# Out


@cache
def _plan(cls: type[Any]) -> tuple[tuple[str, str, Mapping[str, Any]], ...]:
    return tuple((at.name, key_of(at), dict(at.metadata)) for at in attrs.fields(cls))


_is_wire_class: Final = cache(attrs.has)


@cache
def _values_of(cls: Any) -> Callable[[object], tuple[object, ...]]:
    """Reads all fields at once, in the plan's order."""
    names = [name for name, _, _ in _plan(cls)]
    if len(names) < 2:  # of one name `attrgetter` gives no tuple
        return lambda value: tuple(getattr(value, name) for name in names)
    return attrgetter(*names)


def _number(number: Decimal, how: Mapping[str, Any]) -> object:
    if how == TEXT:
        return format(number, "f")
    return msgspec.Raw((plain(number) if how == BARE else with_point(number)).encode())


LEAVES: Final = frozenset({str, bool, int})
"""What is on the wire as it is; asked for by its exact type first, which most values have."""


def tree_of(value: object, how: Mapping[str, Any] = types.MappingProxyType({})) -> Any:
    """`value` as what the JSON encoder takes: wire classes as dicts without what is None. how: a field's metadata."""
    kind = cast(Any, type(value))
    if kind in LEAVES:
        return value
    if isinstance(value, Decimal):
        return _number(value, how)
    if not _is_wire_class(kind):
        return _plain_tree_of(value)
    tree: dict[str, Any] = {}
    for item, (_, key, meta) in zip(_values_of(kind)(value), _plan(kind), strict=True):
        if item is None:  # first: most terms of most orders are
            if meta and meta == SHOWN:
                tree[key] = None
        elif type(item) in LEAVES:
            tree[key] = item
        else:
            tree[key] = tree_of(item, meta)
    return tree


def _plain_tree_of(value: object) -> Any:
    """Of what is no wire class."""
    if isinstance(value, dict):
        return {key: tree_of(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [tree_of(item) for item in value]
    return value


_ENCODER: Final = msgspec.json.Encoder()


def encode_message(message: object) -> str:
    """A wire class or a dict as compact JSON text."""
    return _ENCODER.encode(tree_of(message)).decode()


def encode_form(form: object) -> str:
    """A form class as url-encoded text, exactly as it is signed and sent."""
    pairs = ((key, getattr(form, name)) for name, key, _ in _plan(cast(Any, type(form))))
    return urlencode([(key, _form_text(value)) for key, value in pairs if value is not None])


def _form_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else str(value)
