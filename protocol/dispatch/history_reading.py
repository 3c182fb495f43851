"""Reading the venue's history: which reading is wanted, how far it has come, and from where it goes on after a failure.

A reading brings the executions since the last one, and after them, if orders are examined whose fate is in question,
what became of orders. One reading at a time; a caller that wants history gets the number of the reading that will have
read all that is there now, and numbers only grow. A page that is refused, lost or never sent is asked for again after a
pause, with its cursor: what was read is not read twice, however often that happens.

A history lags behind the stream, so a reading asked for at one instant is complete only until that instant less the
lag. One more reading follows after that time, silent unless it finds something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from attrs import define, evolve

from ..requests import ListFills, ListOrderHistory
from ..values import ClientOrderId, RequestId
from ..venue import SECOND
from .context import MEASURED, UNMEASURED, Context
from .decisions import HistoryDue
from .records import HistoryRead
from .tracking import Order

__all__ = ["HistoryReading", "Reading"]

OVERLAP: Final = 60 * SECOND
"""How far a reading reaches back behind what is complete: clocks differ."""
PAUSE: Final = SECOND
"""Between the end of a reading and the start of the next."""
MOST_REFUSALS: Final = 3
"""For certain, of one page in a row: then its cursor may be what the venue refuses, and the list begins anew."""
MOST_EMPTY_PAGES: Final = 3
"""In a row, of a history of orders that names a next page again and again: behind them nothing follows."""
PACES: Final = (60 * SECOND, 300 * SECOND, 900 * SECOND)
"""After how long history is read again for fills that were reported as missing; the last one repeats."""


@define(kw_only=True)
class Reading:
    """One reading, from `since` to `until`, begun at `began`: ns since 1970 by the venue's clock."""

    number: int
    # The page that is asked for, or is to be asked for again. It has the cursor, so a failure costs one page.
    page: ListFills | ListOrderHistory
    began: int
    since: int
    until: int
    # The page of executions that it stands at, or comes to behind the orders. None: they have been read.
    fills: ListFills | None
    # Executions so far, and pages of orders without any row, in a row.
    read: int = 0
    empty: int = 0
    # Failures of this page in a row, and how many of them the venue meant for certain.
    failures: int = 0
    refusals: int = 0
    # False between a failure and the next try.
    under_way: bool = True
    # It has come, or will come, to what became of orders.
    has_orders: bool = False


def _none() -> int | None:
    return None


class HistoryReading:
    """Owns the readings."""

    def __init__(self, context: Context) -> None:
        self._context = context
        # Every fill before it has been reported: ns since 1970 by the venue's clock, None before the first login.
        self.complete_until: int | None = None
        # Why reading fails at the moment, "" while it does not.
        self.failing = ""
        self.has_changed = False
        self._reading: Reading | None = None
        # Numbers of readings only grow: a caller that wants one waits until `finished` has reached its number, and no
        # later failure can take that back.
        self._started = 0
        self._wanted = 0
        self._finished = 0
        self._began = 0
        # Monotonic ns: before it no page is asked for, and at it one more reading is wanted (0: none).
        self._not_before = 0
        self._again_at = 0
        # Orders whose fate the history of orders shall tell, each with the time from which on it is read. An order that
        # is examined while a reading runs belongs to the next one: the present one may be past its page.
        self._examined: dict[ClientOrderId, tuple[Order, int]] = {}
        self._examining: dict[ClientOrderId, tuple[Order, int]] = {}
        # Orders that may have had venue order ids in between, each with the time until which history must reach.
        self._chains: dict[ClientOrderId, tuple[Order, int]] = {}
        self._chains_wanted: int | None = None
        # Orders of other sessions went on under ids that history is to name: from when on it is read for those, and
        # until when it must reach.
        self._others: tuple[int, int] | None = None
        # The oldest execution that waits until it is known whose it is; None: none does.
        self.oldest_waiting: Callable[[], int | None] = _none

    @property
    def is_on(self) -> bool:
        return self._context.rules.reads_history

    @property
    def finished(self) -> int:
        """The number of the last reading that is over."""
        return self._finished

    @property
    def asked_at(self) -> int:
        """When the present reading began, or the last one: ns since 1970 by the venue's clock."""
        return self._began

    @property
    def is_first_run(self) -> bool:
        """True before the first login of all: then there is nothing to read."""
        return self.complete_until is None

    @property
    def told_until(self) -> int:
        """Every fill before it has been reported, however far the clocks may be apart; 0 before the first login."""
        is_measured = self._context.clock.skew(self._context.now) is not None
        return (self.complete_until or 0) - (MEASURED if is_measured else UNMEASURED)

    def covers(self, by_venue: int) -> bool:
        """True while a reading is under way that began after this moment."""
        return self._reading is not None and self._reading.began >= by_venue

    @property
    def fills_read(self) -> int:
        """Executions that the present reading has brought so far."""
        return 0 if self._reading is None else self._reading.read

    def reset(self) -> None:
        """The connection is gone, or messages of it: meanwhile orders may go on under ids that no message tells."""
        if self._context.rules.chain_history:
            self._chains_wanted = self._context.by_venue(self._context.now.wall_ns)

    def begin(self) -> None:
        """A login: what was before the first one is not ours to read."""
        if self.complete_until is None:
            self.complete_until = self._context.by_venue(self._context.now.wall_ns)
            self._note()
        self.start()

    def _note(self) -> None:
        """From where the next run reads on. What waits until it is known whose it is has not been told yet."""
        if not self._context.journaled:
            return
        assert self.complete_until is not None  # a login came first
        waiting = self.oldest_waiting()
        until = self.complete_until if waiting is None else min(self.complete_until, waiting)
        self._context.note(HistoryRead(until=until))

    # Wanting

    def want(self) -> int:
        """Reads as soon as it may. Gives the number of the reading that will tell."""
        if self.is_on:
            # The one that runs may have read past what is wanted, so it is always the next one.
            self._wanted = max(self._wanted, self._started + 1)
            self.start()
        return self._wanted

    def want_after_lag(self) -> None:
        """Reads once more when history is up to date for certain with what has happened by now."""
        lag = self._context.rules.lists_lag
        if lag and self.is_on:
            self._want_at(self._context.now.monotonic_ns + lag + PAUSE)

    def want_slowly(self, attempts: int) -> None:
        """Reads again for what was reported as missing. attempts: how often that was done already."""
        self._want_at(self._context.now.monotonic_ns + PACES[min(attempts, len(PACES) - 1)])

    def _want_at(self, when: int) -> None:
        # One moment is kept, the earliest that still lies ahead. What is wanted later will be found by that reading, or
        # is wanted again at its end.
        if self._again_at <= self._context.now.monotonic_ns or when < self._again_at:
            self._again_at = when
        self._context.timers.add(when, HistoryDue(periodic=False))

    def examine(self, order: Order, since: int) -> None:
        """It is in question what became of this order: reads the history of orders, too, from `since` on by the venue's
        clock."""
        # Some venues list orders by the time of their placement, not of their end.
        if self._context.rules.history_by_placement:
            since = min(since, self._context.placed_by_venue(order))
        self._examined[order.identity.client_order_id] = (order, since)
        self.want()

    def want_chains(self, order: Order | None = None) -> None:
        """Reads the history of orders, where that alone names the venue order ids that orders had in between. order: it
        may have had others; until that is read, an execution of an unknown order may be its own."""
        if self._context.rules.chain_history:
            self._chains_wanted = now = self._context.by_venue(self._context.now.wall_ns)
            if order is not None:
                self._chains[order.identity.client_order_id] = (order, now)
            self.want()

    def want_others(self, since: int) -> None:
        """Reads the history of orders for one of another session, from `since` on by the venue's clock: what it goes on
        under may be older than what readings begin with by now, or too young for the next one."""
        now = self._context.by_venue(self._context.now.wall_ns)
        self._others = (since if self._others is None else min(since, self._others[0]), now)
        self.want()
        self.want_after_lag()

    @property
    def chains(self) -> Iterable[Order]:
        """Orders that may have had other venue order ids, as far as is not read yet."""
        return [order for order, _ in self._chains.values()]

    def has_chain(self, order: Order) -> bool:
        return order.identity.client_order_id in self._chains

    def tick(self) -> None:
        """A period is over. Whatever is open or not: a fee may be owed, and of another session's order no message may
        have come at all."""
        self.want()

    def look(self) -> None:
        """A moment has come that was waited for."""
        now = self._context.now.monotonic_ns
        if self._again_at and self._again_at <= now:
            self._again_at = 0
            self._wanted = max(self._wanted, self._started + 1)
        self.start()

    # Reading

    def is_own(self, request_id: RequestId) -> bool:
        """True for a page of the present reading."""
        reading = self._reading
        return reading is not None and reading.page.request_id == request_id

    def start(self) -> None:
        """Begins the next reading, or asks again for the page that the present one stands at."""
        context, reading = self._context, self._reading
        if not context.ready or context.closing or (reading is not None and reading.under_way):
            return
        if reading is None and self._wanted <= self._started:
            return
        # The pause also lies between two readings, or a fill that stays missing would make us read without a stop.
        if context.now.monotonic_ns < self._not_before:
            context.timers.add(self._not_before, HistoryDue(periodic=False))
        elif reading is None:
            self._begin_reading()
        else:
            self._resume(reading)

    def _resume(self, reading: Reading) -> None:
        """Asks again for the page that the reading stands at; behind the orders, if those are wanted by now."""
        page, request_id = reading.page, self._context.flights.next_internal_id()
        if isinstance(page, ListOrderHistory):
            self._go_on(evolve(page, request_id=request_id))
        elif self._context.rules.chain_history and self._wants_orders:
            self._read_orders(triggers=False)
        else:
            self._read_fills(evolve(page, request_id=request_id))

    def _begin_reading(self) -> None:
        context = self._context
        if self.complete_until is None:
            # The list of the first login shows an order of an earlier run that left nothing else behind.
            self.complete_until = context.by_venue(context.now.wall_ns)
            self._note()
        self._started += 1
        began = self._began = context.by_venue(context.now.wall_ns)
        self._examining, self._examined = self._examined, {}
        # The overlaps cost little, since a fill that was reported is recognized; a gap between two readings would cost
        # it.
        since, until = max(0, self.complete_until - OVERLAP), began + OVERLAP
        span = context.rules.history_span
        first = until if span is None else min(until, since + span)
        page = ListFills(
            request_id=context.flights.next_internal_id(), start=since, end=first, symbol=None, latest=first == until
        )
        self._reading = Reading(number=self._started, page=page, fills=page, began=began, since=since, until=until)
        if context.rules.chain_history and self._wants_orders:
            self._read_orders(triggers=False)  # the ids first, so that each fill finds its order
        else:
            self._read_fills(page)

    @property
    def _wants_orders(self) -> bool:
        if self._context.rules.chain_history and self._context.orders.live:
            return True  # any of them may go on under an id of which the message was lost
        return bool(self._examining or self._chains_wanted is not None or self._chains or self._others)

    def _read_fills(self, page: ListFills) -> None:
        """Reads this page of executions next."""
        reading = self._reading
        assert reading is not None
        reading.fills = page
        self._go_on(page)

    def _go_on(self, page: ListFills | ListOrderHistory) -> None:
        reading = self._reading
        assert reading is not None
        reading.page, reading.under_way = page, True
        self._context.send(page)

    def fills_read_to(self, rows: int, cursor: str | None) -> bool:
        """A page of executions came: asks for the next page. True when there is none: the reading is over."""
        # The cursor is the venue's own text and goes back as it came: what it means is its own business.
        reading = self._heard()
        page = reading.fills
        assert page is not None
        reading.read += rows
        # Next page, next span of time, orders, end: in this order.
        if cursor is not None:
            self._read_fills(evolve(page, cursor=cursor))
            return False
        if page.end < reading.until:
            end = min(reading.until, page.end + page.end - page.start)
            self._read_fills(evolve(page, start=page.end, end=end, cursor=None, latest=end == reading.until))
            return False
        reading.fills = None
        if not self._context.rules.chain_history and self._wants_orders:
            self._read_orders(triggers=self._context.rules.triggers_apart and self._may_wait())
            return False
        self._finish(reading)
        return True

    def orders_read_to(self, page: ListOrderHistory, rows: int, cursor: str | None) -> bool:
        """A page of what became of orders came: asks for the next page. True when there is none: the reading is
        over."""
        reading = self._heard()
        reading.empty = 0 if rows else reading.empty + 1
        # A venue that repeats a cursor, or goes on naming pages without rows, must not keep us in this list for ever.
        if cursor not in (None, page.cursor) and reading.empty <= MOST_EMPTY_PAGES:
            self._go_on(evolve(page, cursor=cursor))
            return False
        reading.empty = 0
        if page.end < reading.until:
            end = min(reading.until, page.end + page.end - page.start)
            self._go_on(evolve(page, start=page.end, end=end, cursor=None))
        elif page.triggers and self._is_any_open():
            self._read_orders(triggers=False)
        elif reading.fills is not None:
            self._read_fills(evolve(reading.fills, request_id=self._context.flights.next_internal_id()))
        else:
            self._finish(reading)
            return True
        return False

    def _heard(self) -> Reading:
        """A page came."""
        reading = self._reading
        assert reading is not None
        self.has_changed = True
        reading.failures, self.failing = 0, ""
        fills = reading.fills
        if fills is None or fills.cursor is None or isinstance(reading.page, ListFills):
            reading.refusals = 0  # else the page of fills behind these orders is what was refused
        return reading

    def _may_wait(self) -> bool:
        return any(order.may_wait for order, _ in self._examining.values())

    def _is_any_open(self) -> bool:
        return any(not order.status.is_terminal for order, _ in self._examining.values())

    def _read_orders(self, *, triggers: bool) -> None:
        """What became of orders. Of stops first: one whose trigger fired goes on in the history of the others."""
        reading, context = self._reading, self._context
        assert reading is not None
        reading.has_orders = True
        sinces = [since for _, since in self._examining.values()]
        if self._context.rules.chain_history:
            sinces.append(reading.since + OVERLAP)
            if self._others is not None:
                sinces.append(self._others[0])
        start, span = max(0, min(sinces) - OVERLAP), context.rules.history_span
        first = reading.until if span is None else min(reading.until, start + span)
        request_id = context.flights.next_internal_id()
        self._go_on(ListOrderHistory(request_id=request_id, start=start, end=first, triggers=triggers))

    def _finish(self, reading: Reading) -> None:
        self._reading = None
        self._finished = reading.number
        # It proves nothing about the last moments before it began: the venue's history follows behind.
        until = reading.began - self._context.rules.lists_lag
        if reading.has_orders:  # one of fills alone may have begun at the very moment at which orders were wanted
            self._chains = {name: (order, at) for name, (order, at) in self._chains.items() if at > until}
            if self._chains_wanted is not None and self._chains_wanted <= reading.began:
                self._chains_wanted = None
            if self._others is not None and self._others[1] < until:
                self._others = None
        assert self.complete_until is not None  # nor was it when the reading began
        self.complete_until = max(self.complete_until, until)
        self._note()
        self._not_before = self._context.now.monotonic_ns + PAUSE

    def take_examined(self) -> list[Order]:
        """The orders that the reading which is just over has examined."""
        examined = [order for order, _ in self._examining.values()]
        self._examining = {}
        return examined

    def is_examined(self, order: Order) -> bool:
        """True while a reading looks for what became of this order."""
        return order.identity.client_order_id in self._examining

    def _forget_cursor(self, reading: Reading) -> None:
        """The venue may not know the cursor any more: the list is read from its first page on."""
        page = reading.page = evolve(reading.page, cursor=None)
        if isinstance(page, ListFills):
            reading.fills = page

    def failed(self, why: str, *, certain: bool = False) -> None:
        """A page of the present reading was refused, lost or never sent: it is asked for again after a pause. certain:
        the venue will not have it so."""
        context, reading = self._context, self._reading
        assert reading is not None
        if not self.failing:
            context.warn(f"The history of {context.rules.venue} could not be read, and is tried again: {why}")
        self.failing, self.has_changed = why, True
        # The same pauses as for status queries, each longer than the one before, so that a venue in trouble is left
        # alone.
        delays = context.rules.query_delays
        self._not_before = context.now.monotonic_ns + delays[min(reading.failures, len(delays) - 1)]
        reading.failures, reading.under_way = reading.failures + 1, False
        reading.refusals += certain
        if reading.refusals >= MOST_REFUSALS:
            self._forget_cursor(reading)
        self.start()
