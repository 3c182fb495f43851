"""What a client costs while nothing happens: opening it, its memory, its idle time."""

from __future__ import annotations

import gc
import time
from contextlib import AsyncExitStack

import trio

from actors import open_client

from .core import resident
from .fresh import in_fresh_process
from .peers import open_feeder
from .products import PRODUCTS
from .report import Row, value_row

__all__ = ["held_open", "rows"]

HOW = (
    "A fresh process opens so many AX clients one after the other, past the login, and leaves them idle. Memory is "
    "what the process grew by, the time is CPU time; the first client, which loads what all share, is not counted."
)


async def hold_open(port: int, clients: int, seconds: float) -> list[float]:
    """ms of CPU to open one, kB that one holds, µs of CPU that one takes in a second."""
    config = PRODUCTS["ax"].config_for(port, "/answer")
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(open_client(config))]
        gc.collect()
        memory, began = resident(), time.process_time()
        for _ in range(clients):
            opened.append(await stack.enter_async_context(open_client(config)))
        opening = time.process_time() - began
        gc.collect()
        grown = resident() - memory
        began = time.process_time()
        await trio.sleep(seconds)
        idle = time.process_time() - began
        for client in opened:
            client.abort()
    return [opening / clients * 1e3, grown / clients / 1e3, idle / (clients + 1) / seconds * 1e6]


def held_open(port: int, clients: int, seconds: float) -> list[float]:
    """The same, called in a fresh process."""
    return trio.run(hold_open, port, clients, seconds)


def rows(*, quick: bool) -> list[Row]:
    clients, seconds, rounds = (20, 2.0, 2) if quick else (100, 10.0, 3)
    with open_feeder("ax", 1, 1) as port:
        took = [in_fresh_process("clients", "held_open", port, clients, seconds) for _ in range(rounds)]
    opening, memory, idle = (list(values) for values in zip(*took, strict=True))
    return [
        value_row("opening a client", "ms of CPU", opening, how=HOW),
        value_row("memory per open client", "kB", memory, how=HOW),
        value_row("idle client", "µs of CPU a second", idle, how=HOW),
    ]
