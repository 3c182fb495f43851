"""What dispatch asks of a venue, in words that every venue shares. Venue modules turn each into a frame or a call."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from attrs import evolve

from .orders import VenueOptions
from .values import (
    OffsetUnit,
    OrderType,
    RequestId,
    Side,
    TimeInForce,
    TriggerType,
    VenueOrderId,
    WireId,
)

if TYPE_CHECKING:
    from attrs import frozen
else:
    from attrs import define as frozen  # built for every order and gone with it: see `facts`

__all__ = [
    "FIRST_INTERNAL_ID",
    "OWN_PATIENCE",
    "AskTime",
    "BatchOrders",
    "CancelAllOrders",
    "CancelOrder",
    "Leg",
    "ListFills",
    "ListOpenOrders",
    "ListOrderHistory",
    "PlaceOrder",
    "PreviewPrice",
    "QueryOrder",
    "ReplaceOrder",
    "Request",
    "SetCancelAllAfter",
    "Urgency",
    "adds_risk",
    "ids_of",
    "is_urgent",
    "may_wait",
    "unwritable",
    "urgency_of",
    "why_withdrawn",
    "withdraws",
]


@frozen(kw_only=True)
class PlaceOrder:
    """Quantities and prices have been checked against the instrument. price: quote currency per unit.

    Terms as in `NewOrder`. process_before: ns since 1970 by the venue's clock; a venue that gets the request later
    refuses it; own_deadline: the user chose that moment, so it is not ours to move.
    """

    request_id: RequestId
    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal
    price: Decimal | None
    trigger_price: Decimal | None
    time_in_force: TimeInForce
    post_only: bool
    wire_id: WireId
    tag: str | None
    reduce_only: bool = False
    trigger: TriggerType = TriggerType.DEFAULT
    trailing_offset: Decimal | None = None
    trailing_unit: OffsetUnit = OffsetUnit.PERCENT
    limit_offset: Decimal | None = None
    limit_offset_unit: OffsetUnit = OffsetUnit.PERCENT
    expire_time: int | None = None
    process_before: int | None = None
    own_deadline: bool = False
    display_quantity: Decimal | None = None
    quote_quantity: bool = False
    margin: bool = False
    options: VenueOptions | None = None


@frozen(kw_only=True)
class CancelOrder:
    """Exactly one of the two ids is set."""

    request_id: RequestId
    venue_order_id: VenueOrderId | None
    wire_id: WireId | None


@frozen(kw_only=True)
class ReplaceOrder:
    """None: keep as it is. symbol: of the order; wire_id: of the order, for venues that change it by that."""

    request_id: RequestId
    venue_order_id: VenueOrderId
    quantity: Decimal | None
    price: Decimal | None
    time_in_force: TimeInForce | None
    post_only: bool | None
    trigger_price: Decimal | None = None
    trailing_offset: Decimal | None = None
    trailing_unit: OffsetUnit = OffsetUnit.PERCENT
    display_quantity: Decimal | None = None
    process_before: int | None = None
    symbol: str = ""
    wire_id: WireId | None = None

    def reduced_to(self, quantity: Decimal | None) -> ReplaceOrder:
        """What this asks for, where the venue may have made a reduce-only order smaller than that."""
        if quantity is None or self.quantity is None or quantity >= self.quantity:
            return self
        return evolve(self, quantity=quantity)

    def agrees_with(
        self, quantity: Decimal | None, price: Decimal | None, trigger_price: Decimal | None
    ) -> bool | None:
        """Whether an order with these terms can be what this asks for, where the venue keeps the order. None: of these
        terms it asks for none that is reported."""
        pairs = ((self.quantity, quantity), (self.price, price), (self.trigger_price, trigger_price))
        told = [wanted == shown for wanted, shown in pairs if wanted is not None and shown is not None]
        return all(told) if told else None


@frozen(kw_only=True)
class CancelAllOrders:
    """symbol None: of every instrument."""

    request_id: RequestId
    symbol: str | None


@frozen(kw_only=True)
class ListOpenOrders:
    request_id: RequestId


@frozen(kw_only=True)
class QueryOrder:
    """Exactly one of the two ids is set.

    since: with a wire id, ns since 1970 when the order was placed, for an older one of that name is another, 0: it is
    not known; cursor: which of the venue's lists is to be read, where it keeps several and none that was read names the
    order; None for the first."""

    request_id: RequestId
    venue_order_id: VenueOrderId | None
    wire_id: WireId | None
    since: int = 0
    cursor: str | None = None


@frozen(kw_only=True)
class PreviewPrice:
    """At which price would `quantity` fill now?"""

    request_id: RequestId
    symbol: str
    side: Side
    quantity: Decimal


@frozen(kw_only=True)
class ListFills:
    """Executions in a time range. start inclusive, end exclusive, ns since 1970; symbol None: of every instrument.
    cursor: where the last page ended, None for the first; latest: the range reaches to the present, so a venue need not
    be reported its end; venue_order_id: of this order alone, whatever the range, where
    `VenueRules.lists_order_fills`."""

    request_id: RequestId
    start: int
    end: int
    symbol: str | None
    cursor: str | None = None
    latest: bool = False
    venue_order_id: VenueOrderId | None = None


@frozen(kw_only=True)
class ListOrderHistory:
    """What became of orders in a time range. start inclusive, end exclusive, ns since 1970. cursor: where the last
    page ended, None for the first; triggers: of those that wait for a trigger, and as long as they wait for it."""

    request_id: RequestId
    start: int
    end: int
    cursor: str | None = None
    triggers: bool = False


@frozen(kw_only=True)
class SetCancelAllAfter:
    """Cancel every order of the account after this many seconds, unless set again before; 0 turns it off."""

    request_id: RequestId
    seconds: int


@frozen(kw_only=True)
class AskTime:
    """What does the venue's clock show? Any cheap question whose answer tells."""

    request_id: RequestId


Leg = PlaceOrder | ReplaceOrder | CancelOrder


@frozen(kw_only=True)
class BatchOrders:
    """Several requests in one call. Each leg has its own request number, and gets its own answer."""

    request_id: RequestId
    legs: tuple[Leg, ...]
    process_before: int | None = None


Request = (
    PlaceOrder
    | CancelOrder
    | ReplaceOrder
    | CancelAllOrders
    | ListOpenOrders
    | QueryOrder
    | PreviewPrice
    | ListFills
    | ListOrderHistory
    | SetCancelAllAfter
    | BatchOrders
    | AskTime
)

FIRST_INTERNAL_ID: Final = 1 << 30
"""Requests that dispatch sends on its own account are numbered from here, so that users count from 1."""
OWN_PATIENCE: Final = 120_000_000_000
"""ns within which a question of our own must have begun to be asked: for that long it waits for the venue's budget, for
a place, or for the end of a silence that the venue wanted."""
QUESTIONS: Final = frozenset({ListOpenOrders, QueryOrder, ListFills, ListOrderHistory})

WITHDRAWN: Final = "It was canceled before it was sent."
SUPERSEDED: Final = "A later setting took its place before it was sent."


class Urgency(IntEnum):
    """Who goes before whom in every queue, at every venue. LESS_RISK: what takes risk away and adds none, or renews the
    dead man's switch; QUESTION: where one order stands, or what the venue's clock shows, which orders may wait for;
    ORDINARY: the others that the user asked for; OWN_LIST, OWN_HISTORY: what is asked on our own account and takes
    nothing from the user: which orders are open, and behind that what happened."""

    LESS_RISK = 0
    QUESTION = 1
    ORDINARY = 2
    OWN_LIST = 3
    OWN_HISTORY = 4


URGENCIES: Final[Mapping[type, Urgency]] = {
    CancelOrder: Urgency.LESS_RISK,
    CancelAllOrders: Urgency.LESS_RISK,
    SetCancelAllAfter: Urgency.LESS_RISK,
    QueryOrder: Urgency.QUESTION,
    AskTime: Urgency.QUESTION,
}
OWN_URGENCIES: Final[Mapping[type, Urgency]] = {
    ListOpenOrders: Urgency.OWN_LIST,
    ListFills: Urgency.OWN_HISTORY,
    ListOrderHistory: Urgency.OWN_HISTORY,
}


def may_wait(request: Request) -> bool:
    """True for a question of our own. Only we await it, so it waits for its turn (see `OWN_PATIENCE`) where what
    a user asked for is rather refused."""
    return request.request_id >= FIRST_INTERNAL_ID and type(request) in QUESTIONS


def urgency_of(request: Request) -> Urgency:
    """A batch is as urgent as the least urgent of its legs."""
    if isinstance(request, BatchOrders):
        return max((urgency_of(leg) for leg in request.legs), default=Urgency.ORDINARY)
    kind = type(request)
    if request.request_id >= FIRST_INTERNAL_ID and kind in OWN_URGENCIES:
        return OWN_URGENCIES[kind]
    return URGENCIES.get(kind, Urgency.ORDINARY)


def is_urgent(request: Request) -> bool:
    """True for what stands in no queue behind that which adds risk."""
    return urgency_of(request) < Urgency.ORDINARY


def adds_risk(request: Request) -> bool:
    """True for what places an order: never sent again by itself, even if it certainly was not executed."""
    legs = request.legs if isinstance(request, BatchOrders) else (request,)
    return any(isinstance(leg, PlaceOrder) for leg in legs)


def withdraws(cancel: Request, waiting: Request) -> bool:
    """True when a request that has not been sent yet would place nothing but orders that `cancel` is about; or set the
    dead man's switch to what it is no longer to be."""
    match cancel:
        case CancelOrder(wire_id=wire_id):
            return wire_id is not None and isinstance(waiting, PlaceOrder) and waiting.wire_id == wire_id
        case CancelAllOrders(symbol=symbol):
            legs = waiting.legs if isinstance(waiting, BatchOrders) else (waiting,)
            return all(isinstance(leg, PlaceOrder) and symbol in (None, leg.symbol) for leg in legs)
        case BatchOrders(legs=cancels):
            return any(withdraws(leg, waiting) for leg in cancels)
        case SetCancelAllAfter():
            return isinstance(waiting, SetCancelAllAfter)
        case _:
            return False


def why_withdrawn(waiting: Request) -> str:
    """Why a request that `withdraws` found was not sent."""
    return SUPERSEDED if isinstance(waiting, SetCancelAllAfter) else WITHDRAWN


def ids_of(request: Request) -> list[RequestId]:
    """The numbers under which a request is on its way: of a batch, those of its legs and then its own."""
    legs = [leg.request_id for leg in request.legs] if isinstance(request, BatchOrders) else []
    return [*legs, request.request_id]


def unwritable(problem: Exception) -> str:
    """Why a request was not sent that the venue's wire has no words for; the checks ought to have refused it."""
    return f"The request cannot be written as the venue would read it, so it was not sent: {problem}"
