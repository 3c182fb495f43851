"""What one connection remembers of orders: after its first report, an order's reports hold only what changed, often not
even its symbol or client id (spec A.8, E.1)."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from attrs import define, field

from ..values import NO_TIME, OrderType, Side, TimeInForce, TriggerType, VenueOrderId, WireId
from ..window import Window
from ..wire.numbers import amount, is_plausible, positive
from ..wire.times import time_of
from .enumerations import order_type, side, time_in_force, trigger_type
from .wire import Report

__all__ = ["OrderMemory", "Remembered"]

CAPACITY: Final = 100_000
"""Orders remembered; the oldest slides out."""
CHANGES: Final = ("amended", "restated")
STATIC: Final = "static"
"""The type of a price that is one."""


def _is_shown(number: Decimal | None) -> bool:
    """False also for what no message can mean: it takes nothing back that an earlier one has shown."""
    return number is not None and is_plausible(number)


@define(eq=False)
class Remembered:
    """An order as its reports have shown it so far. What is None was never shown."""

    venue_order_id: VenueOrderId
    symbol: str = ""
    wire_id: WireId | None = None
    side: Side | None = None
    type: OrderType | None = None
    quantity: Decimal | None = None
    """Base units."""
    quote_amount: Decimal | None = None
    """What the order may spend, of an order placed by that, whose `quantity` is a guess of the venue's (spec E.11)."""
    display_quantity: Decimal | None = None
    cumulative: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    limit_at_price: bool = True
    """False where the venue counts them as distances, which are no prices."""
    trigger_at_price: bool = True
    """See `limit_at_price`."""
    trigger_type: TriggerType | None = None
    time_in_force: TimeInForce | None = None
    post_only: bool = False
    reduce_only: bool = False
    parent: VenueOrderId | None = None
    placed: int = NO_TIME
    """ns since 1970."""
    accepted: bool = False
    """It was live at some time."""
    is_usual: bool = True
    """False once it has shown a term that few orders have: an amount to spend, a part on display, a trigger, that it
    only reduces, or a parent."""

    def learn(self, report: Report) -> None:
        """Takes over what a report shows; what it leaves out has not changed."""
        if report.cl_ord_id:
            self.wire_id = report.cl_ord_id
        if report.symbol and not self._only_repeats(report):
            self._learn_identity(report)
        if report.cash_order_qty is not None:
            self.quote_amount = positive(report.cash_order_qty) or self.quote_amount
            self.is_usual = False
        if _is_shown(report.order_qty):
            self.quantity = positive(report.order_qty) or self.quantity
        elif report.exec_type in CHANGES:
            self.quantity = None  # it may be what was changed, though this report leaves it out (spec A.8, D.1)
        if _is_shown(report.display_qty):
            self.display_quantity = positive(report.display_qty)
            self.is_usual = False
        if _is_shown(report.limit_price):
            self._learn_limit(report)
        if report.triggers is not None or report.stop_price is not None:
            self._learn_trigger(report)
            self.is_usual = False
        if report.post_only is True:
            self.post_only = True
        if report.reduce_only is True:
            self.reduce_only = True
            self.is_usual = False
        self._learn_filled(report)

    def _only_repeats(self, report: Report) -> bool:
        """True for an execution of an order that is known well: it shows nothing new of it."""
        if not report.exec_id or report.symbol != self.symbol:
            return False
        return self.side is not None and self.type is not None

    def _learn_identity(self, report: Report) -> None:
        """What only a full report shows. Without a time in force, the order has the usual one (spec A.10)."""
        self.symbol = report.symbol or self.symbol
        self.side = side(report.side) or self.side
        self.type = order_type(report.order_type) or self.type
        if report.ord_ref_id:
            self.parent = VenueOrderId(report.ord_ref_id)
            self.is_usual = False
        shown = time_in_force(report.time_in_force)
        if report.exec_id is None and not report.time_in_force:
            shown = TimeInForce.GTC
        self.time_in_force = shown or self.time_in_force
        if report.exec_id is None and self.placed == NO_TIME:
            self.placed = time_of(report.timestamp)

    def _learn_limit(self, report: Report) -> None:
        if report.limit_price_type:
            self.limit_at_price = report.limit_price_type.lower() == STATIC
        if self.limit_at_price:
            self.price = positive(report.limit_price)

    def _learn_trigger(self, report: Report) -> None:
        """Where the trigger is now: an offset is no price (spec D.1)."""
        triggers = report.triggers
        price = mirrored = None
        if triggers is not None:
            if triggers.price_type:
                self.trigger_at_price = triggers.price_type.lower() == STATIC
            mirrored = None if self.trigger_at_price else triggers.price
            price = positive(triggers.actual_price) or (positive(triggers.price) if self.trigger_at_price else None)
            if triggers.reference or self.trigger_type is None:
                self.trigger_type = trigger_type(triggers.reference)
        if price is None and report.stop_price != mirrored:
            price = positive(report.stop_price)
        if price is not None:
            self.trigger_price = price
            if triggers is None and self.trigger_type is None:
                self.trigger_type = trigger_type(report.trigger)

    def _learn_filled(self, report: Report) -> None:
        shown = amount(report.cum_qty)
        if shown is None and report.exec_id:
            shown = amount(report.last_qty)  # at the least; a snapshot's trade does not show the total
        if shown is not None and (self.cumulative is None or shown > self.cumulative):
            self.cumulative = shown


@define(eq=False)
class OrderMemory:
    """Owned by one connection."""

    _orders: Window[VenueOrderId, Remembered] = field(factory=lambda: Window(CAPACITY))

    def __len__(self) -> int:
        return len(self._orders)

    def get(self, venue_order_id: VenueOrderId) -> Remembered | None:
        return self._orders.get(venue_order_id)

    def learn(self, venue_order_id: VenueOrderId, report: Report) -> Remembered:
        """What is known of the order, this report included."""
        known = self._orders.get(venue_order_id)
        if known is None:
            known = Remembered(venue_order_id)
            self._orders.put(venue_order_id, known)
        known.learn(report)
        return known

    def release(self, venue_order_id: VenueOrderId) -> None:
        """The order has ended; no further reports follow."""
        self._orders.pop(venue_order_id)
