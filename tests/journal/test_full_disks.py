"""A client whose journal has no room: whatever it is asked to place is refused, in one order or in many."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from actors import Client, NewOrder, open_client
from actors.journal import Journal
from protocol.errors import NotSent
from protocol.events import Accepted, Canceled, Denied
from protocol.reasons import Why
from protocol.values import Side

from ..trading import config_for, open_quiet_venue
from .markets import AX, FUTURES, SPOT, Market
from .memory_store import MemoryDisk, VirtualThread


def order_at(market: Market) -> NewOrder:
    return NewOrder.limit(market.instrument, Side.BUY, quantity=market.quantity, price=market.price)


async def refusal_of(client: Client, market: Market, count: int) -> NotSent:
    with pytest.raises(NotSent) as refused:
        if count == 1:
            await client.submit(order_at(market))
        else:
            await client.submit_all([order_at(market) for _ in range(count)])
    return refused.value


@pytest.mark.parametrize("is_known", [False, True], ids=["before it is known", "once it is known"])
@pytest.mark.parametrize(
    ("market", "count"),
    [(AX, 1), (SPOT, 1), (SPOT, 3), (FUTURES, 1), (FUTURES, 3)],
    ids=lambda value: getattr(value, "venue", value),
)
async def test_nothing_is_placed_on_a_full_disk_and_the_caller_hears_so(
    autojump_clock: MockClock, market: Market, count: int, is_known: bool
) -> None:
    disk = MemoryDisk()
    journal = Journal(path="orders.db", open_store=disk.opener, run_beside=VirtualThread(disk).run_sync)
    async with open_quiet_venue(name=market.venue) as venue, open_client(config_for(venue), journal=journal) as client:
        with client.events() as stream:
            earlier = await client.submit(order_at(market))
            await earlier.accepted()
            disk.fill()
            if is_known:
                await refusal_of(client, market, 1)
            refused = await refusal_of(client, market, count)
            assert refused.why is Why.JOURNAL
            assert "no room" in str(refused)
            await client.cancel(earlier)
            await trio.sleep(1)
            assert [order.client_order_id for order in await client.open_orders()] == []
            disk.make_room()
            await trio.sleep(10)
            await client.close()
            told = [event async for event in stream]
    assert [event.client_order_id for event in told if isinstance(event, Accepted | Canceled)] == [
        earlier.client_order_id,
        earlier.client_order_id,
    ]
    assert {event.why for event in told if isinstance(event, Denied)} <= {Why.JOURNAL}
