"""What the venue answers to our requests: answers, refusals, prices, history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from attrs import evolve

from .. import facts, requests
from ..errors import RequestFailed
from ..facts import OrderView, Outcome
from ..flights import Flight
from ..inputs import Admission
from ..records import Bound, FormerId
from ..tracking import Order
from ..values import NO_TIME, OrderStatus, VenueOrderId
from .decisions import CancelDue
from .desk import Desk
from .history import History
from .life import OrderLife
from .losing import Losing
from .queries import Queries
from .reports import Reports
from .tokens import Tokens

__all__ = ["Answering"]


class Answering:
    """Stateless: what is on its way is in the desk's flights."""

    def __init__(
        self, desk: Desk, life: OrderLife, queries: Queries, reports: Reports, losing: Losing, history: History
    ) -> None:
        self._desk = desk
        self._life = life
        self._queries = queries
        self._reports = reports
        self._losing = losing
        self._history = history
        self._tokens = Tokens(desk)
        self._answers: dict[type, Callable[[Flight, Any], None]] = {
            requests.PlaceOrder: self._place_answered,
            requests.CancelOrder: self._cancel_answered,
            requests.ReplaceOrder: self._replace_answered,
            requests.CancelAllOrders: self._drop_answered,
            requests.BatchOrders: self._drop_answered,
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
        }

    def add_answer(self, request: type, answered: Callable[[Flight, Any], None]) -> None:
        """Requests whose answer another part of dispatch understands."""
        self._answers[request] = answered

    def add_refusal(self, request: type, refused: Callable[[Flight, facts.RequestRefused], None]) -> None:
        """Requests whose refusal another part of dispatch understands."""
        self._refusals[request] = refused

    @property
    def tokens(self) -> Tokens:
        return self._tokens

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
        order, venue_order_id = self._desk.order_of(flight), fact.venue_order_id
        if order is None or order.accepted or order.status.is_terminal:
            self._desk.flights.drop(flight.request_id)
        if order is None or venue_order_id in (None, order.venue_order_id):
            return
        assert venue_order_id is not None
        if self._is_of_another(order, venue_order_id):
            return
        if order.venue_order_id is None:
            self._desk.record(Bound(identity=order.identity, venue_order_id=venue_order_id))
        elif not self._desk.orders.is_former_id(order, venue_order_id):
            # The feed was faster, and the order has gone on: this is the id that it began with.
            self._desk.record(FormerId(identity=order.identity, venue_order_id=venue_order_id))

    def _is_of_another(self, order: Order, venue_order_id: VenueOrderId) -> bool:
        """Never lets an answer mix two orders up."""
        mixed_up = self._desk.orders.is_of_another(order, venue_order_id)
        if mixed_up:
            self._desk.warn(
                f"An answer about order {order.identity.client_order_id} names venue order {venue_order_id}, which is "
                "another order of ours. It was ignored; look at what is open."
            )
        return mixed_up

    def _cancel_answered(self, flight: Flight, fact: facts.RequestAnswered) -> None:
        if fact.refused and flight.fail_on_one_way():
            return
        flight.answered = True
        order = self._desk.order_of(flight)
        if order is None or order.status.is_terminal:
            self._desk.flights.drop(flight.request_id)
        elif fact.refused:
            self._desk.flights.drop(flight.request_id)
            self._life.reject_cancel(order, flight.request_id, "The venue did not take the cancel.")
            self._queries.soon(order)
        elif flight.connection == 0 and type(flight.request) not in self._desk.rules.http_requests:
            self._queries.later(order)  # the socket was not fit for it; perhaps it does not bring the end either

    def _replace_answered(self, flight: Flight, fact: facts.RequestAnswered) -> None:
        flight.answered = True
        flight.replacement = fact.venue_order_id
        order = self._desk.order_of(flight)
        if order is None or order.status.is_terminal or self._is_done(flight, order):
            self._desk.flights.drop(flight.request_id)
        elif fact.refused:
            self._desk.flights.drop(flight.request_id)
            self._life.reject_change(order, flight.request_id, "The venue did not take the change.")

    def _is_done(self, change: Flight, order: Order) -> bool:
        """The change has been seen to be made, or there is a newer one."""
        return self._desk.flights.change(order.identity.client_order_id) is not change

    def _drop_answered(self, flight: Flight, fact: facts.RequestAnswered) -> None:
        flight.answered = True
        self._desk.flights.drop(flight.request_id)

    def _open_orders_answered(self, flight: Flight, fact: facts.RequestAnswered) -> None:
        self._desk.flights.drop(flight.request_id)
        is_comparison = self._queries.is_comparison(flight.request_id)
        self._queries.listed(flight.request_id)
        if is_comparison and fact.orders is not None:
            self._find_unsure(fact.orders, self._desk.sent_at(flight))
            self._queries.compared(fact.orders)
            return
        reports = []
        for view in fact.orders or ():
            order = self._desk.orders.find(view.venue_order_id, view.wire_id)
            if order is not None:
                self._life.sync(order, view, self._desk.sent_at(flight))
            reports.append(self._reports.status_report(view, NO_TIME, "", order))
        self._desk.reply(flight.reply_to, tuple(reports))

    def _find_unsure(self, listed: tuple[OrderView, ...], asked_at: int) -> None:
        """Orders of which nobody knows whether they arrived, and which a list names."""
        for view in listed:
            order = self._desk.orders.find(view.venue_order_id, view.wire_id)
            if order is not None and not order.accepted and not order.status.is_terminal:
                self._life.sync(order, view, asked_at)

    def _query_answered(self, flight: Flight, fact: facts.RequestAnswered) -> None:
        self._desk.flights.drop(flight.request_id)
        order, view = self._desk.order_of(flight), fact.order
        settled = False
        if order is None or view is None or self._is_of_another(order, view.venue_order_id):
            self._desk.reply(flight.reply_to, RequestFailed("The venue's answer does not say where the order stands."))
        else:
            self._life.sync(order, view, self._desk.sent_at(flight))
            self._desk.reply(flight.reply_to, self._reports.status_report(view, NO_TIME, "", order))
            settled = self._look_further(order, view, flight)
        if flight.own_query:
            self._queries.over(flight, settled=settled, heard=view is not None)

    def not_listed(self, fact: facts.OrderNotListed) -> None:
        """One of the venue's lists leaves the order out; another may have it."""
        flight = self._desk.flights.by_id.get(fact.request_id)
        if flight is not None and isinstance(flight.request, requests.QueryOrder):
            self._desk.flights.drop(fact.request_id)
            self._queries.go_on(flight, fact.cursor)

    def _look_further(self, order: Order, view: OrderView, query: Flight) -> bool:
        """True when a status answer left nothing open about the order; else it says what to ask next."""
        if order.status.is_terminal:
            return True
        present = view.venue_order_id == order.venue_order_id
        if present and view.status is None:
            self._follow_replacement(order, query)
            return False
        if present and view.status is not None and view.status.is_terminal:
            return True  # it has ended; that is told behind its last fills
        if not present or order.status in (OrderStatus.SUBMITTED, OrderStatus.UNKNOWN):
            return False
        self._losing.outlived(order, query)
        return True

    def _follow_replacement(self, order: Order, query: Flight) -> None:
        """The order goes on under an id that we do not know: its wire id finds it if we chose that, else the id that
        the answer to our own change named."""
        by_wire_id = _is_by_wire_id(query)
        change = self._desk.flights.change(order.identity.client_order_id)
        named = None if change is None or change.replacement == order.venue_order_id else change.replacement
        if named is None and by_wire_id:
            return  # nothing else to ask by; it is asked again later
        ours = order.request_id is not None
        self._queries.follow(order, None if ours and not by_wire_id else named)

    def refused(self, fact: facts.RequestRefused) -> None:
        flight = None if fact.request_id is None else self._desk.flights.by_id.get(fact.request_id)
        if flight is None:
            which = "without a request number" if fact.request_id is None else f"of request {fact.request_id}"
            self._desk.warn(f"A refusal {which} came from the venue, and nobody waits for it: {fact.reason}")
            return
        if flight.fail_on_one_way():
            return  # it is on its way twice: where the other one works, this one finds nothing left to do
        if fact.outcome is Outcome.TOKEN and self._tokens.park(flight):
            return
        if fact.outcome is Outcome.THROTTLED:
            order = self._desk.order_of(flight)
            symbol = "" if order is None else order.identity.instrument.symbol
            self._desk.throttle.exceeded(fact.reason, symbol, self._desk.now.monotonic_ns)
        reason = self._desk.explained(fact.reason)
        if reason is not fact.reason:
            fact = evolve(fact, reason=reason)
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
            if order.accepted and not order.status.is_terminal:
                self._queries.soon(order)  # the venue contradicts itself
        self._desk.flights.drop(flight.request_id)

    def _cancel_request_refused(self, flight: Flight, fact: facts.RequestRefused) -> None:
        order = self._desk.order_of(flight)
        if order is None or order.status.is_terminal:
            self._desk.flights.drop(flight.request_id)
        elif flight.resting or self._rests(flight, self._delays(order, fact.outcome), fact.reason):
            return  # where it rests already, this refusal is told again
        elif fact.outcome is Outcome.AMBIGUOUS:
            self._doubt(flight, order, fact.reason)
        else:
            self._desk.flights.drop(flight.request_id)
            self._life.reject_cancel(order, flight.request_id, fact.reason)
            if fact.outcome is Outcome.NOT_FOUND:
                self._queries.soon(order)

    def _rests(self, flight: Flight, delays: Sequence[int], reason: str) -> bool:
        """True when a refused cancel is to be sent again, after the next of these pauses."""
        if flight.tries >= len(delays):
            return False
        self._desk.timers.add(self._desk.now.monotonic_ns + delays[flight.tries], CancelDue(flight.request_id))
        flight.tries += 1
        flight.resting, flight.doubt = True, reason
        return True

    def _delays(self, order: Order, outcome: Outcome) -> Sequence[int]:
        if outcome is Outcome.THROTTLED:
            return self._desk.rules.throttled_cancel_delays
        return self._desk.rules.early_cancel_delays if self._is_too_early(order, outcome) else ()

    def _doubt(self, flight: Flight, order: Order, reason: str) -> None:
        """The answer to a cancel or change leaves open what came of it, and no other will come. It is asked for now, in
        case the venue has acted; and when its time is over, to tell that the venue has not."""
        flight.lost, flight.doubt = True, reason
        self._queries.soon(order)

    def _is_too_early(self, order: Order, outcome: Outcome) -> bool:
        """A venue that holds new orders back does not know them yet when a cancel overtakes them (spec Kraken E.16)."""
        if outcome is Outcome.NOT_FOUND and self._desk.rules.freshness:
            age = self._desk.now.wall_ns - order.identity.local_time
            return not order.accepted or age < self._desk.rules.freshness
        return outcome is Outcome.TOO_EARLY

    def _replace_refused(self, flight: Flight, fact: facts.RequestRefused) -> None:
        order = self._desk.order_of(flight)
        if order is None or order.status.is_terminal or self._is_done(flight, order):
            self._desk.flights.drop(flight.request_id)
        elif fact.outcome is Outcome.AMBIGUOUS:
            self._doubt(flight, order, fact.reason)
        else:
            self._desk.flights.drop(flight.request_id)
            self._life.reject_change(order, flight.request_id, fact.reason)
            if fact.outcome is Outcome.NOT_FOUND:
                self._queries.soon(order)

    def _cancel_all_refused(self, flight: Flight, fact: facts.RequestRefused) -> None:
        delays = self._desk.rules.throttled_cancel_delays if fact.outcome is Outcome.THROTTLED else ()
        if flight.resting or self._rests(flight, delays, fact.reason):
            return
        self._desk.flights.drop(flight.request_id)
        self._desk.warn(f"The cancel of all orders (request {flight.request_id}) was refused: {fact.reason}")

    def _question_refused(self, flight: Flight, fact: facts.RequestRefused) -> None:
        self._desk.flights.drop(flight.request_id)
        self._queries.listed(flight.request_id)
        self._desk.reply(flight.reply_to, RequestFailed(fact.reason))

    def _query_refused(self, flight: Flight, fact: facts.RequestRefused) -> None:
        self._desk.flights.drop(flight.request_id)
        self._desk.reply(flight.reply_to, RequestFailed(fact.reason))
        order = self._desk.order_of(flight)
        denied, not_found = False, fact.outcome is Outcome.NOT_FOUND
        if not_found and order is not None and not order.status.is_terminal:
            denied = self._absence_proves(order, flight)
            if order.venue_order_id is not None and _is_by_wire_id(flight):
                self._follow_replacement(order, flight)
            if self._desk.rules.absence_needs_history:
                if denied or order.accepted:
                    self._history.examine(order)
                    not_found = False  # that decides, so a login waits for it
                denied = False
            elif denied:
                self._life.deny(order, f"The venue has no such order, so it never arrived there: {fact.reason}")
            elif flight.own_query and self._queries.is_first(order):
                self._life.warn_if_vanished(order)
        if flight.own_query:
            self._queries.over(flight, settled=denied, heard=not_found)

    def _absence_proves(self, order: Order, query: Flight) -> bool:
        """Whether "no such order" is proof that the placement never arrived (see `VenueRules`)."""
        desk = self._desk
        if order.accepted or order.status not in (OrderStatus.SUBMITTED, OrderStatus.UNKNOWN):
            return False
        if desk.flights.preview(order.identity.client_order_id) is not None:
            return False  # it has not been sent at all yet
        if order.venue_order_id is not None and _is_by_wire_id(query):
            return False  # asked by its wire id, and by now the venue has named its own
        placed = desk.placement_of(order)
        if placed is None:
            return True
        if placed.connection not in (0, desk.connection) and not desk.rules.late_arrivals:
            return True
        return query.asked_at - placed.sent_at >= self._proves_after(order, placed.request)

    def _proves_after(self, order: Order, placed: requests.Request) -> int:
        """How long after a placement "no such order" proves that it never arrived: not while the venue may still act on
        it, and not before its lists would show that it has."""
        rules = self._desk.rules
        if not isinstance(placed, requests.PlaceOrder) or placed.process_before is None:
            return rules.absence_proves_after
        within = placed.process_before - self._desk.placed_by_venue(order)
        return max(rules.absence_proves_after, within + rules.lists_lag)

    def previewed(self, fact: facts.PricePreviewed) -> None:
        flight = self._desk.flights.by_id.get(fact.request_id)
        if flight is None or flight.place is None:
            return
        order = self._desk.order_of(flight)
        if order is None or order.status is not OrderStatus.SUBMITTED:
            self._losing.deny_preview(flight, "It had ended before it was sent.")
        elif fact.price is None or fact.filled <= 0:
            self._losing.deny_preview(flight, "There is nothing to trade against, so it was not sent.")
        elif not self._desk.ready or self._desk.closing:
            self._losing.deny_preview(flight, "The connection ended before it was sent.")
        else:
            self._desk.flights.drop(fact.request_id)
            self._place_priced(order, flight.place, fact.price, fact)

    def _place_priced(
        self, order: Order, place: requests.PlaceOrder, price: Decimal, fact: facts.PricePreviewed
    ) -> None:
        client_order_id = order.identity.client_order_id
        if fact.remaining > 0:
            self._desk.warn(
                f"Only {fact.filled} of order {client_order_id} would fill now; {fact.remaining} would not. "
                "It is sent all the same."
            )
        self._desk.record(Bound(identity=order.identity, venue_order_id=None, price=price))
        self._desk.send(evolve(place, price=price), client_order_id=client_order_id, admission=Admission.ORDER)

    def _preview_refused(self, flight: Flight, fact: facts.RequestRefused) -> None:
        self._losing.deny_preview(flight, f"The venue named no price for it: {fact.reason}")


def _is_by_wire_id(query: Flight) -> bool:
    return isinstance(query.request, requests.QueryOrder) and query.request.venue_order_id is None
