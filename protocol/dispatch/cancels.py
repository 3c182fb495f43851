"""The cancel of one order, with all its moments.

A cancel has four ways to end: the order ends (told by the order's own news, and the flight is forgotten with it); the
venue refuses; it was never written; or a status query finds the order alive after the cancel's time is over. All but
the first are reported as CancelRejected, and none of them is guessed: while it is open whether the venue has acted,
nothing is reported.

An order has one cancel that counts, the latest. A cancel may overtake its own order at a venue that holds new orders
back, or meet the venue's limit for calls; then it rests, and goes out again under its own number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from .. import commands, facts
from ..errors import NotSent
from ..facts import Outcome
from ..reasons import RejectReason, Why
from ..requests import CancelOrder
from ..values import ClientOrderId, OrderStatus, RequestId
from .batches import PreparedLeg
from .context import Context
from .conversation import RequestHandler, rest
from .decisions import UnknownDue
from .in_flight import Flight
from .inputs import Admission, Asked
from .order_life import OrderLife
from .outcomes import Outcomes, live_order_named, sentence
from .placements import Placements
from .query_schedule import QuerySchedule
from .records import CancelAsked
from .tracking import Order

__all__ = ["Cancels"]


class Cancels(RequestHandler[CancelOrder]):
    """Stateless: what is on its way stands in the context; which of an order's cancels counts, too (`cancel_of`)."""

    def __init__(self, context: Context, life: OrderLife, queries: QuerySchedule, placements: Placements) -> None:
        self._context = context
        self._life = life
        self._queries = queries
        self._placements = placements
        self._outcomes = Outcomes(context, queries)

    # The command

    def asked(self, asked: Asked) -> None:
        client_order_id = cast("commands.Cancel", asked.command).client_order_id
        # An order of which nothing has gone out is canceled by not sending it: the cancel never reaches the venue, and
        # the credit that it holds must come back.
        if self._placements.withdraw(client_order_id):
            if asked.admission is not None:
                self._context.out.released.append(asked.admission)
        else:
            order = self._prepare(asked)
            request = _request(order, asked.request_id)
            self._context.require_room(request, order.identity.instrument.symbol, order.identity.local_time)
            self._send(order, asked.request_id, asked.admission)
        self._context.reply(asked.reply_to, asked.request_id)

    def leg(self, asked: Asked) -> PreparedLeg:
        """As part of a batch. Raises NotSent."""
        order = self._prepare(asked)

        def register() -> RequestId:
            self._placements.withdraw_held(order.identity.client_order_id)
            self._becomes_latest(order.identity.client_order_id, asked.request_id)
            return asked.request_id

        return PreparedLeg(CancelOrder, _request(order, asked.request_id), order.identity, register)

    def _prepare(self, asked: Asked) -> Order:
        """The order to cancel. Raises NotSent."""
        client_order_id = cast("commands.Cancel", asked.command).client_order_id
        order = live_order_named(self._context, client_order_id, "The cancel")
        wire_id = order.identity.wire_id if self._context.rules.cancel_by_wire_id else None
        if order.venue_order_id is None and wire_id is None:
            raise NotSent(
                f"Cannot cancel order {client_order_id}: missing venue_order_id. "
                "Wait until the venue has accepted the order.",
                why=Why.NOT_ACCEPTED_YET,
                client_order_id=client_order_id,
            )
        self._context.require_link(f"The cancel of order {client_order_id}")
        self._context.require_free_number(asked.request_id)
        return order

    def _send(self, order: Order, request_id: RequestId, admission: Admission | None) -> Flight:
        client_order_id = order.identity.client_order_id
        self._becomes_latest(client_order_id, request_id)
        return self._context.send(_request(order, request_id), client_order_id=client_order_id, admission=admission)

    def _becomes_latest(self, client_order_id: ClientOrderId, request_id: RequestId) -> None:
        """What becomes of a cancel that was given up is of no interest once there is another."""
        older = self._context.flights.cancel(client_order_id)
        if older is not None and older.overdue:
            self._context.flights.drop(older.request_id)
        self._context.flights.cancel_of[client_order_id] = request_id
        order = self._context.orders.live.get(client_order_id)
        if self._context.journaled and order is not None:
            self._context.note(CancelAsked(identity=order.identity))

    # The venue's answer

    def answered(self, flight: Flight[CancelOrder], fact: facts.RequestAnswered) -> None:
        # A cancel may go by socket and by HTTP at once. The first refusal of two says nothing.
        if fact.refused and flight.fail_on_one_way():
            return
        flight.answered = True
        order = self._context.order_of(flight)
        if order is None or order.status.is_terminal:
            self._context.flights.drop(flight.request_id)
        elif fact.refused:
            self._context.flights.drop(flight.request_id)
            self._life.reject_cancel(order, flight.request_id, "The venue did not take the cancel.", RejectReason.OTHER)
            self._queries.soon(order)
        elif flight.connection == 0 and CancelOrder not in self._context.rules.http_requests:
            self._queries.later(order)  # the socket was not fit for it; perhaps it does not bring the end either

    def refused(self, flight: Flight[CancelOrder], fact: facts.RequestRefused) -> None:
        order = self._context.order_of(flight)
        if order is None or order.status.is_terminal:
            self._context.flights.drop(flight.request_id)
            return
        if flight.resting or rest(self._context, flight, self._delays(order, fact.outcome), fact.reason):
            return  # where it rests already, this refusal is reported again
        # "No such order" contradicts what we know of it, so the venue is asked where it stands.
        if fact.outcome is Outcome.AMBIGUOUS:
            self._outcomes.doubt(flight, order, fact.reason)
        else:
            self._context.flights.drop(flight.request_id)
            self._life.reject_cancel(order, flight.request_id, fact.reason, fact.why)
            if fact.outcome is Outcome.NOT_FOUND:
                self._queries.soon(order)

    def _delays(self, order: Order, outcome: Outcome) -> Sequence[int]:
        """The pauses after which it is sent again, ns; none: it is not."""
        if outcome is Outcome.THROTTLED:
            return self._context.rules.throttled_cancel_delays
        return self._context.rules.early_cancel_delays if self._is_too_early(order, outcome) else ()

    def _is_too_early(self, order: Order, outcome: Outcome) -> bool:
        """A venue that holds new orders back does not know them yet when a cancel overtakes them (spec Kraken E.16)."""
        if outcome is Outcome.NOT_FOUND and self._context.rules.freshness:
            age = self._context.now.wall_ns - order.identity.local_time
            return not order.accepted or age < self._context.rules.freshness
        return outcome is Outcome.TOO_EARLY

    def send_again(self, flight: Flight[CancelOrder]) -> None:
        order = self._context.order_of(flight)
        if order is None or order.status.is_terminal:
            self._context.flights.drop(flight.request_id)
        else:
            # Under its own number, without a credit: the user asked once, and is answered once.
            self._send(order, flight.request_id, None).tries = flight.tries

    def refusal_told(self, fact: facts.CancelRefused) -> None:
        """The venue's feed says that a cancel was refused; it names the order alone."""
        order = self._context.orders.find(fact.venue_order_id, fact.wire_id)
        if order is None or order.status.is_terminal:
            return  # another session's, or the order ended first: the refusal adds nothing
        flight = self._context.flights.cancel(order.identity.client_order_id)
        if flight is not None and not flight.fail_on_one_way():
            self._context.flights.drop(flight.request_id)
            self._life.reject_cancel(order, flight.request_id, fact.reason, fact.why)
        self._queries.soon(order)

    # No answer

    def lost(self, flight: Flight[CancelOrder], why: str) -> None:
        """Kept: the sender may still report that it was never written, and if not, its outcome is asked for once its
        time is over. One that rests was refused, and is not sent again."""
        if flight.resting:
            self._context.flights.drop(flight.request_id)
            order = self._context.order_of(flight)
            if order is not None:
                reason = f"{sentence(flight.doubt)} {why}"
                self._life.reject_cancel(order, flight.request_id, reason, RejectReason.NO_EFFECT)

    def overdue(self, flight: Flight[CancelOrder], why: str) -> None:
        order = self._context.order_of(flight)
        latest = None if order is None else self._context.flights.cancel(order.identity.client_order_id)
        self._outcomes.ask(flight, order, latest)

    def outlived(self, order: Order, query: Flight) -> None:
        """A status query shows the order live: a cancel that was overdue when the query was sent came to nothing."""
        flight = self._context.flights.cancel(order.identity.client_order_id)
        if flight is not None and self._outcomes.has_come_to_nothing(flight, query):
            self._context.flights.drop(flight.request_id)
            reason = f"{sentence(flight.doubt)} The venue has not acted on it; the order is still live."
            self._life.reject_cancel(order, flight.request_id, reason.strip(), RejectReason.NO_EFFECT)

    def not_written(self, flight: Flight[CancelOrder], reason: str, why: Why) -> None:
        order = self._context.order_of(flight)
        if order is not None:
            self._life.reject_cancel(order, flight.request_id, reason, RejectReason.NOT_SENT)

    # Orders of which it is not known whether they live

    def unknown_due(self, due: UnknownDue) -> None:
        """Cancels an order whose answer was lost, in case it lives; without a connection, after the next login."""
        order = self._context.orders.live.get(due.client_order_id)
        if order is None or order.status is not OrderStatus.UNKNOWN or not self._context.ready:
            return
        # If it cannot be named yet, `OrderLife.named` comes back here when it can.
        if order.venue_order_id is not None or (self._context.rules.cancel_by_wire_id and order.can_be_named):
            self._send(order, self._context.flights.next_internal_id(), None)

    def cancel_unknown_orders(self) -> None:
        """After a login: those whose answer was lost with the connection."""
        if self._context.cancel_unknown:
            for client_order_id in self._context.orders.live:
                self.unknown_due(UnknownDue(client_order_id))


def _request(order: Order, request_id: RequestId) -> CancelOrder:
    """By venue order id where it is known, else by wire id."""
    return CancelOrder(
        request_id=request_id,
        venue_order_id=order.venue_order_id,
        wire_id=None if order.venue_order_id is not None else order.identity.wire_id,
    )
