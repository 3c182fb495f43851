"""JSON decoders for wire classes with many optional fields.

Wire classes are attrs classes, and msgspec fills an attrs object field by field, each default included: four times as
slow as its own structs where a message names a tenth of the fields. So the decoder of a hot message builds structs of
the same shape: the same names, types, defaults and properties, and nothing else of the class.
"""

from __future__ import annotations

import types
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import attrs
import msgspec
from attrs import frozen

__all__ = ["fast_decoder"]

T = TypeVar("T")


def fast_decoder(
    cls: type[T], *, but: frozenset[type] = frozenset(), unread: frozenset[str] = frozenset()
) -> msgspec.json.Decoder[T]:
    """A strict decoder whose objects read like those of `cls`. They are no instances of it, and cannot be evolved or
    compared with any. but: classes inside it that are built as they are; unread: fields, of whatever class inside it,
    that nobody asks for, and that are passed over like unknown ones."""
    return cast("msgspec.json.Decoder[T]", msgspec.json.Decoder(_Twins(but, unread).of(cls)))


@frozen
class _Twins:
    but: frozenset[type]
    unread: frozenset[str]

    def of(self, cls: Any) -> Any:
        """The struct for a wire class."""
        hints = get_type_hints(cls)
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
