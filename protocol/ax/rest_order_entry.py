"""Requests as HTTP calls: cancels, the preview of a price, and the lists of history (spec AX 7)."""

from __future__ import annotations

from typing import Final

from ..requests import CancelAllOrders, CancelOrder, ListFills, ListOrderHistory, PreviewPrice, Request
from ..venue import HttpCall
from ..wire.times import SECOND
from .converter import encode_message
from .enumerations import SIDE_CODES
from .order_entry import Origin, order_number
from .wire import CancelAllBody, CancelBody, PreviewRequest

__all__ = ["LONGEST_RANGE", "OFFSET", "REST_ONLY", "encode_rest"]

REST_ONLY: Final[frozenset[type]] = frozenset({PreviewPrice, ListFills, ListOrderHistory})
"""Requests that AX takes over HTTP only."""


DAY: Final = 24 * 3600 * SECOND
LONGEST_RANGE: Final = 7 * DAY
"""ns that one question may span; the venue refuses more (spec AX 7.1)."""

OFFSET: Final = "offset:"
"""In front of the cursor of an older AX, whose pages count rows."""


def encode_rest(request: Request, origin: Origin) -> HttpCall:
    """The call for a request. Cancels have a frame as well: the call is for a socket that does not take them (spec AX
    7.2). Raises ValueError for what AX takes on the socket alone, and for a range that it would refuse."""
    match request:
        case PreviewPrice():
            return _preview(request)
        case ListFills():
            return _fills(request, origin.account)
        case ListOrderHistory():
            return _orders(request, origin.account)
        case CancelOrder(venue_order_id=oid) if oid is not None:
            path, body = "/orders/cancel-order", encode_message(CancelBody(oid=oid))
        case CancelOrder():
            path, body = (
                "/orders/cancel-order",
                encode_message(CancelBody(cid=order_number(request.wire_id), aid=origin.account)),
            )
        case CancelAllOrders(symbol=symbol):
            path = "/orders/cancel-all-orders"
            body = encode_message(CancelAllBody(symbol=symbol, account_id=origin.account))
        case _:
            raise ValueError(f"AX has no call for {type(request).__name__}.")
    return HttpCall(method="POST", path=path, body=body.encode(), urgent=True)


def _preview(request: PreviewPrice) -> HttpCall:
    question = PreviewRequest(symbol=request.symbol, quantity=int(request.quantity), side=SIDE_CODES[request.side])
    path = "/api/preview-aggressive-limit-order"
    return HttpCall(method="POST", path=path, body=encode_message(question).encode())


def _fills(request: ListFills, account: str | None) -> HttpCall:
    """Of one order AX takes neither a range nor a page, and gives all."""
    if request.venue_order_id is not None:
        return HttpCall(method="GET", path="/orders/order-fills", query=(("order_id", request.venue_order_id),))
    query = {"symbol": request.symbol} | _range(request) | {"cursor": request.cursor, "account_id": account}
    return _get("/api/fills", query)


def _orders(request: ListOrderHistory, account: str | None) -> HttpCall:
    query = _range(request) | _place(request.cursor) | {"account_id": account}
    return _get("/orders/orders", query)


def _get(path: str, query: dict[str, str | None]) -> HttpCall:
    pairs = tuple((key, value) for key, value in query.items() if value is not None)
    return HttpCall(method="GET", path=path, query=pairs)


def _range(request: ListFills | ListOrderHistory) -> dict[str, str | None]:
    if request.end - request.start > LONGEST_RANGE:
        raise ValueError(f"AX lists 7 days at most, and not the {(request.end - request.start) / DAY:.1f} asked for.")
    return {
        "start_timestamp_ns": str(request.start),
        "end_timestamp_ns": str(request.end),
        "sort_ts": "asc",
    }


def _place(cursor: str | None) -> dict[str, str | None]:
    if cursor is not None and cursor.startswith(OFFSET):
        return {"offset": cursor.removeprefix(OFFSET)}
    return {"cursor": cursor}
