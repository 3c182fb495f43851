"""python -m benchmarks.peer.ours PORT FILLS ORDERS TRIPS: the worker of this library's AX client."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import trio

from benchmarks.frames import venue_order_id
from benchmarks.products import PRODUCTS
from trio_orders import (
    Client,
    ClientOrderId,
    OutcomeUnknown,
    RequestFailed,
    StrategyId,
    VenueOrderId,
    events,
    open_client,
)

from .serving import CLIENT_ORDER_ID, PATIENCE, Load, serve

T = TypeVar("T")

AX = PRODUCTS["ax"]


async def register(client: Client, orders: int) -> None:
    for number in range(orders):
        await client.register_external_order(
            ClientOrderId(CLIENT_ORDER_ID.format(number)),
            VenueOrderId(venue_order_id("ax", number)),
            AX.instrument.id,
            StrategyId("bench"),
        )
    gc.collect()


async def ask(client: Client) -> None:
    """The feeder takes any request as the sign to begin, and answers none."""
    with contextlib.suppress(OutcomeUnknown, RequestFailed):
        await client.open_orders()


async def fills(load: Load) -> tuple[float, float]:
    """From the request that the feeder waits for until the last fill is in the subscriber's hands."""
    async with open_client(AX.config_for(load.port, "/fills")) as client:
        await register(client, load.orders)
        with client.events() as stream:
            count = 0
            began, used = time.perf_counter(), time.process_time()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(ask, client)
                async for event in stream:
                    if type(event) is events.Filled:
                        count += 1
                        if count == load.fills:
                            wall, processor = time.perf_counter() - began, time.process_time() - used
                            assert event.trade_id == load.last_trade
                            break
                nursery.cancel_scope.cancel()
        client.abort()
    return wall / load.fills * 1e6, processor / load.fills * 1e6


async def trips(load: Load) -> tuple[list[float], float]:
    spent = []
    async with open_client(AX.config_for(load.port, "/answer")) as client:
        with client.events() as stream:
            used = time.process_time()
            for _ in range(load.trips):
                began = time.perf_counter()
                await client.submit(AX.order)
                async for event in stream:
                    if type(event) is events.Accepted:
                        break
                spent.append((time.perf_counter() - began) * 1e6)
            processor = time.process_time() - used
        client.abort()
    return spent, processor / load.trips * 1e6


def measure(what: Callable[[Load], Awaitable[T]]) -> Callable[[Load], T]:
    async def within_patience(load: Load) -> T:
        with trio.fail_after(PATIENCE):
            return await what(load)

    return lambda load: trio.run(within_patience, load)


if __name__ == "__main__":
    serve(("trio", "websockets", "attrs", "msgspec"), measure(fills), measure(trips))
