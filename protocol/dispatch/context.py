"""What the parts of dispatch share: what all of them read, and where all of them put their decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, cast

from attrs import define, evolve, field

from .. import events, requests
from ..errors import NotSent, TradingError
from ..reasons import Why
from ..values import AccountId, ClientOrderId, Instant, RequestId, SystemMode, TraderId, VenueOrderId
from ..venue import SECOND, Throttle, Venue, VenueRules
from ..window import Window
from . import records
from .decisions import Decisions, Reply, RequestDue, Send
from .in_flight import Flight, Flights, Moment, Timers
from .inputs import Admission
from .known import NOTHING_KNOWN, Known
from .records import Record
from .tracking import Order, TrackedOrders
from .venue_clock import LEAST_SKEW, VenueClock, skew_text

__all__ = ["MEASURED", "UNMEASURED", "Context", "Held"]


FOREIGN_WINDOW: Final = 10_000
MEASURED: Final = 2 * SECOND
UNMEASURED: Final = 60 * SECOND
"""How far the venue's clock may be from what we take it to be, with and without a measurement."""


@define(eq=False)
class Held:
    """Requests of which nothing has been sent, since their deadline cannot be computed while the venue's time is not
    known. admission: the credit that they hold together; release: sends those of them that are still wanted."""

    flights: list[Flight]
    admission: Admission | None
    release: Callable[[list[Flight], Admission | None], None]


@define(kw_only=True, eq=False)
class Context:
    """What the parts share. Each field says which part writes it; `record` alone changes orders."""

    venue: Venue
    trader: TraderId
    account: AccountId
    orders: TrackedOrders
    rules: VenueRules = field(init=False)
    # Requests on their way and deadlines, of the present connection.
    flights: Flights = field(factory=Flights)
    timers: Timers = field(factory=Timers)
    # The number of the present connection, and whether it has logged in: written by the connection part.
    connection: int = 0
    # Grows with every login and with every loss of messages: an order that a smaller one has shown is in doubt.
    login: int = 0
    ready: bool = False
    # True once a Disconnect was asked for.
    closing: bool = False
    # Why no connection will follow.
    failed: TradingError | None = None
    # ns since 1970 of the first connection: what executed before it is not ours to tell.
    opened_at: int = 0
    # What the venue takes now, as far as it said.
    mode: SystemMode | None = None
    # The venue's limits for this account.
    throttle: Throttle = field(init=False)
    # An order whose answer is lost is canceled, in case it lives.
    cancel_unknown: bool
    # Whether notes are written that only a restart needs, and what a journal knows beyond our memory.
    journaled: bool = False
    known: Known = NOTHING_KNOWN
    # Of some orders nothing more than the name is known, because a damage of the journal took their records.
    has_lost: bool = False
    # The dead man's switch of an earlier run may still act, so nothing is placed yet.
    awaits_switch: bool = False
    # The program has run before with this journal: since when this run goes on, and when the last order was submitted
    # of which the journal knows; ns since 1970 by our clock, 0: it has not, or none was.
    restarted_at: int = 0
    last_intent: int = 0
    # Whether `opened_at` is by the venue's clock.
    is_opened_measured: bool = False
    # The venue's clock, written by the timekeeping, and the requests that wait for it.
    clock: VenueClock = field(factory=VenueClock)
    held: list[Held] = field(factory=list)
    # When orders of other sessions were first heard of, ns since 1970 by our clock; 0: they are never ours.
    foreign: Window[VenueOrderId, int] = field(factory=lambda: Window(FOREIGN_WINDOW))
    # Orders that a record was about, None while that is of no interest.
    touched: set[ClientOrderId] | None = None
    # Set by the waits while they want to hear of orders.
    on_record: Callable[[ClientOrderId], None] | None = None
    # Of the present call of `apply`, as is `out`.
    now: Instant = field(init=False)
    out: Decisions = field(factory=Decisions)

    def __attrs_post_init__(self) -> None:
        self.rules = self.venue.rules
        self.throttle = self.venue.open_throttle()

    def record(self, record: Record) -> None:
        """Decides: folds a record and puts it out."""
        # Fold first: the listener that hears of the record below sees the order as it is after it.
        self.orders.fold(record)
        self.out.records.append(record)
        if self.touched is not None and isinstance(record, events.OrderEvent | records.Note):
            self.touched.add(record.identity.client_order_id)
        if self.on_record is not None and isinstance(record, events.OrderEvent | records.Note):
            self.on_record(record.identity.client_order_id)

    def retract(self, said_again: records.Note) -> None:
        """The next record tells all that this one has just told, so it need not be kept. Nothing if it is not the last
        one."""
        decided = self.out.records
        if decided and decided[-1] == said_again:
            decided.pop()

    def note(self, note: Record) -> None:
        """Puts out what only a restart needs. Not to be called without a journal: see `journaled`."""
        self.record(note)

    def open(self, at: int, *, is_measured: bool) -> None:
        """What executed before this is not ours to tell: ns since 1970, by the venue's clock once that is measured."""
        self.opened_at, self.is_opened_measured = at, is_measured
        if self.journaled:
            self.note(records.Opened(at=at, is_measured=is_measured))

    def disown(self, venue_order_id: VenueOrderId) -> None:
        """It can never be one of ours, whatever client id it comes with."""
        if self.journaled and self.foreign.get(venue_order_id) != 0:
            self.note(records.Disowned(venue_order_id=venue_order_id))
        self.foreign.put(venue_order_id, 0)

    def doubt_all(self) -> None:
        """What is known of every order may be old by now, until it is shown again."""
        self.login += 1

    def reply(self, reply_to: object, value: object) -> None:
        """Answers the caller; None: there is none."""
        if reply_to is not None:
            self.out.replies.append(Reply(reply_to, value))

    def warn(self, sentence: str) -> None:
        """A sentence for the log."""
        self.out.warnings.append(sentence)

    def alarm(self, sentence: str) -> None:
        """A sentence for the log, about what a person must look at now."""
        self.out.alarms.append(sentence)

    def send(
        self,
        request: requests.Request,
        *,
        client_order_id: ClientOrderId | None = None,
        reply_to: object = None,
        admission: Admission | None = None,
        own_query: bool = False,
        over_http: bool = False,
    ) -> Flight:
        """Releases a request towards the venue and keeps it as on its way. over_http: there is no socket that could
        take it."""
        flight = self.expect(request, client_order_id=client_order_id)
        if over_http:
            flight.connection = 0
        flight.reply_to, flight.own_query = reply_to, own_query
        self.release(flight, admission)
        return flight

    def release(self, flight: Flight, admission: Admission | None) -> None:
        """Towards the venue with a request that is kept already, as soon as its deadline can be computed."""
        if (self.awaits_switch or self.rules.process_within is not None) and self.must_wait(flight.request):
            self.hold([flight], admission, lambda flights, admission: self.release(flights[0], admission))
        else:
            self.out.sends.append(Send(flight.request, flight.connection, admission))

    def hold(
        self,
        flights: list[Flight],
        admission: Admission | None,
        release: Callable[[list[Flight], Admission | None], None],
    ) -> None:
        """Keeps requests back until the venue's time is known (see `timekeeping`)."""
        for flight in flights:
            flight.happens(Moment.HELD)
        self.held.append(Held(flights, admission, release))

    def expect(self, request: requests.Request, *, client_order_id: ClientOrderId | None = None) -> Flight:
        """Keeps a request as on its way that something else carries."""
        now = self.now.monotonic_ns
        flight = Flight(
            request=request,
            client_order_id=client_order_id,
            connection=0 if type(request) in self.rules.http_requests else self.connection,
            sent_at=now,
            sent_wall=self.now.wall_ns,
        )
        # Before it is sent: the answer may come in the same batch as whatever else the venue says.
        self.flights.by_id[request.request_id] = flight
        self.timers.add(now + self.rules.answer_within(request), RequestDue(request.request_id))
        return flight

    def begin_again(self, flight: Flight) -> None:
        """The time for the answer begins anew, and so does a deadline that the user did not choose."""
        request = flight.request
        if _bears_our_deadline(request):
            bearing = cast("requests.PlaceOrder | requests.ReplaceOrder", request)
            flight.request = evolve(bearing, process_before=self.process_before())
        if self.journaled:
            self.note_departure(flight)
        flight.sent_at, flight.sent_wall = self.now.monotonic_ns, self.now.wall_ns
        self.timers.add(flight.sent_at + self.rules.answer_within(request), RequestDue(flight.request_id))

    def note_departure(self, flight: Flight) -> None:
        """A placement goes out later than its order was submitted."""
        order = self.order_of(flight)
        if order is not None and type(flight.request) is requests.PlaceOrder:
            at, until = self.now.wall_ns, flight.process_before
            self.note(records.Postponed(identity=order.identity, at=at, process_before=until))

    def sent_at(self, flight: Flight) -> int:
        """When a request was released: ns since 1970."""
        return self.now.wall_ns - (self.now.monotonic_ns - flight.sent_at)

    def by_venue(self, wall_ns: int) -> int:
        """What the venue's clock shows when ours shows `wall_ns`; as far as is known: the same."""
        return self.clock.time(wall_ns, self.now)

    def placed_by_venue(self, order: Order) -> int:
        """When an order was registered, by the venue's clock, or earlier: ours may have been set since then."""
        local_time = order.identity.local_time
        return min(local_time, self.by_venue(local_time))

    @property
    def knows_time(self) -> bool:
        """False while no deadline can be computed: what was known of the venue's clock counts no more. Before anything
        was, ours is believed."""
        return self.clock.reading is None or self.clock.is_known(self.now)

    def must_wait(self, *sent: requests.Request) -> bool:
        """True when one of these bears a deadline of ours, which cannot be computed now; or places an order that the
        switch of an earlier run may cancel."""
        if self.awaits_switch and any(type(request) is requests.PlaceOrder for request in sent):
            return True
        if self.rules.process_within is None or self.knows_time:
            return False
        return any(_bears_our_deadline(request) for request in sent)

    @property
    def is_skewed(self) -> bool:
        """True when our clock is known to be so wrong that it may be to blame for a complaint about times."""
        return self.clock.is_skewed(self.now)

    def clock_hint(self) -> str:
        """A sentence that goes behind a complaint about times, if our clock is to blame."""
        skew = self.clock.skew(self.now)
        if skew is None or not self.is_skewed:
            return ""
        return f" The times of an order count by the venue's clock, and {skew_text(skew, self.rules.venue)}."

    def explained(self, reason: str) -> str:
        """The reason of a refusal; where it says that we were late, with what our clock has to do with it."""
        if not any(words in reason for words in self.rules.late_refusals):
            return reason
        skew, within = self.clock.skew(self.now), self.rules.process_within or LEAST_SKEW
        if skew is None or -skew < min(LEAST_SKEW, within // 2):
            return reason
        return f"{reason} ({skew_text(skew, self.rules.venue)}; set it, for instance with NTP)"

    def process_before(self, wanted: int | None = None) -> int | None:
        """Until when the venue may act on a placement or change that is sent now: ns since 1970 by its clock, None for
        ever."""
        within = self.rules.process_within
        if wanted is not None or within is None:
            return wanted
        return self.by_venue(self.now.wall_ns) + within

    def process_all_before(self, legs: Iterable[requests.Leg]) -> int | None:
        """Until when the venue may act on a batch, which has one moment for all of it: the earliest of theirs."""
        wanted = [getattr(leg, "process_before", None) for leg in legs]  # a cancel has none
        return min((moment for moment in wanted if moment is not None), default=self.process_before())

    def require_link(self, what: str) -> None:
        """Raises NotSent while nothing can be sent. what: begins the sentence."""
        if self.closing:
            raise NotSent(f"{what} was not sent: the client is closing.", why=Why.CLOSING)
        if self.failed is not None:
            raise NotSent(f"{what} was not sent: the session has ended. {self.failed}", why=Why.SESSION_ENDED)
        if not self.ready:
            sentence = f"{what} was not sent: there is no connection to {self.rules.venue} at the moment."
            raise NotSent(sentence, why=Why.NOT_CONNECTED)

    def require_room(self, request: requests.Request, symbol: str, *placed_at: int) -> None:
        """Raises NotSent when the venue takes no such request now, or no more of them yet. symbol: that it is about;
        placed_at: when the orders that it is about were placed, ns since 1970."""
        self.venue.check_mode(request, self.mode)
        ages = [max(0, self.now.wall_ns - time) for time in placed_at]
        wait = self.throttle.take(request, symbol, ages, self.now.monotonic_ns)
        if wait:
            raise NotSent(
                f"Nothing was sent: {self.rules.venue} takes no more of these for {symbol} for another "
                f"{wait / SECOND:.1f} s. Try again then.",
                why=Why.THROTTLED,
                retry_after=wait / SECOND,
            )

    def count(self, request: requests.Request) -> None:
        """Counts a request about all orders, which nothing holds back."""
        symbols = (order.identity.instrument.symbol for order in self.orders.live.values())
        self.throttle.count(request, symbols, self.now.monotonic_ns)

    def require_free_number(self, request_id: RequestId) -> None:
        """Raises NotSent when the number is in use: the venue's answer could not be told apart."""
        if request_id in self.flights.by_id:
            sentence = f"Nothing was sent: request {request_id} is still waiting for its answer."
            raise NotSent(sentence, why=Why.IN_FLIGHT)

    def is_name_of_old(self, client_order_id: ClientOrderId) -> bool:
        """Whether an order that memory has let go had this name. Not so of a name of which a damage took the order:
        what comes under it may be that order."""
        known = self.known
        return self.orders.has_forgotten and known.is_used(client_order_id) and not known.is_lost(client_order_id)

    def order_named(self, client_order_id: ClientOrderId, what: str) -> Order:
        """Raises NotSent when there is no such order here. what: begins the sentence."""
        order = self.orders.by_client_order_id(client_order_id)
        if order is None:
            raise NotSent(
                f"{what} was not sent: order {client_order_id} is not known here. If it is open at the venue, adopt it "
                "first.",
                why=Why.UNKNOWN_ORDER,
                client_order_id=client_order_id,
            )
        return order

    def order_of(self, flight: Flight) -> Order | None:
        """The order that a request on its way is about."""
        client_order_id = flight.client_order_id
        return None if client_order_id is None else self.orders.by_client_order_id(client_order_id)

    def placement_of(self, order: Order) -> Flight[requests.PlaceOrder] | None:
        """The placement of an order, None once nothing more is awaited of it."""
        name = order.identity.client_order_id
        return self.flights.placement(name, order.request_id or self.flights.earlier.get(name))


DEADLINE_IS_OURS: Final[Mapping[type, Callable[[Any], bool]]] = {
    requests.PlaceOrder: lambda place: not place.own_deadline,
    requests.ReplaceOrder: lambda _: True,
}
"""Of what bears a deadline at all."""


def _bears_our_deadline(request: requests.Request) -> bool:
    """True for what has a deadline unless the user chose it."""
    is_ours = DEADLINE_IS_OURS.get(type(request))
    return is_ours is not None and is_ours(request)
