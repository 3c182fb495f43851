"""A whole client at each venue: no placement leaves it, no event is told and no caller answered before the commit."""

from __future__ import annotations

from decimal import Decimal

import pytest
import trio
from trio.testing import MockClock

from actors import Client, NewOrder, Side, SimulatedVenue, journaled_outbox, open_client
from actors.journal import Durability
from protocol.events import Filled
from protocol.journal import Row

from ..trading import config_for, open_quiet_venue
from .markets import AX, FUTURES, SPOT, Market
from .memory_store import MemoryDisk
from .witness import Witness

MARKETS = pytest.mark.parametrize("market", [AX, SPOT, FUTURES], ids=lambda market: market.venue)
ORDERS = 4


async def trade(market: Market, venue: SimulatedVenue, client: Client, witness: Witness) -> None:
    """Orders that are placed together, filled in part, changed and canceled."""

    async def one(number: int) -> None:
        price = Decimal(market.price) + number
        wanted = NewOrder.limit(market.instrument, Side.SELL, quantity=market.quantity, price=price)
        order = await client.submit(wanted)
        witness.answered(order.client_order_id)
        await order.accepted()
        if number % 2:
            await client.cancel(order)

    async with trio.open_nursery() as nursery:
        for number in range(ORDERS):
            nursery.start_soon(one, number)
            await trio.sleep(0.05)
    await trio.sleep(5)
    await venue.trade(market.symbol, Side.BUY, price=market.price, quantity=market.quantity)
    await trio.sleep(5)


async def watched(market: Market, durability: Durability, disk: MemoryDisk) -> Witness:
    """The session's witness, at its end. The disk becomes slow once the client is connected."""
    witness = Witness(disk)
    async with open_quiet_venue(name=market.venue) as venue, trio.open_nursery() as nursery:
        config = witness.config(config_for(venue))
        async with open_client(config, journal=witness.journal(durability)) as client:
            nursery.start_soon(witness.listen, client.events())
            await trio.sleep(1)
            disk.seconds_a_write = 0.3
            await trade(market, venue, client, witness)
            disk.seconds_a_write = 0
    return witness


@MARKETS
@pytest.mark.parametrize("durability", ["process", "power"])
async def test_nothing_leaves_before_its_commit_has_returned(
    autojump_clock: MockClock, market: Market, durability: Durability
) -> None:
    """With "process", too, once a write was slow: then commits are made beside the loop, which goes on."""
    disk = MemoryDisk(spend=autojump_clock.jump)
    witness = await watched(market, durability, disk)
    assert len(witness.placed) == ORDERS
    assert [event.sequence for event in witness.told] == list(range(1, len(witness.told) + 1))
    assert sum(isinstance(event, Filled) for event in witness.told) == 1
    assert witness.early == []


@pytest.mark.parametrize("durability", ["process", "power"])
async def test_every_row_was_synced_before_with_power_alone(autojump_clock: MockClock, durability: Durability) -> None:
    """What returned is on the disk: a loss of power at the end takes nothing, or all since the life began."""
    disk = MemoryDisk(spend=autojump_clock.jump)
    witness = await watched(AX, durability, disk)
    disk.lose_power()
    assert disk.tables.rows == (witness.kept if durability == "power" else [])


@MARKETS
async def test_a_client_that_does_not_wait_for_its_commits_is_caught(
    autojump_clock: MockClock, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the tests above can fail at all."""

    async def hasty(outbox: journaled_outbox._JournaledOutbox, rows: list[Row]) -> None:
        outbox.outcome = journaled_outbox.Outcome(rows, None, 0)
        outbox.wake.cancel()
        await outbox.life.run_beside(outbox.life.store.commit, rows)

    monkeypatch.setattr(journaled_outbox._JournaledOutbox, "_commit_beside", hasty)
    witness = await watched(market, "power", MemoryDisk(spend=autojump_clock.jump))
    assert any(each.startswith("sent") for each in witness.early)
    assert any(each.startswith("told") for each in witness.early)
    assert any(each.startswith("answered") for each in witness.early)
