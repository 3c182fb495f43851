"""What dispatch asks of a venue, in words that every venue shares. Venue modules turn each into a frame or a call."""

from __future__ import annotations

from decimal import Decimal

from attrs import frozen

from .values import OrderType, RequestId, Side, TimeInForce, VenueOrderId, WireId

__all__ = [
    "CancelAllOrders",
    "CancelOrder",
    "ListFills",
    "ListOpenOrders",
    "PlaceOrder",
    "PreviewPrice",
    "QueryOrder",
    "ReplaceOrder",
    "Request",
]


@frozen(kw_only=True)
class PlaceOrder:
    """Quantities and prices have been checked against the instrument. price: quote currency per unit."""

    request_id: RequestId
    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal
    price: Decimal | None
    trigger_price: Decimal | None
    time_in_force: TimeInForce
    post_only: bool
    wire_id: WireId
    tag: str | None


@frozen(kw_only=True)
class CancelOrder:
    """Exactly one of the two ids is set."""

    request_id: RequestId
    venue_order_id: VenueOrderId | None
    wire_id: WireId | None


@frozen(kw_only=True)
class ReplaceOrder:
    """None: keep as it is."""

    request_id: RequestId
    venue_order_id: VenueOrderId
    quantity: Decimal | None
    price: Decimal | None
    time_in_force: TimeInForce | None
    post_only: bool | None


@frozen(kw_only=True)
class CancelAllOrders:
    """symbol None: of every instrument."""

    request_id: RequestId
    symbol: str | None


@frozen(kw_only=True)
class ListOpenOrders:
    request_id: RequestId


@frozen(kw_only=True)
class QueryOrder:
    """Exactly one of the two ids is set."""

    request_id: RequestId
    venue_order_id: VenueOrderId | None
    wire_id: WireId | None


@frozen(kw_only=True)
class PreviewPrice:
    """At which price would `quantity` fill now?"""

    request_id: RequestId
    symbol: str
    side: Side
    quantity: Decimal


@frozen(kw_only=True)
class ListFills:
    """Executions in a time range. start inclusive, end exclusive, ns since 1970; symbol None: of every instrument.
    cursor: where the last page ended, None for the first."""

    request_id: RequestId
    start: int
    end: int
    symbol: str | None
    cursor: str | None = None


Request = (
    PlaceOrder | CancelOrder | ReplaceOrder | CancelAllOrders | ListOpenOrders | QueryOrder | PreviewPrice | ListFills
)
