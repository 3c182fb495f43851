"""Events as JSON and back, exactly: `to_json` and `from_json`.

One object an event, without line breaks, so a file of them is a file of lines. Its first key is `type`, the name of
the event's class; the others are its fields, named as they are:

    {"type":"Filled","local_time":1700000000000000000,"sequence":12,"identity":{...},"last_price":"2411.50", ...}

- Decimals are strings that keep every digit, sign and exponent. NaN and infinities are refused.
- Times and sequence numbers are JSON integers, times in ns: beyond 2**53, so read them as 64-bit integers.
- Enumerations are their values, absent things null, ids text; an instrument and an amount of money are objects.
- One key has another name than its field: `OrderStatusReport.type` is `order_type`, since `type` names the event.

What is written today will be read by later versions, and the names here never change. A later version may add events
and keys: keys that this version does not know are ignored, and missing ones with a default get it.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Any, Final, get_type_hints

import msgspec
from attrs import frozen

from . import events
from .events import Event
from .printable import on_one_line, shortened
from .values import Money

__all__ = ["EVENT_TYPES", "from_json", "to_json"]

TAG: Final = "type"
"""The key of an event's name."""
RENAMED: Final[Mapping[str, str]] = {"type": "order_type"}
"""Keys of fields that would else look like the tag."""
LONGEST_COMPLAINT: Final = 200

EVENT_TYPES: Final[Mapping[str, type[Event]]] = {
    kind.__name__: kind
    for kind in (
        events.Submitted,
        events.Denied,
        events.Accepted,
        events.Rejected,
        events.Updated,
        events.ReplaceRejected,
        events.Triggered,
        events.Filled,
        events.FeeReported,
        events.Canceled,
        events.CancelRejected,
        events.Expired,
        events.Completed,
        events.StatusUnknown,
        events.Reopened,
        events.OrderStatusReport,
        events.FillReport,
        events.Connected,
        events.Reconnected,
        events.Authenticated,
        events.Disconnected,
        events.Reconciled,
        events.MissingFills,
        events.MessagesLost,
        events.SystemStatus,
        events.AuthenticationFailed,
        events.SessionFailed,
        events.CloseReport,
    )
}
"""Every event by its tag."""


@frozen
class _Layout:
    """How one kind of event is written.

    keys: of its fields, in their order; values_of: gives the fields' values in that order; numbers: fields that hold
    an exact decimal, their own or an amount of money.
    """

    tag: str
    keys: tuple[str, ...]
    values_of: attrgetter[Any]
    numbers: tuple[str, ...]


@cache
def _layout(tag: str) -> _Layout:
    """Read from the annotations, so whether events are attrs classes or structs makes no difference."""
    hints = get_type_hints(EVENT_TYPES[tag])
    return _Layout(
        tag=tag,
        keys=tuple(RENAMED.get(name, name) for name in hints),
        values_of=attrgetter(*hints),
        numbers=tuple(name for name, hint in hints.items() if _is_number(hint)),
    )


def _is_number(hint: object) -> bool:
    return any(kind in (hint, *getattr(hint, "__args__", ())) for kind in (Decimal, Money))


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)
_UNREADABLE: Final = (msgspec.MsgspecError, ValueError, TypeError, ArithmeticError, RecursionError)


def to_json(event: Event) -> str:
    """The event as one JSON object, without a line break.

    Raises TypeError for what is not an event, ValueError for an event with a number that is not finite or a text that
    is not Unicode (half a surrogate pair).
    """
    tag = type(event).__name__
    if EVENT_TYPES.get(tag) is not type(event):
        raise TypeError(f"{tag} is not the class of an event that can be written as JSON.")
    layout = _layout(tag)
    _check_numbers(event, layout)
    fields = dict(zip(layout.keys, layout.values_of(event), strict=True))
    return _ENCODER.encode({TAG: tag, **fields}).decode()


def from_json(text: str | bytes) -> Event:
    """The event that `to_json` made this text of: equal, and its fields of the same types.

    Raises ValueError for anything else: text that is not JSON, a type that this version does not know, a field that
    is missing or has a value of the wrong type.
    """
    try:
        raw = _DECODER.decode(text)
    except _UNREADABLE as problem:
        raise ValueError(f"The text cannot be read as JSON: {_complaint(problem)}") from None
    if not isinstance(raw, dict) or not isinstance(raw.get(TAG), str):
        raise ValueError(f"The JSON is not an event: an event is an object with its name under the key {TAG!r}.")
    tag = raw.pop(TAG)
    kind = EVENT_TYPES.get(tag)
    if kind is None:
        raise ValueError(f"This version knows no event of the type {shortened(on_one_line(tag), 60)!r}.")
    for name, key in RENAMED.items():
        if key in raw:
            raw[name] = raw.pop(key)
    try:
        event = msgspec.convert(raw, kind)
        _check_numbers(event, _layout(tag))
    except _UNREADABLE as problem:
        raise ValueError(f"The JSON of the event {tag} cannot be used: {_complaint(problem)}") from None
    return event


def _check_numbers(event: Event, layout: _Layout) -> None:
    """Raises ValueError for NaN and infinities, which equal nothing and mean nothing in an event."""
    for name in layout.numbers:
        value = getattr(event, name)
        number = value.amount if isinstance(value, Money) else value
        if number is not None and not number.is_finite():
            raise ValueError(f"{name} of {layout.tag} is {number}, which is not a finite number.")


def _complaint(problem: Exception) -> str:
    """The library's own words as the end of a sentence."""
    if isinstance(problem, RecursionError):
        return "it is nested too deeply."
    return shortened(on_one_line(str(problem)), LONGEST_COMPLAINT).rstrip(".") + "."
