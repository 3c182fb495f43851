"""Records: what dispatch decided. Folding them, in order, is the only way in which order state changes.

Every event about an order is a record. A few records are for our own state alone and are never published; they
are declared here.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from msgspec import Raw, Struct, field

from ..events import ConnectionEvent, Event, JournalEvent, OrderEvent, Report, number
from ..orders import OrderIdentity
from ..values import (
    ZERO,
    OrderStatus,
    OrderType,
    Side,
    TimeInForce,
    TradeId,
    VenueOrderId,
    WireId,
)

__all__ = [
    "NOTES",
    "AccountNote",
    "AlreadyCounted",
    "Bound",
    "CancelAsked",
    "Counted",
    "Disowned",
    "ExternalDropped",
    "ExternalGone",
    "ExternalSeen",
    "FormerId",
    "HistoryRead",
    "Intent",
    "Note",
    "Opened",
    "Postponed",
    "Record",
    "Registered",
    "ReplaceAsked",
    "SwitchSet",
    "TotalTold",
    "Unclear",
    "numbered",
]


class Note(Struct, frozen=True, kw_only=True, gc=False, tag_field="type", tag=True):
    """Root of the records that are not published."""

    identity: OrderIdentity


class Counted(Struct, frozen=True, kw_only=True, gc=False):
    """Which executions of an adopted order its count has already, though they never came as fills of ours."""

    # Instants by the venue's clock, ns since 1970: the count has every execution until `since`, and none after `until`.
    since: int
    until: int
    # Of those between, the first ones that make this much. None: how much is from before `since` is not known.
    untold: Decimal | None


class Registered(Note, frozen=True, kw_only=True):
    """An order that was not submitted here is tracked from now on."""

    venue_order_id: VenueOrderId
    # How much of it counts as heard, and which executions these are: only fills after that are published.
    heard: Decimal = ZERO
    counted: Counted | None = None
    # Its terms, as far as the venue has shown them.
    quantity: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    time_in_force: TimeInForce | None = None
    post_only: bool = False


class Bound(Note, frozen=True, kw_only=True):
    """The order's id at the venue, or terms that were open until now. None: nothing new about that one."""

    venue_order_id: VenueOrderId | None
    quantity: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    time_in_force: TimeInForce | None = None


class FormerId(Note, frozen=True, kw_only=True):
    """A venue order id that the order had before a replacement, told only after a later one: its late fills find the
    order by it."""

    venue_order_id: VenueOrderId


class AlreadyCounted(Note, frozen=True, kw_only=True):
    """An execution of an adopted order that its count has already. time: ns since 1970 by the venue's clock."""

    venue_order_id: VenueOrderId
    trade_id: TradeId
    quantity: Decimal
    time: int


# What follows is written only where there is a journal: a restart needs it, and a program that runs on does not.


class Intent(Note, frozen=True, kw_only=True):
    """The whole order that is to be placed, the venue's own terms included. It stands behind its `Submitted`, unless
    that tells all of it."""

    # As `order_json` writes a `NewOrder`.
    order: Raw
    # Until when the venue may act on the placement, ns since 1970 by its clock; None: for ever.
    process_before: int | None


class Postponed(Note, frozen=True, kw_only=True):
    """The placement goes out later than its order was submitted. at: ns since 1970 by our clock."""

    at: int
    process_before: int | None


class ReplaceAsked(Note, frozen=True, kw_only=True):
    """A change of the order is sent to the venue. What is None stays as it is; the quantity is in the venue's own
    counting."""

    quantity: Decimal | None
    price: Decimal | None
    trigger_price: Decimal | None


class CancelAsked(Note, frozen=True, kw_only=True):
    """A cancel of the order is sent to the venue."""


class Unclear(Note, frozen=True, kw_only=True):
    """The venue has said that the order is not what it was, and not what it is now."""


class TotalTold(Note, frozen=True, kw_only=True):
    """The venue counts so much of the order, and a `MissingFills` has said that some of it is missing. A fill that the
    same message reports next is in it."""

    total: Decimal
    # By venue order id, as far as the venue counts more there than was heard: each has its own fills to come.
    totals: dict[VenueOrderId, Decimal] = field(default_factory=dict)


class AccountNote(Struct, frozen=True, kw_only=True, gc=False, tag_field="type", tag=True):
    """Root of the records that are not published, and that are about no order of ours."""


class Opened(AccountNote, frozen=True, kw_only=True):
    """When the first client of this journal began: what executed before is not ours to report. is_measured: by the
    venue's clock, not by ours. ns since 1970."""

    at: int
    is_measured: bool


class HistoryRead(AccountNote, frozen=True, kw_only=True):
    """Every fill before this has been reported: ns since 1970 by the venue's clock."""

    until: int


class SwitchSet(AccountNote, frozen=True, kw_only=True):
    """The dead man's switch is set to so many seconds from now on; 0: it is turned off."""

    seconds: int


class ExternalSeen(AccountNote, frozen=True, kw_only=True):
    """An order of another session is remembered from now on as open."""

    venue_order_id: VenueOrderId
    wire_id: WireId | None
    symbol: str
    side: Side | None
    order_type: OrderType | None
    time_in_force: TimeInForce | None
    price: Decimal | None
    trigger_price: Decimal | None
    quantity: Decimal | None
    cumulative: Decimal | None
    status: OrderStatus | None
    # When it was first heard of, ns since 1970 by our clock.
    at: int


class ExternalDropped(AccountNote, frozen=True, kw_only=True):
    """An order of another session is remembered no longer under this id: it goes on under another one."""

    venue_order_id: VenueOrderId


class ExternalGone(AccountNote, frozen=True, kw_only=True):
    """An order of another session is not open any more, and the venue does not say how it ended."""

    venue_order_id: VenueOrderId


class Disowned(AccountNote, frozen=True, kw_only=True):
    """A venue order id that can never be one of ours, whatever client id it comes with."""

    venue_order_id: VenueOrderId


class NonceUsed(AccountNote, frozen=True, kw_only=True):
    """The number of the last signed call: later ones must have greater numbers, also in the next run."""

    nonce: int


Record = OrderEvent | Report | ConnectionEvent | JournalEvent | Note | AccountNote

NOTES: Final[frozenset[type[Note] | type[AccountNote]]] = frozenset(
    {
        Registered,
        Bound,
        FormerId,
        AlreadyCounted,
        Intent,
        Postponed,
        ReplaceAsked,
        CancelAsked,
        Unclear,
        TotalTold,
        Opened,
        HistoryRead,
        SwitchSet,
        ExternalSeen,
        ExternalDropped,
        ExternalGone,
        Disowned,
        NonceUsed,
    }
)


def numbered(records: Iterable[Record], after: int) -> list[Event]:
    """Those that are published, each with its place in the stream, which `after` is the last one of. For the outbox
    alone, once."""
    published: list[Event] = []
    for record in records:
        # By type: a look at the base class of a struct takes three times as long, and this is done for every message.
        if type(record) not in NOTES:
            after += 1
            event: Any = record  # `cast` would be one more call
            number(event, after)
            published.append(event)
    return published
