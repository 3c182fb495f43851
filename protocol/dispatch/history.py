"""What the venue's history tells: fills that no message brought, their fees, and what became of orders."""

from __future__ import annotations

from typing import Final

from attrs import evolve

from .. import facts, requests
from ..errors import RequestFailed
from ..facts import OrderView, Trade
from ..flights import Flight
from ..tracking import Order
from ..values import OrderStatus, VenueOrderId
from .audits import Audits
from .desk import Desk
from .life import OrderLife
from .queries import Queries
from .unclaimed import Unclaimed

__all__ = ["History"]

MOST_EMPTY_PAGES: Final = 3
"""In a row, of a history that names a next page again and again: behind them nothing follows."""


class History:
    """Stateless: what is being read is in the desk's flights, and why in the audits."""

    def __init__(self, desk: Desk, life: OrderLife, queries: Queries, unclaimed: Unclaimed, audits: Audits) -> None:
        self._desk = desk
        self._life = life
        self._queries = queries
        self._unclaimed = unclaimed
        self._audits = audits
        audits.on_read, audits.on_period = self._run_is_over, queries.compare

    def examine(self, order: Order) -> None:
        """No question about this order brought an answer; its history decides."""
        self._audits.examine(order)

    # Fills

    def fills_listed(self, fact: facts.FillsListed) -> None:
        flight = self._desk.flights.by_id.get(fact.request_id)
        for trade in sorted(fact.trades, key=_when):  # some venues list the newest first
            self._take(trade, asked=flight is not None)
        if flight is not None and isinstance(flight.request, requests.ListFills):
            self._desk.flights.drop(fact.request_id)
            self._next_page(flight, flight.request, fact)

    def _take(self, trade: Trade, *, asked: bool) -> None:
        order = self._desk.orders.by_venue_order_id(trade.venue_order_id)
        if order is None and trade.wire_id is not None:
            order = self._desk.orders.by_wire_id(trade.wire_id)
        if order is None and not asked and self._is_before_us(trade):
            return  # what the venue lists unasked at a login, from before this client began
        if order is not None or not self._unclaimed.keep(trade):
            self._unclaimed.tell(trade, order)

    def _is_before_us(self, trade: Trade) -> bool:
        return trade.time < self._desk.opened_at

    def _next_page(self, flight: Flight, request: requests.ListFills, fact: facts.FillsListed) -> None:
        read = flight.read + len(fact.trades)
        if fact.cursor is not None and fact.cursor == request.cursor:
            problem = f"The venue gives the same page of its history again and again; {read} fills were read."
            self._fail(flight, problem)
            return
        if fact.cursor is not None:
            following = evolve(request, cursor=fact.cursor)
        elif flight.until is not None and request.end < flight.until:
            end = min(flight.until, request.end + request.end - request.start)
            following = evolve(request, start=request.end, end=end, cursor=None)
        else:
            self._desk.reply(flight.reply_to, read)
            self._audits.fills_read(flight.request_id)
            return
        sent = self._desk.send(following, reply_to=flight.reply_to)
        sent.read, sent.until = read, flight.until

    def refused(self, flight: Flight, fact: facts.RequestRefused) -> None:
        self._desk.flights.drop(flight.request_id)
        self._fail(flight, fact.reason)

    def _fail(self, flight: Flight, problem: str) -> None:
        self._desk.reply(flight.reply_to, RequestFailed(problem))
        if flight.reply_to is None:
            self._desk.warn(f"The history of {self._desk.rules.venue} could not be read, and is tried again: {problem}")
        self._audits.failed(flight.request_id)

    # What became of orders

    def orders_listed(self, fact: facts.OrderHistoryListed) -> None:
        """One page. Only orders whose fate nobody tells take it over: of the others, the feeds know more."""
        newest: dict[VenueOrderId, OrderView] = {view.venue_order_id: view for view in fact.orders}
        for view in newest.values():
            order = self._desk.orders.find(view.venue_order_id, view.wire_id)
            if order is not None and self._audits.is_examined(order) and self._is_meant(order, view):
                self._life.sync(order, view)
        flight = self._desk.flights.drop(fact.request_id)
        if flight is None or not isinstance(flight.request, requests.ListOrderHistory):
            return
        request = flight.request
        empty = 0 if fact.orders else flight.read + 1
        if fact.cursor in (None, request.cursor) or empty > MOST_EMPTY_PAGES:
            self._audits.orders_read(request)
        else:
            self._desk.send(evolve(request, cursor=fact.cursor)).read = empty

    def _is_meant(self, order: Order, view: OrderView) -> bool:
        """False for an older order under the same client id (spec Kraken A.13): an order that keeps its venue order id
        is found by that alone."""
        if not self._desk.rules.changes_in_place or order.venue_order_id in (None, view.venue_order_id):
            return True
        return order.status is OrderStatus.TRIGGERED or self._desk.orders.is_former_id(order, view.venue_order_id)

    def _run_is_over(self, run: int) -> None:
        self._life.history_read(run)
        for order in self._audits.take_examined():
            self._judge(order)
        self._queries.history_read(run)

    def _judge(self, order: Order) -> None:
        """Neither questions nor history know the order, or history has told what became of it."""
        client_order_id = order.identity.client_order_id
        if order.status.is_terminal:
            return
        if order.accepted:
            self._life.warn_if_vanished(order)
            self._queries.settled(client_order_id)
        elif order.status in (OrderStatus.SUBMITTED, OrderStatus.UNKNOWN):
            self._life.deny(
                order, "The venue has no such order, and its history shows nothing of it: it never arrived there."
            )
            self._queries.ended(client_order_id)

    def read_now(self, listed_again: bool) -> int | None:
        """After a connection, or messages of it, were lost: the run that tells what happened meanwhile. None: nothing
        is to be read."""
        if not self._audits.is_on:
            return None
        self._audits.begin()
        return self._audits.want() if listed_again or self._desk.connection > 1 else None


def _when(trade: Trade) -> int:
    return trade.time
