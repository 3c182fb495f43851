"""Answers to requests on the socket to facts (spec AX 4).

An answer is recognized by its shape alone (spec AX 4.4, rows 5 to 12). A bare `oid` answers a placement or a
replacement: only dispatch knows which, by the request id.
"""

from __future__ import annotations

from typing import Final

from attrs import evolve

from ..facts import Fact, LoggedIn, RequestAnswered, RequestRefused
from ..values import RequestId, VenueOrderId
from ..wire.tolerant import UNUSABLE
from .converter import converter, renamed
from .enumerations import error_outcome, why_refused
from .listings import order_view, status_view, unreadable
from .wire import Error, Order, Result

__all__ = ["read_error", "read_raw_result", "read_refusal", "read_result"]

ERROR_ALIASES: Final = {"message": "msg"}


def read_refusal(request_id: int | None, error: Error, data: str | None) -> tuple[Fact, ...]:
    """What an error says. data: the details beside it, if there are any."""
    reason = ": ".join(text for text in (error.msg, data) if text)
    return (
        RequestRefused(
            request_id=None if request_id is None else RequestId(request_id),
            outcome=error_outcome(error.code),
            reason=reason or f"The venue gave no reason (code {error.code}).",
            why=why_refused(error.msg, data, code=error.code),
        ),
    )


def read_result(request_id: int | None, result: Result | list[Order]) -> tuple[Fact, ...]:
    """What an answer says, recognized by its shape; () if the shape is unknown, or if it answers no request."""
    orders = result if isinstance(result, list) else result.orders
    if not isinstance(result, list) and orders is None and (result.li is not None or request_id == 0):
        return (_logged_in(result),)
    if request_id is None:
        return ()
    number = RequestId(request_id)
    if orders is not None:
        return (RequestAnswered(request_id=number, orders=tuple(order_view(order) for order in orders)),)
    assert not isinstance(result, list)  # it would be the orders
    # Neither is asked for its class: the fast way builds its own (see `protocol.wire.strict`).
    if result.status is not None and not isinstance(result.status, str):
        return (RequestAnswered(request_id=number, order=status_view(result.status)),)
    if result.cxl_rx is not None:
        return (RequestAnswered(request_id=number, refused=not result.cxl_rx),)
    if result.oid is not None:
        return (RequestAnswered(request_id=number, venue_order_id=VenueOrderId(result.oid)),)
    if result.status is not None and result.symbol is not None:
        return (RequestAnswered(request_id=number),)  # estimated funding: an answer, but nothing that we trade by
    return ()


def _logged_in(result: Result) -> Fact:
    return LoggedIn(
        user=result.li or "",
        orders=tuple(order_view(order) for order in result.o or ()),
        cancel_on_disconnect=result.cod is True,
        heartbeat_timeout=result.chb,
    )


def read_error(raw: object) -> Error:
    """An error read the tolerant way. Without a readable code it proves nothing: 0 stands for that."""
    fields = renamed(raw, ERROR_ALIASES) if isinstance(raw, dict) else {"msg": raw}
    try:
        return converter().structure(fields, Error)
    except UNUSABLE:
        return converter().structure({**fields, "code": 0}, Error)


def read_raw_result(request_id: int | None, raw: object, message: str) -> tuple[Fact, ...]:
    """As `read_result`, of JSON that the fast way refused. message: the frame itself, for a complaint."""
    unknown = "The venue sent an answer of an unknown shape."
    if isinstance(raw, list):
        raw = {"orders": raw}
    if not isinstance(raw, dict):
        return unreadable(unknown, message)
    present = {key: value for key, value in raw.items() if value is not None}
    orders, skipped = _each_order(present.pop("orders", None))
    open_now, more_skipped = _each_order(present.pop("o", None))
    facts = read_result(request_id, evolve(converter().structure(present, Result), orders=orders, o=open_now))
    if not facts and all(value is None for value in raw.values()) and request_id is not None:
        facts = (RequestAnswered(request_id=RequestId(request_id)),)  # {}: cancel all
    return (*(facts or unreadable(unknown, message)), *skipped, *more_skipped)


def _each_order(elements: object) -> tuple[list[Order] | None, list[Fact]]:
    """The orders in a list, None if it is none. One unusable element must not cost its neighbours."""
    if not isinstance(elements, list):
        return None, []
    orders: list[Order] = []
    skipped: list[Fact] = []
    for element in elements:
        try:
            orders.append(converter().structure(element, Order))
        except UNUSABLE:
            skipped += unreadable("The venue listed an order that we cannot read; it was left out.", str(element))
    return orders, skipped
