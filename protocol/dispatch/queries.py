"""Status queries of our own: for orders of which nobody knows where they stand, and after every login."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sized
from enum import Enum, auto
from typing import Final

from attrs import define, evolve, field

from .. import events, requests
from ..facts import OrderView
from ..flights import Flight
from ..tracking import Order
from ..values import ClientOrderId, OrderStatus, RequestId, VenueOrderId
from .decisions import QueryDue
from .desk import Desk

__all__ = ["Queries"]

MOST_QUERIES_AT_ONCE: Final = 16
"""Status queries of our own that may be on their way; the others wait, so that a reconnect with a million orders
neither floods the venue nor crowds out the user's requests."""


Standing = tuple[OrderStatus, VenueOrderId | None]


@define
class Settlement:
    """What a login has to settle before `Reconciled`: orders still asked for, with how they stood, and how many orders
    have changed. run: the reading of history that is awaited as well, None: none."""

    open_orders: int
    outstanding: dict[ClientOrderId, Standing] = field(factory=dict)
    changed: int = 0
    run: int | None = None


class Stage(Enum):
    """Where the query of one order stands. LATER: after a pause; WAITING: for its turn; UNDER_WAY: sent."""

    LATER = auto()
    WAITING = auto()
    UNDER_WAY = auto()


class Queries:
    """Owns which orders are to be asked for, and what the present login has still to settle. One query an order.

    An order's next query goes by its venue order id, else by its wire id; `_trails` holds what to ask by instead.
    """

    def __init__(self, desk: Desk, gaps: Sized) -> None:
        self._desk = desk
        self._gaps = gaps
        self._stages: dict[ClientOrderId, Stage] = {}
        self._attempts: dict[ClientOrderId, int] = {}
        self._trails: dict[ClientOrderId, VenueOrderId | None] = {}
        self._waiting: deque[ClientOrderId] = deque()
        self._under_way = 0
        self._listing: RequestId | None = None
        self._list_again = False
        self._comparing: RequestId | None = None
        self._compared_at = 0
        self._listed_over: dict[ClientOrderId, int] = {}
        self._settlement: Settlement | None = None

    def soon(self, order: Order) -> None:
        """Asks as soon as there is a place."""
        self._wait(order.identity.client_order_id)
        self.start()

    def follow(self, order: Order, venue_order_id: VenueOrderId | None) -> None:
        """Asks as soon as there is a place: the order was replaced, by the one with this venue order id. None: nobody
        named it, so its wire id must tell."""
        self._trails[order.identity.client_order_id] = venue_order_id
        self.soon(order)

    def later(self, order: Order) -> None:
        """Asks after a pause that grows with every attempt."""
        client_order_id = order.identity.client_order_id
        if client_order_id in self._stages:
            return
        attempt = self._attempts.get(client_order_id, 0)
        self._attempts[client_order_id] = attempt + 1
        delays = self._desk.rules.query_delays
        self._stages[client_order_id] = Stage.LATER
        due = self._desk.now.monotonic_ns + delays[min(attempt, len(delays) - 1)]
        self._desk.timers.add(due, QueryDue(client_order_id))

    def due(self, due: QueryDue) -> None:
        if self._stages.get(due.client_order_id) is Stage.LATER:
            self._wait(due.client_order_id)
            self.start()

    def is_first(self, order: Order) -> bool:
        """True until a query of this order has left something open."""
        return order.identity.client_order_id not in self._attempts

    def _wait(self, client_order_id: ClientOrderId) -> None:
        if self._stages.get(client_order_id) in (None, Stage.LATER):
            self._stages[client_order_id] = Stage.WAITING
            self._waiting.append(client_order_id)

    def start(self) -> None:
        """Sends as many queries as may be on their way at once."""
        while self._desk.ready and self._waiting and self._under_way < MOST_QUERIES_AT_ONCE:
            client_order_id = self._waiting.popleft()
            order = self._desk.orders.live.get(client_order_id)
            if order is None or not order.can_be_named:
                self._forget(client_order_id)
                self.settled(client_order_id)
                continue
            self._under_way += 1
            self._stages[client_order_id] = Stage.UNDER_WAY
            request = self._next_query(order)
            self._desk.send(request, client_order_id=client_order_id, own_query=True)

    def _next_query(self, order: Order) -> requests.QueryOrder:
        client_order_id, request_id = order.identity.client_order_id, self._desk.flights.next_internal_id()
        if client_order_id not in self._trails:
            return self.query_for(order, request_id)
        trail = self._trails.pop(client_order_id)
        wire_id = order.identity.wire_id
        if trail is None and (wire_id is None or self._desk.orders.by_wire_id(wire_id) is not order):
            return self.query_for(order, request_id)  # that wire id would find another order
        return requests.QueryOrder(
            request_id=request_id,
            venue_order_id=trail,
            wire_id=wire_id if trail is None else None,
            since=self._placed_at(order) if trail is None else 0,
        )

    def query_for(self, order: Order, request_id: RequestId) -> requests.QueryOrder:
        """By venue order id where it is known, else by wire id."""
        venue_order_id = order.venue_order_id
        return requests.QueryOrder(
            request_id=request_id,
            venue_order_id=venue_order_id,
            wire_id=order.identity.wire_id if venue_order_id is None else None,
            since=self._placed_at(order) if venue_order_id is None else 0,
        )

    def _placed_at(self, order: Order) -> int:
        """ns since 1970 by the venue's clock, or earlier; 0 for an order that was not placed here: it may be older than
        we know it."""
        return 0 if order.request_id is None else self._desk.placed_by_venue(order)

    def go_on(self, query: Flight, cursor: str) -> None:
        """The order is in none of the lists that were read: asks for the next one."""
        order = self._desk.order_of(query)
        if query.own_query and (order is None or order.status.is_terminal):
            self.over(query)
            return
        assert isinstance(query.request, requests.QueryOrder)  # nothing else is answered so
        following = self._desk.send(
            evolve(query.request, cursor=cursor),
            client_order_id=query.client_order_id,
            reply_to=query.reply_to,
            own_query=query.own_query,
        )
        following.begun_at = query.asked_at

    def over(self, query: Flight, *, settled: bool = False, heard: bool = False) -> None:
        """A query of our own was answered, refused or given up. settled: it left nothing open; heard: the venue said
        what it knows, so that a login need not wait for more."""
        self._under_way = max(0, self._under_way - 1)
        client_order_id, order = query.client_order_id, self._desk.order_of(query)
        assert client_order_id is not None  # `start` names it
        self._stages.pop(client_order_id, None)
        if settled or order is None or order.status.is_terminal:
            self._forget(client_order_id)
            self.settled(client_order_id)
        elif client_order_id in self._trails:
            self._wait(client_order_id)
        else:
            self.later(order)
            if heard:
                self.settled(client_order_id)
        self.start()

    def _forget(self, client_order_id: ClientOrderId) -> None:
        self._stages.pop(client_order_id, None)
        self._attempts.pop(client_order_id, None)
        self._trails.pop(client_order_id, None)

    def ended(self, client_order_id: ClientOrderId) -> None:
        """The order needs no asking any more; a query under way ends by itself."""
        if self._attempts:
            self._attempts.pop(client_order_id, None)
        if self._trails:
            self._trails.pop(client_order_id, None)
        self.settled(client_order_id)

    def reset(self) -> None:
        """The connection is gone, and every query with it; the next login asks anew."""
        self._stages.clear()
        self._attempts.clear()
        self._trails.clear()
        self._waiting.clear()
        self._under_way = 0
        self._listing, self._list_again = None, False
        self._comparing = None
        self._settlement = None

    def ask_for_terms(self) -> None:
        """A status answer names an order and not its terms; the list of open orders does. One list at a time: it may
        be older than what is asked for now, so another one follows it then."""
        if self._listing is not None:
            self._list_again = True
            return
        self._listing = self._desk.flights.next_internal_id()
        self._desk.send(requests.ListOpenOrders(request_id=self._listing))

    def listed(self, request_id: RequestId) -> None:
        """A list of open orders was answered, refused or given up."""
        if request_id == self._comparing:
            self._comparing = None
        if request_id != self._listing:
            return
        again, self._listing, self._list_again = self._list_again, None, False
        if again and self._desk.ready:
            self.ask_for_terms()

    # Ends that no message told

    def compare(self) -> None:
        """Asks what is open at the venue, to find orders of ours that are not (see `compared`)."""
        desk = self._desk
        if self._comparing is None and desk.ready and not desk.closing:
            self._comparing = desk.flights.next_internal_id()
            self._compared_at = desk.now.wall_ns
            desk.send(requests.ListOpenOrders(request_id=self._comparing))

    def compared(self, listed: Iterable[OrderView]) -> None:
        """The answer. An order that it leaves out has ended, is about to be told, or is late on the list: it is asked
        for unless its end is told within a moment."""
        desk, found = self._desk, set()
        listed_before, self._listed_over = self._listed_over, {}
        for view in listed:
            order = desk.orders.find(view.venue_order_id, view.wire_id)
            if order is None:
                continue
            found.add(order.identity.client_order_id)
            if order.is_over:
                self._notice_over(order, listed_before.get(order.identity.client_order_id, 0) + 1)
        for client_order_id, order in desk.orders.live.items():
            if order.accepted and client_order_id not in found and order.identity.local_time < self._compared_at:
                self.later(order)

    def _notice_over(self, order: Order, times: int) -> None:
        """The venue lists an order that has ended here. Once, the list may be old; the second time, somebody must look.
        times: how often it was listed so, in a row."""
        if times == 2:
            self._desk.warn(
                f"The venue lists order {order.identity.client_order_id} as open, though it has ended here "
                f"({order.status.value}). Look at the venue, and cancel it there if you do not want it."
            )
        self._listed_over[order.identity.client_order_id] = times

    def is_comparison(self, request_id: RequestId) -> bool:
        return request_id == self._comparing

    # What a login has to settle

    def settle(self, *, open_orders: int, changed: int, missing: Iterable[Order], run: int | None) -> None:
        """Asks for every order of ours that the venue's list leaves out, and reports when that is done. run: the
        reading of history that is awaited as well."""
        outstanding = {order.identity.client_order_id: (order.status, order.venue_order_id) for order in missing}
        self._settlement = Settlement(open_orders, outstanding, changed, run)
        for name in outstanding:
            self._wait(name)
        self.start()
        self._finish_settlement()

    def history_read(self, run: int) -> None:
        """A reading of history is over."""
        settlement = self._settlement
        if settlement is not None and settlement.run is not None and settlement.run <= run:
            settlement.run = None
            self._finish_settlement()

    def settled(self, client_order_id: ClientOrderId) -> None:
        """The login need not wait for this order any more."""
        settlement = self._settlement
        if settlement is None or client_order_id not in settlement.outstanding:
            return
        before = settlement.outstanding.pop(client_order_id)
        order = self._desk.orders.by_client_order_id(client_order_id)
        settlement.changed += order is not None and (order.status, order.venue_order_id) != before
        self._finish_settlement()

    def _finish_settlement(self) -> None:
        settlement = self._settlement
        if settlement is None or settlement.outstanding or settlement.run is not None:
            return
        self._settlement = None
        self._desk.record(
            events.Reconciled(
                venue=self._desk.rules.venue,
                account=self._desk.account,
                connection=self._desk.connection,
                local_time=self._desk.now.wall_ns,
                open_orders=settlement.open_orders,
                settled=settlement.changed,
                gaps=len(self._gaps),
            )
        )
