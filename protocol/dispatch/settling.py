"""Evidence about orders, and what follows: every snapshot, list, status answer and row of history passes here, and so
does what each of them leaves out. `questions.VERDICTS` says what a piece of evidence does to an open question.

An order of which it is not known whether it was placed is called Denied only by the venue's proof of time: when every
source that must show it was silent, asked after the moment until which the venue may still act on the placement. One
that the venue had accepted and knows no more becomes Unknown; it is asked for on and on, slowly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ..facts import OrderView
from ..reasons import Why
from ..values import OrderStatus
from .context import Context
from .denied_orders import DeniedOrders
from .fills import Fills
from .history_reading import HistoryReading
from .inquiries import Inquiry, Opened, Question, Source
from .list_schedule import ListSchedule
from .order_life import OrderLife
from .quantities import readings, whole
from .query_schedule import QuerySchedule
from .questions import VERDICTS, Evidence, Questions, Verdict
from .terms import Terms
from .tracking import Order

__all__ = ["Settling"]

NEVER_ARRIVED: Final = "The venue has no such order, and it takes the placement no more: it never arrived there."
VANISHED: Final = (
    "The venue does not know the order any more, though it had accepted it. It is asked again and again; look at "
    "what is open."
)
ASKINGS: Final = 3
"""How often the venue must deny to know an order that it had accepted."""
MOST_ASKED_AT_ONCE: Final = 256
"""Orders that one list leaves out, and that are asked for after the usual pause."""


class Settling:
    """Stateless."""

    def __init__(
        self,
        context: Context,
        questions: Questions,
        questioning: tuple[QuerySchedule, ListSchedule, HistoryReading],
        recording: tuple[OrderLife, Fills, Terms],
        aftercare: DeniedOrders,
    ) -> None:
        self._context = context
        self._questions = questions
        self._queries, self._lists, self._reading = questioning
        self._life, self._fills, self._terms = recording
        self._denied_orders = aftercare
        # PLACED is not looked for: `OrderLife` closes OUTCOME with the event that the order was accepted, or has ended.
        self._shown: Mapping[Verdict, Callable[[Order, OrderView, bool], bool]] = {
            Verdict.TERMS: self._are_terms_told,
            Verdict.ALIVE: self._is_alive,
        }

    # What a source shows

    def show(self, order: Order, view: OrderView, evidence: Evidence) -> None:
        """Takes over what a source shows of an order, and answers the questions that it answers."""
        # A view that told other terms than we knew has answered what they are, even if it is older than the question.
        before = (order.quantity, order.price, order.trigger_price, order.venue_order_id)
        self._terms.sync(order, view, evidence)
        is_new = before != (order.quantity, order.price, order.trigger_price, order.venue_order_id)
        self.weigh(order, view, evidence, is_new=is_new)

    def heard(self, order: Order, view: OrderView) -> None:
        """A live message about the order has been taken over: it is no longer in doubt, and may have answered what was
        open."""
        order.seen_in = self._context.login
        if order.inquiry is not None:
            if Question.TERMS in order.inquiry.open and not order.is_over:
                self._terms.take_terms(order, view)
            self.weigh(order, view, Evidence(source=Source.LIVE, at=self._context.by_venue(self._context.now.wall_ns)))

    def weigh(self, order: Order, view: OrderView, evidence: Evidence, *, is_new: bool = False) -> None:
        """What has been taken over already: answers the questions that it answers. is_new: it told other terms. One
        that lags may show an order live that a younger list has left out."""
        inquiry = order.inquiry
        if inquiry is None:
            return
        # Over a copy, because an answer may close questions and open others.
        for question, opened in tuple(inquiry.open.items()):
            verdict = VERDICTS.get((question, evidence.source, True))
            is_answered = self._shown.get(verdict) if verdict is not None else None
            if is_answered is not None and not self._is_owed(order, evidence):
                is_end = question is Question.END
                since = max(opened.by_venue, inquiry.left_out) if is_end else opened.by_venue
                is_late = evidence.holds_until >= since or (is_new and question is Question.TERMS)
                if is_answered(order, view, is_late):
                    self._questions.close(order, question)
        self._fills.look(order)

    def _is_owed(self, order: Order, evidence: Evidence) -> bool:
        """What became of a cancel or change, only the order's status tells, asked for after their time."""
        return evidence.source is not Source.STATUS and self._context.flights.owes(order.identity.client_order_id)

    def _are_terms_told(self, order: Order, view: OrderView, is_late: bool) -> bool:
        if order.status.is_terminal:
            return True
        if not is_late or view.venue_order_id != order.venue_order_id:
            return False
        if order.by_amount:
            return True
        # With two readings of the quantity, the view has reported the terms only if one of them is what we know.
        possible = readings(order, view)
        return order.quantity in possible if len(possible) > 1 else bool(possible)

    def _is_alive(self, order: Order, view: OrderView, is_late: bool) -> bool:
        inquiry = order.inquiry
        assert inquiry is not None  # that it lives is in question
        if order.status.is_terminal or inquiry.ending is not None:
            return True
        if not is_late or view.venue_order_id != order.venue_order_id:
            return False
        heard = order.heard_under(view.venue_order_id)
        assert heard is not None  # it is the id that the order has
        if view.cumulative is not None and view.cumulative < heard:
            return False  # it is older than what was heard
        live = view.status is not None and not view.status.is_terminal and view.status is not OrderStatus.SUBMITTED
        if live:
            order.seen_in = self._context.login
        return live

    # What a source leaves out

    def absent(self, order: Order, evidence: Evidence) -> None:
        """A source that was asked for the order, or should list it, does not know it."""
        # Absence counts only against an open question: an order without one is not doubted because a list is short.
        inquiry = order.inquiry
        if inquiry is None:
            return
        if evidence.source is Source.LIST:
            inquiry.left_out = max(inquiry.left_out, evidence.holds_until)
        for question, opened in tuple(inquiry.open.items()):
            verdict = VERDICTS.get((question, evidence.source, False))
            if verdict is Verdict.ASK:
                self._queries.later(order)
            elif verdict is Verdict.ABSENT:
                inquiry.silent[evidence.source] = max(evidence.at, inquiry.silent.get(evidence.source, evidence.at))
                if question is Question.OUTCOME:
                    self._never_placed(order, inquiry)
                else:
                    self._vanished(order, inquiry, opened, evidence)

    def owe(self, order: Order) -> None:
        """What became of a cancel or change of it is still open."""
        self._questions.ask(order, Question.END)

    def confirm(self, order: Order) -> None:
        """The venue has an order under our name: the lists show whether it is this one."""
        self._note_told(order)
        self._lists.compare()
        self._examine(order)

    def _note_told(self, order: Order) -> None:
        """That it is not known whether the order was placed has been reported, unless the venue had answered the
        placement: of such an order nothing was said but that it was submitted."""
        if order.status is OrderStatus.UNKNOWN:
            self._questions.tell(order, Question.OUTCOME)

    def unlisted(self, orders: Iterable[Order], evidence: Evidence) -> None:
        """A list leaves out orders that count as open. So many of them wait in line, and have no question yet, that a
        list without any of a million orders is taken over as quickly as others."""
        # A few get their question at once. The rest stand in line without an object each, since a venue that comes back
        # empty would otherwise cost a million inquiries in one step.
        in_line: list[Order] = []
        asked = 0
        for order in orders:
            if self._queries.is_missing(order):
                continue  # it stands in line
            if order.accepted and order.inquiry is None:
                asked += 1
                if asked > MOST_ASKED_AT_ONCE:
                    in_line.append(order)
                    continue
            self._unlisted(order, evidence)
        if in_line:
            self._queries.look_for_also(in_line, self._lists.proven_open)

    def _unlisted(self, order: Order, evidence: Evidence) -> None:
        if order.accepted:
            self._questions.ask(order, Question.END, self._lists.proven_open)
        self.absent(order, evidence)

    def _never_placed(self, order: Order, inquiry: Inquiry) -> None:
        self._note_told(order)
        if self._context.flights.preview(order.identity.client_order_id) is not None:
            return  # it has not been sent at all yet
        # Each source in turn, the cheapest first: the order's status, the list, history. Every one of them must have
        # been asked after the deadline, or its silence proves nothing.
        deadline = self._acts_until(order)
        if not _was_silent(inquiry, Source.STATUS, deadline):
            return
        if self._context.rules.absence_needs_list and not _was_silent(inquiry, Source.LIST, deadline):
            self._lists.compare()
        elif self._context.rules.absence_needs_history and not _was_silent(inquiry, Source.HISTORY, deadline):
            self._examine(order)
        else:
            self._life.deny(order, NEVER_ARRIVED, Why.NEVER_ARRIVED)
            self._denied_orders.denied(order)

    def _examine(self, order: Order) -> None:
        inquiry = order.inquiry
        opened = () if inquiry is None else inquiry.open.values()
        if self._reading.is_on and not self._reading.is_examined(order):
            since = next((each.since for each in opened), self._context.placed_by_venue(order))
            self._reading.examine(order, since)

    def _acts_until(self, order: Order) -> int:
        """Until when the venue may still act on the placement, and its lists be silent about it: ns since 1970 by its
        clock. 0: nothing is known of a placement, so no time is to be waited for."""
        context = self._context
        placed = context.placement_of(order)
        if placed is None:
            return 0
        rules, sent = context.rules, context.by_venue(context.sent_at(placed))
        # The order carries a deadline, and the venue refuses what reaches it later: that is certain.
        if placed.process_before is not None:
            return placed.process_before + rules.lists_lag
        proven = sent + rules.absence_proves_after + rules.lists_lag
        # What was still under way on a connection has arrived, or is lost, soon after the venue ended it.
        if placed.carrier_ended_at is not None and rules.ended_proves_after is not None:
            age = context.now.monotonic_ns - placed.carrier_ended_at
            proven = min(proven, context.by_venue(context.now.wall_ns - age) + rules.ended_proves_after)
        return proven

    def _vanished(self, order: Order, inquiry: Inquiry, opened: Opened, evidence: Evidence) -> None:
        """The venue knows an order no more that it had accepted."""
        needs_history = self._context.rules.absence_needs_history and self._reading.is_on
        if needs_history and not _was_silent(inquiry, Source.HISTORY, opened.by_venue):
            self._examine(order)
            return
        if evidence.holds_until < opened.by_venue:
            return  # it may just not know of the order yet
        # Venues forget orders that are complete first, and all of this one was heard.
        if self._is_executed(order):
            self._life.close(order, concluded=True)
            return
        # One "no such order" may be a mistake of the venue's; the money at stake is worth two more questions.
        if inquiry.attempts + 1 < ASKINGS:
            return
        if order.status is not OrderStatus.UNKNOWN:
            self._life.lose(order, VANISHED)
            self._context.warn(f"Order {order.identity.client_order_id}: {VANISHED}")
        self._questions.tell(order, Question.END)

    def _is_executed(self, order: Order) -> bool:
        """Whether as much was heard as the whole order is for, and not more: then it is not known for how much it is.
        Of one that the venue, asked, shows nowhere any more, nothing can follow."""
        quantity = whole(self._context, order, order.cumulative)
        terms_known = not self._questions.is_open(order, Question.TERMS)
        return terms_known and order.cumulative == quantity


def _was_silent(inquiry: Inquiry, source: Source, since: int) -> bool:
    """Whether a source did not know the order when it was asked, at this time or later."""
    asked_at = inquiry.silent.get(source)
    return asked_at is not None and asked_at >= since
