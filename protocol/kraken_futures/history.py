"""What became of orders, from Kraken Futures' history: `/api/history/v3/orders`, and `/triggers` for stops that have
not fired (spec B.13).

An element holds one event under its kind. The last kind that is seen of an order is its fate; kinds that change
nothing of it (a refused edit, an order that was not found) and unknown kinds are passed over. `quantity` is
what remains, so the whole order is that and what has filled. A stop keeps its order id when it fires: it leaves the
one history with OrderTriggerActivated and goes on in the other.

These classes are for reading alone: the simulation, which writes histories, has classes of its own.

https://docs.kraken.com/api-reference/account-history/get-order-events
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from attrs import frozen

from ..facts import Fact, Notice, OrderHistoryListed, OrderView
from ..requests import ListOrderHistory
from ..values import NO_TIME, ZERO, OrderStatus, OrderType, TimeInForce, VenueOrderId
from ..wire.numbers import amount, positive
from .converter import MILLISECOND, milliseconds
from .enumerations import SIDES, Reason, order_type, reason_of, stop_type, time_in_force, trigger_type
from .order_events import unreadable
from .wire import RestAnswer

__all__ = ["HistoryAnswer", "HistoryForm", "history_form", "history_path", "read_history"]

ORDERS: Final = "/api/history/v3/orders"
TRIGGERS: Final = "/api/history/v3/triggers"
NEXT_PAGE: Final = "next-continuation-token"
"""The header that names the next page as well."""


# The question


@frozen(kw_only=True)
class HistoryForm:
    """Ascending, so that of an order the last event that is read is the newest. Without opened and closed the venue
    itself would choose which orders to show."""

    since: int
    """ms since 1970."""
    before: int
    """See `since`."""
    sort: str = "asc"
    opened: bool = True
    closed: bool = True
    continuation_token: str | None = None


def history_path(request: ListOrderHistory) -> str:
    return TRIGGERS if request.triggers else ORDERS


def history_form(request: ListOrderHistory) -> HistoryForm:
    """A millisecond that has begun counts as a whole one."""
    return HistoryForm(
        since=request.start // MILLISECOND,
        before=-(-request.end // MILLISECOND),
        continuation_token=request.cursor,
    )


# The answer


@frozen(kw_only=True)
class TrailingStop:
    maxDeviation: Decimal | None = None
    unit: str | None = None


@frozen(kw_only=True)
class TriggerTerms:
    triggerPrice: Decimal | None = None
    triggerSignal: str | None = None
    triggerSide: str | None = None
    trailingStopOptions: TrailingStop | None = None


@frozen(kw_only=True)
class HistoryOrder:
    """An order, or a stop as it waits: that has `triggerOptions`, and nothing filled; its orderType is that of the
    order that it becomes."""

    uid: str | None = None
    """The order id."""
    tradeable: str | None = None
    direction: str | None = None
    quantity: Decimal | None = None
    """What remains; a price of "" or zero is none."""
    filled: Decimal | None = None
    limitPrice: Decimal | None = None
    orderType: str | None = None
    clientId: str | None = None
    reduceOnly: bool | None = None
    timestamp: int | None = None
    """ms since 1970."""
    lastUpdateTimestamp: int | None = None
    """See `timestamp`."""
    triggerOptions: TriggerTerms | None = None


@frozen(kw_only=True)
class HistoryEvent:
    """What stands under the kind. Of a change the new state alone is judged: the old one may show it already."""

    order: HistoryOrder | None = None
    newOrder: HistoryOrder | None = None
    newOrderTrigger: HistoryOrder | None = None
    reason: str | None = None
    orderError: str | None = None


@frozen(kw_only=True)
class HistoryElement:
    timestamp: int | None = None
    """ms since 1970; its uid is that of the event, not of the order."""
    event: dict[str, HistoryEvent] | None = None


@frozen(kw_only=True)
class HistoryAnswer(RestAnswer):
    """On success it has no `result`. elements None: no history, whatever else the body may be."""

    elements: list[HistoryElement] | None = None
    continuationToken: str | None = None


# Kinds


Standing = tuple[OrderStatus, str]
"""Where an order stands by an event, and why it ended."""


def _alive(event: HistoryEvent, order: HistoryOrder) -> Standing:
    """An order that trades as it comes may have no other event than that it was placed."""
    remaining, filled = amount(order.quantity), amount(order.filled) or ZERO
    if reason_of(event.reason) is Reason.FULL_FILL or (remaining == 0 and filled):
        return OrderStatus.FILLED, event.reason or ""
    return (OrderStatus.PARTIALLY_FILLED if filled else OrderStatus.ACCEPTED), ""


def _gone(event: HistoryEvent, order: HistoryOrder) -> Standing:
    reason = reason_of(event.reason)
    return ENDS.get(reason, OrderStatus.CANCELED), event.reason or "cancelled"


ENDS: Final = {
    Reason.EXPIRED: OrderStatus.EXPIRED,
    Reason.FULL_FILL: OrderStatus.FILLED,
    Reason.TRIGGERED: OrderStatus.TRIGGERED,
}
"""What a removal is called that is no cancel."""


def _refused(event: HistoryEvent, order: HistoryOrder) -> Standing:
    return OrderStatus.REJECTED, event.reason or event.orderError or "rejected"


def _fired(event: HistoryEvent, order: HistoryOrder) -> Standing:
    return OrderStatus.TRIGGERED, ""


KINDS: Final[Mapping[str, Callable[[HistoryEvent, HistoryOrder], Standing]]] = {
    "OrderPlaced": _alive,
    "OrderTriggerPlaced": _alive,
    "OrderUpdated": _alive,
    "OrderTriggerUpdated": _alive,
    "OrderTriggerActivated": _fired,
    "OrderCancelled": _gone,
    "OrderTriggerCancelled": _gone,
    "OrderRejected": _refused,
}
"""The kinds that show where an order stands, in the order in which those of one millisecond happened."""

UNCHANGED: Final = frozenset({"OrderEditRejected", "OrderTriggerEditRejected", "OrderNotFound"})
"""The kinds after which every order stands as before."""

RANKS: Final = {kind: rank for rank, kind in enumerate(KINDS)}


@frozen
class HistoryChange:
    """One event, under its kind."""

    time: int
    kind: str
    event: HistoryEvent

    @property
    def order(self) -> HistoryOrder | None:
        return self.event.newOrder or self.event.newOrderTrigger or self.event.order


def _changes(element: HistoryElement) -> list[HistoryChange]:
    found = [HistoryChange(0, kind, event) for kind, event in (element.event or {}).items() if kind in KINDS]
    return [HistoryChange(_time(element, change.order), change.kind, change.event) for change in found]


def _time(element: HistoryElement, order: HistoryOrder | None) -> int:
    """ns since 1970."""
    if order is None:
        return milliseconds(element.timestamp)
    return milliseconds(element.timestamp, order.lastUpdateTimestamp, order.timestamp)


def _by_time(elements: list[HistoryElement]) -> list[HistoryChange]:
    """Oldest first, whichever way the venue sorts them."""
    changes = [each for element in elements for each in _changes(element)]
    if changes and changes[0].time > changes[-1].time:
        changes.reverse()
    return sorted(changes, key=lambda each: (each.time, RANKS[each.kind]))


# Orders


def _view(change: HistoryChange) -> OrderView | None:
    """None: the event has no order with an id."""
    order = change.order
    if order is None or not order.uid:
        return None
    status, reason = KINDS[change.kind](change.event, order)
    remaining, filled, terms = amount(order.quantity), amount(order.filled), order.triggerOptions
    if terms is not None and filled is None:
        filled = ZERO  # it waits, or has waited until now
    price, side = positive(order.limitPrice), SIDES.get((order.direction or "").lower())
    trigger_price, signal = (None, None) if terms is None else (positive(terms.triggerPrice), terms.triggerSignal)
    return OrderView(
        venue_order_id=VenueOrderId(order.uid),
        wire_id=order.clientId or None,
        symbol=(order.tradeable or "").upper(),
        side=side,
        price=price,
        quantity=None if remaining is None or filled is None else positive(remaining + filled),
        cumulative=filled,
        status=status,
        time_in_force=TimeInForce.GTC if terms is not None else time_in_force(order.orderType),
        post_only=(order.orderType or "").lower() == "post",
        type=_type(order, has_price=price is not None),
        trigger_price=trigger_price,
        reason=reason,
        time=milliseconds(order.timestamp),
        ended=change.time if status is not None and status.is_terminal else NO_TIME,
        as_of=change.time,
        reduce_only=order.reduceOnly is True,
        trigger_type=trigger_type(signal, has_trigger=trigger_price is not None),
    )


def _type(order: HistoryOrder, *, has_price: bool) -> OrderType | None:
    terms = order.triggerOptions
    if terms is None:
        return order_type(order.orderType, has_price=has_price)
    side = SIDES.get((order.direction or "").lower())
    return stop_type(side, terms.triggerSide, has_price=has_price, trailing=terms.trailingStopOptions is not None)


def read_history(
    request: ListOrderHistory, body: HistoryAnswer, headers: Mapping[str, str] | None = None
) -> list[Fact] | None:
    """One page, oldest first. None: it is none, which is not the same as an empty one. headers: by lower-case name."""
    if body.elements is None:
        return None
    views = [(change, _view(change)) for change in _by_time(body.elements)]
    orders = tuple(view for _, view in views if view is not None)
    cursor = body.continuationToken or (headers or {}).get(NEXT_PAGE) or None
    if cursor == request.cursor:
        cursor = None  # it leads back to itself
    page = OrderHistoryListed(request_id=request.request_id, orders=orders, cursor=cursor)
    nameless = (change for change, view in views if view is None)
    empty = (element for element in body.elements if not element.event)
    lost = unreadable("The history shows an order without its id; it was left out.", nameless)
    lost += unreadable("The history holds an element without an event; it was left out.", empty)
    return [page, *lost, *_unknown(body.elements)]


def _unknown(elements: list[HistoryElement]) -> list[Fact]:
    """One notice for a page, about its events of unknown kinds."""
    kinds = sorted({kind for element in elements for kind in element.event or ()} - KINDS.keys() - UNCHANGED)
    if not kinds:
        return []
    return [Notice(text=f"The history holds events of unknown kinds, which were left out: {', '.join(kinds)}.")]
