"""Orders and `orderEvents` in REST answers to facts (spec B.12). In these the quantity is always that of the whole
order.

An execution here and on the fills feed is one fill: its id is the same in both. An edit here says nothing:
its delta on the feed does (spec E.8).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from attrs import frozen

from ..facts import Fact, OrderAcknowledged, OrderCanceled, OrderFilled, OrderRemoved, OrderView, Trade, Unreadable
from ..requests import PlaceOrder
from ..values import LiquiditySide, OrderStatus, TimeInForce, TradeId, VenueOrderId
from ..wire.numbers import amount, positive
from ..wire.tolerant import BEGINNING
from .converter import time_of
from .enumerations import SIDES, order_type, stop_type, time_in_force, trigger_type
from .wire import OrderBody, OrderEvent, Status, TriggerBody

__all__ = ["CANCELED", "EventsReader", "acknowledged", "body_view", "trigger_view", "unreadable"]

CANCELED: Final = "cancelled"


def body_view(body: OrderBody, status: OrderStatus | None, reason: str = "") -> OrderView | None:
    """The neutral view of an order object; None: it has no id."""
    if not body.venue_id:
        return None
    price, trigger = positive(body.limitPrice), body.priceTriggerOptions
    trigger_price = positive(body.stopPrice) or (None if trigger is None else positive(trigger.triggerPrice))
    kind = order_type(body.type, has_price=price is not None)
    signal = None if trigger is None else trigger.triggerSignal
    return OrderView(
        venue_order_id=VenueOrderId(body.venue_id),
        wire_id=body.client_id,
        symbol=(body.symbol or "").upper(),
        side=SIDES.get((body.side or "").lower()),
        price=price,
        quantity=positive(body.quantity),
        cumulative=amount(body.filled),
        status=status,
        time_in_force=None if kind is None else time_in_force(body.type),
        post_only=body.type == "post",
        type=kind,
        trigger_price=trigger_price,
        reason=reason,
        time=time_of(body.timestamp),
        reduce_only=body.reduceOnly is True,
        trigger_type=trigger_type(signal, has_trigger=trigger_price is not None),
    )


def trigger_view(body: TriggerBody, status: OrderStatus, reason: str = "") -> OrderView | None:
    """The neutral view of a stop as it waits; None: it has no id. Its `type` is that of the order that it becomes, and
    so is its time in force."""
    if not body.uid:
        return None
    price, trigger_price = positive(body.limitPrice), positive(body.triggerPrice)
    side = SIDES.get((body.side or "").lower())
    return OrderView(
        venue_order_id=VenueOrderId(body.uid),
        wire_id=body.clientId or None,
        symbol=(body.symbol or "").upper(),
        side=side,
        price=price,
        quantity=positive(body.quantity),
        cumulative=None,
        status=status,
        time_in_force=TimeInForce.GTC,
        post_only=False,
        type=stop_type(side, body.triggerSide, has_price=price is not None),
        trigger_price=trigger_price,
        reason=reason,
        time=time_of(body.timestamp),
        reduce_only=body.reduceOnly is True,
        trigger_type=trigger_type(body.triggerSignal, has_trigger=trigger_price is not None),
    )


def _placed_view(request: PlaceOrder, venue_order_id: VenueOrderId, time: int, kept: Decimal | None) -> OrderView:
    """An order that was just accepted, in our own terms but for the quantity that the venue has kept of it (None: all
    of it). What it filled comes as executions."""
    return OrderView(
        venue_order_id=venue_order_id,
        wire_id=request.wire_id,
        symbol=request.symbol.upper(),
        side=request.side,
        price=request.price,
        quantity=request.quantity if kept is None else kept,
        cumulative=None,
        status=OrderStatus.ACCEPTED,
        time_in_force=request.time_in_force,
        post_only=request.post_only,
        type=request.type,
        trigger_price=request.trigger_price,
        time=time,
    )


@frozen
class EventsReader:
    """Reads the events of one status."""

    status: Status
    place: PlaceOrder | None = None
    """The placement that it answers, None if it answers something else."""

    @property
    def time(self) -> int:
        return time_of(self.status.received)

    def executions(self) -> list[Fact]:
        """What was executed at once."""
        return [self._execution(event) for event in self._of("EXECUTION")]

    def cancels(self) -> list[Fact]:
        """Orders that this request ended, in whole or for their rest."""
        facts = (self._cancel(event) for event in self._of("CANCEL"))
        return [fact for fact in facts if fact is not None]

    def names_order(self) -> bool:
        """True when the answer proves that the order came into being."""
        return bool(self._of("PLACE") or self._of("EXECUTION"))

    def venue_order_id(self) -> VenueOrderId | None:
        """The id of the order, from wherever the answer has it."""
        if self.status.venue_id:
            return VenueOrderId(self.status.venue_id)
        for event in self.status.orderEvents or ():
            for body in (event.order, event.orderPriorExecution):
                if body is not None and body.venue_id:
                    return VenueOrderId(body.venue_id)
            if event.orderTrigger is not None and event.orderTrigger.uid:
                return VenueOrderId(event.orderTrigger.uid)
        return None

    def kept_quantity(self) -> Decimal | None:
        """The whole order's quantity where the venue has made a reduce-only order smaller (spec B.12), else None."""
        for event in self.status.orderEvents or ():
            cut = positive(event.reducedQuantity) or positive(event.takerReducedQuantity)
            body = event.order or event.orderTrigger or event.orderPriorExecution
            if cut is not None and body is not None and (kept := positive(body.quantity)) is not None:
                return kept
        return None

    def _of(self, kind: str) -> list[OrderEvent]:
        return [event for event in self.status.orderEvents or () if (event.type or "").upper() == kind]

    def _execution(self, event: OrderEvent) -> Fact:
        body = event.orderPriorExecution or event.order or event.orderPriorEdit
        order_id = (body.venue_id if body is not None else "") or self.status.venue_id
        price, quantity = positive(event.price), positive(event.amount)
        if not event.executionId or not order_id or price is None or quantity is None:
            why = "The venue's answer holds an execution without usable details."
            return Unreadable(why=why, text=str(event)[:BEGINNING])
        place, time = self.place, self.time
        symbol = ((body.symbol if body is not None else None) or ("" if place is None else place.symbol)).upper()
        side = SIDES.get(((body.side if body is not None else None) or "").lower())
        trade = Trade(
            venue_order_id=VenueOrderId(order_id),
            trade_id=TradeId(event.executionId),
            symbol=symbol,
            side=side or (None if place is None else place.side),
            price=price,
            quantity=quantity,
            liquidity=LiquiditySide.TAKER,  # it traded as it came in
            time=time,
            wire_id=self._client_id(body),
        )
        view = OrderView(
            venue_order_id=trade.venue_order_id,
            wire_id=trade.wire_id,
            symbol=symbol,
            side=trade.side,
            price=None,  # of a market order it would be the venue's protection price
            quantity=None,
            cumulative=None,
            status=None,
            time_in_force=None,
            post_only=False,
            type=None,
        )
        return OrderFilled(time=time, order=view, event_id=trade.trade_id, trade=trade, final=False)

    def _client_id(self, body: OrderBody | None) -> str | None:
        named = None if body is None else body.client_id
        own = None if self.place is None else str(self.place.wire_id)
        return named or self.status.client_id or own

    def _cancel(self, event: OrderEvent) -> Fact | None:
        view = None
        if event.order is not None:
            view = body_view(event.order, OrderStatus.CANCELED, CANCELED)
        elif event.orderTrigger is not None:
            view = trigger_view(event.orderTrigger, OrderStatus.CANCELED, CANCELED)
        return None if view is None else self.canceled(view)

    def canceled(self, view: OrderView) -> Fact:
        """The end of an order that this request canceled: at once, or once the fills beside it have been heard."""
        if not view.cumulative and not self._executed(view.venue_order_id):
            return OrderCanceled(time=self.time, order=view, reason=CANCELED)
        return OrderRemoved(
            time=self.time,
            order=view,
            ending=OrderStatus.CANCELED,
            filled=view.cumulative or None,
            reason=CANCELED,
        )

    def _executed(self, venue_order_id: VenueOrderId) -> bool:
        facts = self.executions()
        return any(isinstance(fact, OrderFilled) and fact.order.venue_order_id == venue_order_id for fact in facts)


def acknowledged(
    request: PlaceOrder, venue_order_id: VenueOrderId, time: int, kept: Decimal | None
) -> OrderAcknowledged:
    """kept: the quantity that the venue has kept of the order, None: all of it."""
    return OrderAcknowledged(time=time, order=_placed_view(request, venue_order_id, time, kept))


def unreadable(why: str, elements: Iterable[object]) -> list[Fact]:
    """One `Unreadable` for each element that was left out of a list."""
    return [Unreadable(why=why, text=repr(element)[:BEGINNING]) for element in elements]
