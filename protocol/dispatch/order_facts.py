"""News of orders: finds the order that a fact is about, and says what follows."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from .. import facts
from ..facts import OrderView
from ..reasons import RejectReason
from ..structs import evolve
from ..values import OrderStatus
from ..window import Window
from .context import Context
from .external_orders import ExternalOrders
from .fills import Fills
from .identities import Identities
from .inquiries import Ending, Question, Source
from .order_life import OrderLife
from .quantities import counted
from .query_schedule import QuerySchedule
from .questions import Evidence, Questions
from .records import Unclear
from .replacements import Replacements
from .settling import Settling
from .terms import Terms
from .tracking import Order
from .unclaimed_fills import UnclaimedFills

__all__ = ["OrderFacts"]

# Venues that name their events repeat some after a reconnect; for longer than this they do not.
EVENT_ID_WINDOW: Final = 10_000
# Python 3.11 looks a member up in its enumeration five times as slowly as a name in a module.
ACCEPTED: Final = OrderStatus.ACCEPTED
UNKNOWN: Final = OrderStatus.UNKNOWN


class OrderFacts:
    """Owns the ids of external orders' events that were reported, so that none is reported twice."""

    def __init__(
        self,
        context: Context,
        recording: tuple[OrderLife, Fills, Terms],
        settling: tuple[Settling, Questions, QuerySchedule, Replacements],
        whose: tuple[Identities, ExternalOrders, UnclaimedFills],
    ) -> None:
        self._context = context
        self._life, self._fills, self._terms = recording
        self._settling, self._questions, self._queries, self._replacements = settling
        self._identities, self._external, self._unclaimed = whose
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
        # A message about an order of ours under a former id is stale: its status and terms are of what it was before.
        order = self._identities.of(view, live=True)
        if order is None:
            if not self._is_repeated(fact):
                self._external.report(view, fact.time, reason)
            return None
        if self._context.orders.is_former_id(order, view.venue_order_id):
            return None  # of a venue order id that was replaced, only the fills still matter
        return order

    def _adopt(self, order: Order, fact: facts.OrderFact) -> None:
        if not order.is_over:
            self._terms.adopt(order, fact.order, fact.time)
        elif order.may_be_live:
            self._terms.sync(order, fact.order, self._evidence())
        self._fills.notice_total(order, fact.order)

    def _evidence(self) -> Evidence:
        return Evidence(source=Source.LIVE, at=self._context.by_venue(self._context.now.wall_ns))

    def pending(self, fact: facts.OrderPending) -> None:
        order = self._tracked(fact)
        if order is not None and not order.is_over and self._terms.is_new_of(order, fact.order):
            self._terms.bind(order, fact.order)

    def acknowledged(self, fact: facts.OrderAcknowledged) -> None:
        order = self._tracked(fact)
        if order is None:
            return
        self._adopt(order, fact)
        self._terms.take_first_quantity(order, fact.order, fact.time)
        self._life.warn_if_rejected(order, ACCEPTED)
        self._settling.heard(order, fact.order)

    def traded(self, fact: facts.OrderFilled) -> None:
        # The hot path. Whose it is, whether it is known, and then either the order's own fill or another session's.
        trade, view = fact.trade, fact.order
        order = self._identities.of(view, live=True)
        if self._fills.is_known(order, trade, live=True):
            return
        if order is None:
            # Where every message names the client id, an execution without one of ours cannot be ours.
            may_be_ours = view.wire_id is not None or self._context.rules.unnamed_events
            named = evolve(trade, wire_id=trade.wire_id or view.wire_id)
            if may_be_ours and self._unclaimed.keep(named, final=fact.final, live=True):
                return
            self._external.report_fill(trade, self._external.external_id(view))
            if view.status is not None and not self._is_repeated(fact):
                self._external.report(view, fact.time)
            return
        if _is_more_told(order, view):
            self._terms.adopt(order, view, fact.time)
        if not order.is_over:
            self._fills.notice_total(order, view, executing=trade.quantity)
        # "Final" is said of the order under this id; if it has gone on under another, it is not complete.
        final = fact.final and view.venue_order_id == order.venue_order_id
        self._fills.fill(order, trade, final=final, live=True, goes_on=fact.goes_on)
        if view.status is not None and view.venue_order_id == order.venue_order_id:
            self._settling.heard(order, view)

    def triggered(self, fact: facts.OrderTriggered) -> None:
        order = self._tracked(fact)
        if order is None or order.is_over:
            return
        self._adopt(order, fact)
        self._life.trigger(order, fact.time)
        self._settling.heard(order, fact.order)

    def trigger_moved(self, fact: facts.OrderTriggerMoved) -> None:
        order = self._tracked(fact)
        if order is not None and not order.is_over:
            self._adopt(order, fact)
            self._terms.move_trigger(order, fact.order, fact.time)
            self._settling.heard(order, fact.order)

    def unclear(self, fact: facts.OrderUnclear) -> None:
        order = self._tracked(fact)
        if order is not None and not order.is_over:
            self._adopt(order, fact)
            self._unclaimed.doubt(order)
            if self._context.journaled:
                self._context.note(Unclear(identity=order.identity))
            self._questions.ask(order, Question.TERMS)
            self._questions.ask(order, Question.END)
            self._queries.soon(order)

    def canceled(self, fact: facts.OrderCanceled) -> None:
        order = self._tracked(fact, reason=fact.reason)
        if order is None:
            return
        self._adopt(order, fact)
        if not self._waits_for_fills(order, OrderStatus.CANCELED, fact):
            self._life.end_canceled(order, fact.reason, fact.time)

    def _waits_for_fills(
        self, order: Order, status: OrderStatus, fact: facts.OrderCanceled | facts.OrderExpired
    ) -> bool:
        """An end waits for its fills, from whatever source it comes."""
        # The ending is kept in the inquiry, and told by `Fills` when the last fill is heard or its time is over.
        inquiry = order.inquiry
        if inquiry is None or counted(order) <= order.cumulative:
            return False
        inquiry.ending = Ending(status=status, reason=fact.reason, time=fact.time)
        self._settling.heard(order, fact.order)
        return True

    def expired(self, fact: facts.OrderExpired) -> None:
        order = self._tracked(fact, reason=fact.reason)
        if order is None:
            return
        self._adopt(order, fact)
        if not self._waits_for_fills(order, OrderStatus.EXPIRED, fact):
            self._life.end_expired(order, fact.order, fact.reason, fact.time)

    def removed(self, fact: facts.OrderRemoved) -> None:
        # It left the book, and its last executions come by themselves on another feed.
        if self._is_external(fact.order):
            if not self._is_repeated(fact):
                self._external.report(evolve(fact.order, status=fact.ending), fact.time, fact.reason)
            return
        order = self._tracked(fact, reason=fact.reason)
        if order is None:
            return
        if order.is_over:
            self._fills.notice_total(order, fact.order)
            return
        self._terms.adopt(order, fact.order, fact.time)
        if self._questions.is_open(order, Question.TERMS) or _is_more(order, fact.filled):
            self._terms.take_terms(order, fact.order, fact.time)
        self._fills.leave(order, Ending(status=fact.ending, reason=fact.reason, time=fact.time), fact.filled)
        self._settling.heard(order, fact.order)

    def _is_external(self, view: OrderView) -> bool:
        return self._identities.of(view, live=True) is None

    def rejected(self, fact: facts.OrderRejected) -> None:
        order = self._tracked(fact, reason=fact.reason)
        if order is None:
            return
        # Four cases: what was to take its place was refused, it is taken out of the book, the venue contradicts itself,
        # or the order never was accepted.
        if order.venue_order_id not in (None, fact.order.venue_order_id):
            self._terms.reject_successor(order, fact.order, fact.reason, fact.why, fact.time)
        elif order.accepted and not order.status.is_terminal:
            if fact.removed:
                self._life.end_canceled(order, fact.reason, fact.time, fact.why is RejectReason.POST_ONLY)
            else:
                self._queries.soon(order)  # the venue contradicts itself
        else:
            self._life.reject(order, fact.order, fact.reason, fact.why, fact.time)

    def replaced(self, fact: facts.OrderReplaced) -> None:
        old = fact.order
        order = self._identities.of(old, live=True)
        if order is not None:
            self._replacements.told(order, fact)
        elif not self._is_repeated(fact):
            self._external.replaced(old, fact.replacement, fact.new_venue_order_id, fact.time)


def _is_more_told(order: Order, view: OrderView) -> bool:
    """True when an execution says more of its order than that it executed."""
    if not order.accepted or order.venue_order_id != view.venue_order_id:
        return True
    return order.status is UNKNOWN or (order.quantity is None and view.quantity is not None)


def _is_more(order: Order, filled: Decimal | None) -> bool:
    """True when more has executed than the order was for, as far as we know: another session has changed it unheard."""
    return filled is not None and order.quantity is not None and order.base + filled > order.quantity
