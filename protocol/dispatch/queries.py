"""Status queries of our own: for orders of which nobody knows where they stand, and after every login."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sized
from enum import Enum, auto
from typing import Final

from attrs import define, field

from .. import events, requests
from ..tracking import Order
from ..values import ClientOrderId, RequestId
from .decisions import QueryDue
from .desk import Desk

__all__ = ["Queries"]

MOST_QUERIES_AT_ONCE: Final = 16
"""Status queries of our own that may be on their way; the others wait, so that a reconnect with a million orders
neither floods the venue nor crowds out the user's requests."""


@define
class Settlement:
    """What a login has to settle before `Reconciled`: orders still asked for, and what came of the others."""

    open_orders: int
    outstanding: set[ClientOrderId] = field(factory=set)
    settled: int = 0


class Stage(Enum):
    """Where the query of one order stands. LATER: after a pause; WAITING: for its turn; UNDER_WAY: sent."""

    LATER = auto()
    WAITING = auto()
    UNDER_WAY = auto()


class Queries:
    """Owns which orders are to be asked for, and what the present login has still to settle. One query an order."""

    def __init__(self, desk: Desk, gaps: Sized) -> None:
        self._desk = desk
        self._gaps = gaps
        self._stages: dict[ClientOrderId, Stage] = {}
        self._attempts: dict[ClientOrderId, int] = {}
        self._waiting: deque[ClientOrderId] = deque()
        self._under_way = 0
        self._by_wire_id: set[ClientOrderId] = set()
        self._settlement: Settlement | None = None

    def query_for(self, order: Order, request_id: RequestId, *, by_wire_id: bool = False) -> requests.QueryOrder:
        """By venue order id where it is known, else, or if asked to, by wire id."""
        wire_id = order.identity.wire_id
        use_wire_id = order.venue_order_id is None or (by_wire_id and wire_id is not None)
        return requests.QueryOrder(
            request_id=request_id,
            venue_order_id=None if use_wire_id else order.venue_order_id,
            wire_id=wire_id if use_wire_id else None,
        )

    def soon(self, order: Order, *, by_wire_id: bool = False) -> None:
        """Asks as soon as there is a place. by_wire_id: the venue order id that we know is not the present one."""
        client_order_id = order.identity.client_order_id
        if by_wire_id:
            self._by_wire_id.add(client_order_id)
        self._wait(client_order_id)
        self.start()

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

    def _wait(self, client_order_id: ClientOrderId) -> None:
        if self._stages.get(client_order_id) in (None, Stage.LATER):
            self._stages[client_order_id] = Stage.WAITING
            self._waiting.append(client_order_id)

    def start(self) -> None:
        """Sends as many queries as may be on their way at once."""
        while self._desk.ready and self._waiting and self._under_way < MOST_QUERIES_AT_ONCE:
            client_order_id = self._waiting.popleft()
            order = self._desk.orders.live.get(client_order_id)
            if order is None:
                self._forget(client_order_id)
                continue
            self._under_way += 1
            self._stages[client_order_id] = Stage.UNDER_WAY
            by_wire_id = client_order_id in self._by_wire_id
            self._by_wire_id.discard(client_order_id)
            request = self.query_for(order, self._desk.flights.next_internal_id(), by_wire_id=by_wire_id)
            self._desk.send(request, client_order_id=client_order_id)

    def over(self, order: Order, *, settled: bool) -> None:
        """A query of our own was answered, refused or given up. settled: it left nothing open."""
        client_order_id = order.identity.client_order_id
        self._under_way = max(0, self._under_way - 1)
        self._stages.pop(client_order_id, None)
        if settled or order.status.is_terminal:
            self._forget(client_order_id)
            self.settled(client_order_id)
        elif client_order_id in self._by_wire_id:
            self._wait(client_order_id)
        else:
            self.later(order)
        self.start()

    def _forget(self, client_order_id: ClientOrderId) -> None:
        self._stages.pop(client_order_id, None)
        self._attempts.pop(client_order_id, None)
        self._by_wire_id.discard(client_order_id)

    def ended(self, client_order_id: ClientOrderId) -> None:
        """The order needs no asking any more; a query under way ends by itself."""
        if self._attempts:
            self._attempts.pop(client_order_id, None)
        self.settled(client_order_id)

    def reset(self) -> None:
        """The connection is gone, and every query with it; the next login asks anew."""
        self._stages.clear()
        self._attempts.clear()
        self._waiting.clear()
        self._by_wire_id.clear()
        self._under_way = 0
        self._settlement = None

    # What a login has to settle

    def settle(self, *, open_orders: int, changed: int, missing: Iterable[Order]) -> None:
        """Asks for every order of ours that the venue's list leaves out, and reports when that is done."""
        names = [order.identity.client_order_id for order in missing]
        self._settlement = Settlement(open_orders, set(names), changed)
        for name in names:
            self._wait(name)
        self.start()
        self._finish_settlement()

    def settled(self, client_order_id: ClientOrderId) -> None:
        """It is known again where this order stands."""
        settlement = self._settlement
        if settlement is not None and client_order_id in settlement.outstanding:
            settlement.outstanding.remove(client_order_id)
            settlement.settled += 1
            self._finish_settlement()

    def _finish_settlement(self) -> None:
        settlement = self._settlement
        if settlement is None or settlement.outstanding:
            return
        self._settlement = None
        self._desk.record(
            events.Reconciled(
                venue=self._desk.rules.venue,
                connection=self._desk.connection,
                local_time=self._desk.now.wall_ns,
                open_orders=settlement.open_orders,
                settled=settlement.settled,
                gaps=len(self._gaps),
            )
        )
