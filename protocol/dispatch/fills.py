"""Fills, and totals whose fills are missing.

A fill counts once, by its identity, from whatever source; none is ever made up from a total. A total that is ahead of
the fills heard under the same venue order id opens the question FILLS: the fills may be on their way in another message
(some venues report orders and fills on separate feeds, spec Kraken E.4, E.5), and if they do not come within
`fills_lag`, history is read until it has them. An order that left the book has not ended before they were heard; when
history, read late enough, does not have them either, the venue is asked once for the fills of that order alone, where
it lists them so; after that the gap is reported, the order ends as it is, and history is read on, slower and slower.

An order is complete
1. by the venue's word, once the fills heard reach its total;
2. by arithmetic only with a fill heard live, of an order that this login has shown, with no question open and no
   contrary word in the same message; that is our own conclusion, and the venue may contradict it (`Reopened`);
3. never by fills from history or a snapshot alone: then the venue is asked.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from attrs import frozen

from .. import events
from ..facts import OrderView, Trade
from ..orders import NEXT_STATUS, Happening
from ..requests import ListFills
from ..structs import evolve
from ..values import NO_TIME, ZERO, OrderStatus, RequestId, Side, VenueOrderId
from ..venue import SECOND
from .context import Context
from .decisions import FillsDue
from .history_reading import HistoryReading
from .in_flight import Flight
from .inquiries import Ending, Inquiry, Question
from .order_life import OrderLife
from .quantities import counted, is_in_doubt, least, missing_under, wanted, whole
from .query_schedule import QuerySchedule
from .questions import Questions
from .records import AlreadyCounted, TotalTold
from .tracking import FILLS_OF_ORDER, Order

__all__ = ["Fills", "Total"]

AHEAD: Final = SECOND
"""How long fills may be on their way behind a list that is ahead of the stream."""
# Where an order stands after an execution, out of the table of all moves: it is looked up for every fill.
AFTER_PART: Final = {each: NEXT_STATUS.get((each, Happening.FILLED_IN_PART), each) for each in OrderStatus}
AFTER_LAST: Final = {each: NEXT_STATUS.get((each, Happening.COMPLETED), each) for each in OrderStatus}
PATIENCE: Final = 300 * SECOND
"""After that, fills are reported as missing even if history cannot be read."""


@frozen
class Total:
    """What the venue counts under one venue order id."""

    venue_order_id: VenueOrderId
    quantity: Decimal
    # Of a fill that the same message reports next: it is in the quantity already, and not missing.
    executing: Decimal = ZERO
    # A list told it, which may be ahead of the stream.
    ahead: bool = False


class Fills:
    """Stateless: totals stand in the inquiries of their orders."""

    def __init__(
        self, context: Context, questions: Questions, reading: HistoryReading, life: OrderLife, queries: QuerySchedule
    ) -> None:
        self._context = context
        self._questions = questions
        self._reading = reading
        self._life = life
        self._queries = queries

    # Executions

    def is_known(self, order: Order | None, trade: Trade, *, live: bool) -> bool:
        """True for a fill that was published before, or that an adopted order counted before it was ours; its fee may
        still be news."""
        fee_known = self._context.orders.is_fee_known(order, (trade.venue_order_id, trade.trade_id))
        if fee_known is None and self._context.orders.has_forgotten:
            fee_known = self._context.known.fee_known(trade.venue_order_id, trade.trade_id)
        if fee_known is None:
            if order is None:
                return self._was_counted(trade)
            is_full = order.fills is not None and len(order.fills) >= FILLS_OF_ORDER
            if is_full and not self._context.journaled and self._must_be_old(order, trade):
                return True
            return bool(self._context.orders.counted) and self._counts_already(order, trade, live=live)
        if trade.fee is not None and not fee_known and order is not None:
            self._context.record(
                events.FeeReported(
                    identity=order.identity,
                    venue_order_id=order.venue_order_id,
                    venue_time=trade.time,
                    local_time=self._context.now.wall_ns,
                    trade_id=trade.trade_id,
                    fill_venue_order_id=trade.venue_order_id,
                    commission=trade.fee,
                )
            )
        return True

    def _was_counted(self, trade: Trade) -> bool:
        """True for an execution that an adopted order counted already, which memory has let go since."""
        # Not asked while the order is tracked: its count may have grown since then, so that the execution is news.
        orders, known = self._context.orders, self._context.known
        return orders.has_forgotten and known.is_counted(trade.venue_order_id, trade.trade_id)

    def _counts_already(self, order: Order, trade: Trade, *, live: bool) -> bool:
        """True for an execution that an adopted order counted before it was ours. Of what is heard live, that can only
        be what a list was ahead of: clocks are not compared yet, or differ a little."""
        missing = None if live else missing_under(order, trade.venue_order_id)
        if not self._context.orders.counts_already(order, trade.time, trade.quantity, missing):
            return False
        self._context.record(
            AlreadyCounted(
                identity=order.identity,
                venue_order_id=trade.venue_order_id,
                trade_id=trade.trade_id,
                quantity=trade.quantity,
                time=trade.time,
            )
        )
        return True

    def _must_be_old(self, order: Order, trade: Trade) -> bool:
        """Of an order that had more fills than are remembered with it: what is not recognized was told all the same if
        it is from before the time until which history has been read, or if the order is complete."""
        if trade.time < self._reading.told_until:
            return True
        is_filled = order.status is OrderStatus.FILLED
        return is_filled and order.quantity is not None and order.cumulative >= order.quantity

    def fill(self, order: Order, trade: Trade, *, final: bool, live: bool, goes_on: bool = False) -> None:
        """Publishes an execution that was not published before. final: the venue says that it completes the order;
        goes_on: that it does not; live: it was heard on the stream."""
        if order.former_ids:
            self._count_former(order, trade.venue_order_id, more=trade.quantity)
        side = order.identity.side
        if side is not None and trade.side is not None and trade.side is not side:
            self._warn_of_the_side(order, side, trade.side)
        cumulative = order.cumulative + trade.quantity
        quantity = whole(self._context, order, cumulative)
        is_reached = quantity is not None and cumulative >= quantity
        may_be_changed = not live or (final and self._context.rules.changes_in_place)
        if is_reached and not order.is_over and (goes_on or (may_be_changed and cumulative != quantity)):
            self._doubt_terms(order)
        missing = final and self._is_missing(order, trade, cumulative)
        inquiry = order.inquiry
        told = (final and not missing) or (inquiry is not None and self._ends_filled(order, inquiry, cumulative))
        concluded = is_reached and not (told or goes_on) and self._may_conclude(order, live=live)
        self._publish(order, trade, quantity, told=told, concluded=concluded)
        if order.status.is_terminal:
            self._life.ended(order)
        elif missing:
            ending = Ending(status=OrderStatus.FILLED, reason="", time=trade.time)
            fewest = least(self._context, order) or cumulative
            self.expect(order, Total(trade.venue_order_id, fewest - order.base), ending)
        if order.inquiry is not None:
            self.look(order)
        if is_reached and not order.status.is_terminal and self._is_more_than_whole(order):
            self._queries.soon(order)

    def _doubt_terms(self, order: Order) -> None:
        """All of the order that we know of is executed, and the venue says that it goes on; or a fill is more than the
        whole, and no message brought it, or the venue says that it is the last: another session has changed the order,
        and the news of that is still to come, or lost."""
        self._questions.ask(order, Question.TERMS)
        self._queries.soon(order)

    def _is_more_than_whole(self, order: Order) -> bool:
        """Of an order of which as much was heard as it is for: True when it was not said that it is complete. The venue
        is asked where it stands."""
        is_shown = order.seen_in == self._context.login
        return is_shown and order.inquiry is None and wanted(self._context, order) is None

    def _publish(self, order: Order, trade: Trade, quantity: Decimal | None, *, told: bool, concluded: bool) -> None:
        """quantity: that completes the order, None: not known."""
        # The status is decided here and travels in the event, so that `fold` has nothing to conclude.
        cumulative = order.cumulative + trade.quantity
        status = (AFTER_LAST if told or concluded else AFTER_PART)[order.status]
        left = ZERO if quantity is None else quantity - cumulative
        is_more = quantity is not None and cumulative > quantity
        # While the quantity is in doubt, more than it is no overfill: another session may have raised it unheard.
        overfill = -left if is_more and not is_in_doubt(self._context, order) else ZERO
        identity = order.identity
        filled = events.Filled(
            identity=identity,
            venue_order_id=order.venue_order_id,
            venue_time=trade.time,
            local_time=self._context.now.wall_ns,
            trade_id=trade.trade_id,
            fill_venue_order_id=trade.venue_order_id,
            last_price=trade.price,
            last_quantity=trade.quantity,
            cumulative=cumulative,
            leaves=ZERO if status.is_terminal or is_more else left,
            currency=identity.currency,
            commission=trade.fee,
            liquidity=trade.liquidity,
            status=status,
            side=trade.side or identity.side,
        )
        # Not in the call above: Python packs more than 15 keywords into a dict, and takes a much slower way with them.
        if overfill or concluded:
            filled = evolve(filled, overfill=overfill, concluded=concluded)
        self._context.record(filled)
        if overfill:
            self._context.warn(
                f"The venue executed {overfill} more than the {quantity} of order "
                f"{order.identity.client_order_id}. Check the position."
            )

    def _warn_of_the_side(self, order: Order, side: Side, told: Side) -> None:
        self._context.alarm(
            f"The venue told of a fill of order {order.identity.client_order_id} on the other side: the order is to "
            f"{side.value}, the fill a {told.value}. Check the position."
        )

    def _may_conclude(self, order: Order, *, live: bool) -> bool:
        """Whether an order may be called complete by its quantity. One that the venue ended is over anyhow."""
        # Rule 2 above: arithmetic is trusted only where every term is known to be of today. A history row may be older
        # than a change, and an open question means that a term may be wrong.
        return order.is_over or (live and order.inquiry is None and order.seen_in == self._context.login)

    def _ends_filled(self, order: Order, inquiry: Inquiry, cumulative: Decimal) -> bool:
        """Whether this is the last fill of an order that the venue has called filled before."""
        if inquiry.ending is None or inquiry.ending.status is not OrderStatus.FILLED:
            return False
        # Without a total, the venue has said FILLED and not how much that is; then history decides.
        return bool(inquiry.totals) and counted(order) <= cumulative

    def _is_missing(self, order: Order, trade: Trade, cumulative: Decimal) -> bool:
        """Whether this much is too little for an order that the venue calls complete. Its other fills may follow."""
        if counted(order) > cumulative:
            return True
        # Only where fills lag behind totals can a last fill arrive before an earlier one. Elsewhere the stream is in
        # order, and the venue's "final" is the better word than our memory of the quantity.
        fewest = least(self._context, order) if self._context.rules.fills_lag else None
        return fewest is not None and cumulative < fewest and not is_in_doubt(self._context, order)

    # Totals

    def notice_total(self, order: Order, view: OrderView, *, executing: Decimal = ZERO, ahead: bool = False) -> None:
        """The venue counts this much under one of the order's venue order ids. executing: of the fill that comes next;
        where totals are reckoned from the order's quantity, they say nothing while that is being changed; ahead: the
        view may be ahead of the stream, so its fills may be on their way."""
        # The usual case first: the total is what was heard, and nothing follows.
        heard = None if view.cumulative is None else order.heard_under(view.venue_order_id)
        if view.cumulative is None or heard is None or view.cumulative - executing <= heard:
            return
        # A fill that says what is left of an order says nothing of its total while the order's quantity is changing.
        if executing and self._context.rules.fills_lag and wanted(self._context, order) is not None:
            return
        total = Total(view.venue_order_id, view.cumulative, executing, ahead)
        self.expect(order, total)

    def recount(self, order: Order, view: OrderView) -> None:
        """The order's quantity has changed: a total that was reckoned from the old one may be wrong, and the venue's
        own count takes its place."""
        inquiry, venue_order_id = order.inquiry, view.venue_order_id
        if inquiry is None or inquiry.reckoned != venue_order_id or view.cumulative is None:
            return
        inquiry.totals.pop(venue_order_id, None)
        self.notice_total(order, view)
        if counted(order) <= order.cumulative:
            self._settle(order)

    def expect(self, order: Order, total: Total | None, ending: Ending | None = None) -> None:
        """The venue counts more than was heard, and maybe the order ended with that. None: it did not say how much."""
        # The earliest fill that may be missing is younger than what history has reported whole, so it is read from
        # there.
        is_new = not self._questions.is_open(order, Question.FILLS)
        if total is not None:
            self._count_former(order, total.venue_order_id, total=total.quantity)
        opened = self._questions.ask(order, Question.FILLS, self._reading.complete_until)
        inquiry = self._questions.inquiry_of(order)
        if total is not None and total.quantity > inquiry.totals.get(total.venue_order_id, ZERO):
            # More is missing than before: evidence must be younger than this, and the order may be asked for again.
            opened.by_venue = self._context.by_venue(self._context.now.wall_ns)
            inquiry.alone = None
            inquiry.totals[total.venue_order_id] = total.quantity
            is_reckoned = total.executing and self._context.rules.fills_lag
            inquiry.reckoned = total.venue_order_id if is_reckoned else None
        elif inquiry.ending is not None:
            return  # nothing that was not known
        inquiry.ending = ending or inquiry.ending
        lag = self._context.rules.fills_lag
        # Where fills and totals come in one stream, a total that is ahead proves a lost message at once. Elsewhere the
        # fills get their time first.
        if total is not None and not lag and not total.ahead:
            self._tell_gap(order, total.executing)
            self._read(order, total.executing)
        elif is_new:
            name, now = order.identity.client_order_id, self._context.now.monotonic_ns
            self._context.timers.add(now + (lag or AHEAD), FillsDue(name))

    def _read(self, order: Order, executing: Decimal) -> None:
        """History may have the missing fills; without one, they are missing. While a message is being taken over whose
        own fill comes next, nothing is settled."""
        if self._reading.is_on:
            self._reading.want()
        elif not executing:
            self.miss(order)

    def leave(self, order: Order, ending: Ending, total: Decimal | None) -> None:
        """The order left the book after executions that come by themselves (see `facts.OrderRemoved`). total: how much
        has executed under its venue order id, None: it was not said; its status may tell before history does."""
        if order.is_over:
            return
        told = None if order.inquiry is None else order.inquiry.ending
        if told is not None and told.status is ending.status:
            ending = told  # the first to report it knew why
        # FILLED without a total means the whole quantity, as long as we are sure of that.
        if not total and ending.status is OrderStatus.FILLED:
            fewest = None if is_in_doubt(self._context, order) else least(self._context, order)
            total = None if fewest is None else fewest - order.base
        # An end waits for its fills: a program that hears the end first would book too little.
        venue_order_id = order.venue_order_id
        if total is None or venue_order_id is None:
            self.expect(order, None, ending)
            self._queries.soon(order)
        elif total > (order.heard_under(venue_order_id) or ZERO):
            self.expect(order, Total(venue_order_id, total), ending)
        elif counted(order) > order.cumulative:
            self._questions.inquiry_of(order).ending = ending  # fills under an earlier id are missing
        else:
            self.end(order, ending)

    def end(self, order: Order, ending: Ending) -> None:
        if ending.status is OrderStatus.FILLED:
            self._life.close(order)
        elif ending.status is OrderStatus.EXPIRED:
            self._life.expire(order, ending.reason, ending.time)
        else:
            self._life.end_canceled(order, ending.reason, ending.time)

    def look(self, order: Order) -> None:
        """Answers the question FILLS if as much was heard as the venue counts."""
        inquiry = order.inquiry
        if inquiry is None or not inquiry.totals:
            return
        if counted(order) > order.cumulative:
            return
        self._settle(order)

    def _settle(self, order: Order) -> None:
        ending = None if order.inquiry is None else order.inquiry.ending
        self._questions.close(order, Question.FILLS)
        if ending is not None:
            self.end(order, ending)

    def due(self, due: FillsDue) -> None:
        """The fills have had their time. History may have what no message brought; without it, they are missing. So are
        those of an order that is remembered no more."""
        order = self._questions.orders.get(due.client_order_id)
        inquiry = None if order is None else order.inquiry
        opened = None if inquiry is None else inquiry.open.get(Question.FILLS)
        if order is None or opened is None or opened.told:
            return
        # A reading that does not reach back far enough, or fails, must not hold the end up for ever.
        now = self._context.now.monotonic_ns
        if self._reading.is_on and now - opened.at < PATIENCE:
            if not self._reading.covers(opened.by_venue):
                self._reading.want()
            self._context.timers.add(opened.at + PATIENCE, due)
        else:
            self.miss(order)

    def miss(self, order: Order) -> None:
        """History, read late enough, does not have the fills either: they are reported as missing, and the order ends
        as it is. What is missing is read on for, slower."""
        self._tell_gap(order)
        inquiry = order.inquiry
        if inquiry is None:
            return
        # The ending is taken out before the question is closed, so that closing it does not end the order twice.
        ending, inquiry.ending = inquiry.ending, None
        if counted(order) <= order.cumulative:
            self._questions.close(order, Question.FILLS)  # it was not said how much there was, and history had no more
        if ending is not None:
            self.end(order, ending)

    def go_on_missing(self, order: Order, told: TotalTold) -> None:
        """An earlier run has reported that the venue counts so much of the order; what is missing is still missing."""
        # Each under its own id: what history counts under a former one must not come on top of the whole.
        heard = {each: order.heard_under(each) for each in told.totals}
        totals = {
            each: told.totals[each] for each, under in heard.items() if under is not None and told.totals[each] > under
        }
        if not totals:
            return
        self._questions.ask(order, Question.FILLS, self._reading.complete_until)
        inquiry = self._questions.inquiry_of(order)
        inquiry.totals.update(totals)
        inquiry.gap_told = told.total
        self._questions.tell(order, Question.FILLS)

    def _tell_gap(self, order: Order, executing: Decimal = ZERO) -> None:
        # A gap is reported again only when it has grown.
        inquiry, total = order.inquiry, counted(order)
        if inquiry is None or total - executing <= max(order.cumulative, inquiry.gap_told):
            return
        inquiry.gap_told = total
        self._questions.tell(order, Question.FILLS)
        self._context.record(
            events.MissingFills(
                venue=self._context.rules.venue,
                account=self._context.account,
                connection=self._context.connection,
                local_time=self._context.now.wall_ns,
                identity=order.identity,
                venue_order_id=order.venue_order_id,
                known=order.cumulative,
                reported=total - executing,
            )
        )
        if self._context.journaled:
            totals = {each: under for each, under in inquiry.totals.items() if missing_under(order, each)}
            self._context.note(TotalTold(identity=order.identity, total=total, totals=totals))

    # Orders that were replaced

    def want_chains(self, order: Order) -> None:
        """The order has gone on under an id that no event told: the venue's history of orders may name others."""
        self._reading.want_chains(order)

    def _count_former(
        self, order: Order, venue_order_id: VenueOrderId, *, more: Decimal = ZERO, total: Decimal = ZERO
    ) -> None:
        """More has executed under an earlier venue order id than was counted when the order went on under its present
        one: what the present one does not count grows by that, and the whole order with it. more: a fill that comes
        now; total: as the venue counts."""
        # An ended order's quantity is of no use any more, and an event behind its end would confuse.
        heard = order.former_ids.get(venue_order_id)
        if heard is None or order.status.is_terminal:
            return
        totals = {} if order.inquiry is None else order.inquiry.totals
        known = {each: max(under, totals.get(each, ZERO)) for each, under in order.former_ids.items()}
        before = sum(known.values(), ZERO)
        # What the venue counted is forgotten with the process that asked, and what came of it is in `base` anyhow.
        growth = before - known[venue_order_id] + max(heard + more, total) - max(before, order.base)
        if growth <= 0:
            return
        self._context.record(
            events.Updated(
                identity=order.identity,
                venue_order_id=order.venue_order_id or venue_order_id,
                venue_time=NO_TIME,
                local_time=self._context.now.wall_ns,
                quantity=None if order.quantity is None else order.quantity + growth,
                price=order.price,
                trigger_price=order.trigger_price,
                venue_cumulative_base=order.base + growth,
            )
        )

    def window_read(self, holds_until: int) -> None:
        """History has been read: every fill before `holds_until` has been reported."""
        for order in list(self._questions.orders.values()):
            opened = None if order.inquiry is None else order.inquiry.open.get(Question.FILLS)
            if opened is not None and opened.by_venue <= holds_until and not self._asks_alone(order):
                self.miss(order)

    # The fills of one order

    def _asks_alone(self, order: Order) -> bool:
        """True while the venue is asked for the fills of this order alone. That is done once, where a whole reading has
        left fills out that the venue counts: they may be older than what was read."""
        inquiry = order.inquiry
        if inquiry is None or not self._context.rules.lists_order_fills:
            return False
        # None means "not asked yet", an empty set "asked and answered": the second must not ask again.
        if inquiry.alone is None and self._context.ready and not self._context.closing:
            short = [each for each in inquiry.totals if missing_under(order, each)]
            inquiry.alone = {self._ask_alone(order, venue_order_id) for venue_order_id in short}
        return bool(inquiry.alone)

    def _ask_alone(self, order: Order, venue_order_id: VenueOrderId) -> RequestId:
        now = self._context.by_venue(self._context.now.wall_ns)
        request = ListFills(
            request_id=self._context.flights.next_internal_id(),
            start=min(now, self._context.placed_by_venue(order)),
            end=now,
            symbol=order.identity.instrument.symbol,
            venue_order_id=venue_order_id,
        )
        self._context.send(request, client_order_id=order.identity.client_order_id)
        return request.request_id

    def alone_over(self, flight: Flight[ListFills]) -> None:
        """The venue has given the fills of one venue order id, or will not. Nothing else is asked for before they are
        told as missing."""
        order = self._context.order_of(flight)
        if order is None or order.inquiry is None:
            return
        alone = order.inquiry.alone
        if not alone:
            return
        alone.discard(flight.request_id)
        if not alone:
            self.miss(order)
