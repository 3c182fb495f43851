"""A client at a simulated venue in memory: what the tests of the actors begin with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import trio

from actors import Client, EventStream, NewOrder, Side, SimulatedVenue, open_client, open_simulated_venue
from actors.network import Connector
from protocol.events import Event
from protocol.simulation.faults import Fault, FaultSchedule

GOLD = "XAU-PERP.AX"


def config_for(venue: SimulatedVenue, **options: Any) -> Any:
    """No jitter, so that virtual time can be compared."""
    return venue.config(**({"draw": lambda: 0.0} | options))


@asynccontextmanager
async def open_quiet_venue(*faults: Fault, name: str = "ax", **settings: Any) -> AsyncIterator[SimulatedVenue]:
    """Nobody quotes: what fills, the test has arranged."""
    options: dict[str, Any] = {"transport": "memory", "quotes": False, "faults": FaultSchedule(faults)}
    with trio.fail_after(3600):  # a venue never falls silent, so virtual time would run for ever
        async with open_simulated_venue(name, **(options | settings)) as venue:
            yield venue


@asynccontextmanager
async def trading(*faults: Fault, **options: Any) -> AsyncIterator[tuple[SimulatedVenue, Client, EventStream]]:
    """options: of the client."""
    async with open_quiet_venue(*faults) as venue, open_client(config_for(venue, **options)) as client:
        with client.events() as stream:
            yield venue, client, stream


def sell(quantity: int = 10, price: str = "2412.0", **terms: Any) -> NewOrder:
    return NewOrder.limit(GOLD, Side.SELL, quantity=quantity, price=price, **terms)


async def until(stream: EventStream, kind: type[Event], times: int = 1) -> list[Event]:
    """Reads up to the next event of this kind, or the nth."""
    read: list[Event] = []
    async for event in stream:
        read.append(event)
        if isinstance(event, kind):
            times -= 1
            if times == 0:
                return read
    raise AssertionError(f"the stream ended before {kind.__name__}; it brought {names(read)}")


def names(events: list[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


async def drain(stream: EventStream, seconds: float = 1.0) -> list[Event]:
    """What comes within this time."""
    read: list[Event] = []
    with trio.move_on_after(seconds):
        async for event in stream:
            read.append(event)
    return read


class WrappedConnector:
    """Hands every stream that is made to `wrap`, and counts connections."""

    def __init__(self, inner: Connector, wrap: Callable[[trio.abc.Stream], trio.abc.Stream]) -> None:
        self._inner = inner
        self._wrap = wrap
        self.made: list[float] = []

    async def connect(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        self.made.append(trio.current_time())
        return self._wrap(await self._inner.connect(host, port, tls=tls))
