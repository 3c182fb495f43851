"""More happens during an outage than one page of history holds: every fill is told, as fast as the budget allows."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
import trio
from attrs import define, evolve
from trio.testing import MockClock

from actors import Client, EventStream, NewOrder, Side, SimulatedVenue, events, open_client
from actors.net.connectors import Connector
from protocol.simulation.kraken_spot.settings import KrakenSpotExchangeSettings

from ..trading import config_for, drain, open_quiet_venue, until

BTC = "BTC/USD.KRAKEN"
STARTER = tuple(evolve(user, tier="starter") for user in KrakenSpotExchangeSettings().users)
"""Who has the smallest counter of calls: 15 points, of which 0.33 flow back in a second; a page of 50 fills costs two
(spec Kraken A.15)."""


@define
class Line:
    """A network that can be cut for new connections."""

    inner: Connector
    down: bool = False

    async def connect(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        if self.down:
            raise ConnectionRefusedError("the network is down")
        return await self.inner.connect(host, port, tls=tls)


def wall() -> int:
    return 1_800_000_000_000_000_000 + int(trio.current_time() * 1e9)


async def fill_while_down(venue: SimulatedVenue, line: Line, fills: int) -> None:
    """20 s without a network, in which an order of ours fills bit by bit."""
    line.down = True
    await venue.drop_connections()

    def fill(exchange: Any, now: Any) -> Iterable[Any]:
        for _ in range(fills // 20):
            yield from exchange.trade_against("BTC/USD", Side.SELL, Decimal(64000), Decimal("0.01"), now)

    for _ in range(20):
        await venue.act(lambda exchange, now: [*fill(exchange, now)])
        await trio.sleep(1)
    line.down = False


async def told_after(stream: EventStream) -> list[Any]:
    """What is told until the session knows where it stands."""
    await until(stream, events.Reconnected)
    return await until(stream, events.Reconciled)


@pytest.mark.parametrize(("fills", "within"), [(200, 30), (5000, 700)])
async def test_all_that_filled_during_an_outage_is_told_before_reconciled(
    autojump_clock: MockClock, fills: int, within: int
) -> None:
    async with open_quiet_venue(name="kraken-spot", wall_clock=wall, users=STARTER) as venue:
        assert venue.connector is not None
        line = Line(venue.connector)
        config = config_for(venue, tier="starter", connector=line, wall_clock=wall, request_timeout=5.0)
        async with open_client(config) as client:
            with client.events() as stream:
                order = await client.submit(NewOrder.limit(BTC, Side.BUY, quantity=100, price="64000"))
                await order.accepted()
                await until(stream, events.Accepted)
                await fill_while_down(venue, line, fills)
                began = trio.current_time()
                heard = await told_after(stream)
                took = trio.current_time() - began
                filled = [event for event in heard if isinstance(event, events.Filled)]
                assert len({event.trade_id for event in filled}) == len(filled) == fills
                assert (await order.state()).cumulative == Decimal(fills) / 100
                assert took < within
                await stop_reading(client, stream)


async def stop_reading(client: Client, stream: EventStream) -> None:
    """Nothing comes twice afterwards."""
    assert [event for event in await drain(stream, 70) if isinstance(event, events.Filled)] == []
    await client.close()


async def test_a_user_trades_and_reads_over_rest_while_a_long_history_is_read(autojump_clock: MockClock) -> None:
    async with open_quiet_venue(name="kraken-spot", wall_clock=wall, users=STARTER) as venue:
        assert venue.connector is not None
        line = Line(venue.connector)
        config = config_for(venue, tier="starter", connector=line, wall_clock=wall, rest_entry=True)
        async with open_client(config) as client:
            with client.events() as stream:
                order = await client.submit(NewOrder.limit(BTC, Side.BUY, quantity=100, price="64000"))
                await order.accepted()
                await fill_while_down(venue, line, 1000)
                await until(stream, events.Reconnected)
                await trio.sleep(20)  # the budget is down to what our own readings leave
                began = trio.current_time()
                await client.open_orders()
                other = await client.submit(NewOrder.limit(BTC, Side.BUY, quantity=1, price="50000"))
                await other.accepted()
                await client.cancel(other)
                await other.done()
                assert trio.current_time() - began < 1
                await until(stream, events.Reconciled)
                assert (await order.state()).cumulative == 10
