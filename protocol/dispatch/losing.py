"""Requests whose answer does not come: time-outs, lost connections, frames that were never written."""

from __future__ import annotations

from .. import requests
from ..errors import NotSent, RequestFailed
from ..flights import Flight
from ..inputs import Admission, NotWritten
from ..tracking import Order
from ..values import RequestId
from ..venue import SECOND
from .decisions import CancelDue, RequestDue
from .desk import Desk
from .life import OrderLife
from .queries import Queries

__all__ = ["Losing"]


class Losing:
    """Stateless: what is on its way is in the desk's flights."""

    def __init__(self, desk: Desk, life: OrderLife, queries: Queries) -> None:
        self._desk = desk
        self._life = life
        self._queries = queries

    def lose(self, flight: Flight, why: str) -> None:
        """No answer to this request will come in time, or ever."""
        flight.lost = True
        order = self._desk.order_of(flight)
        if isinstance(flight.request, requests.PlaceOrder):
            # Kept while the order lives and is not accepted: a late answer still tells something.
            if order is None or order.accepted or order.status.is_terminal:
                self._desk.flights.drop(flight.request_id)
            elif not flight.answered:
                self._life.lose(order, why)
            return
        if isinstance(flight.request, requests.PreviewPrice):
            self.deny_preview(flight, f"The venue named no price for it. {why}")
            return
        self._desk.flights.drop(flight.request_id)
        if isinstance(flight.request, requests.QueryOrder) and flight.reply_to is None and order is not None:
            self._queries.over(order, settled=False)
            return
        self._desk.reply(flight.reply_to, RequestFailed(f"{why} Ask again."))

    def deny_preview(self, flight: Flight, reason: str) -> None:
        """The order that waited for this price is not sent; its credit is free again."""
        self._desk.flights.drop(flight.request_id)
        self._desk.out.released.append(Admission.ORDER)
        order = self._desk.order_of(flight)
        if order is not None:
            self._life.deny(order, reason)

    def request_due(self, due: RequestDue) -> None:
        """The time for an answer, or for what should have come of one, is over."""
        flight = self._desk.flights.by_id.get(due.request_id)
        if flight is None or flight.lost:
            return  # settled, or being asked about already
        waited = self._desk.now.monotonic_ns - flight.sent_at
        if waited < self._desk.rules.request_timeout:
            return  # the number was used again: its own deadline follows
        order = self._desk.order_of(flight)
        open_order = order is not None and not order.status.is_terminal
        if flight.answered and order is not None and open_order:
            self._outcome_due(flight, order)
        elif flight.answered or (order is not None and not open_order) or self._is_accepted_placement(flight):
            self._desk.flights.drop(flight.request_id)
        else:
            self._unanswered(flight, order)

    def _is_accepted_placement(self, flight: Flight) -> bool:
        order = self._desk.order_of(flight)
        return order is not None and order.accepted and isinstance(flight.request, requests.PlaceOrder)

    def _outcome_due(self, flight: Flight, order: Order) -> None:
        """The venue took the request, and nothing came of it so far."""
        if isinstance(flight.request, requests.PlaceOrder):
            if order.accepted:
                self._desk.flights.drop(flight.request_id)
                return
        elif isinstance(flight.request, requests.CancelOrder):
            self._desk.flights.drop(flight.request_id)
        self._queries.soon(order)

    def _unanswered(self, flight: Flight, order: Order | None) -> None:
        seconds = self._desk.rules.request_timeout / SECOND
        why = f"The venue did not answer within {seconds:g} s."
        self.lose(flight, why)
        if order is not None and not isinstance(flight.request, requests.QueryOrder | requests.PreviewPrice):
            self._queries.soon(order)
        elif isinstance(flight.request, requests.CancelAllOrders):
            self._desk.warn(
                f"The cancel of all orders (request {flight.request_id}) was not answered. Look at what is open."
            )

    def cancel_due(self, due: CancelDue) -> None:
        """Sends a cancel again that came too early, under its own number."""
        flight = self._desk.flights.by_id.get(due.request_id)
        order = None if flight is None else self._desk.order_of(flight)
        if flight is None or order is None or order.status.is_terminal or not self._desk.ready:
            return
        tries = flight.tries
        self.send_cancel(order, due.request_id, None).tries = tries

    def send_cancel(self, order: Order, request_id: RequestId, admission: Admission | None) -> Flight:
        by_venue_id = order.venue_order_id is not None
        request = requests.CancelOrder(
            request_id=request_id,
            venue_order_id=order.venue_order_id,
            wire_id=None if by_venue_id else order.identity.wire_id,
        )
        client_order_id = order.identity.client_order_id
        self._desk.flights.cancel_of[client_order_id] = request_id
        return self._desk.send(request, client_order_id=client_order_id, admission=admission)

    def not_written(self, input: NotWritten) -> None:
        """These were certainly not sent, whatever was assumed before."""
        for request_id in input.request_ids:
            flight = self._desk.flights.drop(request_id)
            if flight is None:
                continue
            order = self._desk.order_of(flight)
            if isinstance(flight.request, requests.PlaceOrder) and order is not None:
                self._life.deny(order, input.reason)
            elif isinstance(flight.request, requests.CancelOrder) and order is not None:
                self._life.reject_cancel(order, request_id, input.reason)
            elif isinstance(flight.request, requests.ReplaceOrder) and order is not None:
                self._life.reject_change(order, request_id, input.reason)
            elif isinstance(flight.request, requests.QueryOrder) and flight.reply_to is None and order is not None:
                self._queries.over(order, settled=False)
            else:
                self._desk.reply(flight.reply_to, NotSent(input.reason))
