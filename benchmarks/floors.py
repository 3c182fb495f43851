"""The two floors: what a plain client over each WebSocket implementation pays for the same messages.

F1 is trio-websocket with its defaults: `get_message`, then `json.loads`. F2 is the sans-I/O core of `websockets` on a
Trio stream, used as a good client would use it: what one read of the socket brought is taken apart at once, and its
texts go to `json.loads`. Neither of them looks at what the messages say.
"""

from __future__ import annotations

import json
import logging
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, Protocol

import trio
from trio_websocket import WebSocketConnection, connect_websocket_url
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.uri import parse_uri

from .peers import call_for_fills

__all__ = ["F1", "F2", "FLOORS", "PlainSocket", "exchange", "receive"]

READ_SIZE: Final = 65536
MESSAGE_LIMIT: Final = 16 * 1024 * 1024


class PlainSocket(Protocol):
    """An open WebSocket, past the greeting."""

    async def read(self, count: int) -> None:
        """Takes so many texts, each through `json.loads`."""

    async def skip(self, count: int) -> None:
        """Takes so many texts as they are."""

    async def send(self, text: str) -> None:
        """Sends one text."""


class _TrioWebSocket:
    """`PlainSocket` over trio-websocket."""

    def __init__(self, connection: WebSocketConnection) -> None:
        self._connection = connection

    async def read(self, count: int) -> None:
        for _ in range(count):
            json.loads(await self._connection.get_message())

    async def skip(self, count: int) -> None:
        for _ in range(count):
            await self._connection.get_message()

    async def send(self, text: str) -> None:
        await self._connection.send_message(text)


class _SansIo:
    """`PlainSocket` over the core of `websockets`."""

    def __init__(self, core: ClientProtocol, stream: trio.abc.Stream) -> None:
        self._core = core
        self._stream = stream
        self._texts: deque[str] = deque()
        self._parts: list[bytes] = []

    async def read(self, count: int) -> None:
        texts = self._texts
        for _ in range(count):
            while not texts:
                await self._receive()
            json.loads(texts.popleft())

    async def skip(self, count: int) -> None:
        for _ in range(count):
            while not self._texts:
                await self._receive()
            self._texts.popleft()

    async def send(self, text: str) -> None:
        self._core.send_text(text.encode())
        await self._flush()

    async def open(self) -> None:
        self._core.send_request(self._core.connect())
        await self._flush()
        while self._core.state is not OPEN:
            await self._receive()

    async def _receive(self) -> None:
        """One read of the socket."""
        data = await self._stream.receive_some(READ_SIZE)
        if not data:
            raise ConnectionError("The feeder closed the connection.")
        self._core.receive_data(data)
        for event in self._core.events_received():
            if isinstance(event, Frame):
                self._take(event)
        await self._flush()  # what the core has to say of its own accord, such as a pong

    def _take(self, frame: Frame) -> None:
        if frame.opcode is Opcode.TEXT and frame.fin:
            self._texts.append(bytes(frame.data).decode())
        elif frame.opcode in (Opcode.TEXT, Opcode.CONT):
            self._parts.append(bytes(frame.data))
            if frame.fin:
                self._texts.append(b"".join(self._parts).decode())
                self._parts.clear()

    async def _flush(self) -> None:
        for data in self._core.data_to_send():
            await self._stream.send_all(data)


def _url(port: int, path: str, context: ssl.SSLContext | None) -> str:
    return f"{'wss' if context else 'ws'}://127.0.0.1:{port}/{path}"


@asynccontextmanager
async def _open_trio_websocket(port: int, path: str, context: ssl.SSLContext | None) -> AsyncIterator[PlainSocket]:
    async with trio.open_nursery() as nursery:
        connection = await connect_websocket_url(nursery, _url(port, path, context), ssl_context=context)
        await connection.get_message()
        yield _TrioWebSocket(connection)
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def _open_sans_io(port: int, path: str, context: ssl.SSLContext | None) -> AsyncIterator[PlainSocket]:
    silent = logging.Logger("benchmarks.floor", logging.CRITICAL + 1)
    core = ClientProtocol(parse_uri(_url(port, path, context)), max_size=MESSAGE_LIMIT, logger=silent)
    stream: trio.abc.Stream = await trio.open_tcp_stream("127.0.0.1", port)
    if context is not None:
        stream = trio.SSLStream(stream, context, server_hostname="127.0.0.1", https_compatible=True)
    try:
        socket = _SansIo(core, stream)
        await socket.open()
        await socket.skip(1)
        yield socket
    finally:
        await trio.aclose_forcefully(stream)


F1: Final = "trio-websocket"
F2: Final = "sans-I/O core"
Open = Callable[[int, str, ssl.SSLContext | None], AbstractAsyncContextManager[PlainSocket]]
FLOORS: Final[Mapping[str, Open]] = {F1: _open_trio_websocket, F2: _open_sans_io}


async def receive(floor: str, port: int, messages: int, context: ssl.SSLContext | None = None) -> float:
    """µs for each message of one lot, `json.loads` included, from the first to the last."""
    async with FLOORS[floor](port, "raw-fills", context) as socket:
        await call_for_fills(port, "fills")
        await socket.read(1)
        began = time.perf_counter()
        await socket.read(messages - 1)
        return (time.perf_counter() - began) / (messages - 1) * 1e6


async def exchange(
    floor: str, port: int, trips: int, placement: tuple[str, int], context: ssl.SSLContext | None = None
) -> list[float]:
    """µs for each trip of a placement and its answers. placement: its text, and how many messages answer it."""
    text, answers = placement
    spent = []
    async with FLOORS[floor](port, "raw-answer", context) as socket:
        for _ in range(trips):
            began = time.perf_counter()
            await socket.send(text)
            await socket.skip(answers)
            spent.append((time.perf_counter() - began) * 1e6)
    return spent
