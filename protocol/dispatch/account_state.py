"""What must survive a restart beside the orders and the fills: of the account, and of orders whose news were open.

Like the tracked orders it changes by `fold` alone, so a journal's records, folded again, give what the run ended with.
It is kept only where there is a journal. While a program runs the parts of dispatch know all of this by themselves, and
better; a restart hands it to them (see `restart`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct, field

from ..events import (
    Authenticated,
    CancelRejected,
    FillReport,
    OrderStatusReport,
    ReplaceRejected,
    Submitted,
    Updated,
)
from ..facts import OrderView
from ..values import ZERO, ClientOrderId, OrderStatus, OrderType, Side, TimeInForce, VenueOrderId, WireId
from ..window import Window
from .records import (
    CancelAsked,
    Disowned,
    ExternalDropped,
    ExternalGone,
    ExternalSeen,
    HistoryRead,
    Intent,
    NonceUsed,
    Opened,
    Postponed,
    Registered,
    ReplaceAsked,
    SwitchSet,
    TotalTold,
    Unclear,
)

__all__ = ["AccountState", "Departure", "SeenOrder"]

ENDED_WINDOW: Final = 10_000
DISOWNED_WINDOW: Final = 10_000
LEAST_KEPT: Final = 1_000


class Departure(Struct, frozen=True, gc=False):
    """When a placement left, and until when the venue may act on it: ns since 1970, by our clock and by the venue's."""

    # 0: with its order's registration.
    at: int
    process_before: int | None


class SeenOrder(Struct, gc=False, kw_only=True):
    """An order of another session as it was last reported, or as a list showed it first."""

    venue_order_id: VenueOrderId
    wire_id: WireId | None
    symbol: str
    side: Side | None
    order_type: OrderType | None
    time_in_force: TimeInForce | None
    price: Decimal | None
    trigger_price: Decimal | None
    quantity: Decimal | None
    # How much has executed, by the venue's last count and the fills since. counted_until: that count has no later one.
    counted: Decimal
    counted_until: int
    status: OrderStatus | None
    at: int
    # When the venue says that happened what was reported last, ns since 1970.
    told_at: int = 0
    # The venue has said how it ended. It may have ended without that.
    is_end_known: bool = False
    was_reported: bool = False

    def view(self) -> OrderView:
        return OrderView(
            venue_order_id=self.venue_order_id,
            wire_id=self.wire_id,
            symbol=self.symbol,
            side=self.side,
            price=self.price,
            quantity=self.quantity,
            cumulative=self.counted,
            status=self.status,
            time_in_force=self.time_in_force,
            post_only=False,
            type=self.order_type,
            trigger_price=self.trigger_price,
        )


class AccountState(Struct):
    """Owned by dispatch; see the module's docstring. live: the orders that have not ended."""

    live: Mapping[ClientOrderId, object]
    # None: no run of this journal has come so far.
    opened: Opened | None = None
    history_until: int | None = None
    # Of the dead man's switch, seconds; 0: it is off.
    switch: int = 0
    # The venue's name for the account, as it was told last; "" counts as nothing.
    user: str = ""
    # When the last order was submitted, ns since 1970 by our clock.
    last_intent: int = 0
    # The number of the last signed call.
    nonce: int = 0
    # Of placements that may not be answered yet, where their registration does not say it. What is said here and in the
    # next three of an order that has ended counts no more.
    departures: dict[ClientOrderId, Departure] = field(default_factory=dict)
    # Orders with a change, a cancel, or news that leave open what they are.
    changing: dict[ClientOrderId, ReplaceAsked] = field(default_factory=dict)
    canceling: dict[ClientOrderId, bool] = field(default_factory=dict)
    unclear: dict[ClientOrderId, bool] = field(default_factory=dict)
    # The totals that were reported as not yet reached by the fills of an order.
    missing: dict[ClientOrderId, TotalTold] = field(default_factory=dict)
    # Orders of other sessions, open and ended.
    seen: dict[VenueOrderId, SeenOrder] = field(default_factory=dict)
    ended: Window[VenueOrderId, SeenOrder] = field(default_factory=lambda: Window(ENDED_WINDOW))
    disowned: Window[VenueOrderId, bool] = field(default_factory=lambda: Window(DISOWNED_WINDOW))
    _most: int = LEAST_KEPT

    @property
    def folds(self) -> Mapping[type, Callable[[Any], None]]:
        """How it changes, by the kind of record."""
        return {
            # Of the account.
            Opened: self._fold_opened,
            HistoryRead: self._fold_history_read,
            SwitchSet: self._fold_switch,
            Authenticated: self._fold_authenticated,
            NonceUsed: self._fold_nonce,
            # Of placements, changes and cancels on their way.
            Submitted: self._fold_submitted,
            Intent: self._fold_intent,
            Postponed: self._fold_postponed,
            ReplaceAsked: self._fold_replace_asked,
            CancelAsked: self._fold_cancel_asked,
            Unclear: self._fold_unclear,
            Updated: self._fold_updated,
            ReplaceRejected: self._fold_replace_rejected,
            CancelRejected: self._fold_cancel_rejected,
            TotalTold: self._fold_total,
            # Of other sessions.
            ExternalSeen: self._fold_seen,
            ExternalDropped: self._fold_dropped,
            ExternalGone: self._fold_gone,
            Disowned: self._fold_disowned,
            OrderStatusReport: self._fold_report,
            FillReport: self._fold_external_fill,
            Registered: self._fold_registered,
        }

    # The account

    def _fold_nonce(self, record: NonceUsed) -> None:
        self.nonce = max(self.nonce, record.nonce)

    def _fold_opened(self, record: Opened) -> None:
        self.opened = record

    def _fold_history_read(self, record: HistoryRead) -> None:
        self.history_until = record.until

    def _fold_switch(self, record: SwitchSet) -> None:
        self.switch = record.seconds

    def _fold_authenticated(self, record: Authenticated) -> None:
        self.user = record.user or self.user

    # What is on its way

    def _fold_submitted(self, record: Submitted) -> None:
        self.last_intent = record.identity.local_time

    def _fold_intent(self, record: Intent) -> None:
        # Without a deadline, the registration says all that there is to know: nothing is kept for most orders of AX.
        if record.process_before is not None:
            self.departures[record.identity.client_order_id] = Departure(0, record.process_before)
            if len(self.departures) > self._most:
                self._prune()

    def _fold_postponed(self, record: Postponed) -> None:
        self.departures[record.identity.client_order_id] = Departure(record.at, record.process_before)

    def _prune(self) -> None:
        """Forgets what was open about orders that have ended. Now and then, for all of them: an order that ends must
        not cost more with a journal."""
        live = self.live
        for each in (self.departures, self.changing, self.canceling, self.unclear):
            for name in [name for name in each if name not in live]:
                del each[name]
        self._most = max(LEAST_KEPT, 2 * max(len(self.departures), len(self.canceling), len(self.changing)))

    def _fold_replace_asked(self, record: ReplaceAsked) -> None:
        self.changing[record.identity.client_order_id] = record
        if len(self.changing) > self._most:
            self._prune()

    def _fold_cancel_asked(self, record: CancelAsked) -> None:
        self.canceling[record.identity.client_order_id] = True
        if len(self.canceling) > self._most:
            self._prune()

    def _fold_unclear(self, record: Unclear) -> None:
        self.unclear[record.identity.client_order_id] = True

    def _fold_updated(self, record: Updated) -> None:
        # Another session may have changed the order meanwhile, so only the terms that were asked for settle a change.
        name = record.identity.client_order_id
        asked = self.changing.get(name) if self.changing else None
        if asked is not None and _agrees(asked, record):
            del self.changing[name]

    def _fold_replace_rejected(self, record: ReplaceRejected) -> None:
        self.changing.pop(record.identity.client_order_id, None)

    def _fold_cancel_rejected(self, record: CancelRejected) -> None:
        self.canceling.pop(record.identity.client_order_id, None)

    def _fold_total(self, record: TotalTold) -> None:
        self.missing[record.identity.client_order_id] = record

    # Other sessions' orders

    def _fold_seen(self, record: ExternalSeen) -> None:
        self.seen[record.venue_order_id] = SeenOrder(
            venue_order_id=record.venue_order_id,
            wire_id=record.wire_id,
            symbol=record.symbol,
            side=record.side,
            order_type=record.order_type,
            time_in_force=record.time_in_force,
            price=record.price,
            trigger_price=record.trigger_price,
            quantity=record.quantity,
            counted=record.cumulative or ZERO,
            counted_until=record.at,
            status=record.status,
            at=record.at,
        )

    def _fold_report(self, record: OrderStatusReport) -> None:
        venue_order_id = record.venue_order_id
        seen = self.seen.get(venue_order_id) or self.ended.get(venue_order_id)
        if seen is None:
            return  # so many are open that this one is not remembered
        seen.side, seen.order_type = record.side or seen.side, record.type or seen.order_type
        seen.time_in_force = record.time_in_force or seen.time_in_force
        # A report without a term says nothing of it.
        seen.price = seen.price if record.price is None else record.price
        seen.trigger_price = seen.trigger_price if record.trigger_price is None else record.trigger_price
        seen.quantity = seen.quantity if record.quantity is None else record.quantity
        if record.cumulative is not None and record.cumulative >= seen.counted:
            seen.counted, seen.counted_until = record.cumulative, record.venue_time or record.local_time
        seen.status, seen.told_at, seen.was_reported = record.status, max(seen.told_at, record.venue_time), True
        if record.status is not None and record.status.is_terminal:
            self._end(seen, is_known=True)
        elif venue_order_id not in self.seen:  # it had been left out of a list, and lives
            self.ended.pop(venue_order_id)
            self.seen[venue_order_id] = seen

    def _end(self, seen: SeenOrder, *, is_known: bool) -> None:
        seen.is_end_known = is_known
        self.seen.pop(seen.venue_order_id, None)
        self.ended.put(seen.venue_order_id, seen)

    def _fold_gone(self, record: ExternalGone) -> None:
        seen = self.seen.get(record.venue_order_id)
        if seen is not None:
            self._end(seen, is_known=False)

    def _fold_external_fill(self, record: FillReport) -> None:
        seen = self.seen.get(record.venue_order_id) or self.ended.get(record.venue_order_id)
        if seen is not None and record.venue_time > seen.counted_until:
            seen.counted += record.last_quantity

    def _fold_dropped(self, record: ExternalDropped) -> None:
        self.seen.pop(record.venue_order_id, None)

    def _fold_registered(self, record: Registered) -> None:
        self.seen.pop(record.venue_order_id, None)

    def _fold_disowned(self, record: Disowned) -> None:
        self.disowned.put(record.venue_order_id, True)


def _agrees(asked: ReplaceAsked, told: Updated) -> bool:
    """Whether the order has the terms that were asked for. Where the venue counts them otherwise, it is asked again."""
    wanted = ((asked.quantity, told.quantity), (asked.price, told.price), (asked.trigger_price, told.trigger_price))
    return all(term is None or term == now for term, now in wanted)
