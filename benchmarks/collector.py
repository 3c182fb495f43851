"""The longest pause of the garbage collector in a process that holds a client with many tracked orders."""

from __future__ import annotations

import gc
import time

import trio

from actors import Client, open_client

from .fresh import in_fresh_process
from .peers import open_feeder
from .products import PRODUCTS
from .report import Row, value_row

__all__ = ["pauses", "rows"]

BUDGET = 40.0
ORDERS = 100_000
TASKS = 32
"""Orders that are in flight at once, fewer than a client's credits."""
COLLECTIONS = 5
HOW = (
    "A fresh process opens an AX client, places so many orders, which are accepted and stay open, and then makes five "
    "full collections. The longest of all full collections, those that came by themselves included, timed by "
    "`gc.callbacks` in CPU time, which no other process lengthens. Frozen: `gc.freeze()` was called once, when the "
    "client was open, before the orders."
)


class Pauses:
    """For `gc.callbacks`: ms of each full collection."""

    def __init__(self) -> None:
        self.full: list[float] = []
        self._began = 0.0

    def __call__(self, phase: str, info: dict[str, int]) -> None:
        if info["generation"] == 2:
            if phase == "start":
                self._began = time.thread_time()
            else:
                self.full.append((time.thread_time() - self._began) * 1e3)


async def place(client: Client, orders: int) -> None:
    async with trio.open_nursery() as nursery:
        for task in range(TASKS):
            share = orders * (task + 1) // TASKS - orders * task // TASKS
            nursery.start_soon(place_one_by_one, client, share)


async def place_one_by_one(client: Client, orders: int) -> None:
    for _ in range(orders):
        order = await client.submit(PRODUCTS["ax"].order)
        await order.accepted()


async def longest_pause(port: int, orders: int, frozen: bool) -> list[float]:
    """ms."""
    counted = Pauses()
    async with open_client(PRODUCTS["ax"].config_for(port, "/answer")) as client:
        gc.collect()
        if frozen:
            gc.freeze()
        gc.callbacks.append(counted)
        await place(client, orders)
        for _ in range(COLLECTIONS):
            gc.collect()
        gc.callbacks.remove(counted)
        client.abort()
    return [max(counted.full)]


def pauses(port: int, orders: int, frozen: bool) -> list[float]:
    """The same, called in a fresh process."""
    return trio.run(longest_pause, port, orders, frozen)


def rows(*, quick: bool) -> list[Row]:
    orders, rounds = (10_000, 1) if quick else (ORDERS, 2)
    found = []
    with open_feeder("ax", 1, 1) as port:
        for frozen in (False, True):
            took = [in_fresh_process("collector", "pauses", port, orders, frozen)[0] for _ in range(rounds)]
            name = f"longest pause of the collector with {orders:,} tracked orders{', frozen' if frozen else ''}"
            found.append(value_row(name, "ms", took, budget=None if frozen else BUDGET, how=HOW))
    return found
