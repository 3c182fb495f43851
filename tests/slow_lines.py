"""Lines between a client and a venue in memory on which something does not get on: connects that hang, a socket that
takes nothing, answers that are held back."""

from __future__ import annotations

import math

import trio

from actors import SimulatedVenue
from actors.net.connectors import Connector
from protocol.simulation.exchange import ExchangeInput, Received, Requested
from protocol.values import Instant


class SlowLines:
    """A connector. Left alone it does nothing to what passes.

    connects_hang: nobody gets a new connection; held: seconds that answers to these calls are held back, by words in
    the first line of the call.
    """

    def __init__(self, inner: Connector) -> None:
        self._inner = inner
        self.connects_hang = False
        self.held: dict[bytes, float] = {}
        self.lines: list[Line] = []
        self.moved = trio.Event()
        self.moved.set()

    async def connect(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        if self.connects_hang:
            await trio.sleep_forever()
        self.lines.append(Line(await self._inner.connect(host, port, tls=tls), self))
        return self.lines[-1]

    def stop_sockets(self) -> None:
        """What is written to a WebSocket from now on waits."""
        self.moved = trio.Event()

    def let_sockets_go_on(self) -> None:
        self.moved.set()


class Line(trio.abc.Stream):
    def __init__(self, stream: trio.abc.Stream, lines: SlowLines) -> None:
        self._stream = stream
        self._lines = lines
        self._readable_at = -math.inf
        self._closed = trio.Event()
        self.is_socket = False

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        first = bytes(data).partition(b"\r\n")[0]
        if self.is_socket and not self._lines.moved.is_set():
            async with trio.open_nursery() as nursery:
                for event in (self._lines.moved, self._closed):
                    nursery.start_soon(self._until, event, nursery.cancel_scope)
        if self._closed.is_set():
            raise trio.ClosedResourceError
        self.is_socket = self.is_socket or b"upgrade: websocket" in bytes(data).lower()
        for words, seconds in self._lines.held.items():
            if not self.is_socket and words in first:
                self._readable_at = trio.current_time() + seconds
        await self._stream.send_all(data)

    @staticmethod
    async def _until(event: trio.Event, scope: trio.CancelScope) -> None:
        await event.wait()
        scope.cancel()

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        data = bytes(await self._stream.receive_some(max_bytes))
        await trio.sleep_until(self._readable_at)
        return data

    async def aclose(self) -> None:
        self._closed.set()
        await self._stream.aclose()


class Heard:
    """What reached a venue, and when. Give `note` to the venue as on_input."""

    def __init__(self) -> None:
        self.messages: list[tuple[float, str]] = []
        self.calls: list[tuple[float, str, bytes]] = []

    def note(self, heard: ExchangeInput, now: Instant) -> None:
        if isinstance(heard, Received):
            text = heard.message if isinstance(heard.message, str) else heard.message.decode()
            self.messages.append((trio.current_time(), text))
        elif isinstance(heard, Requested):
            self.calls.append((trio.current_time(), heard.request.path, heard.request.body))

    def calls_to(self, end: str) -> list[float]:
        """When calls whose path ends so came."""
        return [when for when, path, _ in self.calls if path.endswith(end)]

    def messages_with(self, words: str) -> list[float]:
        """When messages that contain these words came."""
        return [when for when, text in self.messages if words in text]


def lines_to(venue: SimulatedVenue) -> SlowLines:
    assert venue.connector is not None
    return SlowLines(venue.connector)
