"""Submit to Accepted, against the bare exchange of the same messages over the same transport.

AX answers a placement with two messages, the answer and the acknowledgement; so does the peer of the ping-pong. Kraken
Futures takes placements over HTTP: there the bare exchange is a POST of httpx, which is not used otherwise.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from statistics import median, quantiles

import httpx
import trio

from actors import Client, events, open_client

from . import floors
from .floors import F1, F2
from .peers import client_context, open_feeder
from .products import DEFAULT, PRODUCTS, TRIO_WEBSOCKET, Product, Way
from .report import Floor, Row, ratio_row, value_row
from .rounds import in_turns

__all__ = ["place_and_wait", "rows", "submit_to_accepted"]

POST = "httpx POST"
PINGS = {F1: f"{F1} ping-pong", F2: f"{F2} ping-pong"}
HOW = (
    "From the call of `submit` to `Accepted` in a subscriber's hands, one order after the other, p50 or p99 of a "
    "round. The feeder, a process of its own, answers with prepared bytes. The floor sends a placement and takes "
    "the same answers."
)
FORM = (
    b"orderType=lmt&symbol=PF_XBTUSD&side=buy&size=40&limitPrice=60000&cliOrdId=11111111-2222-4333-8444-555555555555"
    b"&processBefore=2026-09-21T15%3A33%3A26.000Z"
)


async def bare_post(port: int, trips: int) -> list[float]:
    """µs for each trip over HTTP."""
    spent = []
    root = f"http://127.0.0.1:{port}"
    headers = {
        "APIKey": "bench",
        "Nonce": "1790000000000",
        "Authent": "x" * 88,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    async with httpx.AsyncClient() as http:
        for _ in range(trips):
            began = time.perf_counter()
            await http.post(f"{root}/derivatives/api/v3/sendorder", content=FORM, headers=headers)
            spent.append((time.perf_counter() - began) * 1e6)
    return spent


async def place_and_wait(client: Client, product: Product, trips: int) -> list[float]:
    """µs for each order from the call of submit to the event in a subscriber's hands."""
    spent = []
    with client.events() as stream:
        for _ in range(trips):
            began = time.perf_counter()
            await client.submit(product.order)
            async for event in stream:
                if type(event) is events.Accepted:
                    break
            spent.append((time.perf_counter() - began) * 1e6)
    return spent


async def submit_to_accepted(product: Product, port: int, trips: int, way: Way = DEFAULT) -> list[float]:
    """The same at a client of its own."""
    async with open_client(product.config_for(port, "/answer", way=way)) as client:
        spent = await place_and_wait(client, product, trips)
        client.abort()
    return spent


Trips = dict[str, list[list[float]]]
"""By name of what was measured: for each round what each trip took."""


def over_socket(product: Product, ways: dict[str, Way], *, quick: bool, tls: bool = False) -> Trips:
    """Both floors and each way, in turns."""
    assert product.placement is not None
    trips, rounds = extent(quick=quick)
    context = client_context() if tls else None
    placement = (product.placement, product.answers)
    with open_feeder(product.name, 1, 1, tls=tls) as port:
        measures: dict[str, Callable[[], list[float]]] = {
            floor: partial(trio.run, floors.exchange, floor, port, trips, placement, context) for floor in (F1, F2)
        }
        for name, way in ways.items():
            measures[name] = partial(trio.run, submit_to_accepted, product, port, trips, way)
        return in_turns(rounds, measures)


def over_http(product: Product, *, quick: bool) -> Trips:
    trips, rounds = extent(quick=quick)
    with open_feeder(product.name, 1, 1) as port:
        measures: dict[str, Callable[[], list[float]]] = {
            POST: partial(trio.run, bare_post, port, trips),
            "default": partial(trio.run, submit_to_accepted, product, port, trips),
        }
        return in_turns(rounds, measures)


def extent(*, quick: bool) -> tuple[int, int]:
    """Trips of a round, and rounds."""
    return (200, 3) if quick else (300, 17)


def medians(rounds: list[list[float]]) -> list[float]:
    return [median(spent) for spent in rounds]


def p99s(rounds: list[list[float]]) -> list[float]:
    return [quantiles(spent, n=100)[98] for spent in rounds]


def row_of(name: str, spent: list[list[float]], floor: Floor, budget: float | None = None) -> Row:
    return ratio_row(name, "µs", medians(spent), floor, budget=budget, how=HOW)


def rows(*, quick: bool) -> list[Row]:
    found: list[Row] = []
    for product in PRODUCTS.values():
        found += rows_of(product, quick=quick)
    return found + rows_over_tls(PRODUCTS["ax"], quick=quick)


def rows_of(product: Product, *, quick: bool) -> list[Row]:
    name, budget = f"{product.name}: submit → Accepted", product.order_budget
    if product.placement is None:
        took = over_http(product, quick=quick)
        found = [row_of(f"{name}, p50", took["default"], Floor(POST, medians(took[POST])), budget)]
    else:
        took = over_socket(product, {"default": DEFAULT, "other": TRIO_WEBSOCKET}, quick=quick)
        found = [
            row_of(f"{name}, p50", took["default"], Floor(PINGS[F2], medians(took[F2])), budget),
            row_of(f"{name} over trio-websocket, p50", took["other"], Floor(PINGS[F1], medians(took[F1]))),
        ]
    return [*found, value_row(f"{name}, p99", "µs", p99s(took["default"]), how=HOW)]


def rows_over_tls(product: Product, *, quick: bool) -> list[Row]:
    """For information: what encryption adds is added to both sides."""
    ways = {"default": Way(tls=True), "other": Way(websocket="trio-websocket", tls=True)}
    took = over_socket(product, ways, quick=quick, tls=True)
    name = f"{product.name}: submit → Accepted over TLS"
    return [
        row_of(f"{name}, p50", took["default"], Floor(PINGS[F2], medians(took[F2]))),
        row_of(f"{name} and trio-websocket, p50", took["other"], Floor(PINGS[F1], medians(took[F1]))),
    ]
