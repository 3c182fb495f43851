"""JSON and forms to wire classes and back, for Kraken Spot.

In, the fast way: `decoder_for` gives msgspec decoders, strict about types and exact for numbers. In, the tolerant way,
for what they refuse: `read` builds the same classes from parsed JSON. There an unusable value costs that one field, an
unusable element of an array or a map that one element, and never its neighbours (spec E.19).

Out: `encode_message` writes decimals as JSON numbers with a point, for the venue refuses others ("field must be a
number_float", spec A.12); a field's metadata may say otherwise. `encode_form` writes plain text. Fields that are None
are left out, but for those that the wire shows as null.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from json import JSONDecoder
from typing import Any, Final, TypeVar, Union, cast, get_args, get_origin, get_type_hints
from urllib.parse import urlencode

import attrs
import msgspec

from ..values import NO_TIME, exact
from ..wire_numbers import is_plausible, plain
from ..wire_times import LATEST, SECOND, second_as_text
from .wire import BARE, SHOWN, TEXT

__all__ = [
    "BEGINNING",
    "BadField",
    "NOT_STRICT",
    "UNUSABLE",
    "decoder_for",
    "encode_form",
    "encode_message",
    "epoch_seconds",
    "exact_json",
    "key_of",
    "read",
    "read_body",
    "rfc3339",
    "time_of_seconds",
    "tree_of",
    "with_point",
]

T = TypeVar("T")

BEGINNING: Final = 200
"""How much of an unreadable message is kept, in characters."""


class BadField(ValueError):
    """One field of an object cannot be used; `name` says which, `wanted` what it should have been."""

    def __init__(self, name: str, wanted: object = None) -> None:
        super().__init__(f"The value of {name} cannot be used.")
        self.name = name
        self.wanted = wanted


UNUSABLE: Final = (TypeError, ValueError, ArithmeticError, RecursionError)
"""What the tolerant way raises for a value that it cannot use."""
NOT_STRICT: Final = (msgspec.MsgspecError, ValueError, RecursionError)
"""What the fast way raises for what it refuses."""


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


def _map_reader(element: Reader) -> Reader:
    def entries(raw: object, skipped: list[object] | None) -> dict[str, Any]:
        if not isinstance(raw, dict):
            raise TypeError("not an object")
        found = {}
        for key, item in raw.items():
            try:
                found[_text(key, None)] = element(item, skipped)
            except UNUSABLE:
                if skipped is None:
                    raise
                skipped.append({key: item})
        return found

    return entries


def _class_reader(cls: type[Any]) -> Reader:
    plan: list[tuple[str, str, Reader, bool]] = []

    def structure(raw: object, skipped: list[object] | None) -> Any:
        if not isinstance(raw, Mapping):
            raise TypeError("not an object")
        if not plan:
            types_of = get_type_hints(cls)
            plan.extend(
                (at.name, key_of(at), _reader(types_of[at.name]), at.default is attrs.NOTHING)
                for at in attrs.fields(cls)
            )
        values = {}
        for name, key, reader, required in plan:
            value = raw.get(key)
            if value is None:
                continue
            try:
                values[name] = reader(value, skipped)
            except BadField:
                if required or skipped is None:
                    raise
            except UNUSABLE as problem:
                if required or skipped is None:
                    raise BadField(key, reader) from problem
        return cls(**values)

    return structure


def _choice_reader(choices: list[Any]) -> Reader:
    """A value that is an array or an object, each with a class of its own."""
    (array,) = (_reader(kind) for kind in choices if get_origin(kind) is list)
    (single,) = (_reader(kind) for kind in choices if get_origin(kind) is not list)

    def choose(raw: object, skipped: list[object] | None) -> Any:
        return (array if isinstance(raw, list) else single)(raw, skipped)

    return choose


@cache
def _reader(kind: Any) -> Reader:
    if kind in _SCALARS:
        return _SCALARS[kind]
    if get_origin(kind) in (Union, types.UnionType):
        choices = [choice for choice in get_args(kind) if choice is not type(None)]
        return _reader(choices[0]) if len(choices) == 1 else _choice_reader(choices)
    if get_origin(kind) is list:
        return _list_reader(_reader(get_args(kind)[0]))
    if get_origin(kind) is dict:
        return _map_reader(_reader(get_args(kind)[1]))
    return _class_reader(kind)


def read(raw: object, cls: type[T], skipped: list[object] | None = None) -> T:
    """`raw`, parsed JSON or the pairs of a form, as `cls`. Raises one of UNUSABLE.

    skipped: takes the elements of arrays that were left out, and an unusable optional field takes its default; without
    it everything must be usable.
    """
    return cast(T, _reader(cast(Any, cls))(raw, skipped))


def read_body(body: str | bytes, cls: type[T]) -> tuple[T, list[object]]:
    """A body or frame as `cls`, and what had to be left out of its arrays: the fast way, else the tolerant one.

    Raises ValueError when it is not a JSON object."""
    try:
        return decoder_for(cls).decode(body), []
    except NOT_STRICT:
        pass
    skipped: list[object] = []
    try:
        text = body if isinstance(body, str) else body.decode()
        return read(exact_json(text), cls, skipped), skipped
    except UNUSABLE as problem:
        raise ValueError(str(problem)) from None


# Out


def key_of(attribute: attrs.Attribute[Any]) -> str:
    """The key of a field on the wire."""
    return str(attribute.metadata.get("key", attribute.name))


@cache
def _plan(cls: type[Any]) -> tuple[tuple[str, str, Mapping[str, Any]], ...]:
    return tuple((at.name, key_of(at), dict(at.metadata)) for at in attrs.fields(cls))


def _number(number: Decimal, how: Mapping[str, Any]) -> object:
    if how == TEXT:
        return format(number, "f")
    return msgspec.Raw((plain(number) if how == BARE else with_point(number)).encode())


LEAVES: Final = frozenset({str, bool, int})
"""What is on the wire as it is; asked for by its exact type first, which most values have."""


def tree_of(value: object, how: Mapping[str, Any] = types.MappingProxyType({})) -> Any:
    """`value` as what the JSON encoder takes: wire classes as dicts without what is None. how: a field's metadata."""
    if type(value) in LEAVES or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Decimal):
        return _number(value, how)
    if isinstance(value, dict):
        return {key: tree_of(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [tree_of(item) for item in value]
    if not attrs.has(type(value)):
        return value
    tree = {}
    for name, key, meta in _plan(cast(Any, type(value))):
        item = getattr(value, name)
        if type(item) in LEAVES:
            tree[key] = item
        elif item is not None or meta == SHOWN:
            tree[key] = tree_of(item, meta)
    return tree


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
