"""The trading program of a campaign.

    python -m tests.crash.trader VENUE URL JOURNAL DURABILITY SEED [OWN-FILE]

It trades at random until it is killed. With OWN-FILE it is the journal's consumer, too, and keeps its events there.
With `final` for a SEED it does not trade: it waits until nothing is in question, prints its live orders, and ends.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any, Final, cast

import trio

from actors import Client, ClientConfig, NewOrder, OnClose, Order, OrderStatus, TradingError, open_client
from actors.journal import Durability, Journal
from actors.venues import venue_row
from protocol.values import Side, TraderId

from .fast_clock import fast_clock, wall_clock
from .markets import MARKETS, credentials
from .own_file import OwnFile, follow

FINAL: Final = "final"
LIVE: Final = 12
SIZE: Final = 100
PAUSE: Final = 0.1
QUIET: Final = 3.0
"""Seconds without anything new, after which nothing more is expected."""
PATIENCE: Final = 400.0


def config_of(venue: str, url: str) -> ClientConfig:
    row, options = venue_row(venue), {"tier": "pro"} if venue == "kraken-spot" else {}
    made: Any = row.config
    config: ClientConfig = made(
        url=url,
        credentials=credentials(),
        trader=TraderId("A"),
        wall_clock=wall_clock,
        on_close=OnClose.LEAVE,
        **options,
    )
    return config


async def trade(client: Client, venue: str, chance: random.Random) -> None:
    while True:
        await trio.sleep(chance.random() * 2 * PAUSE)
        orders = await client.orders()
        try:
            if len(orders) < LIVE and chance.random() < 0.7:
                await client.submit(draw_order(venue, chance))
            elif orders:
                await touch(client, chance.choice(orders), venue, chance)
        except TradingError:
            pass  # no connection now, or the order has just ended


def draw_order(venue: str, chance: random.Random) -> NewOrder:
    market = MARKETS[venue]
    side = chance.choice((Side.BUY, Side.SELL))
    away = chance.randint(50, 400) * market.step
    return NewOrder.limit(
        market.instrument,
        side,
        quantity=chance.randint(5, SIZE) * market.unit,
        price=market.reference + (-away if side is Side.BUY else away),
    )


async def touch(client: Client, order: Order, venue: str, chance: random.Random) -> None:
    if chance.random() < 0.5:
        await client.cancel(order)
    else:
        market = MARKETS[venue]
        await client.replace(order, quantity=chance.randint(SIZE, 2 * SIZE) * market.unit)


async def settle(client: Client) -> None:
    """Waits until nothing is in question and nothing new comes."""
    with trio.move_on_after(PATIENCE):
        while True:
            await trio.sleep(QUIET)
            states = [await order.state() for order in await client.orders()]
            in_question = any(state.status in (OrderStatus.SUBMITTED, OrderStatus.UNKNOWN) for state in states)
            known = client.reconciliation
            if known.is_complete and not known.open_questions and not in_question:
                break
        await trio.sleep(QUIET)


async def run(arguments: list[str]) -> None:
    venue, url, path, durability, seed, *own = arguments
    journal = Journal(path=Path(path), durability=cast("Durability", durability))
    async with open_client(config_of(venue, url), journal=journal) as client, trio.open_nursery() as nursery:
        print("open", flush=True)
        if own:
            nursery.start_soon(follow, client, path, OwnFile(own[0]))
        if seed != FINAL:
            await trade(client, venue, random.Random(seed))
        await settle(client)
        states = [await order.state() for order in await client.orders()]
        print(json.dumps({state.client_order_id: str(state.venue_order_id) for state in states}), flush=True)
        nursery.cancel_scope.cancel()


def main() -> None:
    trio.run(run, sys.argv[1:], clock=fast_clock())


if __name__ == "__main__":
    main()
