"""Requests on their way, and when to look at what: the state of a connection, not of orders.

A reconnect rebuilds all of it. Deadlines are data in a heap; nothing here waits.

A flight is one request that was released towards the venue. Where it stands is its stage; what happens to it moves it,
and every pair that the table leaves out changes nothing:

    ON_ITS_WAY    HELD      HELD
    ON_ITS_WAY    PARKED    PARKED
    ON_ITS_WAY    RESTED    RESTING
    ON_ITS_WAY    LOST      LOST
    ON_ITS_WAY    TIME_OVER OVERDUE
    HELD          RELEASED  ON_ITS_WAY
    PARKED        HELD      HELD
    PARKED        RELEASED  ON_ITS_WAY
    LOST          RESTED    RESTING
    LOST          TIME_OVER IN_QUESTION
    OVERDUE       PARKED    PARKED
    OVERDUE       RESTED    RESTING
    OVERDUE       LOST      IN_QUESTION
    IN_QUESTION   RESTED    RESTING

HELD: nothing of it was sent, for its deadline can only be computed once the venue's time is known. PARKED: refused for
the session token alone, so it goes out again with the next one. RESTING: refused for now (too early, too many calls),
so it goes out again after a pause; it is not on the connection then, which is why its loss does not matter. LOST: no
answer came in its time, or none can come: its connection ended, or the venue's last word leaves open what it did.
OVERDUE: its time is over, its answer may still come, and its outcome is asked for. IN_QUESTION: no answer can come, and
its outcome is asked for.

Whether the venue has taken a request is no stage: the answer may come after it was lost, and its connection may end
after the answer. So `answered` is kept beside the stage, and so is whether it was sent twice (`resent`), which stays
true whatever follows.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import Enum, auto
from itertools import count
from typing import TYPE_CHECKING, Any, Final, Generic

from attrs import define, field

from ..requests import FIRST_INTERNAL_ID, AskTime, CancelOrder, PlaceOrder, PreviewPrice, ReplaceOrder, Request
from ..values import ClientOrderId, Instant, RequestId, VenueOrderId

if TYPE_CHECKING:
    from typing_extensions import TypeVar  # of the type checker; a plain `Flight` is one of any request

    R = TypeVar("R", bound=Request, default=Request, covariant=True)
    K = TypeVar("K", bound=Request)
else:
    from typing import TypeVar

    R = TypeVar("R")
    K = TypeVar("K")

__all__ = ["FIRST_INTERNAL_ID", "NEXT_STAGE", "Flight", "Flights", "Moment", "Stage", "Timers"]

# Request ids travel as 32-bit integers at some venues.
LAST_REQUEST_ID: Final = (1 << 31) - 1


class Stage(Enum):
    """Where a flight stands; see the head of this file."""

    ON_ITS_WAY = auto()
    HELD = auto()
    PARKED = auto()
    RESTING = auto()
    LOST = auto()
    OVERDUE = auto()
    IN_QUESTION = auto()

    __hash__ = object.__hash__  # as `OrderStatus` has it


class Moment(Enum):
    """What can happen to a flight, as far as its stage is concerned."""

    HELD = auto()
    RELEASED = auto()
    PARKED = auto()
    RESTED = auto()
    LOST = auto()
    TIME_OVER = auto()

    __hash__ = object.__hash__


_S, _M = Stage, Moment

NEXT_STAGE: Final[Mapping[tuple[Stage, Moment], Stage]] = {
    (_S.ON_ITS_WAY, _M.HELD): _S.HELD,
    (_S.ON_ITS_WAY, _M.PARKED): _S.PARKED,
    (_S.ON_ITS_WAY, _M.RESTED): _S.RESTING,
    (_S.ON_ITS_WAY, _M.LOST): _S.LOST,
    (_S.ON_ITS_WAY, _M.TIME_OVER): _S.OVERDUE,
    (_S.HELD, _M.RELEASED): _S.ON_ITS_WAY,
    (_S.PARKED, _M.HELD): _S.HELD,
    (_S.PARKED, _M.RELEASED): _S.ON_ITS_WAY,
    (_S.LOST, _M.RESTED): _S.RESTING,
    (_S.LOST, _M.TIME_OVER): _S.IN_QUESTION,
    (_S.OVERDUE, _M.PARKED): _S.PARKED,
    (_S.OVERDUE, _M.RESTED): _S.RESTING,
    (_S.OVERDUE, _M.LOST): _S.IN_QUESTION,
    (_S.IN_QUESTION, _M.RESTED): _S.RESTING,
}


@define(kw_only=True, eq=False)
class Flight(Generic[R]):
    """One request that was released towards the venue. Its handler may tell which kind of request it is."""

    request: R
    client_order_id: ClientOrderId | None
    """Of the order that it is about; None: of none, or of several."""
    connection: int
    """The one that it was meant for, 0 over HTTP."""
    sent_at: int
    """ns, monotonic."""
    sent_wall: int
    """ns since 1970."""
    reply_to: object = None
    """Who awaits the answer."""
    own_query: bool = False
    """A status query that dispatch sends on its own account."""
    stage: Stage = Stage.ON_ITS_WAY
    answered: bool = False
    """The venue took it, and what came of it is still to be seen. No stage: see the head of this file."""
    resent: bool = False
    """It was sent again with another token, which is done once."""
    ways: int = 1
    """On how many it may reach the venue: socket, HTTP, or both."""
    tries: int = 0
    """How often it has rested."""
    doubt: str = ""
    """What the venue said of a cancel or change that rests, or of which that leaves open what came."""
    parts: tuple[Flight[Any], ...] = ()
    """The parts of a batch, each of which is on its way like a request of its own."""
    place: PlaceOrder | None = None
    """What to send once this price preview is answered."""
    replacement: VenueOrderId | None = None
    """The new venue order id that the answer to a replacement named."""
    until: int | None = None
    """How far history is to be read."""
    read: int = 0
    """How many executions of it have been."""
    carrier_ended_at: int | None = None
    """When the connection that carried it was ended by the venue: ns, monotonic; None: it was not, or not by the
    venue."""
    begun_at: int | None = None
    """When the question that this one continues was sent: ns, monotonic."""

    def happens(self, moment: Moment) -> None:
        """Moves it to the next stage, if there is one."""
        self.stage = NEXT_STAGE.get((self.stage, moment), self.stage)

    @property
    def held(self) -> bool:
        return self.stage is Stage.HELD

    @property
    def parked(self) -> bool:
        return self.stage is Stage.PARKED

    @property
    def resting(self) -> bool:
        return self.stage is Stage.RESTING

    @property
    def lost(self) -> bool:
        """True once no answer is awaited any more. A late one may come all the same."""
        return self.stage is Stage.LOST or self.stage is Stage.IN_QUESTION

    @property
    def overdue(self) -> bool:
        """True for a cancel or change whose outcome is asked for."""
        return self.stage is Stage.OVERDUE or self.stage is Stage.IN_QUESTION

    @property
    def asked_at(self) -> int:
        """When its question was asked, of one in several steps the first: what was not there then may be there now."""
        return self.sent_at if self.begun_at is None else self.begun_at

    @property
    def released_at(self) -> Instant:
        """When it was released towards the venue, by both clocks."""
        return Instant(self.sent_at, self.sent_wall)

    @property
    def process_before(self) -> int | None:
        """Until when the venue may act on it, ns since 1970 by its clock; None: for ever."""
        return getattr(self.request, "process_before", None)

    @property
    def request_id(self) -> RequestId:
        return self.request.request_id

    @property
    def is_of_use_at_the_end(self) -> bool:
        """False for what only serves requests that follow."""
        return type(self.request) is not AskTime

    def fail_on_one_way(self) -> bool:
        """One way came to nothing; True while there is another, which decides then."""
        self.ways -= 1
        return self.ways > 0

    @property
    def is_awaited(self) -> bool:
        """True while the venue's answer may still come."""
        return not (self.answered or self.lost)


@define
class Flights:
    """All requests on their way, by request id, with the one cancel, the one change and the one price that an order
    awaits."""

    by_id: dict[RequestId, Flight] = field(factory=dict)
    # The latest of each kind by order, because a venue's feed reports a refusal and names the order alone.
    cancel_of: dict[ClientOrderId, RequestId] = field(factory=dict)
    change_of: dict[ClientOrderId, RequestId] = field(factory=dict)
    preview_of: dict[ClientOrderId, RequestId] = field(factory=dict)
    # What stands for placements of an earlier run, by their orders.
    earlier: dict[ClientOrderId, RequestId] = field(factory=dict)
    _last_internal: int = FIRST_INTERNAL_ID - 1

    def next_internal_id(self) -> RequestId:
        """A number of our own that is not in flight."""
        # It wraps within 31 bits, because a venue's request id may be no longer; the user's numbers lie below.
        while True:
            following = self._last_internal + 1
            self._last_internal = following if following <= LAST_REQUEST_ID else FIRST_INTERNAL_ID
            if self._last_internal not in self.by_id:
                return RequestId(self._last_internal)

    def find(self, kind: type[K], request_id: RequestId | None) -> Flight[K] | None:
        """The request of this kind that is on its way under this number."""
        flight: Flight[Any] | None = None if request_id is None else self.by_id.get(request_id)
        return flight if flight is not None and type(flight.request) is kind else None

    def cancel(self, client_order_id: ClientOrderId) -> Flight[CancelOrder] | None:
        return self.find(CancelOrder, self.cancel_of.get(client_order_id))

    def change(self, client_order_id: ClientOrderId) -> Flight[ReplaceOrder] | None:
        return self.find(ReplaceOrder, self.change_of.get(client_order_id))

    def wanted_quantity(self, client_order_id: ClientOrderId) -> Decimal | None:
        """What the change of an order on its way asks for."""
        # Asked for every fill: with no change on its way, it must cost no more than this test.
        change = self.change(client_order_id) if self.change_of else None
        return None if change is None else change.request.quantity

    def preview(self, client_order_id: ClientOrderId) -> Flight[PreviewPrice] | None:
        return self.find(PreviewPrice, self.preview_of.get(client_order_id))

    def placement(self, client_order_id: ClientOrderId, request_id: RequestId | None) -> Flight[PlaceOrder] | None:
        """The placement of an order, None once nothing more is awaited of it. request_id: of the order; its number may
        be in use again for something else."""
        flight: Flight[Any] | None = None if request_id is None else self.by_id.get(request_id)
        if flight is None or type(flight.request) is not PlaceOrder or flight.client_order_id != client_order_id:
            return None
        return flight

    def owes(self, client_order_id: ClientOrderId) -> bool:
        """True while the outcome of the order's last cancel or change is asked for."""
        cancel, change = self.cancel(client_order_id), self.change(client_order_id)
        return (cancel is not None and cancel.overdue) or (change is not None and change.overdue)

    def promised(self, venue_order_id: VenueOrderId) -> ClientOrderId | None:
        """The order whose change on its way goes on under this id, as the answer to it said."""
        for request_id in self.change_of.values():
            flight = self.by_id.get(request_id)
            if flight is not None and flight.replacement == venue_order_id:
                return flight.client_order_id
        return None

    def detach(self, flight: Flight) -> None:
        """Its order awaits it no longer, but its answer is still to come."""
        _await_no_more(self.change_of, flight)

    def drop(self, request_id: RequestId) -> Flight | None:
        """Forgets a request; its order awaits it no longer."""
        flight = self.by_id.pop(request_id, None)
        if flight is not None:
            for awaited in (self.cancel_of, self.change_of, self.preview_of):
                if awaited:
                    _await_no_more(awaited, flight)
        return flight


def _await_no_more(awaited: dict[ClientOrderId, RequestId], flight: Flight) -> None:
    name = flight.client_order_id
    if name in awaited and awaited[name] == flight.request_id:
        del awaited[name]


@define
class Timers:
    """Moments at which something must be looked at. An entry may be stale when it comes up; its reader checks.

    next: the earliest moment, ns, monotonic; read-only, and no method, for it is looked at behind every message.
    """

    next: int | None = field(default=None, init=False)
    _heap: list[tuple[int, int, object]] = field(factory=list)
    _numbers: Iterator[int] = field(factory=count)

    def add(self, when: int, what: object) -> None:
        # numbered, so that two entries of one moment are never compared by what they hold
        heapq.heappush(self._heap, (when, next(self._numbers), what))
        self.next = self._heap[0][0]

    # A deadline is never taken back: to find it in the heap would cost more than to look when it comes up.

    def due(self, now: int) -> Iterator[object]:
        """Takes out and gives everything due by `now`, earliest first; entries added meanwhile included."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            due = heapq.heappop(heap)[2]
            self.next = heap[0][0] if heap else None
            yield due
