"""The venue's time: read from every answer that reports it, asked for where none does, and what waits for it.

A venue judges a deadline by its own clock, so a deadline that we compute begins at the venue's time. Before the first
exchange with the venue, which is part of the login or begins with the connection, our own clock has to do. Once our
clock has jumped it does no more: what bears such a deadline waits for the next exchange, which is begun at once, and if
there is none within the time for an answer it was certainly not sent. Cancels, questions and deadlines that the user
chose never wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from .. import facts
from ..reasons import Why
from ..requests import AskTime
from ..values import Instant, RequestId
from ..venue import SECOND
from .context import Context
from .conversation import RequestHandler
from .decisions import ClockDue, Measured
from .in_flight import Flight, Moment
from .tracking import Order
from .venue_clock import LEAST_SKEW, ClockReading, skew_text

__all__ = ["Timekeeping"]

PERIOD: Final = 300 * SECOND
"""A reading older than this is renewed, if answers to other requests have not done so."""
RETRY: Final = SECOND
"""Before the venue is asked again, after an answer that was of no use."""
LOCAL_TIMES: Final = "Local times of events are wrong by that."
OWN_TIMES: Final = (
    "The deadlines that process_within gives to orders are corrected for that; times that you give them yourself are "
    "not."
)


class Timekeeping(RequestHandler[AskTime]):
    """Writes the context's clock, and opened_at with its first reading; lets go of what the context holds. deny_held:
    denies what waits for the venue's time."""

    def __init__(self, context: Context, deny_held: Callable[[str, Why], None]) -> None:
        self._context = context
        self._deny_held = deny_held
        # The question that is on its way.
        self._asked: RequestId | None = None
        # The last message of the handshake whose answer shows the time, and when it went out.
        self._said: tuple[RequestId, Instant] | None = None
        # ns, monotonic: when the next question may follow.
        self._not_before = 0
        self._is_ticking = False
        # A skew is warned of once, not with every reading.
        self._is_skewed = False

    # Asking

    def link_up(self) -> None:
        """A connection is up: over HTTP the time can be asked for before the login is complete."""
        if AskTime in self._context.rules.http_requests:
            self._ask_if_needed()

    def logged_in(self) -> None:
        if not self._context.rules.tells_time:
            return
        self._ask_if_needed()
        if not self._is_ticking:
            self._is_ticking = True
            self._tick()

    def _tick(self) -> None:
        # When the reading grows old, not in fixed steps: the answers to orders read the clock by themselves.
        reading, now = self._context.clock.reading, self._context.now.monotonic_ns
        grows_old = now if reading is None else reading.heard.monotonic_ns + PERIOD
        self._context.timers.add(grows_old if grows_old > now else now + PERIOD, ClockDue(periodic=True))

    def due(self, due: ClockDue) -> None:
        if not due.periodic:
            return  # every call of apply looks whether what is held must still wait
        self._tick()
        if self._context.ready:
            self._ask_if_needed()

    def _ask_if_needed(self) -> None:
        reading, now = self._context.clock.reading, self._context.now
        if (
            reading is None
            or now.monotonic_ns - reading.heard.monotonic_ns >= PERIOD
            or not self._context.clock.is_known(now)
        ):
            self._ask()

    def _ask(self) -> None:
        """Begins an exchange, unless one is under way or cannot be."""
        context = self._context
        now = context.now.monotonic_ns
        if not context.rules.tells_time or context.closing or now < self._not_before:
            return
        if self._asked in context.flights.by_id:
            return
        if not context.ready and AskTime not in context.rules.http_requests:
            return
        self._asked = context.flights.next_internal_id()
        context.send(AskTime(request_id=self._asked))

    # Hearing

    def said(self, word: facts.Say) -> None:
        """A word of the handshake goes out now."""
        if word.number is not None:
            self._said = (word.number, self._context.now)

    def told(self, fact: facts.VenueTime) -> None:
        """The venue's time, as the answer to one of our requests reports it."""
        asked = self._asked_at(fact.request_id)
        if asked is not None:
            self._hear(ClockReading.of(asked, self._context.now, fact.received, fact.sent, fact.resolution))

    def _asked_at(self, request_id: RequestId) -> Instant | None:
        flight = self._context.flights.by_id.get(request_id)
        if flight is not None:
            return flight.released_at
        return self._said[1] if self._said is not None and self._said[0] == request_id else None

    def acknowledged(self, order: Order, fact: facts.OrderAcknowledged) -> None:
        """At a venue whose answers do not show its time: when it accepted an order of ours, which lies between our
        placing it and our hearing of it."""
        context = self._context
        if order.accepted or not fact.time:
            return
        # The venue's instant lies between the two, so the skew is known to within the time of one exchange.
        flight = context.placement_of(order)
        if flight is not None:
            self._hear(ClockReading.of(flight.released_at, context.now, fact.time, fact.time, 1))

    def answered(self, flight: Flight[AskTime], fact: facts.RequestAnswered) -> None:
        self._is_over(flight)

    def refused(self, flight: Flight[AskTime], fact: facts.RequestRefused) -> None:
        self._is_over(flight)

    def _is_over(self, flight: Flight[AskTime]) -> None:
        """The question for the time is, whatever the answer was of use for."""
        self._context.flights.drop(flight.request_id)
        # An answer that told no time of use must not be asked for again at once.
        if not self._context.clock.is_known(self._context.now):
            self._not_before = self._context.now.monotonic_ns + RETRY
            self._context.timers.add(self._not_before, ClockDue(periodic=False))

    def lost(self, flight: Flight[AskTime], why: str) -> None:
        self._context.flights.drop(flight.request_id)

    def not_written(self, flight: Flight[AskTime], reason: str, why: Why) -> None:
        self._deny_held(reason, why)  # nor would they have been

    def _hear(self, reading: ClockReading | None) -> None:
        context = self._context
        clock = context.clock if reading is None else context.clock.hear(reading)
        if clock is context.clock:
            return  # it shows nothing that was not known better
        # Until now our own clock stood in for the venue's, also for the moment at which we began.
        is_first, context.clock = context.clock.reading is None, clock
        if is_first and not context.is_opened_measured:  # what the venue lists is compared with it
            context.open(context.by_venue(context.opened_at), is_measured=True)
        assert clock.reading is not None
        skew = clock.reading.skew
        context.out.measured = Measured(skew)
        self._tell(skew)

    def _tell(self, skew: int) -> None:
        """Warns when the clock goes wrong; not again before it was right."""
        was_skewed, self._is_skewed = self._is_skewed, abs(skew) > LEAST_SKEW
        if not self._is_skewed or was_skewed:
            return
        rules = self._context.rules
        text = skew_text(skew, rules.venue)
        wrong = LOCAL_TIMES if rules.process_within is None else OWN_TIMES
        self._context.warn(f"{text[0].upper()}{text[1:]}. {wrong} Set the clock, for instance with NTP.")

    def jumped(self) -> None:
        """Our clocks have moved against each other."""
        if self._context.clock.reading is not None:
            self._context.clock = self._context.clock.jump()
            self._context.out.measured = Measured(None)

    # What waits

    def look_after(self) -> None:
        """Of the requests that are held: lets them go as soon as a deadline can be computed, and else sees to it that
        one can. Those that were withdrawn are forgotten, with the credit that they hold."""
        context = self._context
        if context.knows_time and not context.awaits_switch:
            self._let_go()
            return
        held, context.held = context.held, []
        for each in held:
            if self._wanted(each.flights):
                context.held.append(each)
            elif each.admission is not None:
                context.out.released.append(each.admission)
        if context.held and not context.knows_time:
            self._ask()

    def _let_go(self) -> None:
        # The list is taken out first: what is released may be held again by its own checks.
        context = self._context
        held, context.held = context.held, []
        for each in held:
            flights = self._wanted(each.flights)
            for flight in flights:
                flight.happens(Moment.RELEASED)
                context.begin_again(flight)
            if flights:
                each.release(flights, each.admission)
            elif each.admission is not None:
                context.out.released.append(each.admission)

    def _wanted(self, flights: Iterable[Flight]) -> list[Flight]:
        """Those that are still on their way, of orders that live."""
        wanted: list[Flight] = []
        for flight in flights:
            if self._context.flights.by_id.get(flight.request_id) is not flight:
                continue
            if flight.client_order_id in self._context.orders.live:
                wanted.append(flight)
            else:
                self._context.flights.drop(flight.request_id)
        return wanted
