"""What the venue answers to our requests: answers, refusals, prices, history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import evolve

from .. import facts, requests
from ..errors import RequestFailed
from ..facts import OrderView, Outcome
from ..flights import Flight
from ..inputs import Admission
from ..orders import NEXT_STATUS, Happening
from ..records import Bound
from ..tracking import Order
from ..values import NO_TIME, OrderStatus
from .decisions import CancelDue
from .desk import Desk
from .gaps import Gaps
from .life import OrderLife
from .losing import Losing
from .queries import Queries
from .reports import Reports

__all__ = ["Answering"]


class Answering:
    """Stateless: what is on its way is in the desk's flights."""

    def __init__(
        self, desk: Desk, life: OrderLife, queries: Queries, reports: Reports, losing: Losing, gaps: Gaps
    ) -> None:
        self._desk = desk
        self._life = life
        self._queries = queries
        self._reports = reports
        self._losing = losing
        self._gaps = gaps
        self._answers: dict[type, Callable[[Flight, Any], None]] = {
            requests.PlaceOrder: self._place_answered,
            requests.CancelOrder: self._cancel_answered,
            requests.ReplaceOrder: self._replace_answered,
            requests.CancelAllOrders: self._drop_answered,
            requests.ListOpenOrders: self._open_orders_answered,
            requests.QueryOrder: self._query_answered,
        }
        self._refusals: dict[type, Callable[[Flight, facts.RequestRefused], None]] = {
            requests.PlaceOrder: self._place_refused,
            requests.CancelOrder: self._cancel_request_refused,
            requests.ReplaceOrder: self._replace_refused,
            requests.CancelAllOrders: self._cancel_all_refused,
            requests.ListOpenOrders: self._question_refused,
            requests.QueryOrder: self._query_refused,
            requests.PreviewPrice: self._preview_refused,
            requests.ListFills: self._question_refused,
        }

    def answered(self, fact: facts.RequestAnswered) -> None:
        flight = self._desk.flights.by_id.get(fact.request_id)
        if flight is None:
            self._desk.warn(f"An answer to request {fact.request_id} came too late or twice, and was ignored.")
            return
        answer = self._answers.get(type(flight.request))
        if answer is None:
            self._desk.warn(f"The answer to request {fact.request_id} does not fit what was asked, and was ignored.")
            return
        answer(flight, fact)

    def _place_answered(self, flight: Flight, fact: facts.RequestAnswered) -> None:
        flight.answered = True
        order = self._desk.order_of(flight)
        if order is None or order.accepted or order.status.is_terminal:
            self._desk.flights.drop(flight.request_id)
        if order is not None and order.venue_order_id is None and fact.venue_order_id is not None:
            self._desk.record(Bound(identity=order.identity, venue_order_id=fact.venue_order_id))

    def _cancel_answered(self, flight: Flight, fact: facts.RequestAnswered) -> None:
        flight.answered = True
        order = self._desk.order_of(flight)
        if order is None or order.status.is_terminal:
            self._desk.flights.drop(flight.request_id)
        elif fact.refused:
            self._desk.flights.drop(flight.request_id)
            self._life.reject_cancel(order, flight.request_id, "The venue did not take the cancel.")
            self._queries.soon(order)

    def _replace_answered(self, flight: Flight, fact: facts.RequestAnswered) -> None:
        flight.answered = True
        flight.replacement = fact.venue_order_id
        order = self._desk.order_of(flight)
        if order is None or order.status.is_terminal:
            self._desk.flights.drop(flight.request_id)
        elif fact.refused:
            self._desk.flights.drop(flight.request_id)
            self._life.reject_change(order, flight.request_id, "The venue did not take the change.")

    def _drop_answered(self, flight: Flight, fact: facts.RequestAnswered) -> None:
        self._desk.flights.drop(flight.request_id)

    def _open_orders_answered(self, flight: Flight, fact: facts.RequestAnswered) -> None:
        self._desk.flights.drop(flight.request_id)
        reports = []
        for view in fact.orders or ():
            order = self._desk.orders.find(view.venue_order_id, view.wire_id)
            if order is not None:
                self._life.sync(order, view)
            reports.append(self._reports.status_report(view, NO_TIME, "", order))
        self._desk.reply(flight.reply_to, tuple(reports))

    def _query_answered(self, flight: Flight, fact: facts.RequestAnswered) -> None:
        self._desk.flights.drop(flight.request_id)
        order, view = self._desk.order_of(flight), fact.order
        if view is None or order is None:
            self._desk.reply(flight.reply_to, RequestFailed("The venue's answer does not say where the order stands."))
        else:
            self._life.sync(order, view)
            self._desk.reply(flight.reply_to, self._reports.status_report(view, NO_TIME, "", order))
        if flight.reply_to is None and order is not None:
            request = flight.request
            assert isinstance(request, requests.QueryOrder)
            if view is not None and view.status is None and request.venue_order_id is not None:
                self._queries.soon(order, by_wire_id=True)  # that id has been replaced; the wire id finds the new one
            self._queries.over(order, settled=self._is_settled(order, view))

    def _is_settled(self, order: Order, view: OrderView | None) -> bool:
        """True when a status answer left nothing open about the order."""
        if order.status.is_terminal:
            return True
        if view is None or view.status is None or order.status in (OrderStatus.SUBMITTED, OrderStatus.UNKNOWN):
            return False
        cancel = self._desk.flights.cancel(order.identity.client_order_id)
        if cancel is not None and (cancel.answered or cancel.lost):
            self._desk.flights.drop(cancel.request_id)  # the order outlived it
        return True

    def refused(self, fact: facts.RequestRefused) -> None:
        flight = None if fact.request_id is None else self._desk.flights.by_id.get(fact.request_id)
        if flight is None:
            which = "without a request number" if fact.request_id is None else f"of request {fact.request_id}"
            self._desk.warn(f"A refusal {which} came from the venue, and nobody waits for it: {fact.reason}")
            return
        self._refusals[type(flight.request)](flight, fact)

    def _place_refused(self, flight: Flight, fact: facts.RequestRefused) -> None:
        order = self._desk.order_of(flight)
        flight.answered = True
        if fact.outcome is Outcome.AMBIGUOUS:
            if order is not None and not order.accepted and not order.status.is_terminal:
                flight.lost = True
                self._life.lose(order, fact.reason)
                self._queries.later(order)
                return
        elif order is not None:
            self._life.reject(order, None, fact.reason, fact.due_post_only, NO_TIME)
        self._desk.flights.drop(flight.request_id)

    def _cancel_request_refused(self, flight: Flight, fact: facts.RequestRefused) -> None:
        order = self._desk.order_of(flight)
        delays = self._desk.rules.early_cancel_delays
        if order is None or order.status.is_terminal:
            self._desk.flights.drop(flight.request_id)
        elif fact.outcome is Outcome.TOO_EARLY and flight.tries < len(delays):
            self._desk.timers.add(self._desk.now.monotonic_ns + delays[flight.tries], CancelDue(flight.request_id))
            flight.tries += 1
        else:
            self._desk.flights.drop(flight.request_id)
            if fact.outcome is not Outcome.AMBIGUOUS:
                self._life.reject_cancel(order, flight.request_id, fact.reason)
            if fact.outcome in (Outcome.AMBIGUOUS, Outcome.NOT_FOUND):
                self._queries.soon(order)

    def _replace_refused(self, flight: Flight, fact: facts.RequestRefused) -> None:
        order = self._desk.order_of(flight)
        self._desk.flights.drop(flight.request_id)
        if order is None or order.status.is_terminal:
            return
        if fact.outcome is Outcome.AMBIGUOUS:
            self._queries.soon(order)
        else:
            self._life.reject_change(order, flight.request_id, fact.reason)

    def _cancel_all_refused(self, flight: Flight, fact: facts.RequestRefused) -> None:
        self._desk.flights.drop(flight.request_id)
        self._desk.warn(f"The cancel of all orders (request {flight.request_id}) was refused: {fact.reason}")

    def _question_refused(self, flight: Flight, fact: facts.RequestRefused) -> None:
        self._desk.flights.drop(flight.request_id)
        self._desk.reply(flight.reply_to, RequestFailed(fact.reason))

    def _query_refused(self, flight: Flight, fact: facts.RequestRefused) -> None:
        self._desk.flights.drop(flight.request_id)
        self._desk.reply(flight.reply_to, RequestFailed(fact.reason))
        order = self._desk.order_of(flight)
        denied = fact.outcome is Outcome.NOT_FOUND and order is not None and self._absence_proves(order, flight)
        if denied and order is not None:
            self._life.deny(order, f"The venue has no such order, so it never arrived there: {fact.reason}")
        if flight.reply_to is None and order is not None:
            self._queries.over(order, settled=denied)

    def _absence_proves(self, order: Order, query: Flight) -> bool:
        """Whether "no such order" is proof that the placement never arrived (see `VenueRules`)."""
        if order.accepted or order.status not in (OrderStatus.SUBMITTED, OrderStatus.UNKNOWN):
            return False
        placed = None if order.request_id is None else self._desk.flights.by_id.get(order.request_id)
        if placed is None or placed.connection != self._desk.connection:
            return True
        return query.sent_at - placed.sent_at >= self._desk.rules.absence_proves_after

    def previewed(self, fact: facts.PricePreviewed) -> None:
        flight = self._desk.flights.by_id.get(fact.request_id)
        if flight is None or flight.place is None:
            return
        if fact.price is None or fact.filled <= 0:
            self._losing.deny_preview(flight, "There is nothing to trade against, so it was not sent.")
            return
        order = self._desk.order_of(flight)
        if not self._desk.ready or order is None:
            self._losing.deny_preview(flight, "The connection ended before it was sent.")
            return
        self._desk.flights.drop(fact.request_id)
        if fact.remaining > 0:
            self._desk.warn(
                f"Only {fact.filled} of order {order.identity.client_order_id} would fill now; "
                f"{fact.remaining} would not. It is sent all the same."
            )
        self._desk.record(Bound(identity=order.identity, venue_order_id=None, price=fact.price))
        priced = evolve(flight.place, price=fact.price)
        client_order_id = order.identity.client_order_id
        self._desk.send(priced, client_order_id=client_order_id, admission=Admission.ORDER)

    def _preview_refused(self, flight: Flight, fact: facts.RequestRefused) -> None:
        self._losing.deny_preview(flight, f"The venue named no price for it: {fact.reason}")

    def fills_listed(self, fact: facts.FillsListed) -> None:
        for trade in fact.trades:
            order = self._desk.orders.by_venue_order_id(trade.venue_order_id)
            if self._life.is_known_fill(order, trade):
                continue
            if order is None:
                self._reports.report_fill(trade, None)
                continue
            if not order.accepted and (order.status, Happening.ACCEPTED) in NEXT_STATUS:
                self._life.accept(order, trade.venue_order_id, trade.time)
            client_order_id = order.identity.client_order_id
            self._gaps.shrink(client_order_id, trade.quantity)
            self._life.fill(order, trade, final=False)
        flight = self._desk.flights.by_id.get(fact.request_id)
        if flight is not None and isinstance(flight.request, requests.ListFills):
            self._desk.flights.drop(fact.request_id)
            self._next_page(flight, flight.request, fact)

    def _next_page(self, flight: Flight, request: requests.ListFills, fact: facts.FillsListed) -> None:
        read = flight.tries + len(fact.trades)
        if fact.cursor is not None:
            following = evolve(request, cursor=fact.cursor)
        elif flight.until is not None and request.end < flight.until:
            end = min(flight.until, request.end + request.end - request.start)
            following = evolve(request, start=request.end, end=end, cursor=None)
        else:
            self._desk.reply(flight.reply_to, read)
            return
        sent = self._desk.send(following, reply_to=flight.reply_to)
        sent.tries, sent.until = read, flight.until
