"""A change that says what may still fill means the same at every venue, whatever has filled before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
import trio
from attrs import frozen
from trio.testing import MockClock

from actors import (
    Client,
    EventStream,
    NewOrder,
    NotSent,
    Order,
    OrderStatus,
    Side,
    SimulatedVenue,
    StrategyId,
    commands,
    events,
    open_client,
)
from protocol.requests import ReplaceOrder
from protocol.values import ClientOrderId
from protocol.venue import VenueRules

from ..order_life import GOLD, Rig, took, traded, view
from ..trading import config_for, open_quiet_venue, until


@frozen
class Market:
    """unit: the quantity that the tests count in; price, other: of two levels."""

    instrument: str
    unit: Decimal
    price: str
    other: str

    @property
    def symbol(self) -> str:
        return self.instrument.rpartition(".")[0]


MARKETS = {
    "ax": Market("XAU-PERP.AX", Decimal(1), "2400.0", "2401.0"),
    "kraken-futures": Market("PF_XBTUSD.KRAKEN-FUTURES", Decimal("0.1"), "60000", "60001"),
    "kraken-spot": Market("BTC/USD.KRAKEN", Decimal("0.1"), "60000.0", "60001.0"),
}
each = pytest.mark.parametrize("name", list(MARKETS))


@frozen
class Stage:
    """An order for 10 units, of which 4 have filled."""

    venue: SimulatedVenue
    client: Client
    stream: EventStream
    order: Order
    market: Market

    async def sell_to_us(self, units: int, price: str) -> None:
        quantity = units * self.market.unit
        await self.venue.trade(self.market.symbol, Side.SELL, price=price, quantity=quantity)

    async def leaves(self) -> Decimal:
        """In units."""
        state = await self.order.state()
        assert state.leaves is not None
        return state.leaves / self.market.unit


@asynccontextmanager
async def partly_filled(name: str) -> AsyncIterator[Stage]:
    market = MARKETS[name]
    async with open_quiet_venue(name=name) as venue, open_client(config_for(venue)) as client:
        with client.events() as stream:
            quantity = 10 * market.unit
            bid = NewOrder.limit(market.instrument, Side.BUY, quantity=quantity, price=market.price)
            order = await client.submit(bid)
            await order.accepted()
            stage = Stage(venue, client, stream, order, market)
            await stage.sell_to_us(4, market.price)
            await until(stream, events.Filled)
            yield stage


@each
@pytest.mark.parametrize("units", [2, 6, 25])
async def test_so_much_may_fill_afterwards_and_no_more(autojump_clock: MockClock, name: str, units: int) -> None:
    async with partly_filled(name) as at:
        await at.client.replace(at.order, leaves=units * at.market.unit, price=at.market.other)
        await until(at.stream, events.Updated)
        assert await at.leaves() == units
        await at.sell_to_us(40, at.market.other)
        state = await at.order.filled()
        assert state.cumulative == (4 + units) * at.market.unit
        assert sum(each.quantity for each in at.venue.executions()) == (4 + units) * at.market.unit


@each
async def test_two_changes_in_a_row_count_what_filled_between(autojump_clock: MockClock, name: str) -> None:
    async with partly_filled(name) as at:
        await at.client.replace(at.order, leaves=5 * at.market.unit, price=at.market.other)
        await until(at.stream, events.Updated)
        await at.sell_to_us(2, at.market.other)
        await until(at.stream, events.Filled)
        await at.client.replace(at.order, leaves=7 * at.market.unit)
        await until(at.stream, events.Updated)
        assert await at.leaves() == 7
        await at.sell_to_us(7, at.market.other)
        assert (await at.order.done()).status is OrderStatus.FILLED
        assert (await at.order.state()).cumulative == 13 * at.market.unit


@each
async def test_it_stands_in_place_of_a_quantity(autojump_clock: MockClock, name: str) -> None:
    async with partly_filled(name) as at:
        with pytest.raises(NotSent, match="quantity or what it leaves, not both"):
            await at.client.replace(at.order, quantity=10 * at.market.unit, leaves=6 * at.market.unit)
        with pytest.raises(NotSent, match="cancel it instead"):
            await at.client.replace(at.order, leaves=0)


@each
async def test_what_it_comes_to_is_checked_as_a_quantity(autojump_clock: MockClock, name: str) -> None:
    async with partly_filled(name) as at:
        with pytest.raises(NotSent, match=f"The change of order {at.order.client_order_id} was not sent: "):
            await at.client.replace(at.order, leaves="0.0000000001")
        assert await at.leaves() == 6
        await at.client.replace(at.order, leaves=at.market.unit, price=at.market.other)
        await until(at.stream, events.Updated)
        assert await at.leaves() == 1, "what was refused holds nothing back"


@pytest.mark.parametrize("name", ["kraken-futures", "kraken-spot"])
async def test_a_fill_that_the_change_meets_is_part_of_what_it_leaves(autojump_clock: MockClock, name: str) -> None:
    """Where the venue counts on: never more than was wanted when the change was sent."""
    async with partly_filled(name) as at:
        await at.client.replace(at.order, leaves=6 * at.market.unit, price=at.market.other)
        await at.sell_to_us(40, at.market.other)
        await trio.sleep(1)
        await at.sell_to_us(40, at.market.other)
        assert (await at.order.filled()).cumulative == 10 * at.market.unit


async def test_the_part_of_a_batch_counts_alike(autojump_clock: MockClock) -> None:
    async with partly_filled("kraken-futures") as at:
        name, instrument = at.order.client_order_id, at.order.identity.instrument
        change = commands.Replace(client_order_id=name, instrument=instrument, leaves=2 * at.market.unit)
        await at.client.batch([change])
        await until(at.stream, events.Updated)
        assert await at.leaves() == 2


@each
async def test_of_an_adopted_order_the_fills_before_count_as_well(autojump_clock: MockClock, name: str) -> None:
    async with partly_filled(name) as theirs, open_client(config_for(theirs.venue)) as client:
        (report,) = await client.open_orders()
        order = await client.adopt(report, strategy=StrategyId("mm"))
        with order.events() as news:
            await client.replace(order, leaves=5 * theirs.market.unit, price=theirs.market.other)
            async for event in news:
                if isinstance(event, events.Updated):
                    break
        assert (await order.state()).leaves == 5 * theirs.market.unit
        await theirs.sell_to_us(40, theirs.market.other)
        assert (await order.filled()).cumulative == 9 * theirs.market.unit
        assert sum(each.quantity for each in theirs.venue.executions()) == 9 * theirs.market.unit


# What is counted


def wire_quantity(rig: Rig, **terms: Any) -> Any:
    rig.ask(commands.Replace(client_order_id=ClientOrderId("a1"), instrument=GOLD.id, **terms))
    (request,) = [request for request in rig.sent() if isinstance(request, ReplaceOrder)]
    return request.quantity


@pytest.mark.parametrize(("in_place", "wanted"), [(True, 9), (False, 5)])
def test_only_a_venue_that_changes_in_place_counts_what_has_filled(in_place: bool, wanted: int) -> None:
    rig = Rig(rules=VenueRules(venue="TEST", changes_in_place=in_place))
    rig.live("a1", "v1")
    rig.hear(traded("v1", "t1", 4, 4, 1))
    rig.sent()
    assert wire_quantity(rig, leaves=5) == wanted


def test_a_quantity_goes_out_as_it_is() -> None:
    rig = Rig(rules=VenueRules(venue="TEST", changes_in_place=True))
    rig.live("a1", "v1")
    rig.hear(traded("v1", "t1", 4, 4, 1))
    rig.sent()
    assert wire_quantity(rig, quantity=5) == 5


def test_fills_that_the_venue_counts_and_has_not_told_are_counted() -> None:
    rig = Rig(rules=VenueRules(venue="TEST", changes_in_place=True))
    rig.live("a1", "v1")
    rig.ask(commands.OpenOrders())
    (question,) = rig.sent()
    rig.hear(took(question.request_id, orders=(view("v1", 1, cumulative=Decimal(4)),)))
    rig.sent()
    assert wire_quantity(rig, leaves=5) == 9
