"""JSON decoders for wire classes: strict about types, exact for numbers. What they refuse is for `tolerant_json`.

Wire classes are attrs classes, and msgspec fills an attrs object field by field, each default included: four times as
slow as its own structs where a message names a tenth of the fields. So the decoder of a hot message with many optional
fields builds structs of the same shape: the same names, types, defaults and properties, and nothing else of the class.
"""

from __future__ import annotations

import types
from functools import cache
from typing import Any, Final, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import attrs
import msgspec
from attrs import frozen

__all__ = ["NOT_STRICT", "decoder_for", "fast_decoder"]

T = TypeVar("T")

NOT_STRICT: Final = (msgspec.MsgspecError, ValueError, RecursionError)
"""What a decoder raises for what it refuses."""


@cache
def _decoder(cls: type[Any]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(cls)


def decoder_for(cls: type[T]) -> msgspec.json.Decoder[T]:
    """The decoder that builds `cls` itself. Made once: building one costs more than using it."""
    return cast("msgspec.json.Decoder[T]", _decoder(cast(Any, cls)))


def fast_decoder(
    cls: type[T], *, but: frozenset[type] = frozenset(), unread: frozenset[str] = frozenset()
) -> msgspec.json.Decoder[T]:
    """A strict decoder whose objects read like those of `cls`. They are no instances of it, and cannot be evolved or
    compared with any; limits in their annotations count. but: classes inside it that are built as they are; unread:
    fields, of whatever class inside it, that no fact is made of, and that are passed over like unknown ones."""
    return cast("msgspec.json.Decoder[T]", msgspec.json.Decoder(_Twins(but, unread).of(cls)))


@frozen
class _Twins:
    but: frozenset[type]
    unread: frozenset[str]

    def of(self, cls: Any) -> Any:
        """The struct for a wire class."""
        hints = get_type_hints(cls, include_extras=True)  # limits stand beside the types, and are dropped without it
        read = [at for at in attrs.fields(cls) if at.name not in self.unread]
        fields = [
            (at.name, self._type(hints[at.name]), *(() if at.default is attrs.NOTHING else (at.default,)))
            for at in read
        ]
        properties = {
            name: member
            for base in reversed(cls.__mro__)
            for name, member in vars(base).items()
            if isinstance(member, property)
        }
        # Messages hold no cycles, so the collector need not look at them.
        return msgspec.defstruct(cls.__name__, cast(Any, fields), namespace=properties, kw_only=True, gc=False)

    def _type(self, kind: Any) -> Any:
        if get_origin(kind) in (Union, types.UnionType):
            return Union[tuple(self._type(choice) for choice in get_args(kind))]  # noqa: UP007
        if get_origin(kind) is list:
            return list[self._type(get_args(kind)[0])]  # type: ignore[misc]
        return self.of(kind) if attrs.has(kind) and kind not in self.but else kind
