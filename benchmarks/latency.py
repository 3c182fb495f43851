"""Submit to Accepted, against the bare exchange of the same messages over the same transport.

AX answers a placement with two messages, the answer and the acknowledgement; so does the peer of the ping-pong. Kraken
Futures takes placements over HTTP: there the bare exchange is a POST of httpx, which is not used otherwise.
"""

from __future__ import annotations

import time
from statistics import median, quantiles

import httpx
import trio

from actors import events, open_client

from .peers import open_feeder, open_plain
from .products import PRODUCTS, Product
from .report import Row, ratio_row, value_row

__all__ = ["rows"]

BUDGET_OVER_SOCKET = 2.5
BUDGET_OVER_HTTP = 1.5
FORM = (
    b"orderType=lmt&symbol=PF_XBTUSD&side=buy&size=40&limitPrice=60000&cliOrdId=11111111-2222-4333-8444-555555555555"
    b"&processBefore=2026-09-21T15%3A33%3A26.000Z"
)


async def ping_pong(product: Product, port: int, trips: int) -> list[float]:
    """µs for each trip over the socket."""
    spent = []
    assert product.placement is not None
    async with open_plain(port, "/answer") as socket:
        for _ in range(trips):
            began = time.perf_counter()
            await socket.send_message(product.placement)
            for _ in range(product.answers):
                await socket.get_message()
            spent.append((time.perf_counter() - began) * 1e6)
    return spent


async def bare_post(product: Product, port: int, trips: int) -> list[float]:
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


async def submit_to_accepted(product: Product, port: int, trips: int) -> list[float]:
    """µs from the call of submit to the event in a subscriber's hands."""
    spent = []
    async with open_client(product.config_for(port, "/answer")) as client:
        with client.events() as stream:
            for _ in range(trips):
                began = time.perf_counter()
                await client.submit(product.order)
                async for event in stream:
                    if type(event) is events.Accepted:
                        break
                spent.append((time.perf_counter() - began) * 1e6)
        client.abort()
    return spent


def rows(*, quick: bool) -> list[Row]:
    trips, rounds = (200, 3) if quick else (300, 17)
    found: list[Row] = []
    for product in PRODUCTS.values():
        over_http = product.placement is None
        bare, budget = (bare_post, BUDGET_OVER_HTTP) if over_http else (ping_pong, BUDGET_OVER_SOCKET)
        submits: list[float] = []
        floors: list[float] = []
        tails: list[float] = []
        with open_feeder(product.name, 1, 1) as port:
            for _ in range(rounds):
                floors.append(median(trio.run(bare, product, port, trips)))
                spent = trio.run(submit_to_accepted, product, port, trips)
                submits.append(median(spent))
                tails.append(quantiles(spent, n=100)[98])
        found.append(ratio_row(f"{product.name}: submit → Accepted, p50", "µs", submits, floors, budget))
        found.append(value_row(f"{product.name}: submit → Accepted, p99", "µs", tails))
    return found
