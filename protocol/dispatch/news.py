"""News of orders: finds the order that a fact is about, and says what follows."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from attrs import evolve

from .. import facts, requests
from ..facts import OrderView
from ..flights import Flight
from ..records import FormerId
from ..tracking import Order, Window
from ..values import ZERO, OrderStatus, VenueOrderId
from .desk import Desk
from .lagging import Ending
from .life import OrderLife
from .queries import Queries
from .reports import Reports
from .unclaimed import Unclaimed

__all__ = ["News"]

EVENT_ID_WINDOW: Final = 10_000


class News:
    """Owns the ids of external orders' events that were reported, so that none is reported twice."""

    def __init__(self, desk: Desk, life: OrderLife, queries: Queries, reports: Reports, unclaimed: Unclaimed) -> None:
        self._desk = desk
        self._life = life
        self._queries = queries
        self._reports = reports
        self._unclaimed = unclaimed
        self._fees_follow = desk.rules.reads_history  # looked at for every fill
        self._event_ids: Window[str, bool] = Window(EVENT_ID_WINDOW)

    def _is_repeated(self, fact: facts.OrderFact) -> bool:
        """An external order's event that was reported before (spec AX 5.2). Tracked orders need no such memory."""
        if not fact.event_id:
            return False
        repeated = fact.event_id in self._event_ids
        self._event_ids.put(fact.event_id, True)
        return repeated

    def _tracked(self, fact: facts.OrderFact, *, reason: str = "") -> Order | None:
        """The tracked order of some news; None if it is external (reported then) or the news is stale."""
        view = fact.order
        order = self._desk.orders.find(view.venue_order_id, view.wire_id)
        if order is None:
            if not self._is_repeated(fact):
                self._reports.report(view, fact.time, reason)
            return None
        if self._desk.orders.is_former_id(order, view.venue_order_id):
            return None  # of a venue order id that was replaced, only the fills still matter
        return order

    def _adopt(self, order: Order, fact: facts.OrderFact) -> None:
        if not order.is_over:
            self._life.adopt(order, fact.order, fact.time)
        self._life.notice_total(order, fact.order)

    def pending(self, fact: facts.OrderPending) -> None:
        order = self._tracked(fact)
        if order is not None and not order.is_over and self._life.is_new_of(order, fact.order):
            self._life.bind(order, fact.order)

    def acknowledged(self, fact: facts.OrderAcknowledged) -> None:
        order = self._tracked(fact)
        if order is None:
            return
        self._adopt(order, fact)
        self._life.take_first_quantity(order, fact.order, fact.time)
        self._life.warn_if_rejected(order, OrderStatus.ACCEPTED)

    def traded(self, fact: facts.OrderTraded) -> None:
        trade, view = fact.trade, fact.order
        order = self._desk.orders.find(view.venue_order_id, view.wire_id)
        if self._life.is_known_fill(order, trade):
            return
        if trade.fee is None and self._fees_follow:
            self._life.owe_fee()
        if order is None:
            if (
                self._desk.rules.unnamed_events
                and view.wire_id is None
                and self._unclaimed.keep(trade, final=fact.final)
            ):
                return
            self._reports.report_fill(trade, self._reports.external_id(view))
            if view.status is not None and not self._is_repeated(fact):
                self._reports.report(view, fact.time)
            return
        if not order.accepted or order.venue_order_id != view.venue_order_id or order.quantity is None:
            self._life.adopt(order, view, fact.time)
        if not order.is_over:
            self._life.notice_total(order, view, executing=trade.quantity)
        self._life.fill(order, trade, fact.final and view.venue_order_id == order.venue_order_id)

    def triggered(self, fact: facts.OrderTriggered) -> None:
        order = self._tracked(fact)
        if order is None or order.is_over:
            return
        self._adopt(order, fact)
        self._life.trigger(order, fact.time)

    def trigger_moved(self, fact: facts.OrderTriggerMoved) -> None:
        order = self._tracked(fact)
        if order is not None and not order.is_over:
            self._adopt(order, fact)
            self._life.move_trigger(order, fact.order, fact.time)

    def unclear(self, fact: facts.OrderUnclear) -> None:
        order = self._tracked(fact)
        if order is not None and not order.is_over:
            self._adopt(order, fact)
            self._unclaimed.doubt(order)
            self._queries.soon(order)

    def canceled(self, fact: facts.OrderCanceled) -> None:
        order = self._tracked(fact, reason=fact.reason)
        if order is None:
            return
        self._adopt(order, fact)
        self._life.end_canceled(order, fact.reason, fact.time)

    def expired(self, fact: facts.OrderExpired) -> None:
        order = self._tracked(fact, reason=fact.reason)
        if order is None:
            return
        self._adopt(order, fact)
        self._life.end_expired(order, fact.order, fact.reason, fact.time)

    def removed(self, fact: facts.OrderRemoved) -> None:
        if fact.ending is OrderStatus.FILLED and self._is_external(fact.order) and not self._desk.rules.reports_filled:
            return  # its fills tell all of it
        order = self._tracked(fact, reason=fact.reason)
        if order is None:
            return
        if order.is_over:
            self._life.notice_total(order, fact.order)
            return
        self._life.adopt(order, fact.order, fact.time)
        total = None if fact.filled is None else order.base + fact.filled
        self._life.leave(order, Ending(status=fact.ending, reason=fact.reason, time=fact.time), total)

    def _is_external(self, view: OrderView) -> bool:
        return self._desk.orders.find(view.venue_order_id, view.wire_id) is None

    def rejected(self, fact: facts.OrderRejected) -> None:
        order = self._tracked(fact, reason=fact.reason)
        if order is None:
            return
        if order.venue_order_id not in (None, fact.order.venue_order_id):
            self._life.reject_successor(order, fact.order, fact.reason, fact.time, fact.due_post_only)
        elif order.accepted and not order.status.is_terminal:
            if fact.removed:
                self._life.end_canceled(order, fact.reason, fact.time, fact.due_post_only)
            else:
                self._queries.soon(order)  # the venue contradicts itself
        else:
            self._life.reject(order, fact.order, fact.reason, fact.due_post_only, fact.time)

    def replaced(self, fact: facts.OrderReplaced) -> None:
        old, orders = fact.order, self._desk.orders
        order = orders.find(old.venue_order_id, old.wire_id)
        if order is None:
            if not self._is_repeated(fact):
                self._reports.report(fact.replacement or old, fact.time)
            return
        if order.is_over:
            return
        change = self._desk.flights.change(order.identity.client_order_id)
        new_id, terms = self._replacement(fact, change)
        if self._is_old_replacement(order, old.venue_order_id, new_id):
            return
        if not orders.is_former_id(order, old.venue_order_id):
            self._life.adopt(order, old, fact.time)
            if old is not terms:  # the old order as it ended; new terms in place carry no old total
                self._life.notice_total(order, old)
        if new_id is None and old.status is None:
            self._queries.follow(order, None)  # replaced, but nobody says by what
            return
        if new_id is None or new_id == order.venue_order_id:
            if terms is not None and not self._changed(order, terms, change, fact.time):
                return
        else:
            carried = ZERO if fact.replacement is None else fact.replacement.cumulative or ZERO
            self._life.rename(order, new_id, terms, carried, fact.time)
        self._change_is_done(change, old.venue_order_id)

    def _changed(self, order: Order, terms: OrderView, change: Flight | None, time: int) -> bool:
        """Takes over the terms of an order that was changed in place. False: that was not the change on its way, but
        one that the venue or somebody else has made."""
        if not self._desk.rules.changes_in_place:
            self._life.take_terms(order, terms, time)
            return True
        request = None if change is None else change.request
        is_ours = False
        if isinstance(request, requests.ReplaceOrder):
            if terms.other_quantity is not None and terms.other_quantity == request.quantity:
                terms = evolve(terms, quantity=request.quantity, other_quantity=None)
            asked = request.reduced_to(terms.quantity) if terms.reduce_only else request
            is_ours = asked.agrees_with(terms.quantity, terms.price, terms.trigger_price) is not False
            if is_ours and terms.quantity is None:
                terms = evolve(terms, quantity=request.quantity)  # left out, so it is what was asked for, if it was
        self._life.take_terms(order, terms, time)
        self._life.notice_total(order, terms)
        if not is_ours and terms.quantity is None:
            self._queries.soon(order)  # somebody else's change, which may be of what is left out (spec Kraken D.1)
        return is_ours

    def _is_old_replacement(self, order: Order, old_id: VenueOrderId, new_id: VenueOrderId | None) -> bool:
        """True for a replacement that is no news, or none of this order's."""
        orders = self._desk.orders
        if new_id is not None and orders.is_of_another(order, new_id):
            self._desk.warn(
                f"The venue said that order {order.identity.client_order_id} became {new_id}, which is another order "
                "of ours. That was ignored; look at what is open."
            )
            return True
        if new_id is not None and orders.is_former_id(order, new_id):
            return True
        if not orders.is_former_id(order, old_id) or new_id == order.venue_order_id:
            return False
        if new_id is not None:  # an id between two that we know; its late fills must find the order
            self._desk.record(FormerId(identity=order.identity, venue_order_id=new_id))
        return True

    def _change_is_done(self, change: Flight | None, old_id: VenueOrderId) -> None:
        if change is None:
            return
        request = change.request
        if isinstance(request, requests.ReplaceOrder) and request.venue_order_id == old_id:
            if change.is_awaited:
                self._desk.flights.detach(change)  # the event came before the answer, as it may (spec Kraken E.2)
            else:
                self._desk.flights.drop(change.request_id)

    def _replacement(
        self, fact: facts.OrderReplaced, flight: Flight | None
    ) -> tuple[VenueOrderId | None, OrderView | None]:
        """The new venue order id (None: amended in place, or untold) and the new terms (None: untold).

        Where the event leaves the id out, the answer to our own request names it (spec AX 5.6).
        """
        new_id = fact.new_venue_order_id
        if new_id is None and fact.replacement is not None:
            new_id = fact.replacement.venue_order_id
        if new_id is None and flight is not None:
            new_id = flight.replacement
        if fact.replacement is not None:
            return new_id, fact.replacement
        if fact.order.status is not None:
            return new_id, fact.order  # in place, or the legacy shape: these are the new terms
        if flight is None or not isinstance(flight.request, requests.ReplaceOrder) or new_id is None:
            return new_id, None
        left = None if fact.order.quantity is None else fact.order.quantity - (fact.order.cumulative or ZERO)
        return new_id, _with_terms(fact.order, new_id, flight.request, left)

    def change_refused(self, fact: facts.ChangeRefused) -> None:
        order = self._desk.orders.find(fact.venue_order_id, fact.wire_id)
        if order is not None and not order.is_over:
            self._life.reject_replacement(order, fact.reason)

    def cancel_refused(self, fact: facts.CancelRefused) -> None:
        order = self._desk.orders.find(fact.venue_order_id, fact.wire_id)
        if order is None or order.status.is_terminal:
            return  # another session's, or the order ended first: the refusal adds nothing
        flight = self._desk.flights.cancel(order.identity.client_order_id)
        if flight is not None and not flight.fail_on_one_way():
            self._desk.flights.drop(flight.request_id)
            self._life.reject_cancel(order, flight.request_id, fact.reason)
        self._queries.soon(order)


def _with_terms(old: OrderView, new_id: VenueOrderId, change: requests.ReplaceOrder, left: Decimal | None) -> OrderView:
    """How the replacement must look where the venue named its id alone: our own terms, else the old ones."""
    return OrderView(
        venue_order_id=new_id,
        wire_id=old.wire_id,
        symbol=old.symbol,
        side=old.side,
        price=old.price if change.price is None else change.price,
        quantity=left if change.quantity is None else change.quantity,
        cumulative=ZERO,
        status=OrderStatus.ACCEPTED,
        time_in_force=change.time_in_force or old.time_in_force,
        post_only=old.post_only if change.post_only is None else change.post_only,
    )
