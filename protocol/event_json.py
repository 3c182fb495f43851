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
from typing import Final

from . import events
from .events import Event
from .tagged_json import TaggedJson

__all__ = ["EVENT_TYPES", "from_json", "to_json"]

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
        events.JournalSlow,
        events.JournalFailed,
        events.CloseReport,
    )
}
"""Every event by its tag."""


_JSON: Final = TaggedJson(EVENT_TYPES, "an event")


def to_json(event: Event) -> str:
    """The event as one JSON object, without a line break.

    Raises TypeError for what is not an event, ValueError for an event with a number that is not finite or a text that
    is not Unicode (half a surrogate pair).
    """
    return _JSON.write(event)


def from_json(text: str | bytes) -> Event:
    """The event that `to_json` made this text of: equal, and its fields of the same types.

    Raises ValueError for anything else: text that is not JSON, a type that this version does not know, a field that
    is missing or has a value of the wrong type.
    """
    return _JSON.read(text)
