"""Asking where single orders stand: which order is asked for when, and by which id. One query an order, and few at
once.

An order's query goes by its venue order id, else by its wire id; a trail in its inquiry names what to ask by instead.
Orders that a login leaves out come one after the other, without an object for each of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from attrs import evolve

from .. import requests
from ..values import RequestId, VenueOrderId
from ..venue import SECOND
from .context import Context
from .decisions import QueryDue
from .in_flight import Flight
from .inquiries import NO_TRAIL, Question, Stage
from .questions import ASKED_BY_STATUS, Questions
from .tracking import Order

__all__ = ["MOST_QUERIES_AT_ONCE", "QuerySchedule"]

MOST_QUERIES_AT_ONCE: Final = 16
"""Status queries of our own that may be on their way; the others wait, so that a reconnect with a million orders
neither floods the venue nor crowds out the user's requests."""
REPEATED: Final = 3
"""How often the last of the pauses is repeated before that: the deadline of a placement and the lag of the lists
may be over two minutes after it was sent, and until then "no such order" proves nothing."""
SLOW_PACE: Final = 300 * SECOND
"""How often an order is asked for of which it has been reported that its status is not known."""


class QuerySchedule:
    """Owns whose turn it is; how far the asking has come stands in the inquiries of the orders."""

    def __init__(self, context: Context, questions: Questions) -> None:
        self._context = context
        self._questions = questions
        # Asked for by name: they have an inquiry, and go first.
        self._waiting: deque[Order] = deque()
        # Left out by a login or a list: they get an inquiry when their turn comes. Many of them will have been heard of
        # by then, and need none.
        self._missing: deque[Order] = deque()
        self._missing_since: int | None = None
        self._left_out = self._under_way = 0

    @property
    def missing(self) -> int:
        """How many orders that a login or a list left out have not been asked for yet, those included that were heard
        of since."""
        return len(self._missing)

    def is_missing(self, order: Order) -> bool:
        """Whether the order was left out, and waits for its turn to be asked for."""
        return bool(self._missing) and order.inquiry is None and order.seen_in != self._context.login

    def soon(self, order: Order) -> None:
        """Asks as soon as there is a place. Where no question is open, it is whether the order was placed, or lives."""
        inquiry = self._questions.inquiry_of(order)
        if not inquiry.open:
            self._questions.ask(order, Question.END if order.accepted else Question.OUTCOME)
        if inquiry.stage in (Stage.IDLE, Stage.LATER):
            inquiry.stage = Stage.WAITING
            self._waiting.append(order)
        self.start()

    def stand(self, order: Order) -> None:
        """Asks until it is known where the order stands, whatever else is open about it."""
        self._questions.ask(order, Question.END if order.accepted else Question.OUTCOME)
        self.soon(order)

    def follow(self, order: Order, venue_order_id: VenueOrderId | None) -> None:
        """Asks as soon as there is a place: the order was replaced, by the one with this venue order id. None: it was
        not named, so its wire id must tell."""
        self._questions.ask(order, Question.TERMS)
        self._questions.inquiry_of(order).trail = venue_order_id
        self.soon(order)

    def ask_former(self, order: Order, venue_order_id: VenueOrderId) -> None:
        """Asks once how much had filled under an id that the order had before."""
        self._questions.ask(order, Question.FILLS)
        self._questions.inquiry_of(order).trail = venue_order_id
        self.soon(order)

    def later(self, order: Order) -> None:
        """Asks after a pause that grows with every attempt."""
        inquiry = self._questions.inquiry_of(order)
        if not inquiry.open:
            self._questions.ask(order, Question.END if order.accepted else Question.OUTCOME)
        # One query an order: a second reason to ask changes nothing about when.
        if inquiry.stage is not Stage.IDLE:
            return
        delays = self._context.rules.query_delays
        pause = delays[min(inquiry.attempts, len(delays) - 1)]
        # Slow only once every question has been reported as open: until then `Reconciled` is waited for.
        is_slow = inquiry.attempts >= len(delays) + REPEATED
        if is_slow and all(opened.told for opened in inquiry.open.values()):
            pause = SLOW_PACE
        inquiry.attempts += 1
        inquiry.stage = Stage.LATER
        self._context.timers.add(self._context.now.monotonic_ns + pause, QueryDue(order.identity.client_order_id))

    def due(self, due: QueryDue) -> None:
        order = self._context.orders.by_client_order_id(due.client_order_id)
        if order is not None and order.inquiry is not None and order.inquiry.stage is Stage.LATER:
            self.soon(order)

    def look_for(self, missing: Iterable[Order]) -> None:
        """Orders of ours that a login left out: each is asked for when its turn comes, unless it is heard of before."""
        self._missing, self._missing_since = deque(missing), None
        self._left_out = self._context.by_venue(self._context.now.wall_ns)
        for order in self._missing:
            if order.inquiry is not None:
                order.inquiry.left_out = self._left_out  # an answer may come before its turn does
        self.start()

    def look_for_also(self, missing: Iterable[Order], since: int) -> None:
        """Orders of ours that a list left out, likewise. since: from when on history may report them, ns since 1970 by
        the venue's clock."""
        if not self._missing:
            self._missing_since = since
        for order in missing:
            order.seen_in = 0
            self._missing.append(order)
        self.start()

    def again(self) -> None:
        """After a login: asks again for every order with a question that its status may answer."""
        for order in list(self._questions.orders.values()):
            inquiry = order.inquiry
            assert inquiry is not None  # it is one with questions
            if ASKED_BY_STATUS & inquiry.open.keys():
                self.soon(order)

    def start(self) -> None:
        """Sends as many queries as may be on their way at once. What was asked for by name goes first."""
        while self._context.ready and self._under_way < MOST_QUERIES_AT_ONCE:
            order = self._next()
            if order is None:
                return
            self._send(order)

    def _next(self) -> Order | None:
        # Orders stay in these queues when their reason is gone; the stage and the login tell, which is cheaper than a
        # search in the queue.
        while self._waiting:
            order = self._waiting.popleft()
            if order.inquiry is not None and order.inquiry.stage is Stage.WAITING:
                if order.can_be_named:
                    return order
                self._give_up(order)
        while self._missing:
            order = self._missing.popleft()
            if order.status.is_terminal or order.seen_in == self._context.login:
                continue
            inquiry = self._questions.inquiry_of(order)
            # How it stood at the login, so that `Reconciled` can count it as changed or not.
            inquiry.standing = (order.status, order.venue_order_id)
            inquiry.left_out = max(inquiry.left_out, self._left_out)
            self._questions.ask(order, Question.END if order.accepted else Question.OUTCOME, self._missing_since)
            self._questions.note(order)
            if not order.can_be_named:
                self._give_up(order)
            elif inquiry.stage in (Stage.IDLE, Stage.LATER):
                return order
        return None

    def _give_up(self, order: Order) -> None:
        """The venue cannot be asked for it by any name: what is open is reported as such, and only news settle it."""
        inquiry = order.inquiry
        assert inquiry is not None
        inquiry.stage = Stage.IDLE
        for question in tuple(inquiry.open):
            self._questions.tell(order, question)

    def _send(self, order: Order) -> None:
        inquiry = order.inquiry
        assert inquiry is not None
        # Counted here and not by the flights: a query of the user's must not take one of these places.
        self._under_way += 1
        inquiry.stage = Stage.UNDER_WAY
        self._context.send(self._next_query(order), client_order_id=order.identity.client_order_id, own_query=True)

    def once(self, order: Order) -> None:
        """Asks for an order of which no question is open, and that was asked for before."""
        if self._context.ready and self._under_way < MOST_QUERIES_AT_ONCE:
            self._under_way += 1
            request = self.query_for(order, self._context.flights.next_internal_id())
            self._context.send(request, client_order_id=order.identity.client_order_id, own_query=True)

    def _next_query(self, order: Order) -> requests.QueryOrder:
        inquiry, request_id = order.inquiry, self._context.flights.next_internal_id()
        assert inquiry is not None
        # A trail is followed once. What it leads to names the next one, if there is one.
        trail, inquiry.trail = inquiry.trail, NO_TRAIL
        if trail == NO_TRAIL:
            return self.query_for(order, request_id)
        wire_id = order.identity.wire_id
        if trail is None and (wire_id is None or self._context.orders.by_wire_id(wire_id) is not order):
            return self.query_for(order, request_id)  # that wire id would find another order
        return requests.QueryOrder(
            request_id=request_id,
            venue_order_id=None if trail is None else VenueOrderId(trail),
            wire_id=wire_id if trail is None else None,
            since=self._placed_at(order) if trail is None else 0,
        )

    def query_for(self, order: Order, request_id: RequestId) -> requests.QueryOrder:
        """By venue order id where it is known, else by wire id."""
        venue_order_id = order.venue_order_id
        return requests.QueryOrder(
            request_id=request_id,
            venue_order_id=venue_order_id,
            wire_id=order.identity.wire_id if venue_order_id is None else None,
            since=self._placed_at(order) if venue_order_id is None else 0,
        )

    def _placed_at(self, order: Order) -> int:
        """ns since 1970 by the venue's clock, or earlier; 0 for an order that was not placed here: it may be older than
        we know it."""
        return 0 if order.request_id is None else self._context.placed_by_venue(order)

    def go_on(self, query: Flight, request: requests.QueryOrder, cursor: str) -> None:
        """The order is in none of the lists that were read: asks for the next one."""
        order = self._context.order_of(query)
        if query.own_query and (order is None or order.is_over):
            self.over(query)
            return
        following = self._context.send(
            evolve(request, cursor=cursor),
            client_order_id=query.client_order_id,
            reply_to=query.reply_to,
            own_query=query.own_query,
        )
        following.begun_at = query.asked_at

    def over(self, query: Flight) -> None:
        """A query of our own was answered, refused or given up: asks again while a question is open."""
        self._under_way -= 1
        order = self._context.order_of(query)
        if order is not None and order.inquiry is not None:
            inquiry = order.inquiry
            if inquiry.stage is Stage.UNDER_WAY:
                inquiry.stage = Stage.IDLE
            # A trail goes on at once: it is a new question. The same question again waits for a pause.
            if inquiry.trail != NO_TRAIL:
                self.soon(order)
            elif ASKED_BY_STATUS & inquiry.open.keys() and not order.status.is_terminal:
                self.later(order)
        self.start()

    def reset(self) -> None:
        """The connection is gone, and every query with it; the next login asks anew."""
        for order in self._questions.orders.values():
            if order.inquiry is not None:
                order.inquiry.stage, order.inquiry.attempts, order.inquiry.trail = Stage.IDLE, 0, NO_TRAIL
        self._waiting.clear()
        self._missing.clear()
        self._under_way = 0
