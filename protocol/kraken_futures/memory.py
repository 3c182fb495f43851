"""What one connection remembers of orders: the messages about an order's end leave out most of it (spec B.6, D.4)."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from attrs import define, field
from msgspec import Struct

from ..facts import OrderView
from ..values import OrderType, Side, TriggerType, VenueOrderId, WireId
from ..window import Window
from .quantity import Quantity

__all__ = ["OrderMemory", "Remembered"]

CAPACITY: Final = 100_000
"""Orders remembered; the oldest slides out. An order that is gone is kept, because its fills may follow."""
FIRED_CAPACITY: Final = 1_000
"""Fired stops whose child order may still follow."""


class Remembered(Struct, frozen=True, kw_only=True, gc=False):
    """An order as its last delta showed it."""

    symbol: str
    wire_id: WireId | None
    side: Side | None
    type: OrderType | None
    quantity: Quantity | None
    """None: never shown."""
    filled: Decimal | None
    """See `quantity`."""
    price: Decimal | None
    trigger_price: Decimal | None
    reduce_only: bool
    trigger_type: TriggerType | None


@define
class OrderMemory:
    _orders: Window[VenueOrderId, Remembered] = field(factory=lambda: Window(CAPACITY))
    _fired: Window[WireId, VenueOrderId] = field(factory=lambda: Window(FIRED_CAPACITY))

    def get(self, venue_order_id: VenueOrderId) -> Remembered | None:
        return self._orders.get(venue_order_id)

    def put(self, view: OrderView, quantity: Quantity | None) -> None:
        """Remembers an order as a delta showed it. quantity: of the view."""
        self._orders.put(
            view.venue_order_id,
            Remembered(
                symbol=view.symbol,
                wire_id=view.wire_id,
                side=view.side,
                type=view.type,
                quantity=quantity,
                filled=view.cumulative,
                price=view.price,
                trigger_price=view.trigger_price,
                reduce_only=view.reduce_only,
                trigger_type=view.trigger_type,
            ),
        )

    def fired(self, venue_order_id: VenueOrderId, wire_id: WireId | None) -> None:
        """A stop fired; an order with the same client id carries it on."""
        if wire_id is not None:
            self._fired.put(wire_id, venue_order_id)

    def goes_on(self, venue_order_id: VenueOrderId, wire_id: WireId | None) -> None:
        """An order is heard of again. A stop that fired goes on under its own id then, and has no other to carry it on
        (spec B.7)."""
        if self._fired and wire_id is not None and self._fired.get(wire_id) == venue_order_id:
            self._fired.pop(wire_id)

    def parent_of(self, child: VenueOrderId, wire_id: WireId | None) -> VenueOrderId | None:
        """The fired stop that this order carries on, None if there is none. Answers once for each stop."""
        if wire_id is None or self._fired.get(wire_id) in (None, child):
            return None
        return self._fired.pop(wire_id)
