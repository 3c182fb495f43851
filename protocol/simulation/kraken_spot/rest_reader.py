"""Bodies and query strings of REST calls to the classes of `forms`.

A form's values are text; JSON may have numbers where the documentation has text, and both are taken digit for digit.
Booleans are read without regard to case; `1` and `0` are none (spec A.17, section 0).
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, Final, TypeVar, cast, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

import attrs
from attrs import define, field

from ...values import exact
from ...wire.numbers import is_plausible
from ...wire.tolerant import UNUSABLE, exact_json
from ..exchange import HttpRequest
from . import refusals
from .refusals import Refused, invalid

__all__ = ["is_json", "number_of", "pairs_of", "read_form", "text_of"]

T = TypeVar("T")

UNREADABLE: Final = "EGeneral:Invalid arguments"
CLOSE: Final = "close["
NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
TRUTHS: Final[Mapping[str, bool]] = {"true": True, "false": False}


def text_of(request: HttpRequest) -> str:
    """The body as it is signed. Raises Refused for what is no text."""
    try:
        return request.body.decode()
    except UnicodeDecodeError:
        raise Refused(refusals.INVALID_SIGNATURE) from None


def is_json(request: HttpRequest) -> bool:
    kind = request.header("content-type") or ""
    return "json" in kind or ("form" not in kind and request.body.lstrip().startswith(b"{"))


def pairs_of(request: HttpRequest) -> Mapping[str, object]:
    """The parameters of a private call by their keys; those of a form's conditional close nested, as JSON has them.
    Raises Refused for a body that is neither JSON nor a form."""
    text = text_of(request)
    if is_json(request):
        try:
            tree = exact_json(text)
        except UNUSABLE:
            raise Refused(UNREADABLE) from None
        if not isinstance(tree, dict):
            raise Refused(UNREADABLE)
        return tree
    try:
        return _nested(parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text)))
    except ValueError:
        raise Refused(UNREADABLE) from None


def _nested(fields: Iterable[tuple[str, str]]) -> Mapping[str, object]:
    """`close[price]=5` as `{"close": {"price": "5"}}`."""
    pairs: dict[str, object] = {}
    close: dict[str, object] = {}
    for key, value in fields:
        if key.startswith(CLOSE) and key.endswith("]"):
            close[key[len(CLOSE) : -1]] = value
        elif value:
            pairs[key] = value
    filled = {key: value for key, value in close.items() if value}
    return pairs | {"close": filled} if filled else pairs


def read_form(pairs: Mapping[str, object], cls: type[T], *, numeric_booleans: bool = False) -> tuple[T, list[str]]:
    """The parameters as one of the classes of `forms`, and those that it does not have. numeric_booleans: 1 and 0 are
    taken for true and false. Raises Refused with the parameter that cannot be used."""
    reading = Reading(NUMERIC_READERS if numeric_booleans else READERS)
    return cast(T, _object(pairs, cast(Any, cls), "", reading)), reading.unknown


@define
class Reading:
    """readers: of single values; unknown: the parameters that the call does not have, so far."""

    readers: Mapping[Any, Callable[[object], object]]
    unknown: list[str] = field(factory=list)


@cache
def _kinds(cls: type[Any]) -> Mapping[str, tuple[Any, bool]]:
    """What each parameter is, and whether the call cannot do without."""
    hints = get_type_hints(cls)
    return {at.name: (_bare(hints[at.name]), at.default is attrs.NOTHING) for at in attrs.fields(cls)}


def _bare(kind: Any) -> Any:
    """The type without its None."""
    choices = [choice for choice in get_args(kind) if choice is not types.NoneType]
    return choices[0] if types.NoneType in get_args(kind) else kind


def _object(pairs: Mapping[str, object], cls: type[Any], inside: str, reading: Reading) -> Any:
    """inside: the path to this object, for the names of what it does not know."""
    kinds, values = _kinds(cast(Any, cls)), {}
    for key, raw in pairs.items():
        if key not in kinds:
            reading.unknown.append(f"{inside}{key}")
        elif raw is not None and raw != "":
            values[key] = _value(raw, kinds[key][0], key, f"{inside}{key}", reading)
    for key, (_, required) in kinds.items():
        if required and key not in values:
            raise invalid(key)
    return cls(**values)


def _value(raw: object, kind: Any, key: str, path: str, reading: Reading) -> object:
    try:
        if kind in reading.readers:
            return reading.readers[kind](raw)
        if get_origin(kind) is list and isinstance(raw, list):
            (item,) = get_args(kind)
            return [_value(each, item, key, f"{path}[{place}].", reading) for place, each in enumerate(raw)]
        if attrs.has(kind) and isinstance(raw, dict):
            return _object(raw, kind, path if path.endswith(".") else f"{path}.", reading)
    except UNUSABLE:
        pass
    raise invalid(key)


# Single values. Each raises one of UNUSABLE for what it does not take.


def _text(raw: object) -> str:
    """Numbers are written out digit for digit."""
    if isinstance(raw, str):
        raw.encode()  # half a surrogate pair is no text
        return raw
    if isinstance(raw, Decimal) or (isinstance(raw, int) and not isinstance(raw, bool)):
        return format(number_of(raw), "f")
    raise TypeError("not text")


def number_of(raw: object) -> Decimal:
    """Raises one of UNUSABLE for what is no number, or none of this world."""
    if isinstance(raw, bool) or (isinstance(raw, str) and not NUMBER.fullmatch(raw)):
        raise TypeError("not a number")
    number = exact(raw)
    if not is_plausible(number):
        raise ValueError("not a number of this world")
    return number


def _whole(raw: object) -> int:
    number = number_of(raw)
    if number != number.to_integral_value():
        raise ValueError("not a whole number")
    return int(number)


def _yes_or_no(raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw.lower() in TRUTHS:
        return TRUTHS[raw.lower()]
    raise TypeError("neither true nor false")


def _yes_no_one_or_zero(raw: object) -> bool:
    return raw in ("1", 1) if raw in ("1", "0", 1, 0) and not isinstance(raw, bool) else _yes_or_no(raw)


READERS: Final[Mapping[Any, Callable[[object], object]]] = {
    str: _text,
    int: _whole,
    bool: _yes_or_no,
    Decimal: number_of,
}
NUMERIC_READERS: Final[Mapping[Any, Callable[[object], object]]] = {**READERS, bool: _yes_no_one_or_zero}
