"""Wire to typed event: the whole graph against a plain receive loop with json.loads, over the same transport."""

from __future__ import annotations

import contextlib
import gc
import json
import time

import trio

from actors import Client, OutcomeUnknown, RequestFailed, events, open_client
from protocol.values import ClientOrderId, StrategyId, VenueOrderId

from .frames import venue_order_id
from .peers import open_feeder, open_plain
from .products import PRODUCTS, Product
from .report import Row, ratio_row

__all__ = ["rows"]

TRACKED = 1000
BUDGET, BUDGET_OF_SCALE = 1.6, 1.3


async def floor(product: Product, port: int, fills: int) -> float:
    """µs per message: get_message and json.loads."""
    messages = fills * product.messages
    async with open_plain(port, "/fills") as socket:
        await socket.send_message("go")
        json.loads(await socket.get_message())
        began = time.perf_counter()
        for _ in range(messages - 1):
            json.loads(await socket.get_message())
        return (time.perf_counter() - began) / (messages - 1) * 1e6


async def register(client: Client, product: Product, first: int, last: int) -> None:
    for number in range(first, last):
        await client.register_external_order(
            ClientOrderId(f"bench-order-number-{number:010d}"),
            VenueOrderId(venue_order_id(product.name, number)),
            product.instrument.id,
            StrategyId("bench"),
        )


async def track(client: Client, product: Product, orders: int) -> None:
    """Many at once, so that a batch of commands shares its turns."""
    tasks = 64 if orders > TRACKED else 1
    async with trio.open_nursery() as nursery:
        for task in range(tasks):
            nursery.start_soon(register, client, product, orders * task // tasks, orders * (task + 1) // tasks)
    gc.collect()  # the collector stays on; a full collection is due for the orders, not for the messages


async def start_the_feeder(client: Client, product: Product) -> None:
    """Any request does that the client does not make by itself, and at Kraken one over HTTP; the answer, if there is
    one, is of no interest."""
    with contextlib.suppress(OutcomeUnknown, RequestFailed):
        await (client.cancel_all() if product.placement is None else client.open_orders())


async def whole_graph(product: Product, port: int, fills: int, orders: int) -> float:
    """µs per message, from the first fill that a subscriber gets to the last."""
    spent = 0.0
    async with open_client(product.config_for(port, "/fills")) as client:
        await track(client, product, orders)
        with client.events() as stream:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(start_the_feeder, client, product)
                count = 0
                async for event in stream:
                    if type(event) is events.Filled:
                        count += 1
                        if count == 1:
                            began = time.perf_counter()
                        elif count == fills:
                            spent = time.perf_counter() - began
                            break
                nursery.cancel_scope.cancel()
        client.abort()
    return spent / ((fills - 1) * product.messages) * 1e6


def rows(*, quick: bool) -> list[Row]:
    found: list[Row] = []
    for product in PRODUCTS.values():
        found += rows_of(product, quick=quick)
    return found


def rows_of(product: Product, *, quick: bool) -> list[Row]:
    fills, rounds, many = (5_000, 3, 50_000) if quick else (20_000, 5, 1_000_000)
    graph: list[float] = []
    floors: list[float] = []
    few: list[float] = []
    large: list[float] = []
    with open_feeder(product.name, fills, TRACKED) as port:
        for _ in range(rounds):
            floors.append(trio.run(floor, product, port, fills))
            graph.append(trio.run(whole_graph, product, port, fills, TRACKED))
        for _ in range(2):
            few.append(trio.run(whole_graph, product, port, fills, TRACKED))
            large.append(trio.run(whole_graph, product, port, fills, many))
    name = f"{product.name}: whole graph with {many:,} tracked orders, against {TRACKED:,}"
    return [
        ratio_row(f"{product.name}: whole graph, wire → typed event", "µs/message", graph, floors, BUDGET),
        ratio_row(name, "µs/message", large, few, BUDGET_OF_SCALE),
    ]
