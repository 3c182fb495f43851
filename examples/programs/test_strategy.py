"""How strategies are tested: an hour of trading in a few seconds, faults on demand, the venue's books to compare.

    pytest examples/programs        (needs the extra `programs`)

`autojump_clock` makes time virtual: when every task waits, the clock jumps to the moment when the first one wakes. So
the venue is reached in memory; over TCP the clock would jump while bytes are on their way.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest
import trio
from books import Books
from trio.testing import MockClock
from twap import FUTURE, Twap
from web_service import make_service

from trio_orders import Client, Side, SimulatedVenue, open_client
from trio_orders.testing import FaultKind, open_simulated_venue

HOUR = 3600


@asynccontextmanager
async def trading(name: str) -> AsyncGenerator[tuple[SimulatedVenue, Client, trio.Nursery], None]:
    """Nobody quotes: what fills, the test has arranged."""
    with trio.fail_after(2 * HOUR):  # a venue sends heartbeats, so a test that hangs would run on in virtual time
        async with (
            open_simulated_venue(name, transport="memory", quotes=False) as venue,
            open_client(venue.config()) as client,
            trio.open_nursery() as nursery,
        ):
            yield venue, client, nursery
            await client.close()


def twap_of(client: Client, seconds: int) -> Twap:
    """Buys one bitcoin in twelve slices."""
    return Twap(client=client, quantity=Decimal(1), limit=Decimal(65000), slices=12, seconds=seconds)


async def sell_all_the_time(venue: SimulatedVenue) -> None:
    while True:
        await trio.sleep(10)
        await venue.trade("PF_XBTUSD", Side.SELL, price=64000, quantity="0.05")


async def test_an_hour_of_slices_buys_all_and_no_more(autojump_clock: MockClock) -> None:
    async with trading("kraken-futures") as (venue, client, nursery):
        twap = twap_of(client, HOUR)
        nursery.start_soon(twap.follow, client)
        async with trio.open_nursery() as world:
            world.start_soon(sell_all_the_time, venue)
            await twap.run()
            world.cancel_scope.cancel()
        listed = await twap.finish(client)
    assert trio.current_time() == pytest.approx(HOUR, abs=10)
    assert twap.position == 1
    assert len(twap.orders) == 12
    assert twap.agree_with(venue, listed)


@pytest.mark.parametrize("kind", [FaultKind.REST_ERROR_EXECUTED, FaultKind.REST_ERROR, FaultKind.DROP_SESSIONS])
async def test_a_slice_whose_answer_is_lost_is_not_bought_twice(kind: FaultKind, autojump_clock: MockClock) -> None:
    async with trading("kraken-futures") as (venue, client, nursery):
        twap = twap_of(client, 600)
        nursery.start_soon(twap.follow, client)
        for _ in range(4):
            venue.fail_next(kind, of="/derivatives/api/v3/sendorder")
        async with trio.open_nursery() as world:
            world.start_soon(sell_all_the_time, venue)
            await twap.run()
            world.cancel_scope.cancel()
        listed = await twap.finish(client)
    assert twap.position == 1
    assert twap.agree_with(venue, listed)


async def test_a_program_that_waits_for_a_price_that_never_comes_buys_nothing(autojump_clock: MockClock) -> None:
    async with trading("kraken-futures") as (venue, client, nursery):
        twap = twap_of(client, 600)
        nursery.start_soon(twap.follow, client)
        await venue.trade("PF_XBTUSD", Side.SELL, price=66000, quantity=5, rest=True)
        await twap.run()
        listed = await twap.finish(client)
    assert twap.position == 0
    assert twap.agree_with(venue, listed)


async def test_the_web_service_says_504_when_the_order_may_be_live(autojump_clock: MockClock) -> None:
    async with trading("kraken-futures") as (venue, client, nursery):
        books = Books()
        nursery.start_soon(books.follow, client)
        caller = make_service(client, books).test_client()
        order = {"instrument": FUTURE, "side": "BUY", "quantity": "1", "price": 64000, "client_order_id": "mine"}

        venue.fail_next(FaultKind.REST_ERROR, of="/derivatives/api/v3/sendorder", code=502)
        assert (await caller.post("/orders", json=order)).status_code == 504
        assert (await (await caller.get("/orders/mine")).get_json())["status"] == "UNKNOWN"

        await trio.sleep(60)  # the venue takes it no more, and does not list it
        assert (await (await caller.get("/orders/mine")).get_json())["status"] == "DENIED"
        assert (await caller.post("/orders", json=order | {"client_order_id": "again"})).status_code == 201
        listed = await books.finish(client)
    assert len(listed) == 1
