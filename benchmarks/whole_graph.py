"""Wire to typed event: the whole graph against plain receive loops with json.loads, over the same stream."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial

import trio

from actors import Client, events, open_client

from . import floors
from .floors import F1, F2
from .orders import TRACKED, track
from .peers import call_for_fills, client_context, open_feeder
from .products import DEFAULT, PRODUCTS, TRIO_WEBSOCKET, Product, Way
from .report import Floor, Row, ratio_row
from .rounds import in_turns

__all__ = ["lot_of_fills", "rows", "whole_graph"]

BUDGET_OVER_TRIO_WEBSOCKET = 1.35
BUDGET_OVER_F1 = 42 / 80
"""80,000 messages a second, scaled to a machine where F1 takes 42,000."""
UNIT = "µs/message"
HOW = (
    "From the first fill of a lot in a subscriber's hands to the last, divided by the messages between. The feeder, a "
    f"process of its own, sends them prepared and as fast as it can, for {TRACKED:,} tracked orders. The floor takes "
    "the same lot with `json.loads` of each message."
)


async def lot_of_fills(client: Client, product: Product, port: int, fills: int, path: str = "fills") -> float:
    """µs per message of the next lot, from the first fill that a subscriber gets to the last."""
    with client.events() as stream:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(call_for_fills, port, path)
            count = 0
            async for event in stream:
                if type(event) is events.Filled:
                    count += 1
                    if count == 1:
                        began = time.perf_counter()
                    elif count == fills:
                        spent = time.perf_counter() - began
                        break
    return spent / ((fills - 1) * product.messages) * 1e6


async def whole_graph(product: Product, port: int, fills: int, orders: int, way: Way = DEFAULT) -> float:
    """µs per message of one lot, at a client of its own with so many tracked orders."""
    async with open_client(product.config_for(port, "/fills", way=way)) as client:
        await track(client, product, orders)
        spent = await lot_of_fills(client, product, port, fills)
        client.abort()
    return spent


def measured(
    product: Product, fills: int, rounds: int, ways: Mapping[str, Way], *, tls: bool
) -> dict[str, list[float]]:
    """Both floors and each way, in turns, under these names."""
    messages = fills * product.messages
    context = client_context() if tls else None
    with open_feeder(product.name, fills, TRACKED, tls=tls) as port:
        measures = {
            F1: partial(trio.run, floors.receive, F1, port, messages, context),
            F2: partial(trio.run, floors.receive, F2, port, messages, context),
        }
        for name, way in ways.items():
            measures[name] = partial(trio.run, whole_graph, product, port, fills, TRACKED, way)
        return in_turns(rounds, measures)


def rows(*, quick: bool) -> list[Row]:
    found: list[Row] = []
    for product in PRODUCTS.values():
        found += rows_of(product, quick=quick)
    return found + rows_over_tls(PRODUCTS["ax"], quick=quick)


def rows_of(product: Product, *, quick: bool) -> list[Row]:
    fills, rounds = (5_000, 3) if quick else (20_000, 7)
    took = measured(product, fills, rounds, {"default": DEFAULT, "other": TRIO_WEBSOCKET}, tls=False)
    f1, f2 = Floor(F1, took[F1]), Floor(F2, took[F2])
    name = f"{product.name}: whole graph, wire → typed event"
    found = [ratio_row(name, UNIT, took["default"], f2, budget=product.graph_budget, how=HOW)]
    if product.name == "ax":
        found.append(ratio_row(f"{name}, against F1", UNIT, took["default"], f1, budget=BUDGET_OVER_F1, how=HOW))
    name = f"{product.name}: whole graph over trio-websocket"
    return [*found, ratio_row(name, UNIT, took["other"], f1, budget=BUDGET_OVER_TRIO_WEBSOCKET, how=HOW)]


def rows_over_tls(product: Product, *, quick: bool) -> list[Row]:
    """For information: what encryption adds is added to both sides."""
    fills, rounds = (5_000, 3) if quick else (20_000, 5)
    ways = {"default": Way(tls=True), "other": Way(websocket="trio-websocket", tls=True)}
    took = measured(product, fills, rounds, ways, tls=True)
    name = f"{product.name}: whole graph over TLS"
    return [
        ratio_row(name, UNIT, took["default"], Floor(F2, took[F2]), how=HOW),
        ratio_row(f"{name} and trio-websocket", UNIT, took["other"], Floor(F1, took[F1]), how=HOW),
    ]
