"""What a run does first that goes on with a journal: it takes over what the last run left, and asks for the rest.

A restart is a lost connection of which more was lost: every request on its way, every open question and every deadline.
So each order that was live is in doubt until this run's first login shows it, history is read from where the last run
had come, and:

- A placement without an outcome is `StatusUnknown` now, once, and never sent again. A lost request stands for it, for
  it tells until when the venue may still act on the order.
- An order with a change or a cancel whose outcome was not heard has its terms in question.
- Fills that were reported as missing are looked for on; orders that were called Denied are looked after as before.
- Orders of other sessions that were reported are no news, unless they have changed or ended meanwhile.
- The dead man's switch of the last run is set anew, or turned off, before anything is placed (see `cancel_all_after`).

Numbers of requests begin anew with each run, so the orders of earlier runs carry the number 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from attrs import frozen

from ..reasons import Why
from ..requests import PlaceOrder
from ..values import ZERO, OrderStatus, OrderType, Side, TimeInForce
from .account_state import AccountState, Departure
from .cancel_all_after import CancelAllAfter
from .context import Context
from .denied_orders import A_DAY, DeniedOrders
from .external_orders import ExternalOrders
from .fills import Fills
from .history_reading import HistoryReading
from .in_flight import Flight, Stage
from .inquiries import Question
from .list_schedule import ListSchedule
from .order_life import OrderLife
from .questions import Questions
from .tracking import OF_AN_EARLIER_RUN, Order
from .unclaimed_fills import UnclaimedFills

__all__ = ["Restart", "Takers"]

ENDED_BEFORE: Final = "The program ended before the venue had answered."
NO_DEPARTURE: Final = Departure(0, None)


@frozen(kw_only=True)
class Takers:
    """The parts that each take over what is theirs."""

    denied_orders: DeniedOrders
    external: ExternalOrders
    fills: Fills
    life: OrderLife
    lists: ListSchedule
    questions: Questions
    reading: HistoryReading
    switch: CancelAllAfter
    unclaimed: UnclaimedFills


class Restart:
    """Stateless. Each half is done once: `take_over` ahead of the first connection, `ask` behind it."""

    def __init__(self, context: Context, takers: Takers, left: AccountState) -> None:
        self._context = context
        self._takers = takers
        self._left = left

    def take_over(self) -> None:
        """Hands what the last run left to the parts that know it from now on."""
        context, left, takers = self._context, self._left, self._takers
        context.restarted_at, context.last_intent = context.now.wall_ns, left.last_intent
        if left.opened is not None:
            context.opened_at, context.is_opened_measured = left.opened.at, left.opened.is_measured
        takers.reading.complete_until = left.history_until
        if left.history_until is None and left.opened is not None:
            # How far history was read went with the power, or the run ended before its first login.
            takers.reading.complete_until = left.opened.at
        takers.switch.restore(left.switch)
        for seen in left.seen.values():
            takers.external.restore(seen)
        for venue_order_id in left.ended:
            ended = left.ended.get(venue_order_id)
            assert ended is not None  # a look lets no other go
            takers.external.restore(ended, has_ended=True)
        for venue_order_id in left.disowned:
            context.foreign.put(venue_order_id, 0)
        context.doubt_all()
        takers.reading.reset()  # what was replaced meanwhile goes on under ids that no message tells
        for order in self._orders():
            if order.request_id is not None:
                order.request_id = OF_AN_EARLIER_RUN
        for order in context.orders.live.values():
            if order.request_id is not None and not order.accepted:
                self._stand_for_placement(order)
        self._look_after_conclusions()

    def _orders(self) -> Iterable[Order]:
        orders = self._context.orders
        yield from orders.live.values()
        for name in orders.finished:
            order = orders.finished.get(name)
            assert order is not None  # a look lets no other go
            yield order

    def _stand_for_placement(self, order: Order) -> None:
        """A request that nothing will answer any more, for it knows when the placement left."""
        context, identity = self._context, order.identity
        departure = self._left.departures.get(identity.client_order_id, NO_DEPARTURE)
        sent_wall = departure.at or identity.local_time
        request = PlaceOrder(
            request_id=context.flights.next_internal_id(),
            symbol=identity.instrument.symbol,
            side=identity.side or Side.BUY,
            type=identity.type or OrderType.LIMIT,
            quantity=order.quantity or ZERO,
            price=order.price,
            trigger_price=order.trigger_price,
            time_in_force=order.time_in_force or TimeInForce.GTC,
            post_only=order.post_only,
            wire_id=identity.wire_id or "",
            tag=None,
            process_before=departure.process_before,
            own_deadline=True,  # nothing moves it any more
        )
        flight: Flight[PlaceOrder] = Flight(
            request=request,
            client_order_id=identity.client_order_id,
            connection=0,
            sent_at=context.now.monotonic_ns - max(0, context.now.wall_ns - sent_wall),
            sent_wall=sent_wall,
            stage=Stage.LOST,
            answered=order.venue_order_id is not None,
        )
        context.flights.by_id[request.request_id] = flight
        context.flights.earlier[identity.client_order_id] = request.request_id

    def _look_after_conclusions(self) -> None:
        """Ends that we concluded ourselves not long ago: the venue may contradict them still."""
        context, takers = self._context, self._takers
        for order in self._orders():
            age = context.now.wall_ns - order.changed_at
            if not order.may_be_live or not order.status.is_terminal or age > A_DAY:
                continue
            takers.lists.concluded()
            if order.why is Why.NEVER_ARRIVED:
                takers.denied_orders.restore(order, max(0, age))

    def ask(self) -> None:
        """Reports what is not known any more, and opens the questions that the first login is to answer."""
        context, left, takers = self._context, self._left, self._takers
        # A copy, because a loss may be followed by a cancel that looks at the live orders.
        for order in list(context.orders.live.values()):
            is_ours = order.request_id is not None
            if is_ours and order.status is OrderStatus.SUBMITTED and order.venue_order_id is None:
                takers.life.lose(order, ENDED_BEFORE)
        for name in {**left.changing, **left.canceling, **left.unclear}:
            doubtful = context.orders.live.get(name)
            if doubtful is not None:
                takers.questions.ask(doubtful, Question.TERMS)
        for name in left.unclear:
            unclear = context.orders.live.get(name)
            if unclear is not None:
                takers.unclaimed.doubt(unclear)
                takers.questions.ask(unclear, Question.END)
        for name, told in left.missing.items():
            lacking = context.orders.by_client_order_id(name)
            if lacking is not None and lacking.cumulative < told.total:
                takers.fills.go_on_missing(lacking, told)
