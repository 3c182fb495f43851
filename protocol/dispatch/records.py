"""Records: what dispatch decided. Folding them, in order, is the only way in which order state changes.

Every event about an order is a record. A few records are for our own state alone and are never published; they
are declared here.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final, cast

from msgspec import Struct

from ..events import ConnectionEvent, Event, JournalEvent, OrderEvent, Report, number
from ..orders import OrderIdentity
from ..values import ZERO, TimeInForce, TradeId, VenueOrderId

__all__ = ["AlreadyCounted", "Bound", "Counted", "FormerId", "Note", "Record", "Registered", "numbered"]


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


Record = OrderEvent | Report | ConnectionEvent | JournalEvent | Note

NOTES: Final = frozenset({Registered, Bound, FormerId, AlreadyCounted})


def numbered(records: Iterable[Record], after: int) -> list[Event]:
    """Those that are published, each with its place in the stream, which `after` is the last one of. For the outbox
    alone, once."""
    published: list[Event] = []
    for record in records:
        # By type: a look at the base class of a struct takes three times as long, and this is done for every message.
        if type(record) not in NOTES:
            after += 1
            event = cast(Event, record)
            number(event, after)
            published.append(event)
    return published
