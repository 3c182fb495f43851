"""What happens to one tracked order: from facts that are known to be about it to records."""

from __future__ import annotations

from decimal import Decimal

from attrs import evolve

from .. import events
from ..facts import OrderView, Trade
from ..flights import FIRST_INTERNAL_ID
from ..orders import NEXT_STATUS, Happening
from ..records import Bound
from ..requests import ReplaceOrder
from ..tracking import Order
from ..values import NO_TIME, ZERO, ClientOrderId, OrderStatus, RequestId, VenueOrderId
from .audits import Audits
from .decisions import FillsDue, UnknownDue
from .desk import Desk
from .gaps import Gaps
from .lagging import Awaited, Ending, Lagging
from .queries import Queries

__all__ = ["OrderLife"]


class OrderLife:
    """Stateless: what an order is stands in the desk's orders, what is missing in the gaps, and what is on its way in
    lagging."""

    def __init__(self, desk: Desk, queries: Queries, gaps: Gaps, lagging: Lagging, audits: Audits) -> None:
        self._desk = desk
        self._queries = queries
        self._gaps = gaps
        self._lagging = lagging
        self._audits = audits

    def sync(self, order: Order, view: OrderView, asked_at: int | None = None) -> None:
        """Takes over what a snapshot or a status answer shows. It may be older than the last event, so it never
        takes anything back: not an end, not a fill, not a change. asked_at: of an answer, ns since 1970."""
        status = view.status
        if order.is_over or self._desk.orders.is_former_id(order, view.venue_order_id):
            self.notice_total(order, view)
            self.warn_if_rejected(order, status)
        elif status is OrderStatus.REJECTED:
            self._sync_rejected(order, view)
        elif status is None or status is OrderStatus.SUBMITTED:
            if order.venue_order_id is None:
                self.bind(order, view)
            self.notice_total(order, view)
        else:
            self.adopt(order, view, view.time)
            self.notice_total(order, view)
            is_old = asked_at is not None and asked_at < order.changed_at
            self._sync_status(order, evolve(view, quantity=None, price=None, trigger_price=None) if is_old else view)

    def _sync_rejected(self, order: Order, view: OrderView) -> None:
        reason = view.reason or "The venue shows the order as rejected."
        if order.venue_order_id not in (None, view.venue_order_id):
            self.reject_successor(order, view, reason, view.time)
        elif order.accepted:
            self.notice_total(order, view)
            self.end_canceled(order, f"The venue rejected it after it had accepted it. {reason}", view.time)
        else:
            self.reject(order, view, reason, False, view.time)

    def _sync_status(self, order: Order, view: OrderView) -> None:
        status = view.status
        assert status is not None  # `sync` looks
        reason = view.reason or f"The venue showed it as {status.value.lower()} when its status was asked for."
        if not status.is_terminal:
            self.take_terms(order, view)
            if status is OrderStatus.TRIGGERED:
                self.trigger(order, view.time)
        elif self._desk.rules.fills_lag:
            total = None if view.cumulative is None else order.base + view.cumulative
            self.leave(order, Ending(status=status, reason=reason, time=view.time), total)
        elif status is OrderStatus.FILLED:
            self._close(order)
        elif status is OrderStatus.CANCELED:
            self.end_canceled(order, reason, view.time)
        else:
            self.end_expired(order, view, reason, view.time)

    def trigger(self, order: Order, time: int) -> None:
        """The order's trigger has fired; told once."""
        if (order.status, Happening.TRIGGERED) in NEXT_STATUS:
            self._desk.record(
                events.Triggered(
                    identity=order.identity,
                    venue_order_id=order.venue_order_id,
                    venue_time=time,
                    local_time=self._desk.now.wall_ns,
                )
            )

    def warn_if_rejected(self, order: Order, shown: OrderStatus | None) -> None:
        """The venue said that there is no such order, and now it shows it."""
        if order.status is OrderStatus.REJECTED and shown is not None and not shown.is_terminal:
            self._desk.warn(
                f"The venue shows order {order.identity.client_order_id} as live, though it had rejected it. "
                "If you do not want it, cancel it at the venue."
            )

    def warn_if_vanished(self, order: Order) -> None:
        """The venue had accepted the order, and now it says that there is none."""
        if order.accepted and not order.status.is_terminal:
            self._desk.warn(
                f"The venue does not know order {order.identity.client_order_id} any more, though it had accepted it. "
                "It is asked again and again; look at what is open."
            )

    def take_terms(self, order: Order, view: OrderView, time: int = NO_TIME) -> None:
        """Price and quantity of the present venue order id, where they differ from what we know. time: of the
        change."""
        if view.venue_order_id != order.venue_order_id:
            return
        told = self._told_quantity(order, view, order.base)
        quantity = order.quantity if told is None else told
        price = order.price if view.price is None or order.is_market else view.price
        trigger_price = order.trigger_price if view.trigger_price is None else view.trigger_price
        if (quantity, price, trigger_price) != (order.quantity, order.price, order.trigger_price):
            self._desk.record(
                events.Updated(
                    identity=order.identity,
                    venue_order_id=order.venue_order_id,
                    venue_time=time or view.time,
                    local_time=self._desk.now.wall_ns,
                    quantity=quantity,
                    price=price,
                    trigger_price=trigger_price,
                    venue_cumulative_base=order.base,
                )
            )

    def move_trigger(self, order: Order, view: OrderView, time: int) -> None:
        """Takes over where the trigger is, and no other term: those may be older than a change that was made."""
        terms = evolve(view, quantity=None, other_quantity=None, price=None)
        self.take_terms(order, terms, time)

    def _told_quantity(self, order: Order, view: OrderView, base: Decimal) -> Decimal | None:
        """The whole order's quantity as a view tells it; None: it tells none. base: what is not counted under the
        view's venue order id. Of two readings, the one that was asked for, or by which nothing has changed, is right;
        where neither is, the order is asked for."""
        if order.by_amount or view.quantity is None:
            return None
        total = base + view.quantity
        if view.other_quantity is None or order.quantity is None:
            return total
        likely = (self._wanted(order), order.quantity)
        told = next((reading for reading in (total, base + view.other_quantity) if reading in likely), None)
        if told is None:
            self._queries.soon(order)
        return told

    def bind(self, order: Order, view: OrderView) -> None:
        """Learns the venue order id, and terms that were not known."""
        self._desk.record(
            Bound(
                identity=order.identity,
                venue_order_id=view.venue_order_id,
                quantity=self._told_quantity(order, view, order.base),
                price=None if order.is_market else view.price,
                trigger_price=view.trigger_price,
                time_in_force=view.time_in_force,
            )
        )

    def is_new_of(self, order: Order, view: OrderView) -> bool:
        """True for a view that first tells the order's id at the venue, or where its trigger stands, which of a
        trailing stop only the venue knows."""
        if order.venue_order_id is None:
            return True
        is_trigger_new = order.trigger_price is None and view.trigger_price is not None
        return is_trigger_new and order.venue_order_id == view.venue_order_id

    def take_first_quantity(self, order: Order, view: OrderView, time: int) -> None:
        """The venue may place a reduce-only order for less than was asked for: how much it says first is the order's
        quantity (spec Kraken B.8). Once the terms have changed, it says nothing new."""
        if self._desk.rules.changes_in_place and not order.changed_at and not order.is_over:
            self.take_terms(order, evolve(view, price=None, trigger_price=None), time)

    def adopt(self, order: Order, view: OrderView, time: int) -> None:
        """Makes sure that the order is accepted, has this venue order id, and has terms."""
        venue_order_id = view.venue_order_id
        self.accept_late(order, venue_order_id, time)
        if order.venue_order_id in (None, venue_order_id):
            if self.is_new_of(order, view) or (
                order.quantity is None and self._told_quantity(order, view, order.base) is not None
            ):
                self.bind(order, view)
        elif not self._desk.orders.is_former_id(order, venue_order_id):
            # The venue replaced the order and the event that said so is missing: the new id tells.
            self.rename(order, venue_order_id, view, ZERO, time)
            if view.quantity is None and (view.status is None or not view.status.is_terminal):
                self._queries.ask_for_terms()

    def accept(self, order: Order, venue_order_id: VenueOrderId | None, time: int) -> None:
        self._desk.record(
            events.Accepted(
                identity=order.identity,
                venue_order_id=venue_order_id or order.venue_order_id,
                venue_time=time,
                local_time=self._desk.now.wall_ns,
            )
        )
        placed = self._desk.placement_of(order)
        if placed is not None and not placed.is_awaited:
            self._desk.flights.drop(placed.request_id)
        self._queries.settled(order.identity.client_order_id)

    def accept_late(self, order: Order, venue_order_id: VenueOrderId, time: int) -> None:
        """Something else tells that the order was accepted: the venue's own word for it is missing or still to come."""
        if not order.accepted and (order.status, Happening.ACCEPTED) in NEXT_STATUS:
            self.accept(order, order.venue_order_id or venue_order_id, time)

    def rename(self, order: Order, new_id: VenueOrderId, view: OrderView | None, carried: Decimal, time: int) -> None:
        """The order goes on under another venue order id. carried: what filled under earlier ids and the new one counts
        again (venues differ); view: the new terms, None for those it has."""
        base = self._gaps.total(order.identity.client_order_id, order.cumulative) - carried
        quantity, price = order.quantity, order.price
        if view is not None:
            told = self._told_quantity(order, view, base)
            quantity = quantity if told is None else told
            price = price if view.price is None else view.price
        self._desk.record(
            events.Updated(
                identity=order.identity,
                venue_order_id=new_id,
                venue_time=time,
                local_time=self._desk.now.wall_ns,
                quantity=quantity,
                price=price,
                trigger_price=order.trigger_price,
                previous_venue_order_id=order.venue_order_id,
                venue_cumulative_base=base,
            )
        )

    def notice_total(self, order: Order, view: OrderView, *, executing: Decimal = ZERO) -> None:
        """Reports a gap when the venue counts more than we have heard. executing: of the fill that comes next; such a
        count is made from the order's quantity, so it says nothing while that is being changed."""
        if view.cumulative is None or view.venue_order_id != order.venue_order_id:
            return
        reported = order.base + view.cumulative - executing
        if not self._desk.rules.fills_lag:
            self._note_gap(order, reported, executing)
        elif reported > order.cumulative and not (executing and self._wanted(order) is not None):
            self._lagging.expect(order, reported + executing)

    def _note_gap(self, order: Order, reported: Decimal, executing: Decimal = ZERO) -> None:
        if self._gaps.note(order.identity.client_order_id, order.cumulative, reported, executing):
            self._desk.record(
                events.Gap(
                    venue=self._desk.rules.venue,
                    account=self._desk.account,
                    connection=self._desk.connection,
                    local_time=self._desk.now.wall_ns,
                    identity=order.identity,
                    venue_order_id=order.venue_order_id,
                    known=order.cumulative,
                    reported=reported,
                )
            )
            if self._audits.is_on:
                self._audits.want()

    # Fills that are on their way

    def leave(self, order: Order, ending: Ending, total: Decimal | None) -> None:
        """The order left the book after executions that come by themselves (see `facts.OrderRemoved`). total: how much
        has executed in all, None: nobody said."""
        if order.is_over:
            return
        if not total and ending.status is OrderStatus.FILLED:
            total = self._least(order)
        if total is None:
            self._lagging.expect_more(order, ending)
        elif total <= order.cumulative:
            self._end(order, ending)
        else:
            self._lagging.expect(order, total, ending)

    def fills_due(self, due: FillsDue) -> None:
        """The fills have had their time. History may have what no message brought; without it, they are missing."""
        awaited = self._lagging.get(due.client_order_id)
        if awaited is None or self._desk.now.monotonic_ns < awaited.due:
            return  # they have come, and what is awaited now has a deadline of its own
        if awaited.ending is not None and self._audits.is_on:
            awaited.run = self._audits.want()
        else:
            self._settle(due.client_order_id, awaited)

    def history_read(self, run: int) -> None:
        """A reading of history is over; orders that waited for it, and that it did not complete, end as they are."""
        for client_order_id in self._lagging.settled_by(run):
            awaited = self._lagging.get(client_order_id)
            if awaited is not None:
                self._settle(client_order_id, awaited)

    def _settle(self, client_order_id: ClientOrderId, awaited: Awaited) -> None:
        self._lagging.drop(client_order_id)
        order = self._desk.orders.by_client_order_id(client_order_id)
        if order is None:
            return
        if awaited.total is not None and awaited.total > order.cumulative:
            self._note_gap(order, awaited.total)
        if awaited.ending is not None and not order.is_over:
            self._end(order, awaited.ending)

    def _end(self, order: Order, ending: Ending) -> None:
        if ending.status is OrderStatus.FILLED:
            self._close(order)
        elif ending.status is OrderStatus.EXPIRED:
            self._expire(order, ending.reason, ending.time)
        else:
            self.end_canceled(order, ending.reason, ending.time)

    # Fills

    def is_known_fill(self, order: Order | None, trade: Trade) -> bool:
        """True for a fill that was published before; its fee may still be news."""
        key = (trade.venue_order_id, trade.trade_id)
        fee_known = self._desk.orders.fills.get(key)
        if fee_known is None:
            return False
        if trade.fee is not None and not fee_known and order is not None:
            self._desk.record(
                events.FeeReported(
                    identity=order.identity,
                    venue_order_id=order.venue_order_id,
                    venue_time=trade.time,
                    local_time=self._desk.now.wall_ns,
                    trade_id=trade.trade_id,
                    fill_venue_order_id=trade.venue_order_id,
                    commission=trade.fee,
                )
            )
        return True

    def owe_fee(self) -> None:
        """A message told of a fill, and not of its fee."""
        self._audits.owe_fee()

    def fill(self, order: Order, trade: Trade, final: bool) -> None:
        """Publishes an execution that was not published before. final: the venue says that it completes the order."""
        if order.status is OrderStatus.REJECTED and not order.accepted:
            self.accept(order, trade.venue_order_id, trade.time)  # the venue has the last word
        cumulative = order.cumulative + trade.quantity
        quantity = self._whole(order, cumulative)
        missing = self._is_missing_fills(order, cumulative) if final else False
        complete = (final and not missing) or (quantity is not None and cumulative >= quantity)
        happening = Happening.COMPLETED if complete else Happening.FILLED_IN_PART
        status = NEXT_STATUS.get((order.status, happening), order.status)
        open_quantity = ZERO if quantity is None else quantity - cumulative
        self._desk.record(
            events.Filled(
                identity=order.identity,
                venue_order_id=order.venue_order_id,
                venue_time=trade.time,
                local_time=self._desk.now.wall_ns,
                trade_id=trade.trade_id,
                fill_venue_order_id=trade.venue_order_id,
                last_price=trade.price,
                last_quantity=trade.quantity,
                cumulative=cumulative,
                leaves=ZERO if status.is_terminal or open_quantity < 0 else open_quantity,
                overfill=-open_quantity if open_quantity < 0 else ZERO,
                currency=order.identity.currency,
                commission=trade.fee,
                liquidity=trade.liquidity,
                status=status,
            )
        )
        if self._gaps:
            self._gaps.heard(order.identity.client_order_id, cumulative)
        ending = self._lagging.heard(order) if self._lagging else None
        if open_quantity < 0:
            self._desk.warn(
                f"The venue executed {-open_quantity} more than the {quantity} of order "
                f"{order.identity.client_order_id}. Check the position."
            )
        if status.is_terminal:
            self.ended(order)
        elif ending is not None:
            self._end(order, ending)
        elif missing:
            self._lagging.expect(
                order, self._least(order) or cumulative, Ending(status=OrderStatus.FILLED, reason="", time=trade.time)
            )

    def _is_missing_fills(self, order: Order, cumulative: Decimal) -> bool:
        """Whether this much is too little for an order that the venue calls complete. Its other fills may follow."""
        least = self._least(order) if self._desk.rules.fills_lag else None
        return least is not None and cumulative < least

    def _least(self, order: Order) -> Decimal | None:
        """With how much the order can be complete: with less than it was, if a change to that is on its way."""
        wanted = self._wanted(order)
        return order.quantity if order.quantity is None or wanted is None else min(order.quantity, wanted)

    def _whole(self, order: Order, cumulative: Decimal) -> Decimal | None:
        """The quantity that completes the order. A change to more of it may have been made already, and its fills be
        heard before the news of it."""
        quantity = order.quantity
        if quantity is None or cumulative < quantity:
            return quantity
        wanted = self._wanted(order)
        return quantity if wanted is None else max(quantity, wanted)

    def _wanted(self, order: Order) -> Decimal | None:
        """The quantity that a change on its way asks for, where the venue keeps the order."""
        if not self._desk.rules.changes_in_place:
            return None
        change = self._desk.flights.change(order.identity.client_order_id)
        return change.request.quantity if change and isinstance(change.request, ReplaceOrder) else None

    # Endings

    def ended(self, order: Order) -> None:
        """Forgets what was still to be watched of an order that has ended; answers under way may still come."""
        client_order_id = order.identity.client_order_id
        flights = self._desk.flights
        for flight in (
            flights.cancel(client_order_id),
            flights.change(client_order_id),
            self._desk.placement_of(order),
        ):
            if flight is not None and (flight.overdue or flight.resting or not flight.is_awaited):
                flights.drop(flight.request_id)
        self._queries.ended(client_order_id)

    def end_canceled(self, order: Order, reason: str, time: int, due_post_only: bool = False) -> None:
        if (order.status, Happening.CANCELED) in NEXT_STATUS:
            self._desk.record(
                events.Canceled(
                    identity=order.identity,
                    venue_order_id=order.venue_order_id,
                    venue_time=time,
                    local_time=self._desk.now.wall_ns,
                    reason=reason,
                    cumulative=order.cumulative,
                    due_post_only=due_post_only,
                )
            )
            self.ended(order)
            self._look_for_fills(order)

    def _look_for_fills(self, order: Order) -> None:
        """An order may be told to have ended with nothing filled, although it was executed (spec Kraken E.7)."""
        if self._desk.rules.check_unfilled_cancels and not order.cumulative:
            self._audits.want()

    def end_expired(self, order: Order, view: OrderView, reason: str, time: int) -> None:
        time_in_force = view.time_in_force or order.time_in_force
        if time_in_force in self._desk.rules.expiry_is_cancel:
            unfilled = reason or f"the rest of an {time_in_force.value} order" if time_in_force else reason
            self.end_canceled(order, unfilled, time)
        else:
            self._expire(order, reason, time)

    def _expire(self, order: Order, reason: str, time: int) -> None:
        if (order.status, Happening.EXPIRED) in NEXT_STATUS:
            self._desk.record(
                events.Expired(
                    identity=order.identity,
                    venue_order_id=order.venue_order_id,
                    venue_time=time,
                    local_time=self._desk.now.wall_ns,
                    reason=reason,
                    cumulative=order.cumulative,
                )
            )
            self.ended(order)
            self._look_for_fills(order)

    def reject(self, order: Order, view: OrderView | None, reason: str, due_post_only: bool, time: int) -> None:
        if order.accepted or (order.status, Happening.REJECTED) not in NEXT_STATUS:
            return
        self._desk.record(
            events.Rejected(
                identity=order.identity,
                venue_order_id=order.venue_order_id if view is None else view.venue_order_id,
                venue_time=time,
                local_time=self._desk.now.wall_ns,
                reason=reason,
                due_post_only=due_post_only,
            )
        )
        self.ended(order)
        if view is not None:
            self._look_for_fills(order)

    def deny(self, order: Order, reason: str) -> None:
        if order.accepted or (order.status, Happening.DENIED) not in NEXT_STATUS:
            return
        self._desk.record(
            events.Denied(
                identity=order.identity,
                venue_order_id=None,
                venue_time=NO_TIME,
                local_time=self._desk.now.wall_ns,
                reason=reason,
            )
        )
        self.ended(order)

    def reject_cancel(self, order: Order, request_id: RequestId, reason: str) -> None:
        """Silent about a cancel that nobody asked for."""
        if not order.status.is_terminal and request_id < FIRST_INTERNAL_ID:
            self._desk.record(
                events.CancelRejected(
                    identity=order.identity,
                    venue_order_id=order.venue_order_id,
                    venue_time=NO_TIME,
                    local_time=self._desk.now.wall_ns,
                    request_id=request_id,
                    reason=reason,
                )
            )

    def reject_change(self, order: Order, request_id: RequestId, reason: str) -> None:
        if not order.status.is_terminal:
            self._desk.record(
                events.ModifyRejected(
                    identity=order.identity,
                    venue_order_id=order.venue_order_id,
                    venue_time=NO_TIME,
                    local_time=self._desk.now.wall_ns,
                    request_id=request_id,
                    reason=reason,
                )
            )
            self._complete(order)

    def _complete(self, order: Order) -> None:
        """All of the order was executed while it might still have grown, and it has not."""
        whole = self._whole(order, order.cumulative)
        if whole is not None and order.cumulative >= whole:
            self._close(order)

    def _close(self, order: Order) -> None:
        if not order.status.is_terminal:
            self._desk.record(
                events.Completed(
                    identity=order.identity,
                    venue_order_id=order.venue_order_id,
                    venue_time=NO_TIME,
                    local_time=self._desk.now.wall_ns,
                    cumulative=order.cumulative,
                )
            )
            self.ended(order)

    def reject_successor(
        self, order: Order, view: OrderView, reason: str, time: int, due_post_only: bool = False
    ) -> None:
        """The venue refused what was to go on in the order's place: a replacement, and the order stands; or what a
        fired stop became, and that was the end of it."""
        if self._desk.rules.stops_go_on and order.accepted:
            self.adopt(order, view, time)
            self.end_canceled(order, reason, time, due_post_only)
        else:
            self.reject_replacement(order, reason)

    def reject_replacement(self, order: Order, reason: str) -> None:
        """The venue refused what was to replace the order; the order stands as its own news say."""
        flight = self._desk.flights.change(order.identity.client_order_id)
        if flight is not None:
            self._desk.flights.drop(flight.request_id)
            self.reject_change(order, flight.request_id, reason)

    def lose(self, order: Order, why: str) -> None:
        if (order.status, Happening.LOST) in NEXT_STATUS:
            self._desk.record(
                events.Unknown(
                    identity=order.identity,
                    venue_order_id=order.venue_order_id,
                    venue_time=NO_TIME,
                    local_time=self._desk.now.wall_ns,
                    reason=why,
                    since=self._desk.now.wall_ns,
                )
            )
            if self._desk.cancel_unknown:
                self._desk.timers.add(self._desk.now.monotonic_ns, UnknownDue(order.identity.client_order_id))
