"""What a view of an order shows: its venue order id, its quantity, price and trigger, and how much has filled.

A view may be older than the last event (a list lags, an answer was under way), so it never takes anything back: not an
end, not a fill, not a change that is younger than it. An end that we concluded ourselves is the exception: a view that
counts as much as was heard and shows the order live contradicts it.
"""

from __future__ import annotations

from decimal import Decimal

from .. import events
from ..facts import OrderView
from ..reasons import RejectReason
from ..values import NO_TIME, ZERO, OrderStatus, VenueOrderId
from .context import Context
from .fills import Fills
from .inquiries import Ending, Question, Source
from .list_schedule import ListSchedule
from .order_life import OrderLife
from .quantities import counted, readings, wanted
from .query_schedule import QuerySchedule
from .questions import Evidence, Questions
from .records import Bound
from .tracking import Order

__all__ = ["Terms"]


class Terms:
    """Stateless."""

    def __init__(
        self,
        context: Context,
        life: OrderLife,
        fills: Fills,
        questioning: tuple[Questions, QuerySchedule, ListSchedule],
    ) -> None:
        self._context = context
        self._life = life
        self._fills = fills
        self._questions, self._queries, self._lists = questioning

    # A whole view

    def sync(self, order: Order, view: OrderView, evidence: Evidence) -> None:
        """Takes over what a snapshot, a list or a status answer shows."""
        # In order of what may be taken over: nothing but totals of a former id or of an ended order, then a rejection,
        # then only the id of an order that the venue has not accepted yet, and last a whole view.
        status = view.status
        ahead = evidence.source in (Source.LIST, Source.HISTORY)
        if self._context.orders.is_former_id(order, view.venue_order_id):
            self._fills.notice_total(order, view, ahead=ahead)
        elif order.is_over and not self._contradicts(order, view, evidence):
            self._fills.notice_total(order, view, ahead=ahead)
            self._life.warn_if_rejected(order, status)
        elif status is OrderStatus.REJECTED:
            self._sync_rejected(order, view)
        elif status is None or status is OrderStatus.SUBMITTED:
            if order.venue_order_id is None:
                self.bind(order, view)
            self._fills.notice_total(order, view, ahead=ahead)
        else:
            self._may_have_been_replaced(order)
            self.adopt(order, view, view.time)
            self._fills.notice_total(order, view, ahead=ahead)
            self._sync_status(order, view, evidence)

    def _may_have_been_replaced(self, order: Order) -> None:
        """An order that a list or an answer shows first may have had other venue order ids before, and fills under
        them."""
        if order.venue_order_id is None and self._context.rules.chain_history:
            self._questions.ask(order, Question.FILLS)
            self._fills.want_chains(order)

    def _contradicts(self, order: Order, view: OrderView, evidence: Evidence) -> bool:
        """Whether the venue shows an order live that we have concluded to be complete; reopens it then. A view that
        counts less than was heard is older than that."""
        status = view.status
        if not order.may_be_live or status is None or status.is_terminal or status is OrderStatus.SUBMITTED:
            return False
        heard = order.heard_under(view.venue_order_id)
        if heard is None or view.cumulative is None or view.cumulative < heard:
            return False
        if evidence.holds_until <= self._context.by_venue(order.changed_at):
            return False
        # ACCEPTED is what venues say of partly filled orders, too, so our own count decides between the two.
        shown = None if status is OrderStatus.ACCEPTED else status
        self._life.reopen(order, view.venue_order_id, NO_TIME, "The venue shows the order as live.", shown)
        return True

    def _sync_rejected(self, order: Order, view: OrderView) -> None:
        reason, why = (
            view.reason or "The venue shows the order as rejected.",
            self._context.venue.why_refused(view.reason),
        )
        if order.venue_order_id not in (None, view.venue_order_id):
            self.reject_successor(order, view, reason, why, view.ended)
        elif order.accepted:
            self._fills.notice_total(order, view)
            self._life.end_canceled(order, f"The venue rejected it after it had accepted it. {reason}", view.ended)
        else:
            self._life.reject(order, view, reason, why, view.ended)

    def _sync_status(self, order: Order, view: OrderView, evidence: Evidence) -> None:
        status = view.status
        assert status is not None  # `sync` looks
        reason = view.reason or f"The venue showed it as {status.value.lower()} when its status was asked for."
        # An end under another id than the present one is the end of what the order was before.
        if status.is_terminal:
            if order.venue_order_id == view.venue_order_id:
                ending = Ending(status=self._ending(order, view, status), reason=reason, time=view.ended)
                self._fills.leave(order, ending, view.cumulative)
            return
        if evidence.holds_until >= self._context.by_venue(order.changed_at):  # asked for with the change itself, maybe
            self.take_terms(order, view)
        if status is OrderStatus.TRIGGERED:
            self._life.trigger(order, NO_TIME)

    def _ending(self, order: Order, view: OrderView, status: OrderStatus) -> OrderStatus:
        """An order that may not rest is canceled, whatever its venue calls that."""
        time_in_force = view.time_in_force or order.time_in_force
        canceled = status is OrderStatus.EXPIRED and time_in_force in self._context.rules.expiry_is_cancel
        return OrderStatus.CANCELED if canceled else status

    # Terms

    def take_terms(self, order: Order, view: OrderView, time: int = NO_TIME) -> None:
        """Price and quantity of the present venue order id, where they differ from what we know. time: of the
        change."""
        if view.venue_order_id != order.venue_order_id:
            return
        told = self._told_quantity(order, view)
        quantity = order.quantity if told is None else told
        price = order.price if view.price is None or order.is_market else view.price
        trigger_price = order.trigger_price if view.trigger_price is None else view.trigger_price
        self._update(order, view, (quantity, price, trigger_price), time)

    def _update(
        self, order: Order, view: OrderView, terms: tuple[Decimal | None, Decimal | None, Decimal | None], time: int
    ) -> None:
        """Tells terms that are not those the order has."""
        if terms == (order.quantity, order.price, order.trigger_price):
            return
        quantity, price, trigger_price = terms
        self._context.record(
            events.Updated(
                identity=order.identity,
                venue_order_id=order.venue_order_id,
                venue_time=time,
                local_time=self._context.now.wall_ns,
                quantity=quantity,
                price=price,
                trigger_price=trigger_price,
                venue_cumulative_base=order.base,
            )
        )
        self._fills.recount(order, view)

    def move_trigger(self, order: Order, view: OrderView, time: int) -> None:
        """Takes over where the trigger is, and no other term: those may be older than a change that was made."""
        if view.venue_order_id == order.venue_order_id and view.trigger_price is not None:
            self._update(order, view, (order.quantity, order.price, view.trigger_price), time)

    def _told_quantity(self, order: Order, view: OrderView) -> Decimal | None:
        """The whole order's quantity as a view reports it; None: it shows none. Of two readings, the one that was asked
        for, or by which nothing has changed, is right; where neither is, the order is asked for."""
        possible = readings(order, view)
        if len(possible) < 2 or order.quantity is None:
            return possible[0] if possible else None
        likely = (wanted(self._context, order), order.quantity)
        told = next((reading for reading in possible if reading in likely), None)
        if told is None:
            self._questions.ask(order, Question.TERMS)
            self._queries.soon(order)
        return told

    def bind(self, order: Order, view: OrderView) -> None:
        """Learns the venue order id, and terms that were not known."""
        is_named = order.venue_order_id is None
        self._context.record(
            Bound(
                identity=order.identity,
                venue_order_id=view.venue_order_id,
                quantity=self._told_quantity(order, view),
                price=None if order.is_market else view.price,
                trigger_price=view.trigger_price,
                time_in_force=view.time_in_force,
            )
        )
        if is_named:
            self._life.named(order)

    def is_new_of(self, order: Order, view: OrderView) -> bool:
        """True for a view that first shows the order's id at the venue, or where its trigger stands, which of a
        trailing stop only the venue knows."""
        if order.venue_order_id is None:
            return True
        is_trigger_new = order.trigger_price is None and view.trigger_price is not None
        return is_trigger_new and order.venue_order_id == view.venue_order_id

    def take_first_quantity(self, order: Order, view: OrderView, time: int) -> None:
        """The venue may place a reduce-only order for less than was asked for: how much it says first is the order's
        quantity (spec Kraken B.8). Once the terms have changed, it says nothing new."""
        may_be_less = self._context.rules.changes_in_place and not order.changed_at and not order.is_over
        if may_be_less and view.venue_order_id == order.venue_order_id:
            told = self._told_quantity(order, view)
            if told is not None:
                self._update(order, view, (told, order.price, order.trigger_price), time)

    # Ids

    def adopt(self, order: Order, view: OrderView, time: int) -> None:
        """Makes sure that the order counts as live and accepted, has this venue order id, and has terms."""
        venue_order_id = view.venue_order_id
        self._life.accept_late(order, venue_order_id, time)
        if order.venue_order_id in (None, venue_order_id):
            if self.is_new_of(order, view) or (order.quantity is None and readings(order, view)):
                self.bind(order, view)
        elif not self._context.orders.is_former_id(order, venue_order_id):
            self._follow_unheard(order, view, time)

    def _follow_unheard(self, order: Order, view: OrderView, time: int) -> None:
        """The venue replaced the order and the event that said so is missing: the new id tells. How much filled under
        the old one by then, is not known."""
        # Where a change makes a new order, others may lie between the two ids, and fills under each of them.
        former = order.venue_order_id
        self.rename(order, view.venue_order_id, view, ZERO, time)
        if former is not None and not self._context.rules.changes_in_place:
            self._queries.ask_former(order, former)
            self._fills.want_chains(order)
        if view.quantity is None and (view.status is None or not view.status.is_terminal):
            self._questions.ask(order, Question.TERMS)
            self._lists.ask_for_terms()

    def rename(self, order: Order, new_id: VenueOrderId, view: OrderView | None, carried: Decimal, time: int) -> None:
        """The order goes on under another venue order id. carried: what filled under earlier ids and the new one counts
        again (venues differ); view: the new terms, None for those it has. A view without a quantity leaves that which
        the change on its way asked for; without one it is not known."""
        if self._context.rules.stops_go_on and order.identity.type is not None and order.may_wait:
            self._life.trigger(order, time)  # nothing else gives a stop another id there
        # What executed under earlier ids is not counted by the new one, unless the venue carries it over.
        base = counted(order) - carried
        quantity, price = order.quantity, order.price
        if view is not None:
            quantity = self._renamed_quantity(order, view, base)
            price = price if view.price is None else view.price
        elif not self._context.rules.changes_in_place:
            asked = self._context.flights.wanted_quantity(order.identity.client_order_id)
            quantity = quantity if asked is None else base + asked
        self._context.record(
            events.Updated(
                identity=order.identity,
                venue_order_id=new_id,
                venue_time=time,
                local_time=self._context.now.wall_ns,
                quantity=quantity,
                price=price,
                trigger_price=order.trigger_price,
                previous_venue_order_id=order.venue_order_id,
                venue_cumulative_base=base,
            )
        )

    def _renamed_quantity(self, order: Order, view: OrderView, base: Decimal) -> Decimal | None:
        if order.by_amount:
            return order.quantity
        if view.quantity is not None:
            if view.other_quantity is None or order.quantity is None:
                return base + view.quantity
            # A quantity that can be read in two ways: what we asked for, or what it was, is the right reading.
            likely = (wanted(self._context, order), order.quantity)
            possible = (base + view.quantity, base + view.other_quantity)
            return next((reading for reading in possible if reading in likely), order.quantity)
        if self._context.rules.changes_in_place:
            return order.quantity
        asked = self._context.flights.wanted_quantity(order.identity.client_order_id)
        return None if asked is None else base + asked

    def reject_successor(self, order: Order, view: OrderView, reason: str, why: RejectReason, time: int) -> None:
        """The venue refused what was to go on in the order's place: a replacement, and the order stands; or what a
        fired stop became, and that was the end of it."""
        if self._context.rules.stops_go_on and order.accepted:
            self.adopt(order, view, time)
            self._life.end_canceled(order, reason, time, why is RejectReason.POST_ONLY)
        else:
            self._life.reject_replacement(order, reason, why)
