"""Validators whose message is a sentence: which field, what is expected, what came.

Those of attrs raise a dump of the attribute and its validators. A value of the wrong type is a TypeError, one that
makes no sense is a ValueError.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, Final

from attrs import Attribute, field, frozen

__all__ = [
    "COUNT",
    "FLAG",
    "NANOSECONDS",
    "NOT_NEGATIVE",
    "POSITIVE",
    "SECRET",
    "TEXT",
    "Must",
    "a",
    "literal",
    "optional",
    "tuple_of",
]

SHOWN: Final = (str, int, float, Enum, type(None))
"""Of these the value itself helps; of others the type does, and a value might hold a secret."""


@frozen
class Must:
    """A validator: the field must be `expected`."""

    expected: str
    """Completes "… must be", in plain words."""
    kinds: tuple[type, ...]
    accepts: Callable[[Any], bool] | None = None
    """Of a value of the right type."""
    is_secret: bool = False
    """The value must not show in the message."""
    passing: frozenset[type] = field(init=False)
    """Types whose values pass at once: an order has a dozen validators, and is written in microseconds."""

    @passing.default
    def _types_that_pass(self) -> frozenset[type]:
        return frozenset(self.kinds if self.accepts is None else ())

    def __call__(self, instance: object, attribute: Attribute[Any], value: object) -> None:
        if type(value) in self.passing:
            return
        # True and False are whole numbers in Python, and seldom meant as such.
        if not isinstance(value, self.kinds) or (isinstance(value, bool) and bool not in self.kinds):
            raise TypeError(self._sentence(instance, attribute.name, value))
        if self.accepts is not None and not self.accepts(value):
            raise ValueError(self._sentence(instance, attribute.name, value))

    def _sentence(self, instance: object, name: str, value: object) -> str:
        return f"{type(instance).__name__}: {name} must be {self.expected}, not {self._shown(value)}."

    def _shown(self, value: object) -> str:
        if value is None:
            return "None"
        kind = type(value).__name__
        if self.is_secret or not isinstance(value, SHOWN):
            return f"{'an' if kind[0] in 'aeiouAEIOU' else 'a'} {kind}"
        return str(value) if isinstance(value, Enum) else f"{value!r:.60}"


def _listed(names: Sequence[str], last: str) -> str:
    return last.join(filter(None, (", ".join(names[:-1]), names[-1])))


def a(kind: type, *others: type, is_secret: bool = False) -> Must:
    """Must be of this type, or of one of these."""
    kinds = (kind, *others)
    names = [f"{'an' if each.__name__[0] in 'AEIOU' else 'a'} {each.__name__}" for each in kinds]
    return Must(_listed(names, " or "), kinds, is_secret=is_secret)


def literal(*words: str) -> Must:
    """Must be one of these words."""
    return Must(_listed([repr(word) for word in words], " or "), (str,), words.__contains__)


def optional(must: Must) -> Must:
    """None is good as well."""
    accepts = must.accepts
    return Must(
        f"{must.expected}, or None",
        (*must.kinds, type(None)),
        None if accepts is None else lambda value: value is None or accepts(value),
        must.is_secret,
    )


def tuple_of(kind: type, *others: type) -> Callable[[object, Attribute[Any], Any], None]:
    """Must be a tuple of nothing else."""
    kinds = (kind, *others)
    expected = f"a tuple of {_listed([each.__name__ for each in kinds], ' and ')}"
    whole, part = Must(expected, (tuple,)), Must(expected, kinds)

    def check(instance: object, attribute: Attribute[Any], value: Any) -> None:
        whole(instance, attribute, value)
        for each in value:
            part(instance, attribute, each)

    return check


TEXT: Final = Must("text", (str,))
SECRET: Final = Must("text", (str,), is_secret=True)
FLAG: Final = Must("True or False", (bool,))
COUNT: Final = Must("a whole number of at least 1", (int,), lambda value: value >= 1)
NANOSECONDS: Final = Must("a whole number of nanoseconds since 1970", (int,))
POSITIVE: Final = Must("a number of seconds above 0", (int, float), lambda value: value > 0)
NOT_NEGATIVE: Final = Must("a number of seconds of at least 0", (int, float), lambda value: 0 <= value < math.inf)
