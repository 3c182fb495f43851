"""An order's life: the transitions of its status, each told once.

`orders.NEXT_STATUS` is the table of all transitions; what is absent there is stale and changes nothing. An end that the
venue told is final. An end that we concluded ourselves (Denied, complete by its quantity) may be contradicted by the
venue, and so may our word that it is not known where the order stands: `Reopened` takes it back.
"""

from __future__ import annotations

from typing import Final

from .. import events
from ..facts import OrderView
from ..orders import NEXT_STATUS, Happening
from ..reasons import RejectReason, Why
from ..values import NO_TIME, OrderStatus, RequestId, VenueOrderId
from .context import Context
from .decisions import UnknownDue
from .history_reading import HistoryReading
from .in_flight import FIRST_INTERNAL_ID
from .list_schedule import ListSchedule
from .quantities import is_in_doubt, whole
from .questions import ASKED_BY_STATUS, Questions
from .records import Bound
from .tracking import Order

__all__ = ["OrderLife"]

# Asked for with every message about an order; Python 3.11 looks a member up in its enumeration five times as slowly.
DENIED: Final = OrderStatus.DENIED
REJECTED: Final = OrderStatus.REJECTED
UNKNOWN: Final = OrderStatus.UNKNOWN


class OrderLife:
    """Stateless: what an order is stands in the context's orders, and what is open about it in its inquiry."""

    def __init__(self, context: Context, questions: Questions, reading: HistoryReading, lists: ListSchedule) -> None:
        self._context = context
        self._questions = questions
        self._reading = reading
        self._lists = lists

    # Living

    def accept(self, order: Order, venue_order_id: VenueOrderId, time: int, *, by_old_fill: bool = False) -> None:
        """by_old_fill: a fill reports it that may be older than this login: it shows nothing of the order's terms."""
        self._context.retract(Bound(identity=order.identity, venue_order_id=venue_order_id))
        self._context.record(
            events.Accepted(
                identity=order.identity,
                venue_order_id=venue_order_id,
                venue_time=time,
                local_time=self._context.now.wall_ns,
            )
        )
        if not by_old_fill:
            order.seen_in = self._context.login
        # The order's own message came before the answer to its placement, or instead of it: nothing more is awaited.
        placed = self._context.placement_of(order)
        if placed is not None and not placed.is_awaited:
            self._context.flights.drop(placed.request_id)
        if order.inquiry is not None:
            self._questions.placed(order, is_owed=self._context.flights.owes(order.identity.client_order_id))

    def accept_late(self, order: Order, venue_order_id: VenueOrderId, time: int, *, by_old_fill: bool = False) -> None:
        """Something else says that the order was accepted: the venue's own word for it is missing or still to come. An
        order that the venue rejected, and executes, it has accepted after all."""
        self.revive(order, venue_order_id, time)
        if not order.accepted:
            self.accept(order, order.venue_order_id or venue_order_id, time, by_old_fill=by_old_fill)

    def revive(self, order: Order, venue_order_id: VenueOrderId | None, time: int) -> None:
        """Takes back what we concluded of an order that the venue shows: that it never arrived, or that the venue had
        lost it."""
        status = order.status
        if status is DENIED:
            self.reopen(order, venue_order_id, time, "The venue shows the order, so it arrived there after all.")
        elif status is UNKNOWN and order.accepted:
            self.reopen(order, venue_order_id, time, "The venue shows the order again.")

    def reopen(
        self,
        order: Order,
        venue_order_id: VenueOrderId | None,
        time: int,
        reason: str,
        status: OrderStatus | None = None,
    ) -> None:
        """status: as the venue shows it, None: as far as it has filled."""
        # The record goes around the table NEXT_STATUS on purpose: only here an end is taken back.
        if status is None:
            status = OrderStatus.PARTIALLY_FILLED if order.cumulative else OrderStatus.ACCEPTED
        order.seen_in = self._context.login
        leaves = None if order.quantity is None else max(order.quantity - order.cumulative, order.cumulative * 0)
        self._context.record(
            events.Reopened(
                identity=order.identity,
                venue_order_id=order.venue_order_id or venue_order_id,
                venue_time=time,
                local_time=self._context.now.wall_ns,
                was=order.status,
                status=status,
                leaves=leaves,
                reason=reason,
            )
        )

    def trigger(self, order: Order, time: int) -> None:
        """The order's trigger has fired; told once."""
        # The table has no such step from TRIGGERED, nor from an end: that makes it once.
        if (order.status, Happening.TRIGGERED) in NEXT_STATUS:
            self._context.record(
                events.Triggered(
                    identity=order.identity,
                    venue_order_id=order.venue_order_id,
                    venue_time=time,
                    local_time=self._context.now.wall_ns,
                )
            )

    def warn_if_rejected(self, order: Order, shown: OrderStatus | None) -> None:
        """The venue said that there is no such order, and now it shows it."""
        if order.status is REJECTED and shown is not None and not shown.is_terminal:
            self._context.warn(
                f"The venue shows order {order.identity.client_order_id} as live, though it had rejected it. "
                "If you do not want it, cancel it at the venue."
            )

    def lose(self, order: Order, why: str) -> None:
        """It is not known whether the order lives."""
        if (order.status, Happening.LOST) in NEXT_STATUS:
            self._context.record(
                events.StatusUnknown(
                    identity=order.identity,
                    venue_order_id=order.venue_order_id,
                    venue_time=NO_TIME,
                    local_time=self._context.now.wall_ns,
                    reason=why,
                    since=self._context.now.wall_ns,
                )
            )
            if self._context.cancel_unknown:
                # As a deadline that is due, not at once: the parts that called us have not finished with the order.
                self._context.timers.add(self._context.now.monotonic_ns, UnknownDue(order.identity.client_order_id))

    def named(self, order: Order) -> None:
        """The venue order id has become known. A cancel of an order that may live or not may have lacked it."""
        if self._context.cancel_unknown and order.status is OrderStatus.UNKNOWN:
            client_order_id = order.identity.client_order_id
            if self._context.flights.cancel(client_order_id) is None:
                self._context.timers.add(self._context.now.monotonic_ns, UnknownDue(client_order_id))

    # Ending

    def ended(self, order: Order) -> None:
        """Forgets what was still to be watched of an order that has ended; answers under way may still come, and fills
        may be missing."""
        # A cancel that is on its way may still be answered, and its answer must find something, or it would be warned
        # of as an answer to nothing.
        client_order_id = order.identity.client_order_id
        flights = self._context.flights
        for flight in (
            flights.cancel(client_order_id),
            flights.change(client_order_id),
            self._context.placement_of(order),
        ):
            if flight is not None and (flight.overdue or flight.resting or not flight.is_awaited):
                flights.drop(flight.request_id)
        if order.inquiry is not None:
            for question in ASKED_BY_STATUS:
                self._questions.close(order, question)
        if order.concluded:
            self._lists.concluded()

    def end_canceled(self, order: Order, reason: str, time: int, due_post_only: bool = False) -> None:
        if (order.status, Happening.CANCELED) in NEXT_STATUS:
            self._context.record(
                events.Canceled(
                    identity=order.identity,
                    venue_order_id=order.venue_order_id,
                    venue_time=time,
                    local_time=self._context.now.wall_ns,
                    reason=reason,
                    cumulative=order.cumulative,
                    due_post_only=due_post_only,
                )
            )
            self.ended(order)
            self._look_for_fills(order)

    def _look_for_fills(self, order: Order) -> None:
        """An order may be told to have ended with nothing filled, although it was executed (spec Kraken E.7)."""
        # One reading covers all orders that ended so, and it is the only source that knows better.
        if self._context.rules.check_unfilled_cancels and not order.cumulative:
            self._reading.want()

    def end_expired(self, order: Order, view: OrderView, reason: str, time: int) -> None:
        # Some venues call the unfilled rest of an IOC order expired, others canceled; here it is canceled everywhere.
        time_in_force = view.time_in_force or order.time_in_force
        if time_in_force in self._context.rules.expiry_is_cancel:
            unfilled = reason or f"the rest of an {time_in_force.value} order" if time_in_force else reason
            self.end_canceled(order, unfilled, time)
        else:
            self.expire(order, reason, time)

    def expire(self, order: Order, reason: str, time: int) -> None:
        if (order.status, Happening.EXPIRED) in NEXT_STATUS:
            self._context.record(
                events.Expired(
                    identity=order.identity,
                    venue_order_id=order.venue_order_id,
                    venue_time=time,
                    local_time=self._context.now.wall_ns,
                    reason=reason,
                    cumulative=order.cumulative,
                )
            )
            self.ended(order)
            self._look_for_fills(order)

    def close(self, order: Order, *, concluded: bool = False) -> None:
        """The order is complete, and no fill has said so. concluded: by our own arithmetic."""
        if not order.status.is_terminal:
            self._context.record(
                events.Completed(
                    identity=order.identity,
                    venue_order_id=order.venue_order_id,
                    venue_time=NO_TIME,
                    local_time=self._context.now.wall_ns,
                    cumulative=order.cumulative,
                    concluded=concluded,
                )
            )
            self.ended(order)

    def reject(self, order: Order, view: OrderView | None, reason: str, why: RejectReason, time: int) -> None:
        # What the venue has accepted, it cannot reject any more: the reader of such a message asks for the order.
        if order.accepted or (order.status, Happening.REJECTED) not in NEXT_STATUS:
            return
        self._context.record(
            events.Rejected(
                identity=order.identity,
                venue_order_id=order.venue_order_id if view is None else view.venue_order_id,
                venue_time=time,
                local_time=self._context.now.wall_ns,
                reason=reason,
                due_post_only=why is RejectReason.POST_ONLY,
                why=why,
            )
        )
        self.ended(order)
        if view is not None:
            self._look_for_fills(order)

    def deny(self, order: Order, reason: str, why: Why) -> None:
        """The order never reached the venue."""
        # An order that was accepted has certainly arrived, whatever a source leaves out later.
        if order.accepted or (order.status, Happening.DENIED) not in NEXT_STATUS:
            return
        self._context.record(
            events.Denied(
                identity=order.identity,
                venue_order_id=None,
                venue_time=NO_TIME,
                local_time=self._context.now.wall_ns,
                reason=reason,
                why=why,
            )
        )
        self.ended(order)

    # Refusals of what was to change or end it

    def reject_cancel(self, order: Order, request_id: RequestId, reason: str, why: RejectReason) -> None:
        """Silent about a cancel that the user did not ask for."""
        if not order.status.is_terminal and request_id < FIRST_INTERNAL_ID:
            self._context.record(
                events.CancelRejected(
                    identity=order.identity,
                    venue_order_id=order.venue_order_id,
                    venue_time=NO_TIME,
                    local_time=self._context.now.wall_ns,
                    request_id=request_id,
                    reason=reason,
                    why=why,
                )
            )

    def reject_change(self, order: Order, request_id: RequestId, reason: str, why: RejectReason) -> None:
        if not order.status.is_terminal:
            self._context.record(
                events.ReplaceRejected(
                    identity=order.identity,
                    venue_order_id=order.venue_order_id,
                    venue_time=NO_TIME,
                    local_time=self._context.now.wall_ns,
                    request_id=request_id,
                    reason=reason,
                    why=why,
                )
            )
            self._complete(order)

    def _complete(self, order: Order) -> None:
        """All of the order was executed while it might still have grown, and it has not."""
        # While a change to more was on its way, the order could not be called complete (see `quantities.whole`).
        quantity = whole(self._context, order, order.cumulative)
        if quantity is not None and order.cumulative >= quantity and not is_in_doubt(self._context, order):
            self.close(order, concluded=True)

    def reject_replacement(self, order: Order, reason: str, why: RejectReason) -> None:
        """The venue refused what was to replace the order; the order stands as its own news say."""
        flight = self._context.flights.change(order.identity.client_order_id)
        if flight is not None:
            self._context.flights.drop(flight.request_id)
            self.reject_change(order, flight.request_id, reason, why)
