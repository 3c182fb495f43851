"""Orders and accounts of a simulated Toy Exchange."""

from __future__ import annotations

from decimal import Decimal

from attrs import define, field

from protocol.values import ZERO, Side

from ..toy.enumerations import SIDE_NAMES
from ..toy.wire import Fill, Order

__all__ = ["Account", "VenueOrder"]


@define(kw_only=True)
class VenueOrder:
    """One order. received, ended: ns since 1970."""

    order_id: str
    account: str
    client_id: str | None
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    time_in_force: str
    received: int
    filled: Decimal = ZERO
    state: str = "open"
    ended: int | None = None
    reason: str | None = None

    @property
    def left(self) -> Decimal:
        return self.quantity - self.filled

    def on_wire(self) -> Order:
        return Order(
            order=self.order_id,
            id=self.client_id,
            symbol=self.symbol,
            side=SIDE_NAMES[self.side],
            quantity=self.quantity,
            price=self.price,
            filled=self.filled,
            time_in_force=self.time_in_force,
            state=self.state,
            received=self.received,
            ended=self.ended,
            reason=self.reason,
        )


@define
class Account:
    """orders: all of them by the venue's id, the oldest first; fills: likewise."""

    name: str
    orders: dict[str, VenueOrder] = field(factory=dict)
    fills: list[Fill] = field(factory=list)

    @property
    def open_orders(self) -> list[VenueOrder]:
        return [order for order in self.orders.values() if order.state == "open"]

    def find(self, order_id: str | None, client_id: str | None) -> VenueOrder | None:
        """The newest order with this client id, if there is no venue's id."""
        if order_id is not None:
            return self.orders.get(order_id)
        named = (order for order in reversed(self.orders.values()) if order.client_id == client_id)
        return next(named, None)
