"""Requests whose answer does not come: time-outs, lost connections, frames that were never written."""

from __future__ import annotations

from typing import Final

from .. import requests
from ..errors import NotSent, RequestFailed
from ..flights import Flight
from ..inputs import Admission, NotWritten, Rerouted
from ..tracking import Order
from ..values import ClientOrderId, OrderStatus, RequestId
from ..venue import SECOND
from .audits import Audits
from .cancel_timer import CancelTimer
from .decisions import CancelDue, RequestDue, UnknownDue
from .desk import Desk
from .life import OrderLife
from .queries import Queries

__all__ = ["Losing"]

LOST_WITH_THE_LINK: Final = "The connection ended before the venue answered."
TIME_UNKNOWN: Final = (
    "This machine's clock was set, or the machine slept, and the venue did not tell its time within {seconds:g} s, so "
    "no deadline could be given and this was not sent. It is safe to send it again."
)


def _sentence(said: str) -> str:
    """The venue's words as the first of two sentences; "" if there are none."""
    return said and f"{said.rstrip('.')}."


class Losing:
    """Stateless: what is on its way is in the desk's flights."""

    def __init__(
        self, desk: Desk, life: OrderLife, queries: Queries, audits: Audits, cancel_timer: CancelTimer
    ) -> None:
        self._desk = desk
        self._life = life
        self._queries = queries
        self._audits = audits
        self._cancel_timer = cancel_timer

    def lose_connections(self, last: int) -> None:
        """Nothing that was asked on the connections up to this one will be answered."""
        for flight in list(self._desk.flights.by_id.values()):
            if 0 < flight.connection <= last and not flight.lost:
                self.lose(flight, LOST_WITH_THE_LINK)

    def drop_own_queries(self) -> None:
        """Those over HTTP outlive a connection; the next login asks anew."""
        for flight in list(self._desk.flights.by_id.values()):
            if flight.own_query:
                self._desk.flights.drop(flight.request_id)

    def lose_all(self, why: str) -> None:
        """Nothing will be answered any more."""
        for flight in list(self._desk.flights.by_id.values()):
            if not flight.lost:
                self.lose(flight, why)

    def lose(self, flight: Flight, why: str) -> None:
        """No answer to this request will come in time, or ever."""
        if flight.parked:
            self._not_written(flight, f"The venue refused its session token, and there was no other in time. {why}")
            return
        if flight.held:
            self._not_written(flight, f"It waited for the venue's time, and was not sent. {why}")
            return
        flight.lost = True
        order = self._desk.order_of(flight)
        request = flight.request
        if isinstance(request, requests.PlaceOrder):
            # Kept while the order lives and is not accepted: a late answer still tells something.
            if order is None or order.accepted or order.status.is_terminal:
                self._desk.flights.drop(flight.request_id)
            elif not flight.answered:
                self._life.lose(order, why)
        elif isinstance(request, requests.CancelOrder | requests.ReplaceOrder):
            # Kept until its deadline: the sender may still tell that it was never written.
            if flight.overdue:
                self._desk.flights.drop(flight.request_id)  # the next login shows what came of it
            elif flight.resting:
                self._desk.flights.drop(flight.request_id)
                if order is not None:
                    self._life.reject_cancel(order, flight.request_id, f"{_sentence(flight.doubt)} {why}")
        elif isinstance(request, requests.PreviewPrice):
            self.deny_preview(flight, f"The venue named no price for it. {why}")
        else:
            self._desk.flights.drop(flight.request_id)
            self._question_lost(flight, why)

    def _question_lost(self, flight: Flight, why: str) -> None:
        if isinstance(flight.request, requests.CancelAllOrders):
            if not flight.answered:
                self._desk.warn(
                    f"The cancel of all orders (request {flight.request_id}) came to nothing that we know of. {why} "
                    "Look at what is open."
                )
        elif isinstance(flight.request, requests.SetCancelTimer):
            self._cancel_timer.not_set(flight, why)
        elif flight.own_query:
            self._queries.over(flight)
        else:
            self._queries.listed(flight.request_id)
            self._audits.failed(flight.request_id)
            self._desk.reply(flight.reply_to, RequestFailed(f"{why} Ask again."))

    def deny_preview(self, flight: Flight, reason: str) -> None:
        """The order that waited for this price is not sent; its credit is free again."""
        self._desk.flights.drop(flight.request_id)
        self._desk.out.released.append(Admission.ORDER)
        order = self._desk.order_of(flight)
        if order is not None:
            self._life.deny(order, reason)

    def deny_previews(self, reason: str) -> None:
        """No order that waits for its price is sent any more."""
        for client_order_id in list(self._desk.flights.preview_of):
            flight = self._desk.flights.preview(client_order_id)
            if flight is not None:
                self.deny_preview(flight, reason)

    def deny_held(self, reason: str) -> None:
        """Nothing that waits for the venue's time is sent any more."""
        for flight in self._held():
            self._not_written(flight, reason)

    def withdraw(self, client_order_id: ClientOrderId) -> bool:
        """Denies an order that waits for the venue's time: it is to be canceled. False: it does not wait."""
        order = self._desk.orders.live.get(client_order_id)
        placed = None if order is None else self._desk.placement_of(order)
        if placed is None or not placed.held:
            return False
        self._not_written(placed, requests.WITHDRAWN)
        return True

    def withdraw_all(self, symbol: str | None) -> None:
        """Denies the orders that wait for the venue's time. symbol None: of every instrument."""
        for flight in self._held():
            if isinstance(flight.request, requests.PlaceOrder) and symbol in (None, flight.request.symbol):
                self._not_written(flight, requests.WITHDRAWN)

    def _held(self) -> list[Flight]:
        by_id = self._desk.flights.by_id
        return [flight for held in self._desk.held for flight in held.flights if flight.request_id in by_id]

    def request_due(self, due: RequestDue) -> None:
        """The time for an answer, or for what should have come of one, is over."""
        flight = self._desk.flights.by_id.get(due.request_id)
        if flight is None:
            return
        waited = self._desk.now.monotonic_ns - flight.sent_at
        if waited < self._desk.rules.request_timeout:
            return  # the number was used again: its own deadline follows
        order = self._desk.order_of(flight)
        why = f"The venue did not answer within {self._desk.rules.request_timeout / SECOND:g} s."
        if flight.held:
            self._not_written(flight, TIME_UNKNOWN.format(seconds=self._desk.rules.request_timeout / SECOND))
        elif flight.parked:
            self.lose(flight, why)
        elif isinstance(flight.request, requests.PlaceOrder):
            self._placement_due(flight, order, why)
        elif isinstance(flight.request, requests.CancelOrder | requests.ReplaceOrder):
            self._change_due(flight, order)
        else:
            self.lose(flight, why)

    def _placement_due(self, flight: Flight, order: Order | None, why: str) -> None:
        if order is None or order.accepted or order.status.is_terminal:
            self._desk.flights.drop(flight.request_id)
        elif not flight.lost:  # else it is asked about already
            self.lose(flight, why)
            self._queries.soon(order)

    def _change_due(self, flight: Flight, order: Order | None) -> None:
        """A cancel or change without an outcome. A status query tells whether the order outlived it."""
        flights = self._desk.flights
        if order is not None and not order.status.is_terminal and (flight.doubt or not flight.lost):
            client_order_id = order.identity.client_order_id
            if flight is flights.cancel(client_order_id) or flight is flights.change(client_order_id):
                flight.overdue = True
                self._queries.soon(order)
                return
        flights.drop(flight.request_id)

    def outlived(self, order: Order, query: Flight) -> None:
        """A status query shows the order live, under the venue order id that we know: what was overdue when the query
        was sent came to nothing."""
        flights, client_order_id = self._desk.flights, order.identity.client_order_id
        cancel, change = flights.cancel(client_order_id), flights.change(client_order_id)
        if cancel is not None and cancel.overdue and self._was_overdue(cancel, query):
            flights.drop(cancel.request_id)
            reason = f"{_sentence(cancel.doubt)} The venue has not acted on it; the order is still live."
            self._life.reject_cancel(order, cancel.request_id, reason.strip())
        if change is not None and change.overdue and self._was_overdue(change, query):
            flights.drop(change.request_id)
            request = change.request
            if isinstance(request, requests.ReplaceOrder) and self._came_to_nothing(order, change, request):
                reason = f"{_sentence(change.doubt)} The venue has not acted on it; the order is live as it was."
                self._life.reject_change(order, change.request_id, reason.strip())

    def _came_to_nothing(self, order: Order, change: Flight, request: requests.ReplaceOrder) -> bool:
        """Whether the order, as a status query has just shown it, is still as it was."""
        if not self._desk.rules.changes_in_place:
            return request.venue_order_id == order.venue_order_id
        agrees = request.agrees_with(order.quantity, order.price, order.trigger_price)
        return not (change.answered if agrees is None else agrees)

    def _was_overdue(self, flight: Flight, query: Flight) -> bool:
        return query.asked_at - flight.sent_at >= self._desk.rules.request_timeout

    def cancel_due(self, due: CancelDue) -> None:
        """Sends a cancel again that came too early, or that met a limit, under its own number."""
        flight = self._desk.flights.by_id.get(due.request_id)
        if flight is None or not flight.resting:
            return
        if isinstance(flight.request, requests.CancelAllOrders):
            self._desk.send(flight.request).tries = flight.tries
            return
        order = self._desk.order_of(flight)
        if order is None or order.status.is_terminal:
            self._desk.flights.drop(due.request_id)
            return
        self.send_cancel(order, due.request_id, None).tries = flight.tries

    def unknown_due(self, due: UnknownDue) -> None:
        """Cancels an order whose answer was lost, in case it lives; without a connection, after the next login."""
        order = self._desk.orders.live.get(due.client_order_id)
        if order is None or order.status is not OrderStatus.UNKNOWN or not self._desk.ready:
            return
        if order.venue_order_id is not None or (self._desk.rules.cancel_by_wire_id and order.can_be_named):
            self.send_cancel(order, self._desk.flights.next_internal_id(), None)

    def cancel_unknown_orders(self) -> None:
        """After a login: those whose answer was lost with the connection."""
        if self._desk.cancel_unknown:
            for client_order_id, order in list(self._desk.orders.live.items()):
                if order.status is OrderStatus.UNKNOWN:
                    self.unknown_due(UnknownDue(client_order_id))

    def send_cancel(self, order: Order, request_id: RequestId, admission: Admission | None) -> Flight:
        """Releases a cancel."""
        client_order_id = order.identity.client_order_id
        self.forget_older_cancel(client_order_id)
        self._desk.flights.cancel_of[client_order_id] = request_id
        request = self.cancel_request(order, request_id)
        return self._desk.send(request, client_order_id=client_order_id, admission=admission)

    def cancel_request(self, order: Order, request_id: RequestId) -> requests.CancelOrder:
        """By venue order id where it is known, else by wire id."""
        return requests.CancelOrder(
            request_id=request_id,
            venue_order_id=order.venue_order_id,
            wire_id=None if order.venue_order_id is not None else order.identity.wire_id,
        )

    def forget_older_cancel(self, client_order_id: ClientOrderId) -> None:
        """What becomes of a cancel that was given up is of no interest once there is another."""
        older = self._desk.flights.cancel(client_order_id)
        if older is not None and older.overdue:
            self._desk.flights.drop(older.request_id)

    def not_written(self, input: NotWritten) -> None:
        """These were certainly not sent, whatever was assumed before."""
        for request_id in input.request_ids:
            flight = self._desk.flights.by_id.get(request_id)
            if flight is not None and not flight.fail_on_one_way():
                self._not_written(flight, input.reason)

    def rerouted(self, input: Rerouted) -> None:
        """These go over HTTP instead of the socket, or as well: what becomes of the connection is no longer their
        fate."""
        for request_id in input.request_ids:
            flight = self._desk.flights.by_id.get(request_id)
            if flight is not None:
                flight.connection = 0
                flight.ways += input.begun

    def _not_written(self, flight: Flight, reason: str) -> None:
        request, request_id, order = flight.request, flight.request_id, self._desk.order_of(flight)
        if isinstance(request, requests.PreviewPrice):
            self.deny_preview(flight, reason)
            return
        self._desk.flights.drop(request_id)
        if isinstance(request, requests.PlaceOrder):
            if order is not None:
                self._life.deny(order, reason)
        elif isinstance(request, requests.CancelOrder):
            if order is not None:
                self._life.reject_cancel(order, request_id, reason)
        elif isinstance(request, requests.ReplaceOrder):
            if order is not None:
                self._life.reject_change(order, request_id, reason)
        elif isinstance(request, requests.CancelAllOrders):
            self._desk.warn(f"The cancel of all orders (request {request_id}) was not sent. {reason}")
        elif isinstance(request, requests.SetCancelTimer):
            self._cancel_timer.not_set(flight, reason)
        elif isinstance(request, requests.AskTime):
            self.deny_held(reason)  # nor would they have been
        elif flight.own_query:
            self._queries.over(flight)
        else:
            self._queries.listed(request_id)
            self._audits.failed(request_id)
            self._desk.reply(flight.reply_to, NotSent(reason))
