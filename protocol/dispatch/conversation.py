"""Requests and what becomes of them: the life that every kind of request has, and the table that says who acts on it.

A request goes out in one of two ways: a command asks for it, or dispatch itself has a question. From then on it is a
flight (`protocol.dispatch.in_flight`), and one of these follows:

- The venue answers: it has taken the request, or says what was asked for. That is often not the end: the answer to a
  cancel says that the venue will act, and the order's own news says that it has.
- The venue refuses. Where only the session token was at fault, the request is parked and goes out again with the next
  one; where the venue has no time for it now, it may rest and go out again (`rest`); else the refusal is reported. A
  refusal may also leave open what the venue did; then it is as if no answer had come.
- No answer comes in time, or none can come any more, since the connection has ended. What became of the request is
  then asked for, at once or by the next login. It is never sent again: the venue may have acted on it.
- It was certainly never written. That is reported, whatever was assumed before.

For example, a cancel that meets a dying connection: its flight is lost, and nothing is reported yet, for the sender may
still know that it was never written. At its deadline, or after the next login, the order is asked for; if it lives on
as it was, the cancel has failed, and only then is that said.

A request may be on its way twice, over the socket and over HTTP (`Rerouted`). One failure decides nothing then: the
other way does.

This file finds the flight that a fact or a deadline is about, and its handler; it does not tell one kind of request
from another. Each kind has one handler, which knows its answers, its order and its questions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

from .. import facts
from ..facts import Outcome
from ..reasons import Why
from ..requests import Request
from ..structs import evolve
from ..venue import SECOND
from .context import Context
from .decisions import CancelDue, RequestDue
from .in_flight import Flight, Moment
from .inputs import NotWritten, Rerouted
from .token_refusals import TokenRefusals

__all__ = ["Conversation", "RequestHandler", "RequestHandlers", "rest", "warn_of_misfit"]

R_contra = TypeVar("R_contra", bound=Request, contravariant=True)

LOST_WITH_THE_LINK: Final = "The connection ended before the venue answered."
TIME_UNKNOWN: Final = (
    "This machine's clock was set, or the machine slept, and the venue did not tell its time within {seconds:g} s, so "
    "no deadline could be given and this was not sent. It is safe to send it again."
)

AWAITED_SWITCH: Final = (
    "The timer that cancels all orders may still be set from an earlier run of this program, and the venue has not "
    "confirmed another setting, so this was not sent."
)


class RequestHandler(Protocol[R_contra]):
    """What one kind of request does at the moments of its life.

    A handler forgets the flight (`Flights.drop`) as soon as nothing more is to be seen of it; before `not_written` that
    has been done.
    """

    def answered(self, flight: Flight[R_contra], fact: facts.RequestAnswered) -> None:
        """The venue has taken it, or says what was asked for."""

    def refused(self, flight: Flight[R_contra], fact: facts.RequestRefused) -> None:
        """The venue has not taken it, or cannot say whether it has."""

    def lost(self, flight: Flight[R_contra], why: str) -> None:
        """No answer will come any more: its connection ended, or the session. It may be told so again of one that it
        keeps."""

    def overdue(self, flight: Flight[R_contra], why: str) -> None:
        """The time for an answer, or for what should have come of one, is over."""
        self.lost(flight, why)

    def not_written(self, flight: Flight[R_contra], reason: str, why: Why) -> None:
        """It was certainly not sent, whatever was assumed before. reason: a sentence; why: the same for a program."""

    def send_again(self, flight: Flight[R_contra]) -> None:
        """The pause that `rest` began is over. Kinds that never rest are never told so."""
        return


RequestHandlers = Mapping[type, RequestHandler[Any]]
"""By kind of request."""


def rest(context: Context, flight: Flight[Request], delays: Sequence[int], reason: str) -> bool:
    """True when a request that was refused for now is to be sent again, after the next of these pauses: ns."""
    if flight.tries >= len(delays):
        return False
    context.timers.add(context.now.monotonic_ns + delays[flight.tries], CancelDue(flight.request_id))
    flight.tries += 1
    flight.happens(Moment.RESTED)
    flight.doubt = reason
    return True


def warn_of_misfit(context: Context, fact: facts.RequestAnswered) -> None:
    """The venue answers a question as if something had been ordered."""
    context.warn(f"The answer to request {fact.request_id} does not fit what was asked, and was ignored.")


class Conversation:
    """Stateless: what is on its way stands in the context. handlers: of every kind of request."""

    def __init__(self, context: Context, tokens: TokenRefusals, handlers: RequestHandlers) -> None:
        self._context = context
        self._token_refusals = tokens
        self._handlers = handlers

    def _handler(self, flight: Flight) -> RequestHandler[Any]:
        return self._handlers[type(flight.request)]

    # The venue speaks

    def answered(self, fact: facts.RequestAnswered) -> None:
        # Late answers are common and harmless: what they say of an order comes on the feed as well.
        flight = self._context.flights.by_id.get(fact.request_id)
        if flight is None:
            self._context.warn(f"An answer to request {fact.request_id} came too late or twice, and was ignored.")
            return
        self._handler(flight).answered(flight, fact)

    def refused(self, fact: facts.RequestRefused) -> None:
        flight = None if fact.request_id is None else self._context.flights.by_id.get(fact.request_id)
        if flight is None:
            which = "without a request number" if fact.request_id is None else f"of request {fact.request_id}"
            self._context.warn(
                f"A refusal {which} came from the venue, and no pending request matches it: {fact.reason}"
            )
            return
        if flight.fail_on_one_way():
            return  # it is on its way twice: where the other one works, this one finds nothing left to do
        # What is common to all requests comes first: the token, the venue's limits, and our clock as the reason.
        if fact.outcome is Outcome.TOKEN and self._token_refusals.park(flight):
            return
        if fact.outcome is Outcome.THROTTLED:
            order = self._context.order_of(flight)
            symbol = "" if order is None else order.identity.instrument.symbol
            self._context.throttle.exceeded(fact.reason, symbol, self._context.now.monotonic_ns)
        reason = self._context.explained(fact.reason)
        if reason is not fact.reason:
            fact = evolve(fact, reason=reason)
        self._handler(flight).refused(flight, fact)

    # No answer

    def lose_connections(self, last: int) -> None:
        """Nothing that was asked on the connections up to this one will be answered."""
        for flight in list(self._context.flights.by_id.values()):
            if 0 < flight.connection <= last:
                self._lose(flight, LOST_WITH_THE_LINK)

    def lose_all(self, why: str) -> None:
        """Nothing will be answered any more."""
        for flight in list(self._context.flights.by_id.values()):
            self._lose(flight, why)

    def drop_own_queries(self) -> None:
        """Those over HTTP outlive a connection; the next login asks anew."""
        for flight in list(self._context.flights.by_id.values()):
            if flight.own_query:
                self._context.flights.drop(flight.request_id)
                self._context.out.forgotten.append(flight.request_id)

    def _lose(self, flight: Flight, why: str) -> None:
        """No answer to this request will come in time, or ever."""
        if flight.parked:
            reason = f"The venue refused its session token, and there was no other in time. {why}"
            self._not_written(flight, reason, Why.NOT_CONNECTED)
        elif flight.held and self._context.awaits_switch:
            self._not_written(flight, f"{AWAITED_SWITCH} {why}", Why.BUSY)
        elif flight.held:
            self._not_written(flight, f"It waited for the venue's time, and was not sent. {why}", Why.NO_VENUE_TIME)
        else:
            flight.happens(Moment.LOST)
            self._handler(flight).lost(flight, why)

    def request_due(self, due: RequestDue) -> None:
        """The time for an answer, or for what should have come of one, is over."""
        flight = self._context.flights.by_id.get(due.request_id)
        if flight is None:
            return
        # A deadline is never taken out of the heap, so it may belong to an earlier request of this number.
        timeout = self._context.rules.answer_within(flight.request)
        if self._context.now.monotonic_ns - flight.sent_at < timeout:
            return  # the number was used again: its own deadline follows
        why = f"The venue did not answer within {timeout / SECOND:g} s."
        if flight.held and self._context.awaits_switch:
            self._not_written(flight, f"{AWAITED_SWITCH} It is safe to send it again.", Why.BUSY)
        elif flight.held:
            self._not_written(flight, TIME_UNKNOWN.format(seconds=timeout / SECOND), Why.NO_VENUE_TIME)
        elif flight.parked:
            self._lose(flight, why)
        elif not flight.resting:  # else it has been answered, and goes out again after its pause
            self._handler(flight).overdue(flight, why)

    def pause_over(self, due: CancelDue) -> None:
        """Sends again, under its own number, what rests."""
        flight = self._context.flights.by_id.get(due.request_id)
        if flight is not None and flight.resting:
            self._handler(flight).send_again(flight)

    # The sender speaks

    def not_written(self, input: NotWritten) -> None:
        """These were certainly not sent, whatever was assumed before."""
        for request_id in input.request_ids:
            flight = self._context.flights.by_id.get(request_id)
            if flight is not None and not flight.fail_on_one_way():
                self._not_written(flight, input.reason, input.why)

    def rerouted(self, input: Rerouted) -> None:
        """These go over HTTP instead of the socket, or as well: what becomes of the connection is no longer their
        fate."""
        for request_id in input.request_ids:
            flight = self._context.flights.by_id.get(request_id)
            if flight is not None:
                # Begun on the socket, it may arrive twice: one refusal proves nothing then.
                flight.connection = 0
                flight.ways += input.begun

    def deny_held(self, reason: str, why: Why) -> None:
        """Nothing that waits for the venue's time is sent any more."""
        by_id = self._context.flights.by_id
        for flight in [flight for held in self._context.held for flight in held.flights if flight.request_id in by_id]:
            self._not_written(flight, reason, why)

    def _not_written(self, flight: Flight, reason: str, why: Why) -> None:
        self._context.flights.drop(flight.request_id)
        self._handler(flight).not_written(flight, reason, why)
