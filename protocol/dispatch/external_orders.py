"""Orders of other sessions: which of them are open, and what is reported of them.

A client that only watches an account hears every fill of such an order, and its end, once each. Three sources report
them: live messages, the list of a login, and later lists. An order that a list leaves out has ended if the list is
younger than the last word about the order; a list says nothing of how. Fills that make up all of an order may be its
end, of which the message is missing; or its quantity has been raised. So the venue is asked where the order stands, by
its venue order id. Where the venue does not know it any more, that is what is reported: a report with `status=None`
whose reason says that the order is not open any more. An end is never made up. Where it says that another id took its
place, the history of orders is to name that one; where that does not, the same is reported.

An order that was never shown as open (a taker's, filled at once) is reported by its fills, and by an end only if the
venue tells one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from decimal import Decimal
from itertools import chain
from typing import Any, Final

from attrs import frozen

from .. import events, facts, requests
from ..events import OrderStatusReport
from ..facts import OrderView, Outcome, Trade
from ..structs import evolve
from ..values import NO_TIME, ZERO, ClientOrderId, InstrumentId, RequestId, TradeId, VenueOrderId, WireId
from ..venue import SECOND
from ..window import Window
from .account_state import SeenOrder
from .context import Context
from .decisions import ExternalDue
from .history_reading import HistoryReading
from .identities import Identities
from .in_flight import Flight
from .records import ExternalDropped, ExternalGone, ExternalSeen
from .tracking import Order

__all__ = ["ExternalOrder", "ExternalOrders"]

MOST_REMEMBERED: Final = 100_000
ENDED_WINDOW: Final = 10_000
MOST_FILLS_KEPT: Final = 64
NEVER: Final = -(1 << 62)
"""Before every monotonic moment."""
# Questions about orders of other sessions must not eat the budget that orders of ours need, so few go at once.
MOST_ASKED_AT_ONCE: Final = 16
MOST_FOLLOWED: Final = 1_000
FULL: Final = 5 * SECOND
"""How long after fills that make up all of an order its end is waited for before the venue is asked."""
TURN: Final = SECOND
"""How long these questions stand back while orders of ours are asked for."""
TERMS: Final = ("price", "trigger_price", "quantity", "cumulative", "time_in_force", "trigger_type")
GONE: Final = "It is not open any more, and the venue does not say how it ended."


Made = tuple[int, int]
"""Between which instants a count was made: ns since 1970 by the venue's clock."""


class ExternalOrder:
    """An order of another session, and how much of it has executed.

    Two counts are kept, because a count of the venue and a fill may report the same execution. Only their instants
    show whether they do: an execution not younger than a count is in it."""

    __slots__ = (
        "counted",
        "doubted_at",
        "fills",
        "heard_at",
        "is_end_known",
        "last_told",
        "since",
        "told",
        "told_since",
        "until",
        "view",
    )

    def __init__(self, view: OrderView, heard_at: int, made: Made) -> None:
        # What the venue has shown of it, the newest of each term.
        self.view = view
        # counted: how much has executed, by the venue's counts and the fills since. told: how much had executed at
        # first, and all fills that were reported since then.
        self.counted = self.told = view.cumulative or ZERO
        # Instants by the venue's clock, ns since 1970: every execution until `since` is in the first count, those after
        # `told_since` are reported; none after `until` is in the venue's last count.
        self.since, self.until = made
        self.told_since = self.until
        if self.since < view.time:  # it began after that, with nothing filled
            self.told, self.told_since = ZERO, self.since
        # Monotonic ns: of the last message about it, and of what last made it doubtful that it is open: a list that did
        # not show it, or fills that make up all of it.
        self.heard_at = heard_at
        self.doubted_at = -1
        # The first fills that were reported, so that a repeated one is recognized whatever its time.
        self.fills: set[TradeId] | None = None
        # Of one that has ended: whether the venue said how. If not, a later word of the venue is still news.
        self.is_end_known = True
        # Of one that an earlier run has reported: when that happened, ns since 1970 by the venue's clock, until it is
        # heard of again. None: it is of this run.
        self.last_told: int | None = None

    @property
    def is_exact(self) -> bool:
        """Whether it is known how much of it had executed at `since`."""
        return self.since == self.told_since

    @property
    def is_full(self) -> bool:
        """Whether all of it has executed, as far as is known."""
        quantity = None if self.view.other_quantity is not None else self.view.quantity
        return quantity is not None and self.counted >= quantity

    def take(self, view: OrderView, heard_at: int, until: int) -> None:
        """What a view leaves out stays as it was. until: its count was made then or before, ns since 1970 by the
        venue's clock."""
        if view.cumulative is not None:
            # A lower count is an older one. An equal count that was made earlier makes the instant sharper.
            if view.cumulative > self.counted:
                self.counted, self.until = view.cumulative, until
            elif view.cumulative == self.counted:
                self.until = min(self.until, until)
        self.view = _completed(view, self.view, terms=True)
        self.heard_at = max(self.heard_at, heard_at)

    def add(self, trade: Trade, heard_at: int) -> None:
        """Counts a fill, unless the venue's own count has it already."""
        if trade.time > self.told_since:
            self.told += trade.quantity
        since = trade.quantity if trade.time > self.until else ZERO  # at that instant, the count has it
        self.counted = max(self.counted + since, self.told)
        self.heard_at = max(self.heard_at, heard_at)
        self.fills = self.fills or set()
        if len(self.fills) < MOST_FILLS_KEPT:
            self.fills.add(trade.trade_id)

    def has_told(self, trade: Trade) -> bool:
        return self.fills is not None and trade.trade_id in self.fills


@frozen
class Followed:
    """An order that was replaced under an id we never saw. known: under its old id; None: it was told as gone, and what
    history shows late is still told."""

    venue_order_id: VenueOrderId
    known: ExternalOrder | None
    # What the venue said of its end under the old id.
    words: str
    # When that became known, ns since 1970 by the venue's clock.
    at: int


class ExternalOrders:
    """Owns the external orders that are open, the newest of those that have ended, and the questions about those that
    may have. Knows tracked orders only to fill in what a report of theirs leaves out."""

    def __init__(self, context: Context, reading: HistoryReading, identities: Identities) -> None:
        self._context = context
        self._reading = reading
        self._identities = identities
        self._open: dict[VenueOrderId, ExternalOrder] = {}
        self._ended: Window[VenueOrderId, ExternalOrder] = Window(ENDED_WINDOW)
        self._is_full = False
        self._connection: int | None = None
        # How often each order that is in question was asked for. An order without an entry is not in question, also
        # when it still stands in one of the next two.
        self._tries: dict[VenueOrderId, int] = {}
        self._waiting: deque[VenueOrderId] = deque()
        self._asked: dict[VenueOrderId, RequestId] = {}
        # Orders that history is to find again, by the client id that the whole chain has.
        self._followed: dict[WireId, Followed] = {}
        self._turn_due = False
        self._logged_in_at = NO_TIME

    def restore(self, seen: SeenOrder, *, has_ended: bool = False) -> None:
        """An order that an earlier run knew. Nothing has been heard of it in this one."""
        known = ExternalOrder(seen.view(), NEVER, (seen.counted_until, seen.counted_until))
        known.last_told, known.is_end_known = seen.told_at if seen.was_reported else None, seen.is_end_known
        if has_ended:
            self._ended.put(seen.venue_order_id, known)
        else:
            self._open[seen.venue_order_id] = known
        if seen.venue_order_id not in self._context.foreign:
            self._context.foreign.put(seen.venue_order_id, seen.at)

    # What is known

    def __len__(self) -> int:
        return len(self._open)

    def open_order(self, venue_order_id: VenueOrderId) -> ExternalOrder | None:
        """What is known of an external order that is open, as far as is known."""
        return self._open.get(venue_order_id)

    def open_ids(self, symbol: str | None) -> frozenset[VenueOrderId]:
        """Which are open, as far as is known. symbol None: of all instruments."""
        return frozenset(key for key, known in self._open.items() if symbol in (None, known.view.symbol))

    def has_ended(self, venue_order_id: VenueOrderId) -> bool:
        """True for one whose end was reported, unless that was long ago."""
        return venue_order_id in self._ended

    def drop(self, venue_order_id: VenueOrderId) -> None:
        """The order is tracked from now on, or goes on under another venue order id."""
        if self._open.pop(venue_order_id, None) is not None:
            self._note_dropped(venue_order_id)
        self._settle(venue_order_id)

    def _note_dropped(self, venue_order_id: VenueOrderId) -> None:
        if self._context.journaled:
            self._context.note(ExternalDropped(venue_order_id=venue_order_id))

    def external_id(self, view: OrderView) -> ClientOrderId | None:
        return self.external_name(view.wire_id)

    def external_name(self, wire_id: WireId | None) -> ClientOrderId | None:
        return None if wire_id is None else self._context.venue.external_client_order_id(wire_id)

    # Reports

    def status_report(self, view: OrderView, time: int, reason: str, order: Order | None) -> OrderStatusReport:
        """How the venue shows an order; what it leaves out is filled in from a tracked order."""
        identity = None if order is None else order.identity
        return OrderStatusReport(
            local_time=self._context.now.wall_ns,
            account=self._context.account,
            instrument=InstrumentId(view.symbol, self._context.rules.venue),
            client_order_id=self.external_id(view) if identity is None else identity.client_order_id,
            venue_order_id=view.venue_order_id,
            venue_time=time or view.ended or view.time,
            status=view.status,
            side=view.side if identity is None else identity.side or view.side,
            type=view.type if identity is None else identity.type or view.type,
            time_in_force=view.time_in_force or (None if order is None else order.time_in_force),
            price=order.price if view.price is None and order is not None else view.price,
            trigger_price=view.trigger_price,
            quantity=_quantity(view, order),
            cumulative=view.cumulative,
            post_only=view.post_only,
            reason=reason or view.reason,
            reduce_only=view.reduce_only,
            trigger=view.trigger_type,
            average_price=view.average_price,
            display_quantity=view.display_quantity,
            parent=view.parent,
        )

    def report(self, view: OrderView, time: int, reason: str = "") -> None:
        """A live message about an order that is not tracked. time: of the event, by the venue's clock."""
        self._tell(view, time, reason, (time, time) if time else self._just_now())

    def report_open(self, view: OrderView) -> None:
        """An order that the list of a login shows; nothing has just happened to it."""
        if view.status is not None and view.status.is_terminal and view.venue_order_id not in self._open:
            return  # it ended before this client began, or its end was reported
        self._tell(view, NO_TIME, "", self._just_now())

    def replaced(self, old: OrderView, new: OrderView | None, new_id: VenueOrderId | None, time: int) -> None:
        """An order that is not tracked goes on with other terms, mostly under another venue order id. new: None if the
        venue does not show it."""
        if new_id is not None and new_id != old.venue_order_id:
            self.drop(old.venue_order_id)
        self.report(new or old, time)

    def _tell(self, view: OrderView, time: int, reason: str, made: Made) -> None:
        # An end is reported once. The exception: an order was reported as "not open any more", and now the venue says
        # how.
        ended = self._ended.get(view.venue_order_id)
        is_end = view.status is not None and view.status.is_terminal
        if ended is not None and (ended.is_end_known or is_end or view.status is None):
            return  # late, or again
        known = ended or self._open.get(view.venue_order_id)
        if known is not None:
            view = _completed(view, known.view, terms=False)
        if not view.symbol:
            self._context.warn(
                f"The venue said something of order {view.venue_order_id}, which is not ours, without its instrument. "
                "It was left out."
            )
            return
        is_old = known is not None and known.last_told is not None and _is_as_told(known, view, time)
        known = self._remember(view, made, known)
        known.last_told = None
        if is_old:
            self._settle(view.venue_order_id)
            return  # an earlier run has reported it so
        if is_end:
            self._end(view.venue_order_id, known, is_known=True)
        else:
            self._settle(view.venue_order_id)
            self._ask_if_full(view.venue_order_id)
        self._context.record(self.status_report(view, time, reason, None))

    def report_fill(self, trade: Trade, client_order_id: ClientOrderId | None) -> None:
        """Of an order that is not ours. Without its instrument it is left to history, which names it."""
        known = self._open.get(trade.venue_order_id) or self._ended.get(trade.venue_order_id)
        if known is not None and known.has_told(trade):
            return
        if not trade.symbol:
            self._context.warn(
                f"The venue told of execution {trade.trade_id} without its instrument. It was left out; the venue's "
                "history names it."
            )
            self._reading.want()
            return
        if known is not None:
            known.add(trade, self._context.now.monotonic_ns)
            self._ask_if_full(trade.venue_order_id)
        self._context.record(
            events.FillReport(
                local_time=self._context.now.wall_ns,
                account=self._context.account,
                instrument=InstrumentId(trade.symbol, self._context.rules.venue),
                client_order_id=client_order_id,
                venue_order_id=trade.venue_order_id,
                venue_time=trade.time,
                trade_id=trade.trade_id,
                side=trade.side,
                last_price=trade.price,
                last_quantity=trade.quantity,
                currency="" if trade.fee is None else trade.fee.currency,
                commission=trade.fee,
                liquidity=trade.liquidity,
            )
        )

    # Remembering

    def _just_now(self) -> Made:
        now = self._context.by_venue(self._context.now.wall_ns)
        return now, now

    def heard_of(self, venue_order_id: VenueOrderId) -> None:
        """An order is known as another session's from now on, if it was not before."""
        if venue_order_id not in self._context.foreign:
            self._context.foreign.put(venue_order_id, self._context.now.wall_ns)

    def _remember(self, view: OrderView, made: Made, known: ExternalOrder | None) -> ExternalOrder:
        heard_at = self._context.now.monotonic_ns
        if known is None:
            known = ExternalOrder(view, heard_at, made)
            self.heard_of(view.venue_order_id)
        else:
            known.take(view, heard_at, made[1])
        if view.venue_order_id in self._open:
            return known
        # The bound is on memory alone. Events beyond it are still told, but no list can find such an order's end.
        if len(self._open) < MOST_REMEMBERED:
            is_new = self._ended.pop(view.venue_order_id) is None
            self._open[view.venue_order_id] = known
            if is_new and self._context.journaled:
                self._context.note(_seen(view, self._context.now.wall_ns))
        elif not self._is_full:
            self._is_full = True
            self._context.warn(
                f"More than {MOST_REMEMBERED} orders of other sessions are open. What is heard of the others is told, "
                "but they are not remembered: an end that no message tells is not noticed."
            )
        return known

    def _end(self, venue_order_id: VenueOrderId, known: ExternalOrder, *, is_known: bool) -> None:
        self._open.pop(venue_order_id, None)
        known.is_end_known = is_known
        self._ended.put(venue_order_id, known)
        self._settle(venue_order_id)

    # Lists

    def _listed(self, view: OrderView, asked_at: int, lag: int) -> None:
        """A list that was asked for shows an order that is not tracked. Nothing is reported of it, unless it has
        ended."""
        venue_order_id = view.venue_order_id
        if venue_order_id in self._ended or not view.symbol:
            return
        known = self._open.get(venue_order_id)
        # A list that was asked for before the last message is older than that, and must not undo it.
        if known is None or self._monotonic(asked_at) > known.heard_at:
            if view.status is not None and view.status.is_terminal:
                self.report_open(view)
            elif known is not None or not self._had_ended(view, asked_at - lag):
                self._remember(view, (self._context.by_venue(asked_at) - lag, self._just_now()[1]), known)

    def _had_ended(self, view: OrderView, holds_until: int) -> bool:
        """Whether a list that follows behind shows an order which the login, younger than it, did not show any
        more. What came after the login, live messages tell. holds_until: of the list, ns since 1970, by our clock."""
        if view.time == NO_TIME or holds_until >= self._logged_in_at:
            return False
        return view.time < self._context.by_venue(self._logged_in_at)

    def take_list(self, views: Iterable[OrderView], asked_at: int, lag: int) -> None:
        """A whole list of open orders that was asked for (see `compare`)."""
        listed_ids = set()
        for view in views:
            listed_ids.add(view.venue_order_id)
            if self._identities.of(view, asked_at=self._context.by_venue(asked_at)) is None:
                self._listed(view, asked_at, lag)
        self.compare(listed_ids, asked_at, lag)

    def logged_in(self, views: Iterable[OrderView]) -> None:
        """The list of a login: it is as young as it comes."""
        self._logged_in_at = self._context.now.wall_ns
        self.compare({view.venue_order_id for view in views}, self._logged_in_at, lag=0)

    def compare(self, listed_ids: Collection[VenueOrderId], asked_at: int, lag: int) -> None:
        """A whole list of open orders has come. What it leaves out although it was open before has ended, and is asked
        for. asked_at: ns since 1970, by our clock; lag: how far the list follows behind, ns, 0 for that of a login."""
        if self._connection != self._context.connection:  # nothing that was asked on the last one will be answered
            self._connection = self._context.connection
            self._tries.clear()
            self._waiting.clear()
            self._asked.clear()
        shown_at = self._monotonic(asked_at) - lag
        # Three cases: it is listed, it is ours by now, or it is missing. A missing order that was heard of after the
        # list was made may just be younger than the list.
        for venue_order_id in list(self._open):
            known = self._open[venue_order_id]
            if venue_order_id in listed_ids:
                if known.doubted_at < shown_at:
                    self._settle(venue_order_id)
            elif self._context.orders.by_venue_order_id(venue_order_id) is not None:
                self.drop(venue_order_id)  # it turned out to be one of ours
            elif known.heard_at <= shown_at:
                known.doubted_at = shown_at
                if venue_order_id not in self._tries:
                    self._tries[venue_order_id] = 0
                    self._waiting.append(venue_order_id)
        self._ask()

    def _monotonic(self, wall_ns: int) -> int:
        return self._context.now.monotonic_ns - (self._context.now.wall_ns - wall_ns)

    # Questions

    def _ask(self) -> None:
        """Sends as many questions as may be on their way, once no order of ours is asked for."""
        context = self._context
        if not self._waiting or not context.ready or context.closing:
            return
        # Orders of ours are money of ours: their questions go first, and these wait a second at a time.
        if any(flight.own_query and flight.client_order_id is not None for flight in context.flights.by_id.values()):
            if not self._turn_due:
                self._turn_due = True
                context.timers.add(context.now.monotonic_ns + TURN, ExternalDue(None))
            return
        while self._waiting and len(self._asked) < MOST_ASKED_AT_ONCE:
            venue_order_id = self._waiting.popleft()
            if venue_order_id not in self._tries or venue_order_id in self._asked:
                continue
            request_id = context.flights.next_internal_id()
            self._asked[venue_order_id] = request_id
            question = requests.QueryOrder(request_id=request_id, venue_order_id=venue_order_id, wire_id=None)
            context.send(question, own_query=True)
            context.timers.add(
                context.now.monotonic_ns + context.rules.request_timeout, ExternalDue(venue_order_id, request_id)
            )

    def due(self, due: ExternalDue) -> None:
        """Time to ask, or to see whether the answer to a question is lost."""
        venue_order_id = due.venue_order_id
        if venue_order_id is None:
            self._turn_due = False
        elif venue_order_id in self._tries and self._asked.get(venue_order_id) == due.request_id:
            # Still on its way: the rest actor may be holding it back for the venue's budget.
            if due.request_id in self._context.flights.by_id:
                following = self._context.now.monotonic_ns + self._context.rules.request_timeout
                self._context.timers.add(following, due)
                return
            self._asked.pop(venue_order_id, None)
            self._waiting.append(venue_order_id)
        self._ask()

    def _ask_if_full(self, venue_order_id: VenueOrderId) -> None:
        """Soon, unless the venue says before how the order ended."""
        known = self._open.get(venue_order_id)
        if known is not None and known.is_full and venue_order_id not in self._tries:
            self._tries[venue_order_id], known.doubted_at = 0, self._context.now.monotonic_ns
            self._context.timers.add(known.doubted_at + FULL, ExternalDue(venue_order_id))

    def _later(self, venue_order_id: VenueOrderId) -> None:
        delays = self._context.rules.query_delays
        tries = self._tries[venue_order_id]
        self._tries[venue_order_id] = tries + 1
        due = self._context.now.monotonic_ns + delays[min(tries, len(delays) - 1)]
        self._context.timers.add(due, ExternalDue(venue_order_id))

    def _settle(self, venue_order_id: VenueOrderId) -> None:
        """Nothing is in question about it any more."""
        if self._tries.pop(venue_order_id, None) is not None:
            self._asked.pop(venue_order_id, None)

    def status_answered(self, flight: Flight[requests.QueryOrder], fact: facts.RequestAnswered) -> None:
        """The venue says where an order stands that a list left out. The request is on its way no more."""
        venue_order_id = self._answered(flight)
        if venue_order_id is not None:
            # In order of what proves most: no view, a replaced id, another order's view, an end, and an order that
            # still lives, which counts only if the answer is younger than the list that left it out.
            view, known = fact.order, self._open[venue_order_id]
            if view is None:
                self._later(venue_order_id)
            elif view.replaced and view.wire_id is not None and self._context.rules.chain_history:
                self._follow(venue_order_id, view.wire_id, view.reason)
            elif view.venue_order_id != venue_order_id or view.status is None:
                self._is_gone(venue_order_id, known, view.reason)
            elif view.status.is_terminal:
                self._tell(view, NO_TIME, "", self._just_now())
            elif self._is_old(flight, known):
                self._later(venue_order_id)  # it is as old as what the list contradicts
            else:
                known.take(view, flight.sent_at - self._lag, self._just_now()[1])
                self._settle(venue_order_id)
        self._ask()

    def _follow(self, venue_order_id: VenueOrderId, wire_id: WireId, words: str) -> None:
        """It goes on, or went on, under another id, which the venue's history of orders names."""
        known = self._open[venue_order_id]
        if len(self._followed) >= MOST_FOLLOWED:  # those that were told as gone make room
            self._followed = {name: other for name, other in self._followed.items() if other.known is not None}
        if len(self._followed) >= MOST_FOLLOWED:
            self._is_gone(venue_order_id, known, words)
            return
        del self._open[venue_order_id]
        self._settle(venue_order_id)
        # History is read page by page for all of them together, because one query an id could go on for ever. A restart
        # before it is found begins with the old id.
        now = self._context.by_venue(self._context.now.wall_ns)
        self._followed[wire_id] = Followed(venue_order_id, known, words, now)
        self._reading.want_others(since=self._lived_until(known))

    def _lived_until(self, known: ExternalOrder) -> int:
        """When an order still had the id it is known by, ns since 1970 by the venue's clock: what it goes on under came
        later. A list may have shown it behind that, and follow behind by much."""
        if known.heard_at == NEVER:
            return known.until
        context = self._context
        heard_at = context.by_venue(context.now.wall_ns - (context.now.monotonic_ns - known.heard_at))
        return min(known.until, heard_at)

    def took_history(self, view: OrderView) -> None:
        """A row of the history of orders about one that is not tracked: the one that was followed, under its last
        id."""
        if view.wire_id in self._followed and view.status is not None:  # a row of a replaced id has none
            self._note_dropped(self._followed.pop(view.wire_id).venue_order_id)
            self._tell(view, NO_TIME, "", self._just_now())

    def history_read(self, holds_until: int) -> None:
        """The history of orders has been read, where any are followed. What it does not name was replaced by something
        that it will not name, either, unless it follows behind by more than the venue says. holds_until: ns since 1970
        by the venue's clock."""
        unnamed = {
            wire_id: followed
            for wire_id, followed in self._followed.items()
            if followed.known is not None and followed.at < holds_until
        }
        heard_at = self._heard_at() if unnamed else {}
        for wire_id, followed in unnamed.items():
            known = followed.known
            assert known is not None  # see above
            # What replaced it may have been shown without history: then it was heard of later, or adopted.
            ours = self._context.orders.by_wire_id(wire_id)
            is_adopted = ours is not None and ours.request_id is None
            if is_adopted or heard_at.get(wire_id, NEVER) > known.heard_at:
                del self._followed[wire_id]
                self._note_dropped(followed.venue_order_id)
            else:
                self._followed[wire_id] = Followed(followed.venue_order_id, None, followed.words, followed.at)
                self._is_gone(followed.venue_order_id, known, followed.words)

    def _heard_at(self) -> dict[WireId, int]:
        """When orders were heard of last, by the client id that they are shown with: monotonic ns."""
        heard_at: dict[WireId, int] = {}
        ended = (self._ended.get(venue_order_id) for venue_order_id in self._ended)
        for known in chain(self._open.values(), ended):
            wire_id = None if known is None else known.view.wire_id
            if known is not None and wire_id is not None:
                heard_at[wire_id] = max(heard_at.get(wire_id, NEVER), known.heard_at)
        return heard_at

    def status_refused(self, flight: Flight[requests.QueryOrder], fact: facts.RequestRefused) -> None:
        """The venue does not know such an order any more, or does not answer now."""
        venue_order_id = self._answered(flight)
        if venue_order_id is not None:
            if fact.outcome is Outcome.NOT_FOUND and not self._is_old(flight, self._open[venue_order_id]):
                self._is_gone(venue_order_id, self._open[venue_order_id], "")
            else:
                self._later(venue_order_id)
        self._ask()

    @property
    def _lag(self) -> int:
        """How far what the venue answers follows behind, ns."""
        rules = self._context.rules
        return rules.lists_lag if requests.QueryOrder in rules.http_requests else 0

    def _is_old(self, flight: Flight[requests.QueryOrder], known: ExternalOrder) -> bool:
        """Whether an answer may be older than the last word about an order: then it proves nothing."""
        return flight.sent_at - self._lag < max(known.heard_at, known.doubted_at)

    def _answered(self, flight: Flight[requests.QueryOrder]) -> VenueOrderId | None:
        """The order that a question was about; None if it is settled, or something was heard since it was asked."""
        venue_order_id = flight.request.venue_order_id
        if venue_order_id is None or self._asked.get(venue_order_id) != flight.request_id:
            return None
        del self._asked[venue_order_id]
        return venue_order_id

    def _is_gone(self, venue_order_id: VenueOrderId, known: ExternalOrder, words: str) -> None:
        """It is open no more, and it is not known how that came. words: the venue's."""
        self._end(venue_order_id, known, is_known=False)
        view = evolve(known.view, status=None, cumulative=known.counted)
        self._context.record(self.status_report(view, NO_TIME, f"{GONE} {words}".strip(), None))
        if self._context.journaled:
            self._context.note(ExternalGone(venue_order_id=venue_order_id))


def _is_as_told(known: ExternalOrder, view: OrderView, time: int) -> bool:
    """Whether an earlier run has reported this of an order that was open then. time: of a message, ns since 1970; a
    list has none."""
    assert known.last_told is not None  # the caller has looked
    if time:
        return time <= known.last_told
    before, told = known.view, ("status", "price", "trigger_price", "quantity")
    is_same = all(getattr(view, name) in (None, getattr(before, name)) for name in told)
    return is_same and view.cumulative in (None, known.counted)


def _seen(view: OrderView, now: int) -> ExternalSeen:
    return ExternalSeen(
        venue_order_id=view.venue_order_id,
        wire_id=view.wire_id,
        symbol=view.symbol,
        side=view.side,
        order_type=view.type,
        time_in_force=view.time_in_force,
        price=view.price,
        trigger_price=view.trigger_price,
        quantity=view.quantity,
        cumulative=view.cumulative,
        status=view.status,
        at=now,
    )


def _completed(view: OrderView, known: OrderView, *, terms: bool) -> OrderView:
    """A view with what it leaves out, from an earlier one. terms: also those that may have changed unsaid."""
    changes: dict[str, Any] = {}
    for name in ("wire_id", "side", "type", *(TERMS if terms else ())):
        if getattr(view, name) is None and getattr(known, name) is not None:
            changes[name] = getattr(known, name)
    if not view.symbol:
        changes["symbol"] = known.symbol
    if "quantity" in changes:
        changes["other_quantity"] = known.other_quantity
    return evolve(view, **changes) if changes else view


def _quantity(view: OrderView, order: Order | None) -> Decimal | None:
    """None rather than a guess: of two readings, the tracked order says which one is right."""
    if order is not None and (view.quantity is None or view.other_quantity is not None):
        return order.quantity
    return view.quantity if view.other_quantity is None else None
