"""How long leaving takes: close and abort, of a peer that is live, flooding, or silent."""

from __future__ import annotations

import time
from functools import partial

import trio

from actors import open_client

from .peers import open_feeder
from .products import PRODUCTS
from .report import Row, value_row
from .rounds import in_turns

__all__ = ["rows"]

CLOSE_TIMEOUT = 0.2
CLOSE_BUDGETS = {"/answer": 5.0, "/flood": 25.0, "/silent": CLOSE_TIMEOUT * 1e3 + 5.0}
NAMES = {"/answer": "a live peer", "/flood": "a flooding peer", "/silent": "a silent peer"}
CLOSES = NAMES | {"/silent": f"a silent peer, with its time-out of {CLOSE_TIMEOUT:g} s"}
ABORT_BUDGET = 2.0
HOW = "From the last statement of a client's block to the first behind it, 50 ms after the client was opened."


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
    with open_feeder("ax", 20_000, 1000) as port:
        measures = {
            (kind, path): partial(trio.run, partial(ending, port, path, abort=kind == "abort"))
            for path in CLOSE_BUDGETS
            for kind in ("close", "abort")
        }
        took = in_turns(rounds, measures)
    closes = [
        value_row(f"close, {CLOSES[path]}", "ms", took["close", path], budget=CLOSE_BUDGETS[path], how=HOW)
        for path in CLOSE_BUDGETS
    ]
    return closes + [
        value_row(f"abort, {NAMES[path]}", "ms", took["abort", path], budget=ABORT_BUDGET, how=HOW)
        for path in CLOSE_BUDGETS
    ]
