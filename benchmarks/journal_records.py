"""Records of many orders that came and went, as a journal holds them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import Any

from actors import Money, OrderStatus, Side, TimeInForce
from actors.events import Accepted, Filled, Submitted
from protocol.dispatch.records import Record
from protocol.events import Event, number
from protocol.orders import OrderIdentity
from protocol.values import (
    AccountId,
    ClientOrderId,
    LiquiditySide,
    RequestId,
    StrategyId,
    TradeId,
    TraderId,
    VenueOrderId,
)

from .products import PRODUCTS

__all__ = ["records_of_orders"]

BEGAN = 1_795_000_000_000_000_000


def records_of_orders(count: int) -> Iterator[Record]:
    """So many, numbered: each order is submitted, accepted and filled."""
    return islice(_numbered(_endless()), count)


def _numbered(records: Iterator[Record]) -> Iterator[Record]:
    sequence = 0
    for record in records:
        if isinstance(record, Event):
            sequence += 1
            number(record, sequence)
        yield record


def _endless() -> Iterator[Record]:
    product = PRODUCTS["ax"]
    order = product.order
    for index in range(1, 1 << 60):
        now = BEGAN + index * 1_000_000
        venue_order_id = VenueOrderId(f"O-01KX{index:022d}")
        identity = OrderIdentity(
            trader=TraderId("TRADER-001"),
            strategy=StrategyId("default"),
            account=AccountId("ACCOUNT-001"),
            instrument=product.instrument.id,
            client_order_id=ClientOrderId(f"bench-order-number-{index:010d}"),
            side=Side.SELL,
            type=order.type,
            currency="USD",
            wire_id=index,
            local_time=now,
        )
        told: Any = {"identity": identity, "venue_time": now, "local_time": now}
        yield Submitted(
            **told,
            venue_order_id=None,
            request_id=RequestId(index % 1_000_000),
            quantity=order.quantity,
            price=order.price,
            trigger_price=None,
            time_in_force=TimeInForce.GTC,
            post_only=False,
        )
        yield Accepted(**told, venue_order_id=venue_order_id)
        yield Filled(
            **told,
            venue_order_id=venue_order_id,
            trade_id=TradeId(f"T-{index}"),
            fill_venue_order_id=venue_order_id,
            last_price=Decimal("2411.5"),
            last_quantity=order.quantity,
            cumulative=order.quantity,
            leaves=Decimal(0),
            currency="USD",
            commission=Money(Decimal("0.12"), "USD"),
            liquidity=LiquiditySide.MAKER,
            status=OrderStatus.FILLED,
            side=Side.SELL,
        )
