"""The tracked orders and the fills seen: everything about orders that must survive a connection, and a restart.

It changes by `fold` alone. Replaying the records of a run into an empty `TrackedOrders` gives the state that the
run ended with.

Memory is bounded: a finished order is kept, with its ids and its first 64 fills, until 100,000 others have finished
after it; further fills, those of orders that are not tracked, and the ids that one order had before its replacements
slide the same way. No window is ever emptied at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, TypeVar

import msgspec

from ..events import (
    Accepted,
    Canceled,
    Completed,
    Denied,
    Expired,
    FeeReported,
    Filled,
    FillReport,
    OrderEvent,
    Rejected,
    Reopened,
    StatusUnknown,
    Submitted,
    Triggered,
    Updated,
)
from ..orders import NEXT_STATUS, Happening, OrderIdentity, OrderState
from ..reasons import RejectReason, Why
from ..structs import evolve
from ..values import ZERO, ClientOrderId, OrderStatus, OrderType, RequestId, TimeInForce, VenueOrderId, WireId
from ..window import Window
from .inquiries import Inquiry
from .known import FillKey, Forgotten
from .records import AlreadyCounted, Bound, Counted, FormerId, Record, Registered

__all__ = ["OF_AN_EARLIER_RUN", "FillKey", "Order", "TrackedOrders", "Window"]

K = TypeVar("K")
V = TypeVar("V")

OF_AN_EARLIER_RUN: Final = RequestId(0)
"""Number of the request that placed an order which this run has not placed."""

FILL_WINDOW: Final = 10_000
FINISHED_WINDOW: Final = 100_000
FORMER_IDS: Final = 1000
"""How many venue order ids from before its replacements an order is still found by."""
FILLS_OF_ORDER: Final = 64
"""Fills that an order remembers itself; those beyond stand in the common window."""


# Python 3.11 looks a member up in its enumeration five times as slowly as a name in a module.
ACCEPTED: Final = OrderStatus.ACCEPTED
SUBMITTED: Final = OrderStatus.SUBMITTED
TRIGGERED: Final = OrderStatus.TRIGGERED
UNKNOWN: Final = OrderStatus.UNKNOWN
AFTER_ACCEPTANCE: Final = {each: NEXT_STATUS.get((each, Happening.ACCEPTED), each) for each in OrderStatus}


NO_IDS: Final[dict[VenueOrderId, Decimal]] = {}
"""Shared by all orders that were never replaced; never written to."""


def _no_ids() -> dict[VenueOrderId, Decimal]:
    return NO_IDS


class Order(msgspec.Struct, eq=False, gc=False):
    """One tracked order. Only `TrackedOrders` writes to it, but for what belongs to one connection: seen_in, inquiry.

    A million of them are kept, so the collector of reference cycles does not look at them: what an order holds must
    never lead back to it.
    """

    identity: OrderIdentity
    status: OrderStatus = OrderStatus.SUBMITTED
    accepted: bool = False
    venue_order_id: VenueOrderId | None = None
    # Ids from before its replacements, the newest of them, with what was heard under each.
    former_ids: dict[VenueOrderId, Decimal] = msgspec.field(default_factory=_no_ids)
    # The first of its fills, with whether their fee is known. None: it has none, and pays for no dict.
    fills: dict[FillKey, bool] | None = None
    request_id: RequestId | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    time_in_force: TimeInForce | None = None
    post_only: bool = False
    # All fills we heard of, under whatever venue order id.
    cumulative: Decimal = ZERO
    # The part of it that the present venue order id does not count, because it filled before a replacement.
    base: Decimal = ZERO
    # It may spend an amount of quote currency. Its quantity stays unknown, because what the venue shows of it is a
    # guess (spec Kraken E.11).
    by_amount: bool = False
    # ns since 1970, when its terms changed last, or when we concluded that it had ended.
    changed_at: int = 0
    # Its end is our own conclusion, which the venue may contradict (see `Reopened`).
    concluded: bool = False
    # The login that has shown it last. While that is older than the present one, the order is in doubt.
    seen_in: int = 0
    # Its open questions (see `dispatch.questions`). Most orders never have one.
    inquiry: Inquiry | None = None
    # Why it ended, or why its status is not known.
    reason: str = ""
    # The same of one that was denied or rejected, for a program.
    why: Why | RejectReason | None = None

    @property
    def dated_until(self) -> int:
        """When it was placed, or its terms changed last: no row of the venue's history shows a later time of it."""
        return max(self.identity.local_time, self.changed_at)

    @property
    def is_over(self) -> bool:
        """True when only its fills are news. Denied is our own conclusion, so the venue may still say otherwise."""
        return self.status.is_terminal and self.status is not OrderStatus.DENIED

    @property
    def may_be_live(self) -> bool:
        """True for an end that we have concluded ourselves, which the venue may contradict."""
        return self.status is OrderStatus.DENIED or self.concluded

    def heard_under(self, venue_order_id: VenueOrderId) -> Decimal | None:
        """How much was heard of it under one venue order id; None: it never had that one."""
        if venue_order_id == self.venue_order_id:
            if not self.former_ids:
                return self.cumulative  # asked for every fill: an order that was never replaced has the short way
            under_others = sum(self.former_ids.values(), ZERO)
            return self.cumulative - min(self.base, under_others)  # what is counted under others may not be heard yet
        return self.former_ids.get(venue_order_id)

    @property
    def is_market(self) -> bool:
        """True for an order that has no price: what a venue shows as one is how far it may go at most."""
        return self.identity.type is OrderType.MARKET

    @property
    def may_wait(self) -> bool:
        """True for an order that may wait for a trigger. The type of another session's order is not known."""
        return self.identity.type not in (OrderType.LIMIT, OrderType.MARKET)

    @property
    def can_be_named(self) -> bool:
        """True when the venue can be told which order is meant."""
        return self.venue_order_id is not None or self.identity.wire_id is not None

    def view(self) -> OrderState:
        return OrderState(
            identity=self.identity,
            status=self.status,
            venue_order_id=self.venue_order_id,
            quantity=self.quantity,
            cumulative=self.cumulative,
            price=self.price,
            trigger_price=self.trigger_price,
            time_in_force=self.time_in_force,
            reason=self.reason,
            why=self.why,
            request_id=self.request_id,
        )


def _both(first: Callable[[Any], None], second: Callable[[Any], None]) -> Callable[[Any], None]:
    def fold(record: Any) -> None:
        first(record)
        second(record)

    return fold


class NotWhole(Exception):
    """The order begins with this record, of which too little was read (see `lean_records`). Nothing has changed."""


class TrackedOrders:
    """Owned by dispatch; see the module's docstring."""

    def __init__(self, *, fill_window: int = FILL_WINDOW, finished_window: int = FINISHED_WINDOW) -> None:
        # Orders that have not ended. The next two are subsets of it, so that no loop over a million orders looks for
        # the few of them.
        self.live: dict[ClientOrderId, Order] = {}
        # Those without a venue order id: an execution that names none of ours may be of one of them.
        self.unnamed: dict[ClientOrderId, Order] = {}
        # Those that are TRIGGERED: they may go on under another id.
        self.fired: dict[ClientOrderId, Order] = {}
        # The newest of those that have ended: fills and fees may still come, and a repeated one must be known.
        self.finished: Window[ClientOrderId, Order] = Window(finished_window)
        # Published fills of orders that are not tracked, with whether their fee is known.
        self.fills: Window[FillKey, bool] = Window(fill_window)
        # Those of tracked orders beyond the first 64 of each.
        self.later_fills: Window[FillKey, bool] = Window(FILL_WINDOW)
        # What the cumulative of each adopted order counted before it was ours.
        self.counted: dict[ClientOrderId, Counted] = {}
        # Something has slid out of a window, so that only a journal knows it.
        self.has_forgotten = False
        # None of the orders that slid out began, or had its terms changed, after that: ns since 1970 by our clock.
        self.forgotten_until = 0
        # Takes what slides out until the journal has it. None: there is no journal, or all of this came from it.
        self.forgotten: Forgotten | None = None
        self._by_venue_id: dict[VenueOrderId, Order] = {}
        self._by_wire_id: dict[WireId | None, Order] = {}  # nothing stands under None
        self._folds: dict[type, Callable[[Any], None]] = {
            # How an order begins, and what is learned of it besides.
            Submitted: self._fold_submitted,
            Registered: self._fold_registered,
            AlreadyCounted: self._fold_already_counted,
            Bound: self._fold_bound,
            FormerId: self._fold_former_id,
            # What happens to it.
            Accepted: self._fold_accepted,
            Triggered: self._fold_triggered,
            Updated: self._fold_updated,
            Filled: self._fold_filled,
            FeeReported: self._fold_fee,
            FillReport: self._fold_external_fill,
            # Doubts, and ends.
            StatusUnknown: self._fold_unknown,
            Reopened: self._fold_reopened,
            Completed: self._fold_completed,
            Canceled: self._fold_canceled,
            Expired: self._fold_expired,
            Rejected: self._fold_rejected,
            Denied: self._fold_denied,
        }

    # Looking up

    def by_client_order_id(self, client_order_id: ClientOrderId) -> Order | None:
        return self.live.get(client_order_id) or self.finished.get(client_order_id)

    def by_wire_id(self, wire_id: WireId | None) -> Order | None:
        return self._by_wire_id.get(wire_id)

    def by_venue_order_id(self, venue_order_id: VenueOrderId) -> Order | None:
        """The order that has, or had before a replacement, this venue order id."""
        return self._by_venue_id.get(venue_order_id)

    def is_former_id(self, order: Order, venue_order_id: VenueOrderId) -> bool:
        """True for a venue order id that `order` had before a replacement."""
        return venue_order_id != order.venue_order_id and self._by_venue_id.get(venue_order_id) is order

    def is_of_another(self, order: Order, venue_order_id: VenueOrderId) -> bool:
        """True when a different tracked order has this venue order id."""
        return self._by_venue_id.get(venue_order_id, order) is not order

    def find(self, venue_order_id: VenueOrderId, wire_id: WireId | None) -> Order | None:
        """By venue order id, else by wire id (spec AX 5.2: then learn the venue order id)."""
        order = self._by_venue_id.get(venue_order_id)
        return self._by_wire_id.get(wire_id) if order is None else order

    def counts_already(self, order: Order, time: int, quantity: Decimal, missing: Decimal | None) -> bool:
        """True for an execution that the order's cumulative counted when it was registered. time: of the execution, ns
        since 1970; missing: how much more the venue counts than was heard: where it is not known which executions were
        counted, it is one of those that were not. None: it was heard live."""
        counted = self.counted.get(order.identity.client_order_id)
        if counted is None or time > counted.until:
            return False
        if missing is not None and time <= counted.since:
            return True  # every execution until then is in the count
        # Between the two instants, the venue's count has some of the executions and we cannot know which. The untold
        # part of the count is a budget: an execution that fits into it counts as one of those.
        if counted.untold is not None:
            return quantity <= counted.untold
        return missing is not None and missing < quantity

    # Without records

    def put_back(self, order: Order) -> None:
        """An order as an earlier run knew it, those that have ended in the order of their ends."""
        name = order.identity.client_order_id
        if order.status.is_terminal:
            slid_out = self.finished.put(name, order)
            if slid_out is not None:  # the window was larger then
                self._forget(slid_out)
            if order.venue_order_id is None and order.identity.wire_id is not None:
                self._by_wire_id.setdefault(order.identity.wire_id, order)
        else:
            self._add(order)
            if order.status is OrderStatus.TRIGGERED:
                self.fired[name] = order
        for venue_order_id in (*order.former_ids, order.venue_order_id):
            if venue_order_id is not None:
                self._by_venue_id[venue_order_id] = order

    # Folding

    def also_fold(self, folds: Mapping[type, Callable[[Any], None]]) -> None:
        """Hands records of these kinds to another state as well, behind this one."""
        for kind, other in folds.items():
            own = self._folds.get(kind)
            self._folds[kind] = other if own is None else _both(own, other)

    @property
    def folds(self) -> Mapping[type, Callable[[Any], None]]:
        """What changes the state, by the kind of record: for a caller with very many records."""
        return self._folds

    def fold(self, record: Record) -> None:
        """Changes the state by one record. Records that say nothing about order state change nothing."""
        fold = self._folds.get(type(record))
        if fold is not None:
            fold(record)

    def _known(self, identity: OrderIdentity) -> Order:
        name = identity.client_order_id
        order = self.live.get(name) or self.finished.get(name)
        if order is None:
            # Only a journal cut off at its head can hold such a record; the order begins with it then.
            if type(identity) is not OrderIdentity:
                raise NotWhole
            order = self._add(Order(identity))
        return order

    def _add(self, order: Order) -> Order:
        # Wire ids may be used again at the venue once the older order has ended, so the first holder keeps the index
        # until its end lets go of it (see `_move`).
        identity = order.identity
        name, wire_id = identity.client_order_id, identity.wire_id
        self.live[name] = order
        if order.venue_order_id is None:
            self.unnamed[name] = order
        if wire_id is not None:
            self._by_wire_id.setdefault(wire_id, order)
        return order

    def _bind(self, order: Order, venue_order_id: VenueOrderId | None) -> None:
        if venue_order_id is None or order.venue_order_id == venue_order_id:
            return
        if order.venue_order_id is None:
            self.unnamed.pop(order.identity.client_order_id, None)
        else:
            self._add_former_id(order, order.venue_order_id)
        order.venue_order_id = venue_order_id
        self._by_venue_id[venue_order_id] = order

    def _add_former_id(self, order: Order, venue_order_id: VenueOrderId) -> None:
        # Before the order gets its new id: what was heard under the old one is still its own count.
        heard = order.heard_under(venue_order_id) or ZERO
        if order.former_ids is NO_IDS:
            order.former_ids = {}  # the shared empty one is never written to
        order.former_ids[venue_order_id] = heard
        if len(order.former_ids) > FORMER_IDS:
            oldest = next(iter(order.former_ids))
            self._forget_venue_id(order, oldest)
            del order.former_ids[oldest]
        self._by_venue_id[venue_order_id] = order

    def _move(self, order: Order, status: OrderStatus) -> None:
        order.status, order.why = status, None
        client_order_id = order.identity.client_order_id
        if status is TRIGGERED:
            self.fired[client_order_id] = order
        elif self.fired:
            self.fired.pop(client_order_id, None)
        if not status.is_terminal:
            if status is not UNKNOWN:
                order.reason = ""
            if client_order_id not in self.live:  # the venue knows an order that we had given up
                self.finished.pop(client_order_id)
                self._add(order)
            return
        if self.live.pop(client_order_id, None) is None:
            return  # it had ended before; its place in the window stays what it was
        # The venue may give the wire id to a later order; an order that never got a venue id keeps it meanwhile.
        if order.venue_order_id is None:
            self.unnamed.pop(client_order_id, None)
        else:
            self._forget_wire_id(order)
        slid_out = self.finished.put(client_order_id, order)
        if slid_out is not None:
            self._forget(slid_out)

    def _forget_wire_id(self, order: Order) -> None:
        wire_id = order.identity.wire_id
        if self._by_wire_id.get(wire_id) is order:  # a later order may have the name by now
            del self._by_wire_id[wire_id]

    def _forget(self, order: Order) -> None:
        # Each order that ends may let an older one go, so this is done as often. Most have one id and no more.
        self.has_forgotten = True
        self.forgotten_until = max(self.forgotten_until, order.dated_until)
        if self.forgotten is not None:
            self.forgotten.add_order(order.identity.client_order_id, order.fills)
        if self.counted:
            self.counted.pop(order.identity.client_order_id, None)
        self._forget_wire_id(order)
        if order.venue_order_id is not None:
            self._forget_venue_id(order, order.venue_order_id)
        for venue_order_id in order.former_ids:
            self._forget_venue_id(order, venue_order_id)

    def _forget_venue_id(self, order: Order, venue_order_id: VenueOrderId) -> None:
        if self._by_venue_id.get(venue_order_id) is order:
            del self._by_venue_id[venue_order_id]

    def _fold_submitted(self, record: Submitted) -> None:
        order = Order(
            identity=record.identity,
            request_id=record.request_id,
            quantity=record.quantity,
            price=record.price,
            trigger_price=record.trigger_price,
            time_in_force=record.time_in_force,
            post_only=record.post_only,
        )
        if record.quote_quantity is not None:
            order.by_amount = True
        self._add(order)

    def _fold_registered(self, record: Registered) -> None:
        order = self._add(Order(record.identity))
        order.cumulative = record.heard
        if record.counted is not None:
            self.counted[record.identity.client_order_id] = record.counted
        order.quantity, order.price, order.trigger_price = record.quantity, record.price, record.trigger_price
        order.time_in_force, order.post_only = record.time_in_force, record.post_only
        self._bind(order, record.venue_order_id)

    def _fold_already_counted(self, record: AlreadyCounted) -> None:
        name = record.identity.client_order_id
        counted = self.counted.get(name)
        if self.forgotten is not None:
            self.forgotten.add_counted((record.venue_order_id, record.trade_id))
        # What lies before `since` needs no budget, and was never a fill of ours to remember.
        if counted is not None and counted.untold is not None and record.time > counted.since:
            self._remember(self._known(record.identity), (record.venue_order_id, record.trade_id), True)
            self.counted[name] = evolve(counted, untold=counted.untold - record.quantity)

    def _fold_bound(self, record: Bound) -> None:
        order = self._known(record.identity)
        self._bind(order, record.venue_order_id)
        # It fills in what was not known, and takes nothing back: a term that has changed since is reported by
        # `Updated`.
        if order.quantity is None:
            order.quantity = record.quantity
        if order.price is None:
            order.price = record.price
        if order.trigger_price is None:
            order.trigger_price = record.trigger_price
        if order.time_in_force is None:
            order.time_in_force = record.time_in_force

    def _fold_former_id(self, record: FormerId) -> None:
        self._add_former_id(self._known(record.identity), record.venue_order_id)

    def _fold_accepted(self, record: Accepted) -> None:
        order = self._known(record.identity)
        order.accepted = True
        if order.venue_order_id != record.venue_order_id:
            self._bind(order, record.venue_order_id)
        if order.status is SUBMITTED:  # as nearly always: it is live, and nothing else changes with it
            order.status = ACCEPTED
        else:
            self._move(order, AFTER_ACCEPTANCE[order.status])

    def _fold_triggered(self, record: Triggered) -> None:
        order = self._known(record.identity)
        self._move(order, NEXT_STATUS.get((order.status, Happening.TRIGGERED), order.status))

    def _fold_updated(self, record: Updated) -> None:
        order = self._known(record.identity)
        if record.venue_order_id != order.venue_order_id:
            self._bind(order, record.venue_order_id)
        order.changed_at = record.local_time
        order.base = record.venue_cumulative_base
        order.quantity = record.quantity
        order.price = record.price
        order.trigger_price = record.trigger_price

    def _fold_filled(self, record: Filled) -> None:
        order, under, status = self._known(record.identity), record.fill_venue_order_id, record.status
        if order.fills is None:
            order.fills = {(under, record.trade_id): record.commission is not None}
        else:
            self._remember(order, (under, record.trade_id), record.commission is not None)
        if order.venue_order_id is None:
            self._bind(order, record.venue_order_id)
        order.cumulative = record.cumulative
        # A late fill under an earlier id belongs to what was heard under that one.
        if under in order.former_ids:
            order.former_ids[under] += record.last_quantity
        if order.status is not status:
            # The venue may contradict a conclusion only with something younger than it, hence the instant.
            order.concluded = record.concluded
            if record.concluded:
                order.changed_at = record.local_time
            self._move(order, status)

    def _remember(self, order: Order, key: FillKey, fee_known: bool) -> None:
        """A fill is remembered as long as its order; of those with very many, the later ones as long as the window."""
        if order.fills is None:
            order.fills = {key: fee_known}
        elif len(order.fills) < FILLS_OF_ORDER or key in order.fills:
            order.fills[key] = fee_known
        else:
            self.put_fill(self.later_fills, key, fee_known=fee_known)

    def put_fill(self, fills: Window[FillKey, bool], key: FillKey, *, fee_known: bool) -> None:
        """In one of the two windows; its oldest fill may slide out."""
        oldest = next(iter(fills), key)
        slid_out = fills.put(key, fee_known)
        if slid_out is not None:
            self.has_forgotten = True
            if self.forgotten is not None:
                self.forgotten.add_fill(oldest, fee_known=slid_out)

    def is_fee_known(self, order: Order | None, key: FillKey) -> bool | None:
        """Of a fill that was published before; None: it was not. order: that it belongs to, None: none of ours."""
        if order is None:
            return self.fills.get(key)
        known = None if order.fills is None else order.fills.get(key)
        if known is None:
            known = self.later_fills.get(key)
        return self.fills.get(key) if known is None else known

    def _fold_fee(self, record: FeeReported) -> None:
        key = (record.fill_venue_order_id, record.trade_id)
        order = self.by_client_order_id(record.identity.client_order_id)
        if order is not None:
            self.fills.pop(key)  # told as another session's before the order was found to be ours
            self._remember(order, key, True)
        else:  # it ended so long ago that a snapshot has left it out
            self.put_fill(self.fills, key, fee_known=True)

    def _fold_external_fill(self, record: FillReport) -> None:
        key = (record.venue_order_id, record.trade_id)
        self.put_fill(self.fills, key, fee_known=record.commission is not None)

    def _fold_unknown(self, record: StatusUnknown) -> None:
        order = self._known(record.identity)
        order.reason = record.reason
        self._move(order, OrderStatus.UNKNOWN)

    def _fold_reopened(self, record: Reopened) -> None:
        order = self._known(record.identity)
        order.concluded = False
        self._bind(order, order.venue_order_id or record.venue_order_id)
        self._move(order, record.status)

    def _fold_completed(self, record: Completed) -> None:
        order = self._known(record.identity)
        order.concluded = record.concluded
        if record.concluded:
            order.changed_at = record.local_time
        self._move(order, OrderStatus.FILLED)

    def _fold_canceled(self, record: Canceled) -> None:
        self._end(record, OrderStatus.CANCELED, record.reason)

    def _fold_expired(self, record: Expired) -> None:
        self._end(record, OrderStatus.EXPIRED, record.reason)

    def _fold_rejected(self, record: Rejected) -> None:
        self._end(record, OrderStatus.REJECTED, record.reason)
        self._known(record.identity).why = record.why

    def _fold_denied(self, record: Denied) -> None:
        self._end(record, OrderStatus.DENIED, record.reason)
        # Denied is concluded from silence, so it needs the instant as well.
        order = self._known(record.identity)
        order.changed_at, order.why = record.local_time, record.why

    def _end(self, record: OrderEvent, status: OrderStatus, reason: str) -> None:
        order = self._known(record.identity)
        order.reason = reason
        self._bind(order, order.venue_order_id or record.venue_order_id)
        self._move(order, status)
