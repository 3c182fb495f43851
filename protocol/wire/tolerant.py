"""JSON to wire classes, tolerantly: the way in for what a strict decoder refuses (see `fast_decoder`).

An unusable value costs that one field, if it is an optional one, an unusable element of an array or a map that one
element, and never its neighbours (spec E.19).
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from json import JSONDecoder
from typing import Any, Final, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import attrs

from ..values import exact
from .numbers import is_plausible

__all__ = [
    "BEGINNING",
    "BadField",
    "UNUSABLE",
    "decimal_of",
    "exact_json",
    "key_of",
    "read",
    "read_json",
    "text_of",
    "whole_of",
]

T = TypeVar("T")

BEGINNING: Final = 200
"""How much of an unreadable message is kept, in characters."""
UNUSABLE: Final = (TypeError, ValueError, ArithmeticError, RecursionError)
"""What is raised for a value that cannot be used."""


class BadField(ValueError):
    """One field of an object cannot be used; `name` says which: of nested ones the innermost, as on the wire."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The value of {name} cannot be used.")
        self.name = name


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON.")


_JSON: Final = JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant)


def exact_json(text: str) -> object:
    """Any JSON, numbers with a point as Decimal. Raises ValueError, or RecursionError for nesting beyond reason."""
    return _JSON.decode(text)


# Single values. Each takes a second argument, which readers of arrays and objects need, and leaves it alone.


def text_of(raw: object, _: object = None) -> str:
    if isinstance(raw, str):
        raw.encode()  # half a surrogate pair is no text: it could be neither stored nor printed later
        return raw
    if isinstance(raw, int) and not isinstance(raw, bool):
        return str(raw)  # an id sent as a number is still an id
    raise TypeError("not text")


def decimal_of(raw: object, _: object = None) -> Decimal:
    number = exact(raw)
    if not is_plausible(number):
        raise ValueError("not a plausible number")
    return number


def whole_of(raw: object, _: object = None) -> int:
    number = exact(raw)
    if not is_plausible(number) or number != number.to_integral_value():
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


# Arrays, maps, classes

Reader = Callable[[object, list[object] | None], Any]
"""Reads one value. The list takes the elements that were left out of arrays; None: leave nothing out, raise."""

_SCALARS: Final[Mapping[Any, Reader]] = {
    str: text_of,
    int: whole_of,
    bool: _yes_or_no,
    Decimal: decimal_of,
    Any: _anything,
}


def _list_reader(element: Reader, *, keeps_places: bool = False) -> Reader:
    """keeps_places: None stands for an element that cannot be used, where its neighbours are reported by their
    places."""

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
                if keeps_places:
                    found.append(None)
        return found

    return elements


def _map_reader(element: Reader) -> Reader:
    def entries(raw: object, skipped: list[object] | None) -> dict[str, Any]:
        if not isinstance(raw, dict):
            raise TypeError("not an object")
        found = {}
        for key, item in raw.items():
            try:
                found[text_of(key)] = element(item, skipped)
            except UNUSABLE:
                if skipped is None:
                    raise
                skipped.append({key: item})
        return found

    return entries


def key_of(attribute: attrs.Attribute[Any]) -> str:
    """The key of a field on the wire: its name, unless its metadata has another `key`."""
    return str(attribute.metadata.get("key", attribute.name))


def _class_reader(cls: type[Any]) -> Reader:
    plan: list[tuple[str, str, Reader, bool]] = []  # made at first use, for a class may hold itself

    def structure(raw: object, skipped: list[object] | None) -> Any:
        if not isinstance(raw, dict):
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
                    raise BadField(key) from problem
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
        item = get_args(kind)[0]
        return _list_reader(_reader(item), keeps_places=types.NoneType in get_args(item))
    if get_origin(kind) is dict:
        return _map_reader(_reader(get_args(kind)[1]))
    return _class_reader(kind)


def read(raw: object, cls: type[T], skipped: list[object] | None = None) -> T:
    """`raw`, parsed JSON or the pairs of a form, as `cls`. Raises one of UNUSABLE.

    skipped: takes the elements of arrays that were left out, and an unusable optional field takes its default; without
    it everything must be usable.
    """
    return cast(T, _reader(cast(Any, cls))(raw, skipped))


def read_json(text: str | bytes, cls: type[T]) -> tuple[T, list[object]]:
    """A body or frame as `cls`, and what had to be left out of its arrays. Raises ValueError when it is not a JSON
    object."""
    skipped: list[object] = []
    try:
        return read(exact_json(text if isinstance(text, str) else text.decode()), cls, skipped), skipped
    except UNUSABLE as problem:
        raise ValueError(str(problem)) from None
