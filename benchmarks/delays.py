"""How late a typed event is at a steady pace: from the feeder's write to the subscriber's hands.

The feeder writes a burst each millisecond and notes when each write began. It does so by the monotonic clock, which the
processes of one machine share; here the same clock is read when an event arrives. A write that had to wait because the
client was behind begins late, and so do those behind it: their delay counts from when they were due.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from statistics import quantiles

import trio

from actors import events, open_client

from .floors import F2, FLOORS
from .orders import TRACKED, track
from .peers import burst_times, call_for_fills, open_feeder
from .products import PRODUCTS, Product
from .report import Floor, Row, ratio_row
from .rounds import in_turns

__all__ = ["rows"]

RATES = (10_000, 20_000)
SLIP = 1_000_000
"""ns that a burst may begin late because the feeder's own sleep was late; a later one was held up by the client."""
HOW = (
    "The feeder writes a burst each millisecond, at so many messages a second, and notes the monotonic clock, which "
    "both processes share, before each write. The delay ends when a subscriber holds the event; for the floor, when "
    "`json.loads` is done. p99 and p99.9 of a round of two seconds."
)


async def arrivals(product: Product, port: int, rate: int, fills: int) -> list[int]:
    """When the event of each fill was in a subscriber's hands, in ns."""
    arrived: list[int] = []
    async with open_client(product.config_for(port, f"/paced-{rate}")) as client:
        await track(client, product, TRACKED)
        with client.events() as stream:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(call_for_fills, port, f"paced-{rate}")
                async for event in stream:
                    if type(event) is events.Filled:
                        arrived.append(time.monotonic_ns())
                        if len(arrived) == fills:
                            break
        client.abort()
    return arrived


async def floor_arrivals(product: Product, port: int, rate: int, fills: int) -> list[int]:
    """The same for the first message of each fill at the floor."""
    arrived: list[int] = []
    async with FLOORS[F2](port, f"raw-paced-{rate}", None) as socket:
        await call_for_fills(port, f"paced-{rate}")
        for _ in range(fills):
            await socket.read(1)
            arrived.append(time.monotonic_ns())
            await socket.read(product.messages - 1)
    return arrived


def delays(arrived: Sequence[int], bursts: Sequence[tuple[int, int]], fills_in_burst: int) -> list[float]:
    """µs. bursts: when each was due, and when its write began."""
    began = [sent if sent - due < SLIP else due for due, sent in bursts]
    return [(at - began[number // fills_in_burst]) / 1e3 for number, at in enumerate(arrived)]


def tails(spent: Sequence[float]) -> tuple[float, float]:
    """p99 and p99.9."""
    cuts = quantiles(spent, n=1000)
    return cuts[989], cuts[998]


def measure(product: Product, port: int, rate: int, fills: int, *, floor: bool) -> tuple[float, float]:
    """p99 and p99.9 of one lot, in µs."""
    arrived = trio.run(floor_arrivals if floor else arrivals, product, port, rate, fills)
    return tails(delays(arrived, trio.run(burst_times, port), rate // 1000 // product.messages))


def rows(*, quick: bool) -> list[Row]:
    seconds, rounds = (0.5, 2) if quick else (2, 3)
    found: list[Row] = []
    for product in PRODUCTS.values():
        for rate in RATES:
            fills = int(seconds * rate) // product.messages
            with open_feeder(product.name, fills, TRACKED) as port:
                took = in_turns(
                    rounds,
                    {floor: partial(measure, product, port, rate, fills, floor=floor) for floor in (True, False)},
                )
            name = f"{product.name}: wire → typed event under {rate:,} messages a second"
            for index, tail in enumerate(("p99", "p99.9")):
                ours, bare = ([round_[index] for round_ in took[side]] for side in (False, True))
                found.append(ratio_row(f"{name}, {tail}", "µs", ours, Floor(F2, bare), how=HOW))
    return found
