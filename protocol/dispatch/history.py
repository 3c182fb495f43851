"""What the venue's history tells: fills that no message brought, their fees, and what became of orders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import cast

from attrs import evolve

from .. import commands, facts, requests
from ..errors import NotSent, RequestFailed
from ..facts import OrderView, Outcome, Trade
from ..reasons import RejectReason, Why
from ..values import ZERO, VenueOrderId, WireId
from .context import Context
from .conversation import RequestHandler, warn_of_misfit
from .decisions import HistoryDue
from .external_orders import ExternalOrders
from .fills import Fills
from .history_reading import HistoryReading
from .identities import Identities
from .in_flight import Flight
from .inputs import Asked
from .inquiries import Question, Source
from .list_schedule import ListSchedule
from .query_schedule import QuerySchedule
from .questions import Evidence, Questions
from .records import FormerId
from .settling import Settling
from .terms import Terms
from .tracking import Order
from .unclaimed_fills import UnclaimedFills

__all__ = ["History"]

Reading = requests.ListFills | requests.ListOrderHistory


class History(RequestHandler[Reading]):
    """Owns how often history was read in vain for what was reported as missing, and who was named by the history of
    orders in the present reading. What is being read, and how far, stands in the reading."""

    def __init__(
        self,
        context: Context,
        reading: HistoryReading,
        lists: ListSchedule,
        settling: tuple[Settling, Questions, Fills, Terms],
        whose: tuple[Identities, ExternalOrders, UnclaimedFills],
        schedule: QuerySchedule,
    ) -> None:
        self._context = context
        self._reading = reading
        self._lists = lists
        self._settling, self._questions, self._fills, self._terms = settling
        self._identities, self._external, self._unclaimed = whose
        self._schedule = schedule
        # How often history was read in vain for fills that were reported as missing: it decides the pace.
        self._attempts = 0
        self._is_ticking = False

    # Asking

    def asked(self, asked: Asked) -> None:
        """A question of the user's for fills."""
        command = cast("commands.ReadFills", asked.command)
        if command.end <= command.start:
            raise NotSent("The question for fills was not sent: its end must be later than its start.", field="end")
        self._context.require_link("The question for fills")
        self._context.require_free_number(asked.request_id)
        span = self._context.rules.history_span
        request = requests.ListFills(
            request_id=asked.request_id,
            start=command.start,
            end=command.end if span is None else min(command.end, command.start + span),  # the first part of it
            symbol=None if command.instrument is None else command.instrument.symbol,
        )
        flight = self._context.send(request, reply_to=asked.reply_to, admission=asked.admission)
        flight.until = command.end

    def read_now(self, listed_again: bool) -> int:
        """After a login: gives the number of the reading that shows what happened while there was no connection, or
        messages of it were lost; 0: nothing is to be read."""
        if not self._reading.is_on:
            return 0
        is_first_run = self._reading.is_first_run
        self._reading.begin()
        if not self._is_ticking:
            self._is_ticking = True
            self._tick()
        # Behind the very first login there is nothing to read: what was before it is not ours.
        if not listed_again and self._context.connection <= 1 and is_first_run:
            return 0
        self._reading.want_after_lag()
        return self._reading.want()

    def _tick(self) -> None:
        self._context.timers.add(
            self._context.now.monotonic_ns + self._context.rules.audit_period, HistoryDue(periodic=True)
        )

    def due(self, due: HistoryDue) -> None:
        if not due.periodic:
            self._reading.look()
            return
        self._tick()
        if self._questions.orders:
            self._reading.want_chains()  # ahead of the reading that begins now, or that one would not have them
        self._reading.tick()
        if self._lists.are_needed or len(self._external):
            self._lists.compare()

    # Fills

    def fills_listed(self, fact: facts.FillsListed) -> None:
        flight = self._context.flights.find(requests.ListFills, fact.request_id)
        # Three kinds of question end here: the fills of one order, the user's own, and a page of our reading. An answer
        # to none of them (it came after its time) still holds fills, and they are taken.
        is_alone = flight is not None and flight.request.venue_order_id is not None
        is_users = flight is not None and not is_alone and not self._reading.is_own(fact.request_id)
        for trade in sorted(fact.trades, key=_when):  # some venues list the newest first
            self._take(trade, is_users=is_users)
        if flight is None:
            return
        self._context.flights.drop(fact.request_id)
        repeats = fact.cursor is not None and fact.cursor == flight.request.cursor
        if is_alone:
            self._fills.alone_over(flight)
        elif is_users:
            self._next_page(flight, fact, repeats=repeats)
        elif repeats:
            problem = "The venue gives the same page of its history again and again."
            self._reading.failed(problem)
        elif self._reading.fills_read_to(len(fact.trades), fact.cursor):
            self._is_over()

    def _take(self, trade: Trade, *, is_users: bool) -> None:
        order = self._identities.of_trade(trade) or self._promised(trade)
        # Readings overlap, so most of what they bring is old. The user's own question may reach back further.
        before = not is_users and trade.time < self._news_since
        if order is None and (self._unclaimed.keep(trade, before=before) or before):
            return  # another session's, from before this client began, or told, is no news
        self._unclaimed.tell(trade, order)

    @property
    def _news_since(self) -> int:
        """What another session's order executed before is no news. A journal knows by itself what was reported."""
        opened_at = self._context.opened_at
        return opened_at if self._context.journaled else max(opened_at, self._reading.told_until)

    def _promised(self, trade: Trade) -> Order | None:
        # An execution under the id that the answer to our change named proves that the change was made.
        order = self._identities.promised(trade)
        if order is not None and not order.is_over:
            self._terms.rename(order, trade.venue_order_id, None, ZERO, trade.time)
        return order

    def _next_page(self, flight: Flight[requests.ListFills], fact: facts.FillsListed, *, repeats: bool) -> None:
        """Of a question of the user's."""
        request, read = flight.request, flight.read + len(fact.trades)
        if repeats:
            problem = f"The venue gives the same page of its history again and again; {read} fills were read."
            self._context.reply(flight.reply_to, RequestFailed(problem, why=RejectReason.NO_ANSWER, reason=problem))
            return
        if fact.cursor is not None:
            following = evolve(request, cursor=fact.cursor)
        elif flight.until is not None and request.end < flight.until:
            end = min(flight.until, request.end + request.end - request.start)
            following = evolve(request, start=request.end, end=end, cursor=None)
        else:
            self._context.reply(flight.reply_to, read)
            return
        sent = self._context.send(following, reply_to=flight.reply_to)
        sent.read, sent.until = read, flight.until

    # What became of orders

    def orders_listed(self, fact: facts.OrderHistoryListed) -> None:
        """One page. Orders whose fate is in question take it over; of the others, the feeds know more, and what has
        filled under each venue order id is of use."""
        flight = self._context.flights.find(requests.ListOrderHistory, fact.request_id)
        # A page may hold several rows of one id, oldest first: the last one counts.
        newest: dict[VenueOrderId, OrderView] = {view.venue_order_id: view for view in fact.orders}
        if self._context.rules.chain_history:
            for venue_order_id in self._older(newest.values()):
                self._disown(venue_order_id)
        asked_at = None if flight is None else self._context.by_venue(self._context.sent_at(flight))
        for view in newest.values():
            self._take_order(view, asked_at)
        if flight is None or not self._reading.is_own(fact.request_id):
            return
        self._context.flights.drop(fact.request_id)
        if self._reading.orders_read_to(flight.request, len(fact.orders), fact.cursor):
            self._is_over()

    def _older(self, views: Iterable[OrderView]) -> Iterator[VenueOrderId]:
        """Ids of older orders that had the client id of one of ours. The venue has one open order of a name at a time,
        so its rows follow each other as chains, each up to a row that has not been replaced; a chain ahead of the one
        that has an id of ours is another order's."""
        # For example the rows a→b (replaced), b (ended), c (open) of one client id, where c is ours: a and b are an
        # older order's, and their fills must never be counted for ours.
        chains: dict[WireId, list[list[VenueOrderId]]] = {}
        for view in views:
            if view.wire_id is not None:
                of_name = chains.setdefault(view.wire_id, [[]])
                of_name[-1].append(view.venue_order_id)
                if not view.replaced:
                    of_name.append([])
        for wire_id, of_name in chains.items():
            order = self._context.orders.by_wire_id(wire_id)
            if order is None:
                continue
            has_ours = [any(order.heard_under(each) is not None for each in ids) for ids in of_name]
            if any(has_ours):
                yield from chain.from_iterable(of_name[: has_ours.index(True)])

    def _take_order(self, view: OrderView, asked_at: int | None) -> None:
        # From what says least of an order of ours to what says most: not ours, an id in between, a replaced id, and the
        # order itself, which is taken over only while something about it is in question.
        order = self._identities.of(view, asked_at=asked_at)
        if order is None:
            if self._context.rules.chain_history and not self._identities.may_be_ours_since(view, asked_at):
                self._disown(view.venue_order_id)
            self._unclaimed.shown(view)
            self._external.took_history(view)
        elif view.replaced and (view.venue_order_id == order.venue_order_id or _has_no_id_yet(order)):
            if not order.accepted and not order.is_over:
                self._terms.adopt(order, view, view.time)
            order.seen_in = 0  # it goes on under an id that a later row names
            self._fills.notice_total(order, view, ahead=True)
            self._schedule.follow(order, None)
        elif self._is_unknown(order, view.venue_order_id):
            self._take_unknown_id(order, view)
        elif self._reading.is_examined(order) or order.inquiry is not None or _is_only_registered(order):
            self._settling.show(order, view, self._row(view))
        elif self._context.rules.chain_history:
            self._fills.notice_total(order, view)

    def _take_unknown_id(self, order: Order, view: OrderView) -> None:
        """An id that the order has had in between, or that it goes on under: unless this login has shown it under
        another, or it goes by the one that the answer to its placement named, and no row says "replaced" of that."""
        is_shown = order.seen_in == self._context.login or not order.accepted
        has_gone_on = order.venue_order_id is not None and is_shown
        is_adopted = order.request_id is None
        if is_adopted and view.time < self._context.placed_by_venue(order):
            return  # what it was before it was adopted counts as heard
        chains = self._context.rules.chain_history  # elsewhere only a fired stop goes on under another id
        if chains and has_gone_on and view.status is not None and view.status.is_terminal:
            self._disown(view.venue_order_id)  # an older order of that name, which has ended
        elif view.replaced:
            self._context.record(FormerId(identity=order.identity, venue_order_id=view.venue_order_id))
            self._fills.notice_total(order, view, ahead=True)
        elif not (chains and has_gone_on):  # else the row is older than the login, and a later reading shows more
            self._settling.show(order, view, self._row(view))

    def _disown(self, venue_order_id: VenueOrderId) -> None:
        """It is another order's, whatever client id it names, so its fills are not ours, either."""
        self._context.disown(venue_order_id)

    def _is_unknown(self, order: Order, venue_order_id: VenueOrderId) -> bool:
        """True for an id that the order has had in between, of which no message has reported."""
        return venue_order_id != order.venue_order_id and not self._context.orders.is_former_id(order, venue_order_id)

    def _row(self, view: OrderView) -> Evidence:
        """What a row proves. Where each step of an order has its own, one that shows it live is as old as that step."""
        evidence = self._evidence(Source.HISTORY)
        return evolve(evidence, at=min(evidence.at, view.as_of), lag=0) if view.as_of else evidence

    def _evidence(self, source: Source) -> Evidence:
        return Evidence(source=source, at=self._reading.asked_at, lag=self._context.rules.lists_lag)

    # The end of a reading

    def _is_over(self) -> None:
        """A whole reading is over: what it does not show has not happened until then."""
        # Fills first: an order that has all its fills needs no other proof of its end.
        orders, fills = self._evidence(Source.HISTORY), self._evidence(Source.FILLS)
        self._fills.window_read(fills.holds_until)
        for order in self._reading.take_examined():
            self._settling.absent(order, orders)
        self._unclaimed.history_read()
        self._external.history_read(orders.holds_until)
        if any(self._questions.is_open(order, Question.FILLS) for order in self._questions.orders.values()):
            self._wait_for_more()
        else:
            self._attempts = 0
        self._reading.start()

    def _wait_for_more(self) -> None:
        """Fills are missing: history is read again when it cannot lag any more, and then slower and slower."""
        # What was reported as missing is read for at a slow pace; what is not told yet may just lag.
        if all(map(_is_told, self._questions.orders.values())):
            self._reading.want_slowly(self._attempts)
            self._attempts += 1
        else:
            self._reading.want_after_lag()

    def refused(self, flight: Flight[Reading], fact: facts.RequestRefused) -> None:
        self._context.flights.drop(flight.request_id)
        failure = RequestFailed(fact.reason, why=fact.why, reason=fact.reason)
        self._fail(flight, failure, certain=fact.outcome in (Outcome.DEFINITE, Outcome.NOT_FOUND))

    def answered(self, flight: Flight[Reading], fact: facts.RequestAnswered) -> None:
        warn_of_misfit(self._context, fact)

    def lost(self, flight: Flight[Reading], why: str) -> None:
        self._context.flights.drop(flight.request_id)
        self._fail(flight, RequestFailed(f"{why} Ask again.", why=RejectReason.NO_ANSWER, reason=why))

    def not_written(self, flight: Flight[Reading], reason: str, why: Why) -> None:
        self._fail(flight, NotSent(reason, why=why))

    def _fail(self, flight: Flight[Reading], error: RequestFailed | NotSent, *, certain: bool = False) -> None:
        if self._reading.is_own(flight.request_id):
            self._reading.failed(str(error), certain=certain)
        elif flight.client_order_id is not None:  # only the question for the fills of one order names an order
            self._fills.alone_over(cast("Flight[requests.ListFills]", flight))
        else:
            self._context.reply(flight.reply_to, error)


def _has_no_id_yet(order: Order) -> bool:
    """No message has named it: the first row of a chain is what it began as."""
    return order.venue_order_id is None and not order.is_over


def _is_only_registered(order: Order) -> bool:
    """True for an order that was not submitted in this run, and of which nothing was heard but that it is ours: this
    row may be the only one that says what became of it."""
    return order.request_id is None and not order.accepted and not order.status.is_terminal


def _when(trade: Trade) -> int:
    return trade.time


def _is_told(order: Order) -> bool:
    inquiry = order.inquiry
    opened = None if inquiry is None else inquiry.open.get(Question.FILLS)
    return opened is None or opened.told
