"""A program that places very many orders, of which a few go on working, and then waits to be killed.

    python -m tests.crash.many_orders VENUE URL JOURNAL COUNT WORKING

It prints `placed` when all but the working ones have ended.
"""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import Final

import trio

from actors import Client, NewOrder, NotSent, Order, TradingError, open_client
from protocol.values import Side, TimeInForce

from .fast_clock import fast_clock
from .markets import MARKETS
from .trader import config_of

AT_ONCE: Final = 20


def order_of(venue: str, number: int, *, works: bool) -> NewOrder:
    """One that works rests away from the market; another one finds nobody, and ends."""
    market = MARKETS[venue]
    return NewOrder.limit(
        market.instrument,
        Side.BUY,
        quantity=(100 + number % 100) * market.unit,
        price=market.reference - Decimal(50 + number % 300) * market.step,
        time_in_force=TimeInForce.GTC if works else TimeInForce.IOC,
    )


async def submit(client: Client, order: NewOrder) -> Order:
    """As soon as the venue's limits leave room."""
    while True:
        try:
            return await client.submit(order)
        except NotSent as refusal:
            if refusal.retry_after is None:
                raise
            await trio.sleep(refusal.retry_after)


async def place(client: Client, order: NewOrder) -> None:
    placed = await submit(client, order)
    if order.time_in_force is TimeInForce.GTC:
        await placed.accepted()
    else:
        await placed.done()


async def run(venue: str, url: str, journal: str, count: int, working: int) -> None:
    async with open_client(config_of(venue, url), journal=journal) as client:
        room = trio.CapacityLimiter(AT_ONCE)
        those_that_work = {count * each // working for each in range(working)}

        async def place_one(number: int) -> None:
            async with room:
                try:
                    await place(client, order_of(venue, number, works=number in those_that_work))
                except TradingError as refusal:
                    print(f"refused {refusal}", flush=True)

        async with trio.open_nursery() as nursery:
            for number in range(count):
                nursery.start_soon(place_one, number)
        print("placed", flush=True)
        await trio.sleep_forever()


def main() -> None:
    venue, url, journal, count, working = sys.argv[1:]
    trio.run(run, venue, url, journal, int(count), int(working), clock=fast_clock())


if __name__ == "__main__":
    main()
