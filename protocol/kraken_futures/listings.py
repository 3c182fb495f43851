"""Answers to questions: open orders, one order's status and fills (spec B.13, D.5). What became of orders is in
`history`."""

from __future__ import annotations

from typing import Final

from ..facts import Fact, FillsListed, OrderView, Outcome, RequestAnswered, RequestRefused, Trade
from ..reasons import RejectReason
from ..requests import ListFills, ListOpenOrders, QueryOrder
from ..structs import evolve
from ..values import NO_TIME, ZERO, OrderStatus, VenueOrderId
from ..wire.numbers import amount, positive
from .converter import MILLISECOND, iso, time_of
from .enumerations import ROW_STATUSES, SIDES, order_type, query_status, time_in_force, trigger_type
from .fills import rest_trade
from .order_events import body_view, unreadable
from .wire import OpenOrderRow, OrderBody, OrderStatusRow, RestAnswer

__all__ = ["read_fills", "read_open_orders", "read_status"]

FILLS_PAGE: Final = 100
"""Fills on one page; a shorter page is the last."""


# Open orders


def row_view(row: OpenOrderRow) -> OrderView | None:
    if not row.venue_id:
        return None
    price, trigger_price = positive(row.limitPrice), positive(row.stopPrice)
    filled, unfilled = amount(row.filledSize), amount(row.unfilledSize)
    status = ROW_STATUSES.get(row.status or "")
    if filled is None and status is OrderStatus.ACCEPTED:
        filled = ZERO  # untouched
    return OrderView(
        venue_order_id=VenueOrderId(row.venue_id),
        wire_id=row.client_id,
        symbol=(row.symbol or "").upper(),
        side=SIDES.get((row.side or "").lower()),
        price=price,
        # Without one of the parts the row does not show how large the order is; what is known of it stays.
        quantity=None if filled is None or unfilled is None else filled + unfilled,
        cumulative=filled,
        status=status,
        time_in_force=time_in_force(row.orderType),
        post_only=False,
        type=order_type(row.orderType, has_price=price is not None),
        trigger_price=trigger_price,
        reason=(row.status or "") if status is None else "",
        time=time_of(row.receivedTime, row.lastUpdateTime),
        reduce_only=row.reduceOnly is True,
        trigger_type=trigger_type(row.triggerSignal, has_trigger=trigger_price is not None),
    )


def read_open_orders(request: ListOpenOrders, body: RestAnswer) -> list[Fact] | None:
    """None: the answer has no such list."""
    if body.openOrders is None:
        return None
    views = [(row, row_view(row)) for row in body.openOrders]
    lost = unreadable("The venue listed an order without an id; it was left out.", (r for r, v in views if v is None))
    orders = tuple(view for _, view in views if view is not None)
    return [RequestAnswered(request_id=request.request_id, orders=orders), *lost]


# One order


MATURED: Final = frozenset({"EXPIRED", "CONTRACT_EXPIRED"})


def status_view(row: OrderStatusRow) -> OrderView | None:
    body = row.order
    if body is None:
        return None
    status = query_status(row.status, has_fills=bool(amount(body.filled)))
    if status is OrderStatus.CANCELED and row.updateReason in MATURED:
        status = OrderStatus.EXPIRED
    ended = status is None or status.is_terminal
    reason = row.error or row.updateReason or ((row.status or "") if status is None else "")
    view = body_view(body, status, reason if ended else "")
    if view is None or status is None or not status.is_terminal:
        return view
    return evolve(view, ended=_updated(body))


def _is_meant(row: OrderStatusRow, request: QueryOrder) -> bool:
    body = row.order
    if body is None:
        return False
    if request.venue_order_id is not None:
        return body.venue_id == request.venue_order_id
    return body.client_id == str(request.wire_id)


def read_status(request: QueryOrder, body: RestAnswer) -> list[Fact] | None:
    """Where an order stands. Absence alone proves little: an order is listed for 5 s after it closed (spec B.13)."""
    if body.orders is None:
        return None
    rows = [row for row in body.orders if _is_meant(row, request)]
    # A client id may be used again once its order has closed: the newest is meant (spec E.12).
    rows.sort(key=lambda row: _updated(row.order))
    view = status_view(rows[-1]) if rows else None
    if view is not None:
        return [RequestAnswered(request_id=request.request_id, order=view)]
    reason = "The venue lists no such order as open, nor as closed within the last seconds."
    not_found, why = Outcome.NOT_FOUND, RejectReason.UNKNOWN_ORDER
    return [RequestRefused(request_id=request.request_id, outcome=not_found, reason=reason, why=why)]


def _updated(body: OrderBody | None) -> int:
    return NO_TIME if body is None else time_of(body.lastUpdateTimestamp, body.timestamp)


# Fills


def read_fills(request: ListFills, body: RestAnswer, left_out: int = 0) -> list[Fact] | None:
    """One page, which the venue gives newest first, as trades in the order in which they happened. left_out: elements
    of the page that could not even be read; it is as long as the venue made it."""
    if body.fills is None:
        return None
    read = [(fill, rest_trade(fill)) for fill in reversed(body.fills)]
    lost = unreadable(
        "The venue listed a fill that cannot be read; it was left out.", (f for f, t in read if t is None)
    )
    trades = sorted((trade for _, trade in read if trade is not None), key=lambda trade: trade.time)
    wanted = tuple(trade for trade in trades if _is_wanted(trade, request))
    cursor = _older(request, trades) if len(body.fills) + left_out >= FILLS_PAGE else None
    return [FillsListed(request_id=request.request_id, trades=wanted, cursor=cursor), *lost]


def _is_wanted(trade: Trade, request: ListFills) -> bool:
    if request.symbol is not None and trade.symbol != request.symbol.upper():
        return False
    return trade.time == NO_TIME or request.start <= trade.time < request.end


def _older(request: ListFills, trades: list[Trade]) -> str | None:
    """Where the next page begins; None when this one reaches back to the start.

    The venue gives what is before a moment. One millisecond after the oldest fill, so that others of the same
    millisecond are not lost between the pages; they come twice, and their ids show it.
    """
    times = [trade.time for trade in trades if trade.time != NO_TIME]
    if not times or times[0] < request.start:
        return None
    overlapping = iso(times[0] + MILLISECOND)
    return iso(times[0]) if overlapping == request.cursor else overlapping
