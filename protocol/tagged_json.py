"""Structs as JSON and back, where a key of each object names its class: what events, records and orders share.

A decoder of a root class reads the root's fields alone, so each `TaggedJson` has the explicit union of its classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache, cached_property, reduce
from operator import or_
from typing import Any, Final, Generic, TypeVar, get_args, get_type_hints

import msgspec

from .printable import on_one_line, shortened

__all__ = ["TAG", "UNREADABLE", "TaggedJson", "complaint"]

S = TypeVar("S", bound=msgspec.Struct)

TAG: Final = "type"
"""The key of the name."""
UNREADABLE: Final = (msgspec.MsgspecError, ValueError, TypeError, ArithmeticError, RecursionError)
"""What reading a text may raise."""
LONGEST_COMPLAINT: Final = 200

_ENCODER: Final = msgspec.json.Encoder()
_LOOSE: Final = msgspec.json.Decoder(float_hook=Decimal)


class TaggedJson(Generic[S]):
    """kinds: every class by its name; one: what they are called with their article, as in "an event"."""

    def __init__(self, kinds: Mapping[str, type[S]], one: str) -> None:
        self._kinds = kinds
        self._one = one

    @property
    def _noun(self) -> str:
        return self._one.partition(" ")[2]

    @cached_property
    def _decoder(self) -> msgspec.json.Decoder[S]:
        # made when it is first asked for: a program that reads no JSON need not wait for it
        return msgspec.json.Decoder(reduce(or_, self._kinds.values()))

    def write(self, value: S) -> str:
        """One object without a line break.

        Raises TypeError for a value of another class, ValueError for a number that is not finite or a text that is not
        Unicode.
        """
        tag = type(value).__name__
        if self._kinds.get(tag) is not type(value):
            raise TypeError(f"{tag} is not the class of {self._one} that can be written as JSON.")
        text = _ENCODER.encode(value)
        if b"NaN" in text or b"Infinity" in text:  # as every number says that is not finite, and perhaps a reason
            _check_numbers(value)
        return text.decode()

    def read(self, text: str | bytes) -> S:
        """The value that `write` made this text of. Raises ValueError for anything else."""
        try:
            value = self._decoder.decode(text)
            _check_numbers(value)
        except UNREADABLE as problem:
            raise ValueError(self._why_unreadable(text, problem)) from None
        return value

    def read_lines(self, lines: bytes) -> list[S]:
        """The values of many texts, one a line, that `write` made and nobody changed: numbers are not looked at again.
        Raises ValueError for anything else."""
        try:
            return self._decoder.decode_lines(lines)
        except UNREADABLE:
            for line in lines.splitlines():
                self.read(line)  # raises for the one that is at fault
            raise

    def _why_unreadable(self, text: str | bytes, problem: Exception) -> str:
        """A sentence for what could not be read; the decoder's own words do not say of which class."""
        try:
            raw = _LOOSE.decode(text)
        except UNREADABLE as unreadable:
            return f"The text cannot be read as JSON: {complaint(unreadable)}"
        if not isinstance(raw, dict) or not isinstance(raw.get(TAG), str):
            one = self._one
            return f"The JSON is not {one}: {one} is an object with its name under the key {TAG!r}."
        tag = raw[TAG]
        if tag not in self._kinds:
            return f"This version knows no {self._noun} of the type {shortened(on_one_line(tag), 60)!r}."
        return f"The JSON of the {self._noun} {tag} cannot be used: {complaint(problem)}"


def complaint(problem: Exception) -> str:
    """The library's own words as the end of a sentence."""
    if isinstance(problem, RecursionError):
        return "it is nested too deeply."
    return shortened(on_one_line(str(problem)), LONGEST_COMPLAINT).rstrip(".") + "."


def _check_numbers(value: msgspec.Struct) -> None:
    """Raises ValueError for NaN and infinities, which a decoder takes, and which equal nothing and mean nothing."""
    for name in _with_numbers(type(value)):
        number = _not_finite(getattr(value, name))
        if number is not None:
            raise ValueError(f"{name} of {type(value).__name__} is {number}, which is not a finite number.")


def _not_finite(held: Any) -> Decimal | None:
    """The number at fault in the value of one field."""
    if isinstance(held, Decimal):
        return None if held.is_finite() else held
    if held is None:
        return None
    if isinstance(held, dict):
        return next((found for each in held.values() if (found := _not_finite(each))), None)
    kind: Any = type(held)
    return next((found for name in _with_numbers(kind) if (found := _not_finite(getattr(held, name)))), None)


@cache
def _with_numbers(kind: Any) -> tuple[str, ...]:
    """The fields of a class that hold an exact decimal, or a struct with one."""
    hints = get_type_hints(kind)
    return tuple(name for name in kind.__struct_fields__ if _has_number(hints[name]))


def _has_number(hint: object) -> bool:
    structs = [each for each in (hint, *get_args(hint)) if isinstance(each, type) and issubclass(each, msgspec.Struct)]
    return Decimal in (hint, *get_args(hint)) or any(_with_numbers(each) for each in structs)
