"""What grows with the number of tracked orders, and with the number of sessions in one process."""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, ExitStack
from functools import partial
from statistics import median

import trio

from actors import Client, Gateway, events, open_client, open_gateway

from .latency import place_and_wait
from .orders import TRACKED, register, track
from .peers import call_for_fills, open_feeder
from .products import PRODUCTS, Product
from .report import Floor, Row, ratio_row, value_row
from .rounds import in_turns
from .whole_graph import lot_of_fills

__all__ = ["rows"]

BUDGET_OF_SCALE = 1.3
SESSIONS = (1, 8, 64)
HOW_ORDERS = (
    "Clients with so many tracked orders are open in one process at once and get lots of fills in turns, all of the "
    f"same {TRACKED:,} orders. Timed as the whole graph."
)
HOW_SESSIONS = (
    f"A gateway with so many AX sessions, {TRACKED:,} tracked orders in all, and one stream of their events. All get a "
    "lot of fills at once, timed from the call for them to the last."
)
HOW_ORDERS_AT_ONCE = "Each session has one order in flight at any time; p50 of all, and the time for one in sum."


async def with_tracked(
    product: Product, port: int, extent: tuple[int, int], counts: Sequence[int]
) -> list[list[float]]:
    """µs per message for each of the counts, round by round. extent: fills of a lot, and rounds."""
    fills, rounds = extent
    took: list[list[float]] = [[] for _ in counts]
    async with AsyncExitStack() as stack:
        clients: list[Client] = []
        for count in counts:
            config = product.config_for(port, f"/{_path(count)}")
            clients.append(await stack.enter_async_context(open_client(config)))
            await track(clients[-1], product, count)
            await lot_of_fills(clients[-1], product, port, fills, _path(count))  # the first fill of each tells more
        for number in range(rounds):
            order = list(range(len(counts)))
            for index in order if number % 2 == 0 else reversed(order):
                took[index].append(await lot_of_fills(clients[index], product, port, fills, _path(counts[index])))
        for client in clients:
            client.abort()
    return took


def _path(tracked: int) -> str:
    return f"fills-{TRACKED}-{tracked}"


def rows_of_orders(product: Product, *, quick: bool) -> list[Row]:
    extent = (5_000, 3) if quick else (10_000, 5)  # no order gets more fills than it remembers: they are of old days
    many = 50_000 if quick else 1_000_000
    counts = (TRACKED, 100_000, many) if product.name == "ax" and not quick else (TRACKED, many)
    with open_feeder(product.name, extent[0], TRACKED) as port:
        few, *others = trio.run(with_tracked, product, port, extent, counts)
    floor = Floor(f"{TRACKED:,} orders", few)
    return [
        ratio_row(
            f"{product.name}: whole graph with {count:,} tracked orders, against {TRACKED:,}",
            "µs/message",
            took,
            floor,
            budget=BUDGET_OF_SCALE,
            how=HOW_ORDERS,
        )
        for count, took in zip(counts[1:], others, strict=True)
    ]


async def fills_at_sessions(product: Product, port: int, sessions: int, fills: int) -> float:
    """µs per message in sum. fills: of each session."""
    configs = {f"session-{number}": product.config_for(port, "/fills") for number in range(sessions)}
    async with open_gateway(configs) as gateway:
        async with trio.open_nursery() as nursery:
            for client in gateway.values():
                nursery.start_soon(register, client, product, 0, TRACKED // sessions)
        gc.collect()
        with gateway.events() as stream:
            async with trio.open_nursery() as nursery:
                began = time.perf_counter()  # a first event comes late here: each session takes a whole read before
                nursery.start_soon(call_for_fills, port, "fills")
                count = 0
                async for event in stream:
                    count += type(event) is events.Filled
                    if count == fills * sessions:
                        break
                spent = time.perf_counter() - began
        abort(gateway)
    return spent / (fills * sessions) * 1e6


async def orders_at_sessions(product: Product, port: int, sessions: int, orders: int) -> tuple[float, float]:
    """µs: p50 of an order, and the time for one in sum. orders: of each session, one after the other."""
    configs = {f"session-{number}": product.config_for(port, "/answer") for number in range(sessions)}
    spent: list[float] = []

    async def place(client: Client) -> None:
        spent.extend(await place_and_wait(client, product, orders))

    async with open_gateway(configs) as gateway:
        began = time.perf_counter()
        async with trio.open_nursery() as nursery:
            for client in gateway.values():
                nursery.start_soon(place, client)
        took = time.perf_counter() - began
        abort(gateway)
    return median(spent), took / (orders * sessions) * 1e6


def abort(gateway: Gateway) -> None:
    for client in gateway.values():
        client.abort()


def rows_of_sessions(product: Product, *, quick: bool) -> list[Row]:
    fills, orders, rounds = (6_400, 640, 3) if quick else (32_000, 3_200, 5)
    with ExitStack() as stack:
        ports = {
            sessions: stack.enter_context(open_feeder(product.name, fills // sessions, TRACKED // sessions))
            for sessions in SESSIONS
        }
        filled = in_turns(
            rounds,
            {
                sessions: partial(trio.run, fills_at_sessions, product, port, sessions, fills // sessions)
                for sessions, port in ports.items()
            },
        )
        placed = in_turns(
            rounds,
            {
                sessions: partial(trio.run, orders_at_sessions, product, port, sessions, orders // sessions)
                for sessions, port in ports.items()
            },
        )
    found = []
    for sessions in SESSIONS:
        name = f"{product.name}: {sessions} session{'' if sessions == 1 else 's'}"
        graph, p50s = f"{name}, whole graph in sum", [p50 for p50, _ in placed[sessions]]
        found += [
            ratio_row(graph, "µs/message", filled[sessions], Floor("1 session", filled[1]), how=HOW_SESSIONS),
            value_row(f"{name}, submit → Accepted, p50", "µs", p50s, how=HOW_ORDERS_AT_ONCE),
            value_row(
                f"{name}, orders in sum", "µs/order", [each for _, each in placed[sessions]], how=HOW_ORDERS_AT_ONCE
            ),
        ]
    return found


def rows(*, quick: bool) -> list[Row]:
    found: list[Row] = []
    for product in PRODUCTS.values():
        found += rows_of_orders(product, quick=quick)
    return found + rows_of_sessions(PRODUCTS["ax"], quick=quick)
