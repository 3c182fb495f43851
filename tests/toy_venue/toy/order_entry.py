"""Requests as frames of the Toy Exchange. It takes all of them over the socket."""

from __future__ import annotations

from protocol import requests

from .enumerations import SIDE_NAMES, TIME_IN_FORCE_NAMES
from .wire import Request, encode_message

__all__ = ["encode"]


def encode(request: requests.Request) -> str:
    """Raises ValueError for a request that the rules of the venue exclude."""
    return encode_message(_frame(request))


def _frame(request: requests.Request) -> Request:
    number = request.request_id
    match request:
        case requests.PlaceOrder():
            return _placement(request)
        case requests.CancelOrder():
            return Request(do="cancel", number=number, order=request.venue_order_id, id=_id(request.wire_id))
        case requests.CancelAllOrders():
            return Request(do="cancel_all", number=number, symbol=request.symbol)
        case requests.ListOpenOrders():
            return Request(do="orders", number=number)
        case requests.QueryOrder():
            return Request(do="order", number=number, order=request.venue_order_id, id=_id(request.wire_id))
        case requests.ListFills():
            return Request(do="fills", number=number, symbol=request.symbol, start=request.start, end=request.end)
        case requests.ListOrderHistory():
            return Request(do="history", number=number, start=request.start, end=request.end)
        case _:
            raise ValueError(f"The Toy Exchange cannot be asked {type(request).__name__}.")


def _placement(request: requests.PlaceOrder) -> Request:
    return Request(
        do="place",
        number=request.request_id,
        id=_id(request.wire_id),
        symbol=request.symbol,
        side=SIDE_NAMES[request.side],
        quantity=request.quantity,
        price=request.price,
        time_in_force=TIME_IN_FORCE_NAMES[request.time_in_force],
    )


def _id(wire_id: object) -> str | None:
    return None if wire_id is None else str(wire_id)
