"""Which tracked order something is about: by its venue order id, else by its client id, which may have been used
before.

A client id alone never binds: instrument and side must be equal, and the venue's time not before the order's own. Where
the venue order id is known and another one is reported, the order must be one that can have gone on under another id.
Of a stop that counts as waiting, that its trigger fired may just not have been heard: then a view must show one of its
terms, and an execution waits until one has (see `unclaimed_fills`).

The stream reports an order in the order of what happened: what the answer to a placement has named cannot go on under
another id before the stream has reported that it began. What it tells until then under that client id is of an older
order. Other terms than were placed report an older order, too; not so on the stream of a venue that changes orders in
place, where the message that ours was accepted may be lost, and another session have changed it. Nor of an order of an
earlier run, if the venue dates it behind the placement: that run may have changed it, and the power have taken what it
noted of that.
"""

from __future__ import annotations

from ..facts import OrderView, Trade
from ..values import NO_TIME, OrderStatus, Side, VenueOrderId
from .context import MEASURED, UNMEASURED, Context
from .inquiries import Question
from .own_orders import OwnOrders
from .quantities import readings
from .tracking import OF_AN_EARLIER_RUN, Order

__all__ = ["Identities"]


class Identities:
    """Stateless. own: knows orders of ours that the journal does not have; None: there are none."""

    def __init__(self, context: Context, own: OwnOrders | None = None) -> None:
        self._context = context
        self._own = own

    def of(self, view: OrderView, *, live: bool = False, asked_at: int | None = None) -> Order | None:
        """The tracked order of a view; None: another session's. live: it came on the stream; asked_at: it is part of
        what was asked for then, ns since 1970 by the venue's clock."""
        # Two lookups decide nearly every message. What follows is about names that were used before, and each test
        # gives one reason why this is not our order.
        order = self._context.orders.by_venue_order_id(view.venue_order_id)
        if order is not None:
            return order
        order = self._context.orders.by_wire_id(view.wire_id)
        if order is None:
            return None if self._own is None else self._own.of(view)
        if self.is_foreign(order, view.venue_order_id) or not _fits(order, view.symbol, view.side):
            return None
        if (live and _has_not_begun(order)) or self._is_before(order, asked_at):
            return None
        # An order goes on under another id only where its venue does that, or if it is a stop that has fired.
        if not self._may_be_renamed(order) and not (self.may_have_fired(order) and _shows_terms(order, view)):
            return None
        # Older than our placement: the id is another order's for ever, and is remembered as such.
        if not self._is_young(order, view.time, live=live):
            self._context.disown(view.venue_order_id)
            return None
        if not live and self._is_before(order, view.time, by=MEASURED) and not _has_terms(order, view):
            return None  # only the unmeasured clock of this machine lets it be the order's own
        may_be_changed = (live and self._context.rules.changes_in_place) or self._is_of_earlier_run(order, view)
        return order if may_be_changed or _has_its_terms(order, view) else None

    def _is_of_earlier_run(self, order: Order, view: OrderView) -> bool:
        """Whether a view is of an order that an earlier run has placed, though its terms may have changed since: it is
        of a time since then."""
        return order.request_id == OF_AN_EARLIER_RUN and view.time != NO_TIME and not self._is_before(order, view.time)

    def may_be_lost(self, trade: Trade) -> bool:
        """Whether an execution of an unknown order may be of one of ours that the journal does not have."""
        return self._own is not None and self._own.may_have(trade)

    def may_be_ours_since(self, view: OrderView, asked_at: int | None) -> bool:
        """Whether what was asked for at that time may show an order of ours that was placed before the answer came."""
        order = self._context.orders.by_wire_id(view.wire_id)
        return order is not None and self._is_before(order, asked_at)

    def of_trade(self, trade: Trade) -> Order | None:
        """The tracked order of an execution that history tells."""
        order = self._context.orders.by_venue_order_id(trade.venue_order_id)
        if order is not None:
            return order
        # By name only if the order may have had this id; history reports older orders of that name, too.
        order = self._context.orders.by_wire_id(trade.wire_id)
        if order is None:
            return None if self._own is None else self._own.of_trade(trade)
        if self.is_foreign(order, trade.venue_order_id):
            return None
        if not _fits(order, trade.symbol, trade.side) or not self._may_be_renamed(order):
            return None
        return None if self._is_before(order, trade.time) else order

    def promised(self, trade: Trade) -> Order | None:
        """The tracked order that goes on under the id of an execution as the answer to our own change said; the
        execution proves that it does."""
        name = self._context.flights.promised(trade.venue_order_id)
        return None if name is None else self._context.orders.by_client_order_id(name)

    def may_be_meant(self, order: Order, trade: Trade) -> bool:
        """Whether an execution that names the order's client id may be its own, though that does not prove it."""
        if self.may_have_fired(order):
            return True
        is_unnamed = order.venue_order_id is None or _has_not_begun(order)
        return is_unnamed and not order.is_over and self._is_young(order, trade.time)

    def is_meant(self, order: Order, view: OrderView) -> bool:
        """Whether the answer to a question about an order by its client id shows that order."""
        if view.venue_order_id == order.venue_order_id:
            return True
        if self.is_foreign(order, view.venue_order_id):
            return False
        if not _fits(order, view.symbol, view.side) or not self._is_young(order, view.time):
            return False
        return not self._is_before(order, view.time) or _has_its_terms(order, view)

    def is_foreign(self, order: Order, venue_order_id: VenueOrderId) -> bool:
        """True for the venue order id of another session's order that was heard of before this one was placed."""
        since = self._context.foreign.get(venue_order_id)
        return since is not None and since < order.identity.local_time

    def _may_be_renamed(self, order: Order) -> bool:
        """Whether the order can have a venue order id that is not known here."""
        if order.venue_order_id is None or not self._context.rules.changes_in_place:
            return True
        if order.status is OrderStatus.TRIGGERED and self._context.rules.stops_go_on:
            return True
        return order.inquiry is not None and Question.TERMS in order.inquiry.open

    def may_have_fired(self, order: Order) -> bool:
        """True for a stop that may go on under another venue order id, though it counts as waiting for its trigger."""
        if not self._context.rules.stops_go_on or not order.may_wait:
            return False
        return order.accepted and not order.is_over and not order.former_ids

    def _is_before(self, order: Order, time: int | None, *, by: int = 0) -> bool:
        """Whether something happened before the order was placed, as far as the clocks can be compared, and by more
        than this. Of one that was not placed here, nothing did, and what is not dated did not."""
        if not time or order.request_id is None:
            return False
        return time < self._context.placed_by_venue(order) - by

    def _is_young(self, order: Order, time: int, *, live: bool = False) -> bool:
        """Whether something of this time can be about the order; what comes on the stream while the venue's time is not
        known can."""
        is_measured = self._context.clock.skew(self._context.now) is not None
        if live and not is_measured:
            return True
        return not self._is_before(order, time, by=MEASURED if is_measured else UNMEASURED)


def _has_not_begun(order: Order) -> bool:
    """True for an order of which we know no more than the venue order id that the answer to its placement named."""
    return order.venue_order_id is not None and not order.accepted and not order.former_ids


def _has_its_terms(order: Order, view: OrderView) -> bool:
    """Whether a view shows what was placed, as long as nothing has changed that. A venue may place less."""
    has_changed = order.changed_at and order.status is not OrderStatus.DENIED  # which dates that conclusion there
    if order.venue_order_id is not None or has_changed or order.by_amount:
        return True
    return _has_terms(order, view)


def _has_terms(order: Order, view: OrderView) -> bool:
    """Whether a view shows the quantity and the price that we know."""
    shown = [quantity for quantity in (view.quantity, view.other_quantity) if quantity is not None]
    if shown and order.quantity is not None and not view.reduce_only and order.quantity not in shown:
        return False
    return order.is_market or None in (view.price, order.price) or view.price == order.price


def _fits(order: Order, symbol: str, side: Side | None) -> bool:
    identity = order.identity
    return symbol in ("", identity.instrument.symbol) and (None in (side, identity.side) or side is identity.side)


def _shows_terms(order: Order, view: OrderView) -> bool:
    """Whether a view has the order's quantity or its price: another session may have changed one of them."""
    return order.quantity in readings(order, view) or (order.price is not None and order.price == view.price)
