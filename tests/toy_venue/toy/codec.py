"""Messages of the Toy Exchange to facts. Requests are written in `order_entry`."""

from __future__ import annotations

from typing import Final

from protocol.facts import (
    Alive,
    Fact,
    FillsListed,
    LoggedIn,
    OrderAcknowledged,
    OrderCanceled,
    OrderFilled,
    OrderHistoryListed,
    OrderView,
    Outcome,
    RequestAnswered,
    RequestRefused,
    Trade,
    Unreadable,
)
from protocol.reasons import RejectReason
from protocol.values import LiquiditySide, Money, OrderStatus, RequestId, TradeId, VenueOrderId
from protocol.wire.tolerant import BEGINNING, read_json

from .enumerations import OUTCOMES, REJECT_REASONS, SIDES, STATUSES, TIMES_IN_FORCE
from .wire import Fill, Message, Order

__all__ = ["decode"]

CURRENCY: Final = "USD"
"""Every instrument of this venue is quoted in it."""


def decode(message: str | bytes) -> tuple[Fact, ...]:
    """The facts in one complete message. Never raises, because a client must survive whatever a venue sends."""
    text = message if isinstance(message, str) else bytes(message).decode("utf-8", "replace")
    try:
        read, skipped = read_json(text, Message)
    except ValueError as problem:
        return (Unreadable(why=f"The venue sent a message that cannot be read: {problem}", text=text[:BEGINNING]),)
    left_out = tuple(Unreadable(why="A row cannot be read.", text=str(row)[:BEGINNING]) for row in skipped)
    facts = _event(read) if read.number is None else _answer(read, RequestId(read.number))
    return (*(facts or (Unreadable(why="The venue sent an unknown message.", text=text[:BEGINNING]),)), *left_out)


def _event(message: Message) -> tuple[Fact, ...]:
    time, order = message.time or 0, message.order
    if message.event == "beat":
        return (Alive(is_beat=True),)
    if message.event == "login":
        orders = tuple(view_of(one) for one in message.orders or ())
        return (LoggedIn(user=message.user or "", orders=orders, cancel_on_disconnect=False, heartbeat_timeout=None),)
    if order is None:
        return ()
    view = view_of(order)
    if message.event == "open":
        return (OrderAcknowledged(time=time, order=view),)
    if message.event == "canceled":
        return (OrderCanceled(time=time, order=view, reason=order.reason or ""),)
    if message.event == "fill" and message.fill is not None:
        final = view.status is OrderStatus.FILLED
        return (OrderFilled(time=time, order=view, trade=trade_of(message.fill), final=final, goes_on=not final),)
    return ()


def _answer(message: Message, number: RequestId) -> tuple[Fact, ...]:
    if message.error is not None:
        outcome = OUTCOMES.get(message.error, Outcome.AMBIGUOUS)
        reason, why = message.reason or message.error, REJECT_REASONS.get(message.error, RejectReason.OTHER)
        return (RequestRefused(request_id=number, outcome=outcome, reason=reason, why=why),)
    if message.fills is not None:
        return (FillsListed(request_id=number, trades=tuple(trade_of(fill) for fill in message.fills)),)
    if message.history is not None:
        return (OrderHistoryListed(request_id=number, orders=tuple(view_of(order) for order in message.history)),)
    return (
        RequestAnswered(
            request_id=number,
            venue_order_id=None if message.placed is None else VenueOrderId(message.placed),
            orders=None if message.orders is None else tuple(view_of(order) for order in message.orders),
            order=None if message.order is None else view_of(message.order),
            canceled=message.canceled,
        ),
    )


def view_of(order: Order) -> OrderView:
    status = STATUSES.get(order.state)
    if status is OrderStatus.ACCEPTED and order.filled:
        status = OrderStatus.PARTIALLY_FILLED
    return OrderView(
        venue_order_id=VenueOrderId(order.order),
        wire_id=order.id,
        symbol=order.symbol,
        side=SIDES.get(order.side),
        price=order.price,
        quantity=order.quantity,
        cumulative=order.filled,
        status=status,
        time_in_force=TIMES_IN_FORCE.get(order.time_in_force),
        post_only=False,
        reason=order.reason or "",
        time=order.received,
        ended=order.ended or 0,
    )


def trade_of(fill: Fill) -> Trade:
    return Trade(
        venue_order_id=VenueOrderId(fill.order),
        trade_id=TradeId(fill.trade),
        symbol=fill.symbol,
        side=SIDES.get(fill.side),
        price=fill.price,
        quantity=fill.quantity,
        liquidity=LiquiditySide.MAKER if fill.maker else LiquiditySide.TAKER,
        time=fill.time,
        fee=Money(fill.fee, CURRENCY),
        wire_id=fill.id,
    )
