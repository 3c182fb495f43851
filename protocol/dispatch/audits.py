"""Reading the venue's history by itself, so that a fill that no message brought is found all the same.

A run reads the fills since the last run, and, if orders are examined whose fate nobody tells, what became of orders.
One run at a time; whoever wants history gets the number of the run that will have read all that is there now.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ..requests import ListFills, ListOrderHistory
from ..tracking import Order
from ..values import ClientOrderId, OrderType, RequestId
from ..venue import SECOND
from .decisions import AuditDue
from .desk import Desk

__all__ = ["Audits"]

OVERLAP: Final = 60 * SECOND
"""How far a run reaches back behind the last one: clocks differ, and history may lag behind the feeds (E.13)."""
PAUSE: Final = SECOND
"""Between the end of a run and the start of the next."""


def _ignore(_: int) -> None:
    pass


def _nothing() -> None:
    pass


def _may_wait(order: Order) -> bool:
    """True for an order that may wait for a trigger. The type of another session's order is not known."""
    return order.identity.type not in (OrderType.LIMIT, OrderType.MARKET)


class Audits:
    """Owns the runs. on_read: set by whoever wants to know that a run, of this number, is over; on_period: called
    every period while orders of ours are open."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.on_read: Callable[[int], None] = _ignore
        self.on_period: Callable[[], None] = _nothing
        self._run = 0
        self._wanted = 0
        self._request: RequestId | None = None
        self._read_until: int | None = None
        self._began = 0
        self._not_before = 0
        self._failures = 0
        self._was_open = False
        self._fee_owed_at: int | None = None
        self._ticking = False
        self._examined: dict[ClientOrderId, Order] = {}
        self._examining: dict[ClientOrderId, Order] = {}

    @property
    def is_on(self) -> bool:
        return self._desk.rules.reads_history

    def begin(self) -> None:
        """The first login: what was before it is not ours to read."""
        if self._read_until is None:
            self._read_until = self._desk.by_venue(self._desk.now.wall_ns)
        if not self._ticking:
            self._ticking = True
            self._tick()
        self._start()

    def want(self) -> int:
        """Reads as soon as it may. Gives the number of the run that will tell."""
        self._wanted = self._run + 1
        self._start()
        return self._wanted

    def examine(self, order: Order) -> None:
        """Nobody tells what became of this order: reads the history of orders, too."""
        self._examined[order.identity.client_order_id] = order
        self.want()

    def owe_fee(self) -> None:
        """A fill was told without its fee. Another message may bring it; if not, one of the next periods' runs does,
        of which the last comes when history is up to date for certain."""
        self._fee_owed_at = self._desk.now.monotonic_ns

    @property
    def _owes_fee(self) -> bool:
        if self._fee_owed_at is None:
            return False
        return self._desk.now.monotonic_ns - self._fee_owed_at <= self._desk.rules.audit_period + OVERLAP

    def is_examined(self, order: Order) -> bool:
        """True while a run is reading what became of this order."""
        return order.identity.client_order_id in self._examining

    def take_examined(self) -> list[Order]:
        """The orders that the run which is just over has examined."""
        examined, self._examining = list(self._examining.values()), {}
        return examined

    # Runs

    def _tick(self) -> None:
        self._desk.timers.add(self._desk.now.monotonic_ns + self._desk.rules.audit_period, AuditDue(periodic=True))

    def due(self, due: AuditDue) -> None:
        if not due.periodic:
            self._start()
            return
        self._tick()
        if self._desk.orders.live or self._was_open or self._owes_fee:
            self.want()
        if self._desk.orders.live:
            self.on_period()

    def _start(self) -> None:
        desk = self._desk
        if self._request is not None or self._wanted <= self._run or not desk.ready or desk.closing:
            return
        if desk.now.monotonic_ns < self._not_before:
            desk.timers.add(self._not_before, AuditDue(periodic=False))
            return
        assert self._read_until is not None  # a login came first
        self._run += 1
        self._began = desk.by_venue(desk.now.wall_ns)
        self._examining, self._examined = self._examined, {}
        self._was_open = bool(desk.orders.live)
        self._request = desk.flights.next_internal_id()
        start, end = max(0, self._read_until - OVERLAP), self._began + OVERLAP
        span = desk.rules.history_span
        if span is not None:
            start = max(start, end - span)
        desk.send(ListFills(request_id=self._request, start=start, end=end, symbol=None, latest=True))

    def fills_read(self, request_id: RequestId) -> None:
        """The last page of fills of a run, or of somebody else's question."""
        if request_id != self._request:
            return
        if self._examining:
            may_wait = any(map(_may_wait, self._examining.values()))
            self._read_orders(triggers=may_wait and self._desk.rules.triggers_apart)
        else:
            self._finish()

    def _read_orders(self, *, triggers: bool) -> None:
        """What became of orders. Of stops first: one whose trigger fired goes on in the history of the others."""
        desk = self._desk
        start = min(map(desk.placed_by_venue, self._examining.values())) - OVERLAP
        self._request = desk.flights.next_internal_id()
        end = desk.by_venue(desk.now.wall_ns) + OVERLAP
        desk.send(ListOrderHistory(request_id=self._request, start=max(0, start), end=end, triggers=triggers))

    def orders_read(self, request: ListOrderHistory) -> None:
        """The last page of what became of orders."""
        if request.request_id != self._request:
            return
        if request.triggers and not all(order.status.is_terminal for order in self._examining.values()):
            self._read_orders(triggers=False)
        else:
            self._finish()

    def _finish(self) -> None:
        self._request = None
        self._failures = 0
        self._read_until = self._began
        self._not_before = self._desk.now.monotonic_ns + PAUSE
        self.on_read(self._run)
        self._start()

    def failed(self, request_id: RequestId) -> None:
        """A question of ours was refused, lost or never sent: the run is made again later."""
        if request_id != self._request:
            return
        delays = self._desk.rules.query_delays
        self._not_before = self._desk.now.monotonic_ns + delays[min(self._failures, len(delays) - 1)]
        self._failures += 1
        self._request = None
        self._run -= 1
        self._examined = {**self._examining, **self._examined}
        self._examining = {}
        self._start()
