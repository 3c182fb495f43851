"""Executions that may be of an order of ours whose venue order id is not known yet: the question WHOSE.

Some messages name an order by the venue's id alone. While an order that was sent has none here, or a stop has fired and
goes on under an id that is not known, such an execution may be its own; told as another session's, it would be lost to
that order. So may one that does name our client id, of a stop whose firing was not heard, or from before the placement
as far as the clocks can be compared. So it waits: until an order of ours is bound to that venue order id, until none
can be meant any more, or until its patience is over. A lookup of that venue order id says whose it is where the venue
knows.

What waits is indexed by the orders that may be meant, so a message that touches none of them costs nothing; and no more
than `MOST_KEPT` wait: the oldest is reported then.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Final

from attrs import evolve, frozen

from .. import requests
from ..facts import OrderView, Trade
from ..values import ZERO, ClientOrderId, OrderStatus, RequestId, VenueOrderId
from ..venue import SECOND
from .context import Context
from .decisions import KeptDue, LookupDue
from .external_orders import ExternalOrders
from .fills import Fills
from .history_reading import HistoryReading
from .identities import Identities
from .in_flight import Flight
from .order_life import OrderLife
from .terms import Terms
from .tracking import FillKey, Order

__all__ = ["UnclaimedFills"]

CLOCK_TOLERANCE: Final = 60 * SECOND
"""How far the venue's clock and ours may be apart."""
PATIENCE: Final = 300 * SECOND
"""How long an execution waits for an order whose venue order id may never be reported."""
MOST_KEPT: Final = 1_000
MOST_LOOKUPS: Final = 16
"""Venue order ids that are looked up at once."""
RETRY: Final = 60 * SECOND
"""After how long an order is looked up again where the venue did not tell whose it is."""


@frozen
class Kept:
    """An execution that waits until it is known whose it is."""

    trade: Trade
    # The orders that may be meant. All of them were sent before it was heard: a later one cannot have executed then.
    suspects: list[Order]
    # ns, monotonic.
    until: int
    # The venue says that the order is complete with it.
    final: bool
    # It came on the stream.
    live: bool
    # It is from before this client began, so it is news only if it is of an order of ours.
    before: bool


class UnclaimedFills:
    """Owns these executions, until the order is known or no order of ours can be meant. has_changed: some wait, or wait
    no longer, since `Reconciler` looked."""

    def __init__(
        self,
        context: Context,
        reading: HistoryReading,
        identities: Identities,
        recording: tuple[OrderLife, Fills, Terms],
        external: ExternalOrders,
    ) -> None:
        self._context = context
        self._reading = reading
        self._identities = identities
        self._life, self._fills, self._terms = recording
        self._external = external
        # In order of arrival, so the first one is the oldest.
        self.kept: dict[FillKey, Kept] = {}
        self.has_changed = False
        # Orders that may go on under an id that was not told, by our own suspicion.
        self._doubtful: dict[ClientOrderId, Order] = {}
        self._lookups: dict[RequestId, VenueOrderId] = {}
        # What was looked up and waits still: not before `RETRY` is over, or a login, is it looked up again.
        self._in_vain: set[VenueOrderId] = set()
        # The bound is warned of once, until nothing waits any more.
        self._was_full = False

    @property
    def oldest(self) -> int | None:
        """When the first of them happened, ns since 1970 by the venue's clock; None: none waits."""
        return min((kept.trade.time for kept in self.kept.values()), default=None)

    def doubt(self, order: Order) -> None:
        """The order may go on under an id that is not known."""
        self._doubtful = {name: other for name, other in self._doubtful.items() if self._is_doubtful(other)}
        self._doubtful[order.identity.client_order_id] = order

    def keep(self, trade: Trade, *, final: bool = False, live: bool = False, before: bool = False) -> bool:
        """Keeps an execution of an order that is not known. False, and nothing is kept, if it is certainly not ours."""
        key = (trade.venue_order_id, trade.trade_id)
        if key in self.kept or self._fills.is_known(None, trade, live=live):
            return True  # it waits, or was reported before
        # No suspects is the usual case at an account with several programs, and it must cost nothing more.
        suspects = [order for order in self._candidates(trade) if self._may_be_of(order, trade)]
        if not suspects and not self._identities.may_be_lost(trade):
            return False
        if len(self.kept) >= MOST_KEPT:
            self._give_up_oldest()
        until = self._context.now.monotonic_ns + PATIENCE
        self.kept[key] = Kept(trade, suspects, until, final=final, live=live, before=before)
        self.has_changed = True
        self._context.touched = self._context.touched if self._context.touched is not None else set()
        self._context.timers.add(until, KeptDue())
        self._look_up(trade.venue_order_id)
        return True

    def _candidates(self, trade: Trade) -> Iterable[Order]:
        # These sets are small by nature: orders without an id, fired stops, orders in doubt. No order that lives under
        # a known id is looked at.
        orders = self._context.orders
        if trade.wire_id is not None:
            named = orders.by_wire_id(trade.wire_id)
            return () if named is None else (named,)
        fired = orders.fired.values() if self._context.rules.stops_go_on else ()
        return chain(orders.unnamed.values(), fired, self._doubtful.values(), self._reading.chains)

    def _give_up_oldest(self) -> None:
        if not self._was_full:
            self._was_full = True
            self._context.warn(
                f"More than {MOST_KEPT} executions wait to be told, because they may be of an order whose placement "
                "the venue has not answered. The oldest are told as another session's."
            )
        key = next(iter(self.kept))
        kept = self.kept.pop(key)
        self._tell(kept, self._context.orders.by_venue_order_id(kept.trade.venue_order_id))

    # Settling

    @property
    def is_worth_a_look(self) -> bool:
        """While some wait: True when something has happened to an order that may be meant, or patience with the oldest
        is over."""
        return bool(self._context.touched) or next(iter(self.kept.values())).until <= self._context.now.monotonic_ns

    def settle(self) -> None:
        """Publishes what can be reported by now: as a fill of the order that has become known, or as another
        session's."""
        # `touched` is only collected while something waits: None switches it off (see `Context.record`).
        touched, now = self._context.touched or set(), self._context.now.monotonic_ns
        self._context.touched = set()
        for key, kept in list(self.kept.items()):
            is_over = kept.until <= now
            if not is_over and not any(order.identity.client_order_id in touched for order in kept.suspects):
                continue
            order = self._context.orders.by_venue_order_id(kept.trade.venue_order_id)
            if order is None and not is_over and any(self._may_be_of(suspect, kept.trade) for suspect in kept.suspects):
                continue
            del self.kept[key]
            self._tell(kept, order)
        if not self.kept:
            self._context.touched, self._was_full = None, False

    def _tell(self, kept: Kept, order: Order | None) -> None:
        """Publishes one that waits no longer."""
        self.has_changed = True
        if order is not None or not kept.before:
            self.tell(kept.trade, order, final=kept.final, live=kept.live)

    def tell(self, trade: Trade, order: Order | None, *, final: bool = False, live: bool = False) -> None:
        """Publishes an execution, unless it was published before. order: None if it is none of ours."""
        if self._fills.is_known(order, trade, live=live):
            return
        if order is None:
            self._external.report_fill(trade, self._external.external_name(trade.wire_id))
        else:
            self._life.accept_late(order, trade.venue_order_id, trade.time, by_old_fill=not live)
            self._follow(order, trade)
            self._fills.fill(order, trade, final=final, live=live)

    def _follow(self, order: Order, trade: Trade) -> None:
        """A fired stop goes on under the id of its execution."""
        known = order.venue_order_id in (None, trade.venue_order_id)
        if known or not self._context.rules.stops_go_on or order.is_over:
            return
        if not self._context.orders.is_former_id(order, trade.venue_order_id):
            self._terms.rename(order, trade.venue_order_id, None, ZERO, trade.time)

    # Who is meant

    def _may_be_of(self, order: Order, trade: Trade) -> bool:
        identity = order.identity
        return (
            not self._identities.is_foreign(order, trade.venue_order_id)
            and self._may_go_by_it(order, trade)
            and identity.instrument.symbol == trade.symbol
            and (identity.side is None or trade.side in (None, identity.side))
            and trade.time >= self._context.placed_by_venue(order) - CLOCK_TOLERANCE
        )

    def _may_go_by_it(self, order: Order, trade: Trade) -> bool:
        """Whether the venue may have given the order the id of this execution."""
        if trade.wire_id is None:
            return self._is_without_id(order)
        return self._identities.may_be_meant(order, trade)

    def _is_without_id(self, order: Order) -> bool:
        """True while the venue may have given the order an id that is not known here."""
        if order.venue_order_id is None:
            return self._context.placement_of(order) is not None
        if self._reading.has_chain(order):
            return True
        goes_on = self._context.rules.stops_go_on and order.status is OrderStatus.TRIGGERED
        return (goes_on and not order.former_ids) or self._is_doubtful(order)

    def _is_doubtful(self, order: Order) -> bool:
        return order.identity.client_order_id in self._doubtful and not (order.is_over or order.former_ids)

    # Looking up

    def _look_up(self, venue_order_id: VenueOrderId) -> None:
        """Asks the venue for the order of an execution: its client id, or when it began and what it is for, tells whose
        it is. Where an answer shows neither its side nor its terms, the history of orders does."""
        if not self._context.rules.status_shows_terms:
            self._reading.want_after_lag()
            return
        if not self._context.ready or len(self._lookups) >= MOST_LOOKUPS or venue_order_id in self._lookups.values():
            return
        request_id = self._context.flights.next_internal_id()
        self._lookups[request_id] = venue_order_id
        self._context.send(
            requests.QueryOrder(request_id=request_id, venue_order_id=venue_order_id, wire_id=None), own_query=True
        )

    def is_lookup(self, flight: Flight) -> bool:
        return flight.request_id in self._lookups

    def looked_up(self, flight: Flight, view: OrderView | None) -> None:
        """The answer to a lookup; None: the venue does not know the order any more, or did not answer."""
        asked_for = self._lookups.pop(flight.request_id)
        if view is not None:
            self.shown(view)
        if any(venue_order_id == asked_for for venue_order_id, _ in self.kept):
            self._wait_with(asked_for)
        # Of those without a suspect only a lookup tells, so each gets its turn.
        asked = {*self._in_vain, *self._lookups.values()}
        waiting = (venue_order_id for (venue_order_id, _), kept in self.kept.items() if not kept.suspects)
        following = next((venue_order_id for venue_order_id in waiting if venue_order_id not in asked), None)
        if following is not None:
            self._look_up(following)

    def _wait_with(self, venue_order_id: VenueOrderId) -> None:
        """Asked again at once, a venue that cannot answer would be asked without end."""
        if not self._in_vain:
            self._context.timers.add(self._context.now.monotonic_ns + RETRY, LookupDue())
        self._in_vain.add(venue_order_id)

    def due(self, due: LookupDue) -> None:
        self.look_up_again()

    def look_up_again(self) -> None:
        """All that wait still: behind a login, since the questions of the last connection are gone with it, and where
        lookups came to nothing."""
        self._in_vain.clear()
        for venue_order_id in dict.fromkeys(venue_order_id for venue_order_id, _ in self.kept):
            # That of an order which has just become known needs no question, and is told next.
            if self._context.orders.by_venue_order_id(venue_order_id) is None:
                self._look_up(venue_order_id)

    def shown(self, view: OrderView) -> None:
        """A view of an order that executions wait for: says whose they are."""
        waiting = [kept for key, kept in self.kept.items() if key[0] == view.venue_order_id]
        if not waiting:
            return
        # Where the venue shows no client id, an order that fits, and is the only one, is the best that can be known.
        order = self._identities.of(view) if view.wire_id is not None else self._fitting(waiting[0], view)
        if order is not None and self._context.rules.chain_history and order.venue_order_id is not None:
            return  # which of its ids came after which, the history of orders tells
        # The order is adopted before its fills are published, so that they find its terms.
        if order is not None and not order.is_over:
            self._terms.adopt(order, view, view.time)
        if order is None and not any(kept.suspects for kept in waiting):
            self._external.heard_of(view.venue_order_id)  # so what it executes is not asked about again
        for kept in waiting:
            key = (kept.trade.venue_order_id, kept.trade.trade_id)
            if self.kept.pop(key, None) is not None:
                self._tell(kept, order)

    def _fitting(self, kept: Kept, view: OrderView) -> Order | None:
        """The one order that this can be, where the venue shows no client id: it was placed before, and is for as
        much."""
        fitting = [
            order
            for order in kept.suspects
            if self._may_be_of(order, kept.trade) and view.quantity is not None and order.quantity == view.quantity
        ]
        return fitting[0] if len(fitting) == 1 else None

    def history_read(self) -> None:
        """A reading of history is over, and may have answered what was open about the orders that may be meant."""
        if self._context.touched is not None:
            names = {order.identity.client_order_id for kept in self.kept.values() for order in kept.suspects}
            self._context.touched |= names

    def reset(self) -> None:
        """The connection is gone, and every lookup with it; what was heard on it is old by the next login."""
        self._lookups.clear()
        self.kept = {key: evolve(kept, live=False) for key, kept in self.kept.items()}
