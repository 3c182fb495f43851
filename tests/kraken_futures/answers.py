"""Answers of Kraken Futures over REST, typed out by hand, and what reads them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from protocol.facts import (
    Fact,
    OrderAcknowledged,
    OrderCanceled,
    OrderFilled,
    OrderView,
    Outcome,
    RequestAnswered,
    RequestRefused,
    Trade,
)
from protocol.kraken_futures.enumerations import why_refused
from protocol.kraken_futures.rest_answers import read_answer
from protocol.requests import CancelOrder, ListFills, ListOpenOrders, PlaceOrder, QueryOrder, ReplaceOrder, Request
from protocol.values import LiquiditySide, OrderStatus, OrderType, RequestId, Side, TimeInForce, VenueOrderId
from protocol.venue import HttpAnswer

D = Decimal
PLACED = "2026-09-21T14:13:20.000Z"
PLACED_AT = 1_790_000_000_000_000_000
HEARD = "2026-09-21T14:13:20.250Z"
HEARD_AT = 1_790_000_000_250_000_000


def number(value: int) -> RequestId:
    return RequestId(value)


def place(**changes: Any) -> PlaceOrder:
    terms: dict[str, Any] = {
        "request_id": 1,
        "symbol": "PF_ETHUSD",
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "quantity": D("2.5"),
        "price": D("3100.5"),
        "trigger_price": None,
        "time_in_force": TimeInForce.GTC,
        "post_only": False,
        "wire_id": "mine-1",
        "tag": None,
    }
    return PlaceOrder(**(terms | changes))


def replace(order_id: str = "ord-1", request_id: int = 1) -> ReplaceOrder:
    return ReplaceOrder(
        request_id=number(request_id),
        venue_order_id=VenueOrderId(order_id),
        quantity=D(3),
        price=None,
        time_in_force=None,
        post_only=None,
    )


def cancel(order_id: str | None = "ord-1", client_id: str | None = None, request_id: int = 1) -> CancelOrder:
    venue_order_id = None if order_id is None else VenueOrderId(order_id)
    return CancelOrder(request_id=number(request_id), venue_order_id=venue_order_id, wire_id=client_id)


def fills(**changes: Any) -> ListFills:
    """A question for the fills of all times."""
    terms: dict[str, Any] = {"request_id": 1, "start": 0, "end": 2**62, "symbol": None}
    return ListFills(**(terms | changes))


def query(order_id: str | None = "ord-1", client_id: str | None = None) -> QueryOrder:
    venue_order_id = None if order_id is None else VenueOrderId(order_id)
    return QueryOrder(request_id=number(1), venue_order_id=venue_order_id, wire_id=client_id)


OPEN_ORDERS = ListOpenOrders(request_id=number(1))


def read(request: Request, body: str | bytes, status: int = 200) -> tuple[Fact, ...]:
    raw = body.encode() if isinstance(body, str) else body
    return tuple(read_answer(request, HttpAnswer(status=status, body=raw)))


def refused(outcome: Outcome, reason: str, request_id: int = 1) -> RequestRefused:
    """What a reason is about has tests of its own."""
    return RequestRefused(request_id=number(request_id), outcome=outcome, reason=reason, why=why_refused(reason))


def answered(order_id: str | None = None, request_id: int = 1, canceled: int | None = None) -> RequestAnswered:
    venue_order_id = None if order_id is None else VenueOrderId(order_id)
    return RequestAnswered(request_id=number(request_id), venue_order_id=venue_order_id, canceled=canceled)


def obj(fields: dict[str, str | None]) -> str:
    """A JSON object of these keys; the values are JSON as they stand, None takes a key out."""
    return "{" + ",".join(f'"{key}":{value}' for key, value in fields.items() if value is not None) + "}"


def order(**changes: str | None) -> str:
    """`order` as REST writes it, with other values."""
    fields: dict[str, str | None] = {
        "type": '"lmt"',
        "orderId": '"ord-1"',
        "cliOrdId": '"mine-1"',
        "symbol": '"PF_ETHUSD"',
        "side": '"buy"',
        "quantity": "2.50",
        "filled": "0.0",
        "limitPrice": "3100.5",
        "reduceOnly": "false",
        "timestamp": f'"{PLACED}"',
        "lastUpdateTimestamp": f'"{PLACED}"',
    }
    return obj(fields | changes)


def view(**changes: Any) -> OrderView:
    """What `order()` says."""
    fields: dict[str, Any] = {
        "venue_order_id": "ord-1",
        "wire_id": "mine-1",
        "symbol": "PF_ETHUSD",
        "side": Side.BUY,
        "price": D("3100.5"),
        "quantity": D("2.50"),
        "cumulative": D(0),
        "status": OrderStatus.ACCEPTED,
        "time_in_force": TimeInForce.GTC,
        "post_only": False,
        "type": OrderType.LIMIT,
        "trigger_price": None,
        "reason": "",
        "time": PLACED_AT,
        "reduce_only": False,
        "trigger_type": None,
    }
    return OrderView(**(fields | changes))


def listed(key: str, *elements: str, more: str = "") -> str:
    """An answer that holds a list."""
    return f'{{"result":"success","{key}":[{",".join(elements)}]{more},"serverTime":"{HEARD}"}}'


EXECUTION = (
    '{"type":"EXECUTION","executionId":"fill-1","price":3100.25,"amount":0.4,"orderPriorEdit":null,'
    '"orderPriorExecution":' + order() + ',"takerReducedQuantity":null}'
)
TRIGGER = (
    '{"uid":"ord-1","clientId":"mine-1","type":"lmt","symbol":"PF_ETHUSD","side":"sell","quantity":1.5,'
    '"limitPrice":2890.0,"triggerPrice":2900.0,"triggerSide":"trigger_below","triggerSignal":"mark_price",'
    f'"reduceOnly":true,"timestamp":"{PLACED}","lastUpdateTimestamp":"{PLACED}","startTime":null}}'
)


def live(order_id: str = "ord-1", time: int = HEARD_AT, **changes: Any) -> OrderAcknowledged:
    """The order as we sent it; what it filled comes as executions."""
    shown = view(venue_order_id=order_id, quantity=D("2.5"), cumulative=None, time=time, **changes)
    return OrderAcknowledged(time=time, order=shown)


def trade(**changes: Any) -> Trade:
    """What EXECUTION says."""
    fields: dict[str, Any] = {
        "venue_order_id": "ord-1",
        "trade_id": "fill-1",
        "symbol": "PF_ETHUSD",
        "side": Side.BUY,
        "price": D("3100.25"),
        "quantity": D("0.4"),
        "liquidity": LiquiditySide.TAKER,
        "time": HEARD_AT,
        "fee": None,
        "wire_id": "mine-1",
    }
    return Trade(**(fields | changes))


def traded(**changes: Any) -> OrderFilled:
    """The order of an execution is shown as it was before, so that its view claims nothing."""
    done = trade(**changes)
    shown = view(
        venue_order_id=done.venue_order_id,
        wire_id=done.wire_id,
        side=done.side,
        symbol=done.symbol,
        price=None,
        quantity=None,
        cumulative=None,
        status=None,
        time_in_force=None,
        type=None,
        time=0,
    )
    return OrderFilled(time=done.time, order=shown, event_id=done.trade_id, trade=done, final=False)


def cancel_status(word: str, *events: str, more: str = "") -> str:
    return (
        f'{{"result":"success","cancelStatus":{{"status":"{word}","order_id":"ord-1","receivedTime":"{HEARD}",'
        f'"orderEvents":[{",".join(events)}]{more}}},"serverTime":"{HEARD}"}}'
    )


def gone(order_id: str = "ord-1", filled: str = "0.0") -> str:
    named = order(orderId=f'"{order_id}"', filled=filled)
    return f'{{"type":"CANCEL","uid":"{order_id}","order":{named}}}'


def canceled(order_id: str = "ord-1") -> OrderCanceled:
    shown = view(venue_order_id=order_id, status=OrderStatus.CANCELED, reason="cancelled")
    return OrderCanceled(time=HEARD_AT, order=shown, reason="cancelled")
