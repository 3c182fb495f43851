"""The books that these programs keep from the stream, and how they end: all canceled, and compared with the venue."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Set
from decimal import Decimal
from functools import partial
from typing import TypeVar

import trio
from attrs import define, field

from trio_orders import (
    Client,
    ClientOrderId,
    Money,
    NotSent,
    OutcomeUnknown,
    RequestFailed,
    Side,
    SimulatedVenue,
    TradeId,
    VenueOrderId,
    events,
)

__all__ = ["Books", "answer", "cancel_everything"]

Answer = TypeVar("Answer")
NOTHING = Decimal(0)
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
"""Seconds between tries. They grow, because calls of a program go before those of its client: one that asks in haste
uses up the venue's budget, and nothing is left to find out what became of an order whose answer was lost."""
PATIENCE = 30
"""Seconds to wait for an order whose fate is not known, before the next cancel."""
NONE: frozenset[VenueOrderId] = frozenset()


@define
class Books:
    """What was traded of one instrument, and what became of each order.

    position: units bought less units sold; furthest: the largest that it has been, long or short; cash: quote currency
    taken in less paid out, before fees; fees: by currency, negative for rebates; ended: orders that are not open any
    more; unpaid: fills whose fee is not known yet; blind: the venue's history is not read, so any fill may be missing;
    first, last: when the first and the last fill were, ns since 1970 by the venue's clock.
    """

    position: Decimal = NOTHING
    furthest: Decimal = NOTHING
    cash: Decimal = NOTHING
    fees: dict[str, Decimal] = field(factory=dict[str, Decimal])
    trades: list[str] = field(factory=list[str])
    ended: set[ClientOrderId] = field(factory=set[ClientOrderId])
    unpaid: set[TradeId] = field(factory=set[TradeId])
    blind: bool = False
    first: int = 0
    last: int = 0
    changed: trio.Event = field(factory=trio.Event)
    _heard: dict[ClientOrderId, Decimal] = field(factory=dict[ClientOrderId, Decimal])
    _counted: dict[ClientOrderId, Decimal] = field(factory=dict[ClientOrderId, Decimal])

    def executed(self, order: ClientOrderId) -> Decimal:
        """How much of an order has filled: the fills that were heard, or what the venue counts where that is more."""
        return max(self._heard.get(order, NOTHING), self._counted.get(order, NOTHING))

    @property
    def certain(self) -> bool:
        """False while fills are missing, so that the position is not known; they come once the venue tells them."""
        heard = all(self._heard.get(order, NOTHING) >= counted for order, counted in self._counted.items())
        return heard and not self.blind

    def profit(self, price: Decimal) -> Decimal:
        """In quote currency, after fees in it. price: what a unit is worth now."""
        return self.cash + self.position * price - sum(self.fees.values(), NOTHING)

    def take(self, event: events.Event) -> None:
        """Books an event; each comes once and in order, whatever happened to the link."""
        match event:
            case events.Filled():
                self._heard[event.client_order_id] = event.cumulative
                self._book(event)
                if event.commission is None:
                    self.unpaid.add(event.trade_id)
                if event.status.is_terminal:
                    self.ended.add(event.client_order_id)
            case events.FillReport():
                self._book(event)
            case events.FeeReported():
                self.unpaid.discard(event.trade_id)
                self._pay(event.commission)
            case events.MissingFills(client_order_id=None):
                self.blind = True
            case events.MissingFills(client_order_id=order, reported=reported) if order is not None:
                self._counted[order] = reported
            case events.Reopened():
                self.ended.discard(event.client_order_id)
            case events.Canceled() | events.Expired() | events.Completed() | events.Rejected() | events.Denied():
                self.ended.add(event.client_order_id)
            case _:
                pass
        self.changed.set()

    async def follow(self, client: Client) -> None:
        """Books everything until the client is closed. To be started before anything is asked of the client."""
        with client.events() as stream:
            async for event in stream:
                self.take(event)

    async def finish(self, client: Client) -> set[VenueOrderId]:
        """Waits until every fill is booked, with its fee, and gives what the venue lists as open."""
        while not (self.certain and client.reconciliation.is_complete):
            await trio.sleep(0.1)
        while self.unpaid:  # AX tells fees in its history alone
            await answer(client, partial(client.read_fills, start=self.first, end=self.last + 1))
            await trio.sleep(0.1)
        return {order.venue_order_id for order in await answer(client, client.open_orders)}

    def agree_with(self, venue: SimulatedVenue, listed: Set[VenueOrderId], known: Set[VenueOrderId] = NONE) -> bool:
        """Says whether these books are those of the venue: each execution once, to the last cent, and the same orders
        open. listed: by the venue; known: here."""
        booked = venue.executions()
        signed = [(e.quantity if e.side is Side.BUY else -e.quantity, e.price) for e in booked]
        same = (
            sorted(self.trades) == sorted(execution.trade_id for execution in booked)
            and self.position == sum((quantity for quantity, _ in signed), NOTHING)
            and self.cash == -sum((quantity * price for quantity, price in signed), NOTHING)
            and sum(self.fees.values(), NOTHING) == sum((execution.fee for execution in booked), NOTHING)
        )
        print(f"position {self.position:f} after {len(self.trades)} fills, at the venue {len(booked)}; fees ", end="")
        print(*(f"{amount:f} {currency}" for currency, amount in self.fees.items()), end="; ")
        print(f"open: {len(known)}, at the venue {len(listed)}")
        print("The books agree." if same and listed == known else "The books DISAGREE.")
        return same and listed == known

    def _book(self, fill: events.Filled | events.FillReport) -> None:
        if fill.side is None:  # only where neither the execution nor the order was ever shown with one
            self.blind = True
            return
        bought = fill.last_quantity if fill.side is Side.BUY else -fill.last_quantity
        self.position += bought
        self.furthest = max(self.furthest, abs(self.position))
        self.cash -= bought * fill.last_price
        self.trades.append(fill.trade_id)
        self.first, self.last = self.first or fill.venue_time, max(self.last, fill.venue_time)
        if fill.commission is not None:
            self._pay(fill.commission)

    def _pay(self, commission: Money) -> None:
        self.fees[commission.currency] = self.fees.get(commission.currency, NOTHING) + commission.amount


async def answer(client: Client, ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """The venue's answer to a question, which changes nothing there, so that it may be asked again and again."""
    pause = FIRST_PAUSE
    while True:
        try:
            return await ask()
        except (NotSent, RequestFailed) as problem:
            if client.is_closed:
                raise
            print(f"asked again in a moment: {problem}")
        await trio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


async def cancel_everything(client: Client) -> None:
    """Cancels every order of the account, again and again, until none is tracked here and the venue lists none."""
    pause = FIRST_PAUSE
    while True:
        try:
            await client.cancel_all()
            with trio.move_on_after(PATIENCE):
                for order in await client.orders():
                    await order.done()
            if not await client.orders() and not await client.open_orders():
                return
        except (NotSent, RequestFailed, OutcomeUnknown) as problem:
            if client.is_closed:
                raise
            print(f"not all canceled yet: {problem}")
        await trio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
