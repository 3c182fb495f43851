"""Submit to Accepted, against a bare ping-pong of the same messages over the same transport.

The venue answers a placement with two messages, the answer and the acknowledgement; so does the peer of the ping-pong.
"""

from __future__ import annotations

import time
from statistics import median, quantiles

import trio

from actors import NewOrder, Side, events, open_client

from .peers import config_for, open_feeder, open_plain
from .report import Row, ratio_row, value_row

__all__ = ["rows"]

BUDGET = 2.5
PLACEMENT = (
    '{"rid":1,"t":"p","s":"XAU-PERP","d":"S","q":40,"p":"2411.5","tif":"GTC","po":false,'
    '"cid":12345678901234567890,"tag":"trioorders"}'
)


async def ping_pong(port: int, trips: int) -> list[float]:
    """µs for each trip."""
    spent = []
    async with open_plain(port, "/answer") as socket:
        for _ in range(trips):
            began = time.perf_counter()
            await socket.send_message(PLACEMENT)
            await socket.get_message()
            await socket.get_message()
            spent.append((time.perf_counter() - began) * 1e6)
    return spent


async def submit_to_accepted(port: int, trips: int) -> list[float]:
    """µs from the call of submit to the event in a subscriber's hands."""
    spent = []
    order = NewOrder.limit("XAU-PERP.AX", Side.SELL, quantity=40, price="2411.5")
    async with open_client(config_for(port, "/answer")) as client:
        with client.events() as stream:
            for _ in range(trips):
                began = time.perf_counter()
                await client.submit(order)
                async for event in stream:
                    if type(event) is events.Accepted:
                        break
                spent.append((time.perf_counter() - began) * 1e6)
        client.abort()
    return spent


def rows(*, quick: bool) -> list[Row]:
    trips, rounds = (200, 3) if quick else (1000, 5)
    submits: list[float] = []
    pings: list[float] = []
    tails: list[float] = []
    with open_feeder(1, 1) as port:
        for _ in range(rounds):
            pings.append(median(trio.run(ping_pong, port, trips)))
            spent = trio.run(submit_to_accepted, port, trips)
            submits.append(median(spent))
            tails.append(quantiles(spent, n=100)[98])
    return [
        ratio_row("submit → Accepted, p50", "µs", submits, pings, BUDGET),
        value_row("submit → Accepted, p99", "µs", tails),
    ]
