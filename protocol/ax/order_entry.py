"""Requests as frames on the socket (spec AX 3). What goes over HTTP is encoded in `rest_order_entry`."""

from __future__ import annotations

from attrs import frozen

from ..requests import (
    AskTime,
    BatchOrders,
    CancelAllOrders,
    CancelOrder,
    ListFills,
    ListOpenOrders,
    ListOrderHistory,
    PlaceOrder,
    PreviewPrice,
    QueryOrder,
    ReplaceOrder,
    Request,
    SetCancelAllAfter,
)
from ..values import OrderType, TimeInForce, WireId
from .converter import encode_request
from .enumerations import SIDE_CODES, TIME_IN_FORCE_CODES
from .wire import Outbound

__all__ = ["Origin", "encode", "order_number"]

# Python 3.11 looks a member up in its enumeration five times as slowly as a name in a module.
LIMIT, MARKET, STOP_LIMIT = OrderType.LIMIT, OrderType.MARKET, OrderType.STOP_LIMIT


@frozen(kw_only=True)
class Origin:
    """On whose behalf a session sends."""

    account: str | None = None
    """The venue's account id; None: the user's default account."""
    tag: str | None = None
    """On orders that have no tag of their own."""
    self_trade_prevention: str | None = None
    """What happens to an order that would trade with one of our own; None: the venue's default."""


def encode(request: Request, origin: Origin) -> str:
    """The frame for a request. Raises ValueError for a request that AX takes in no frame."""
    if type(request) is PlaceOrder:  # the one that is in a hurry does not wait for the others to be ruled out
        return encode_request(_place(request, origin))
    match request:
        case PreviewPrice() | ListFills() | ListOrderHistory() | SetCancelAllAfter() | BatchOrders() | AskTime():
            raise ValueError(f"AX has no frame for {type(request).__name__}.")
        case _:
            return encode_request(_outbound(request, origin))


def _outbound(
    request: PlaceOrder | CancelOrder | ReplaceOrder | CancelAllOrders | ListOpenOrders | QueryOrder, origin: Origin
) -> Outbound:
    rid = request.request_id
    match request:
        case PlaceOrder():
            return _place(request, origin)
        case CancelOrder(venue_order_id=oid) if oid is not None:
            return Outbound(t="x", rid=rid, oid=oid)
        case CancelOrder():
            return Outbound(t="x", rid=rid, cid=order_number(request.wire_id), aid=origin.account)
        case ReplaceOrder():
            return _replace(request)
        case CancelAllOrders():
            return Outbound(t="X", rid=rid, symbol=request.symbol, account_id=origin.account)
        case ListOpenOrders():
            return Outbound(t="o", rid=rid, account_id=origin.account)
        case QueryOrder(venue_order_id=oid) if oid is not None:
            return Outbound(t="s", rid=rid, oid=oid)
        case QueryOrder():
            return Outbound(t="s", rid=rid, cid=order_number(request.wire_id))


def order_number(wire_id: WireId | None) -> int:
    """The number that names an order on the wire, `cid`. Raises TypeError where there is none."""
    if not isinstance(wire_id, int):
        raise TypeError(f"A client order id crosses AX's wire as a whole number, not as {wire_id!r}.")
    return wire_id


def _place(request: PlaceOrder, origin: Origin) -> Outbound:
    """AX has neither market nor stop orders (spec AX 3.1, 8.1). A market order goes out as an aggressive limit order
    that never rests, a stop order with fields that AX ignores."""
    if request.price is None:
        raise ValueError(f"AX takes no order without a price; request {request.request_id} has none.")
    kind = request.type
    is_stop = kind is STOP_LIMIT
    time_in_force = TimeInForce.IOC if kind is MARKET else request.time_in_force
    return Outbound(
        t="p",
        rid=request.request_id,
        s=request.symbol,
        d=SIDE_CODES[request.side],
        q=int(request.quantity),
        p=request.price,
        tif=TIME_IN_FORCE_CODES[time_in_force],
        po=request.post_only and kind is LIMIT,
        cid=order_number(request.wire_id),
        tag=request.tag or origin.tag,
        st=origin.self_trade_prevention,
        aid=origin.account,
        order_type="STOP_LOSS_LIMIT" if is_stop else None,
        trigger_price=request.trigger_price if is_stop else None,
    )


def _replace(request: ReplaceOrder) -> Outbound:
    return Outbound(
        t="r",
        rid=request.request_id,
        oid=request.venue_order_id,
        p=request.price,
        q=None if request.quantity is None else int(request.quantity),
        tif=None if request.time_in_force is None else TIME_IN_FORCE_CODES[request.time_in_force],
        po=request.post_only,
    )
