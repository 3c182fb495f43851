"""Requests on their way, and when to look at what: the state of a connection, not of orders.

A reconnect rebuilds all of it. Deadlines are data in a heap; nobody here waits.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Final

from attrs import define, field

from .requests import AskTime, PlaceOrder, Request
from .values import ClientOrderId, Instant, RequestId, VenueOrderId

__all__ = ["Flight", "Flights", "Timers"]

FIRST_INTERNAL_ID: Final = 1 << 30
"""Requests that dispatch sends on its own account are numbered from here, so that users count from 1."""
LAST_REQUEST_ID: Final = (1 << 31) - 1


@define(kw_only=True, eq=False)
class Flight:
    """One request that was released towards the venue.

    connection: the one it was meant for, 0 over HTTP; sent_at: ns, monotonic; sent_wall: ns since 1970; answered: the
    venue took it, and what came of it is still to be seen; lost: no answer came in time, or its connection ended;
    reply_to: who awaits the answer; own_query: a status query that dispatch sends on its own account; place: what to
    send once this price preview is answered; tries: how often a cancel came too early, or met a limit; resting: such a
    cancel, which waits to be sent again; doubt: what the venue said of a cancel or change that rests, or of which that
    leaves open what came; overdue: a cancel or change whose outcome is asked for, because its time is over;
    replacement: the new venue order id that the answer to a replacement named; until: how far history is to be read;
    read: how many executions of it have been; parked: refused for the session token, and waiting for another; resent:
    with another token, once; begun_at: when the question that this one continues was sent, ns, monotonic; ways: on how
    many it may reach the venue: socket, HTTP, or both; held: not sent, and waiting for the venue's time.
    """

    request: Request
    client_order_id: ClientOrderId | None
    connection: int
    sent_at: int
    sent_wall: int
    reply_to: object = None
    own_query: bool = False
    answered: bool = False
    lost: bool = False
    place: PlaceOrder | None = None
    tries: int = 0
    resting: bool = False
    doubt: str = ""
    overdue: bool = False
    replacement: VenueOrderId | None = None
    until: int | None = None
    read: int = 0
    parked: bool = False
    resent: bool = False
    begun_at: int | None = None
    ways: int = 1
    held: bool = False

    @property
    def asked_at(self) -> int:
        """When its question was asked, of one in several steps the first: what was not there then may be there now."""
        return self.sent_at if self.begun_at is None else self.begun_at

    @property
    def released_at(self) -> Instant:
        """When it was released towards the venue, by both clocks."""
        return Instant(self.sent_at, self.sent_wall)

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
    cancel_of: dict[ClientOrderId, RequestId] = field(factory=dict)
    change_of: dict[ClientOrderId, RequestId] = field(factory=dict)
    preview_of: dict[ClientOrderId, RequestId] = field(factory=dict)
    _last_internal: int = FIRST_INTERNAL_ID - 1

    def next_internal_id(self) -> RequestId:
        """A number of our own that is not in flight."""
        while True:
            following = self._last_internal + 1
            self._last_internal = following if following <= LAST_REQUEST_ID else FIRST_INTERNAL_ID
            if self._last_internal not in self.by_id:
                return RequestId(self._last_internal)

    def cancel(self, client_order_id: ClientOrderId) -> Flight | None:
        request_id = self.cancel_of.get(client_order_id)
        return None if request_id is None else self.by_id.get(request_id)

    def change(self, client_order_id: ClientOrderId) -> Flight | None:
        request_id = self.change_of.get(client_order_id)
        return None if request_id is None else self.by_id.get(request_id)

    def preview(self, client_order_id: ClientOrderId) -> Flight | None:
        request_id = self.preview_of.get(client_order_id)
        return None if request_id is None else self.by_id.get(request_id)

    def placement(self, client_order_id: ClientOrderId, request_id: RequestId | None) -> Flight | None:
        """The placement of an order, None once nothing more is awaited of it. request_id: of the order; its number may
        be in use again for something else."""
        flight = None if request_id is None else self.by_id.get(request_id)
        if flight is None or flight.client_order_id != client_order_id or type(flight.request) is not PlaceOrder:
            return None
        return flight

    def detach(self, flight: Flight) -> None:
        """Its order awaits it no longer, but its answer is still to come."""
        client_order_id = flight.client_order_id
        if client_order_id is not None and self.change_of.get(client_order_id) == flight.request_id:
            del self.change_of[client_order_id]

    def drop(self, request_id: RequestId) -> Flight | None:
        """Forgets a request; its order awaits it no longer."""
        flight = self.by_id.pop(request_id, None)
        if flight is not None and flight.client_order_id is not None:
            for awaited in (self.cancel_of, self.change_of, self.preview_of):
                if awaited.get(flight.client_order_id) == request_id:
                    del awaited[flight.client_order_id]
        return flight


@define
class Timers:
    """Moments at which something must be looked at. An entry may be stale when it comes up; whoever gets it checks."""

    _heap: list[tuple[int, int, object]] = field(factory=list)
    _count: int = 0

    @property
    def next(self) -> int | None:
        """The earliest moment, ns, monotonic."""
        return self._heap[0][0] if self._heap else None

    def add(self, when: int, what: object) -> None:
        self._count += 1  # two entries of one moment are never compared by what they hold
        heapq.heappush(self._heap, (when, self._count, what))

    def due(self, now: int) -> Iterator[object]:
        """Takes out and gives everything due by `now`, earliest first; entries added meanwhile included."""
        while self._heap and self._heap[0][0] <= now:
            yield heapq.heappop(self._heap)[2]
