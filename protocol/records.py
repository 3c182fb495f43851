"""Records: what dispatch decided. Folding them, in order, is the only way in which order state changes.

Every event about an order is a record. A few records are for our own state alone and are never published; they
are declared here.
"""

from __future__ import annotations

from decimal import Decimal

from attrs import frozen

from .events import ConnectionEvent, OrderEvent, Report
from .orders import OrderIdentity
from .values import ZERO, TimeInForce, VenueOrderId

__all__ = ["Bound", "FormerId", "Note", "Record", "Registered"]


@frozen(kw_only=True)
class Note:
    """Root of the records that are not published."""

    identity: OrderIdentity


@frozen(kw_only=True)
class Registered(Note):
    """An order that was not submitted here is tracked from now on. heard: how much of it counts as heard: only fills
    after that are told; heard_between: the instants between which that was so, ns since 1970 by the venue's clock: a
    fill of before is counted already; the terms: as far as the venue has shown them."""

    venue_order_id: VenueOrderId
    heard: Decimal = ZERO
    heard_between: tuple[int, int] | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    time_in_force: TimeInForce | None = None
    post_only: bool = False


@frozen(kw_only=True)
class Bound(Note):
    """The order's id at the venue, or terms that were open until now. None: nothing new about that one."""

    venue_order_id: VenueOrderId | None
    quantity: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    time_in_force: TimeInForce | None = None


@frozen(kw_only=True)
class FormerId(Note):
    """A venue order id that the order had before a replacement, told only after a later one: its late fills find the
    order by it."""

    venue_order_id: VenueOrderId


Record = OrderEvent | Report | ConnectionEvent | Note
