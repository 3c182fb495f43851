"""JSON decoders for wire classes with many optional fields.

Wire classes are attrs classes, and msgspec fills an attrs object field by field, each default included: four times as
slow as its own structs where a message names a tenth of the fields. So the decoder of a hot message builds structs of
the same shape: the same names, types, defaults and properties, and nothing else of the class.
"""

from __future__ import annotations

import types
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import attrs
import msgspec

__all__ = ["fast_decoder"]

T = TypeVar("T")


def fast_decoder(cls: type[T], *, but: frozenset[type] = frozenset()) -> msgspec.json.Decoder[T]:
    """A strict decoder whose objects read like those of `cls`. They are no instances of it, and cannot be evolved or
    compared with any. but: classes inside it that are built as they are."""
    return cast("msgspec.json.Decoder[T]", msgspec.json.Decoder(_twin(cast(Any, cls), but)))


@cache
def _twin(cls: Any, but: frozenset[type]) -> Any:
    hints = get_type_hints(cls)
    fields = [(at.name, _twin_type(hints[at.name], but), at.default) for at in attrs.fields(cls)]
    required = [(name, kind) for name, kind, default in fields if default is attrs.NOTHING]
    optional = [(name, kind, default) for name, kind, default in fields if default is not attrs.NOTHING]
    properties = {
        name: member
        for base in reversed(cls.__mro__)
        for name, member in vars(base).items()
        if isinstance(member, property)
    }
    return msgspec.defstruct(cls.__name__, [*required, *optional], namespace=properties, kw_only=True)


def _twin_type(kind: Any, but: frozenset[type]) -> Any:
    if get_origin(kind) in (Union, types.UnionType):
        return Union[tuple(_twin_type(choice, but) for choice in get_args(kind))]  # noqa: UP007
    if get_origin(kind) is list:
        return list[_twin_type(get_args(kind)[0], but)]  # type: ignore[misc]
    if attrs.has(kind) and kind not in but:
        return _twin(kind, but)
    return kind
