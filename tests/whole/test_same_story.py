"""One neutral story, told at every venue: what a program hears must be the same, whatever the wire."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import trio
from attrs import frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from actors import Client, NewOrder, Order, OrderStatus, Side, SimulatedVenue, TimeInForce, events, open_client
from actors.venues import VENUES

from ..trading import config_for, open_quiet_venue


@frozen
class Market:
    """Where the story takes place. unit: the quantity that the story counts in; prices: of the story's levels."""

    instrument: str
    unit: Decimal
    prices: tuple[str, ...]

    @property
    def symbol(self) -> str:
        return self.instrument.rpartition(".")[0]


MARKETS = {
    "ax": Market("XAU-PERP.AX", Decimal(10), ("2400.0", "2401.0", "2402.0")),
    "kraken-futures": Market("PF_XBTUSD.KRAKEN-FUTURES", Decimal("0.1"), ("60000", "60001", "60002")),
    "kraken-spot": Market("BTC/USD.KRAKEN", Decimal("0.1"), ("60000.0", "60001.0", "60002.0")),
}


# Steps of a story. order: which of our orders, counted from the first; units: how much.


@frozen
class Place:
    level: int
    units: int
    in_force: TimeInForce = TimeInForce.GTC


@frozen
class Trade:
    """Somebody sells to us at the best of our prices."""

    units: int


@frozen
class Change:
    order: int
    level: int


@frozen
class Cancel:
    order: int


@frozen
class LoseConnection:
    """And somebody sells to us meanwhile."""

    units: int


Step = Place | Trade | Change | Cancel | LoseConnection


def test_every_venue_takes_part() -> None:
    assert set(MARKETS) == set(VENUES)


async def tell(name: str, steps: list[Step]) -> list[Any]:
    """What was heard of each of our orders, in units of the market."""
    market = MARKETS[name]
    async with open_quiet_venue(name=name) as venue, open_client(config_for(venue)) as client:
        with client.events() as stream:
            orders: list[Order] = []
            for step in steps:
                await take(step, market, venue, client, orders)
                await trio.sleep(22)
            states = [await order.state() for order in orders]
            await client.close()
            heard = [event async for event in stream]
        names = [order.client_order_id for order in orders]
        known = [event for event in heard if isinstance(event, events.OrderEvent)]
        fills = {event.trade_id for event in known if isinstance(event, events.Filled)}
        assert fills == {execution.trade_id for execution in venue.executions()}
        told = [plain(event, names.index(event.client_order_id), market) for event in known if is_told(event)]
        stands = [
            (number, "stands", state.status, state.cumulative / market.unit) for number, state in enumerate(states)
        ]
        # Of two orders, history need not tell which one traded first.
        return sorted(told + stands, key=lambda line: line[0])


async def take(step: Step, market: Market, venue: SimulatedVenue, client: Client, orders: list[Order]) -> None:
    match step:
        case Place(level, units, in_force):
            quantity, price = units * market.unit, market.prices[level]
            order = NewOrder.limit(market.instrument, Side.BUY, quantity=quantity, price=price, time_in_force=in_force)
            orders.append(await client.submit(order))
        case Trade(units):
            await sell(units, market, venue)
        case Change(number, level):
            order = await live(number, orders)
            # To the same price some venues keep an order's place in the queue, and others do not.
            if order is not None and (await order.state()).price != Decimal(market.prices[level]):
                await client.replace(order, price=market.prices[level])
        case Cancel(number):
            order = await live(number, orders)
            if order is not None:
                await client.cancel(order)
        case LoseConnection(units):
            await venue.drop_connections()
            await sell(units, market, venue)


async def sell(units: int, market: Market, venue: SimulatedVenue) -> None:
    await venue.trade(market.symbol, Side.SELL, price=market.prices[0], quantity=units * market.unit)


async def live(number: int, orders: list[Order]) -> Any:
    if number >= len(orders):
        return None
    return None if (await orders[number].state()).status.is_terminal else orders[number]


def is_told(event: events.OrderEvent) -> bool:
    """When a fee becomes known differs, a change that changes nothing is told by some, and who says that an order is
    complete: its last fill, or the venue when it is asked. How each order stands in the end does not differ."""
    return not isinstance(event, events.FeeReported | events.Updated | events.Completed)


def plain(event: events.OrderEvent, number: int, market: Market) -> tuple[Any, ...]:
    if isinstance(event, events.Filled):
        level = [Decimal(price) for price in market.prices].index(event.last_price)
        amounts = (event.last_quantity, event.cumulative, event.leaves)
        return (number, "Filled", level, *(amount / market.unit for amount in amounts))
    if isinstance(event, events.Canceled):
        return (number, "Canceled", event.cumulative / market.unit)
    if isinstance(event, events.Rejected | events.Denied):
        return (number, "refused")
    return (number, type(event).__name__)


LEVELS = st.integers(0, 2)
UNITS = st.integers(1, 6)
STEPS = st.one_of(
    st.builds(Place, LEVELS, UNITS),
    st.builds(Trade, UNITS),
    st.builds(Trade, UNITS),
    st.builds(Change, st.integers(0, 3), LEVELS),
    st.builds(Cancel, st.integers(0, 3)),
    st.builds(LoseConnection, UNITS),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, min_size=2, max_size=8))
def test_the_same_story_is_heard_at_every_venue(steps: list[Step]) -> None:
    told = {name: trio.run(tell, name, steps, clock=MockClock(autojump_threshold=0)) for name in MARKETS}
    first = told["ax"]
    for name, heard in told.items():
        assert heard == first, name


@pytest.mark.parametrize("name", MARKETS)
def test_the_story_is_not_empty(name: str) -> None:
    steps: list[Step] = [Place(0, 5), Trade(2), LoseConnection(1), Change(0, 1), Cancel(0)]
    heard = trio.run(tell, name, steps, clock=MockClock(autojump_threshold=0))
    assert [what for _, what, *_ in heard] == ["Submitted", "Accepted", "Filled", "Filled", "Canceled", "stands"]
    assert heard[-2:] == [(0, "Canceled", 3), (0, "stands", OrderStatus.CANCELED, 3)]
