"""What dispatch decided, and the moments at which it wants to look at something again."""

from __future__ import annotations

from msgspec import Struct, field

from ..reconciliation import Reconciliation
from ..requests import Request
from ..values import ClientOrderId, RequestId, VenueOrderId
from .inputs import Admission
from .records import Record

__all__ = [
    "HistoryDue",
    "CancelDue",
    "ClockDue",
    "ClosingDue",
    "ComparisonDue",
    "Decisions",
    "EndLink",
    "ExternalDue",
    "FillsDue",
    "KeptDue",
    "LookDue",
    "LookupDue",
    "Measured",
    "QueryDue",
    "ReconcileDue",
    "Reply",
    "RequestDue",
    "Send",
    "CancelAllAfterDue",
    "UnknownDue",
]


class Send(Struct, frozen=True):
    """Release this request. connection: only on this one, 0 over HTTP; admission: the credit that it holds."""

    request: Request
    connection: int
    admission: Admission | None


class EndLink(Struct, frozen=True, gc=False):
    """Close the connection; everything that was to be answered has been, or its grace is over."""


class Reply(Struct, frozen=True):
    """An answer for the caller. value: an exception is to be raised there."""

    reply_to: object
    value: object


class Measured(Struct, frozen=True, gc=False):
    """How our clock stands to the venue's. skew: ns by which it is ahead, negative: behind; None: no longer known."""

    skew: int | None


class Decisions(Struct):
    """What one call of `apply` decided, each list in order."""

    records: list[Record] = field(default_factory=list)
    sends: list[Send | EndLink] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    # Credits of requests that will not be sent.
    released: list[Admission] = field(default_factory=list)
    # Questions that are of no use any more: what has not begun of them need not begin.
    forgotten: list[RequestId] = field(default_factory=list)
    # Sentences for the log. An alarm is about something that a person must look at now.
    warnings: list[str] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    # Set when our clock was compared with the venue's.
    measured: Measured | None = None
    # Set when more, or less, is known of the venue's books.
    progress: Reconciliation | None = None
    # Set by whoever commits the records: the journal has them, or never will.
    is_settled: bool = False

    def __bool__(self) -> bool:
        told = self.records or self.sends or self.replies or self.released
        return bool(told or self.forgotten or self.warnings or self.alarms)


class RequestDue(Struct, frozen=True, gc=False):
    request_id: RequestId


class QueryDue(Struct, frozen=True, gc=False):
    client_order_id: ClientOrderId


class ExternalDue(Struct, frozen=True, gc=False):
    """Time to look at the questions about orders of other sessions. None: at all of them; request_id: of the question
    whose answer may be lost, None: the order is to be asked for."""

    venue_order_id: VenueOrderId | None
    request_id: RequestId | None = None


class CancelDue(Struct, frozen=True, gc=False):
    """Time to send again a cancel that came too early."""

    request_id: RequestId


class FillsDue(Struct, frozen=True, gc=False):
    """Time for fills that were told to be on their way."""

    client_order_id: ClientOrderId


class UnknownDue(Struct, frozen=True, gc=False):
    """Time to cancel an order of which it is not known whether it lives."""

    client_order_id: ClientOrderId


class HistoryDue(Struct, frozen=True, gc=False):
    """Time to read history. periodic: because of the period, not because it is waited for."""

    periodic: bool


class CancelAllAfterDue(Struct, frozen=True, gc=False, eq=False):
    """Time to set the cancel-all timer again, if no later setting has planned another one."""


class ClockDue(Struct, frozen=True, gc=False):
    """Time to look at the clocks. periodic: because of the period, not because something waits."""

    periodic: bool


class LookDue(Struct, frozen=True, gc=False):
    """Time to ask once more for an order that was called Denied."""

    client_order_id: ClientOrderId


class ReconcileDue(Struct, frozen=True, gc=False):
    """Time to see whether a login still waits for history."""


class KeptDue(Struct, frozen=True, gc=False):
    pass


class LookupDue(Struct, frozen=True, gc=False):
    """Time to ask once more whose executions are of which the venue did not tell."""


class ClosingDue(Struct, frozen=True, gc=False):
    pass


class ComparisonDue(Struct, frozen=True, gc=False):
    """Time to compare what a cancel of all orders has left open with the venue's list."""
