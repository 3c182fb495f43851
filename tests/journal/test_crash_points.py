"""One session of a whole client, ended within each write of its journal in turn; the next life goes on from there."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from decimal import Decimal
from typing import Literal

import pytest
import trio
from attrs import Factory, define
from trio.testing import MockClock

from actors import Client, NewOrder, Side, SimulatedVenue, TradingError, open_client
from actors.journal import Durability
from protocol.dispatch.record_json import record_to_json
from protocol.events import Event

from ..sim.venues import VENUES
from ..trading import config_for, open_quiet_venue
from .markets import AX, FUTURES, SPOT, Market
from .memory_store import Fault, Killed, MemoryDisk
from .witness import Witness

ORDERS = 4
End = Literal["kill", "power"]


@define
class Story:
    """Two lives of a client at one venue; the first one ends within a write of the journal."""

    market: Market
    durability: Durability
    disk: MemoryDisk
    told: list[Event] = Factory(list)
    """By the first life."""
    writes: int = 0
    """Of the first life."""

    async def tell(self, end: End) -> None:
        async with open_quiet_venue(name=self.market.venue) as venue:
            await self._first_life(venue)
            self.disk.faults.clear()
            self.writes = self.disk.writes
            if end == "power":
                self.disk.lose_power()
            await trio.sleep(1)
            await self._trade(venue, 0)  # nobody of ours listens
            await self._second_life(venue)

    async def _first_life(self, venue: SimulatedVenue) -> None:
        witness = Witness(self.disk)
        try:
            async with trio.open_nursery() as nursery:
                async with open_client(config_for(venue), journal=witness.journal(self.durability)) as client:
                    nursery.start_soon(witness.listen, client.events())
                    await trio.sleep(
                        1
                    )  # a venue's clock counts ms: what fills at once may be from before our beginning
                    await self._place(client)
                    await self._trade(venue, 0)
                    await trio.sleep(5)
        except* Killed:
            pass
        self.told = witness.told

    async def _place(self, client: Client) -> None:
        for number in range(ORDERS):
            price = Decimal(self.market.price) + number
            wanted = NewOrder.limit(self.market.instrument, Side.SELL, quantity=self.market.quantity, price=price)
            with suppress(TradingError):
                order = await client.submit(wanted)
                await order.accepted()
                if number % 2:
                    await client.cancel(order)

    async def _trade(self, venue: SimulatedVenue, number: int) -> None:
        """Of the cheapest order, a part."""
        price = Decimal(self.market.price) + number
        part = Decimal(self.market.quantity) * Decimal("0.2")
        await venue.trade(self.market.symbol, Side.BUY, price=price, quantity=part)

    async def _second_life(self, venue: SimulatedVenue) -> None:
        witness = Witness(self.disk)
        async with trio.open_nursery() as nursery:
            async with open_client(config_for(venue), journal=witness.journal(self.durability)) as client:
                nursery.start_soon(witness.listen, client.events())
                await trio.sleep(400)
                states = [await order.state() for order in await client.orders()]
                open_here = {state.venue_order_id for state in states if not state.status.is_terminal}
        self._compare(venue, open_here)

    def _compare(self, venue: SimulatedVenue, open_here: Collection[str | None]) -> None:
        events = self.disk.tables.events
        assert [row.sequence for row in events] == list(range(1, len(events) + 1)), "a hole in the stream"
        fills = [row.trade_id for row in events if row.kind in ("Filled", "FillReport")]
        assert len(fills) == len(set(fills)), "a fill came twice"
        assert set(fills) == {execution.trade_id for execution in venue.executions()}, "a fill was lost, or made up"
        exchange, look = venue.exchange, VENUES[self.market.venue].look
        ours = [order for order in exchange.engine.orders.values() if order.account in exchange.client_accounts]
        open_there = {view.order_id for view in map(look, ours) if view.end is None}
        named = {row.venue_order_id for row in events}
        assert open_there <= {*open_here, *named}, "an order is open of which nothing was said"
        assert set(open_here) <= open_there, "an order is not open any more, and that was not said"


async def check(market: Market, durability: Durability, end: End, at: int, kept: int | None) -> bool:
    """False: the session has fewer writes."""
    disk = MemoryDisk(faults=[Fault(does="kill", at=at, kept=kept)])
    story = Story(market, durability, disk)
    await story.tell(end)
    if durability == "power" or end == "kill":
        rows = {row.sequence: row.record for row in disk.tables.events}
        assert all(rows[event.sequence] == record_to_json(event) for event in story.told), "what was told is gone"
    return story.writes == at


@pytest.mark.parametrize("end", ["kill", "power"])
@pytest.mark.parametrize("durability", ["process", "power"])
@pytest.mark.parametrize(("market", "each"), [(AX, 1), (SPOT, 3), (FUTURES, 3)], ids=["ax", "spot", "futures"])
async def test_nothing_is_lost_whichever_write_was_the_last(
    autojump_clock: MockClock, market: Market, each: int, durability: Durability, end: End
) -> None:
    """each: of the writes every one, or every third; in turn nothing of the last one is in the file, and all of it."""
    at = 1
    while await check(market, durability, end, at, None if at % 2 else 0):
        at += each
    assert at > 15, "the session was too short to prove anything"
