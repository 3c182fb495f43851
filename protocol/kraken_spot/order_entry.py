"""Requests to frames of Kraken Spot's socket: order entry goes that way, each frame with the session token (spec A.12).

`req_id` is the number of the request. What the socket cannot be asked is in `rest_entry`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from ..requests import (
    AskTime,
    BatchOrders,
    CancelAllOrders,
    CancelOrder,
    PlaceOrder,
    ReplaceOrder,
    Request,
    SetCancelAllAfter,
)
from ..values import OffsetUnit, OrderType, TimeInForce, WireId
from . import wire
from .converter import encode_message, rfc3339
from .enumerations import (
    LIMIT_TYPES,
    OFFSET_CODES,
    SIDE_CODES,
    SIGNAL_CODES,
    TIME_IN_FORCE_CODES,
    TRAILING_TYPES,
    TRIGGER_TYPES,
    TYPE_CODES,
)
from .options import NO_OPTIONS, ConditionalClose, KrakenSpotOptions

__all__ = [
    "FEWEST_ORDERS",
    "MOST_CANCELS",
    "MOST_ORDERS",
    "SOCKET_REQUESTS",
    "edit_frame",
    "encode",
    "is_tokenized",
    "limit_of",
    "moment",
    "options_of",
    "seconds_moment",
    "type_code",
]

FEWEST_ORDERS: Final = 2
MOST_ORDERS: Final = 15
"""Orders in one batch; one has at least two."""
MOST_CANCELS: Final = 50


def encode(request: Request, token: str) -> str:
    """The frame of a request. Raises ValueError for what the socket cannot be asked."""
    writer = WRITERS.get(type(request))
    if writer is None:
        raise ValueError(f"Kraken's socket cannot be asked {type(request).__name__}.")
    method, params = writer(request, token)
    return _frame(method, params, request.request_id)


def edit_frame(request: ReplaceOrder, token: str) -> str:
    """The same change as a cancel and a new order in its stead, with another id and a new place in the queue. For what
    cannot be amended."""
    offset = request.trailing_offset
    trigger = None
    if request.trigger_price is not None:
        trigger = wire.Triggers(price=request.trigger_price, price_type="static")
    elif offset is not None:
        trigger = wire.Triggers(price=offset, price_type=OFFSET_CODES[request.trailing_unit])
    params = wire.EditOrder(
        order_id=request.venue_order_id,
        symbol=request.symbol,
        order_qty=request.quantity,
        limit_price=request.price,
        triggers=trigger,
        display_qty=request.display_quantity,
        post_only=request.post_only,
        deadline=moment(request.process_before),
        token=token,
    )
    return _frame("edit_order", params, request.request_id)


def _frame(method: str, params: wire.Params | None, request_id: int) -> str:
    return encode_message(wire.Call(method=method, params=params, req_id=request_id))


# Moments


def moment(time: int | None) -> str | None:
    """A deadline, to the millisecond."""
    return None if time is None else rfc3339(time, 3)


def seconds_moment(time: int | None) -> str | None:
    """An expiry, to the second."""
    return None if time is None else rfc3339(time, 0)


# Placements


def options_of(request: PlaceOrder) -> KrakenSpotOptions:
    return request.options if isinstance(request.options, KrakenSpotOptions) else NO_OPTIONS


def type_code(request: PlaceOrder) -> str:
    if request.type is OrderType.LIMIT and request.display_quantity is not None:
        return "iceberg"
    return TYPE_CODES[request.type]


def _triggers(request: PlaceOrder) -> wire.Triggers | None:
    if request.type in TRAILING_TYPES:
        price, price_type = request.trailing_offset, OFFSET_CODES[request.trailing_unit]
    elif request.type in TRIGGER_TYPES:
        price, price_type = request.trigger_price, "static"
    else:
        return None
    if price is None:
        raise ValueError(f"A {request.type.name} order needs a trigger; request {request.request_id} has none.")
    return wire.Triggers(reference=SIGNAL_CODES[request.trigger], price=price, price_type=price_type)


def limit_of(request: PlaceOrder) -> tuple[Decimal | None, str | None]:
    """The limit price and how it is counted: static, pct or quote; None: as a price. Raises ValueError when it is
    missing."""
    if request.type in LIMIT_TYPES:
        if request.price is None:
            raise ValueError(f"A {request.type.name} order needs a price; request {request.request_id} has none.")
        return request.price, None
    if request.type is not OrderType.TRAILING_STOP_LIMIT:
        return None, None
    price_type = options_of(request).limit_price_type or OFFSET_CODES[request.limit_offset_unit]
    price = request.price if price_type == "static" else request.limit_offset
    if price is None:
        raise ValueError(f"A {request.type.name} order needs a limit; request {request.request_id} has none.")
    return price, price_type


def _conditional(close: ConditionalClose | None) -> wire.Conditional | None:
    if close is None:
        return None
    return wire.Conditional(
        order_type=TYPE_CODES[close.type],
        limit_price=close.price,
        limit_price_type=close.price_type,
        trigger_price=close.trigger_price,
        trigger_price_type=close.trigger_price_type,
    )


def _time_in_force(request: PlaceOrder) -> str | None:
    if request.type is not OrderType.LIMIT and request.time_in_force is TimeInForce.GTC:
        return None
    return TIME_IN_FORCE_CODES[request.time_in_force]


def _terms(request: PlaceOrder) -> dict[str, Any]:
    """The terms of an order, as the fields of `wire.OrderTerms`. What is not asked for is left out, for the venue
    refuses what does not fit the type."""
    options = options_of(request)
    limit, limit_type = limit_of(request)
    by_amount = request.quote_quantity
    return {
        "side": SIDE_CODES[request.side],
        "order_type": type_code(request),
        "order_qty": None if by_amount else request.quantity,
        "cash_order_qty": request.quantity if by_amount else None,
        "limit_price": limit,
        "limit_price_type": limit_type,
        "triggers": _triggers(request),
        "time_in_force": _time_in_force(request),
        "effective_time": moment(options.effective_time),
        "expire_time": seconds_moment(request.expire_time),
        "post_only": True if request.post_only else None,
        "reduce_only": True if request.reduce_only else None,
        "margin": True if request.margin else None,
        "display_qty": request.display_quantity,
        "fee_preference": options.fee_preference,
        "stp_type": options.stp_type,
        "cl_ord_id": None if options.is_unnamed else _text(request.wire_id),
        "order_userref": options.order_userref,
        "sender_sub_id": options.sender_sub_id,
        "conditional": _conditional(options.conditional),
    }


def _text(wire_id: WireId | None) -> str | None:
    return None if wire_id is None else str(wire_id)


def _add(request: PlaceOrder, token: str) -> tuple[str, wire.Params]:
    deadline = moment(request.process_before)
    return "add_order", wire.AddOrder(symbol=request.symbol, deadline=deadline, token=token, **_terms(request))


# Changes, cancels, batches


def is_tokenized(symbol: str) -> bool:
    """True for xStocks, e.g. AAPLx/USD, whose amendments must name the pair."""
    return symbol.partition("/")[0].endswith("x")


def _amend(request: ReplaceOrder, token: str) -> tuple[str, wire.Params]:
    """The order keeps its ids and, where possible, its place in the queue. The quantity is that of the whole order."""
    if request.time_in_force is not None:
        raise ValueError(f"Kraken cannot change the time in force, as request {request.request_id} asks.")
    offset = request.trailing_offset
    unit: OffsetUnit = request.trailing_unit
    return "amend_order", wire.AmendOrder(
        order_id=request.venue_order_id,
        order_qty=request.quantity,
        limit_price=request.price,
        display_qty=request.display_quantity,
        trigger_price=request.trigger_price if offset is None else offset,
        trigger_price_type=None if offset is None else OFFSET_CODES[unit],
        post_only=request.post_only,
        deadline=moment(request.process_before),
        symbol=request.symbol if is_tokenized(request.symbol) else None,
        token=token,
    )


def _cancel(request: CancelOrder, token: str) -> tuple[str, wire.Params]:
    """One id for each request: of several, each would get an answer of its own under the same number."""
    if request.venue_order_id is not None:
        return "cancel_order", wire.CancelOrder(order_id=[request.venue_order_id], token=token)
    return "cancel_order", wire.CancelOrder(cl_ord_id=[str(request.wire_id)], token=token)


def _cancel_all(request: CancelAllOrders, token: str) -> tuple[str, wire.Params]:
    if request.symbol is not None:
        raise ValueError("Kraken cancels the orders of all instruments together, not those of one.")
    return "cancel_all", wire.CancelAll(token=token)


def _timer(request: SetCancelAllAfter, token: str) -> tuple[str, wire.Params]:
    return "cancel_all_orders_after", wire.CancelAllOrdersAfter(timeout=request.seconds, token=token)


def _ping(request: AskTime, token: str) -> tuple[str, wire.Params | None]:
    """The answer to a ping has the venue's time as any other, and costs nothing."""
    return "ping", None


def _batch(request: BatchOrders, token: str) -> tuple[str, wire.Params]:
    legs = request.legs
    orders = [leg for leg in legs if isinstance(leg, PlaceOrder)]
    cancels = [leg for leg in legs if isinstance(leg, CancelOrder)]
    if len(orders) == len(legs):
        return "batch_add", _batch_add(request, orders, token)
    if len(cancels) == len(legs):
        return "batch_cancel", _batch_cancel(cancels, token)
    raise ValueError("A batch is all placements or all cancels.")


def _batch_add(request: BatchOrders, orders: list[PlaceOrder], token: str) -> wire.BatchAdd:
    symbols = {order.symbol for order in orders}
    if not FEWEST_ORDERS <= len(orders) <= MOST_ORDERS or len(symbols) != 1:
        raise ValueError(f"A batch holds {FEWEST_ORDERS} to {MOST_ORDERS} orders of one instrument.")
    deadline = moment(request.process_before)
    legs = [wire.BatchOrder(**_terms(order)) for order in orders]
    return wire.BatchAdd(symbol=symbols.pop(), orders=legs, deadline=deadline, token=token)


def _batch_cancel(cancels: list[CancelOrder], token: str) -> wire.BatchCancel:
    if not FEWEST_ORDERS <= len(cancels) <= MOST_CANCELS:
        raise ValueError(f"A batch holds {FEWEST_ORDERS} to {MOST_CANCELS} cancels.")
    wire_ids = [str(leg.wire_id) for leg in cancels if leg.venue_order_id is None]
    return wire.BatchCancel(
        orders=[leg.venue_order_id for leg in cancels if leg.venue_order_id is not None],
        cl_ord_id=wire_ids or None,
        token=token,
    )


Writer = Callable[[Any, str], tuple[str, wire.Params | None]]

WRITERS: Final[Mapping[type, Writer]] = {
    PlaceOrder: _add,
    ReplaceOrder: _amend,
    CancelOrder: _cancel,
    CancelAllOrders: _cancel_all,
    SetCancelAllAfter: _timer,
    BatchOrders: _batch,
    AskTime: _ping,
}

SOCKET_REQUESTS: Final[frozenset[type]] = frozenset(WRITERS) - {AskTime}
"""What goes over the socket, unless orders are entered over REST; a question for the time always does. Everything else
goes over REST."""
