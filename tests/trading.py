"""A client at a simulated venue in memory: what the tests of the actors begin with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import trio

from actors import Client, EventStream, NewOrder, Side, SimulatedVenue, open_client, open_simulated_venue
from actors.net.connectors import Connector
from protocol.events import Event
from protocol.simulation.faults import Fault, FaultSchedule

from .chosen_websocket import chosen_websocket

GOLD = "XAU-PERP.AX"


def config_for(venue: SimulatedVenue, **options: Any) -> Any:
    """No jitter, so that virtual time can be compared."""
    return venue.config(**({"draw": lambda: 0.0, "websocket": chosen_websocket()} | options))


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


class Gate:
    """Holds back what a client writes, from `shut` to `open`."""

    def __init__(self) -> None:
        self.written = 0
        self.streams: list[GatedStream] = []
        self.is_shut = False

    def __call__(self, stream: trio.abc.Stream) -> trio.abc.Stream:
        self.streams.append(GatedStream(stream, self))
        return self.streams[-1]

    def shut(self) -> None:
        self.is_shut = True

    def open(self) -> None:
        self.is_shut = False
        for stream in self.streams:
            stream.go_on.set()


class GatedStream(trio.abc.Stream):
    def __init__(self, stream: trio.abc.Stream, gate: Gate) -> None:
        self._stream = stream
        self._gate = gate
        self._is_closed = False
        self.go_on = trio.Event()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        if self._gate.is_shut:
            self.go_on = trio.Event()
            await self.go_on.wait()
        if self._is_closed:
            raise trio.ClosedResourceError
        self._gate.written += 1
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        return bytes(await self._stream.receive_some(max_bytes))

    async def aclose(self) -> None:
        self._is_closed = True
        self.go_on.set()
        await self._stream.aclose()
