"""Records of one order, made short, and what the tracked orders are after them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from protocol import events
from protocol.dispatch.records import AlreadyCounted, Record
from protocol.dispatch.tracking import Order, TrackedOrders
from protocol.orders import OrderIdentity
from protocol.reasons import Why
from protocol.values import (
    AccountId,
    ClientOrderId,
    LiquiditySide,
    Money,
    OrderStatus,
    OrderType,
    RequestId,
    Side,
    StrategyId,
    TimeInForce,
    TradeId,
    TraderId,
    VenueOrderId,
    WireId,
    instrument_id,
)

A7 = ClientOrderId("a7")
O1, O2, O3 = VenueOrderId("o1"), VenueOrderId("o2"), VenueOrderId("o3")
PLACED = 1_700_000_000_000_000_000
"""When the orders were, ns since 1970 by our clock."""
FEE = Money(Decimal("0.1"), "USD")


def identity(name: str = "a7", wire_id: WireId | None = 7, kind: OrderType | None = OrderType.LIMIT) -> OrderIdentity:
    return OrderIdentity(
        trader=TraderId("T"),
        strategy=StrategyId("s"),
        account=AccountId("A"),
        instrument=instrument_id("GOLD.TEST"),
        client_order_id=ClientOrderId(name),
        side=Side.BUY,
        type=kind,
        currency="USD",
        wire_id=wire_id,
        local_time=PLACED,
    )


US = identity()
OF_EVENT: Mapping[str, Any] = {"identity": US, "venue_order_id": O1, "venue_time": 0, "local_time": 2000}
TERMS: Mapping[str, Any] = {"quantity": Decimal(10), "price": Decimal(100), "trigger_price": Decimal(99)}


def submitted(of: OrderIdentity = US, **changes: Any) -> events.Submitted:
    known = {**OF_EVENT, **TERMS, "identity": of, "venue_order_id": None, "request_id": RequestId(3)}
    known |= {"time_in_force": TimeInForce.IOC, "post_only": True}
    return events.Submitted(**(known | changes))


def accepted(oid: VenueOrderId | None = O1, of: OrderIdentity = US) -> events.Accepted:
    return events.Accepted(**dict(OF_EVENT) | {"venue_order_id": oid, "identity": of})


def triggered() -> events.Triggered:
    return events.Triggered(**OF_EVENT)


def updated(oid: VenueOrderId | None, base: int = 0, **changes: Any) -> events.Updated:
    known = {**OF_EVENT, **TERMS, "venue_order_id": oid, "venue_cumulative_base": Decimal(base)}
    return events.Updated(**(known | changes))


def filled(tid: str, cumulative: int, *, under: VenueOrderId = O1, size: int = 1, **changes: Any) -> events.Filled:
    known: dict[str, Any] = dict(OF_EVENT) | {
        "trade_id": TradeId(tid),
        "fill_venue_order_id": under,
        "last_price": Decimal(100),
        "last_quantity": Decimal(size),
        "cumulative": Decimal(cumulative),
        "leaves": Decimal(0),
        "overfill": Decimal(0),
        "currency": "USD",
        "commission": FEE,
        "liquidity": LiquiditySide.MAKER,
        "status": OrderStatus.PARTIALLY_FILLED,
    }
    return events.Filled(**(known | changes))


def canceled(oid: VenueOrderId | None = O1, of: OrderIdentity = US) -> events.Canceled:
    what = dict(OF_EVENT) | {"venue_order_id": oid, "identity": of}
    return events.Canceled(**what, reason="asked for", cumulative=Decimal(0))


def denied() -> events.Denied:
    return events.Denied(**dict(OF_EVENT) | {"venue_order_id": None}, reason="never sent", why=Why.NOT_CONNECTED)


def lost(reason: str = "no answer") -> events.StatusUnknown:
    return events.StatusUnknown(**dict(OF_EVENT) | {"venue_order_id": None}, reason=reason, since=2000)


def completed(*, concluded: bool) -> events.Completed:
    return events.Completed(**OF_EVENT, cumulative=Decimal(1), concluded=concluded)


def reopened(status: OrderStatus = OrderStatus.ACCEPTED, oid: VenueOrderId | None = O1) -> events.Reopened:
    what = dict(OF_EVENT) | {"venue_order_id": oid}
    return events.Reopened(**what, was=OrderStatus.DENIED, status=status, leaves=None, reason="it lives")


def reported(tid: str, *, fee: Money | None = None, oid: VenueOrderId = O1) -> events.FillReport:
    return events.FillReport(
        local_time=2000,
        account=AccountId("A"),
        instrument=instrument_id("GOLD.TEST"),
        client_order_id=None,
        venue_order_id=oid,
        venue_time=0,
        trade_id=TradeId(tid),
        side=Side.BUY,
        last_price=Decimal(100),
        last_quantity=Decimal(1),
        currency="USD",
        commission=fee,
        liquidity=LiquiditySide.MAKER,
    )


def after(*told: Record, **options: Any) -> TrackedOrders:
    orders = TrackedOrders(**options)
    for record in told:
        orders.fold(record)
    return orders


def order_in(orders: TrackedOrders, name: str = "a7") -> Order:
    order = orders.by_client_order_id(ClientOrderId(name))
    assert order is not None
    return order


def order_after(*told: Record) -> Order:
    return order_in(after(*told))


def already(tid: str, time: int) -> AlreadyCounted:
    """Of 2 that an adopted order counts already."""
    return AlreadyCounted(identity=US, venue_order_id=O1, trade_id=TradeId(tid), quantity=Decimal(2), time=time)
