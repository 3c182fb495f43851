"""A WebSocket peer whose bytes are written by hand."""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
import trio

from actors.net.connectors import MemoryConnector
from actors.net.memory_stream import MemoryListener, MemoryStream
from actors.websocket import Socket, SocketClosed, open_socket
from protocol.venue import Upgrade

from .chosen_websocket import chosen_websocket

UPGRADE = Upgrade(url="ws://venue.example/orders/ws?x=1", headers=[("Authorization", "Bearer sesame11")])
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA


# The hand-written peer


def frame(opcode: int, payload: bytes | str = b"", *, fin: bool = True, rsv: int = 0, mask: bool = False) -> bytes:
    data = payload.encode() if isinstance(payload, str) else payload
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    if len(data) < 126:
        length = bytes((len(data) | (0x80 if mask else 0),))
    elif len(data) < 65536:
        length = struct.pack("!BH", 126, len(data))
    else:
        length = struct.pack("!BQ", 127, len(data))
    return bytes((first,)) + length + (bytes(4) if mask else b"") + data


def close_frame(code: int, reason: str = "") -> bytes:
    return frame(CLOSE, code.to_bytes(2, "big") + reason.encode())


class Peer:
    """The venue's end of one connection, on the level of bytes."""

    def __init__(self, stream: MemoryStream) -> None:
        self.stream = stream
        self.request = b""
        self._unread = bytearray()

    async def read_request(self) -> None:
        while b"\r\n\r\n" not in self.request:
            data = await self.stream.receive_some()
            assert data
            self.request += data

    def acceptance(self) -> bytes:
        key = next(
            line.split(b": ")[1]
            for line in self.request.split(b"\r\n")
            if line.lower().startswith(b"sec-websocket-key: ")
        )
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        return (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )

    async def send(self, *frames: bytes) -> None:
        """All frames in one write."""
        await self.stream.send_all(b"".join(frames))

    async def read_frame(self) -> tuple[int, bytes] | None:
        """Opcode and unmasked payload of the client's next frame; None at the end of the stream."""
        head = await self._take(2)
        if head is None:
            return None
        assert head[1] & 0x80, "a client must mask"
        length = head[1] & 0x7F
        if length == 126:
            length = int.from_bytes(await self._take(2) or b"", "big")
        elif length == 127:
            length = int.from_bytes(await self._take(8) or b"", "big")
        mask = await self._take(4)
        payload = await self._take(length)
        if mask is None or payload is None:
            return None
        return head[0] & 0xF, bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))

    async def read_rest(self) -> list[tuple[int, bytes]]:
        frames = []
        while (received := await self.read_frame()) is not None:
            frames.append(received)
        return frames

    async def _take(self, count: int) -> bytes | None:
        while len(self._unread) < count:
            data = await self.stream.receive_some()
            if not data:
                return None
            self._unread += data
        taken = bytes(self._unread[:count])
        del self._unread[:count]
        return taken


class Venue:
    """Hands out connections and remembers the client's ends, so that tests see what is left open."""

    def __init__(self, capacity: int = 65536) -> None:
        self.listener = MemoryListener(capacity=capacity)
        self.streams: list[trio.abc.Stream] = []

    async def connect(self, host: str, port: int, *, tls: bool) -> trio.abc.Stream:
        self.streams.append(await MemoryConnector(self.listener).connect(host, port, tls=tls))
        return self.streams[-1]

    async def peer(self) -> Peer:
        """Accepts one connection and reads its request."""
        peer = Peer(await self.listener.accept())
        await peer.read_request()
        return peer

    async def assert_closed(self) -> None:
        for stream in self.streams:
            with pytest.raises(trio.ClosedResourceError):
                await stream.send_all(b"")


Play = Callable[[Peer], Awaitable[None]]


@asynccontextmanager
async def connected(
    first: bytes = b"", *, capacity: int = 65536, max_message_size: int = 100_000, statements: tuple[str, ...] = ()
) -> AsyncIterator[tuple[Socket, Peer]]:
    """An open socket and its peer; `first` comes in one write with the acceptance. Afterwards nothing may be open."""
    venue = Venue(capacity)
    peers: list[Peer] = []

    async def accept() -> None:
        peer = await venue.peer()
        peers.append(peer)
        await peer.send(peer.acceptance(), first)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(accept)
        async with open_socket(
            UPGRADE,
            venue,
            max_message_size=max_message_size,
            statements=statements,
            websocket=chosen_websocket(),
        ) as socket:
            yield socket, peers[0]
    await venue.assert_closed()


async def fails_to_open(play: Play, timeout: float = 60) -> Exception:
    """What open_socket raises when the venue does `play`; checks that nothing leaks and no token shows."""
    venue = Venue()

    async def accept() -> None:
        with suppress(trio.BrokenResourceError):
            await play(await venue.peer())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(accept)
        with pytest.raises((OSError, trio.TooSlowError)) as failure, trio.fail_after(timeout):
            async with open_socket(UPGRADE, venue, websocket=chosen_websocket()):
                pytest.fail("it opened")
        nursery.cancel_scope.cancel()
    await venue.assert_closed()
    error: BaseException | None = failure.value
    while error is not None:
        assert "sesame11" not in repr(error)
        error = error.__cause__ or error.__context__
    return failure.value


async def until_closed(socket: Socket) -> tuple[list[list[str | bytes]], SocketClosed]:
    """Every batch, and how it ended."""
    batches = []
    while True:
        try:
            batches.append(await socket.receive_batch())
        except SocketClosed as closed:
            return batches, closed
