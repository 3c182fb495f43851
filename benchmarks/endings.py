"""How long leaving takes: close and abort, of a peer that is live, flooding, or silent."""

from __future__ import annotations

import time
from functools import partial

import trio

from actors import open_client

from .peers import open_feeder
from .products import PRODUCTS
from .report import Row, value_row

__all__ = ["rows"]

CLOSE_TIMEOUT = 0.2
CLOSE_BUDGETS = {"/answer": 5.0, "/flood": 25.0, "/silent": CLOSE_TIMEOUT * 1e3 + 5.0}
NAMES = {"/answer": "a live peer", "/flood": "a flooding peer", "/silent": "a silent peer"}
CLOSES = NAMES | {"/silent": f"a silent peer, with its time-out of {CLOSE_TIMEOUT:g} s"}
ABORT_BUDGET = 2.0


async def ending(port: int, path: str, *, abort: bool) -> float:
    """ms from the last statement of the block to the first behind it."""
    timeout = CLOSE_TIMEOUT if path == "/silent" else 2.0
    async with open_client(PRODUCTS["ax"].config_for(port, path, close_timeout=timeout)) as client:
        with client.events() as stream, trio.move_on_after(0.05):
            async for _ in stream.batches():
                pass
        began = time.perf_counter()
        if abort:
            client.abort()
    return (time.perf_counter() - began) * 1e3


def rows(*, quick: bool) -> list[Row]:
    rounds = 3 if quick else 9
    closes: dict[str, list[float]] = {path: [] for path in CLOSE_BUDGETS}
    aborts: dict[str, list[float]] = {path: [] for path in CLOSE_BUDGETS}
    with open_feeder("ax", 20_000, 1000) as port:
        for _ in range(rounds):
            for path in CLOSE_BUDGETS:
                closes[path].append(trio.run(partial(ending, port, path, abort=False)))
                aborts[path].append(trio.run(partial(ending, port, path, abort=True)))
    return [value_row(f"close, {CLOSES[path]}", "ms", closes[path], CLOSE_BUDGETS[path]) for path in CLOSE_BUDGETS] + [
        value_row(f"abort, {NAMES[path]}", "ms", aborts[path], ABORT_BUDGET) for path in CLOSE_BUDGETS
    ]
