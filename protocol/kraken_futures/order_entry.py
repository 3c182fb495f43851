"""Requests to calls of Kraken Futures' REST interface: all order entry goes that way (spec B.10, B.12, B.13).

A call is signed without a nonce, which the venue does not ask for: two programs with one key would refuse each other's
calls, and each call would have to wait for the one before it.
"""

from __future__ import annotations

from typing import Final

import attrs

from ..requests import (
    AskTime,
    BatchOrders,
    CancelAllOrders,
    CancelOrder,
    Leg,
    ListFills,
    ListOpenOrders,
    ListOrderHistory,
    PlaceOrder,
    QueryOrder,
    ReplaceOrder,
    Request,
    SetCancelAllAfter,
    is_urgent,
)
from ..values import OrderType, TimeInForce, WireId
from ..venue import HttpCall
from .converter import MILLISECOND, encode_form, encode_message, iso
from .enumerations import OFFSET_CODES, SIDE_CODES, SIGNAL_CODES
from .history import history_form, history_path
from .limits import cost_of, pool_of
from .signing import Credentials
from .wire import (
    BatchForm,
    BatchItem,
    BatchRequest,
    CancelAllAfterForm,
    CancelAllForm,
    CancelForm,
    EditForm,
    FillsQuery,
    OrdersStatusForm,
    SendForm,
)

__all__ = [
    "HTTP_REQUESTS",
    "LIMIT_TYPES",
    "MOST_CANCELS",
    "MOST_ORDERS",
    "TRAILING_TYPES",
    "TRIGGER_TYPES",
    "encode",
    "order_tag",
]

HTTP_REQUESTS: Final[frozenset[type]] = frozenset(
    {
        PlaceOrder,
        ReplaceOrder,
        CancelOrder,
        CancelAllOrders,
        ListOpenOrders,
        QueryOrder,
        ListFills,
        BatchOrders,
        ListOrderHistory,
        SetCancelAllAfter,
        AskTime,
    }
)
"""Every request: the WebSocket only brings what happened."""

BASE: Final = "/derivatives/api/v3"
MOST_ORDERS: Final = 10
"""Placements and changes in one batch."""
MOST_CANCELS: Final = 50
"""Legs in one batch."""

FORM: Final = ("Content-Type", "application/x-www-form-urlencoded")

LIMIT_TYPES: Final = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED})
TRIGGER_TYPES: Final = frozenset(
    {OrderType.STOP_MARKET, OrderType.STOP_LIMIT, OrderType.MARKET_IF_TOUCHED, OrderType.LIMIT_IF_TOUCHED}
)
TRAILING_TYPES: Final = frozenset({OrderType.TRAILING_STOP_MARKET, OrderType.TRAILING_STOP_LIMIT})

TYPE_CODES: Final = {
    OrderType.MARKET: "mkt",
    OrderType.STOP_MARKET: "stp",
    OrderType.STOP_LIMIT: "stp",
    OrderType.MARKET_IF_TOUCHED: "take_profit",
    OrderType.LIMIT_IF_TOUCHED: "take_profit",
    OrderType.TRAILING_STOP_MARKET: "trailing_stop",
    OrderType.TRAILING_STOP_LIMIT: "trailing_stop",
}
LIMIT_CODES: Final = {TimeInForce.IOC: "ioc", TimeInForce.FOK: "fok"}


def order_tag(leg: PlaceOrder) -> str:
    """What the answer to a placement in a batch is recognized by."""
    return f"r{leg.request_id}"


def encode(request: Request, credentials: Credentials) -> HttpCall:
    """The signed call for a request. Raises ValueError for what this venue cannot be asked."""
    method, path, form = _call(request)
    text = encode_form(form) if form is not None else ""
    proof = (("APIKey", credentials.api_key), ("Authent", credentials.authent(path, text)))
    is_post = method == "POST"
    return HttpCall(
        method=method,
        path=path if is_post or not text else f"{path}?{text}",
        body=text.encode() if is_post else None,
        authorized=False,
        headers=(*proof, FORM) if is_post else proof,
        pool=pool_of(request),
        cost=cost_of(request),
        urgent=is_urgent(request),
    )


def _call(request: Request) -> tuple[str, str, object]:
    """Method, path and form of a request."""
    match request:
        case PlaceOrder():
            return "POST", f"{BASE}/sendorder", _send(request)
        case ReplaceOrder():
            return "POST", f"{BASE}/editorder", _edit(request)
        case CancelOrder():
            return "POST", f"{BASE}/cancelorder", _cancel(request)
        case CancelAllOrders():
            return "POST", f"{BASE}/cancelallorders", CancelAllForm(symbol=_symbol(request.symbol))
        case SetCancelAllAfter():
            return "POST", f"{BASE}/cancelallordersafter", CancelAllAfterForm(timeout=request.seconds)
        case BatchOrders():
            return "POST", f"{BASE}/batchorder", _batch(request)
        case QueryOrder():
            return "POST", f"{BASE}/orders/status", _status(request)
        case ListOpenOrders() | AskTime():  # of the time: no cheaper call is certain to be answered by no cache
            return "GET", f"{BASE}/openorders", None
        case ListFills():
            return "GET", f"{BASE}/fills", _fills(request)
        case ListOrderHistory():
            return "GET", history_path(request), history_form(request)
        case _:
            raise ValueError(f"Kraken Futures cannot be asked {type(request).__name__}.")


def _text(wire_id: WireId | None) -> str | None:
    return None if wire_id is None else str(wire_id)


def _symbol(symbol: str | None) -> str | None:
    return None if symbol is None else symbol.upper()


def _moment(time: int | None) -> str | None:
    return None if time is None else iso(time)


def _type_code(request: PlaceOrder) -> str:
    if request.type is not OrderType.LIMIT:
        return TYPE_CODES[request.type]
    return "post" if request.post_only else LIMIT_CODES.get(request.time_in_force, "lmt")


def _send(request: PlaceOrder) -> SendForm:
    trailing, triggered = request.type in TRAILING_TYPES, request.type in TRIGGER_TYPES
    if request.type in LIMIT_TYPES and request.price is None:
        raise ValueError(f"A {request.type.name} order needs a price; request {request.request_id} has none.")
    offset = request.limit_offset if trailing or triggered else None
    return SendForm(
        orderType=_type_code(request),
        symbol=request.symbol.upper(),
        side=SIDE_CODES[request.side],
        size=request.quantity,
        limitPrice=request.price if request.type in LIMIT_TYPES else None,
        stopPrice=request.trigger_price if triggered else None,
        triggerSignal=SIGNAL_CODES.get(request.trigger) if trailing or triggered else None,
        trailingStopMaxDeviation=request.trailing_offset if trailing else None,
        trailingStopDeviationUnit=OFFSET_CODES[request.trailing_unit] if trailing else None,
        limitPriceOffsetValue=offset,
        limitPriceOffsetUnit=None if offset is None else OFFSET_CODES[request.limit_offset_unit],
        reduceOnly=True if request.reduce_only else None,
        cliOrdId=str(request.wire_id),
        processBefore=_moment(request.process_before),
    )


def _edit(request: ReplaceOrder) -> EditForm:
    """The quantity is that of the whole order, fills included; the venue would count the open part alone (E.15)."""
    if request.time_in_force is not None or request.post_only is not None:
        raise ValueError(f"Kraken Futures cannot change what request {request.request_id} asks for.")
    offset = request.trailing_offset
    return EditForm(
        orderId=request.venue_order_id,
        size=request.quantity,
        limitPrice=request.price,
        stopPrice=request.trigger_price,
        trailingStopMaxDeviation=offset,
        trailingStopDeviationUnit=None if offset is None else OFFSET_CODES[request.trailing_unit],
        qtyMode="ABSOLUTE",
        processBefore=_moment(request.process_before),
    )


def _cancel(request: CancelOrder) -> CancelForm:
    if request.venue_order_id is not None:
        return CancelForm(order_id=request.venue_order_id)
    return CancelForm(cliOrdId=_text(request.wire_id))


def _batch(request: BatchOrders) -> BatchForm:
    orders = [leg for leg in request.legs if not isinstance(leg, CancelOrder)]
    if not 1 <= len(request.legs) <= MOST_CANCELS or len(orders) > MOST_ORDERS:
        raise ValueError(f"A batch holds 1 to {MOST_CANCELS} legs, and at most {MOST_ORDERS} that are no cancels.")
    if any(isinstance(leg, PlaceOrder) and leg.type is OrderType.MARKET for leg in orders):
        raise ValueError("Market orders are sent one by one, not in a batch.")
    text = encode_message(BatchRequest(batchOrder=[_leg(leg) for leg in request.legs]))
    moments = [each.process_before for each in (request, *orders) if each.process_before is not None]
    return BatchForm(json=text, ProcessBefore=_moment(min(moments, default=None)))


def _leg(leg: Leg) -> BatchItem:
    if isinstance(leg, CancelOrder):
        cancel = _cancel(leg)
        return BatchItem(order="cancel", order_id=cancel.order_id, cliOrdId=cancel.cliOrdId)
    if isinstance(leg, ReplaceOrder):
        edit = _edit(leg)
        terms = {name: getattr(edit, name) for name in EDIT_TERMS}
        return BatchItem(order="edit", order_id=edit.orderId, **terms)
    send = _send(leg)
    terms = {field.name: getattr(send, field.name) for field in attrs.fields(SendForm)}
    del terms["processBefore"]  # a batch has one for all of it: the earliest
    return BatchItem(order="send", order_tag=order_tag(leg), **terms)


EDIT_TERMS: Final = (
    "size",
    "limitPrice",
    "stopPrice",
    "trailingStopMaxDeviation",
    "trailingStopDeviationUnit",
    "qtyMode",
)


def _status(request: QueryOrder) -> OrdersStatusForm:
    if request.venue_order_id is not None:
        return OrdersStatusForm(orderIds=[request.venue_order_id])
    return OrdersStatusForm(cliOrdIds=[str(request.wire_id)])


def _fills(request: ListFills) -> FillsQuery:
    """The venue gives the fills before a moment, newest first; a millisecond that has begun counts as a whole one."""
    if request.venue_order_id is not None:
        raise ValueError("Kraken Futures does not list the fills of one order alone.")
    newest = request.latest and request.cursor is None
    return FillsQuery(lastFillTime=None if newest else request.cursor or iso(request.end + MILLISECOND - 1))
