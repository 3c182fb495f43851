"""The open_orders feed: snapshots, deltas and cancel-only messages to facts (spec B.6 to B.8, D.4)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from attrs import define

from ..facts import (
    Fact,
    OrderAcknowledged,
    OrderCanceled,
    OrderExpired,
    OrderRejected,
    OrderRemoved,
    OrderReplaced,
    OrderTriggered,
    OrderUnclear,
    OrderView,
    ReplaceRefused,
)
from ..structs import evolve
from ..values import NO_TIME, ZERO, Instrument, OrderStatus, VenueOrderId
from ..wire.numbers import amount, positive
from .converter import milliseconds
from .enumerations import DIRECTIONS, REASONS, Reason, order_type, reason_of, time_in_force, trigger_type, why_refused
from .memory import OrderMemory, Remembered
from .quantity import Quantity, QuantityReader
from .wire import Delta, OpenOrder

__all__ = ["OpenOrders"]

# Python 3.11 looks a member up in its enumeration five times as slowly as a name in a module.
EDITED: Final = Reason.EDITED
FULL_FILL: Final = Reason.FULL_FILL
TRIGGERED: Final = Reason.TRIGGERED
EDIT_TARGET_GONE: Final = Reason.EDIT_TARGET_GONE
PARTIALLY_FILLED: Final = OrderStatus.PARTIALLY_FILLED
ACCEPTED: Final = OrderStatus.ACCEPTED

NEVER_TRADED: Final = frozenset({Reason.REFUSED, Reason.REFUSED_POST_ONLY})
"""Why an order came to nothing: even where the message does not show how much has filled, nothing has."""
REFUSALS: Final = NEVER_TRADED | {Reason.CUT_SHORT}
"""Why an order that has filled nothing was refused."""


def _is_removal(delta: Delta, reason: Reason) -> bool:
    """`is_cancel`; where it is missing, the message or the reason decides."""
    if delta.is_cancel is not None:
        return delta.is_cancel
    if delta.order is None:
        return True
    staying = (Reason.PLACED, EDITED, Reason.PARTIAL_FILL, Reason.FROM_STOP, Reason.GENERIC)
    return reason not in staying


def _status(reason: Reason, quantity: Quantity | None, filled: Decimal | None, removed: bool) -> OrderStatus:
    """Where the order stands after this message, first match (spec D.4)."""
    complete = filled is not None and quantity is not None and quantity.is_complete_with(filled)
    if reason is FULL_FILL or complete:
        return OrderStatus.FILLED
    if reason is TRIGGERED:
        return OrderStatus.TRIGGERED
    if removed:
        return OrderStatus.EXPIRED if reason is Reason.EXPIRED else OrderStatus.CANCELED
    return PARTIALLY_FILLED if filled else ACCEPTED


def _filled_in_full(view: OrderView, fills_shown: bool) -> Decimal | None:
    """How much an order has filled that left complete: all of it, where that is certain, else what this message says
    has filled (fills_shown), never what an earlier one said. None: it is not known."""
    filled = view.cumulative if fills_shown else None
    if filled == 0 or view.other_quantity is not None:
        return filled or None  # a full fill of nothing only leaves out how much it was
    return view.quantity or filled


@define(eq=False)
class OpenOrders:
    """One connection's reading of the feed."""

    memory: OrderMemory
    quantities: QuantityReader
    instruments: Mapping[str, Instrument]
    """By symbol in upper case, as far as they are known."""

    def snapshot(self, order: OpenOrder) -> OrderView | None:
        """One order of a snapshot; None: it has no id."""
        if not order.venue_id:
            return None
        venue_order_id = VenueOrderId(order.venue_id)
        return self._shown(order, venue_order_id, Delta(order=order), self.memory.get(venue_order_id))

    def delta(self, delta: Delta) -> tuple[Fact, ...]:
        """What a change says; () when it names no order."""
        order = delta.order
        venue_order_id = VenueOrderId((order.venue_id if order is not None else "") or delta.venue_id)
        if not venue_order_id:
            return ()
        before = self.memory.get(venue_order_id)
        if order is None:
            view, time = self._remembered(delta, venue_order_id, before), NO_TIME
        else:
            view = self._shown(order, venue_order_id, delta, before)
            time = milliseconds(order.last_update_time, order.time)
        if before is not None:
            self.memory.goes_on(venue_order_id, view.wire_id)
            return self._happened(delta, view, time, before)
        carried_on = self._from_stop(view, time)
        if carried_on and reason_of(delta.reason) is Reason.FROM_STOP and not view.cumulative:
            return carried_on
        return (*carried_on, *self._happened(delta, view, time, before))

    # The order as it is now

    def _shown(
        self, order: OpenOrder, venue_order_id: VenueOrderId, delta: Delta, before: Remembered | None
    ) -> OrderView:
        """The view of an order object, which is remembered. Zero prices are none before anything else is looked at."""
        reason = reason_of(delta.reason)
        price, trigger_price = positive(order.limit_price), positive(order.stop_price)
        symbol = order.symbol or ("" if before is None else before.symbol)
        filled = amount(order.filled)
        quantity = self._quantity(order, filled, before, symbol, reason)
        if filled is None and before is not None:
            filled = before.filled
        removed = _is_removal(delta, reason)
        # A call with more than 15 keywords takes a much slower way in Python, so what few orders have is added to them.
        view = OrderView(
            venue_order_id=venue_order_id,
            wire_id=order.client_id or delta.client_id or (None if before is None else before.wire_id),
            symbol=symbol,
            side=DIRECTIONS.get(order.direction),
            price=price,
            quantity=None if quantity is None else quantity.total,
            other_quantity=None if quantity is None else quantity.other,
            cumulative=filled,
            status=_status(reason, quantity, filled, removed),
            time_in_force=time_in_force(order.type),
            post_only=False,
            type=order_type(order.type, has_price=price is not None),
            time=milliseconds(order.time),
            reduce_only=order.reduce_only is True,
        )
        if removed or trigger_price is not None:
            view = evolve(
                view,
                trigger_price=trigger_price,
                trigger_type=trigger_type(order.signal, has_trigger=trigger_price is not None),
                reason=(delta.reason or "") if removed else "",
            )
        self.memory.put(view, quantity)
        return view

    def _quantity(
        self, order: OpenOrder, filled: Decimal | None, before: Remembered | None, symbol: str, reason: Reason
    ) -> Quantity | None:
        known = None if before is None else before.quantity
        qty = amount(order.qty)
        if qty is None or filled is None:
            return known
        instrument = self.instruments.get(symbol)
        return self.quantities.read(
            qty,
            filled,
            known,
            edited=reason is EDITED,
            complete=reason is FULL_FILL,
            increment=None if instrument is None else instrument.quantity_increment,
        )

    def _remembered(self, delta: Delta, venue_order_id: VenueOrderId, before: Remembered | None) -> OrderView:
        """The view of a cancel-only message, from what earlier deltas showed (spec D.4)."""
        reason = reason_of(delta.reason)
        quantity = None if before is None else before.quantity
        filled = None if before is None else before.filled
        return OrderView(
            venue_order_id=venue_order_id,
            wire_id=delta.client_id or (None if before is None else before.wire_id),
            symbol="" if before is None else before.symbol,
            side=None if before is None else before.side,
            price=None if before is None else before.price,
            quantity=None if quantity is None else quantity.total,
            other_quantity=None if quantity is None else quantity.other,
            cumulative=filled,
            status=_status(reason, quantity, filled, _is_removal(delta, reason)),
            time_in_force=None,
            post_only=False,
            type=None if before is None else before.type,
            trigger_price=None if before is None else before.trigger_price,
            reason=delta.reason or "",
            reduce_only=before is not None and before.reduce_only,
            trigger_type=None if before is None else before.trigger_type,
        )

    # What happened to it

    def _happened(self, delta: Delta, view: OrderView, time: int, before: Remembered | None) -> tuple[Fact, ...]:
        reason, code = reason_of(delta.reason), delta.reason or ""
        if reason is EDIT_TARGET_GONE:
            gone, why = view.venue_order_id, why_refused(code)
            return (ReplaceRefused(venue_order_id=gone, wire_id=view.wire_id, reason=code, time=time, why=why),)
        if reason is TRIGGERED:
            self.memory.fired(view.venue_order_id, view.wire_id)
            return (OrderTriggered(time=time, order=view),)
        if _is_removal(delta, reason) or reason is FULL_FILL:
            if code not in REASONS and view.trigger_price is not None and not view.cumulative:
                self.memory.fired(view.venue_order_id, view.wire_id)
                return (OrderUnclear(time=time, order=view),)  # a stop that is gone may have fired
            fills_shown = delta.order is not None and amount(delta.order.filled) is not None
            return (self._ended(reason, code, view, time, fills_shown=fills_shown),)
        if reason is EDITED or self._has_new_terms(view, before):
            changed = OrderReplaced(time=time, order=view, new_venue_order_id=None, replacement=None)
            return (changed,)
        return (OrderAcknowledged(time=time, order=view),)

    def _has_new_terms(self, view: OrderView, before: Remembered | None) -> bool:
        """True when total, limit or stop differ from the last delta; what it leaves out has not changed (spec D.6). A
        total that has become certain is new as well: until now it could be either of two."""
        if before is None:
            return False
        quantity, known = view.quantity, before.quantity
        if quantity is not None and (known is None or quantity != known.total or view.other_quantity != known.other):
            return True
        if view.price is not None and view.price != before.price:
            return True
        return view.trigger_price is not None and view.trigger_price != before.trigger_price

    def _ended(self, reason: Reason, code: str, view: OrderView, time: int, *, fills_shown: bool) -> Fact:
        """The order left the book. fills_shown: the message itself says how much had filled by then; what is remembered
        may be older than the last fills."""
        if view.status is OrderStatus.FILLED:
            whole = _filled_in_full(view, fills_shown)
            return OrderRemoved(time=time, order=view, ending=OrderStatus.FILLED, filled=whole, reason=code)
        ending = OrderStatus.EXPIRED if reason is Reason.EXPIRED else OrderStatus.CANCELED
        filled = view.cumulative if fills_shown else None
        is_untouched = filled == 0 and reason is not Reason.PARTIAL_FILL
        if not is_untouched and (view.cumulative or reason not in NEVER_TRADED):
            return OrderRemoved(time=time, order=view, ending=ending, filled=filled or None, reason=code)
        if reason in REFUSALS:
            return OrderRejected(time=time, order=view, reason=code, why=why_refused(code), removed=True)
        kind = OrderExpired if ending is OrderStatus.EXPIRED else OrderCanceled
        return kind(time=time, order=view, reason=code)

    def _from_stop(self, view: OrderView, time: int) -> tuple[Fact, ...]:
        """An order made by a fired stop continues it, if the client id says so (spec B.7). Any message of it may be the
        first, and the last as well: where there is no counterparty, it only ends."""
        parent = self.memory.parent_of(view.venue_order_id, view.wire_id)
        if parent is None:
            return ()
        stop = evolve(view, venue_order_id=parent, cumulative=ZERO, status=OrderStatus.TRIGGERED)
        replaced = OrderReplaced(
            time=time,
            order=stop,
            new_venue_order_id=view.venue_order_id,
            # None of what it filled was counted under the stop's id.
            replacement=evolve(view, cumulative=ZERO),
        )
        return (replaced,)
